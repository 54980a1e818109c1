/* explore_moves.c - what may happen next; see explore_parts.h. */
#include "base/mem.h"
#include "definitions/explore_parts.h"
#include "engine/core/legal.h"

struct lister {
    const struct explorer *x;
    struct explore_moves *out;
    const struct saga_cell *c; /* Whose moves are being listed; NULL: the saga's. */
    const struct plan_node *node;
    uint8_t world; /* What is true of the cell's action. */
};

static void add(struct lister *l, enum explore_move_kind kind, bool gives_up)
{
    struct explore_moves *out = l->out;

    if (out->n == out->room) {
        out->room = out->room > 0 ? 2 * out->room : 64;
        out->items = mem_grow(out->items, out->room * sizeof(out->items[0]));
    }
    out->items[out->n] = (struct explore_move){
        .kind = (uint8_t)kind,
        .gives_up = gives_up,
        .item = l->c != NULL && l->c->item != SAGA_NO_ITEM ? (uint8_t)l->c->item : 0xff,
        .call = l->c != NULL ? (uint8_t)l->c->call : 0,
        .step = l->c != NULL ? l->c->step : PLAN_NONE};
    out->n++;
}

static bool is(const struct lister *l, unsigned bits)
{
    return (l->world & bits) != 0;
}

/* With attempts left, and without. */
static void add_failure(struct lister *l, enum explore_move_kind kind,
                        const struct plan_call *call)
{
    if (call->retry.attempts_max != 1) {
        add(l, kind, false);
    }
    add(l, kind, true);
}

/* ---- calls that are out
 * ----------------------------------------------------------------- */

/* Nobody knows what became of an action: it was applied, it was not, it is on its way. */
static void add_lost_action(struct lister *l)
{
    const struct plan_call *call = &l->node->action;

    if (call->is_safe) {
        add_failure(l, MOVE_LOST, call);
        add(l, MOVE_CRASH, false);
        return;
    }
    add_failure(l, MOVE_LOST_APPLIED, call);
    add(l, MOVE_CRASH_APPLIED, false);
    if (is(l, WORLD_APPLIED)) {
        return;
    }
    add_failure(l, MOVE_LOST, call);
    add_failure(l, MOVE_LATE, call);
    add(l, MOVE_CRASH, false);
    add(l, MOVE_CRASH_LATE, false);
}

static void add_action(struct lister *l)
{
    add(l, MOVE_SUCCEEDS, false);
    if (!is(l, WORLD_APPLIED)) {
        add(l, MOVE_REJECTED, false);
    }
    if (l->c->called_back == OUTCOME_NONE || l->c->in_doubt) { /* Else it was received. */
        add(l, MOVE_UNSENT, false); /* Free: also where one attempt is all there is. */
        add(l, MOVE_UNSENT, true);
    }
    add_lost_action(l);
    if (l->node->action.callback_ms != 0 && l->c->called_back == OUTCOME_NONE) {
        add(l, MOVE_CALLBACK, false);
    }
}

static bool can_refute(const struct lister *l)
{
    const struct definition_call *confirm = l->x->d->steps[l->c->step].confirm;

    return confirm->not_applied.n > 0 || confirm->not_applied_when != NULL;
}

static void add_confirm(struct lister *l)
{
    if (is(l, WORLD_APPLIED | WORLD_PENDING)) {
        add(l, MOVE_CONFIRMED, false);
    }
    if (!is(l, WORLD_APPLIED) && can_refute(l)) {
        add(l, MOVE_REFUTED, false);
    }
    add_failure(l, MOVE_NO_PROOF, &l->node->confirm);
    add(l, MOVE_CRASH, false);
}

static void add_compensation(struct lister *l)
{
    const struct plan_call *call = &l->node->compensation;

    add(l, MOVE_SUCCEEDS, false);
    add(l, MOVE_UNSENT, false);
    add(l, MOVE_UNSENT, true);
    add_failure(l, MOVE_LOST_APPLIED, call);
    add(l, MOVE_CRASH_APPLIED, false);
    if (is(l, WORLD_UNDONE)) {
        return;
    }
    add(l, MOVE_REJECTED, false);
    add_failure(l, MOVE_LOST, call);
    add_failure(l, MOVE_LATE, call);
    add(l, MOVE_CRASH, false);
}

static void add_due(struct lister *l)
{
    switch (l->c->call) {
    case CALL_ACTION:
        add_action(l);
        return;
    case CALL_CONFIRM:
        add_confirm(l);
        return;
    case CALL_COMPENSATION:
        add_compensation(l);
        return;
    }
}

/* ---- waits
 * ------------------------------------------------------------------------------- */

static void add_child(struct lister *l)
{
    if (l->c->call == CALL_ACTION) {
        add(l, MOVE_CHILD_COMPLETED, false);
    }
    add(l, MOVE_CHILD_COMPENSATED, false);
    add(l, MOVE_CHILD_RESOLVED, false);
}

static void add_callback(struct lister *l)
{
    add(l, MOVE_CALLBACK, false);
    if (!is(l, WORLD_APPLIED) && l->x->d->steps[l->c->step].action->reject_when != NULL) {
        add(l, MOVE_CALLBACK_REJECTS, false);
    }
    add_failure(l, MOVE_TIME_COMES, &l->node->action);
}

static void add_waiting(struct lister *l)
{
    switch (l->node->kind) {
    case PLAN_CALL:
        add_callback(l);
        return;
    case PLAN_TIMER:
        add(l, MOVE_TIME_COMES, false);
        return;
    case PLAN_SIGNAL:
        add(l, MOVE_SIGNAL, false);
        if (l->c->wake_ms != 0) {
            add(l, MOVE_TIME_COMES, false);
        }
        return;
    case PLAN_CHILD:
        add_child(l);
        return;
    case PLAN_SEQUENCE:
    case PLAN_PARALLEL:
        return;
    }
}

/* ---- people
 * -------------------------------------------------------------------------------- */

static bool is_legal(const struct lister *l, enum saga_event_kind kind)
{
    return legal_action(l->x->s, l->x->plan, kind, l->c->step, l->c->item) == LEGAL_YES;
}

/* A person answers truly; where the child was settled by hand, either may be true. */
static void add_resolve(struct lister *l)
{
    const bool is_back = l->x->s->state == SAGA_BACKWARD;
    const bool is_childs = l->c->reason == SAGA_REASON_CHILD;
    const bool may_stand = is(l, WORLD_APPLIED | WORLD_PENDING);

    if (!is_legal(l, SAGA_EV_RESOLVE)) {
        return;
    }
    if (may_stand || is_childs) {
        add(l, MOVE_RESOLVE_APPLIED, false);
    }
    if (is_back || is_childs || !is(l, WORLD_APPLIED)) {
        add(l, MOVE_RESOLVE_NOT, false);
    }
}

static void add_stuck(struct lister *l)
{
    if (is_legal(l, SAGA_EV_RETRY)) {
        add(l, MOVE_RETRY, false);
    }
    if (is_legal(l, SAGA_EV_SKIP)) {
        add(l, MOVE_SKIP, false);
    }
    add_resolve(l);
}

/* ---- cells and the saga
 * --------------------------------------------------------------------- */

static void add_cell(struct lister *l, const struct saga_cell *c)
{
    const struct explorer *x = l->x;
    const uint16_t slot = explore_slot_at(x, c->step, c->item);

    l->c = c;
    l->node = &x->plan->nodes[c->step];
    l->world = slot != PLAN_NONE ? x->world[slot] : 0;
    switch (c->state) {
    case CELL_QUEUED:
        return; /* Slots are always granted here. */
    case CELL_DUE:
        add_due(l);
        return;
    case CELL_BACKING_OFF:
        add(l, MOVE_WAKE, false);
        return;
    case CELL_WAITING:
        add_waiting(l);
        return;
    case CELL_STUCK:
        add_stuck(l);
        return;
    }
}

static void add_whole(struct lister *l)
{
    const struct saga *s = l->x->s;
    const enum legal_answer cancel =
        legal_action(s, l->x->plan, SAGA_EV_CANCEL, PLAN_NONE, SAGA_NO_ITEM);
    const bool is_noted = (s->flags & (uint32_t)SAGA_FLAG_BACK_WANTED) != 0;

    l->c = NULL;
    if (legal_action(s, l->x->plan, SAGA_EV_CLOSE, PLAN_NONE, SAGA_NO_ITEM) ==
        LEGAL_YES) {
        add(l, MOVE_CLOSE, false);
    }
    if (s->state != SAGA_FORWARD) {
        return;
    }
    if (cancel == LEGAL_YES || (cancel == LEGAL_NOTED && !is_noted)) {
        add(l, MOVE_CANCEL, false);
    }
    if (s->deadline_ms != 0 && (s->flags & (uint32_t)SAGA_FLAG_OVERDUE) == 0) {
        add(l, MOVE_DEADLINE, false);
    }
}

bool explore_rests(const struct explorer *x)
{
    for (uint16_t i = 0; i < x->s->n_cells; i++) {
        if (x->s->cells[i].state != CELL_STUCK) {
            return false;
        }
    }
    return x->s->n_cells > 0;
}

/* Going back, cells cannot influence each other: one of them at a time is enough, and
 * one that moves by itself before one that needs a person. */
static const struct saga_cell *only_cell(const struct saga *s)
{
    if (s->state != SAGA_BACKWARD) {
        return NULL;
    }
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].state != CELL_STUCK) {
            return &s->cells[i];
        }
    }
    return &s->cells[0];
}

void explore_list_moves(const struct explorer *x, struct explore_moves *out)
{
    struct lister l = {.x = x, .out = out};
    const struct saga_cell *only = only_cell(x->s);

    out->n = 0;
    if (x->s->state == SAGA_NEW) {
        add(&l, MOVE_START, false);
        return;
    }
    for (uint16_t i = 0; i < x->s->n_cells; i++) {
        if (only == NULL || only == &x->s->cells[i]) {
            add_cell(&l, &x->s->cells[i]);
        }
    }
    if (only == NULL || only->state == CELL_STUCK) {
        add_whole(&l);
    }
}
