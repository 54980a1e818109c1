/* saga_state.c - questions about a state, and its invariant; see saga.h. */
#include <assert.h>
#include <string.h>

#include "base/hash.h"
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

/* ---- the invariant --------------------------------------------------------------------
 */

static bool is_known(const struct saga_cell *c)
{
    return (unsigned)c->state < CELL_STATES && (unsigned)c->call < CALLS &&
           (unsigned)c->last < OUTCOMES && (unsigned)c->called_back < OUTCOMES &&
           (unsigned)c->reason < SAGA_REASONS && (unsigned)c->slot <= SAGA_SLOT_MISSING;
}

/* Attempts count up, and what is counted has begun. */
static bool are_counts_sound(const struct saga_cell *c)
{
    return c->free <= c->round && c->round <= c->attempts &&
           (c->attempts == 0) == (c->born_ms == 0) &&
           (c->round == 0) == (c->first_due_ms == 0);
}

/* A step that is asked of another saga, or of nobody, has no attempts. */
static bool is_called(const struct plan_node *node, enum call_kind call)
{
    if (node->kind == PLAN_CHILD) {
        return call == CALL_COMPENSATION && node->undo == PLAN_UNDO_CALL;
    }
    return node->kind == PLAN_CALL;
}

/* What may be asked of this kind of step at all. */
static bool may_call(const struct saga *s, const struct plan_node *node,
                     const struct saga_cell *c)
{
    bool is_whole_each = node->each != PLAN_NONE && c->item == SAGA_NO_ITEM;

    if (c->state == CELL_STUCK && (node->first != PLAN_NONE || is_whole_each)) {
        return s->state == SAGA_FORWARD ? c->call == CALL_ACTION
                                        : is_whole_each && c->call == CALL_COMPENSATION;
    }
    if (node->first != PLAN_NONE || is_whole_each) {
        return false;
    }
    switch (c->call) {
    case CALL_ACTION:
        return true;
    case CALL_CONFIRM:
        return node->confirm.is_present;
    case CALL_COMPENSATION:
        return node->undo != PLAN_UNDO_NONE;
    }
    return false;
}

static bool may_wait(const struct plan_node *node, const struct saga_cell *c)
{
    if (node->kind == PLAN_CALL) {
        return c->call == CALL_ACTION && node->action.callback_ms != 0 && c->has_2xx &&
               c->wake_ms != 0;
    }
    if (node->kind == PLAN_CHILD) {
        return c->wake_ms == 0 && !is_called(node, c->call);
    }
    return (c->wake_ms == 0) == (node->kind == PLAN_SIGNAL && node->wait_ms == 0);
}

static bool is_cell_state_sound(const struct saga *s, const struct plan_node *node,
                                const struct saga_cell *c)
{
    bool has_attempts = is_called(node, c->call);

    if (c->state != CELL_DUE && c->due_turn != 0) {
        return false;
    }
    switch (c->state) {
    case CELL_QUEUED:
        return c->wake_ms == 0 && (has_attempts || node->kind == PLAN_CHILD);
    case CELL_DUE:
        return has_attempts && c->due_turn != 0 && c->due_turn <= s->turn &&
               c->wake_ms == 0 && c->attempts > 0;
    case CELL_BACKING_OFF:
        return has_attempts && c->wake_ms != 0;
    case CELL_WAITING:
        return may_wait(node, c);
    case CELL_STUCK:
        return c->wake_ms == 0 && c->reason != SAGA_REASON_NONE;
    }
    return false;
}

static bool is_cell_sound(const struct saga *s, const struct plan *plan,
                          const struct saga_cell *c)
{
    const struct plan_node *node;

    if (c->step == 0 || c->step >= plan->n_nodes || !is_known(c) ||
        !are_counts_sound(c)) {
        return false;
    }
    node = &plan->nodes[c->step];
    if (c->item != SAGA_NO_ITEM &&
        (node->each == PLAN_NONE || c->item >= s->eachs[node->each].next)) {
        return false;
    }
    if (s->state == SAGA_FORWARD && c->item == SAGA_NO_ITEM &&
        (!s->steps[c->step].record.is_begun ||
         s->steps[c->step].record.outcome != OUTCOME_NONE)) {
        return false; /* Open and settled at once. */
    }
    return may_call(s, node, c) && is_cell_state_sound(s, node, c);
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

static bool is_same_cell(const struct saga_cell *a, const struct saga_cell *b)
{
    return a->step == b->step && a->item == b->item;
}

/* Many: by a table of what was seen, so that a check stays linear in the open cells. */
static bool are_many_distinct(const struct saga *s)
{
    uint16_t seen[2 * LIMIT_WIDTH] = {0}; /* 1 + index; 0 free. */

    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];
        uint64_t at = hash_mix(c->step, c->item);

        while (seen[at % (2 * LIMIT_WIDTH)] != 0) {
            if (is_same_cell(&s->cells[seen[at % (2 * LIMIT_WIDTH)] - 1], c)) {
                return false;
            }
            at++;
        }
        seen[at % (2 * LIMIT_WIDTH)] = (uint16_t)(i + 1);
    }
    return true;
}

static bool are_distinct(const struct saga *s)
{
    static const uint16_t few = 32;

    if (s->n_cells > few) {
        return are_many_distinct(s);
    }
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (saga_cell_of(s, s->cells[i].step, s->cells[i].item) != &s->cells[i]) {
            return false;
        }
    }
    return true;
}

/* What stands around an open cell has begun (unless after a backup, S96) and is not over:
 * not skipped, and going forward not settled. */
static bool is_place_sound(const struct saga *s, const struct plan *plan,
                           const struct saga_cell *c)
{
    bool is_restored = (s->flags & (uint32_t)SAGA_FLAG_RESTORED) != 0;
    bool is_forward = s->state == SAGA_FORWARD;

    for (uint16_t n = plan->nodes[c->step].parent; n != PLAN_NONE;
         n = plan->nodes[n].parent) {
        struct saga_record r = s->steps[n].record;

        if ((!r.is_begun && (is_forward || !is_restored)) ||
            r.outcome == OUTCOME_SKIPPED || (is_forward && r.outcome != OUTCOME_NONE)) {
            return false;
        }
    }
    return true;
}

static bool are_cells_sound(const struct saga *s, const struct plan *plan)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        if (!is_cell_sound(s, plan, c) || !is_direction_sound(s, c) ||
            !is_place_sound(s, plan, c)) {
            return false;
        }
    }
    return are_distinct(s);
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
        if (covered != e->next || e->next > e->count || e->n_open > e->next ||
            e->back > e->next) {
            return false;
        }
    }
    return at == s->n_runs;
}

static bool has(const struct saga *s, enum saga_flag flag)
{
    return (s->flags & (uint32_t)flag) != 0;
}

static bool are_records_sound(const struct saga *s)
{
    for (uint16_t i = 0; i < s->n_nodes; i++) {
        struct saga_record r = s->steps[i].record;

        if (r.outcome >= OUTCOMES || (!r.is_begun && advance_pack(r) != 0)) {
            return false;
        }
    }
    return true;
}

/* S27: back is only noted while the pivot is asked for and not settled. */
static bool is_pivot_open(const struct saga *s, const struct plan *plan)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (cell_is_open_pivot(plan, &s->cells[i])) {
            return true;
        }
    }
    return false;
}

static bool are_flags_sound(const struct saga *s)
{
    if (s->state == SAGA_BACKWARD && has(s, SAGA_FLAG_PAST_PIVOT) &&
        !has(s, SAGA_FLAG_IS_CHILD)) {
        return false; /* S27 */
    }
    if (has(s, SAGA_FLAG_BACK_WANTED) && s->state != SAGA_FORWARD) {
        return false;
    }
    return !has(s, SAGA_FLAG_UNDOING) || s->state == SAGA_BACKWARD ||
           s->state == SAGA_COMPENSATED || s->state == SAGA_RESOLVED;
}

bool saga_is_sound(const struct saga *s, const struct plan *plan)
{
    bool is_open = s->state == SAGA_FORWARD || s->state == SAGA_BACKWARD;

    if ((unsigned)s->state >= SAGA_STATES || s->n_nodes != plan->n_nodes ||
        s->n_each != plan->n_each || s->n_cells > LIMIT_WIDTH ||
        s->n_runs > SAGA_RUNS_ROOM || s->n_signals > LIMIT_SIGNALS_ALL) {
        return false;
    }
    if (is_open != (s->n_cells > 0)) {
        return false; /* Something is always open until the end, and nothing after it. */
    }
    if (!are_flags_sound(s) || !are_records_sound(s) || !are_cells_sound(s, plan) ||
        !are_items_sound(s)) {
        return false;
    }
    return !has(s, SAGA_FLAG_BACK_WANTED) || is_pivot_open(s, plan);
}
