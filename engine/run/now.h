/*
 * now.h - what time it is for the engine when the wall clock cannot be trusted (S41).
 *
 * Follows the wall clock, but never goes back: when somebody sets the clock back, the
 * engine's time goes on at the monotonic clock's pace, ahead of the wall, and comes back
 * to it slowly, so that no retry waits an hour more. A jump forward is taken as it is,
 * and told as time away, like a stretch in which the process did not run (stopped, or
 * the machine asleep): deadlines are owed it (downtime.h) and do not all fire at once.
 *
 * Reads no clock: it is given both. Engine thread only.
 */
#ifndef RUN_NOW_H
#define RUN_NOW_H

#include <stdbool.h>
#include <stdint.h>

#define NOW_JUMP_MS 2000 /* The clocks differ by more: somebody set one (S41). */

struct now {
    bool is_set;
    uint64_t wall_ms; /* As last read. */
    uint64_t mono_ms;
    uint64_t ahead_ms; /* Of the wall clock. */
    uint64_t ms;       /* The engine's time. */
};

struct now_seen {
    int64_t jump_ms;  /* Of the wall clock; 0: none worth telling. */
    uint64_t away_ms; /* Up to now: did not run, or was not told of; 0: none. */
};

/* Both clocks were read; n->ms is the time from here on. away_from_ms: a stretch longer
 * than this between two readings is time away. */
void now_take(struct now *n, uint64_t wall_ms, uint64_t mono_ms, uint64_t away_from_ms,
              struct now_seen *seen);

#endif /* RUN_NOW_H */
