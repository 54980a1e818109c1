/*
 * trace.h - a seed told in words: `simulate 1 SEED` prints its plan and every turn.
 */
#ifndef TESTS_SIM_TRACE_H
#define TESTS_SIM_TRACE_H

#include "tests/sim/world.h"

void trace_on(void);
void trace_plans(const struct sim_world *w);
void trace_turn(const struct sim_world *w, const struct sim_saga *s,
                const struct saga_event *ev, const struct saga *now);
/* What the network and the participants did with a request. */
void trace_request(const struct sim_world *w, const struct sim_saga *s,
                   const struct sim_message *m, const char *what);

#endif /* TESTS_SIM_TRACE_H */
