/* operate.c - see operate.h. */
#include "engine/core/operate.h"

#include "engine/core/cell_event.h"
#include "engine/core/items.h"
#include "engine/core/legal.h"
#include "engine/core/walk.h"

static enum saga_result refusal_of(const struct advance *a)
{
    switch (legal_action(a->s, a->plan, a->ev->kind, a->ev->step, a->ev->item)) {
    case LEGAL_YES:
    case LEGAL_NOTED:
        return SAGA_APPLIED;
    case LEGAL_NO_OP:
        return SAGA_LATE;
    case LEGAL_NO:
        return SAGA_REJECTED;
    case LEGAL_IN_FLIGHT:
        return SAGA_IN_FLIGHT;
    }
    assert(false);
    return SAGA_REJECTED;
}

/* ---- which cells ------------------------------------------------------------------ */

struct address {
    uint16_t step;
    uint32_t item;
};

/* Acting on one cell may close it, which moves others: each is found by its address. */
static void for_all(struct advance *a, const struct address *found, uint32_t n,
                    void (*act)(struct advance *, struct saga_cell *))
{
    for (uint32_t i = 0; i < n && !a->wants_back; i++) {
        struct saga_cell *c = cell_find(a->s, found[i].step, found[i].item);

        assert(c != NULL); /* Acting on one closes no other. */
        act(a, c);
    }
}

/* Every cell that an action on a step, an item or (retry) the whole saga means. */
static void for_cells(struct advance *a,
                      void (*act)(struct advance *, struct saga_cell *))
{
    struct address found[LIMIT_WIDTH];
    uint32_t n = 0;

    for (uint16_t i = 0; i < a->s->n_cells; i++) {
        const struct saga_cell *c = &a->s->cells[i];

        if ((a->ev->step == PLAN_NONE || c->step == a->ev->step) &&
            (a->ev->item == SAGA_NO_ITEM || c->item == a->ev->item) &&
            legal_action(a->s, a->plan, a->ev->kind, c->step, c->item) == LEGAL_YES) {
            found[n++] = (struct address){c->step, c->item};
        }
    }
    for_all(a, found, n, act);
}

static void ask_one(struct advance *a, struct saga_cell *c)
{
    if (c->state == CELL_QUEUED) {
        cell_try(a, c);
    }
}

/* Ask again for every queued call; what held them is over. */
static void ask_again(struct advance *a)
{
    for (uint16_t i = 0; i < a->s->n_cells; i++) {
        ask_one(a, &a->s->cells[i]); /* Trying never closes a cell. */
    }
}

/* ---- retry --------------------------------------------------------------------------
 */

/* Begin an action's cell again from where it could not even be asked for. */
static void begin_again(struct advance *a, struct saga_cell *c)
{
    uint16_t step = c->step;

    cell_close(a, c);
    if (walk_begin(a, step)) {
        walk_on(a, step);
    }
}

static void retry_stuck_action(struct advance *a, struct saga_cell *c)
{
    const struct plan_node *node = advance_node(a, c->step);
    bool is_item = c->item != SAGA_NO_ITEM;
    bool has_begun = c->attempts > 0 || is_item;

    if (node->kind == PLAN_CHILD && (c->generation > 0 || is_item)) {
        c->in_doubt = false; /* The ended child's; the next one has begun nothing. */
        cell_try(a, c);
    } else if (node->kind == PLAN_CALL && has_begun) {
        cell_try(a, c);
    } else {
        begin_again(a, c);
    }
}

static bool has_cell_between(const struct saga *s, uint16_t from, uint16_t end)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].step >= from && s->cells[i].step < end) {
            return true;
        }
    }
    return false;
}

/* Going back, has the order of undoing come to this cell? A child that was resolved by
 * hand is stuck from before; what comes behind it in a sequence is undone first. */
static bool is_reached(const struct advance *a, const struct saga_cell *c)
{
    uint16_t part = c->step;

    if (!advance_has(a, SAGA_FLAG_UNDOING) ||
        (c->item != SAGA_NO_ITEM && c->item < items_each(a->s, a->plan, part)->back)) {
        return false;
    }
    for (uint16_t n = advance_node(a, part)->parent; n != PLAN_NONE;
         part = n, n = advance_node(a, n)->parent) {
        const struct plan_node *node = advance_node(a, n);

        if (node->kind == PLAN_SEQUENCE &&
            has_cell_between(a->s, advance_node(a, part)->end, node->end)) {
            return false;
        }
    }
    return true;
}

static void retry_stuck(struct advance *a, struct saga_cell *c)
{
    c->round = 0;
    c->free = 0;
    c->first_due_ms = 0;
    c->n_not_applied = 0;
    if (c->call == CALL_ACTION) {
        retry_stuck_action(a, c);
    } else if (cell_is_of_each(a->plan, c)) {
        cell_close(a, c); /* undo.c looks at the forEach again. */
    } else if (is_reached(a, c)) {
        walk_undo_cell(a, c);
    } else if (c->call == CALL_COMPENSATION) {
        cell_drop(a, c); /* Undone in its turn. */
    } else {
        cell_try(a, c);
    }
}

static void retry_one(struct advance *a, struct saga_cell *c)
{
    if (c->state == CELL_STUCK) {
        retry_stuck(a, c);
        return;
    }
    if (c->state == CELL_BACKING_OFF) {
        c->n_not_applied = 0; /* Hastened, the next one is no second time (S17). */
    }
    cell_try(a, c);
}

enum saga_result operate_retry(struct advance *a)
{
    enum saga_result refusal = refusal_of(a);
    bool was_held =
        advance_has(a, SAGA_FLAG_OVER_LIMIT) || advance_has(a, SAGA_FLAG_POISON);

    if (refusal != SAGA_APPLIED) {
        return refusal;
    }
    advance_lower(a, SAGA_FLAG_OVER_LIMIT);
    advance_lower(a, SAGA_FLAG_POISON);
    for_cells(a, retry_one);
    if (was_held && !a->wants_back) {
        ask_again(a); /* Also those that the action did not name. */
    }
    return SAGA_APPLIED;
}

/* ---- skip and resolve
 * ------------------------------------------------------------------ */

static void skip_one(struct advance *a, struct saga_cell *c)
{
    cell_settle(a, c, OUTCOME_SKIPPED);
}

/* These two need a step: what they say is said of one. */
static enum saga_result on_step(struct advance *a,
                                void (*act)(struct advance *, struct saga_cell *))
{
    enum saga_result refusal = refusal_of(a);

    if (a->ev->step == PLAN_NONE) {
        return SAGA_REJECTED;
    }
    if (refusal == SAGA_APPLIED) {
        for_cells(a, act);
    }
    return refusal;
}

enum saga_result operate_skip(struct advance *a)
{
    return on_step(a, skip_one);
}

/* Going back: the effect is there (it is compensated again), or there is nothing left. */
static void resolve_back(struct advance *a, struct saga_cell *c)
{
    if (!a->ev->is_applied) {
        cell_undone(a, c);
        return;
    }
    if (cell_is_of_each(a->plan, c)) {
        retry_stuck(a, c);
        return;
    }
    items_set_record(
        a, c->step, c->item,
        (struct saga_record){.outcome = OUTCOME_SUCCEEDED, .is_begun = 1, .by_hand = 1});
    if (!is_reached(a, c)) {
        cell_close(a, c); /* Undone in its turn. */
        return;
    }
    c->in_doubt = c->call == CALL_COMPENSATION && c->attempts > 0 && c->in_doubt;
    retry_stuck(a, c);
}

static void resolve_not_applied(struct advance *a, struct saga_cell *c)
{
    if (advance_has(a, SAGA_FLAG_PAST_PIVOT) && !advance_node(a, c->step)->is_optional) {
        if (c->call == CALL_CONFIRM) {
            cell_turn_to(c, CALL_ACTION);
        }
        retry_stuck(a, c); /* Forward only: called again (S61). */
    } else {
        c->last = OUTCOME_REJECTED;
        cell_fail(a, c, OUTCOME_REJECTED);
    }
}

static void resolve_one(struct advance *a, struct saga_cell *c)
{
    if (a->s->state == SAGA_BACKWARD) {
        resolve_back(a, c);
        return;
    }
    c->in_doubt = false;
    if (a->ev->is_applied) {
        cell_settle(a, c, OUTCOME_SUCCEEDED);
    } else {
        resolve_not_applied(a, c);
    }
}

enum saga_result operate_resolve(struct advance *a)
{
    return on_step(a, resolve_one);
}

/* ---- the whole saga
 * ----------------------------------------------------------------------- */

enum saga_result operate_cancel(struct advance *a)
{
    enum saga_result refusal = refusal_of(a);

    if (refusal != SAGA_APPLIED) {
        return refusal;
    }
    advance_raise(a, SAGA_FLAG_CANCELLED);
    if (cell_has_open_pivot(a->s, a->plan)) { /* LEGAL_NOTED */
        advance_raise(a, SAGA_FLAG_BACK_WANTED);
        return SAGA_APPLIED;
    }
    advance_lower(a, SAGA_FLAG_OVER_LIMIT);
    advance_lower(a, SAGA_FLAG_POISON);
    advance_want_back(a);
    return SAGA_APPLIED;
}

enum saga_result operate_close(struct advance *a)
{
    enum saga_result refusal = refusal_of(a);

    if (refusal != SAGA_APPLIED) {
        return refusal;
    }
    for (uint16_t i = a->s->n_cells; i > 0; i--) {
        struct saga_cell *c = &a->s->cells[i - 1];

        if (c->call == CALL_COMPENSATION || a->s->state == SAGA_BACKWARD) {
            cell_close(a, c); /* What it was stands in its record. */
        } else {
            cell_drop(a, c);
        }
    }
    advance_lower(a, SAGA_FLAG_BACK_WANTED);
    advance_enter(a, SAGA_RESOLVED);
    return SAGA_APPLIED;
}

enum saga_result operate_pause(struct advance *a)
{
    if (advance_has(a, SAGA_FLAG_PAUSED)) {
        return SAGA_LATE;
    }
    advance_raise(a, SAGA_FLAG_PAUSED);
    a->s->paused_ms = a->ev->now_ms;
    return SAGA_APPLIED;
}

enum saga_result operate_resume(struct advance *a)
{
    uint64_t since_ms = a->s->paused_ms;

    if (!advance_has(a, SAGA_FLAG_PAUSED)) {
        return SAGA_LATE;
    }
    advance_lower(a, SAGA_FLAG_PAUSED);
    a->s->paused_ms = 0;
    if (a->ev->now_ms > since_ms) {
        advance_extend(a, a->ev->now_ms - since_ms);
    }
    ask_again(a);
    return SAGA_APPLIED;
}
