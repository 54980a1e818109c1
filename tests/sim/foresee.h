/*
 * foresee.h - what a preview says is what happens, if the world behaves (25).
 *
 * The foretelling is the daemon's own (engine/view/ahead.h), on a copy of the saga's
 * state and with this world's answers. Against it stands a copy of the whole world in
 * which an operator does that very thing and then all goes well: the engine's turns, rows
 * and queues as ever, real children, participants that say yes. Both must ask for the
 * same calls, in the same order as far as the plan orders them, and rest in the same
 * status.
 *
 * Not judged: what a preview does not claim to know, which is the inside of children.
 */
#ifndef TESTS_SIM_FORESEE_H
#define TESTS_SIM_FORESEE_H

#include "tests/sim/world.h"

/* Foretell some action on the root, any that is legal now or not, and see. */
void foresee_judge(struct sim_world *w);

/* Keep what these effects ask for. */
void foresee_note(struct sim_asked *asked, const struct saga_effects *fx);

#endif /* TESTS_SIM_FORESEE_H */
