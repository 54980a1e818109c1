/*
 * waiters.h - commands that wait for a saga to move (Prefer: wait, long polls).
 *
 * A waiter stands at its saga, which stays in memory meanwhile, and in one list by
 * time-out. It is answered once: when what it waits for is committed, early when the saga
 * is stuck or paused, or when its time is over. Engine thread only.
 */
#ifndef RUN_WAITERS_H
#define RUN_WAITERS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/run/command.h"

struct engine;
struct resident;

/* Let c wait at r, unless what it waits for is so already: then it is answered now, and
 * r may have left memory. */
void waiters_add(struct engine *e, struct resident *r, struct command *c);

/* The saga's committed state may have moved: answer those it concerns. */
void waiters_look(struct engine *e, struct resident *r);

/* Answer those whose time is over. */
void waiters_expire(struct engine *e);
/* Monotonic ms of the earliest time-out, 0: none. */
uint64_t waiters_first_ms(const struct engine *e);

/* Answer everybody with DRAINING. */
void waiters_dismiss(struct engine *e);

/* The command's answer: row and revision of the saga as it is. Then done(). */
void waiters_answer(struct engine *e, struct resident *r, struct command *c);

#endif /* RUN_WAITERS_H */
