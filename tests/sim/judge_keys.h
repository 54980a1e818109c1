/*
 * judge_keys.h - no two calls have one key, no two sagas one id (13).
 *
 * Ids and keys are made as the daemon makes them (engine/view/child_id.h, sending.h), for
 * every saga of the world and every call that went out.
 */
#ifndef TESTS_SIM_JUDGE_KEYS_H
#define TESTS_SIM_JUDGE_KEYS_H

#include "tests/sim/world.h"

/* Of a world that has come to its end; looks at one in some, for the time it takes. */
void judge_keys(struct sim_world *w);

#endif /* TESTS_SIM_JUDGE_KEYS_H */
