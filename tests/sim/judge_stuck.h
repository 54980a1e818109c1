/*
 * judge_stuck.h - what is stuck stays so until a person acts (23).
 *
 * Only then, or when the whole saga turns back or ends in the same turn (its deadline, a
 * sibling's failure, its parent). Nothing else may touch a stuck cell, and a saga that is
 * held over its limit or as poison stays held.
 */
#ifndef TESTS_SIM_JUDGE_STUCK_H
#define TESTS_SIM_JUDGE_STUCK_H

#include "tests/sim/world.h"

/* The state that a turn begins with; one turn at a time. */
void judge_stuck_before(const struct saga *now);
void judge_stuck(struct sim_world *w, const struct saga *now,
                 const struct saga_event *ev);

#endif /* TESTS_SIM_JUDGE_STUCK_H */
