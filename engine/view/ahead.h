/*
 * ahead.h - a world that behaves, for a copy of a saga: what happens next, and next.
 *
 * Every slot is granted, every call answered `succeeded` in the order they became due,
 * every callback comes, every child ends as it is going, and time passes at once. Signals
 * are people's: a saga that waits for one rests, and so does one that is stuck or paused.
 * Which events these are is decided here; what applies them is the caller's: preview.c
 * with real requests, the simulator to see that what is foretold is what happens.
 *
 * Owns nothing, keeps nothing but the time; whoever holds the copy.
 */
#ifndef VIEW_AHEAD_H
#define VIEW_AHEAD_H

#include "engine/core/saga.h"

struct ahead {
    const struct plan *plan; /* Borrowed, as is all here. */
    const struct saga *s;    /* The copy; happens() moves it on. */
    uint64_t now_ms;
    /* Apply one event at now_ms. False: it came to nothing. */
    bool (*happens)(void *user, const struct saga_event *ev);
    /* How the child that this cell waits for stands; RUNNING: well, or not begun yet. */
    enum saga_status (*child)(void *user, const struct saga_cell *c);
    void *user;
};

/* One more turn; false: nothing moves any more. */
bool ahead_step(struct ahead *w);

#endif /* VIEW_AHEAD_H */
