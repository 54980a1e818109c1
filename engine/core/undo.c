/* undo.c - the way back: walk.h's second half. */
#include "engine/core/cell.h"
#include "engine/core/items.h"
#include "engine/core/walk.h"

/* ---- turning round -------------------------------------------------------------- */

static void turn_cell_back(struct advance *a, struct saga_cell *c)
{
    if (c->state == CELL_DUE) {
        return; /* Awaited (S23). */
    }
    if (c->state == CELL_WAITING && advance_node(a, c->step)->kind == PLAN_CHILD) {
        struct saga_effect *fx = advance_emit(a, SAGA_FX_CANCEL_CHILD);

        fx->step = c->step;
        fx->item = c->item;
        fx->generation = c->generation;
        return;
    }
    if (c->state == CELL_STUCK && c->reason == SAGA_REASON_CHILD &&
        advance_node(a, c->step)->undo != PLAN_UNDO_NONE) {
        c->call = CALL_COMPENSATION; /* Still a person's to say. */
        return;
    }
    cell_drop(a, c);
}

void walk_turn_back(struct advance *a)
{
    advance_lower(a, SAGA_FLAG_BACK_WANTED);
    advance_enter(a, SAGA_BACKWARD);
    for (uint16_t i = a->s->n_cells; i > 0; i--) {
        turn_cell_back(a, &a->s->cells[i - 1]); /* Closing moves the last one here. */
    }
}

/* ---- undoing ---------------------------------------------------------------------- */

static bool undo_node(struct advance *a, uint16_t n);

void walk_undo_child(struct advance *a, struct saga_cell *c)
{
    struct saga_effect *fx = advance_emit(a, SAGA_FX_UNDO_CHILD);

    cell_wait(a, c, 0);
    fx->step = c->step;
    fx->item = c->item;
}

void walk_undo_cell(struct advance *a, struct saga_cell *c)
{
    const struct plan_node *node = advance_node(a, c->step);
    struct saga_record record = items_record_of(a, c->step, c->item);

    if (node->undo == PLAN_UNDO_CHILD) {
        c->call = CALL_COMPENSATION;
        c->generation = 0; /* Whichever is the last one. */
        cell_try(a, c);
    } else if (node->undo_reads_answer && record.outcome != OUTCOME_SUCCEEDED) {
        c->in_doubt = true;
        if (node->confirm.is_present) { /* S22 */
            cell_turn_to(c, CALL_CONFIRM);
            cell_try(a, c);
        } else {
            cell_stick(a, c, SAGA_REASON_NO_ANSWER);
        }
    } else {
        if (c->call != CALL_COMPENSATION) {
            cell_turn_to(c, CALL_COMPENSATION);
        }
        cell_try(a, c);
    }
}

/* True when nothing is left to undo at (step, item). */
static bool undo_one(struct advance *a, uint16_t n, uint32_t item)
{
    struct saga_record record = items_record_of(a, n, item);
    struct saga_cell *c;

    if (cell_find(a->s, n, item) != NULL) {
        return false;
    }
    if (!saga_needs_undo(a->s, advance_node(a, n), record)) {
        return true;
    }
    c = cell_open(a, n, item, CALL_COMPENSATION);
    walk_undo_cell(a, c);
    return false;
}

static void stick_each(struct advance *a, uint16_t n, enum saga_reason reason)
{
    cell_stick(a, cell_open(a, n, SAGA_NO_ITEM, CALL_COMPENSATION), reason);
}

bool walk_may_have_begun_more(const struct saga *s, const struct plan *plan, uint16_t n)
{
    const struct plan_node *node = &plan->nodes[n];
    const struct saga_each *e = &s->eachs[node->each];
    struct saga_record r = s->steps[n].record;

    if ((s->flags & (uint32_t)SAGA_FLAG_RESTORED) == 0 || node->undo != PLAN_UNDO_CALL ||
        r.outcome == OUTCOME_SUCCEEDED || r.outcome == OUTCOME_SKIPPED) {
        return false;
    }
    return e->next < e->count ||
           (e->count == 0 && (r.outcome == OUTCOME_NONE || r.in_doubt));
}

/* A restored forEach that had not ended may have begun every item since (S96). */
static void begin_restored(struct advance *a, uint16_t n)
{
    struct saga_each *e = items_each(a->s, a->plan, n);
    struct saga_record *record = &a->s->steps[n].record;

    if (e->next == 0) {
        int64_t count =
            advance_ask(a, (struct saga_question){
                               .ask = SAGA_ASK_ITEMS, .step = n, .item = SAGA_NO_ITEM});

        if (count < 0) {
            stick_each(a, n, SAGA_REASON_EXPRESSION);
            return;
        }
        assert(count <= LIMIT_ITEMS);
        e->count = (uint32_t)count;
    }
    while (e->next < e->count) {
        items_begin_next(a->s, a->plan, n);
    }
    e->back = e->next;
    record->outcome = OUTCOME_UNKNOWN; /* Not asked again. */
    record->in_doubt = 0;
    record->is_begun = 1;
}

/* From the last begun to the first, at most maxConcurrent at a time (S24). */
static bool undo_each(struct advance *a, uint16_t n)
{
    const struct plan_node *node = advance_node(a, n);
    struct saga_each *e = items_each(a->s, a->plan, n);
    struct saga_record record = a->s->steps[n].record;

    if (cell_find(a->s, n, SAGA_NO_ITEM) != NULL) {
        return false;
    }
    if (record.is_undone) { /* Settled by hand. */
        return e->n_open == 0;
    }
    if (walk_may_have_begun_more(a->s, a->plan, n)) {
        begin_restored(a, n);
    }
    while (e->back > 0 && e->n_open < node->each_concurrent &&
           items_have_room_to_undo(a->s)) {
        e->back--;
        (void)undo_one(a, n, e->back);
    }
    if (e->back > 0 && e->n_open == 0) {
        stick_each(a, n, SAGA_REASON_ITEMS);
    }
    return e->back == 0 && e->n_open == 0 && cell_find(a->s, n, SAGA_NO_ITEM) == NULL;
}

static bool undo_sequence(struct advance *a, uint16_t n)
{
    uint16_t order[LIMIT_STEPS];
    uint16_t n_order = 0;

    for (uint16_t c = advance_node(a, n)->first; c != PLAN_NONE;
         c = advance_node(a, c)->next) {
        order[n_order++] = c;
    }
    while (n_order > 0) {
        n_order--;
        if (!undo_node(a, order[n_order])) {
            return false;
        }
    }
    return true;
}

static bool undo_parallel(struct advance *a, uint16_t n)
{
    bool is_clean = true;

    for (uint16_t c = advance_node(a, n)->first; c != PLAN_NONE;
         c = advance_node(a, c)->next) {
        is_clean = undo_node(a, c) && is_clean;
    }
    return is_clean;
}

static bool undo_node(struct advance *a, uint16_t n)
{
    const struct plan_node *node = advance_node(a, n);
    struct saga_record record = a->s->steps[n].record;

    if (!record.is_begun && !advance_has(a, SAGA_FLAG_RESTORED)) {
        return true;
    }
    if (record.outcome == OUTCOME_SKIPPED && node->first != PLAN_NONE) {
        return true; /* Nothing in it has begun, not even after a backup. */
    }
    if (node->each != PLAN_NONE) {
        return undo_each(a, n);
    }
    switch (node->kind) {
    case PLAN_SEQUENCE:
        return undo_sequence(a, n);
    case PLAN_PARALLEL:
        return undo_parallel(a, n);
    case PLAN_CALL:
    case PLAN_TIMER:
    case PLAN_SIGNAL:
    case PLAN_CHILD:
        return undo_one(a, n, SAGA_NO_ITEM);
    }
    assert(false);
    return true;
}

/* Is anything of the forward part still in flight? What else was open has been closed,
 * but for a child that was resolved by hand. */
static bool is_awaiting(const struct advance *a)
{
    for (uint16_t i = 0; i < a->s->n_cells; i++) {
        if (a->s->cells[i].state != CELL_STUCK) {
            return true;
        }
    }
    return false;
}

void walk_undo(struct advance *a)
{
    if (!advance_has(a, SAGA_FLAG_UNDOING)) {
        if (is_awaiting(a)) {
            return;
        }
        advance_raise(a, SAGA_FLAG_UNDOING);
        for (uint16_t i = 0; i < a->s->n_each; i++) {
            a->s->eachs[i].back = a->s->eachs[i].next;
        }
    }
    if (undo_node(a, 0)) {
        advance_enter(a, SAGA_COMPENSATED);
    }
}
