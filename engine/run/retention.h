/*
 * retention.h - final sagas and idempotency records go when they are old enough (S98).
 *
 * A walk over the sagas of each final status in the order of their start, a few in a
 * round and never much of a commit, again and again. A saga goes with its children, by
 * the way COMMAND_PURGE takes (purge.c): its id stays taken, the audit stays. It does not
 * go before its start's record may expire (S7). Nothing else goes: whatever is not final,
 * and a child whose root is there.
 *
 * A walk ends at 64 sagas in a row that began too lately. Had the clock been ahead and
 * was set back, many that began then end it, and what began after them waits for as long
 * as the clock was ahead, no longer; nothing ever goes too soon by it. Engine thread
 * only.
 */
#ifndef RUN_RETENTION_H
#define RUN_RETENTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "engine/core/saga.h"
#include "engine/store/store.h"

struct engine;

#define RETENTION_LEAST_MS (24U * 60 * 60 * 1000) /* S7: of a start's record. */

struct retention_config {            /* 0: kept for ever. */
    uint64_t kept_ms[SAGA_STATUSES]; /* From the end on; of final statuses only. */
    uint64_t records_ms; /* Idempotency records; RETENTION_LEAST_MS or more. */
};

struct retention { /* How far the walk is. */
    enum saga_status status;
    uint64_t after_num;
    uint64_t next_ms;  /* Monotonic: when to go on. */
    uint64_t n_purged; /* In this walk. */
};

/* May this saga go at now_ms? */
bool retention_is_over(const struct retention_config *c, const struct store_saga *s,
                       uint64_t now_ms);

/* Some of the walk, if it is time. */
void retention_run(struct engine *e);

/* Monotonic: when to run again; 0: never. */
uint64_t retention_wake_at(const struct engine *e);

/* purge.c: the root and its children, in the filling batch; false: not now, or it is a
 * child. */
bool purge_aged(struct engine *e, const struct store_saga *root, struct arena *a);

#endif /* RUN_RETENTION_H */
