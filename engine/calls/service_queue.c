/* service_queue.c - see service_queue.h. Two hash tables with chains over the same
 * waiters: by full name for "once", by saga for forgetting. Waiters are recycled. */
#include "engine/calls/service_queue.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/mem.h"

#define FIRST_ROOM 256U /* Chains at the start; a power of two, as all sizes are. */
#define FIRSTS_MAX 3U   /* From the first lane before an action's turn comes. */

struct waiting {
    struct service_waiter who;
    struct line *line;
    unsigned lane;
    struct waiting *before, *after;           /* In the lane; after: free list. */
    struct waiting *name_next;                /* Chain by full name. */
    struct waiting *saga_before, *saga_after; /* Chain by saga. */
};

struct queues {
    uint32_t n;
    uint32_t room; /* Chains of each table. */
    struct waiting **by_name;
    struct waiting **by_saga;
    struct waiting *free;
};

struct queues *queues_create(void)
{
    struct queues *q = mem_alloc(sizeof(*q));

    q->room = FIRST_ROOM;
    q->by_name = mem_alloc(q->room * sizeof(q->by_name[0]));
    q->by_saga = mem_alloc(q->room * sizeof(q->by_saga[0]));
    return q;
}

void queues_destroy(struct queues *q)
{
    if (q == NULL) {
        return;
    }
    for (uint32_t i = 0; i < q->room; i++) {
        while (q->by_saga[i] != NULL) {
            struct waiting *w = q->by_saga[i];

            q->by_saga[i] = w->saga_after;
            free(w);
        }
    }
    while (q->free != NULL) {
        struct waiting *w = q->free;

        q->free = w->after;
        free(w);
    }
    free(q->by_name);
    free(q->by_saga);
    free(q);
}

/* ---- tables -------------------------------------------------------------------- */

static struct waiting **name_chain(const struct queues *q, const struct service_waiter *w)
{
    uint64_t cell = (uint64_t)w->item << 24 | (uint64_t)w->step << 8 | (uint64_t)w->call;

    return &q->by_name[hash_mix(w->saga, cell) & (q->room - 1)];
}

static struct waiting **saga_chain(const struct queues *q, uint64_t saga)
{
    return &q->by_saga[hash_mix(saga, 1) & (q->room - 1)];
}

static bool is_same(const struct service_waiter *a, const struct service_waiter *b)
{
    return a->saga == b->saga && a->step == b->step && a->item == b->item &&
           a->call == b->call;
}

static struct waiting *find(const struct queues *q, const struct service_waiter *w)
{
    struct waiting *at = *name_chain(q, w);

    while (at != NULL && !is_same(&at->who, w)) {
        at = at->name_next;
    }
    return at;
}

static void chain(struct queues *q, struct waiting *w)
{
    struct waiting **name = name_chain(q, &w->who);
    struct waiting **saga = saga_chain(q, w->who.saga);

    w->name_next = *name;
    *name = w;
    w->saga_before = NULL;
    w->saga_after = *saga;
    if (*saga != NULL) {
        (*saga)->saga_before = w;
    }
    *saga = w;
}

static void unchain(struct queues *q, struct waiting *w)
{
    struct waiting **at = name_chain(q, &w->who);

    while (*at != w) {
        at = &(*at)->name_next;
    }
    *at = w->name_next;
    if (w->saga_before != NULL) {
        w->saga_before->saga_after = w->saga_after;
    } else {
        *saga_chain(q, w->who.saga) = w->saga_after;
    }
    if (w->saga_after != NULL) {
        w->saga_after->saga_before = w->saga_before;
    }
}

/* Twice the chains; every waiter is in the old by_saga table once. */
static void grow(struct queues *q)
{
    struct waiting **old = q->by_saga;
    uint32_t old_room = q->room;

    free(q->by_name);
    q->room *= 2;
    q->by_name = mem_alloc(q->room * sizeof(q->by_name[0]));
    q->by_saga = mem_alloc(q->room * sizeof(q->by_saga[0]));
    for (uint32_t i = 0; i < old_room; i++) {
        while (old[i] != NULL) {
            struct waiting *w = old[i];

            old[i] = w->saga_after;
            chain(q, w);
        }
    }
    free(old);
}

/* ---- lanes ---------------------------------------------------------------------- */

static void tell(const struct line *line)
{
    if (line->shown_n != NULL) {
        atomic_store_explicit(line->shown_n, line->n, memory_order_relaxed);
    }
}

static void push(struct line *line, unsigned lane, struct waiting *w)
{
    w->line = line;
    w->lane = lane;
    w->before = line->newest[lane];
    w->after = NULL;
    if (w->before != NULL) {
        w->before->after = w;
    } else {
        line->oldest[lane] = w;
    }
    line->newest[lane] = w;
    line->n++;
    tell(line);
}

static void pull(struct waiting *w)
{
    struct line *line = w->line;

    if (w->before != NULL) {
        w->before->after = w->after;
    } else {
        line->oldest[w->lane] = w->after;
    }
    if (w->after != NULL) {
        w->after->before = w->before;
    } else {
        line->newest[w->lane] = w->before;
    }
    line->n--;
    tell(line);
}

static void drop(struct queues *q, struct waiting *w)
{
    pull(w);
    unchain(q, w);
    w->after = q->free;
    q->free = w;
    q->n--;
}

static unsigned lane_of(const struct service_waiter *w)
{
    return w->is_urgent || w->call != CALL_ACTION ? LANE_FIRST : LANE_ACTIONS;
}

/* ---- the interface ----------------------------------------------------------------- */

void queues_add(struct queues *q, struct line *line, const struct service_waiter *w)
{
    struct waiting *at = find(q, w);

    if (at != NULL) {
        if (at->lane != LANE_FIRST && lane_of(w) == LANE_FIRST) {
            struct line *own = at->line;

            pull(at);
            at->who.is_urgent = true;
            push(own, LANE_FIRST, at);
        }
        return;
    }
    if (q->n == q->room) {
        grow(q);
    }
    if (q->free != NULL) {
        at = q->free;
        q->free = at->after;
    } else {
        at = mem_alloc(sizeof(*at));
    }
    at->who = *w;
    chain(q, at);
    push(line, lane_of(w), at);
    q->n++;
}

bool queues_take(struct queues *q, struct line *line, struct service_waiter *out)
{
    bool has_first = line->oldest[LANE_FIRST] != NULL;
    bool has_action = line->oldest[LANE_ACTIONS] != NULL;
    bool is_first = has_first && (!has_action || line->firsts < FIRSTS_MAX);
    struct waiting *w;

    if (!has_first && !has_action) {
        return false;
    }
    line->firsts = is_first && has_action ? line->firsts + 1 : 0;
    w = line->oldest[is_first ? LANE_FIRST : LANE_ACTIONS];
    *out = w->who;
    drop(q, w);
    return true;
}

void queues_forget(struct queues *q, uint64_t saga)
{
    struct waiting *w = *saga_chain(q, saga);

    while (w != NULL) {
        struct waiting *next = w->saga_after;

        if (w->who.saga == saga) {
            drop(q, w);
        }
        w = next;
    }
}

uint32_t queues_length(const struct queues *q)
{
    return q->n;
}
