/*
 * service_queue.h - who waits for a slot, and whose turn it is.
 *
 * One `queues` holds every waiter of every service, each at most once; each service has
 * a `line` in it with two lanes: operators, compensations and confirms in the first,
 * actions in the second. The first lane goes first, three times out of four while
 * both wait, so that neither starves the other (S51). Within a lane: in order of asking.
 *
 * Adding, finding and taking one is O(1); forgetting a saga is O(its own waiters).
 * Bounded by the sagas in memory (LIMIT_ACTIVE_SAGAS) and their width. No clock, no
 * threads: the engine's.
 */
#ifndef CALLS_SERVICE_QUEUE_H
#define CALLS_SERVICE_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "engine/calls/service.h"

struct queues;
struct waiting; /* One waiter. */

enum { LANE_FIRST, LANE_ACTIONS, LANES };

struct line { /* Embedded in a service; zeroed is empty. */
    struct waiting *oldest[LANES];
    struct waiting *newest[LANES];
    uint32_t n;
    atomic_uint_fast32_t *shown_n; /* Where n is told to others; NULL: nowhere. */
    uint32_t firsts; /* In a row, taken from the first lane while actions waited. */
};

struct queues *queues_create(void);
void queues_destroy(struct queues *q); /* NULL is fine; lines are then void. */

/* Put w at the end of its lane in line. One that waits already keeps its place, but is
 * moved to the first lane when an operator now asks for it. */
void queues_add(struct queues *q, struct line *line, const struct service_waiter *w);

/* Take whose turn it is; false if nobody waits. */
bool queues_take(struct queues *q, struct line *line, struct service_waiter *out);

/* Take all waiters of a saga out of all lines. */
void queues_forget(struct queues *q, uint64_t saga);

uint32_t queues_length(const struct queues *q);

#endif /* CALLS_SERVICE_QUEUE_H */
