/*
 * bulk.h - one action on every saga that a filter finds, as long as it takes (ADR 0031).
 *
 * A bulk action is a row of the store: what is done, to which sagas, how far it has come.
 * Each round of the loop a few of its sagas are acted upon, through act.h, from the
 * largest number down; the batch that holds their turns holds what became of each and
 * where to go on, so that a crash at any moment repeats nothing and leaves nothing out.
 *
 * It gives way: so many sagas a round, a batch and a millisecond, a bounded part of the
 * list looked at in one round, no more sagas brought into memory when it fills up,
 * retries no faster than services take them.
 *
 * Engine thread only.
 */
#ifndef RUN_BULK_H
#define RUN_BULK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/store/store.h"
#include "engine/view/saga_filter.h"

struct engine;

#define BULK_MAX 32 /* Running at once; more are 503. */

struct bulk { /* One that runs. */
    struct bulk *next;
    struct arena *arena; /* Holds the row's texts and the filter's values. */
    struct store_bulk row;
    struct saga_filter filter;
};

struct bulks {
    struct bulk *first; /* The one whose turn it is; the others follow. */
    size_t n;
    uint64_t next_num;
    uint64_t batch; /* The batch that n_in_batch is about. */
    uint32_t n_in_batch;
    uint64_t wait_until_ms; /* Monotonic: nothing is done before. */
    struct arena *scratch;  /* Of one round. */
};

void bulks_init(struct bulks *b);
void bulks_done(struct bulks *b);

/* Take up those that run, from the store; once, before the first round. */
MUST_CHECK enum err bulks_recover(struct engine *e, struct err_info *info);

/* A new one, with copies of row's texts, which runs from the next round on. */
void bulks_add(struct engine *e, const struct store_bulk *row);
/* The one that runs under that id, or NULL. */
struct bulk *bulks_find(const struct engine *e, const char *id);
/* It ends here and now, with this status; into the filling batch. b is gone. */
void bulks_end(struct engine *e, struct bulk *b, enum store_bulk_status status);

/* A few sagas of the one whose turn it is; once a round. */
void bulks_run(struct engine *e);
/* Monotonic time at which bulks_run() has something to do; 0: when something else
 * happens, or never. */
uint64_t bulks_wake_at(const struct engine *e);

#endif /* RUN_BULK_H */
