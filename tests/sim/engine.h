/*
 * engine.h - the shell around the real core: turns, commits, effects, crashes, recovery.
 *
 * What it does with an event is what the daemon does: decode, advance, encode, commit
 * with the rows of the same transaction, and only then send. Each turn is replayed from
 * the bytes before it, the event's bytes and the recorded answers, and must give the same
 * bytes again (S8). It may die before or after any commit.
 */
#ifndef TESTS_SIM_ENGINE_H
#define TESTS_SIM_ENGINE_H

#include "tests/sim/world.h"

enum engine_end {
    ENGINE_COMMITTED, /* On disk; perhaps dead since. */
    ENGINE_DIED,      /* Dead before the commit: nothing has happened. */
    ENGINE_NOTHING,   /* Late or refused: nothing to commit. */
};

enum engine_end engine_turn(struct sim_world *w, struct sim_saga *s,
                            struct saga_event ev);

/* An operator's action, by its request id; a repeated one does nothing (S60). */
enum engine_end engine_operate(struct sim_world *w, struct sim_saga *s,
                               struct saga_event ev, uint32_t request);
/* Is it in the audit? */
bool engine_has_done(const struct sim_world *w, uint32_t request);

/* Put its queued calls into the queue, and arm its timer. */
void engine_tend(struct sim_world *w, struct sim_saga *s);

/* A queued call has its slot. */
void engine_grant(struct sim_world *w, struct sim_saga *s, struct saga_event ev);

/* The result behind the last ENGINE_NOTHING or ENGINE_COMMITTED. */
enum saga_result engine_result(void);

/* The saga as it is on disk; NEW before its START. Borrowed until the next call here. */
const struct saga *engine_state(struct sim_world *w, const struct sim_saga *s);

/* A row of the inbox, written now and taken up in a while. */
void engine_row(struct sim_world *w, uint64_t in_ms, struct sim_saga *s,
                struct saga_event ev);
void engine_take_row(struct sim_world *w);

/* Start again from the disk (S9); may die again. */
void engine_recover(struct sim_world *w);
/* A clean stop: what was not handed over goes back to the queue; then a start. */
void engine_stop_cleanly(struct sim_world *w);
/* The root is what it was in the backup, and goes back (S96). */
void engine_restore(struct sim_world *w);

/* The child that this cell of the parent started last; NULL: none. */
struct sim_saga *engine_child(struct sim_world *w, const struct sim_saga *parent,
                              uint16_t step, uint32_t item);

#endif /* TESTS_SIM_ENGINE_H */
