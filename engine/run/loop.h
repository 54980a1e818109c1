/*
 * loop.h - the engine thread: wait, take in, advance, hand over, release.
 *
 * One round takes in what has come (answers of calls, commits, commands, grants, timers),
 * each bounded, advances the sagas concerned into the filling batch, hands that batch to
 * the writer if it is idle, and sleeps until something happens. loop_run() is the thread.
 */
#ifndef RUN_LOOP_H
#define RUN_LOOP_H

struct engine;

#define LOOP_IDLE_MS \
    5000 /* An idle loop still goes round this often, for the watchdog. */

void *loop_run(void *engine);

/* Blocks until the loop says that calls in flight are over and committed, or time is up.
 */
void loop_await_drained(struct engine *e);

#endif /* RUN_LOOP_H */
