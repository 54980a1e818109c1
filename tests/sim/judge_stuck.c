/* judge_stuck.c - see judge_stuck.h. */
#include "tests/sim/judge_stuck.h"

#include <string.h>

static const uint32_t holds = (uint32_t)SAGA_FLAG_OVER_LIMIT | (uint32_t)SAGA_FLAG_POISON;

static struct saga_cell stuck[LIMIT_WIDTH];
static uint16_t n_stuck;
static enum saga_state state;
static uint32_t held;

void judge_stuck_before(const struct saga *now)
{
    n_stuck = 0;
    state = now->state;
    held = now->flags & holds;
    for (uint16_t i = 0; i < now->n_cells; i++) {
        if (now->cells[i].state == CELL_STUCK) {
            stuck[n_stuck++] = now->cells[i];
        }
    }
}

static bool is_persons(enum saga_event_kind kind)
{
    return kind >= SAGA_EV_RETRY && kind <= SAGA_EV_CLOSE;
}

void judge_stuck(struct sim_world *w, const struct saga *now, const struct saga_event *ev)
{
    if (is_persons(ev->kind)) {
        return;
    }
    if ((now->flags & held) != held) {
        world_wrong(w, "let go of what was held (23)");
    }
    if (now->state != state) {
        return;
    }
    for (uint16_t i = 0; i < n_stuck; i++) {
        const struct saga_cell *c = saga_cell_of(now, stuck[i].step, stuck[i].item);

        if (c == NULL || c->state != CELL_STUCK || c->reason != stuck[i].reason) {
            world_wrong(w, "what was stuck went on by itself (23)");
        }
    }
}
