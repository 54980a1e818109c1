/* legal.c - see legal.h. */
#include "engine/core/legal.h"

#include <assert.h>

#include "engine/core/cell.h"

bool legal_has_due(const struct saga *s)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].state == CELL_DUE) {
            return true;
        }
    }
    return false;
}

static bool is_wait(const struct plan_node *node)
{
    return node->kind == PLAN_TIMER || node->kind == PLAN_SIGNAL;
}

static enum legal_answer retry_cell(const struct saga_cell *c)
{
    switch (c->state) {
    case CELL_DUE:
        return LEGAL_IN_FLIGHT;
    case CELL_WAITING:
        return LEGAL_NO;
    case CELL_QUEUED:
    case CELL_BACKING_OFF:
    case CELL_STUCK:
        return LEGAL_YES;
    }
    assert(false);
    return LEGAL_NO;
}

static enum legal_answer skip_cell(const struct saga *s, const struct plan *plan,
                                   const struct saga_cell *c)
{
    const struct plan_node *node = &plan->nodes[c->step];

    if (s->state != SAGA_FORWARD || node->is_pivot) {
        return LEGAL_NO;
    }
    if (c->state == CELL_DUE) {
        return LEGAL_IN_FLIGHT;
    }
    if (c->state == CELL_STUCK || (c->state == CELL_WAITING && is_wait(node))) {
        return LEGAL_YES;
    }
    return LEGAL_NO;
}

static enum legal_answer resolve_cell(const struct saga_cell *c)
{
    if (c->state == CELL_DUE) {
        return LEGAL_IN_FLIGHT;
    }
    return c->state == CELL_STUCK ? LEGAL_YES : LEGAL_NO;
}

static enum legal_answer on_cell(const struct saga *s, const struct plan *plan,
                                 enum saga_event_kind kind, const struct saga_cell *c)
{
    if (kind == SAGA_EV_RETRY) {
        return retry_cell(c);
    }
    return kind == SAGA_EV_SKIP ? skip_cell(s, plan, c) : resolve_cell(c);
}

/* The best answer among the step's cells: one that may is enough. */
static enum legal_answer on_step(const struct saga *s, const struct plan *plan,
                                 enum saga_event_kind kind, uint16_t step, uint32_t item)
{
    enum legal_answer best = LEGAL_NO;

    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];
        enum legal_answer answer;

        if ((step != PLAN_NONE && c->step != step) ||
            (item != SAGA_NO_ITEM && c->item != item)) {
            continue;
        }
        answer = on_cell(s, plan, kind, c);
        if (answer == LEGAL_YES) {
            return LEGAL_YES;
        }
        best = answer == LEGAL_IN_FLIGHT ? LEGAL_IN_FLIGHT : best;
    }
    return best;
}

static enum legal_answer cancel_saga(const struct saga *s, const struct plan *plan)
{
    if (s->state == SAGA_BACKWARD) {
        return LEGAL_NO_OP;
    }
    if ((s->flags & (uint32_t)SAGA_FLAG_PAST_PIVOT) != 0) {
        return LEGAL_NO;
    }
    return cell_has_open_pivot(s, plan) ? LEGAL_NOTED : LEGAL_YES;
}

/* Only while stuck, with nothing of it on its way (S61). */
static enum legal_answer close_saga(const struct saga *s, const struct plan *plan)
{
    if (!saga_is_stuck(s) || s->state == SAGA_LINED_UP) {
        return LEGAL_NO;
    }
    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        if (c->state == CELL_DUE ||
            (c->state == CELL_WAITING && plan->nodes[c->step].kind == PLAN_CHILD)) {
            return LEGAL_IN_FLIGHT;
        }
    }
    return LEGAL_YES;
}

static enum legal_answer retry_saga(const struct saga *s, const struct plan *plan,
                                    uint16_t step, uint32_t item)
{
    uint32_t held = (uint32_t)SAGA_FLAG_OVER_LIMIT | (uint32_t)SAGA_FLAG_POISON;

    if (step == PLAN_NONE && (s->flags & held) != 0) {
        return LEGAL_YES;
    }
    return on_step(s, plan, SAGA_EV_RETRY, step, item);
}

enum legal_answer legal_action(const struct saga *s, const struct plan *plan,
                               enum saga_event_kind kind, uint16_t step, uint32_t item)
{
    bool is_paused = (s->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0;

    if (saga_is_final(s) || s->state == SAGA_NEW) {
        return LEGAL_NO;
    }
    if (kind == SAGA_EV_RETRY) {
        return retry_saga(s, plan, step, item);
    }
    if (kind == SAGA_EV_SKIP || kind == SAGA_EV_RESOLVE) {
        return on_step(s, plan, kind, step, item);
    }
    if (kind == SAGA_EV_CANCEL) {
        return cancel_saga(s, plan);
    }
    if (kind == SAGA_EV_CLOSE) {
        return close_saga(s, plan);
    }
    if (kind == SAGA_EV_PAUSE) {
        return is_paused ? LEGAL_NO_OP : LEGAL_YES;
    }
    assert(kind == SAGA_EV_RESUME);
    return is_paused ? LEGAL_YES : LEGAL_NO_OP;
}

bool legal_is_offered(const struct saga *s, const struct plan *plan,
                      enum saga_event_kind kind)
{
    enum legal_answer answer = legal_action(s, plan, kind, PLAN_NONE, SAGA_NO_ITEM);

    return answer == LEGAL_YES || answer == LEGAL_NOTED;
}
