/*
 * operator.h - people: those who come when a saga is stuck, and those who meddle.
 *
 * They tell the truth: before saying what is in the world they wait until nothing of that
 * step is on its way, and look into the ledger.
 */
#ifndef TESTS_SIM_OPERATOR_H
#define TESTS_SIM_OPERATOR_H

#include "tests/sim/world.h"

void operator_visit(struct sim_world *w, struct sim_saga *s);
void operator_meddle(struct sim_world *w);
/* A request comes a second time. */
void operator_repeat(struct sim_world *w, const struct sim_pending *p);

#endif /* TESTS_SIM_OPERATOR_H */
