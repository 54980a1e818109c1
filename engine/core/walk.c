/* walk.c - see walk.h. */
#include "engine/core/walk.h"

#include "engine/core/cell.h"
#include "engine/core/items.h"

/* ---- forward ----------------------------------------------------------------- */

static void record_node(struct advance *a, uint16_t n, enum outcome outcome)
{
    a->s->steps[n].record =
        (struct saga_record){.outcome = (uint8_t)(outcome & 7U), .is_begun = 1};
}

static bool is_settled(const struct advance *a, uint16_t n)
{
    return a->s->steps[n].record.outcome != OUTCOME_NONE;
}

/* Passed over by its `when`; a pivot inside counts as passed (S27). */
static bool skip_node(struct advance *a, uint16_t n)
{
    record_node(a, n, OUTCOME_SKIPPED);
    if (advance_node(a, n)->holds_pivot) {
        advance_pass_pivot(a);
    }
    return true;
}

static bool stick_node(struct advance *a, uint16_t n, enum saga_reason reason)
{
    cell_stick(a, cell_open(a, n, SAGA_NO_ITEM, CALL_ACTION), reason);
    return false;
}

static bool begin_sequence(struct advance *a, uint16_t n)
{
    for (uint16_t c = advance_node(a, n)->first; c != PLAN_NONE;
         c = advance_node(a, c)->next) {
        if (!walk_begin(a, c)) {
            return false;
        }
    }
    record_node(a, n, OUTCOME_SUCCEEDED);
    return true;
}

static bool all_settled(const struct advance *a, uint16_t n)
{
    for (uint16_t c = advance_node(a, n)->first; c != PLAN_NONE;
         c = advance_node(a, c)->next) {
        if (!is_settled(a, c)) {
            return false;
        }
    }
    return true;
}

static bool begin_parallel(struct advance *a, uint16_t n)
{
    for (uint16_t c = advance_node(a, n)->first; c != PLAN_NONE && !a->wants_back;
         c = advance_node(a, c)->next) {
        (void)walk_begin(a, c); /* Looked at once all have begun. */
    }
    if (a->wants_back || !all_settled(a, n)) {
        return false;
    }
    record_node(a, n, OUTCOME_SUCCEEDED);
    return true;
}

static void begin_call(struct advance *a, uint16_t n, uint32_t item)
{
    cell_try(a, cell_open(a, n, item, CALL_ACTION));
}

/* Begin items while there is room; true when all have settled. */
static bool fill(struct advance *a, uint16_t n)
{
    const struct plan_node *node = advance_node(a, n);
    struct saga_each *e = items_each(a->s, a->plan, n);

    assert(advance_goes_on(a)); /* Trying a call fails nothing, so it goes on. */
    while (e->n_open < node->each_concurrent && e->next < e->count) {
        if (!items_have_room(a->s)) {
            return e->n_open == 0 ? stick_node(a, n, SAGA_REASON_ITEMS) : false;
        }
        items_begin_next(a->s, a->plan, n);
        begin_call(a, n, e->next - 1);
    }
    if (e->n_open > 0) {
        return false;
    }
    record_node(a, n, OUTCOME_SUCCEEDED);
    return true;
}

static bool begin_each(struct advance *a, uint16_t n)
{
    struct saga_each *e = items_each(a->s, a->plan, n);
    int64_t count;

    if (e->next > 0) { /* Again, after it was stuck over its limit. */
        return fill(a, n);
    }
    count = advance_ask(a, (struct saga_question){
                               .ask = SAGA_ASK_ITEMS, .step = n, .item = SAGA_NO_ITEM});
    if (count < 0) {
        return stick_node(a, n, SAGA_REASON_EXPRESSION);
    }
    assert(count <= LIMIT_ITEMS);
    e->count = (uint32_t)count;
    return fill(a, n);
}

static bool begin_timer(struct advance *a, uint16_t n)
{
    const struct plan_node *node = advance_node(a, n);
    int64_t until = 0;

    if (node->wait_ms == 0) {
        until =
            advance_ask(a, (struct saga_question){
                               .ask = SAGA_ASK_UNTIL, .step = n, .item = SAGA_NO_ITEM});
        if (until < 0) {
            return stick_node(a, n, SAGA_REASON_EXPRESSION);
        }
    } else {
        until = (int64_t)(a->ev->now_ms + node->wait_ms);
    }
    if ((uint64_t)until <= a->ev->now_ms) {
        record_node(a, n, OUTCOME_SUCCEEDED);
        return true;
    }
    cell_wait(a, cell_open(a, n, SAGA_NO_ITEM, CALL_ACTION), (uint64_t)until);
    return false;
}

static bool begin_signal(struct advance *a, uint16_t n)
{
    const struct plan_node *node = advance_node(a, n);
    struct saga_cell *c = cell_open(a, n, SAGA_NO_ITEM, CALL_ACTION);
    struct saga *s = a->s;

    cell_wait(a, c, node->wait_ms != 0 ? a->ev->now_ms + node->wait_ms : 0);
    for (uint16_t i = 0; i < s->n_signals; i++) {
        uint64_t turn = s->signals[i].turn;

        if (s->signals[i].name == node->signal) {
            s->n_signals--;
            memmove(&s->signals[i], &s->signals[i + 1],
                    (size_t)(s->n_signals - i) * sizeof(s->signals[0]));
            return walk_take_signal(a, c, turn);
        }
    }
    return false;
}

/* The wait's signal is here: accepted, rejected, or its condition fails. True when the
 * wait has settled; the caller goes on from there. */
bool walk_take_signal(struct advance *a, struct saga_cell *c, uint64_t turn)
{
    uint16_t n = c->step;
    int64_t answer = advance_ask(
        a, (struct saga_question){
               .ask = SAGA_ASK_SIGNAL, .step = n, .item = SAGA_NO_ITEM, .turn = turn});

    if (answer < 0) {
        cell_stick(a, c, SAGA_REASON_EXPRESSION);
        return false;
    }
    if (answer == 0) {
        if (advance_node(a, n)->is_optional) {
            cell_close(a, c);
            record_node(a, n, OUTCOME_IGNORED);
            return true;
        }
        cell_fail(a, c, OUTCOME_REJECTED);
        return false;
    }
    cell_close(a, c);
    record_node(a, n, OUTCOME_SUCCEEDED);
    return true;
}

void walk_begin_child(struct advance *a, struct saga_cell *c)
{
    int64_t answer = advance_ask(a, (struct saga_question){.ask = SAGA_ASK_RENDER,
                                                           .step = c->step,
                                                           .item = c->item,
                                                           .call = CALL_ACTION});
    struct saga_effect *fx;

    if (answer != SAGA_RENDER_OK) {
        cell_stick(a, c, SAGA_REASON_RENDER);
        return;
    }
    cell_wait(a, c, 0);
    c->generation++;
    a->s->steps[c->step].attempts++;
    fx = advance_emit(a, SAGA_FX_START_CHILD);
    fx->step = c->step;
    fx->item = c->item;
    fx->generation = c->generation;
}

static bool begin_leaf(struct advance *a, uint16_t n)
{
    switch (advance_node(a, n)->kind) {
    case PLAN_SEQUENCE:
        return begin_sequence(a, n);
    case PLAN_PARALLEL:
        return begin_parallel(a, n);
    case PLAN_CALL:
    case PLAN_CHILD:
        begin_call(a, n, SAGA_NO_ITEM);
        return false;
    case PLAN_TIMER:
        return begin_timer(a, n);
    case PLAN_SIGNAL:
        return begin_signal(a, n);
    }
    assert(false);
    return false;
}

bool walk_begin(struct advance *a, uint16_t n)
{
    const struct plan_node *node = advance_node(a, n);

    assert(advance_goes_on(a));
    a->s->steps[n].record = (struct saga_record){.is_begun = 1};
    if (node->has_when) {
        int64_t answer =
            advance_ask(a, (struct saga_question){
                               .ask = SAGA_ASK_WHEN, .step = n, .item = SAGA_NO_ITEM});

        if (answer < 0) {
            return stick_node(a, n, SAGA_REASON_EXPRESSION);
        }
        if (answer == 0) {
            return skip_node(a, n);
        }
    }
    return node->each != PLAN_NONE ? begin_each(a, n) : begin_leaf(a, n);
}

static void complete(struct advance *a)
{
    int64_t answer = advance_ask(
        a,
        (struct saga_question){.ask = SAGA_ASK_OUTPUT, .step = 0, .item = SAGA_NO_ITEM});

    if (answer == 0) {
        advance_raise(a, SAGA_FLAG_OUTPUT_FAILED);
    }
    advance_enter(a, SAGA_COMPLETED);
}

void walk_on(struct advance *a, uint16_t n)
{
    for (;;) {
        uint16_t parent = advance_node(a, n)->parent;

        assert(advance_goes_on(a)); /* All that has begun so far has settled well. */
        if (parent == PLAN_NONE) {
            complete(a);
            return;
        }
        if (advance_node(a, parent)->kind == PLAN_PARALLEL) {
            if (!all_settled(a, parent)) {
                return;
            }
        } else {
            for (n = advance_node(a, n)->next; n != PLAN_NONE;
                 n = advance_node(a, n)->next) {
                if (!walk_begin(a, n)) {
                    return;
                }
            }
        }
        record_node(a, parent, OUTCOME_SUCCEEDED);
        n = parent;
    }
}

void walk_on_item(struct advance *a, uint16_t n)
{
    if (fill(a, n)) {
        walk_on(a, n);
    }
}
