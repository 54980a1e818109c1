/*
 * walk.h - what comes next: forward through the plan's tree, and backward through its
 * mirror (S24). Recursion is bounded by LIMIT_DEPTH. Pure; inside the core only.
 */
#ifndef CORE_WALK_H
#define CORE_WALK_H

#include "engine/core/advance.h"

/* Begin node n and all in it that can begin now; true if it is settled already. */
bool walk_begin(struct advance *a, uint16_t n);

/* Node n has settled well: go on with what follows it, up to the saga's end. */
void walk_on(struct advance *a, uint16_t n);

/* An item of forEach step n has settled well. */
void walk_on_item(struct advance *a, uint16_t n);

/* Turn round: cells that are not in flight end as they stand, children are cancelled. */
void walk_turn_back(struct advance *a);

/* Undo whatever can be undone now; enters COMPENSATED when nothing is left. Called at the
 * end of each turn of a saga going back; waits for what is in flight (S23). */
void walk_undo(struct advance *a);

/* The wait's signal is here: true when the wait has settled well (not walked on from). */
bool walk_take_signal(struct advance *a, struct saga_cell *c, uint64_t turn);

/* Start the child of an open cell, one generation on. */
void walk_begin_child(struct advance *a, struct saga_cell *c);

/* Ask the child of an open cell to go back. */
void walk_undo_child(struct advance *a, struct saga_cell *c);

/* After a backup was restored: may the forEach have begun more items than it knows of
 * (S96)? Not if it has ended; one whose failure turned the saga back has not. */
bool walk_may_have_begun_more(const struct saga *s, const struct plan *plan, uint16_t n);

/* Begin (or begin again) the compensation of an open cell. */
void walk_undo_cell(struct advance *a, struct saga_cell *c);

#endif /* CORE_WALK_H */
