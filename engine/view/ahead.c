/* ahead.c - see ahead.h. */
#include "engine/view/ahead.h"

#include <stddef.h>

static const struct plan_node *node_of(const struct ahead *w, const struct saga_cell *c)
{
    return &w->plan->nodes[c->step];
}

static bool grant(struct ahead *w)
{
    for (uint16_t i = 0; i < w->s->n_cells; i++) {
        const struct saga_cell *c = &w->s->cells[i];
        const struct saga_event ev = {
            .kind = SAGA_EV_GRANTED, .step = c->step, .item = c->item, .call = c->call};

        if (c->state == CELL_QUEUED && w->happens(w->user, &ev)) {
            return true;
        }
    }
    return false;
}

static const struct saga_cell *first_due(const struct saga *s)
{
    const struct saga_cell *first = NULL;

    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        if (c->state == CELL_DUE && (first == NULL || c->due_turn < first->due_turn)) {
            first = c;
        }
    }
    return first;
}

static bool answer(struct ahead *w)
{
    const struct saga_cell *c = first_due(w->s);
    struct saga_event ev;

    if (c == NULL) {
        return false;
    }
    ev = (struct saga_event){.kind = SAGA_EV_ANSWERED,
                             .step = c->step,
                             .item = c->item,
                             .call = c->call,
                             .turn = c->due_turn,
                             .outcome = OUTCOME_SUCCEEDED,
                             .confirm = c->call == CALL_CONFIRM ? SAGA_CONFIRM_APPLIED
                                                                : SAGA_CONFIRM_NOTHING};
    return w->happens(w->user, &ev);
}

static bool call_back(struct ahead *w, const struct saga_cell *c)
{
    const struct saga_event ev = {.kind = SAGA_EV_CALLED_BACK,
                                  .step = c->step,
                                  .item = c->item,
                                  .call = CALL_ACTION,
                                  .outcome = OUTCOME_SUCCEEDED};

    return w->happens(w->user, &ev);
}

/* One that was closed by hand stays so; one that goes back already ends so. */
static enum saga_status end_of(const struct ahead *w, const struct saga_cell *c,
                               enum saga_status now)
{
    if (now == SAGA_STATUS_RESOLVED || now == SAGA_STATUS_COMPENSATED) {
        return now;
    }
    if (c->call == CALL_COMPENSATION || w->s->state == SAGA_BACKWARD ||
        now == SAGA_STATUS_COMPENSATING) {
        return SAGA_STATUS_COMPENSATED;
    }
    return SAGA_STATUS_COMPLETED;
}

static bool end_child(struct ahead *w, const struct saga_cell *c)
{
    const enum saga_status now = w->child(w->user, c);
    const struct saga_event ev = {.kind = SAGA_EV_CHILD_ENDED,
                                  .step = c->step,
                                  .item = c->item,
                                  .generation = c->generation,
                                  .child_status = end_of(w, c, now)};

    if ((w->s->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0 || now == SAGA_STATUS_STUCK) {
        return false;
    }
    return w->happens(w->user, &ev);
}

/* What a cell waits for comes: a callback, a child's end. */
static bool arrive(struct ahead *w)
{
    for (uint16_t i = 0; i < w->s->n_cells; i++) {
        const struct saga_cell *c = &w->s->cells[i];
        const enum plan_kind kind = node_of(w, c)->kind;

        if (c->state != CELL_WAITING) {
            continue;
        }
        if ((kind == PLAN_CALL && c->call == CALL_ACTION && call_back(w, c)) ||
            (kind == PLAN_CHILD && end_child(w, c))) {
            return true;
        }
    }
    return false;
}

/* Something moves by itself; a deadline alone, or a signal's time-out, is not awaited. */
static bool has_time_to_pass(const struct ahead *w)
{
    for (uint16_t i = 0; i < w->s->n_cells; i++) {
        const struct saga_cell *c = &w->s->cells[i];

        if (c->wake_ms != 0 && node_of(w, c)->kind != PLAN_SIGNAL) {
            return true;
        }
    }
    return false;
}

static bool wake(struct ahead *w, bool may_wait)
{
    const uint64_t at_ms = saga_wake_at(w->s, w->plan);
    const uint32_t no_deadline = (uint32_t)SAGA_FLAG_OVERDUE | (uint32_t)SAGA_FLAG_PAUSED;
    const bool is_deadline = w->s->state == SAGA_FORWARD && w->s->deadline_ms == at_ms &&
                             (w->s->flags & no_deadline) == 0;
    const struct saga_event ev = {.kind = is_deadline ? SAGA_EV_DEADLINE : SAGA_EV_WAKE,
                                  .step = PLAN_NONE,
                                  .item = SAGA_NO_ITEM};

    if (at_ms == 0 || (at_ms > w->now_ms && (!may_wait || !has_time_to_pass(w)))) {
        return false;
    }
    w->now_ms = at_ms > w->now_ms ? at_ms : w->now_ms;
    return w->happens(w->user, &ev);
}

bool ahead_step(struct ahead *w)
{
    return !saga_is_final(w->s) &&
           (wake(w, false) || grant(w) || answer(w) || arrive(w) || wake(w, true));
}
