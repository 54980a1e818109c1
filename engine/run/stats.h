/*
 * stats.h - what happened when: committed turns counted by second and by minute.
 *
 * In memory, since the start, bounded: the last hour by the second, the last day by the
 * minute. Counted after the commit, by the wall clock; an hour that comes twice because
 * the clock was put back is counted into once more.
 *
 * Engine thread only; what it reads out belongs to the caller.
 */
#ifndef RUN_STATS_H
#define RUN_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

#define STATS_MAP(X)                            \
    X(STARTED, "started")                       \
    X(COMPLETED, "completed")                   \
    X(COMPENSATED, "compensated")               \
    X(RESOLVED, "resolved")                     \
    X(STUCK, "stuck") /* Became it. */          \
    X(TURNS, "turns")                           \
    X(CALLS, "calls") /* Attempts that ended */ \
    X(CALLS_SUCCEEDED, "callsSucceeded")        \
    X(CALLS_REJECTED, "callsRejected")          \
    X(CALLS_UNSENT, "callsUnsent")              \
    X(CALLS_UNKNOWN, "callsUnknown")

enum stats_kind {
#define X(name, text) STATS_##name,
    STATS_MAP(X)
#undef X
};

#define X(name, text) +1
enum { STATS_KINDS = 0 STATS_MAP(X) };
#undef X

struct stats;

struct stats *stats_create(uint64_t now_ms);
void stats_destroy(struct stats *s); /* NULL is fine. */

void stats_count(struct stats *s, enum stats_kind kind, uint64_t now_ms);

struct stats_range { /* Milliseconds; whole seconds. */
    uint64_t window_ms;
    uint64_t step_ms;
};

#define STATS_STEP_MIN_MS 1000U
#define STATS_STEP_MAX_MS (3600U * 1000U)
#define STATS_WINDOW_MAX_MS (24U * 3600U * 1000U)
#define STATS_FINE_MS (3600U * 1000U) /* Longer windows have steps of whole minutes. */
#define STATS_POINTS_MAX 1440U

/* NULL: stats_read() can do it. Otherwise a sentence that says what would be allowed. */
const char *stats_check(const struct stats_range *range);

struct stats_point {
    uint64_t at_ms; /* Where its step begins: a multiple of the step. */
    uint64_t counts[STATS_KINDS];
};

struct stats_read {
    uint64_t from_ms; /* Where the first point begins, or the start if that is later. */
    uint64_t to_ms;   /* Now: the last point is not over. */
    struct stats_point *points; /* Oldest first, in the arena. */
    size_t n_points;
};

/* At most window / step points; none that ended before the start. */
void stats_read(const struct stats *s, const struct stats_range *range, uint64_t now_ms,
                struct arena *a, struct stats_read *out);

#endif /* RUN_STATS_H */
