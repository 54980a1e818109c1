/* stats.c - see stats.h. */
#include "engine/run/stats.h"

#include <stdlib.h>

#include "base/mem.h"

#define SECOND_MS 1000U
#define MINUTE_MS 60000U
#define SECONDS (STATS_FINE_MS / SECOND_MS + STATS_STEP_MAX_MS / SECOND_MS)
#define MINUTES (STATS_WINDOW_MAX_MS / MINUTE_MS + STATS_STEP_MAX_MS / MINUTE_MS)

struct slot {
    uint64_t unit; /* Which second or minute since 1970; 0: none yet. */
    uint32_t counts[STATS_KINDS];
};

struct stats {
    uint64_t started_ms;
    struct slot seconds[SECONDS]; /* By second, modulo. */
    struct slot minutes[MINUTES];
};

struct stats *stats_create(uint64_t now_ms)
{
    struct stats *s = mem_alloc(sizeof(*s));

    s->started_ms = now_ms;
    return s;
}

void stats_destroy(struct stats *s)
{
    free(s);
}

static void count(struct slot *slots, size_t n, uint64_t unit, enum stats_kind kind)
{
    struct slot *slot = &slots[unit % n];

    if (slot->unit != unit) {
        *slot = (struct slot){.unit = unit};
    }
    slot->counts[kind]++;
}

void stats_count(struct stats *s, enum stats_kind kind, uint64_t now_ms)
{
    count(s->seconds, SECONDS, now_ms / SECOND_MS, kind);
    count(s->minutes, MINUTES, now_ms / MINUTE_MS, kind);
}

const char *stats_check(const struct stats_range *range)
{
    const uint64_t window = range->window_ms;
    const uint64_t step = range->step_ms;

    if (step < STATS_STEP_MIN_MS || step > STATS_STEP_MAX_MS || step % SECOND_MS != 0) {
        return "step must be from 1s to 1h, in whole seconds";
    }
    if (window < step || window > STATS_WINDOW_MAX_MS) {
        return "window must be from one step to 24h";
    }
    if (window % step != 0) {
        return "window must be a multiple of step";
    }
    if (window > STATS_FINE_MS && step % MINUTE_MS != 0) {
        return "a window of more than 1h needs a step of whole minutes";
    }
    return window / step > STATS_POINTS_MAX
               ? "window must be at most 1440 steps; use a longer step"
               : NULL;
}

static void add(struct stats_point *point, const struct slot *slot, uint64_t unit)
{
    if (slot->unit != unit) {
        return;
    }
    for (size_t k = 0; k < STATS_KINDS; k++) {
        point->counts[k] += slot->counts[k];
    }
}

static void fill(const struct stats *s, const struct stats_range *range,
                 struct stats_point *point)
{
    const bool is_fine = range->window_ms <= STATS_FINE_MS;
    const uint64_t unit_ms = is_fine ? SECOND_MS : MINUTE_MS;
    const uint64_t first = point->at_ms / unit_ms;

    for (uint64_t unit = first; unit < first + range->step_ms / unit_ms; unit++) {
        add(point, is_fine ? &s->seconds[unit % SECONDS] : &s->minutes[unit % MINUTES],
            unit);
    }
}

void stats_read(const struct stats *s, const struct stats_range *range, uint64_t now_ms,
                struct arena *a, struct stats_read *out)
{
    const uint64_t step = range->step_ms;
    const uint64_t last = now_ms - now_ms % step;
    const uint64_t oldest = last + step - range->window_ms;
    const uint64_t start = s->started_ms < now_ms ? s->started_ms : now_ms;
    const uint64_t first = start > oldest ? start - start % step : oldest;

    out->n_points = (size_t)((last - first) / step + 1);
    out->points = arena_take(a, out->n_points * sizeof(out->points[0]));
    out->from_ms = first > start ? first : start;
    out->to_ms = now_ms;
    for (size_t i = 0; i < out->n_points; i++) {
        out->points[i].at_ms = first + i * step;
        fill(s, range, &out->points[i]);
    }
}
