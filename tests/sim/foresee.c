/* foresee.c - see foresee.h. */
#include "tests/sim/foresee.h"

#include <assert.h>
#include <string.h>

#include "engine/view/ahead.h"
#include "tests/sim/engine.h"
#include "tests/sim/happen.h"
#include "tests/sim/oracle.h"
#include "tests/sim/participant.h"
#include "tests/sim/trace.h"

static struct sim_world other;
static struct saga before;

void foresee_note(struct sim_asked *asked, const struct saga_effects *fx)
{
    for (uint32_t i = 0; i < fx->n; i++) {
        const enum saga_effect_kind kind = fx->items[i].kind;

        if (kind == SAGA_FX_SEND || kind == SAGA_FX_START_CHILD ||
            kind == SAGA_FX_UNDO_CHILD || kind == SAGA_FX_CANCEL_CHILD) {
            assert(asked->n < SIM_ASKED);
            asked->items[asked->n++] = fx->items[i];
        }
    }
}

/* ---- foretelling ------------------------------------------------------------------ */

struct foretelling {
    struct sim_world *w;
    struct saga *s;
    struct sim_asked *asked;
    struct oracle oracle;
    struct saga_effects fx;
    struct ahead ahead;
};

static enum saga_result apply(struct foretelling *f, struct saga_event ev)
{
    const bool is_guess = f->w->bug == BUG_PREVIEW_GUESSES;
    struct saga_oracle asks = is_guess ? oracle_yes() : oracle_asks(&f->oracle);
    enum saga_result result;

    ev.now_ms = f->ahead.now_ms;
    ev.grace_ms = f->w->grace_ms - f->w->sagas[0].grace_base_ms;
    oracle_record(&f->oracle, f->w, &f->w->sagas[0]);
    result = saga_advance(f->s, world_plan(f->w, &f->w->sagas[0]), &ev, &asks, &f->fx);
    if (result == SAGA_APPLIED) {
        foresee_note(f->asked, &f->fx);
    }
    return result;
}

static bool happens(void *user, const struct saga_event *ev)
{
    return apply(user, *ev) == SAGA_APPLIED;
}

/* As preview.c sees it. */
static enum saga_status child_status(void *user, const struct saga_cell *c)
{
    struct foretelling *f = user;
    const struct sim_saga *child = engine_child(f->w, &f->w->sagas[0], c->step, c->item);
    const struct saga_cell *was = saga_cell_of(&before, c->step, c->item);
    enum saga_status status;

    if (child == NULL && c->call == CALL_COMPENSATION && c->item == SAGA_NO_ITEM) {
        return SAGA_STATUS_RESOLVED;
    }
    if (child == NULL || (c->call != CALL_COMPENSATION &&
                          (was == NULL || was->generation != c->generation))) {
        return SAGA_STATUS_RUNNING;
    }
    status = saga_status_of(engine_state(f->w, child));
    return status == SAGA_STATUS_STUCK && f->s->state != before.state
               ? SAGA_STATUS_RUNNING
               : status;
}

/* Moves *s on to where it rests. */
static enum saga_result foretell(struct sim_world *w, struct saga_event ev,
                                 struct saga *s, struct sim_asked *asked)
{
    static struct foretelling f;
    enum saga_result result;

    f.w = w;
    f.s = s;
    f.asked = asked;
    f.ahead = (struct ahead){.plan = world_plan(w, &w->sagas[0]),
                             .s = s,
                             .now_ms = world_wall(w),
                             .happens = happens,
                             .child = child_status,
                             .user = &f};
    asked->n = 0;
    result = apply(&f, ev);
    for (int i = 0; i < SIM_EVENTS_MAX && ahead_step(&f.ahead); i++) {
    }
    return result;
}

/* ---- and what happens ------------------------------------------------------------- */

static void copy_world(const struct sim_world *w)
{
    memcpy(&other, w, offsetof(struct sim_world, sagas));
    memcpy(other.sagas, w->sagas, w->n_sagas * sizeof(w->sagas[0]));
    other.n_sagas = w->n_sagas;
    other.n_inbox = 0;
    other.request = 0;
    other.n_pending = 0;
    other.n_backup = 0;
    other.n_events = 0;
    other.n_turns = 0;
    other.wrong = NULL;
    other.bug = w->bug == BUG_PREVIEW_GUESSES ? w->bug : BUG_NONE;
    other.is_calm = true;
    other.is_behaving = true;
    other.is_crowded = false;
}

static void send_again(struct sim_saga *s, const struct saga_cell *c)
{
    participant_send(
        &other, s,
        (struct sim_message){
            .turn = c->due_turn, .step = c->step, .item = c->item, .call = c->call});
}

/* What is in flight is answered well, in the order it was sent; callbacks come. */
static void tend(struct sim_saga *s)
{
    static struct saga now;

    if (s->n_bytes == 0) {
        return;
    }
    now = *engine_state(&other, s);
    s->armed_ms = 0;
    world_forget_queue(s);
    for (uint64_t turn = 1; turn <= now.turn; turn++) {
        for (uint16_t i = 0; i < now.n_cells; i++) {
            if (now.cells[i].due_turn == turn) {
                send_again(s, &now.cells[i]);
            }
        }
    }
    for (uint16_t i = 0; i < now.n_cells; i++) {
        const struct saga_cell *c = &now.cells[i];

        if (c->state == CELL_WAITING &&
            world_plan(&other, s)->nodes[c->step].kind == PLAN_CALL) {
            participant_call_back(&other, s, c->step, c->item);
        }
    }
    engine_tend(&other, s);
}

/* Does anything wait for a time that is not a person's? */
static bool has_time_to_pass(void)
{
    for (uint16_t k = 0; k < other.n_sagas; k++) {
        const struct sim_saga *s = &other.sagas[k];
        const struct saga *now = engine_state(&other, s);

        for (uint16_t i = 0; i < now->n_cells; i++) {
            const struct saga_cell *c = &now->cells[i];

            if (c->wake_ms != 0 &&
                world_plan(&other, s)->nodes[c->step].kind != PLAN_SIGNAL) {
                return true;
            }
        }
    }
    return false;
}

static bool is_over(void)
{
    for (uint32_t i = 0; i < other.n_pending; i++) {
        if (other.pending[i].at_ms <= other.now_ms) {
            return false;
        }
    }
    return !has_time_to_pass();
}

static enum saga_result play(struct saga_event ev)
{
    struct sim_pending p;
    enum saga_result result;

    tend(&other.sagas[0]);
    (void)engine_turn(&other, &other.sagas[0], ev);
    result = engine_result();
    for (uint16_t i = 1; i < other.n_sagas; i++) {
        tend(&other.sagas[i]); /* They hear of it first. */
    }
    engine_tend(&other, &other.sagas[0]); /* If it was late: nothing else does. */
    for (int i = 0; i < SIM_EVENTS_MAX && !is_over() && world_next(&other, &p); i++) {
        happen(&other, &p);
    }
    return result;
}

/* ---- the same? ----------------------------------------------------------------------
 */

static bool is_same(const struct saga_effect *a, const struct saga_effect *b)
{
    return a->kind == b->kind && a->step == b->step && a->item == b->item &&
           (a->kind != SAGA_FX_SEND || a->call == b->call);
}

/* Is one behind the other by the plan: in different places of one sequence? */
static bool are_ordered(const struct plan *plan, uint16_t a, uint16_t b)
{
    for (uint16_t n = a; plan->nodes[n].parent != PLAN_NONE; n = plan->nodes[n].parent) {
        const uint16_t parent = plan->nodes[n].parent;

        if (b >= parent && b < plan->nodes[parent].end) {
            return a != b && plan->nodes[parent].kind == PLAN_SEQUENCE;
        }
    }
    return false;
}

/* The next one in `of` from `from` on that is like it; `of->n`: none. */
static uint32_t find(const struct sim_asked *of, const struct saga_effect *like,
                     const bool *is_taken)
{
    uint32_t i = 0;

    while (i < of->n && (is_taken[i] || !is_same(&of->items[i], like))) {
        i++;
    }
    return i;
}

static bool are_same(const struct plan *plan, const struct sim_asked *told,
                     const struct sim_asked *seen)
{
    bool is_taken[SIM_ASKED] = {false};
    uint32_t at[SIM_ASKED];

    for (uint32_t i = 0; i < told->n; i++) {
        at[i] = find(seen, &told->items[i], is_taken);
        if (at[i] == seen->n) {
            return false;
        }
        is_taken[at[i]] = true;
        for (uint32_t k = 0; k < i; k++) {
            if (at[k] > at[i] &&
                are_ordered(plan, told->items[k].step, told->items[i].step)) {
                return false;
            }
        }
    }
    return told->n == seen->n;
}

/* ---- what a preview claims to know
 * ---------------------------------------------------- */

static bool has_kind(const struct plan *plan, enum plan_kind kind)
{
    for (uint16_t n = 0; n < plan->n_nodes; n++) {
        if (plan->nodes[n].kind == kind) {
            return true;
        }
    }
    return false;
}

/* What has been said of it already and will turn it back. */
static bool has_bad_news(const struct saga *s)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].called_back != OUTCOME_NONE &&
            s->cells[i].called_back != OUTCOME_SUCCEEDED) {
            return true;
        }
    }
    return false;
}

/* Children may take their time, and deadlines and people do not wait for them. */
static bool are_children_quick(const struct sim_world *w)
{
    for (int i = 0; i < SIM_PLANS; i++) {
        if (w->plans[i]->timeout_ms != 0 || has_kind(w->plans[i], PLAN_SIGNAL) ||
            (i > 0 && has_kind(w->plans[i], PLAN_TIMER))) {
            return false;
        }
    }
    return true;
}

/* How it goes on is not for its parent to see: it is held (and may end all the same, its
 * last call being in flight), may be past its pivot before it hears of a cancel, or will
 * end badly while its siblings go on. */
static bool is_odd(const struct sim_world *w, const struct sim_saga *s,
                   const struct saga *child)
{
    const uint32_t held = (uint32_t)SAGA_FLAG_PAUSED | (uint32_t)SAGA_FLAG_OVER_LIMIT |
                          (uint32_t)SAGA_FLAG_POISON;

    return (child->flags & held) != 0 || world_plan(w, s)->nodes[0].holds_pivot ||
           has_bad_news(child) || (child->state == SAGA_BACKWARD && before.n_cells > 1);
}

static bool are_children_plain(struct sim_world *w)
{
    for (uint16_t i = 1; i < w->n_sagas; i++) {
        const struct saga *now = engine_state(w, &w->sagas[i]);

        if (!saga_is_final(now) && is_odd(w, &w->sagas[i], now)) {
            return false;
        }
    }
    return true;
}

/* Pausing a parent pauses its children, in the daemon (engine/run/family.c). */
static bool is_pause(const struct sim_world *w, const struct saga_event *ev)
{
    return ev->kind == SAGA_EV_PAUSE && has_kind(w->plans[0], PLAN_CHILD);
}

/* Said to be applied by hand, without there ever having been a child; which of a
 * forEach's items that is, a preview does not see. */
static bool has_item_without_child(struct sim_world *w)
{
    for (uint16_t step = 0; step < w->plans[0]->n_nodes; step++) {
        const struct plan_node *node = &w->plans[0]->nodes[step];

        for (uint32_t item = 0;
             node->kind == PLAN_CHILD && node->each != PLAN_NONE && item < SIM_ITEMS;
             item++) {
            if (engine_child(w, &w->sagas[0], step, item) == NULL) {
                return true;
            }
        }
    }
    return false;
}

static bool can_be_foretold(struct sim_world *w)
{
    const uint64_t wake_ms = saga_wake_at(&before, w->plans[0]);

    if (w->n_inbox > 0 || (wake_ms != 0 && wake_ms <= world_wall(w))) {
        return false; /* Something else is about to happen. */
    }
    if (has_bad_news(&before) && before.n_cells > 1) {
        return false; /* It turns back; how far the others get first is nobody's to say.
                       */
    }
    if (!has_kind(w->plans[0], PLAN_CHILD)) {
        return true;
    }
    return are_children_quick(w) && are_children_plain(w) && !has_item_without_child(w) &&
           (before.flags & (uint32_t)SAGA_FLAG_PAUSED) == 0;
}

/* Something that a preview does not look into came in between. */
static bool was_unforeseeable(void)
{
    for (uint16_t i = 1; i < other.n_sagas; i++) {
        if (!saga_is_final(engine_state(&other, &other.sagas[i]))) {
            return true;
        }
    }
    return other.is_crowded;
}

static struct saga_event some_action(struct sim_world *w)
{
    struct saga_event ev = {
        .kind = (enum saga_event_kind)(SAGA_EV_RETRY +
                                       world_pick(w, SAGA_EV_RESUME - SAGA_EV_RETRY + 1)),
        .step = PLAN_NONE,
        .item = SAGA_NO_ITEM,
        .is_applied = world_pick(w, 2) == 0};

    if (before.n_cells > 0 && ev.kind <= SAGA_EV_RESOLVE && world_pick(w, 4) != 0) {
        const struct saga_cell *c = &before.cells[world_pick(w, before.n_cells)];

        ev.step = c->step;
        ev.item = c->item;
    }
    return ev;
}

static void compare(struct sim_world *w, struct saga_event ev, bool is_told)
{
    static struct sim_asked told, seen;
    static struct saga end;
    enum saga_result foretold, happened;

    end = before;
    copy_world(w);
    seen.n = 0;
    other.asked = &seen;
    foretold = foretell(&other, ev, &end, &told);
    if ((foretold != SAGA_APPLIED && foretold != SAGA_LATE) || is_pause(w, &ev)) {
        return;
    }
    happened = play(ev);
    if (was_unforeseeable()) {
        return;
    }
    mark(MARK_FORETOLD);
    if (foretold != happened ||
        saga_status_of(&end) != saga_status_of(engine_state(&other, &other.sagas[0])) ||
        !are_same(world_plan(w, &w->sagas[0]), &told, &seen)) {
        (void)trace_set(is_told);
        trace_action(w, &ev);
        trace_asked("told", &told, &end);
        trace_asked("seen", &seen, engine_state(&other, &other.sagas[0]));
        world_wrong(w, "a preview said otherwise than what happened (25)");
    }
}

void foresee_judge(struct sim_world *w)
{
    static uint64_t kept[MARKS];
    uint64_t n_foretold;
    bool was_on;

    if (w->sagas[0].n_bytes == 0) {
        return;
    }
    before = *engine_state(w, &w->sagas[0]);
    if (saga_is_final(&before) || !can_be_foretold(w)) {
        return;
    }
    memcpy(kept, marks, sizeof(kept));
    was_on = trace_set(false);
    compare(w, some_action(w), was_on);
    (void)trace_set(was_on);
    n_foretold = marks[MARK_FORETOLD];
    memcpy(marks, kept, sizeof(kept));
    marks[MARK_FORETOLD] = n_foretold;
}
