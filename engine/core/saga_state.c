/* saga_state.c - questions about a state; see saga.h. Its invariant: saga_sound.c. */
#include <assert.h>
#include <string.h>

#include "engine/core/cell.h"
#include "engine/core/items.h"
#include "engine/core/saga.h"

bool saga_is_final(const struct saga *s)
{
    return s->state == SAGA_COMPLETED || s->state == SAGA_COMPENSATED ||
           s->state == SAGA_RESOLVED;
}

bool saga_is_stuck(const struct saga *s)
{
    if (saga_is_final(s)) {
        return false;
    }
    if ((s->flags & ((uint32_t)SAGA_FLAG_OVER_LIMIT | (uint32_t)SAGA_FLAG_POISON)) != 0) {
        return true;
    }
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].state == CELL_STUCK) {
            return true;
        }
    }
    return false;
}

enum saga_status saga_status_of(const struct saga *s)
{
    switch (s->state) {
    case SAGA_NEW:
    case SAGA_LINED_UP:
    case SAGA_FORWARD:
        return saga_is_stuck(s) ? SAGA_STATUS_STUCK : SAGA_STATUS_RUNNING;
    case SAGA_BACKWARD:
        return saga_is_stuck(s) ? SAGA_STATUS_STUCK : SAGA_STATUS_COMPENSATING;
    case SAGA_COMPLETED:
        return SAGA_STATUS_COMPLETED;
    case SAGA_COMPENSATED:
        return SAGA_STATUS_COMPENSATED;
    case SAGA_RESOLVED:
        return SAGA_STATUS_RESOLVED;
    }
    assert(false);
    return SAGA_STATUS_RUNNING;
}

const struct plan_call *saga_call_of(const struct plan_node *node, enum call_kind call)
{
    switch (call) {
    case CALL_ACTION:
        return &node->action;
    case CALL_CONFIRM:
        return &node->confirm;
    case CALL_COMPENSATION:
        return &node->compensation;
    }
    assert(false);
    return NULL;
}

uint64_t saga_wake_at(const struct saga *s, const struct plan *plan)
{
    bool is_paused = (s->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0;
    bool is_overdue = (s->flags & (uint32_t)SAGA_FLAG_OVERDUE) != 0;
    uint64_t at = 0;

    if (s->state == SAGA_FORWARD && s->deadline_ms != 0 && !is_overdue && !is_paused) {
        at = s->deadline_ms;
    }
    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        if (c->wake_ms != 0 && (at == 0 || c->wake_ms < at) &&
            !cell_is_held(s, plan, c)) {
            at = c->wake_ms;
        }
    }
    return at;
}

const struct saga_cell *saga_cell_of(const struct saga *s, uint16_t step, uint32_t item)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].step == step && s->cells[i].item == item) {
            return &s->cells[i];
        }
    }
    return NULL;
}

struct saga_record saga_item_of(const struct saga *s, const struct plan *plan,
                                uint16_t step, uint32_t item)
{
    return items_record(s, plan, step, item);
}

bool saga_needs_undo(const struct saga *s, const struct plan_node *node,
                     struct saga_record record)
{
    bool is_restored = (s->flags & (uint32_t)SAGA_FLAG_RESTORED) != 0;

    if (node->undo == PLAN_UNDO_NONE || record.is_undone) {
        return false;
    }
    if (record.outcome == OUTCOME_SUCCEEDED || record.in_doubt) {
        return true;
    }
    return is_restored && record.outcome == OUTCOME_NONE && node->undo == PLAN_UNDO_CALL;
}
