/* participant.c - see participant.h. */
#include "tests/sim/participant.h"

#include <assert.h>

#include "tests/sim/trace.h"

static const struct plan_node *node_of(struct sim_world *w, const struct sim_saga *s,
                                       const struct sim_message *m)
{
    return &world_plan(w, s)->nodes[m->step];
}

static uint32_t timeout_of(const struct plan_node *node, enum call_kind call)
{
    switch (call) {
    case CALL_ACTION:
        return node->action.timeout_ms;
    case CALL_CONFIRM:
        return node->confirm.timeout_ms;
    case CALL_COMPENSATION:
        return node->compensation.timeout_ms;
    }
    assert(false);
    return 0;
}

static struct saga_event answer(const struct sim_message *m, enum outcome outcome,
                                bool may_retry)
{
    return (struct saga_event){.kind = SAGA_EV_ANSWERED,
                               .step = m->step,
                               .item = m->item,
                               .call = m->call,
                               .turn = m->turn,
                               .outcome = outcome,
                               .may_retry = may_retry};
}

static void reply_in(struct sim_world *w, const struct sim_saga *s, uint64_t in_ms,
                     struct saga_event ev)
{
    world_later(
        w, in_ms,
        (struct sim_pending){.thing = THING_ANSWER, .saga = world_index(w, s), .ev = ev});
}

/* ---- the network ------------------------------------------------------------------ */

static void deliver_in(struct sim_world *w, struct sim_saga *s, uint64_t in_ms,
                       struct sim_message m)
{
    world_cell(s, m.step, m.item)->on_the_way++;
    world_later(
        w, in_ms,
        (struct sim_pending){.thing = THING_ARRIVES, .saga = world_index(w, s), .m = m});
}

static uint64_t delay_of(struct sim_world *w, const struct plan_node *node,
                         const struct sim_message *m)
{
    uint32_t timeout_ms = timeout_of(node, m->call);

    if (!world_percent(w, 25)) {
        return world_pick(w, 30);
    }
    if (node->confirm.is_present) {
        return world_pick(w, timeout_ms); /* S17 leans on that. */
    }
    return world_percent(w, 10) ? world_pick(w, 20000) : world_pick(w, 2 * timeout_ms);
}

/* As foretold: it is done, and says so. */
static void behave(struct sim_world *w, struct sim_saga *s, const struct sim_message *m)
{
    struct saga_event ev = answer(m, OUTCOME_SUCCEEDED, false);

    if (m->call == CALL_CONFIRM) {
        ev.confirm = SAGA_CONFIRM_APPLIED;
    }
    reply_in(w, s, 0, ev);
    if (m->call == CALL_ACTION && node_of(w, s, m)->action.callback_ms != 0) {
        participant_call_back(w, s, m->step, m->item);
    }
}

void participant_call_back(struct sim_world *w, struct sim_saga *s, uint16_t step,
                           uint32_t item)
{
    world_later(w, 0,
                (struct sim_pending){.thing = THING_CALLBACK,
                                     .saga = world_index(w, s),
                                     .ev = {.kind = SAGA_EV_CALLED_BACK,
                                            .step = step,
                                            .item = item,
                                            .outcome = OUTCOME_SUCCEEDED}});
}

void participant_send(struct sim_world *w, struct sim_saga *s, struct sim_message m)
{
    const struct plan_node *node = node_of(w, s, &m);
    struct saga_event ev;

    if (w->is_behaving) {
        behave(w, s, &m);
        return;
    }
    if (world_percent(w, 5)) { /* Refused, no such name: nothing left the house. */
        ev = answer(&m, OUTCOME_UNSENT, true);
        ev.is_free = true;
        reply_in(w, s, world_pick(w, 20), ev);
        return;
    }
    ev = answer(&m, w->bug == BUG_TRUST_TIMEOUT ? OUTCOME_REJECTED : OUTCOME_UNKNOWN,
                true);
    reply_in(w, s, timeout_of(node, m.call), ev);
    if (!world_percent(w, w->percent_lost)) {
        deliver_in(w, s, delay_of(w, node, &m), m);
    }
}

/* ---- the services --------------------------------------------------------------------
 */

static void call_back(struct sim_world *w, struct sim_saga *s,
                      const struct sim_message *m)
{
    const struct sim_cell *c = world_cell(s, m->step, m->item);
    struct saga_event ev = {.kind = SAGA_EV_CALLED_BACK,
                            .step = m->step,
                            .item = m->item,
                            .outcome = c->is_done ? OUTCOME_SUCCEEDED : OUTCOME_REJECTED};

    if (world_percent(w, 10)) {
        return; /* Forgotten. */
    }
    if (world_percent(w, 2)) {
        ev.outcome = OUTCOME_UNKNOWN;
    }
    world_later(w, world_pick(w, w->is_calm ? 10 : 250),
                (struct sim_pending){
                    .thing = THING_CALLBACK, .saga = world_index(w, s), .ev = ev});
}

static struct saga_event accept(struct sim_world *w, struct sim_saga *s,
                                const struct sim_message *m)
{
    struct sim_cell *c = world_cell(s, m->step, m->item);
    bool has_callback = node_of(w, s, m)->action.callback_ms != 0;

    if (c->action != LEDGER_OK) {
        c->action = LEDGER_OK;
        c->is_done = !has_callback || !world_percent(w, 15);
        c->effects += c->is_done ? 1 : 0;
    }
    if (has_callback) {
        call_back(w, s, m);
    }
    return answer(m, OUTCOME_SUCCEEDED, false);
}

static struct saga_event refuse(struct sim_cell *c, const struct sim_message *m)
{
    c->action = LEDGER_REFUSED;
    return answer(m, OUTCOME_REJECTED, false);
}

/* 429: not applied, free, and sometimes with a Retry-After. */
static struct saga_event busy(struct sim_world *w, const struct sim_message *m)
{
    struct saga_event ev = answer(m, OUTCOME_REJECTED, true);

    ev.is_free = true;
    if (world_percent(w, 50)) {
        ev.retry_at_ms = world_wall(w) + world_pick(w, 1000);
    }
    return ev;
}

static struct saga_event first_action(struct sim_world *w, struct sim_saga *s,
                                      const struct sim_message *m)
{
    uint64_t dice = w->is_calm ? 99 : world_pick(w, 100);
    struct saga_event ev;

    if (dice < 5) {
        return busy(w, m);
    }
    if (dice < 8) {
        return answer(m, OUTCOME_REJECTED, true); /* 401 */
    }
    if (dice < 18) { /* 5xx, with or without the effect. */
        if (dice < 13) {
            (void)accept(w, s, m);
        }
        return answer(m, OUTCOME_UNKNOWN, true);
    }
    if (dice < 26) {
        return refuse(world_cell(s, m->step, m->item), m);
    }
    if (dice < 28) { /* An answer nobody can judge. */
        (void)accept(w, s, m);
        ev = answer(m, OUTCOME_UNKNOWN, false);
        ev.is_stop = true;
        return ev;
    }
    return accept(w, s, m);
}

static struct saga_event on_action(struct sim_world *w, struct sim_saga *s,
                                   const struct sim_message *m)
{
    struct sim_cell *c = world_cell(s, m->step, m->item);

    if (m->variant != c->variant) { /* Another key: nobody remembers it. */
        c->variant = m->variant;
        c->action = LEDGER_NOTHING;
    }
    if (c->action == LEDGER_OK) {
        return accept(w, s, m);
    }
    if (c->action == LEDGER_REFUSED) {
        return refuse(c, m);
    }
    if (c->is_undone && w->bug != BUG_NO_TOMBSTONE) {
        mark(MARK_TOMBSTONE);
        return refuse(c, m);
    }
    return first_action(w, s, m);
}

static struct saga_event on_compensation(struct sim_world *w, struct sim_saga *s,
                                         const struct sim_message *m)
{
    struct sim_cell *c = world_cell(s, m->step, m->item);
    uint64_t dice = w->is_calm ? 99 : world_pick(w, 100);

    if (dice < 6) {
        return answer(m, OUTCOME_UNKNOWN, true);
    }
    if (dice < 9) {
        return busy(w, m);
    }
    if (dice < 12) {
        return answer(m, OUTCOME_REJECTED, false); /* A mistyped URL, until mended. */
    }
    if (!c->is_undone) {
        c->is_undone = true;
        c->effects -= c->effects > 0 ? 1 : 0;
    }
    return answer(m, dice < 16 ? OUTCOME_UNKNOWN : OUTCOME_SUCCEEDED, dice < 16);
}

static struct saga_event on_confirm(struct sim_world *w, struct sim_saga *s,
                                    const struct sim_message *m)
{
    const struct sim_cell *c = world_cell(s, m->step, m->item);
    struct saga_event ev = answer(m, OUTCOME_REJECTED, true);

    if (world_percent(w, 15)) {
        ev.is_stop = world_percent(w, 10);
        return ev;
    }
    ev.confirm = c->action == LEDGER_OK && c->is_done ? SAGA_CONFIRM_APPLIED
                                                      : SAGA_CONFIRM_NOT_APPLIED;
    if (ev.confirm == SAGA_CONFIRM_APPLIED) {
        ev.outcome = OUTCOME_SUCCEEDED;
    }
    return ev;
}

/* Not after an answer that promises that nothing happened: a proxy or curl itself doubles
 * what it could not read the answer of. */
static bool may_double(const struct saga_event *ev)
{
    return ev->outcome != OUTCOME_REJECTED;
}

static const char *outcome_word(const struct saga_event *ev)
{
    static const char *const words[OUTCOMES] = {
#define X(name, text) "arrived: " text,
        OUTCOME_MAP(X)
#undef X
    };

    return words[ev->outcome];
}

void participant_arrive(struct sim_world *w, const struct sim_pending *p)
{
    struct sim_saga *s = &w->sagas[p->saga];
    const struct sim_message *m = &p->m;
    struct saga_event ev;

    world_cell(s, m->step, m->item)->on_the_way--;
    switch (m->call) {
    case CALL_ACTION:
        ev = on_action(w, s, m);
        break;
    case CALL_CONFIRM:
        ev = on_confirm(w, s, m);
        break;
    case CALL_COMPENSATION:
        ev = on_compensation(w, s, m);
        break;
    }
    if (may_double(&ev) && world_percent(w, 5)) {
        deliver_in(w, s, world_pick(w, timeout_of(node_of(w, s, m), m->call)), *m);
    }
    trace_request(w, s, m, outcome_word(&ev));
    if (p->life == w->life && !world_percent(w, w->percent_lost)) {
        reply_in(w, s, world_pick(w, 30), ev);
    }
}
