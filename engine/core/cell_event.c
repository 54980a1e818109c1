/*
 * cell_event.c - what the world does to a cell.
 *
 * Read the table first. Each (cell state, event) has a decision; an answer that names
 * another turn than the cell's is late before the table is asked (S16).
 */
#include "engine/core/cell_event.h"

#include "engine/core/items.h"
#include "engine/core/walk.h"

typedef enum saga_result (*cell_handler)(struct advance *a, struct saga_cell *c);

static enum saga_result granted(struct advance *a, struct saga_cell *c);
static enum saga_result answered(struct advance *a, struct saga_cell *c);
static enum saga_result lost(struct advance *a, struct saga_cell *c);
static enum saga_result returned(struct advance *a, struct saga_cell *c);
static enum saga_result called_back(struct advance *a, struct saga_cell *c);
static enum saga_result child_ended(struct advance *a, struct saga_cell *c);
static enum saga_result late(struct advance *a, struct saga_cell *c);
static void give_up(struct advance *a, struct saga_cell *c);

enum { GRANTED, ANSWERED, LOST, RETURNED, CALLED_BACK, CHILD_ENDED, CELL_EVENTS };

/* clang-format off */
static const cell_handler table[CELL_STATES][CELL_EVENTS] = {
    /*                     GRANTED  ANSWERED  LOST  RETURNED  CALLED_BACK  CHILD_ENDED */
#define ROW(state, ...) [CELL_##state] = { __VA_ARGS__ }
    ROW(QUEUED,            granted, late,     late, late,     called_back, late),
    ROW(DUE,               late,    answered, lost, returned, called_back, late),
    ROW(BACKING_OFF,       late,    late,     late, late,     called_back, late),
    ROW(WAITING,           late,    late,     late, late,     called_back, child_ended),
    ROW(STUCK,             late,    late,     late, late,     called_back, late),
#undef ROW
};
/* clang-format on */

static int column_of(enum saga_event_kind kind)
{
    static const int columns[SAGA_EVENTS] = {
        [SAGA_EV_GRANTED] = GRANTED,
        [SAGA_EV_ANSWERED] = ANSWERED,
        [SAGA_EV_LOST] = LOST,
        [SAGA_EV_RETURNED] = RETURNED,
        [SAGA_EV_CALLED_BACK] = CALLED_BACK,
        [SAGA_EV_CHILD_ENDED] = CHILD_ENDED,
    };

    return columns[kind];
}

enum saga_result cell_event(struct advance *a)
{
    struct saga_cell *c = cell_find(a->s, a->ev->step, a->ev->item);

    return c != NULL ? table[c->state][column_of(a->ev->kind)](a, c) : SAGA_LATE;
}

static enum saga_result late(struct advance *a, struct saga_cell *c)
{
    (void)a;
    (void)c;
    return SAGA_LATE;
}

static enum saga_result granted(struct advance *a, struct saga_cell *c)
{
    if (c->call != a->ev->call || advance_is_held(a)) {
        return SAGA_LATE;
    }
    if (advance_has(a, SAGA_FLAG_BACK_WANTED) && c->call == CALL_ACTION && !c->in_doubt) {
        give_up(a, c); /* The pivot, proved not applied so far: see cell_wake(). */
    } else {
        cell_grant(a, c);
    }
    return SAGA_APPLIED;
}

/* ---- giving up -------------------------------------------------------------- */

/* Attempts ran out in doubt and no confirm settles it (onUnknown). */
static void end_unknown(struct advance *a, struct saga_cell *c)
{
    const struct plan_node *node = advance_node(a, c->step);

    if (node->on_unknown == PLAN_ON_UNKNOWN_STOP || node->is_pivot) {
        cell_stick(a, c, SAGA_REASON_IN_DOUBT);
    } else if (node->is_optional) {
        cell_settle(a, c, OUTCOME_IGNORED);
    } else if (advance_has(a, SAGA_FLAG_PAST_PIVOT)) {
        cell_stick(a, c, SAGA_REASON_IN_DOUBT);
    } else {
        cell_settle(a, c, OUTCOME_UNKNOWN);
    }
}

/* The action will not be tried again by itself. */
static void give_up(struct advance *a, struct saga_cell *c)
{
    if (!c->in_doubt) {
        cell_fail(a, c, c->last == OUTCOME_UNKNOWN ? OUTCOME_REJECTED : c->last);
    } else if (advance_node(a, c->step)->confirm.is_present) {
        cell_turn_to(c, CALL_CONFIRM);
        cell_try(a, c);
    } else {
        end_unknown(a, c);
    }
}

static void retry_or_give_up(struct advance *a, struct saga_cell *c)
{
    if (!a->ev->may_retry || !cell_back_off(a, c)) {
        give_up(a, c);
    }
}

/* ---- answers ---------------------------------------------------------------- */

/* The action and, if it has one, its callback are in. */
static void action_is_done(struct advance *a, struct saga_cell *c, enum outcome outcome)
{
    c->last = outcome;
    c->in_doubt =
        outcome == OUTCOME_UNKNOWN; /* A callback that cannot be judged (S14). */
    if (c->in_doubt && a->s->state == SAGA_FORWARD) {
        cell_stick(a, c, SAGA_REASON_VERDICT);
    } else if (outcome == OUTCOME_SUCCEEDED) {
        cell_settle(a, c, outcome);
    } else if (a->s->state == SAGA_FORWARD) {
        cell_fail(a, c, outcome);
    } else {
        cell_drop(a, c);
    }
}

static void action_succeeded(struct advance *a, struct saga_cell *c)
{
    uint32_t callback_ms = advance_node(a, c->step)->action.callback_ms;

    c->has_2xx = true;
    if (callback_ms == 0) {
        action_is_done(a, c, OUTCOME_SUCCEEDED);
    } else if (c->called_back != OUTCOME_NONE) {
        action_is_done(a, c, c->called_back);
    } else {
        c->in_doubt = true; /* Taken, not done: S18. */
        if (a->s->state == SAGA_FORWARD) {
            cell_wait(a, c, a->ev->now_ms + callback_ms);
        } else {
            cell_drop(a, c);
        }
    }
}

static void action_answered(struct advance *a, struct saga_cell *c)
{
    bool is_safe = advance_node(a, c->step)->action.is_safe;

    if (a->ev->outcome == OUTCOME_SUCCEEDED) {
        action_succeeded(a, c);
        return;
    }
    if (c->has_2xx && c->called_back != OUTCOME_NONE) {
        action_is_done(a, c, c->called_back); /* Both came, the callback late (S18). */
        return;
    }
    c->in_doubt |= a->ev->outcome == OUTCOME_UNKNOWN && !is_safe;
    if (a->s->state != SAGA_FORWARD) {
        cell_drop(a, c); /* S23: awaited, not repeated. */
    } else if (a->ev->is_stop) {
        cell_stick(a, c, SAGA_REASON_VERDICT);
    } else if (advance_has(a, SAGA_FLAG_BACK_WANTED) && !c->in_doubt) {
        give_up(a, c); /* Only the pivot can be open then (S27). */
    } else {
        retry_or_give_up(a, c);
    }
}

/* Applied, says confirm; going back, the answer that the compensation reads is there now.
 */
static void confirm_applied(struct advance *a, struct saga_cell *c)
{
    c->in_doubt = false;
    if (!advance_has(a, SAGA_FLAG_UNDOING)) {
        cell_settle(a, c, OUTCOME_SUCCEEDED);
        return;
    }
    items_set_record(a, c->step, c->item,
                     (struct saga_record){.outcome = OUTCOME_SUCCEEDED, .is_begun = 1});
    cell_turn_to(c, CALL_COMPENSATION);
    cell_try(a, c);
}

/* Proved not applied, twice where once is no proof. */
static void confirm_refuted(struct advance *a, struct saga_cell *c)
{
    c->in_doubt = false;
    if (advance_has(a, SAGA_FLAG_UNDOING)) {
        c->last = OUTCOME_REJECTED;
        cell_drop(a, c);
    } else {
        cell_turn_to(c, CALL_ACTION); /* What a retry repeats, should it be stuck now. */
        c->last = OUTCOME_REJECTED;
        cell_fail(a, c, OUTCOME_REJECTED);
    }
}

static void confirm_not_applied(struct advance *a, struct saga_cell *c)
{
    const struct plan_node *node = advance_node(a, c->step);
    bool needs_two =
        node->is_pivot || node->undo == PLAN_UNDO_NONE || node->undo_reads_answer;

    if (!needs_two) {
        end_unknown(
            a, c); /* An earlier attempt may still arrive: compensated all the same. */
    } else if (++c->n_not_applied < 2) {
        cell_confirm_later(a, c);
    } else {
        confirm_refuted(a, c);
    }
}

static void confirm_answered(struct advance *a, struct saga_cell *c)
{
    bool is_barrier = a->s->state == SAGA_BACKWARD && !advance_has(a, SAGA_FLAG_UNDOING);

    if (a->ev->confirm == SAGA_CONFIRM_APPLIED) {
        confirm_applied(a, c);
    } else if (is_barrier) {
        cell_drop(a, c);
    } else if (a->ev->confirm == SAGA_CONFIRM_NOT_APPLIED) {
        confirm_not_applied(a, c);
    } else if (a->ev->is_stop) {
        cell_stick(a, c, SAGA_REASON_VERDICT);
    } else if (cell_back_off(a, c)) {
        return;
    } else if (advance_has(a, SAGA_FLAG_UNDOING)) {
        cell_stick(a, c, SAGA_REASON_NO_ANSWER);
    } else {
        end_unknown(a, c);
    }
}

void cell_undone(struct advance *a, struct saga_cell *c)
{
    struct saga_record record = items_record_of(a, c->step, c->item);
    uint16_t step = c->step;
    uint32_t item = c->item;

    record.is_undone = 1;
    record.is_begun = 1;
    record.by_hand = a->ev->kind == SAGA_EV_RESOLVE;
    cell_close(a, c);
    items_set_record(a, step, item, record);
}

static void compensation_answered(struct advance *a, struct saga_cell *c)
{
    if (a->ev->outcome == OUTCOME_SUCCEEDED) {
        cell_undone(a, c);
        return;
    }
    c->in_doubt |= a->ev->outcome == OUTCOME_UNKNOWN;
    if (a->ev->is_stop) {
        cell_stick(a, c, SAGA_REASON_VERDICT);
    } else if (!a->ev->may_retry || !cell_back_off(a, c)) {
        cell_stick(a, c,
                   a->ev->outcome == OUTCOME_REJECTED && !a->ev->may_retry
                       ? SAGA_REASON_REJECTED
                       : SAGA_REASON_EXHAUSTED);
    }
}

/* The answer to the attempt that is due; the cell no longer is. */
static enum saga_result take_answer(struct advance *a, struct saga_cell *c)
{
    c->last = a->ev->outcome;
    c->free += a->ev->is_free ? 1 : 0;
    switch (c->call) {
    case CALL_ACTION:
        action_answered(a, c);
        break;
    case CALL_CONFIRM:
        confirm_answered(a, c);
        break;
    case CALL_COMPENSATION:
        compensation_answered(a, c);
        break;
    }
    return SAGA_APPLIED;
}

static bool is_its_attempt(const struct advance *a, const struct saga_cell *c)
{
    return a->ev->turn == c->due_turn && a->ev->call == c->call;
}

static enum saga_result answered(struct advance *a, struct saga_cell *c)
{
    return is_its_attempt(a, c) ? take_answer(a, c) : SAGA_LATE;
}

static enum saga_result lost(struct advance *a, struct saga_cell *c)
{
    assert(a->ev->outcome == OUTCOME_UNKNOWN); /* S9 */
    assert(a->ev->may_retry);
    assert(a->ev->is_free);
    return is_its_attempt(a, c) ? take_answer(a, c) : SAGA_LATE;
}

/* It was never handed to curl: as if it had not been made due. */
static enum saga_result returned(struct advance *a, struct saga_cell *c)
{
    if (!is_its_attempt(a, c)) {
        return SAGA_LATE;
    }
    c->attempts--;
    c->round--;
    a->s->attempts--;
    if (c->round == 0) {
        c->first_due_ms = 0;
    }
    if (c->call == CALL_ACTION) {
        a->s->steps[c->step].attempts--;
    }
    if (c->attempts == 0) {
        c->born_ms = 0;
    }
    if (a->s->state == SAGA_BACKWARD && !advance_has(a, SAGA_FLAG_UNDOING)) {
        cell_drop(a, c); /* It was only awaited. */
        return SAGA_APPLIED;
    }
    c->state = CELL_QUEUED;
    c->due_turn = 0;
    c->slot = SAGA_SLOT_HELD;
    if (advance_has(a, SAGA_FLAG_BACK_WANTED) && !c->in_doubt) {
        advance_want_back(a); /* The pivot is not due any more (S27). */
    }
    return SAGA_APPLIED;
}

static enum saga_result called_back(struct advance *a, struct saga_cell *c)
{
    if (c->call != CALL_ACTION || c->called_back != OUTCOME_NONE ||
        advance_node(a, c->step)->action.callback_ms == 0) {
        return SAGA_LATE;
    }
    c->called_back = a->ev->outcome;
    if (c->has_2xx && c->state != CELL_DUE && c->state != CELL_STUCK) {
        action_is_done(a, c, a->ev->outcome);
    }
    return SAGA_APPLIED;
}

/* ---- children --------------------------------------------------------------- */

static void child_undone(struct advance *a, struct saga_cell *c)
{
    if (a->ev->child_status == SAGA_STATUS_COMPENSATED) {
        cell_undone(a, c);
    } else {
        cell_stick(a, c, SAGA_REASON_CHILD);
    }
}

/* Settled by hand: a person says what it means here, if it means anything. */
static void child_resolved(struct advance *a, struct saga_cell *c)
{
    bool is_back = a->s->state == SAGA_BACKWARD;

    c->in_doubt = true;
    if (is_back && advance_node(a, c->step)->undo == PLAN_UNDO_NONE) {
        cell_drop(a, c);
        return;
    }
    cell_stick(a, c, SAGA_REASON_CHILD);
    c->call = is_back ? CALL_COMPENSATION : c->call;
}

static enum saga_result child_ended(struct advance *a, struct saga_cell *c)
{
    if (advance_node(a, c->step)->kind != PLAN_CHILD ||
        (c->generation != 0 && c->generation != a->ev->generation)) {
        return SAGA_LATE;
    }
    if (c->call == CALL_COMPENSATION) {
        child_undone(a, c);
    } else if (a->ev->child_status == SAGA_STATUS_COMPLETED) {
        action_is_done(a, c, OUTCOME_SUCCEEDED);
    } else if (a->ev->child_status == SAGA_STATUS_COMPENSATED) {
        action_is_done(a, c, OUTCOME_REJECTED);
    } else {
        child_resolved(a, c);
    }
    return SAGA_APPLIED;
}

/* ---- time -------------------------------------------------------------------- */

bool cell_is_held(const struct saga *s, const struct plan *plan,
                  const struct saga_cell *c)
{
    return (s->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0 && c->state == CELL_WAITING &&
           plan->nodes[c->step].kind != PLAN_TIMER;
}

/* No callback in time (S18). */
static void callback_is_missed(struct advance *a, struct saga_cell *c)
{
    c->last = OUTCOME_UNKNOWN;
    c->in_doubt = true;
    if (!cell_back_off(a, c)) {
        give_up(a, c);
    }
}

static void wait_is_over(struct advance *a, struct saga_cell *c)
{
    const struct plan_node *node = advance_node(a, c->step);

    if (node->kind == PLAN_TIMER) {
        cell_settle(a, c, OUTCOME_SUCCEEDED);
    } else if (node->kind == PLAN_CALL) {
        callback_is_missed(a, c);
    } else {
        assert(node->kind == PLAN_SIGNAL); /* The others have no time of their own. */
        if (node->timeout_goes_on) {
            cell_settle(a, c, OUTCOME_IGNORED);
        } else {
            cell_fail(a, c, OUTCOME_REJECTED);
        }
    }
}

void cell_wake(struct advance *a, struct saga_cell *c)
{
    if (c->state == CELL_WAITING) {
        wait_is_over(a, c);
    } else if (advance_has(a, SAGA_FLAG_BACK_WANTED) && c->call == CALL_ACTION &&
               !c->in_doubt) {
        give_up(a, c); /* The pivot, proved not applied, and somebody wants to go back. */
    } else {
        cell_try(a, c);
    }
}
