/*
 * turn.h - one event applied to one saga, and everything that goes with it.
 *
 * Decodes the state, asks the core, encodes the new state, adds the journal row (and the
 * saga's own row when its status, pause, stuck step or sleep changed) to the filling
 * batch, keeps documents, hashes and timers up to date, and queues what the commit will
 * let out.
 *
 * Engine thread only.
 */
#ifndef RUN_TURN_H
#define RUN_TURN_H

#include "engine/core/saga.h"
#include "engine/run/table.h"
#include "engine/view/record.h"

struct engine;

/* record->event is the event (its now_ms and grace_ms are set here); the rest of the
 * record is what came from outside, borrowed for the call. On SAGA_APPLIED the engine's
 * scratch saga is the state after the turn and what followed from it (follow.h). */
enum saga_result turn_apply(struct engine *e, struct resident *r, struct record *record);

/* The same without what the turn brings to other sagas: that is noted, and the caller
 * sees to follow_run(). */
enum saga_result turn_apply_alone(struct engine *e, struct resident *r,
                                  struct record *record);

/* Decode the resident's state into the engine's scratch saga. */
void turn_load_state(struct engine *e, struct resident *r);

/* Set the saga's timer and see whether it may leave memory; after a turn or a load. */
void turn_arm(struct engine *e, struct resident *r);
/* Let it leave memory if nothing needs it here. */
void turn_let_go(struct engine *e, struct resident *r);

#endif /* RUN_TURN_H */
