/*
 * happen.h - one thing of the queue happens: to the engine, a participant, an operator.
 */
#ifndef TESTS_SIM_HAPPEN_H
#define TESTS_SIM_HAPPEN_H

#include "tests/sim/world.h"

void happen(struct sim_world *w, const struct sim_pending *p);

#endif /* TESTS_SIM_HAPPEN_H */
