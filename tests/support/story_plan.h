/*
 * story_plan.h - a plan written in one line, for tests.
 *
 * "flight [hotel car] pay! mail?" is a call, two side by side, a pivot and an optional
 * call. A name is a call that has a compensation; marks behind it say what is different:
 *
 *     -  no compensation          !  pivot (no compensation)     ?  optional
 *     @  has a confirm            ~  compensation reads the answer of its own step
 *     *  done by a callback       =  onUnknown: stop             %  safe (GET)
 *     &  has a `when`             #8 forEach, 8 at once
 *     :timer :until :signal :onward :child   another kind of step; `onward` is a signal
 *        whose time-out goes on; a child is undone by its own saga
 *     +  (child) undone by a call of its own
 *
 * ( ) is a sequence, [ ] is parallel; & behind the opening bracket gives it a `when`.
 * Calls have four attempts from 100 ms, doubled, without jitter, capped at 1 s; a
 * compensation has no limit of attempts. Signals take their index in order of mention.
 */
#ifndef TESTS_SUPPORT_STORY_PLAN_H
#define TESTS_SUPPORT_STORY_PLAN_H

#include "engine/core/plan.h"

#define STORY_ID_MAX 16

enum {
    STORY_TIMEOUT_MS = 5000,   /* One attempt. */
    STORY_CALLBACK_MS = 60000, /* Until a callback is missed. */
    STORY_WAIT_MS = 30000,     /* :timer, and the time-out of signals. */
    STORY_ITEMS_MAX = LIMIT_ITEMS,
};

struct story_plan {
    struct plan *plan;                /* Owned; freed by story_plan_done(). */
    const char *ids[LIMIT_STEPS + 1]; /* NULL for groups. */
    char names[LIMIT_STEPS + 1][STORY_ID_MAX];
};

void story_plan_init(struct story_plan *p, const char *text);
void story_plan_done(struct story_plan *p);

/* The step of this name; fails the test if there is none. */
uint16_t story_plan_step(const struct story_plan *p, const char *id);

/* Count width, pivots and forEach again after a test has changed nodes. */
void story_plan_settle(struct plan *plan);

#endif /* TESTS_SUPPORT_STORY_PLAN_H */
