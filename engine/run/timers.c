/* timers.c - see timers.h. A 4-ary heap of slots plus each slot's place in it. */
#include "engine/run/timers.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"

#define NOT_SET UINT32_MAX
#define WAYS 4U

struct timer {
    uint64_t at_ms;
    uint64_t order; /* Tie-break: earlier set, earlier fired. */
    uint32_t place; /* Index into heap plus one; 0: not set. */
};

struct timers {
    uint32_t n; /* Entries in heap. */
    uint32_t sagas_max;
    uint64_t order_next;
    uint32_t *heap;        /* Slots, smallest (at_ms, order) first. */
    struct timer timers[]; /* By slot. */
};

struct timers *timers_create(uint32_t sagas_max)
{
    struct timers *t;

    assert(sagas_max > 0 && sagas_max < NOT_SET);
    t = mem_alloc(sizeof(*t) + sagas_max * sizeof(t->timers[0]));
    t->heap = mem_alloc(sagas_max * sizeof(t->heap[0]));
    t->sagas_max = sagas_max;
    return t;
}

void timers_destroy(struct timers *t)
{
    if (t != NULL) {
        free(t->heap);
        free(t);
    }
}

static bool earlier(const struct timers *t, uint32_t a, uint32_t b)
{
    const struct timer *x = &t->timers[t->heap[a]];
    const struct timer *y = &t->timers[t->heap[b]];

    return x->at_ms != y->at_ms ? x->at_ms < y->at_ms : x->order < y->order;
}

static void swap(struct timers *t, uint32_t a, uint32_t b)
{
    uint32_t slot = t->heap[a];

    t->heap[a] = t->heap[b];
    t->heap[b] = slot;
    t->timers[t->heap[a]].place = a + 1;
    t->timers[t->heap[b]].place = b + 1;
}

static void sift_up(struct timers *t, uint32_t i)
{
    while (i > 0 && earlier(t, i, (i - 1) / WAYS)) {
        swap(t, i, (i - 1) / WAYS);
        i = (i - 1) / WAYS;
    }
}

static void sift_down(struct timers *t, uint32_t i)
{
    for (;;) { /* Bounded by the height of the heap. */
        uint32_t first = i;

        for (uint32_t child = WAYS * i + 1; child <= WAYS * i + WAYS; child++) {
            if (child < t->n && earlier(t, child, first)) {
                first = child;
            }
        }
        if (first == i) {
            return;
        }
        swap(t, i, first);
        i = first;
    }
}

void timers_clear(struct timers *t, uint32_t slot)
{
    uint32_t place;

    assert(slot < t->sagas_max);
    if (t->timers[slot].place == 0) {
        return;
    }
    place = t->timers[slot].place - 1;
    t->n--;
    if (place != t->n) {
        swap(t, place, t->n);
        sift_down(t, place);
        sift_up(t, place);
    }
    t->timers[slot].place = 0;
}

void timers_set(struct timers *t, uint32_t slot, uint64_t at_ms)
{
    timers_clear(t, slot);
    t->timers[slot] =
        (struct timer){.at_ms = at_ms, .order = t->order_next++, .place = t->n + 1};
    t->heap[t->n] = slot;
    t->n++;
    sift_up(t, t->n - 1);
}

bool timers_pop_due(struct timers *t, uint64_t now_ms, uint32_t *slot_out)
{
    if (t->n == 0 || t->timers[t->heap[0]].at_ms > now_ms) {
        return false;
    }
    *slot_out = t->heap[0];
    timers_clear(t, *slot_out);
    return true;
}

/* Below one that is not due none is: only due ones and their children are looked at. The
 * height of the heap bounds the depth. */
static uint32_t count_below(const struct timers *t, uint32_t i, uint64_t now_ms)
{
    uint32_t n = 1;

    if (i >= t->n || t->timers[t->heap[i]].at_ms > now_ms) {
        return 0;
    }
    for (uint32_t child = WAYS * i + 1; child <= WAYS * i + WAYS; child++) {
        n += count_below(t, child, now_ms);
    }
    return n;
}

uint32_t timers_count_due(const struct timers *t, uint64_t now_ms)
{
    return count_below(t, 0, now_ms);
}

int timers_sleep_ms(const struct timers *t, uint64_t now_ms)
{
    uint64_t at_ms;

    if (t->n == 0) {
        return -1;
    }
    at_ms = t->timers[t->heap[0]].at_ms;
    if (at_ms <= now_ms) {
        return 0;
    }
    return at_ms - now_ms > INT_MAX ? INT_MAX : (int)(at_ms - now_ms);
}
