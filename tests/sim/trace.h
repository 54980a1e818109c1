/*
 * trace.h - a seed told in words: `simulate 1 SEED` prints its plan and every turn.
 */
#ifndef TESTS_SIM_TRACE_H
#define TESTS_SIM_TRACE_H

#include "tests/sim/world.h"

void trace_on(void);
/* Not of what happens until the next call; returns whether it was on. */
bool trace_set(bool on);
void trace_plans(const struct sim_world *w);
void trace_turn(const struct sim_world *w, const struct sim_saga *s,
                const struct saga_event *ev, const struct saga *now);
/* A preview and what came of it. */
void trace_action(const struct sim_world *w, const struct saga_event *ev);
void trace_asked(const char *what, const struct sim_asked *asked, const struct saga *end);
/* What the network and the participants did with a request. */
void trace_request(const struct sim_world *w, const struct sim_saga *s,
                   const struct sim_message *m, const char *what);

#endif /* TESTS_SIM_TRACE_H */
