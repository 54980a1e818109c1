/* saga_state.c - questions about a state, and its invariant; see saga.h. */
#include <assert.h>
#include <string.h>

#include "engine/core/advance.h"
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

        if (c->wake_ms != 0 && (at == 0 || c->wake_ms < at) && !cell_is_held(s, plan, c)) {
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

struct saga_record saga_item_of(const struct saga *s, const struct plan *plan, uint16_t step,
                                uint32_t item)
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

/* ---- the invariant -------------------------------------------------------------------- */

static bool is_cell_sound(const struct saga *s, const struct plan *plan,
                          const struct saga_cell *c)
{
    const struct plan_node *node;
    bool may_wait;

    if (c->step >= plan->n_nodes || (unsigned)c->state >= CELL_STATES) {
        return false;
    }
    node = &plan->nodes[c->step];
    may_wait = node->kind != PLAN_SEQUENCE && node->kind != PLAN_PARALLEL;
    if (c->item != SAGA_NO_ITEM &&
        (node->each == PLAN_NONE || c->item >= s->eachs[node->each].next)) {
        return false;
    }
    switch (c->state) {
    case CELL_QUEUED:
        return may_wait && c->due_turn == 0 && c->wake_ms == 0;
    case CELL_DUE:
        return may_wait && c->due_turn != 0 && c->due_turn <= s->turn && c->wake_ms == 0 &&
               c->attempts > 0;
    case CELL_BACKING_OFF:
        return may_wait && c->due_turn == 0 && c->wake_ms != 0;
    case CELL_WAITING:
        return may_wait && c->due_turn == 0;
    case CELL_STUCK:
        return c->due_turn == 0 && c->wake_ms == 0 && c->reason != SAGA_REASON_NONE;
    }
    return false;
}

/* What a direction allows to be open. */
static bool is_direction_sound(const struct saga *s, const struct saga_cell *c)
{
    bool is_undoing = (s->flags & (uint32_t)SAGA_FLAG_UNDOING) != 0;

    if (s->state == SAGA_FORWARD) {
        return c->call != CALL_COMPENSATION;
    }
    if (is_undoing) {
        return c->call != CALL_ACTION;
    }
    return c->state == CELL_DUE || c->state == CELL_WAITING || c->state == CELL_STUCK;
}

static bool are_cells_sound(const struct saga *s, const struct plan *plan)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        if (!is_cell_sound(s, plan, c) || !is_direction_sound(s, c) ||
            saga_cell_of(s, c->step, c->item) != c) {
            return false;
        }
    }
    return true;
}

static bool are_items_sound(const struct saga *s)
{
    uint32_t at = 0;

    for (uint16_t i = 0; i < s->n_each; i++) {
        const struct saga_each *e = &s->eachs[i];
        uint32_t covered = 0;

        for (uint32_t r = 0; r < e->n_runs; r++, at++) {
            if (at >= s->n_runs || s->runs[at].n == 0) {
                return false;
            }
            covered += s->runs[at].n;
        }
        if (covered != e->next || e->next > e->count || e->n_open > e->next) {
            return false;
        }
    }
    return at == s->n_runs;
}

bool saga_is_sound(const struct saga *s, const struct plan *plan)
{
    bool is_open = s->state == SAGA_FORWARD || s->state == SAGA_BACKWARD;
    bool is_past_pivot = (s->flags & (uint32_t)SAGA_FLAG_PAST_PIVOT) != 0;
    bool is_child = (s->flags & (uint32_t)SAGA_FLAG_IS_CHILD) != 0;
    bool is_back_wanted = (s->flags & (uint32_t)SAGA_FLAG_BACK_WANTED) != 0;

    if ((unsigned)s->state >= SAGA_STATES || s->n_nodes != plan->n_nodes ||
        s->n_each != plan->n_each || s->n_cells > LIMIT_WIDTH || s->n_runs > LIMIT_RUNS ||
        s->n_signals > LIMIT_SIGNALS_KEPT) {
        return false;
    }
    if (is_open != (s->n_cells > 0)) {
        return false; /* Something is always open until the end, and nothing after it. */
    }
    if (s->state == SAGA_BACKWARD && is_past_pivot && !is_child) {
        return false; /* S27 */
    }
    if (is_back_wanted && s->state != SAGA_FORWARD) {
        return false;
    }
    return are_cells_sound(s, plan) && are_items_sound(s);
}
