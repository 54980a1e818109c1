/* explore_turn.c - one turn and the world beside it; see explore_parts.h. */
#include <assert.h>
#include <string.h>

#include "definitions/explore_parts.h"

/* ---- the core's questions
 * ----------------------------------------------------------------- */

/* Which of n answers this turn gives. */
static unsigned choose(struct explorer *x, const struct saga_question *q, unsigned n)
{
    unsigned answer = 0;

    if (n < 2) {
        return 0;
    }
    if (x->n_choices == EXPLORE_DIGITS) {
        x->is_crowded = true;
        return 0;
    }
    answer = (unsigned)(x->digits >> (2 * x->n_choices)) & 3U;
    assert(answer < n);
    x->choices[x->n_choices] = (struct explore_choice){.ask = q->ask,
                                                       .step = q->step,
                                                       .answer = (uint8_t)answer,
                                                       .n_answers = (uint8_t)n};
    x->n_choices++;
    return answer;
}

static unsigned items_most(const struct explorer *x, uint16_t step)
{
    const uint32_t max = x->plan->nodes[step].items_max;

    return max < EXPLORE_ITEMS ? max : EXPLORE_ITEMS;
}

static int64_t ask(void *user, const struct saga_question *q)
{
    struct explorer *x = user;

    switch (q->ask) {
    case SAGA_ASK_WHEN:
        return choose(x, q, 2) == 0 ? 1 : 0;
    case SAGA_ASK_ITEMS:
        return (int64_t)choose(x, q, items_most(x, q->step) + 1);
    case SAGA_ASK_SIGNAL:
        return choose(x, q, x->d->steps[q->step].reject_when != NULL ? 2 : 1) == 0 ? 1
                                                                                   : 0;
    case SAGA_ASK_UNTIL:
        return EXPLORE_FAR_MS;
    case SAGA_ASK_RENDER:
        return SAGA_RENDER_OK;
    case SAGA_ASK_SLOT:
        return SAGA_SLOT_GRANTED;
    case SAGA_ASK_OUTPUT:
        return 1;
    }
    assert(false);
    return -1;
}

bool explore_next_digits(struct explorer *x)
{
    while (x->n_choices > 0) {
        const unsigned i = x->n_choices - 1;
        const unsigned next = x->choices[i].answer + 1U;

        x->digits &= ((uint64_t)1 << (2 * i)) - 1;
        if (next < x->choices[i].n_answers) {
            x->digits |= (uint64_t)next << (2 * i);
            return true;
        }
        x->n_choices--;
    }
    x->digits = 0;
    return false;
}

/* ---- what a move is to the core
 * -------------------------------------------------------------- */

#define MOVES (MOVE_CLOSE + 1)

static const struct {
    enum saga_event_kind kind;
    enum outcome outcome;
    enum saga_confirm confirm;
    enum saga_status child;
} events[MOVES] = {
    [MOVE_START] = {.kind = SAGA_EV_START},
    [MOVE_SUCCEEDS] = {.kind = SAGA_EV_ANSWERED, .outcome = OUTCOME_SUCCEEDED},
    [MOVE_REJECTED] = {.kind = SAGA_EV_ANSWERED, .outcome = OUTCOME_REJECTED},
    [MOVE_UNSENT] = {.kind = SAGA_EV_ANSWERED, .outcome = OUTCOME_UNSENT},
    [MOVE_LOST_APPLIED] = {.kind = SAGA_EV_ANSWERED, .outcome = OUTCOME_UNKNOWN},
    [MOVE_LOST] = {.kind = SAGA_EV_ANSWERED, .outcome = OUTCOME_UNKNOWN},
    [MOVE_LATE] = {.kind = SAGA_EV_ANSWERED, .outcome = OUTCOME_UNKNOWN},
    [MOVE_CRASH_APPLIED] = {.kind = SAGA_EV_LOST, .outcome = OUTCOME_UNKNOWN},
    [MOVE_CRASH] = {.kind = SAGA_EV_LOST, .outcome = OUTCOME_UNKNOWN},
    [MOVE_CRASH_LATE] = {.kind = SAGA_EV_LOST, .outcome = OUTCOME_UNKNOWN},
    [MOVE_CONFIRMED] = {.kind = SAGA_EV_ANSWERED,
                        .outcome = OUTCOME_SUCCEEDED,
                        .confirm = SAGA_CONFIRM_APPLIED},
    [MOVE_REFUTED] = {.kind = SAGA_EV_ANSWERED,
                      .outcome = OUTCOME_REJECTED,
                      .confirm = SAGA_CONFIRM_NOT_APPLIED},
    [MOVE_NO_PROOF] = {.kind = SAGA_EV_ANSWERED, .outcome = OUTCOME_UNKNOWN},
    [MOVE_WAKE] = {.kind = SAGA_EV_WAKE},
    [MOVE_TIME_COMES] = {.kind = SAGA_EV_WAKE},
    [MOVE_SIGNAL] = {.kind = SAGA_EV_SIGNALLED},
    [MOVE_CALLBACK] = {.kind = SAGA_EV_CALLED_BACK, .outcome = OUTCOME_SUCCEEDED},
    [MOVE_CALLBACK_REJECTS] = {.kind = SAGA_EV_CALLED_BACK, .outcome = OUTCOME_REJECTED},
    [MOVE_CHILD_COMPLETED] = {.kind = SAGA_EV_CHILD_ENDED,
                              .child = SAGA_STATUS_COMPLETED},
    [MOVE_CHILD_COMPENSATED] = {.kind = SAGA_EV_CHILD_ENDED,
                                .child = SAGA_STATUS_COMPENSATED},
    [MOVE_CHILD_RESOLVED] = {.kind = SAGA_EV_CHILD_ENDED, .child = SAGA_STATUS_RESOLVED},
    [MOVE_DEADLINE] = {.kind = SAGA_EV_DEADLINE},
    [MOVE_CANCEL] = {.kind = SAGA_EV_CANCEL},
    [MOVE_RETRY] = {.kind = SAGA_EV_RETRY},
    [MOVE_SKIP] = {.kind = SAGA_EV_SKIP},
    [MOVE_RESOLVE_APPLIED] = {.kind = SAGA_EV_RESOLVE},
    [MOVE_RESOLVE_NOT] = {.kind = SAGA_EV_RESOLVE},
    [MOVE_CLOSE] = {.kind = SAGA_EV_CLOSE},
};

static struct saga_event make_event(const struct explorer *x,
                                    const struct explore_move *m,
                                    const struct saga_cell *c)
{
    const bool is_lost = events[m->kind].kind == SAGA_EV_LOST;
    const bool has_failed = events[m->kind].outcome == OUTCOME_UNSENT ||
                            events[m->kind].outcome == OUTCOME_UNKNOWN;

    return (struct saga_event){
        .kind = events[m->kind].kind,
        .now_ms = EXPLORE_NOW_MS,
        .seed = 1,
        .step = m->step,
        .item = m->item != 0xff ? m->item : SAGA_NO_ITEM,
        .call = (enum call_kind)m->call,
        .turn = c != NULL ? c->due_turn : 0,
        .outcome = events[m->kind].outcome,
        .may_retry = has_failed && !m->gives_up,
        .is_free = is_lost || (m->kind == MOVE_UNSENT && !m->gives_up),
        .confirm = events[m->kind].confirm,
        .signal = m->kind == MOVE_SIGNAL ? x->plan->nodes[m->step].signal : 0,
        .generation = c != NULL ? c->generation : 0,
        .child_status = events[m->kind].child,
        .is_applied = m->kind == MOVE_RESOLVE_APPLIED,
    };
}

/* ---- what a move is to the world
 * --------------------------------------------------------------- */

uint16_t explore_slot_at(const struct explorer *x, uint16_t step, uint32_t item)
{
    const uint16_t first = x->slot_of[step];
    const bool is_each = x->plan->nodes[step].each != PLAN_NONE;

    if (first == PLAN_NONE || (is_each && item == SAGA_NO_ITEM)) {
        return PLAN_NONE;
    }
    return item == SAGA_NO_ITEM ? first : (uint16_t)(first + item);
}

enum change {
    KEEPS,
    SUCCEEDS, /* Applied, or taken where a callback says so later. */
    APPLIES,
    PENDS,     /* Still on its way. */
    IS_OVER,   /* It will not arrive any more; a key's later answers are its first. */
    IS_DENIED, /* The same, the second time: the first time it may yet arrive. */
    SETTLES,   /* Taken back, or nothing is left of it. */
};

/* By the call that is out, stuck or waiting. */
static const enum change changes[CALLS][MOVES] = {
    [CALL_ACTION] = {[MOVE_SUCCEEDS] = SUCCEEDS,
                     [MOVE_REJECTED] = IS_OVER,
                     [MOVE_LOST_APPLIED] = APPLIES,
                     [MOVE_LATE] = PENDS,
                     [MOVE_CRASH_APPLIED] = APPLIES,
                     [MOVE_CRASH_LATE] = PENDS,
                     [MOVE_CALLBACK] = APPLIES,
                     [MOVE_CALLBACK_REJECTS] = IS_OVER,
                     [MOVE_CHILD_COMPLETED] = APPLIES,
                     [MOVE_RESOLVE_APPLIED] = APPLIES,
                     [MOVE_RESOLVE_NOT] = IS_OVER},
    [CALL_CONFIRM] = {[MOVE_CONFIRMED] = APPLIES,
                      [MOVE_REFUTED] = IS_DENIED,
                      [MOVE_RESOLVE_APPLIED] = APPLIES,
                      [MOVE_RESOLVE_NOT] = IS_OVER},
    [CALL_COMPENSATION] = {[MOVE_SUCCEEDS] = SETTLES,
                           [MOVE_LOST_APPLIED] = SETTLES,
                           [MOVE_LATE] = SETTLES,
                           [MOVE_CRASH_APPLIED] = SETTLES,
                           [MOVE_CHILD_COMPENSATED] = SETTLES,
                           [MOVE_RESOLVE_APPLIED] = APPLIES},
};

static uint8_t without(uint8_t world, unsigned bits)
{
    return (uint8_t)(world & ~bits);
}

static uint8_t applied(uint8_t world)
{
    return (uint8_t)(without(world, WORLD_PENDING) | WORLD_APPLIED);
}

static uint8_t pending(uint8_t world)
{
    return (world & WORLD_APPLIED) != 0 ? world : (uint8_t)(world | WORLD_PENDING);
}

static uint8_t changed(const struct plan_node *node, const struct saga_cell *c,
                       enum change change, uint8_t world)
{
    const bool has_callback = node->action.callback_ms != 0;

    switch (change) {
    case KEEPS:
        return world;
    case SUCCEEDS:
        return has_callback ? pending(world) : applied(world);
    case APPLIES:
        return applied(world);
    case PENDS: /* Where nobody asks, what arrives late is the same as what arrived. */
        return has_callback || node->confirm.is_present ? pending(world) : applied(world);
    case IS_OVER:
        return without(world, WORLD_PENDING);
    case IS_DENIED: /* Asked a call time-out after the first: what was out has come. */
        return c->n_not_applied > 0 ? without(world, WORLD_PENDING) : world;
    case SETTLES:
        return (uint8_t)((world & WORLD_BEGUN) | WORLD_UNDONE);
    }
    assert(false);
    return world;
}

static void change_world(struct explorer *x, const struct explore_move *m,
                         const struct saga_cell *c)
{
    const struct plan_node *node;
    enum change change;
    uint16_t slot;

    if (c == NULL) {
        return;
    }
    slot = explore_slot_at(x, c->step, c->item);
    node = &x->plan->nodes[c->step];
    change = changes[c->call][m->kind];
    if (slot == PLAN_NONE ||
        (node->kind == PLAN_CALL && node->action.is_safe && change != SETTLES)) {
        return;
    }
    if (m->kind == MOVE_RESOLVE_NOT && x->s->state == SAGA_BACKWARD) {
        change = SETTLES; /* Seen to by hand. */
    }
    x->world[slot] = changed(node, c, change, x->world[slot]);
}

/* ---- what is wrong
 * --------------------------------------------------------------------------- */

void explore_note(struct explorer *x, enum explore_badness kind, uint16_t step,
                  uint16_t other)
{
    for (unsigned i = 0; i < x->n_found; i++) {
        if (x->found[i].kind == kind && x->found[i].step == step &&
            x->found[i].other == other) {
            return; /* Breadth first: that one's story is not longer. */
        }
    }
    if (x->now == NULL || x->n_found == EXPLORE_FOUND_MAX) {
        return;
    }
    x->found[x->n_found] = *x->now;
    x->found[x->n_found].kind = kind;
    x->found[x->n_found].step = step;
    x->found[x->n_found].other = other;
    x->n_found++;
}

static bool stands(uint8_t world)
{
    return (world & (WORLD_APPLIED | WORLD_PENDING)) != 0;
}

/* `step` is about to be taken back. */
static void judge_undo(struct explorer *x, uint16_t step, uint32_t item)
{
    const size_t n = x->plan->n_nodes;
    const uint16_t slot = explore_slot_at(x, step, item);

    if (slot != PLAN_NONE && (x->world[slot] & WORLD_BEGUN) == 0) {
        explore_note(x, EXPLORE_NOT_BEGUN, step, PLAN_NONE);
    }
    for (uint16_t i = 0; i < x->n_slots; i++) {
        const uint16_t other = x->slots[i].step;

        if (other == step) {
            continue;
        }
        if (stands(x->world[i]) && x->action_reads[other * n + step] &&
            x->plan->nodes[other].undo != PLAN_UNDO_NONE) {
            explore_note(x, EXPLORE_BUILT_UPON, step, other);
        }
        if ((x->world[i] & WORLD_UNDONE) != 0 && x->undo_reads[step * n + other]) {
            explore_note(x, EXPLORE_UNDONE_BEFORE, step, other);
        }
    }
}

static void take_effect(struct explorer *x, const struct saga_effect *fx)
{
    const bool is_call = fx->kind == SAGA_FX_SEND;
    const uint16_t slot =
        is_call || fx->kind == SAGA_FX_START_CHILD || fx->kind == SAGA_FX_UNDO_CHILD
            ? explore_slot_at(x, fx->step, fx->item)
            : PLAN_NONE;

    if ((is_call && fx->call == CALL_COMPENSATION) || fx->kind == SAGA_FX_UNDO_CHILD) {
        judge_undo(x, fx->step, fx->item);
    } else if (slot != PLAN_NONE) {
        x->world[slot] |= WORLD_BEGUN;
    }
}

static void judge_state(struct explorer *x)
{
    const struct saga *s = x->s;

    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        if (c->state == CELL_STUCK && c->reason == SAGA_REASON_NO_ANSWER &&
            !x->plan->nodes[c->step].confirm.is_present) {
            explore_note(x, EXPLORE_LOST_ANSWER, c->step, PLAN_NONE);
        }
    }
    for (uint16_t i = 0; s->state == SAGA_COMPENSATED && i < x->n_slots; i++) {
        if (stands(x->world[i]) && !x->d->steps[x->slots[i].step].undo_is_null) {
            explore_note(x, EXPLORE_NOT_UNDONE, x->slots[i].step, PLAN_NONE);
        }
    }
}

/* ---- the turn
 * ----------------------------------------------------------------------------------- */

static struct saga_cell *cell_of(struct explorer *x, const struct explore_move *m)
{
    const uint32_t item = m->item != 0xff ? m->item : SAGA_NO_ITEM;

    for (uint16_t i = 0; m->step != PLAN_NONE && i < x->s->n_cells; i++) {
        if (x->s->cells[i].step == m->step && x->s->cells[i].item == item) {
            return &x->s->cells[i];
        }
    }
    return NULL;
}

/* No attempt is left: for this turn the call is one that has a single one. */
static uint32_t *limit_of(struct explorer *x, const struct explore_move *m)
{
    struct plan_node *node;

    if (!m->gives_up) {
        return NULL;
    }
    node = &x->plan->nodes[m->step];
    switch ((enum call_kind)m->call) {
    case CALL_ACTION:
        return &node->action.retry.attempts_max;
    case CALL_CONFIRM:
        return &node->confirm.retry.attempts_max;
    case CALL_COMPENSATION:
        return &node->compensation.retry.attempts_max;
    }
    return NULL;
}

static void set_time(struct explorer *x, const struct explore_move *m,
                     struct saga_cell *c)
{
    if (m->kind == MOVE_DEADLINE) {
        x->s->deadline_ms = EXPLORE_NOW_MS;
    } else if (m->kind == MOVE_WAKE || m->kind == MOVE_TIME_COMES) {
        c->wake_ms = EXPLORE_NOW_MS;
    }
}

bool explore_apply(struct explorer *x, const struct explore_move *move)
{
    const struct saga_oracle oracle = {.ask = ask, .user = x};
    struct saga_cell *c = cell_of(x, move);
    struct saga_event ev = make_event(x, move, c);
    uint32_t *limit = limit_of(x, move);
    const uint32_t limit_before = limit != NULL ? *limit : 0;
    bool is_applied;

    x->n_choices = 0;
    x->n_turns++;
    set_time(x, move, c);
    change_world(x, move, c);
    if (limit != NULL) {
        *limit = 1;
    }
    is_applied = saga_advance(x->s, x->plan, &ev, &oracle, x->fx) == SAGA_APPLIED;
    if (limit != NULL) {
        *limit = limit_before;
    }
    for (uint32_t i = 0; is_applied && i < x->fx->n; i++) {
        take_effect(x, &x->fx->items[i]);
    }
    if (is_applied) {
        judge_state(x);
    }
    return is_applied;
}
