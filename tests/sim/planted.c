/* planted.c - see planted.h. */
#include "tests/sim/planted.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[BUGS] = {
    [BUG_NONE] = "",
    [BUG_EFFECTS_FIRST] = "effects-first",
    [BUG_DOUBT_FORGOTTEN] = "doubt-forgotten",
    [BUG_TRUST_TIMEOUT] = "trust-timeout",
    [BUG_LATE_4XX] = "late-4xx",
    [BUG_OPTIONAL_DOUBT] = "optional-doubt",
    [BUG_NO_MIRROR] = "no-mirror",
    [BUG_NO_PIVOT] = "no-pivot",
    [BUG_OTHER_KEY] = "other-key",
    [BUG_CANCEL_LATE] = "cancel-late",
    [BUG_LOST_UNSENT] = "lost-unsent",
    [BUG_NO_BARRIER] = "no-barrier",
    [BUG_NO_NAME] = "no-name",
    [BUG_OTHER_BYTES] = "other-bytes",
    [BUG_UNSTUCK] = "unstuck",
    [BUG_REPEATED] = "repeated",
    [BUG_PREVIEW_GUESSES] = "preview-guesses",
    [BUG_NO_TOMBSTONE] = "no-tombstone",
};

enum sim_bug planted_of_name(const char *name)
{
    int bug = BUG_NONE;

    while (bug < BUGS && strcmp(names[bug], name) != 0) {
        bug++;
    }
    return (enum sim_bug)bug;
}

const char *planted_name(enum sim_bug bug)
{
    return names[bug];
}

static struct saga_cell *cell_of(struct saga *state, const struct saga_event *ev)
{
    for (uint16_t i = 0; i < state->n_cells; i++) {
        if (state->cells[i].step == ev->step && state->cells[i].item == ev->item) {
            return &state->cells[i];
        }
    }
    return NULL;
}

static void try_stuck_again(struct saga *state, uint64_t now_ms)
{
    for (uint16_t i = 0; i < state->n_cells; i++) {
        struct saga_cell *c = &state->cells[i];

        if (c->state == CELL_STUCK && c->attempts > 0) {
            c->state = CELL_BACKING_OFF;
            c->reason = SAGA_REASON_NONE;
            c->wake_ms = now_ms;
        }
    }
}

void planted_before(const struct sim_world *w, const struct sim_saga *s,
                    struct saga *state, struct saga_event *ev)
{
    bool is_answer = ev->kind == SAGA_EV_ANSWERED;
    struct saga_cell *c = is_answer && w->bug != BUG_NONE ? cell_of(state, ev) : NULL;

    (void)s;
    if (w->bug == BUG_CANCEL_LATE && ev->kind == SAGA_EV_CANCEL) {
        state->flags &= ~(uint32_t)SAGA_FLAG_PAST_PIVOT;
    }
    if (w->bug == BUG_UNSTUCK && ev->kind == SAGA_EV_WAKE) {
        try_stuck_again(state, ev->now_ms);
    }
    if (c == NULL) {
        return;
    }
    if (w->bug == BUG_LATE_4XX && ev->outcome == OUTCOME_REJECTED &&
        ev->call == CALL_ACTION) {
        c->in_doubt = false;
    }
    if (w->bug == BUG_NO_NAME && c->state == CELL_DUE) {
        ev->turn = c->due_turn;
        ev->call = c->call;
    }
}

const struct plan *planted_plan(const struct sim_world *w, const struct sim_saga *s,
                                const struct saga *state)
{
    if (w->bug == BUG_NO_PIVOT ||
        (w->bug == BUG_NO_MIRROR && state->state == SAGA_BACKWARD)) {
        return w->blind[s->plan];
    }
    return w->plans[s->plan];
}

void planted_after(struct sim_world *w, struct sim_saga *s, const struct saga *state)
{
    if (w->bug != BUG_NO_BARRIER || state->state != SAGA_BACKWARD ||
        (state->flags & (uint32_t)SAGA_FLAG_UNDOING) != 0) {
        return;
    }
    for (uint16_t i = 0; i < state->n_cells; i++) {
        const struct saga_cell *c = &state->cells[i];

        if (c->state == CELL_DUE && !c->in_doubt) {
            world_later(w, 0,
                        (struct sim_pending){.thing = THING_ANSWER,
                                             .saga = world_index(w, s),
                                             .ev = {.kind = SAGA_EV_ANSWERED,
                                                    .step = c->step,
                                                    .item = c->item,
                                                    .call = c->call,
                                                    .turn = c->due_turn,
                                                    .outcome = OUTCOME_REJECTED}});
        }
    }
}

bool planted_swallows(struct sim_world *w, struct sim_saga *s,
                      const struct saga_effect *fx, uint64_t turn)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[fx->step];
    bool forgets = w->bug == BUG_DOUBT_FORGOTTEN ||
                   (w->bug == BUG_OPTIONAL_DOUBT && node->is_optional);

    if (!forgets || fx->call != CALL_COMPENSATION ||
        world_cell(s, fx->step, fx->item)->told_success) {
        return false;
    }
    world_later(w, 1,
                (struct sim_pending){.thing = THING_ANSWER,
                                     .saga = world_index(w, s),
                                     .ev = {.kind = SAGA_EV_ANSWERED,
                                            .step = fx->step,
                                            .item = fx->item,
                                            .call = fx->call,
                                            .turn = turn,
                                            .outcome = OUTCOME_SUCCEEDED}});
    return true;
}

static struct plan *blind_of(const struct plan *plan, enum sim_bug bug)
{
    size_t n = sizeof(*plan) + SIM_NODES * sizeof(plan->nodes[0]);
    struct plan *blind = malloc(n);

    assert(blind != NULL);
    memcpy(blind, plan, n);
    for (uint16_t i = 0; i < plan->n_nodes; i++) {
        struct plan_node *node = &blind->nodes[i];

        if (bug == BUG_NO_PIVOT) {
            node->is_pivot = false;
            node->holds_pivot = false;
        } else if (node->kind == PLAN_SEQUENCE) {
            node->kind = PLAN_PARALLEL;
        }
    }
    return blind;
}

void planted_init(struct sim_world *w)
{
    for (int i = 0; i < SIM_PLANS && w->bug != BUG_NONE; i++) {
        w->blind[i] = blind_of(w->plans[i], w->bug);
    }
}

void planted_done(struct sim_world *w)
{
    for (int i = 0; i < SIM_PLANS; i++) {
        free(w->blind[i]);
        w->blind[i] = NULL;
    }
}
