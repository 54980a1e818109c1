/*
 * judge.h - what must be true of the world, read from ledgers and from the wire.
 *
 * Numbers are those of the design's list of judges. A judge never looks at what the
 * engine believes about a step: it looks at what participants did, at which requests were
 * let out and in which order, and at which answers were told.
 */
#ifndef TESTS_SIM_JUDGE_H
#define TESTS_SIM_JUDGE_H

#include "tests/sim/world.h"

/* A turn was committed: 3, 7, 8, 9, 15, 17, 18, 21, 23 and S23. */
void judge_commit(struct sim_world *w, struct sim_saga *s, const struct saga *now,
                  const struct saga_event *ev, const struct saga_effects *fx);
/* What was promised for a time is off: the clock jumped, or a person said now. */
void judge_forget_times(struct sim_saga *s);
/* A request goes out: 11, 12. */
void judge_wire(struct sim_world *w, struct sim_saga *s, const struct sim_message *m);
/* All is quiet: 1, 2, 4, 5, 10, 13. */
void judge_end(struct sim_world *w);

#endif /* TESTS_SIM_JUDGE_H */
