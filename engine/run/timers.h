/*
 * timers.h - who must be woken, and when: a min-heap of (time, saga id).
 *
 * The core says when a saga wants to be woken; this keeps the list and answers
 * one question, "how long may the loop sleep?". It has no clock of its own.
 *
 * Equal times fire in the order they were set, so that a run can be repeated.
 * Setting a saga's timer again replaces it. Room for `sagas_max` entries is
 * taken at creation: timers_set() cannot run out of memory.
 *
 * Threads: engine thread only.
 */
#ifndef RUN_TIMERS_H
#define RUN_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct timers; /* Opaque: timers.c. */

struct timers *timers_create(uint32_t sagas_max);
void timers_destroy(struct timers *t); /* NULL is fine. */

/* slot is the saga's place in the run table, below sagas_max. */
void timers_set(struct timers *t, uint32_t slot, uint64_t at_ms);
void timers_clear(struct timers *t, uint32_t slot); /* No timer set: nothing. */

/* The earliest timer at or before now_ms, taken off the heap; false if none. */
bool timers_pop_due(struct timers *t, uint64_t now_ms, uint32_t *slot_out);

/* How many are at or before now_ms. */
uint32_t timers_count_due(const struct timers *t, uint64_t now_ms);

/* Milliseconds the loop may sleep: 0 if one is due, -1 if there is none. */
int timers_sleep_ms(const struct timers *t, uint64_t now_ms);

#endif /* RUN_TIMERS_H */
