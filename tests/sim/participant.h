/*
 * participant.h - the network and the services behind it, with their ledgers.
 *
 * Participants keep S29: a repeated key is answered as the first time, a compensation of
 * an action that never came is accepted and remembered, an action after its compensation
 * is refused. A step with a confirm is never delivered later than one time-out after it
 * was sent, which is what S17 leans on; everything else may come hours late.
 */
#ifndef TESTS_SIM_PARTICIPANT_H
#define TESTS_SIM_PARTICIPANT_H

#include "tests/sim/world.h"

/* The engine hands a call over: it is lost, delayed, doubled, or refused by the network.
 */
void participant_send(struct sim_world *w, struct sim_saga *s, struct sim_message m);
/* It calls back now, and all is well. */
void participant_call_back(struct sim_world *w, struct sim_saga *s, uint16_t step,
                           uint32_t item);
void participant_arrive(struct sim_world *w, const struct sim_pending *p);

#endif /* TESTS_SIM_PARTICIPANT_H */
