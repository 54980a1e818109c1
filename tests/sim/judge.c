/* judge.c - see judge.h. */
#include "tests/sim/judge.h"

#include <string.h>

#include "engine/core/saga_code.h"
#include "tests/sim/engine.h"
#include "tests/sim/judge_keys.h"
#include "tests/sim/judge_stuck.h"

/* ---- looking at the plan ---------------------------------------------------------- */

static uint32_t first_item(const struct plan_node *node)
{
    return node->each != PLAN_NONE ? 0 : SAGA_NO_ITEM;
}

/* After the last item; for a step without forEach, after its only one. */
static bool is_item(const struct sim_world *w, const struct sim_saga *s, uint16_t n,
                    uint32_t item)
{
    return world_plan(w, s)->nodes[n].each != PLAN_NONE ? item < world_items(w, s, n)
                                                        : item == SAGA_NO_ITEM;
}

static enum saga_status child_status(struct sim_world *w, const struct sim_saga *child)
{
    return saga_status_of(engine_state(w, child));
}

/* ---- forward: what stands before is done (7)
 * ------------------------------------------- */

static bool is_cell_done(struct sim_world *w, struct sim_saga *s, uint16_t n,
                         uint32_t item)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[n];
    const struct sim_cell *c = world_cell(s, n, item);
    const struct sim_saga *child;

    if (c->by_hand || node->is_optional) {
        return true;
    }
    if (node->kind == PLAN_CALL) {
        return c->action == LEDGER_OK && c->is_done;
    }
    child = engine_child(w, s, n, item);
    return child != NULL && child_status(w, child) == SAGA_STATUS_COMPLETED;
}

static bool is_done(struct sim_world *w, struct sim_saga *s, uint16_t n)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[n];

    if (node->has_when && !world_when(w, s, n)) {
        return true;
    }
    for (uint16_t c = node->first; c != PLAN_NONE; c = world_plan(w, s)->nodes[c].next) {
        if (!is_done(w, s, c)) {
            return false;
        }
    }
    if (node->kind != PLAN_CALL && node->kind != PLAN_CHILD) {
        return true;
    }
    if (world_cell(s, n, SAGA_NO_ITEM)->by_hand) {
        return true;
    }
    for (uint32_t item = first_item(node); is_item(w, s, n, item); item++) {
        if (!is_cell_done(w, s, n, item)) {
            return false;
        }
    }
    return true;
}

static void judge_before(struct sim_world *w, struct sim_saga *s, uint16_t n)
{
    const struct plan *plan = world_plan(w, s);

    for (; plan->nodes[n].parent != PLAN_NONE; n = plan->nodes[n].parent) {
        const struct plan_node *parent = &plan->nodes[plan->nodes[n].parent];

        if (parent->kind != PLAN_SEQUENCE) {
            continue;
        }
        for (uint16_t q = parent->first; q != n; q = plan->nodes[q].next) {
            if (!is_done(w, s, q)) {
                world_wrong(w, "an action before its predecessor was done (7)");
            }
        }
    }
}

static void judge_action(struct sim_world *w, struct sim_saga *s,
                         const struct saga_effect *fx)
{
    struct sim_cell *c = world_cell(s, fx->step, fx->item);

    if (s->back_decided) {
        world_wrong(w, "an action after the saga had turned back (18)");
    }
    if (c->undo_sent) {
        world_wrong(w, "an action after its compensation (3)");
    }
    if (world_wall(w) < c->not_before_ms) {
        world_wrong(w, "an attempt before its Retry-After (17)");
    }
    if (!s->is_restored) {
        judge_before(w, s, fx->step);
    }
    c->action_sent = true;
    c->is_out = true;
}

/* ---- backward: mirror order (8), and whether at all (9)
 * ------------------------------------ */

static bool is_cell_clean(struct sim_world *w, struct sim_saga *s, uint16_t n,
                          uint32_t item)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[n];
    const struct sim_cell *c = world_cell(s, n, item);
    const struct sim_saga *child;

    if (c->by_hand || node->undo == PLAN_UNDO_NONE) {
        return true;
    }
    if (node->undo == PLAN_UNDO_CALL) {
        return c->effects == 0;
    }
    child = engine_child(w, s, n, item);
    return child == NULL || child_status(w, child) == SAGA_STATUS_COMPENSATED ||
           child_status(w, child) == SAGA_STATUS_RESOLVED;
}

static bool is_clean(struct sim_world *w, struct sim_saga *s, uint16_t n)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[n];

    for (uint16_t c = node->first; c != PLAN_NONE; c = world_plan(w, s)->nodes[c].next) {
        if (!is_clean(w, s, c)) {
            return false;
        }
    }
    if (node->kind != PLAN_CALL && node->kind != PLAN_CHILD) {
        return true;
    }
    for (uint32_t item = first_item(node); is_item(w, s, n, item); item++) {
        if (!is_cell_clean(w, s, n, item)) {
            return false;
        }
    }
    return true;
}

static void judge_mirror(struct sim_world *w, struct sim_saga *s, uint16_t n)
{
    const struct plan *plan = world_plan(w, s);

    for (; plan->nodes[n].parent != PLAN_NONE; n = plan->nodes[n].parent) {
        if (plan->nodes[plan->nodes[n].parent].kind != PLAN_SEQUENCE) {
            continue;
        }
        for (uint16_t q = plan->nodes[n].next; q != PLAN_NONE; q = plan->nodes[q].next) {
            if (!is_clean(w, s, q)) {
                world_wrong(w, "compensated before what stands after it (8)");
            }
        }
    }
}

static bool is_pivot_applied(struct sim_world *w, struct sim_saga *s)
{
    const struct plan *plan = world_plan(w, s);

    for (uint16_t n = 0; n < plan->n_nodes; n++) {
        const struct sim_cell *c = world_cell(s, n, SAGA_NO_ITEM);

        if (plan->nodes[n].is_pivot && plan->nodes[n].kind == PLAN_CALL &&
            c->action == LEDGER_OK && c->is_done) {
            return true;
        }
    }
    return false;
}

static bool is_any_out(const struct sim_world *w, const struct sim_saga *s)
{
    for (uint16_t n = 0; n < world_plan(w, s)->n_nodes; n++) {
        for (uint32_t item = 0; item <= SIM_ITEMS; item++) {
            if (s->cells[n][item].is_out) {
                return true;
            }
        }
    }
    return false;
}

/* Later items whose compensation has not gone out; so many may stand in the queue. */
static uint32_t later_items_left(struct sim_saga *s, const struct saga_effect *fx)
{
    uint32_t n = 0;

    for (uint32_t later = fx->item + 1; later < SIM_ITEMS; later++) {
        const struct sim_cell *c = world_cell(s, fx->step, later);

        n += !c->undo_sent && !c->by_hand && c->effects > 0 ? 1 : 0;
    }
    return n;
}

static void judge_undo(struct sim_world *w, struct sim_saga *s,
                       const struct saga_effect *fx)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[fx->step];
    struct sim_cell *c = world_cell(s, fx->step, fx->item);

    if (is_any_out(w, s)) {
        world_wrong(w, "a compensation while an action is in flight (S23)");
    }
    if (!c->told_success && !c->told_doubt && !s->is_restored) {
        world_wrong(w, "compensated what never began or was refused (9)");
    }
    if (is_pivot_applied(w, s)) {
        world_wrong(w, "compensated after the pivot was applied (9)");
    }
    judge_mirror(w, s, fx->step);
    if (fx->item != SAGA_NO_ITEM && !c->undo_sent &&
        later_items_left(s, fx) >= node->each_concurrent) {
        world_wrong(w, "an item compensated before a later one (8)");
    }
    if (!c->undo_sent) {
        if (!c->told_success) {
            mark(node->is_optional ? MARK_OPTIONAL_DOUBT : MARK_DOUBT_UNDONE);
        }
        if (fx->item != SAGA_NO_ITEM) {
            mark(MARK_ITEMS_UNDONE);
        }
    }
    c->undo_sent = true;
}

/* ---- a commit
 * -------------------------------------------------------------------------------- */

static void hear_action(struct sim_world *w, struct sim_saga *s,
                        const struct saga_event *ev)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[ev->step];
    struct sim_cell *c = world_cell(s, ev->step, ev->item);
    bool is_success = ev->outcome == OUTCOME_SUCCEEDED;

    c->is_out = false;
    if (ev->outcome == OUTCOME_UNKNOWN) {
        c->told_doubt = true;
        if (node->is_pivot) {
            mark(MARK_PIVOT_DOUBT);
        }
    }
    if (is_success && c->told_doubt && !c->told_success) {
        mark(MARK_DOUBT_REPEATED);
    }
    c->told_success = c->told_success || is_success;
    if (ev->is_free) {
        mark(MARK_FREE);
    }
    if (ev->retry_at_ms > world_wall(w)) {
        mark(MARK_RETRY_AFTER);
        c->not_before_ms = ev->may_retry ? ev->retry_at_ms : 0;
    }
}

/* What the child did is this step's effect, as far as its own compensation goes. */
static void adopt_child(struct sim_cell *c)
{
    c->action = LEDGER_OK;
    c->is_done = true;
    c->is_undone = false;
    c->effects = 1;
}

static void hear_child(struct sim_world *w, struct sim_saga *s,
                       const struct saga_event *ev)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[ev->step];
    struct sim_cell *c = world_cell(s, ev->step, ev->item);

    if (ev->child_status == SAGA_STATUS_COMPLETED) {
        mark(MARK_CHILD_DONE);
        c->told_success = true;
        if (node->undo == PLAN_UNDO_CALL) {
            adopt_child(c);
        }
    } else if (ev->child_status == SAGA_STATUS_RESOLVED) {
        c->told_doubt = true;
    }
}

/* Whatever a person has said about a step, the judges do not ask more of it. */
static void by_hand(struct sim_world *w, struct sim_saga *s, uint16_t step, uint32_t item)
{
    const struct plan *plan = world_plan(w, s);

    if (plan->nodes[step].first == PLAN_NONE && item != SAGA_NO_ITEM) {
        world_cell(s, step, item)->by_hand = true;
        return;
    }
    for (uint16_t n = step; n < plan->nodes[step].end; n++) {
        for (uint32_t i = 0; i <= SIM_ITEMS; i++) {
            s->cells[n][i].by_hand = true;
        }
    }
}

static void hear_resolve(struct sim_world *w, struct sim_saga *s,
                         const struct saga_event *ev, bool is_back)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[ev->step];
    struct sim_cell *c = world_cell(s, ev->step, ev->item);

    if (node->kind != PLAN_CALL ||
        (node->each != PLAN_NONE && ev->item == SAGA_NO_ITEM)) {
        by_hand(w, s, ev->step, ev->item);
    }
    c->told_success = c->told_success || ev->is_applied;
    if (ev->is_applied && !is_back && node->kind == PLAN_CHILD &&
        node->undo == PLAN_UNDO_CALL) {
        adopt_child(c);
    }
}

static void hear_confirm(struct sim_saga *s, const struct saga_event *ev)
{
    if (ev->confirm == SAGA_CONFIRM_NOT_APPLIED &&
        world_cell(s, ev->step, ev->item)->n_refuted++ == 1) {
        mark(MARK_DOUBT_REFUTED);
    }
    if (ev->confirm == SAGA_CONFIRM_APPLIED) {
        mark(MARK_DOUBT_CONFIRMED);
        world_cell(s, ev->step, ev->item)->told_success = true;
    }
}

void judge_forget_times(struct sim_saga *s)
{
    for (uint16_t n = 0; n < SIM_NODES; n++) {
        for (uint32_t item = 0; item <= SIM_ITEMS; item++) {
            s->cells[n][item].not_before_ms = 0;
        }
    }
}

static void hear(struct sim_world *w, struct sim_saga *s, const struct saga_event *ev)
{
    bool is_answer = ev->kind == SAGA_EV_ANSWERED || ev->kind == SAGA_EV_LOST;

    if (is_answer && ev->call == CALL_ACTION) {
        hear_action(w, s, ev);
    } else if (is_answer && ev->call == CALL_CONFIRM) {
        hear_confirm(s, ev);
    } else if (ev->kind == SAGA_EV_RETURNED && ev->call == CALL_ACTION) {
        world_cell(s, ev->step, ev->item)->is_out = false;
    } else if (ev->kind == SAGA_EV_CHILD_ENDED) {
        hear_child(w, s, ev);
    } else if (ev->kind == SAGA_EV_SKIP) {
        by_hand(w, s, ev->step, ev->item);
    } else if (ev->kind == SAGA_EV_RESOLVE) {
        hear_resolve(w, s, ev, s->back_decided);
    }
    if (ev->kind == SAGA_EV_RETRY || ev->kind == SAGA_EV_RESOLVE) {
        judge_forget_times(s); /* Now, said a person. */
    }
}

static void judge_ending(struct sim_world *w, struct sim_saga *s, const struct saga *now,
                         const struct saga_event *ev)
{
    static const enum sim_mark endings[SAGA_STATUSES] = {
        [SAGA_STATUS_COMPLETED] = MARK_COMPLETED,
        [SAGA_STATUS_COMPENSATED] = MARK_COMPENSATED,
        [SAGA_STATUS_RESOLVED] = MARK_RESOLVED};

    if (ev->kind == SAGA_EV_PARENT_UNDO) {
        s->n_endings = 0; /* Only its parent may take an ended child back. */
    }
    if (saga_is_final(now)) {
        s->n_endings++;
        mark(endings[saga_status_of(now)]);
    }
    if (s->n_endings > 1 || (s->n_endings == 1 && !saga_is_final(now))) {
        world_wrong(w, "a turn after the end (15)");
    }
}

static void judge_width(struct sim_world *w, const struct sim_saga *s,
                        const struct saga *now)
{
    for (uint16_t n = 0; n < now->n_nodes; n++) {
        const struct plan_node *node = &world_plan(w, s)->nodes[n];
        uint32_t open = 0;

        for (uint16_t i = 0; i < now->n_cells && node->each != PLAN_NONE; i++) {
            open += now->cells[i].step == n ? 1 : 0;
        }
        if (open > node->each_concurrent && node->each != PLAN_NONE) {
            world_wrong(w, "more items open than may be (21)");
        }
    }
}

static void judge_effects(struct sim_world *w, struct sim_saga *s,
                          const struct saga_effects *fx)
{
    for (uint32_t i = 0; i < fx->n; i++) {
        const struct saga_effect *one = &fx->items[i];

        if (one->kind == SAGA_FX_SEND && one->call == CALL_ACTION) {
            judge_action(w, s, one);
        } else if ((one->kind == SAGA_FX_SEND && one->call == CALL_COMPENSATION) ||
                   one->kind == SAGA_FX_UNDO_CHILD) {
            judge_undo(w, s, one);
        } else if (one->kind == SAGA_FX_NOTIFY && one->status == SAGA_STATUS_STUCK) {
            mark(MARK_STUCK);
        } else if (one->kind == SAGA_FX_ALERT) {
            mark(MARK_DEADLINE_ALERT);
        }
    }
}

/* What the turn was, in marks. */
static void note(const struct saga *now, const struct saga_event *ev, bool is_back)
{
    bool is_noted = (now->flags & (uint32_t)SAGA_FLAG_BACK_WANTED) != 0;

    if (ev->kind == SAGA_EV_CANCEL) {
        mark(is_noted ? MARK_CANCEL_NOTED : MARK_CANCEL);
    } else if (ev->kind == SAGA_EV_DEADLINE && is_back) {
        mark(MARK_DEADLINE_BACK);
    } else if (ev->kind == SAGA_EV_GRANTED) {
        mark(MARK_QUEUED);
    } else if (ev->kind == SAGA_EV_SIGNALLED && now->n_signals > 0 &&
               now->signals[now->n_signals - 1].turn == now->turn) {
        mark(MARK_SIGNAL_KEPT);
    } else if (ev->kind == SAGA_EV_YOUR_TURN) {
        mark(MARK_LINED_UP);
    }
    if (is_back && (now->flags & (uint32_t)SAGA_FLAG_UNDOING) == 0 && now->n_cells > 0) {
        mark(MARK_IN_FLIGHT);
    }
}

void judge_commit(struct sim_world *w, struct sim_saga *s, const struct saga *now,
                  const struct saga_event *ev, const struct saga_effects *fx)
{
    bool is_back = now->state == SAGA_BACKWARD || now->state == SAGA_COMPENSATED;

    hear(w, s, ev);
    judge_effects(w, s, fx);
    judge_ending(w, s, now, ev);
    judge_width(w, s, now);
    judge_stuck(w, now, ev);
    note(now, ev, is_back && !s->back_decided);
    s->back_decided = s->back_decided || is_back;
    if ((now->flags & (uint32_t)SAGA_FLAG_PAST_PIVOT) != 0 && saga_is_final(now)) {
        mark(MARK_PIVOT_PASSED);
    }
}

void judge_wire(struct sim_world *w, struct sim_saga *s, const struct sim_message *m)
{
    struct saga_brief brief;

    struct sim_cell *c = world_cell(s, m->step, m->item);

    if (m->bytes == 0 || (c->seen_as[m->call] != 0 && c->seen_as[m->call] != m->bytes)) {
        world_wrong(w, "other bytes under the same key (12)");
    }
    c->seen_as[m->call] = m->bytes;
    if (s->n_bytes == 0 || !saga_decode_brief(&brief, s->bytes, s->n_bytes) ||
        brief.turn < m->turn) {
        world_wrong(w, "a request without a commit before it (11)");
    }
}

/* ---- when all is quiet
 * ------------------------------------------------------------------------------- */

static bool is_required(const struct sim_world *w, const struct sim_saga *s, uint16_t n)
{
    const struct plan *plan = world_plan(w, s);

    for (uint16_t p = n; p != PLAN_NONE; p = plan->nodes[p].parent) {
        if (plan->nodes[p].has_when && !world_when(w, s, p)) {
            return false;
        }
    }
    return !plan->nodes[n].is_optional && !s->cells[n][SIM_ITEMS].by_hand;
}

static void judge_cell(struct sim_world *w, struct sim_saga *s, uint16_t n, uint32_t item,
                       enum saga_status status)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[n];
    const struct sim_cell *c = world_cell(s, n, item);

    if (c->effects < 0 || c->effects > 1) {
        world_wrong(w, "more than one effect of one key (4)");
    }
    if (status == SAGA_STATUS_COMPENSATED && !is_cell_clean(w, s, n, item)) {
        world_wrong(w, "compensated, but an effect is left (1, 10)");
    }
    if (status == SAGA_STATUS_COMPENSATED && node->undo == PLAN_UNDO_CALL &&
        c->effects != 0) {
        world_wrong(w, "compensated, but an effect is left (1, 10)");
    }
    if (status == SAGA_STATUS_COMPLETED && !s->is_restored && is_required(w, s, n) &&
        !is_cell_done(w, s, n, item)) {
        world_wrong(w, "completed, but a step was not done (2)");
    }
}

void judge_end(struct sim_world *w)
{
    judge_keys(w);
    for (uint16_t i = 0; i < w->n_sagas; i++) {
        struct sim_saga *s = &w->sagas[i];
        enum saga_status status = child_status(w, s);
        const struct plan *plan = world_plan(w, s);

        if (!saga_is_final(engine_state(w, s))) {
            world_wrong(w, "it never ended (5)");
            return;
        }
        for (uint16_t n = 1; n < plan->n_nodes; n++) {
            bool is_cell =
                plan->nodes[n].kind == PLAN_CALL || plan->nodes[n].kind == PLAN_CHILD;

            for (uint32_t item = first_item(&plan->nodes[n]);
                 is_cell && is_item(w, s, n, item); item++) {
                judge_cell(w, s, n, item, status);
            }
        }
    }
}
