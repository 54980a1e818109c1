/*
 * store_bulk.h - what is durable of bulk actions; a part of store.h.
 *
 * A bulk action has a row, which says what is done to which sagas and how far it has
 * come, and a row for each saga it was done to. Sagas are reached from the largest number
 * down, so `below` is all there is to remember: who takes the action up after a crash
 * goes on there. The engine writes both kinds of rows in the batch that holds the saga's
 * turn.
 */
#ifndef STORE_STORE_BULK_H
#define STORE_STORE_BULK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "engine/core/saga.h"

struct store_reader;

/* Bytes of any kind, borrowed. */
struct store_bytes {
    const void *at; /* NULL: SQL NULL. */
    size_t n;
};

enum store_bulk_status { /* The order is the number on disk. */
                         STORE_BULK_RUNNING,
                         STORE_BULK_COMPLETED,
                         STORE_BULK_CANCELLED,
};

struct store_bulk {
    uint64_t num;
    const char *id;
    enum saga_event_kind action;
    const char *filter;      /* JSON object text: the list's parameters. */
    const char *step;        /* Id; NULL none. */
    bool is_applied;         /* resolve */
    struct store_bytes body; /* skip: output; resolve: body. */
    const char *actor;
    const char *reason; /* NULL none. */
    enum store_bulk_status status;
    uint64_t below;  /* Sagas with a smaller number are still to come. */
    uint64_t total;  /* Sagas that matched when it was confirmed. */
    uint64_t done;   /* Sagas that it was done to. */
    uint64_t failed; /* Sagas that did not allow it. */
    uint64_t started_ms;
    uint64_t ended_ms; /* 0 while it runs. */
};

struct store_bulk_item {     /* What became of one saga. */
    uint64_t bulk;           /* Number of the bulk action. */
    uint64_t n;              /* From 1, in the order in which they were reached. */
    const char *saga;        /* Id. */
    enum saga_status status; /* Afterwards. */
    const char *code;        /* The problem's; NULL: it was done. */
};

MUST_CHECK enum err store_find_bulk(struct store_reader *r, const char *id,
                                    struct arena *a, struct store_bulk *out,
                                    struct err_info *info);
/* Newest first, below before_num (0: from the newest). */
typedef bool (*store_each_bulk)(void *user, const struct store_bulk *bulk);
MUST_CHECK enum err store_scan_bulks(struct store_reader *r, uint64_t before_num,
                                     size_t most, store_each_bulk each, void *user,
                                     struct err_info *info);
/* Of one bulk action, the one reached last first, below before_n (0: from the last). */
struct store_bulk_items_query {
    uint64_t bulk;
    uint64_t before_n;
    size_t most;
};
typedef bool (*store_each_bulk_item)(void *user, const struct store_bulk_item *item);
MUST_CHECK enum err store_scan_bulk_items(struct store_reader *r,
                                          const struct store_bulk_items_query *q,
                                          store_each_bulk_item each, void *user,
                                          struct err_info *info);

/* A copy whose texts and bytes live in a. */
struct store_bulk store_bulk_copy(struct arena *a, const struct store_bulk *from);

#endif /* STORE_STORE_BULK_H */
