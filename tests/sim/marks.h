/*
 * marks.h - what must happen sometimes.
 *
 * A simulator that never gets a pivot into doubt proves nothing about pivots in doubt:
 * each mark is counted over all seeds, printed, and must have been hit.
 */
#ifndef TESTS_SIM_MARKS_H
#define TESTS_SIM_MARKS_H

#include <stdint.h>

#define MARK_MAP(X)                                       \
    X(COMPLETED, "completed")                             \
    X(COMPENSATED, "compensated")                         \
    X(RESOLVED, "resolved")                               \
    X(STUCK, "stuck")                                     \
    X(CRASH_BEFORE, "crash before the commit")            \
    X(CRASH_AFTER, "crash after it, effects lost")        \
    X(CRASH_RECOVERY, "crash in recovery")                \
    X(CLEAN_STOP, "clean stop with a call returned")      \
    X(LOST, "lost attempt")                               \
    X(LATE, "late answer")                                \
    X(QUEUED, "queued and granted")                       \
    X(FREE, "attempt that cost nothing")                  \
    X(RETRY_AFTER, "retry-after")                         \
    X(DOUBT_REPEATED, "doubt settled by repeating")       \
    X(DOUBT_CONFIRMED, "doubt settled by confirm")        \
    X(DOUBT_REFUTED, "not applied, said confirm twice")   \
    X(DOUBT_UNDONE, "doubt compensated")                  \
    X(OPTIONAL_DOUBT, "optional in doubt compensated")    \
    X(PIVOT_DOUBT, "pivot in doubt")                      \
    X(PIVOT_PASSED, "pivot passed")                       \
    X(IN_FLIGHT, "turned back with a call in flight")     \
    X(TOMBSTONE, "action refused after its compensation") \
    X(CALLBACK_FIRST, "callback before the answer")       \
    X(CALLBACK_MISSED, "callback missed")                 \
    X(SIGNAL_KEPT, "signal kept")                         \
    X(SIGNAL_TAKEN, "signal taken by its wait")           \
    X(CHILD_DONE, "child completed")                      \
    X(CHILD_CANCELLED, "child cancelled")                 \
    X(CHILD_UNDONE, "child taken back")                   \
    X(CHILD_AGAIN, "child of a second generation")        \
    X(CANCEL, "cancel")                                   \
    X(CANCEL_NOTED, "cancel noted")                       \
    X(CANCEL_REFUSED, "cancel after the pivot")           \
    X(DEADLINE_BACK, "deadline turned back")              \
    X(DEADLINE_ALERT, "deadline after the pivot")         \
    X(PAUSED, "paused")                                   \
    X(RETRIED, "retried by hand")                         \
    X(SKIPPED, "skipped by hand")                         \
    X(RESOLVED_STEP, "step resolved by hand")             \
    X(OVER_LIMIT, "over its limit")                       \
    X(POISONED, "poisoned")                               \
    X(LINED_UP, "lined up")                               \
    X(RESTORED, "restored from a backup")                 \
    X(ITEMS_UNDONE, "items compensated")                  \
    X(SKIPPED_WHEN, "skipped by when")                    \
    X(EXPRESSION, "expression failed")                    \
    X(RENDER, "render failed")                            \
    X(KEY_EXPIRED, "key expired")                         \
    X(OUTPUT_FAILED, "output failed")                     \
    X(REPEATED, "operator's request repeated")            \
    X(CLOCK_AHEAD, "clock jumped ahead")                  \
    X(CLOCK_BACK, "clock jumped back")                    \
    X(STARTED_TWICE, "start repeated")                    \
    X(CHANGED, "rendered otherwise")                      \
    X(FORETOLD, "a preview foretold what happened")

enum sim_mark {
#define X(name, text) MARK_##name,
    MARK_MAP(X)
#undef X
};
enum {
#define X(name, text) +1
    MARKS = 0 MARK_MAP(X)
#undef X
};

extern uint64_t marks[MARKS];

static inline void mark(enum sim_mark m)
{
    marks[m]++;
}

#endif /* TESTS_SIM_MARKS_H */
