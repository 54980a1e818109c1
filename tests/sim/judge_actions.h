/*
 * judge_actions.h - an operator is offered exactly what would be accepted (24).
 *
 * Every action on every step and item of a committed state is tried on a copy and must
 * come out as engine/core/legal.h says, from which the API makes its `actions`.
 */
#ifndef TESTS_SIM_JUDGE_ACTIONS_H
#define TESTS_SIM_JUDGE_ACTIONS_H

#include "tests/sim/world.h"

void judge_actions(struct sim_world *w, const struct sim_saga *s);

#endif /* TESTS_SIM_JUDGE_ACTIONS_H */
