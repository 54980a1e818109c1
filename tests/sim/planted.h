/*
 * planted.h - known mistakes, to see that the judges would notice.
 *
 * Most are made around the real core: its state is touched before a turn, its plan is
 * shown to it with something missing, or a request of it is swallowed. The judges know
 * the true plan and the ledgers, and nothing of this.
 */
#ifndef TESTS_SIM_PLANTED_H
#define TESTS_SIM_PLANTED_H

#include "tests/sim/world.h"

enum sim_bug planted_of_name(const char *name); /* BUGS: there is none of that name. */
const char *planted_name(enum sim_bug bug);

/* Touch the state, or the event, that a turn begins with. */
void planted_before(const struct sim_world *w, const struct sim_saga *s,
                    struct saga *state, struct saga_event *ev);
/* The plan as the core is shown it. */
const struct plan *planted_plan(const struct sim_world *w, const struct sim_saga *s,
                                const struct saga *state);
void planted_after(struct sim_world *w, struct sim_saga *s, const struct saga *state);
/* Is this request answered as done without being sent? */
bool planted_swallows(struct sim_world *w, struct sim_saga *s,
                      const struct saga_effect *fx, uint64_t turn);

/* Make the plans that planted_plan() shows. */
void planted_init(struct sim_world *w);
void planted_done(struct sim_world *w);

#endif /* TESTS_SIM_PLANTED_H */
