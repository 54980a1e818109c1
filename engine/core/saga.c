/*
 * saga.c - see saga.h.
 *
 * Read the table first. Every (state, event) pair has a cell, and every cell is a
 * decision: a handler, `late` (normal, nothing changes), `reject` (tell the sender) or
 * `never` (a bug of the shell). ROW takes one argument per event, so a forgotten one does
 * not compile. Handlers are total; what fails on the way only notes that the saga wants
 * to go back, and finish() decides once at the end.
 */
#include "engine/core/saga.h"

#include "engine/core/advance.h"
#include "engine/core/cell.h"
#include "engine/core/items.h"
#include "engine/core/operate.h"
#include "engine/core/walk.h"

typedef enum saga_result (*handler)(struct advance *a);

static enum saga_result start(struct advance *a);
static enum saga_result your_turn(struct advance *a);
static enum saga_result wake(struct advance *a);
static enum saga_result deadline(struct advance *a);
static enum saga_result signalled(struct advance *a);
static enum saga_result keep_signal(struct advance *a);
static enum saga_result parent_undo(struct advance *a);
static enum saga_result limit(struct advance *a);
static enum saga_result poisoned(struct advance *a);
static enum saga_result restore(struct advance *a);
static enum saga_result late(struct advance *a);
static enum saga_result reject(struct advance *a);
static enum saga_result never(struct advance *a);

/* clang-format off */
static const handler table[SAGA_STATES][SAGA_EVENTS] = {
#define ROW(state, start_, turn_, granted_, answered_, lost_, returned_, wake_, deadline_,  \
            signalled_, back_, child_, undo_, retry_, skip_, resolve_, cancel_, close_,     \
            pause_, resume_, limit_, poison_, restore_)                                     \
    [SAGA_##state] = {                                                                      \
        [SAGA_EV_START] = start_, [SAGA_EV_YOUR_TURN] = turn_,                              \
        [SAGA_EV_GRANTED] = granted_, [SAGA_EV_ANSWERED] = answered_,                       \
        [SAGA_EV_LOST] = lost_, [SAGA_EV_RETURNED] = returned_,                             \
        [SAGA_EV_WAKE] = wake_, [SAGA_EV_DEADLINE] = deadline_,                             \
        [SAGA_EV_SIGNALLED] = signalled_, [SAGA_EV_CALLED_BACK] = back_,                    \
        [SAGA_EV_CHILD_ENDED] = child_, [SAGA_EV_PARENT_UNDO] = undo_,                      \
        [SAGA_EV_RETRY] = retry_, [SAGA_EV_SKIP] = skip_, [SAGA_EV_RESOLVE] = resolve_,     \
        [SAGA_EV_CANCEL] = cancel_, [SAGA_EV_CLOSE] = close_, [SAGA_EV_PAUSE] = pause_,     \
        [SAGA_EV_RESUME] = resume_, [SAGA_EV_LIMIT] = limit_,                               \
        [SAGA_EV_POISONED] = poison_, [SAGA_EV_RESTORE] = restore_ }
    /*  state        START   YOUR_TURN  GRANTED     ANSWERED    LOST        RETURNED    WAKE   DEADLINE  SIGNALLED    CALLED_BACK  CHILD_ENDED  PARENT_UNDO  RETRY          SKIP          RESOLVE          CANCEL          CLOSE          PAUSE          RESUME          LIMIT  POISONED  RESTORE */
    ROW(NEW,         start,  never,     never,      never,      never,      never,      never, never,    never,       never,       never,       never,       never,         never,        never,           never,          never,         never,         never,          never, never,    never),
    ROW(LINED_UP,    reject, your_turn, late,       late,       late,       late,       late,  late,     keep_signal, late,        late,        reject,      operate_retry, reject,       reject,          operate_cancel, reject,        operate_pause, operate_resume, limit, poisoned, restore),
    ROW(FORWARD,     reject, late,      cell_event, cell_event, cell_event, cell_event, wake,  deadline, signalled,   cell_event,  cell_event,  reject,      operate_retry, operate_skip, operate_resolve, operate_cancel, operate_close, operate_pause, operate_resume, limit, poisoned, restore),
    ROW(BACKWARD,    reject, late,      cell_event, cell_event, cell_event, cell_event, wake,  late,     reject,      late,        cell_event,  late,        operate_retry, reject,       operate_resolve, late,           operate_close, operate_pause, operate_resume, limit, poisoned, restore),
    ROW(COMPLETED,   reject, late,      late,       late,       late,       late,       late,  late,     reject,      late,        late,        parent_undo, reject,        reject,       reject,          reject,         reject,        reject,        reject,         late,  late,     late),
    ROW(COMPENSATED, reject, late,      late,       late,       late,       late,       late,  late,     reject,      late,        late,        late,        reject,        reject,       reject,          reject,         reject,        reject,        reject,         late,  late,     late),
    ROW(RESOLVED,    reject, late,      late,       late,       late,       late,       late,  late,     reject,      late,        late,        late,        reject,        reject,       reject,          reject,         reject,        reject,        reject,         late,  late,     late),
#undef ROW
};

/* Where each state may go. Stated a second time, apart from the handlers, so that a wrong
 * handler and a wrong rule have to agree before anyone is hurt. */
#define TO(state) (1U << SAGA_##state)
static const unsigned may_enter[SAGA_STATES] = {
    [SAGA_NEW]         = TO(LINED_UP) | TO(FORWARD),
    [SAGA_LINED_UP]    = TO(FORWARD) | TO(BACKWARD),
    [SAGA_FORWARD]     = TO(BACKWARD) | TO(COMPLETED) | TO(RESOLVED),
    [SAGA_BACKWARD]    = TO(COMPENSATED) | TO(RESOLVED),
    [SAGA_COMPLETED]   = TO(BACKWARD), /* A child whose parent goes back (S33). */
    [SAGA_COMPENSATED] = 0,
    [SAGA_RESOLVED]    = 0,
};
#undef TO
/* clang-format on */

void advance_enter(struct advance *a, enum saga_state state)
{
    assert(may_enter[a->s->state] & (1U << state));
    a->s->state = state;
}

static enum saga_result late(struct advance *a)
{
    (void)a;
    return SAGA_LATE;
}

static enum saga_result reject(struct advance *a)
{
    (void)a;
    return SAGA_REJECTED;
}

static enum saga_result never(struct advance *a)
{
    (void)a;
    assert(false); /* An event for a saga that has not started. */
    return SAGA_REJECTED;
}

/* ---- beginning ---------------------------------------------------------------- */

static void begin(struct advance *a)
{
    advance_enter(a, SAGA_FORWARD);
    if (a->plan->timeout_ms != 0) {
        a->s->deadline_ms = a->ev->now_ms + a->plan->timeout_ms;
    }
    if (walk_begin(a, 0)) {
        walk_on(a, 0);
    }
}

static enum saga_result start(struct advance *a)
{
    a->s->seed = a->ev->seed;
    a->s->began_ms = a->ev->now_ms;
    if (a->ev->is_child) {
        advance_raise(a, SAGA_FLAG_IS_CHILD);
    }
    if (a->ev->is_ordered) {
        advance_raise(a, SAGA_FLAG_IS_ORDERED);
    }
    if (a->ev->is_lined_up) {
        advance_enter(a, SAGA_LINED_UP);
    } else {
        begin(a);
    }
    return SAGA_APPLIED;
}

static enum saga_result your_turn(struct advance *a)
{
    a->s->grace_ms = a->ev->grace_ms; /* Before, no time of its own ran. */
    if (advance_has(a, SAGA_FLAG_PAUSED)) {
        a->s->paused_ms = a->ev->now_ms;
    }
    begin(a);
    return SAGA_APPLIED;
}

/* ---- time ------------------------------------------------------------------------ */

void advance_extend(struct advance *a, uint64_t by_ms)
{
    struct saga *s = a->s;

    if (s->deadline_ms != 0) {
        s->deadline_ms += by_ms;
    }
    if (s->paused_ms != 0) {
        s->paused_ms += by_ms; /* That much of the pause is credited already. */
    }
    for (uint16_t i = 0; i < s->n_cells; i++) {
        struct saga_cell *c = &s->cells[i];

        if (c->first_due_ms != 0) {
            c->first_due_ms += by_ms;
        }
        if (c->state == CELL_WAITING && c->wake_ms != 0 &&
            a->plan->nodes[c->step].kind != PLAN_TIMER) {
            c->wake_ms += by_ms;
        }
    }
}

/* Downtime that this saga has not been credited with yet. Whatever event brings the news
 * first, an attempt that recovery finds lost included, is judged by deadlines moved on.
 */
static void credit(struct advance *a)
{
    struct saga *s = a->s;

    if ((s->state == SAGA_FORWARD || s->state == SAGA_BACKWARD) &&
        a->ev->grace_ms > s->grace_ms) {
        a->credit_ms = a->ev->grace_ms - s->grace_ms;
        s->grace_ms = a->ev->grace_ms;
        advance_extend(a, a->credit_ms);
    }
}

/* The event came to nothing, so the turn is not written, and its credit neither. */
static void take_back_credit(struct advance *a)
{
    if (a->credit_ms != 0) {
        a->s->grace_ms -= a->credit_ms;
        advance_extend(a, 0 - a->credit_ms);
    }
}

static struct saga_cell *next_awake(struct advance *a)
{
    for (uint16_t i = 0; i < a->s->n_cells; i++) {
        struct saga_cell *c = &a->s->cells[i];

        if (c->wake_ms != 0 && c->wake_ms <= a->ev->now_ms &&
            !cell_is_held(a->s, a->plan, c)) {
            return c;
        }
    }
    return NULL;
}

static enum saga_result wake(struct advance *a)
{
    bool has_woken = a->credit_ms != 0; /* Else the time that has moved passes again. */
    struct saga_cell *c = next_awake(a);

    for (; c != NULL && !a->wants_back; c = next_awake(a)) { /* Each ends its own time. */
        cell_wake(a, c);
        has_woken = true;
    }
    return has_woken ? SAGA_APPLIED : SAGA_LATE;
}

static enum saga_result deadline(struct advance *a)
{
    if (a->s->deadline_ms == 0 || advance_has(a, SAGA_FLAG_OVERDUE) ||
        advance_has(a, SAGA_FLAG_PAUSED)) {
        return SAGA_LATE;
    }
    if (a->ev->now_ms < a->s->deadline_ms) {
        return a->credit_ms != 0 ? SAGA_APPLIED : SAGA_LATE;
    }
    advance_raise(a, SAGA_FLAG_OVERDUE);
    if (advance_has(a, SAGA_FLAG_PAST_PIVOT)) {
        (void)advance_emit(a, SAGA_FX_ALERT);
    } else if (cell_has_open_pivot(a->s, a->plan)) {
        advance_raise(a, SAGA_FLAG_BACK_WANTED);
    } else {
        advance_want_back(a);
    }
    return SAGA_APPLIED;
}

/* ---- signals ------------------------------------------------------------------------
 */

static enum saga_result keep_signal(struct advance *a)
{
    struct saga *s = a->s;
    unsigned n_alike = 0;

    for (uint16_t i = 0; i < s->n_signals; i++) {
        n_alike += s->signals[i].name == a->ev->signal ? 1 : 0;
    }
    if (n_alike == LIMIT_SIGNALS_KEPT || s->n_signals == LIMIT_SIGNALS_ALL) {
        return SAGA_REJECTED;
    }
    s->signals[s->n_signals] = (struct saga_signal){a->ev->signal, s->turn};
    s->n_signals++;
    return SAGA_APPLIED;
}

static enum saga_result signalled(struct advance *a)
{
    for (uint16_t i = 0; i < a->s->n_cells; i++) {
        struct saga_cell *c = &a->s->cells[i];
        uint16_t step = c->step;

        if (c->state == CELL_WAITING && advance_node(a, step)->kind == PLAN_SIGNAL &&
            advance_node(a, step)->signal == a->ev->signal) {
            if (walk_take_signal(a, c, a->s->turn)) {
                walk_on(a, step);
            }
            return SAGA_APPLIED;
        }
    }
    return keep_signal(a);
}

/* ---- the shell's own
 * ---------------------------------------------------------------------- */

static enum saga_result limit(struct advance *a)
{
    if (advance_has(a, SAGA_FLAG_OVER_LIMIT)) {
        return SAGA_LATE;
    }
    advance_raise(a, SAGA_FLAG_OVER_LIMIT);
    return SAGA_APPLIED;
}

static enum saga_result poisoned(struct advance *a)
{
    if (advance_has(a, SAGA_FLAG_POISON)) {
        return SAGA_LATE;
    }
    advance_raise(a, SAGA_FLAG_POISON);
    return SAGA_APPLIED;
}

/* S96: what did not end may have run after the backup was made. */
static enum saga_result restore(struct advance *a)
{
    if (a->s->state != SAGA_BACKWARD) { /* Going back, nothing new can have begun. */
        advance_raise(a, SAGA_FLAG_RESTORED);
    }
    if (!advance_has(a, SAGA_FLAG_PAUSED)) {
        advance_raise(a, SAGA_FLAG_PAUSED);
        a->s->paused_ms = a->ev->now_ms;
    }
    for (uint16_t i = 0; i < a->s->n_cells; i++) {
        struct saga_cell *c = &a->s->cells[i];

        c->in_doubt |= a->plan->nodes[c->step].kind == PLAN_CALL &&
                       !a->plan->nodes[c->step].action.is_safe;
    }
    return SAGA_APPLIED;
}

static enum saga_result parent_undo(struct advance *a)
{
    if (!advance_has(a, SAGA_FLAG_IS_CHILD)) {
        return SAGA_REJECTED; /* Nobody's child: perhaps past its pivot (S27). */
    }
    advance_want_back(a);
    return SAGA_APPLIED;
}

/* ---- the turn
 * ---------------------------------------------------------------------------------- */

static void tell(struct advance *a, enum saga_effect_kind kind, enum saga_status status)
{
    advance_emit(a, kind)->status = status;
}

/* What the world is told when the status changed. */
static void announce(struct advance *a, enum saga_status before)
{
    enum saga_status now = saga_status_of(a->s);

    if (now == before) {
        return;
    }
    if (now == SAGA_STATUS_STUCK) {
        tell(a, SAGA_FX_NOTIFY, now);
    }
    if (!saga_is_final(a->s)) {
        return;
    }
    tell(a, SAGA_FX_NOTIFY, now);
    if (advance_has(a, SAGA_FLAG_IS_CHILD)) {
        tell(a, SAGA_FX_TELL_PARENT, now);
    }
    if (advance_has(a, SAGA_FLAG_IS_ORDERED) && a->s->steps[0].record.is_begun) {
        tell(a, SAGA_FX_FREE_ORDER, now);
    }
    tell(a, SAGA_FX_ENDED, now);
}

static void finish(struct advance *a, enum saga_status before)
{
    if (a->wants_back && a->s->state == SAGA_COMPLETED) {
        advance_enter(a, SAGA_BACKWARD); /* A child, taken back by its parent. */
    } else if (a->wants_back) {
        walk_turn_back(a);
    }
    if (a->s->state == SAGA_BACKWARD) {
        walk_undo(a);
    }
    announce(a, before);
}

void saga_init(struct saga *s, const struct plan *plan)
{
    memset(s, 0, offsetof(struct saga, steps)); /* The arrays: only what is in use. */
    memset(s->steps, 0, plan->n_nodes * sizeof(s->steps[0]));
    memset(s->eachs, 0, plan->n_each * sizeof(s->eachs[0]));
    s->error_step = PLAN_NONE;
    s->error_item = SAGA_NO_ITEM;
    s->n_nodes = plan->n_nodes;
    s->n_each = plan->n_each;
}

enum saga_result saga_advance(struct saga *s, const struct plan *plan,
                              const struct saga_event *ev,
                              const struct saga_oracle *oracle, struct saga_effects *fx)
{
    struct advance a = {.s = s, .plan = plan, .ev = ev, .oracle = oracle, .fx = fx};
    enum saga_status before = saga_status_of(s);
    enum saga_result result;

    assert((unsigned)s->state < SAGA_STATES);
    assert((unsigned)ev->kind < SAGA_EVENTS);
    fx->n = 0;
    s->turn++;
    credit(&a);
    result = table[s->state][ev->kind](&a);
    if (result != SAGA_APPLIED) {
        assert(fx->n == 0);
        take_back_credit(&a);
        s->turn--;
        return result;
    }
    finish(&a, before);
    assert(saga_is_sound(s, plan));
    return SAGA_APPLIED;
}
