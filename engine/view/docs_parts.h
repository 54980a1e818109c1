/*
 * docs_parts.h - what a saga's documents are made of; for docs.c and docs_scope.c only.
 *
 * docs.c keeps answers, turn by turn; docs_scope.c makes of them what expressions see.
 */
#ifndef VIEW_DOCS_PARTS_H
#define VIEW_DOCS_PARTS_H

#include "base/buf.h"
#include "base/limits.h"
#include "engine/view/docs.h"

/* A step's JSON is bounded by what the journal of one saga may hold (S53). */
#define DOCS_JSON_MAX ((size_t)LIMIT_SAGA_BYTES)

struct docs_given { /* Of a step or an item. Texts are owned; borrowed in what merge()
                     * makes.
                     */
    bool is_there;
    bool is_truncated;
    bool is_json;      /* The body is. */
    bool has_callback; /* The body is the callback's, whatever the call answers (S18). */
    int http_status;
    const char *headers;
    const char *body;
    size_t body_n;
};

struct docs_item {
    struct docs_given answer;
    uint32_t attempts;
    struct json_span value; /* In one of the step's texts. */
};

struct docs_key {     /* What a step's JSON was built from. */
    uint64_t changed; /* Turn that last touched the step. */
    uint32_t attempts;
    uint32_t n_items;
    uint8_t outcome;
    bool by_hand;
    bool is_undoing; /* Items in flight have ended. */
};

struct docs_values { /* Items' values, as they were given. */
    struct docs_values *next;
    char text[];
};

struct docs_step { /* Made when there is something to keep or to show. */
    struct docs_given answer;
    struct docs_item *items;
    uint32_t items_room;
    struct docs_values *values;
    uint64_t changed;
    struct buf json;
    struct docs_key json_key;
    bool has_json;
};

struct docs_kept_signal {
    uint64_t turn;
    char *body;
    size_t n;
};

struct docs {
    const struct definition *definition;
    bool keeps_all;
    size_t bytes;
    char *input;
    size_t input_n;
    struct json_span vars;
    struct buf saga; /* .saga */

    struct docs_kept_signal *signals;
    size_t n_signals, signals_room;

    struct buf error; /* .error, of error_turn. */
    uint64_t error_turn;

    const struct record *record; /* The turn being made; NULL between turns. */
    uint64_t turn;

    const struct saga *now; /* Of the scope given out last. */
    struct docs_place place;
    char index[12];

    struct docs_step *steps[]; /* plan->n_nodes; NULL: nothing yet. */
};

/* The part of a step or an item; made when absent, or NULL when absent. */
struct docs_step *docs_step_at(struct docs *d, uint16_t step);
const struct docs_item *docs_item_find(const struct docs *d, uint16_t step,
                                       uint32_t item);

/* The answer of (step, item) as it stands, with the turn being made. Borrowed. */
struct docs_given docs_given_now(const struct docs *d, uint16_t step, uint32_t item);

/* Does the turn being made change the step's answer, or how it stands? */
bool docs_is_touched(const struct docs *d, uint16_t step);

/* The turn being made is now->error_turn: write .error, once. */
void docs_write_error(struct docs *d, const struct saga *now);

#endif /* VIEW_DOCS_PARTS_H */
