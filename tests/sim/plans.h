/*
 * plans.h - random plans: trees of every kind of step, with random policies.
 *
 * Plans obey what the checker of definitions enforces (plan_is_sound, one pivot, a child
 * with a pivot only where its parent need not take it back).
 */
#ifndef TESTS_SIM_PLANS_H
#define TESTS_SIM_PLANS_H

#include "engine/core/plan.h"
#include "tests/sim/world.h"

/* is_root: may have children (of plan 1 without a pivot, of plan 2 with one). Owned by
 * the caller: free(). */
struct plan *plans_make(struct sim_world *w, bool is_root, bool may_pivot);

/* Which plan a child step of the root starts. */
uint16_t plans_of_child(const struct plan *plan, uint16_t step);

#endif /* TESTS_SIM_PLANS_H */
