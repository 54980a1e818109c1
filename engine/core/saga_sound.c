/*
 * saga_sound.c - the invariant of a saga between turns; see saga_is_sound().
 *
 * It is what every handler leans on, so it has to be closed: a state that passes takes
 * any event, and the state after passes again. A state read from a damaged file is
 * refused here, instead of ending the process at its next event (test_saga_damaged). Here
 * are a cell by itself, counts and flags; how the cells stand to each other is
 * saga_tree.h's.
 *
 * Not looked at, because no damage by chance gives it: numbers so large that counting on
 * wraps, and runs of items so many that the next one does not fit.
 */
#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "engine/core/advance.h"
#include "engine/core/cell.h"
#include "engine/core/saga.h"
#include "engine/core/saga_tree.h"

static bool has(const struct saga *s, enum saga_flag flag)
{
    return (s->flags & (uint32_t)flag) != 0;
}

/* ---- a cell by itself -----------------------------------------------------------------
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

    if (node->first != PLAN_NONE || is_whole_each) {
        enum call_kind call = s->state == SAGA_FORWARD ? CALL_ACTION : CALL_COMPENSATION;

        return c->state == CELL_STUCK && c->call == call &&
               (s->state == SAGA_FORWARD || is_whole_each);
    }
    switch (c->call) {
    case CALL_ACTION:
        return true;
    case CALL_CONFIRM:
        return node->confirm.is_present;
    case CALL_COMPENSATION:
        return node->undo != PLAN_UNDO_NONE;
    }
    assert(false);
    return false;
}

/* Nothing waits for a slot that it will not be offered: a child has none, and is queued
 * only while the saga is held. */
static bool may_queue(const struct saga *s, const struct plan_node *node,
                      const struct saga_cell *c)
{
    bool is_held = has(s, SAGA_FLAG_PAUSED) || has(s, SAGA_FLAG_OVER_LIMIT) ||
                   has(s, SAGA_FLAG_POISON);

    return c->wake_ms == 0 &&
           (is_called(node, c->call) || (node->kind == PLAN_CHILD && is_held));
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
    return (c->wake_ms != 0) == (node->kind == PLAN_TIMER || node->wait_ms != 0);
}

static bool is_cell_state_sound(const struct saga *s, const struct plan_node *node,
                                const struct saga_cell *c)
{
    if (c->state != CELL_DUE && c->due_turn != 0) {
        return false;
    }
    switch (c->state) {
    case CELL_QUEUED:
        return may_queue(s, node, c);
    case CELL_DUE:
        return is_called(node, c->call) && c->due_turn != 0 && c->due_turn <= s->turn &&
               c->wake_ms == 0 && c->free < c->round; /* Its end is not counted yet. */
    case CELL_BACKING_OFF:
        return is_called(node, c->call) && c->wake_ms != 0;
    case CELL_WAITING:
        return may_wait(node, c);
    case CELL_STUCK:
        return c->wake_ms == 0 && c->reason != SAGA_REASON_NONE &&
               (c->reason != SAGA_REASON_CHILD || node->kind == PLAN_CHILD);
    }
    assert(false);
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
    return may_call(s, node, c) && is_cell_state_sound(s, node, c);
}

/* Going back, and something of the forward part is still awaited (S23). */
static bool is_awaited(const struct plan_node *node, const struct saga_cell *c)
{
    bool is_child = node->kind == PLAN_CHILD;

    if (c->state == CELL_STUCK) { /* A child that was resolved by hand, still to say. */
        return c->reason == SAGA_REASON_CHILD && c->call == CALL_COMPENSATION;
    }
    return c->call != CALL_COMPENSATION &&
           (c->state == CELL_DUE || (c->state == CELL_WAITING && is_child));
}

/* What a direction allows to be open. */
static bool is_direction_sound(const struct saga *s, const struct plan *plan,
                               const struct saga_cell *c)
{
    if (s->state == SAGA_FORWARD) {
        return c->call != CALL_COMPENSATION;
    }
    return has(s, SAGA_FLAG_UNDOING) ? c->call != CALL_ACTION
                                     : is_awaited(&plan->nodes[c->step], c);
}

static bool is_same_cell(const struct saga_cell *a, const struct saga_cell *b)
{
    return a->step == b->step && a->item == b->item;
}

/* By a table of what was seen, so that a check stays linear in the open cells. */
static bool are_distinct(const struct saga *s)
{
    uint16_t seen[2 * LIMIT_WIDTH]; /* 1 + index; 0 free. As long as there are cells. */
    uint32_t room = 2U * s->n_cells;

    memset(seen, 0, room * sizeof(seen[0]));
    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];
        uint64_t at = hash_mix(c->step, c->item);

        while (seen[at % room] != 0) {
            if (is_same_cell(&s->cells[seen[at % room] - 1], c)) {
                return false;
            }
            at++;
        }
        seen[at % room] = (uint16_t)(i + 1);
    }
    return true;
}

static bool are_cells_sound(const struct saga *s, const struct plan *plan)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        if (!is_cell_sound(s, plan, c) || !is_direction_sound(s, plan, c)) {
            return false;
        }
    }
    return are_distinct(s);
}

/* ---- counts and flags
 * ------------------------------------------------------------------------ */

static bool is_each_sound(const struct saga_each *e, const struct plan_node *node,
                          uint32_t covered)
{
    return covered == e->next && e->next <= e->count && e->back <= e->next &&
           e->n_open <= e->next && e->n_open <= node->each_concurrent;
}

/* Runs cover what has begun, and nothing else. */
static bool are_items_sound(const struct saga *s, const struct plan *plan)
{
    uint32_t at = 0;

    for (uint16_t n = 0; n < s->n_nodes; n++) {
        const struct plan_node *node = &plan->nodes[n];
        const struct saga_each *e;
        uint32_t covered = 0;

        if (node->each == PLAN_NONE) {
            continue;
        }
        e = &s->eachs[node->each];
        for (uint32_t r = 0; r < e->n_runs; r++, at++) {
            if (at >= s->n_runs || s->runs[at].n == 0) {
                return false;
            }
            covered += s->runs[at].n;
        }
        if (!is_each_sound(e, node, covered) ||
            (e->count > 0 && !s->steps[n].record.is_begun)) {
            return false;
        }
    }
    return at == s->n_runs;
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

static bool has_begun_nothing(const struct saga *s)
{
    for (uint16_t i = 0; i < s->n_nodes; i++) {
        if (s->steps[i].record.is_begun) {
            return false;
        }
    }
    return true;
}

/* An attempt that is due may be taken back: then all counts go down by it. */
static bool are_attempts_sound(const struct saga *s)
{
    uint64_t of_step[LIMIT_STEPS + 1];
    uint64_t in_all = 0;

    memset(of_step, 0, s->n_nodes * sizeof(of_step[0]));
    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        in_all += c->attempts;
        of_step[c->step] += c->call == CALL_ACTION ? c->attempts : 0;
        if (of_step[c->step] > s->steps[c->step].attempts) {
            return false;
        }
    }
    return in_all <= s->attempts;
}

static bool are_flags_sound(const struct saga *s, const struct plan *plan)
{
    if (s->state == SAGA_BACKWARD && has(s, SAGA_FLAG_PAST_PIVOT) &&
        !has(s, SAGA_FLAG_IS_CHILD)) {
        return false; /* S27 */
    }
    if (has(s, SAGA_FLAG_BACK_WANTED) &&
        (s->state != SAGA_FORWARD || !cell_has_open_pivot(s, plan))) {
        return false; /* Only noted while the pivot is asked for (S27). */
    }
    return !has(s, SAGA_FLAG_UNDOING) || s->state == SAGA_BACKWARD ||
           s->state == SAGA_COMPENSATED || s->state == SAGA_RESOLVED;
}

/* What turned the saga back is a step, an item of one that has items, or neither. */
static bool is_error_sound(const struct saga *s, const struct plan *plan)
{
    if (s->error_step == PLAN_NONE) {
        return s->error_item == SAGA_NO_ITEM;
    }
    return s->error_step < plan->n_nodes &&
           (s->error_item == SAGA_NO_ITEM ||
            plan->nodes[s->error_step].each != PLAN_NONE);
}

static bool are_sizes_sound(const struct saga *s, const struct plan *plan)
{
    return (unsigned)s->state < SAGA_STATES && s->n_nodes == plan->n_nodes &&
           s->n_each == plan->n_each && s->n_cells <= LIMIT_WIDTH &&
           s->n_runs <= SAGA_RUNS_ROOM && s->n_signals <= LIMIT_SIGNALS_ALL;
}

bool saga_is_sound(const struct saga *s, const struct plan *plan)
{
    bool is_under_way = s->state == SAGA_FORWARD || s->state == SAGA_BACKWARD;

    if (!are_sizes_sound(s, plan) || is_under_way != (s->n_cells > 0)) {
        return false; /* Something is always open until the end, and nothing after it. */
    }
    if (!are_records_sound(s) || !are_items_sound(s, plan) || !is_error_sound(s, plan)) {
        return false;
    }
    if (!is_under_way) {
        bool has_begun = s->state != SAGA_NEW && s->state != SAGA_LINED_UP;

        return are_flags_sound(s, plan) && (has_begun || has_begun_nothing(s));
    }
    return are_cells_sound(s, plan) && saga_tree_is_sound(s, plan) &&
           are_flags_sound(s, plan) && are_attempts_sound(s);
}
