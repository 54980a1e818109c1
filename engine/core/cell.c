/* cell.c - see cell.h. How a cell lives; cell_event.c says what happens to it. */
#include "engine/core/cell.h"

#include "base/hash.h"
#include "engine/core/cell_event.h"
#include "engine/core/items.h"
#include "engine/core/walk.h"

/* Where each state may go, stated apart from the handlers. Closing is always allowed. */
#define TO(state) (1U << CELL_##state)
static const unsigned may_move[CELL_STATES] = {
    [CELL_QUEUED] = TO(QUEUED) | TO(DUE) | TO(STUCK) | TO(WAITING),
    [CELL_DUE] = TO(QUEUED) | TO(BACKING_OFF) | TO(WAITING) | TO(STUCK) | TO(DUE),
    [CELL_BACKING_OFF] = TO(QUEUED) | TO(DUE) | TO(STUCK),
    [CELL_WAITING] = TO(WAITING) | TO(BACKING_OFF) | TO(STUCK) | TO(QUEUED) | TO(DUE),
    [CELL_STUCK] = TO(QUEUED) | TO(DUE) | TO(WAITING) | TO(STUCK),
};
#undef TO

static void move(struct saga_cell *c, enum cell_state state)
{
    assert(may_move[c->state] & (1U << state));
    c->state = state;
    c->due_turn = 0;
    c->wake_ms = 0;
    c->slot = SAGA_SLOT_GRANTED;
    if (state != CELL_STUCK) {
        c->reason = SAGA_REASON_NONE;
    }
}

struct saga_cell *cell_find(struct saga *s, uint16_t step, uint32_t item)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].step == step && s->cells[i].item == item) {
            return &s->cells[i];
        }
    }
    return NULL;
}

/* After a backup was restored, a step that had not ended in it may have run since (S96).
 */
static bool is_in_doubt_from_birth(const struct advance *a, uint16_t step,
                                   enum call_kind call)
{
    const struct plan_node *node = advance_node(a, step);

    return advance_has(a, SAGA_FLAG_RESTORED) && call == CALL_ACTION &&
           node->kind == PLAN_CALL && !node->action.is_safe;
}

struct saga_cell *cell_open(struct advance *a, uint16_t step, uint32_t item,
                            enum call_kind call)
{
    struct saga *s = a->s;
    struct saga_cell *c = &s->cells[s->n_cells];

    assert(s->n_cells < LIMIT_WIDTH);
    s->n_cells++;
    *c = (struct saga_cell){.step = step,
                            .item = item,
                            .state = CELL_QUEUED,
                            .call = call,
                            .slot = SAGA_SLOT_HELD,
                            .in_doubt = is_in_doubt_from_birth(a, step, call)};
    if (item != SAGA_NO_ITEM) {
        items_each(s, a->plan, step)->n_open++;
    }
    return c;
}

void cell_close(struct advance *a, struct saga_cell *c)
{
    struct saga *s = a->s;

    if (c->item != SAGA_NO_ITEM) {
        items_each(s, a->plan, c->step)->n_open--;
    }
    s->n_cells--;
    *c = s->cells[s->n_cells];
}

void cell_turn_to(struct saga_cell *c, enum call_kind call)
{
    c->call = call;
    c->last = OUTCOME_NONE;
    c->has_2xx = false;
    c->called_back = OUTCOME_NONE;
    c->n_not_applied = 0;
    c->attempts = 0;
    c->round = 0;
    c->free = 0;
    c->first_due_ms = 0;
    c->born_ms = 0;
}

void cell_wait(struct advance *a, struct saga_cell *c, uint64_t wake_ms)
{
    (void)a;
    move(c, CELL_WAITING);
    c->wake_ms = wake_ms;
}

void cell_stick(struct advance *a, struct saga_cell *c, enum saga_reason reason)
{
    (void)a;
    assert(reason != SAGA_REASON_NONE);
    move(c, CELL_STUCK);
    c->reason = reason;
}

static void queue(struct saga_cell *c, enum saga_slot why)
{
    move(c, CELL_QUEUED);
    c->slot = why;
}

/* The commit of this turn is the attempt's record (S4). */
static void send(struct advance *a, struct saga_cell *c)
{
    struct saga_effect *fx = advance_emit(a, SAGA_FX_SEND);

    move(c, CELL_DUE);
    c->due_turn = a->s->turn;
    c->attempts++;
    c->round++;
    a->s->attempts++;
    if (c->first_due_ms == 0) {
        c->first_due_ms = a->ev->now_ms;
    }
    if (c->born_ms == 0) {
        c->born_ms = a->ev->now_ms;
    }
    if (c->call == CALL_ACTION) {
        a->s->steps[c->step].attempts++;
    }
    fx->step = c->step;
    fx->item = c->item;
    fx->call = c->call;
    fx->attempt = c->attempts;
    fx->in_doubt = c->in_doubt;
}

/* The key may have been forgotten: not sent again; confirm may still tell (S2). */
static void key_expired(struct advance *a, struct saga_cell *c)
{
    if (c->call == CALL_ACTION && advance_node(a, c->step)->confirm.is_present) {
        cell_turn_to(c, CALL_CONFIRM);
        cell_try(a, c);
    } else {
        cell_stick(a, c, SAGA_REASON_KEY_EXPIRED);
    }
}

/* What keysKept counts from; 0: nobody remembers anything of this call. */
static uint64_t doubt_since_ms(const struct saga_cell *c)
{
    return c->in_doubt && c->call != CALL_CONFIRM ? c->born_ms : 0;
}

static bool renders(struct advance *a, struct saga_cell *c)
{
    int64_t answer = advance_ask(a, (struct saga_question){.ask = SAGA_ASK_RENDER,
                                                           .step = c->step,
                                                           .item = c->item,
                                                           .call = c->call,
                                                           .born_ms = doubt_since_ms(c),
                                                           .attempts = c->attempts});

    if (answer == SAGA_RENDER_OK) {
        return true;
    }
    if (answer == SAGA_RENDER_KEY_EXPIRED) {
        key_expired(a, c);
        return false;
    }
    cell_stick(a, c,
               answer == SAGA_RENDER_CHANGED ? SAGA_REASON_CHANGED : SAGA_REASON_RENDER);
    return false;
}

/* A child has no slot of its own, but a saga that is held starts none either. */
static bool is_for_child(const struct advance *a, const struct saga_cell *c)
{
    const struct plan_node *node = advance_node(a, c->step);

    return node->kind == PLAN_CHILD &&
           (c->call == CALL_ACTION || node->undo == PLAN_UNDO_CHILD);
}

static void try_child(struct advance *a, struct saga_cell *c)
{
    if (advance_is_held(a)) {
        queue(c, SAGA_SLOT_HELD);
    } else if (c->call == CALL_ACTION) {
        walk_begin_child(a, c);
    } else {
        walk_undo_child(a, c);
    }
}

void cell_try(struct advance *a, struct saga_cell *c)
{
    int64_t slot;

    if (is_for_child(a, c)) {
        try_child(a, c);
        return;
    }
    if (!renders(a, c)) {
        return;
    }
    if (advance_is_held(a)) {
        queue(c, SAGA_SLOT_HELD);
        return;
    }
    slot = advance_ask(a, (struct saga_question){.ask = SAGA_ASK_SLOT,
                                                 .step = c->step,
                                                 .item = c->item,
                                                 .call = c->call,
                                                 .born_ms = doubt_since_ms(c)});
    if (slot == SAGA_SLOT_GRANTED) {
        send(a, c);
    } else if (slot == SAGA_SLOT_KEY_EXPIRED) {
        key_expired(a, c);
    } else {
        queue(c, (enum saga_slot)slot);
    }
}

/* A queued cell was granted its slot; rendered again, because the bytes are needed now.
 * Without a SEND the shell gives the slot back. */
void cell_grant(struct advance *a, struct saga_cell *c)
{
    if (renders(a, c)) {
        send(a, c);
    }
}

bool cell_is_of_each(const struct plan *plan, const struct saga_cell *c)
{
    return plan->nodes[c->step].each != PLAN_NONE && c->item == SAGA_NO_ITEM;
}

/* ---- policy --------------------------------------------------------------- */

static const struct plan_retry *retry_of(const struct advance *a,
                                         const struct saga_cell *c)
{
    return &saga_call_of(advance_node(a, c->step), c->call)->retry;
}

/* S42: capped exponential, jitter from what names the attempt. At least 1 ms. */
static uint64_t delay_ms(const struct advance *a, const struct saga_cell *c)
{
    const struct plan_retry *retry = retry_of(a, c);
    uint64_t delay = retry->delay_ms;
    uint64_t dice;

    for (uint32_t i = 1; i < c->round && delay < retry->delay_max_ms; i++) {
        uint64_t longer = delay * retry->backoff_permille / 1000;

        if (longer == delay) {
            break;
        }
        delay = longer;
    }
    delay = delay < retry->delay_max_ms ? delay : retry->delay_max_ms;
    dice = hash_mix(hash_mix(a->s->seed, a->s->turn),
                    (uint64_t)c->step << 40 | (uint64_t)c->item << 2 | (uint64_t)c->call);
    delay -= delay * retry->jitter_permille / 1000 * (dice % 1001) / 1000;
    return delay > 0 ? delay : 1;
}

/* The last time an attempt may begin (S14's maxElapsed and its defaults). */
static uint64_t latest_ms(const struct advance *a, const struct saga_cell *c)
{
    static const uint64_t a_day_ms = 24U * 3600U * 1000U;
    uint64_t elapsed_max = retry_of(a, c)->elapsed_max_ms;

    if (elapsed_max != 0) {
        return c->first_due_ms + elapsed_max;
    }
    if (c->call == CALL_ACTION && a->s->deadline_ms != 0 &&
        !advance_has(a, SAGA_FLAG_PAST_PIVOT)) {
        return a->s->deadline_ms;
    }
    return c->first_due_ms + a_day_ms;
}

/* Wait for another attempt; false if attempts or time have run out. */
bool cell_back_off(struct advance *a, struct saga_cell *c)
{
    const struct plan_retry *retry = retry_of(a, c);
    uint64_t wake_ms = a->ev->now_ms + delay_ms(a, c);

    if (a->ev->kind == SAGA_EV_ANSWERED && a->ev->retry_at_ms > wake_ms) {
        wake_ms = a->ev->retry_at_ms;
    }
    if (retry->attempts_max != 0 && c->round - c->free >= retry->attempts_max) {
        return false;
    }
    if (wake_ms > latest_ms(a, c)) {
        return false;
    }
    move(c, CELL_BACKING_OFF);
    c->wake_ms = wake_ms;
    return true;
}

/* Not applied so far, said a confirm: ask once more, a call time-out later (S17). */
void cell_confirm_later(struct advance *a, struct saga_cell *c)
{
    move(c, CELL_BACKING_OFF);
    c->wake_ms = a->ev->now_ms + advance_node(a, c->step)->action.timeout_ms;
}

/* ---- endings --------------------------------------------------------------- */

static bool is_open_pivot(const struct plan *plan, const struct saga_cell *c)
{
    const struct plan_node *node = &plan->nodes[c->step];

    assert(c->call != CALL_COMPENSATION); /* Asked while going forward only. */
    return node->is_pivot &&
           (c->in_doubt || c->call == CALL_CONFIRM || c->first_due_ms != 0 ||
            c->attempts > 0 || c->generation > 0);
}

bool cell_has_open_pivot(const struct saga *s, const struct plan *plan)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (is_open_pivot(plan, &s->cells[i])) {
            return true;
        }
    }
    return false;
}

static bool is_good(enum outcome outcome)
{
    return outcome == OUTCOME_SUCCEEDED || outcome == OUTCOME_IGNORED ||
           outcome == OUTCOME_SKIPPED;
}

static void note_error(struct advance *a, uint16_t step, uint32_t item)
{
    a->s->error_step = step;
    a->s->error_item = item;
    a->s->error_turn = a->s->turn;
    a->wants_back = true;
}

void cell_settle(struct advance *a, struct saga_cell *c, enum outcome outcome)
{
    const struct plan_node *node = advance_node(a, c->step);
    uint16_t step = c->step;
    uint32_t item = c->item;
    struct saga_record record = {
        .outcome = (uint8_t)(outcome & 7U), .is_begun = 1, .in_doubt = c->in_doubt};

    record.by_hand = a->ev->kind == SAGA_EV_SKIP || a->ev->kind == SAGA_EV_RESOLVE;
    cell_close(a, c);
    items_set_record(a, step, item, record);
    if (a->s->state != SAGA_FORWARD) {
        return;
    }
    if (node->holds_pivot && is_good(outcome)) {
        advance_pass_pivot(a);
    }
    if (!is_good(outcome)) {
        if (item != SAGA_NO_ITEM) {
            a->s->steps[step].record.outcome = (uint8_t)(outcome & 7U);
        }
        note_error(a, step, item);
    } else if (item != SAGA_NO_ITEM) {
        walk_on_item(a, step);
    } else {
        walk_on(a, step);
    }
}

void cell_fail(struct advance *a, struct saga_cell *c, enum outcome outcome)
{
    const struct plan_node *node = advance_node(a, c->step);

    if (node->is_optional) {
        cell_settle(a, c, OUTCOME_IGNORED);
    } else if (advance_has(a, SAGA_FLAG_PAST_PIVOT)) {
        cell_stick(a, c,
                   outcome == OUTCOME_REJECTED ? SAGA_REASON_REJECTED
                                               : SAGA_REASON_EXHAUSTED);
    } else {
        cell_settle(a, c, outcome);
    }
}

void cell_drop(struct advance *a, struct saga_cell *c)
{
    struct saga_record record = items_record_of(a, c->step, c->item);
    uint16_t step = c->step;
    uint32_t item = c->item;

    record.is_begun = 1;
    record.in_doubt = c->in_doubt;
    if (c->in_doubt) {
        record.outcome = OUTCOME_UNKNOWN;
    } else if (c->last == OUTCOME_UNKNOWN) { /* A safe method: nothing to doubt. */
        record.outcome = OUTCOME_REJECTED;
    } else {
        record.outcome = (uint8_t)(c->last & 7U);
    }
    cell_close(a, c);
    items_set_record(a, step, item, record);
}
