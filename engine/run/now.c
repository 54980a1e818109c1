/* now.c - see now.h. */
#include "engine/run/now.h"

/* An hour ahead is made good in sixteen. */
#define SLOWER 16

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

void now_take(struct now *n, uint64_t wall_ms, uint64_t mono_ms, uint64_t away_from_ms,
              struct now_seen *seen)
{
    const uint64_t passed_ms = mono_ms - n->mono_ms;
    const int64_t drift_ms = (int64_t)(wall_ms - n->wall_ms) - (int64_t)passed_ms;
    const bool is_first = !n->is_set;

    *seen = (struct now_seen){0};
    n->is_set = true;
    n->wall_ms = wall_ms;
    n->mono_ms = mono_ms;
    if (is_first) {
        n->ms = wall_ms;
        return;
    }
    if (passed_ms > away_from_ms) {
        seen->away_ms = passed_ms;
    }
    if (drift_ms > NOW_JUMP_MS) {
        const uint64_t made_good_ms = smaller(n->ahead_ms, (uint64_t)drift_ms);
        const uint64_t left_ms = (uint64_t)drift_ms - made_good_ms;

        seen->jump_ms = drift_ms;
        n->ahead_ms -= made_good_ms;
        seen->away_ms += left_ms > NOW_JUMP_MS ? left_ms : 0;
    } else if (drift_ms < -NOW_JUMP_MS) {
        seen->jump_ms = drift_ms;
        n->ahead_ms += (uint64_t)-drift_ms;
    } else {
        n->ahead_ms -= smaller(n->ahead_ms, passed_ms / SLOWER);
    }
    if (wall_ms + n->ahead_ms < n->ms) { /* Set back a little: it stands still. */
        n->ahead_ms = n->ms - wall_ms;
    }
    n->ms = wall_ms + n->ahead_ms;
}
