/*
 * items.h - how the items of a forEach stand, as runs of equal records.
 *
 * Items begin in order, so items 0..next-1 are covered by runs. Setting one item splits a
 * run and joins neighbours that became equal; the number of runs follows what is
 * exceptional, not the number of items (architecture.md rule 6). Pure.
 */
#ifndef CORE_ITEMS_H
#define CORE_ITEMS_H

#include "engine/core/advance.h"

/* The each of a forEach step. */
struct saga_each *items_each(struct saga *s, const struct plan *plan, uint16_t step);

struct saga_record items_record(const struct saga *s, const struct plan *plan,
                                uint16_t step, uint32_t item);
void items_set(struct saga *s, const struct plan *plan, uint16_t step, uint32_t item,
               struct saga_record record);

/* Begin the next item: it stands as begun. */
void items_begin_next(struct saga *s, const struct plan *plan, uint16_t step);

/* Room for another open item? Each can add two runs when it settles, which the array has
 * beyond LIMIT_RUNS; going back uses what is left of that. */
bool items_have_room(const struct saga *s);
bool items_have_room_to_undo(const struct saga *s);

/* Record of a step or an item, and setting it. */
struct saga_record items_record_of(const struct advance *a, uint16_t step, uint32_t item);
void items_set_record(struct advance *a, uint16_t step, uint32_t item,
                      struct saga_record record);

#endif /* CORE_ITEMS_H */
