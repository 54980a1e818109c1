/*
 * preview_parts.h - what a preview is made of; for preview*.c only.
 *
 * preview_read.c makes the saga's documents again from its journal, preview_oracle.c
 * answers the core's questions, ahead.h makes the world behave, preview.c tells of it.
 */
#ifndef VIEW_PREVIEW_PARTS_H
#define VIEW_PREVIEW_PARTS_H

#include "engine/view/ahead.h"
#include "engine/view/preview.h"

struct preview_rendered { /* Of the turn being made. */
    struct preview_rendered *next;
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    bool has_holes;
    struct render_request request;
};

struct preview_hash { /* What a call was sent as (S3). */
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    uint64_t hash;
    uint64_t address;
};

struct preview_address { /* Where calls of a service go, or one in doubt went. */
    struct preview_address *next;
    const char *service; /* NULL: absolute URLs. */
    uint64_t in_doubt;   /* The number of that attempt's address; 0: it is in no doubt. */
    bool is_known;
    struct address_text text;
};

struct previewing {
    struct store_reader *r;
    const struct view *v;
    struct arena *a;    /* The caller's. */
    struct arena *turn; /* Empty between turns. */
    struct docs *docs;
    struct saga *s; /* The copy. */
    struct saga_effects *fx;
    uint64_t from_ms;
    uint64_t grace_ms;  /* Downtime since the saga began. */
    struct ahead world; /* Around the copy. */

    struct preview_hash *sent; /* Owned; the last one of each call. */
    size_t n_sent;
    size_t sent_room;
    bool *is_supposed; /* By step: its answer, or an item's, is made up. */
    bool reads_supposed;
    struct json_span (*step)(void *user, uint16_t step); /* docs' own. */
    void *step_user;

    struct record *record; /* Of the turn being made. */
    struct preview_rendered *rendered;
    struct record_take takes[LIMIT_SIGNALS_ALL + 1];
    struct err_info failure; /* The last expression that failed; "" none. */

    struct preview_address *addresses; /* In a. */
    struct preview_request *requests;  /* Owned; grows. */
    size_t n_requests;
    size_t requests_room;
    size_t bodies_bytes;
    uint64_t calls_ms; /* Longest times of the calls answered so far. */
    bool has_child;
};

/* ---- preview_read.c ---------------------------------------------------------------- */

MUST_CHECK enum err preview_read_docs(struct previewing *p, struct err_info *info);

/* ---- preview_oracle.c -------------------------------------------------------------- */

struct saga_oracle preview_oracle_of(struct previewing *p);
const struct preview_rendered *preview_rendered_of(const struct previewing *p,
                                                   const struct saga_effect *fx);

#endif /* VIEW_PREVIEW_PARTS_H */
