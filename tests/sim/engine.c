/* engine.c - see engine.h. */
#include "tests/sim/engine.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "engine/core/saga_code.h"
#include "tests/sim/foresee.h"
#include "tests/sim/judge.h"
#include "tests/sim/judge_actions.h"
#include "tests/sim/judge_stuck.h"
#include "tests/sim/oracle.h"
#include "tests/sim/participant.h"
#include "tests/sim/plans.h"
#include "tests/sim/planted.h"
#include "tests/sim/trace.h"

static struct saga state, again, view;
static struct saga_effects effects, effects_again;
static struct oracle oracle;
static enum saga_result last_result;

enum saga_result engine_result(void)
{
    return last_result;
}

static void load(struct sim_world *w, const struct sim_saga *s, struct saga *into)
{
    if (s->n_bytes == 0) {
        saga_init(into, world_plan(w, s));
        return;
    }
    if (!saga_decode(into, world_plan(w, s), s->bytes, s->n_bytes)) {
        world_wrong(w, "a committed state does not decode");
        saga_init(into, world_plan(w, s));
    }
}

const struct saga *engine_state(struct sim_world *w, const struct sim_saga *s)
{
    load(w, s, &view);
    return &view;
}

bool engine_has_done(const struct sim_world *w, uint32_t request)
{
    for (uint32_t i = 0; i < SIM_AUDIT; i++) {
        if (w->audit[i] == request) {
            return true;
        }
    }
    return false;
}

enum engine_end engine_operate(struct sim_world *w, struct sim_saga *s,
                               struct saga_event ev, uint32_t request)
{
    enum engine_end end;

    if (w->bug != BUG_REPEATED && engine_has_done(w, request)) {
        return ENGINE_NOTHING; /* The answer is the one it got. */
    }
    w->request = request;
    end = engine_turn(w, s, ev);
    w->request = 0;
    return end;
}

struct sim_saga *engine_child(struct sim_world *w, const struct sim_saga *parent,
                              uint16_t step, uint32_t item)
{
    for (uint16_t i = w->n_sagas; i > 0; i--) {
        struct sim_saga *c = &w->sagas[i - 1];

        if (c->is_child && c->parent == world_index(w, parent) && c->step == step &&
            c->item == item) {
            return c;
        }
    }
    return NULL;
}

/* ---- rows ------------------------------------------------------------------------ */

void engine_row(struct sim_world *w, uint64_t in_ms, struct sim_saga *s,
                struct saga_event ev)
{
    assert(w->n_inbox < SIM_INBOX);
    w->inbox[w->n_inbox++] = (struct sim_row){world_index(w, s), ev};
    world_later(w, in_ms, (struct sim_pending){.thing = THING_INBOX});
}

static void drop_oldest_row(struct sim_world *w)
{
    w->n_inbox--;
    memmove(&w->inbox[0], &w->inbox[1], w->n_inbox * sizeof(w->inbox[0]));
}

static void tell_parent(struct sim_world *w, const struct sim_saga *child,
                        enum saga_status status)
{
    engine_row(w, world_pick(w, 20), &w->sagas[child->parent],
               (struct saga_event){.kind = SAGA_EV_CHILD_ENDED,
                                   .step = child->step,
                                   .item = child->item,
                                   .generation = child->generation,
                                   .child_status = status});
}

/* A child that is not completed cannot be taken back: its parent hears how it stands. */
static void answer_undo(struct sim_world *w, const struct sim_saga *child)
{
    enum saga_status status = saga_status_of(engine_state(w, child));

    if (status == SAGA_STATUS_COMPENSATED || status == SAGA_STATUS_RESOLVED) {
        tell_parent(w, child, status);
    }
}

void engine_take_row(struct sim_world *w)
{
    struct sim_row row;
    enum engine_end end;

    if (w->n_inbox == 0) {
        return;
    }
    row = w->inbox[0];
    end = engine_turn(w, &w->sagas[row.saga], row.ev);
    if (end == ENGINE_DIED) {
        return;
    }
    drop_oldest_row(w);
    if (end == ENGINE_NOTHING && row.ev.kind == SAGA_EV_PARENT_UNDO) {
        answer_undo(w, &w->sagas[row.saga]);
    }
}

/* There is no child: its end is told all the same. */
static void end_child(struct sim_world *w, struct sim_saga *s,
                      const struct saga_effect *fx, enum saga_status status)
{
    engine_row(w, 1, s,
               (struct saga_event){.kind = SAGA_EV_CHILD_ENDED,
                                   .step = fx->step,
                                   .item = fx->item,
                                   .generation = fx->generation,
                                   .child_status = status});
}

static void start_child(struct sim_world *w, struct sim_saga *s,
                        const struct saga_effect *fx)
{
    struct sim_saga *c = world_add_saga(w, plans_of_child(world_plan(w, s), fx->step));

    if (c == NULL) { /* As if another saga held its unique key. */
        w->is_crowded = true;
        end_child(w, s, fx, SAGA_STATUS_COMPENSATED);
        return;
    }
    if (fx->generation > 1) {
        mark(MARK_CHILD_AGAIN);
    }
    c->is_child = true;
    c->parent = world_index(w, s);
    c->step = fx->step;
    c->item = fx->item;
    c->generation = fx->generation;
    engine_row(w, world_pick(w, 10), c,
               (struct saga_event){.kind = SAGA_EV_START,
                                   .seed = w->seed ^ c->seed_salt,
                                   .is_child = true});
}

/* Of each call's first attempt (S3). */
static void keep_hashes(struct sim_saga *s)
{
    for (uint32_t i = 0; i < effects.n; i++) {
        const struct saga_effect *fx = &effects.items[i];

        if (fx->kind == SAGA_FX_SEND) {
            uint64_t *first = &world_cell(s, fx->step, fx->item)->sent_as[fx->call];

            *first = *first != 0 ? *first : oracle_bytes(&oracle, fx);
        }
    }
}

/* In the same transaction as what the operator did (S60). */
static void write_audit(struct sim_world *w)
{
    if (w->request == 0) {
        return;
    }
    if (engine_has_done(w, w->request)) {
        world_wrong(w, "an operator's action was applied twice (22)");
    }
    w->audit[w->n_audit++ % SIM_AUDIT] = w->request;
}

/* Rows of the same transaction. */
static void write_rows(struct sim_world *w, struct sim_saga *s)
{
    for (uint32_t i = 0; i < effects.n; i++) {
        const struct saga_effect *fx = &effects.items[i];
        struct sim_saga *child = NULL;

        if (fx->kind == SAGA_FX_CANCEL_CHILD || fx->kind == SAGA_FX_UNDO_CHILD) {
            child = engine_child(w, s, fx->step, fx->item);
        }
        if (fx->kind == SAGA_FX_START_CHILD) {
            start_child(w, s, fx);
        } else if (fx->kind == SAGA_FX_TELL_PARENT) {
            tell_parent(w, s, fx->status);
        } else if (child == NULL && fx->kind == SAGA_FX_UNDO_CHILD) {
            end_child(w, s, fx,
                      SAGA_STATUS_RESOLVED); /* It was only said to be applied. */
        } else if (child != NULL) {
            bool is_undo = fx->kind == SAGA_FX_UNDO_CHILD;

            mark(is_undo ? MARK_CHILD_UNDONE : MARK_CHILD_CANCELLED);
            engine_row(w, world_pick(w, 20), child,
                       (struct saga_event){.kind = is_undo ? SAGA_EV_PARENT_UNDO
                                                           : SAGA_EV_CANCEL});
        }
    }
}

/* ---- after a commit ------------------------------------------------------------------
 */

static void send_one(struct sim_world *w, struct sim_saga *s,
                     const struct saga_effect *fx)
{
    struct sim_message m = {.bytes = oracle_bytes(&oracle, fx),
                            .turn = state.turn,
                            .step = fx->step,
                            .item = fx->item,
                            .call = fx->call};

    if (planted_swallows(w, s, fx, m.turn)) {
        return;
    }
    m.variant = w->bug == BUG_OTHER_KEY && fx->call == CALL_ACTION ? fx->attempt : 0;
    if (w->bug == BUG_EFFECTS_FIRST) {
        judge_wire(w, s, &m);
        participant_send(w, s, m);
        return;
    }
    world_later(
        w, world_pick(w, 4),
        (struct sim_pending){.thing = THING_HANDED, .saga = world_index(w, s), .m = m});
}

static void send_all(struct sim_world *w, struct sim_saga *s)
{
    for (uint32_t i = 0; i < effects.n; i++) {
        if (effects.items[i].kind == SAGA_FX_SEND) {
            send_one(w, s, &effects.items[i]);
        }
    }
}

/* Queued calls stand in the queue of their service; held ones are asked for by the core.
 */
static void queue_up(struct sim_world *w, struct sim_saga *s, const struct saga *now)
{
    for (uint16_t i = 0; i < now->n_cells; i++) {
        const struct saga_cell *c = &now->cells[i];
        struct sim_cell *cell;

        if (c->state != CELL_QUEUED) {
            continue;
        }
        cell = world_cell(s, c->step, c->item);
        if (!cell->is_asked) {
            cell->is_asked = true;
            world_later(w, world_pick(w, 200),
                        (struct sim_pending){.thing = THING_GRANT,
                                             .saga = world_index(w, s),
                                             .ev = {.kind = SAGA_EV_GRANTED,
                                                    .step = c->step,
                                                    .item = c->item,
                                                    .call = c->call}});
        }
    }
}

void engine_grant(struct sim_world *w, struct sim_saga *s, struct saga_event ev)
{
    const struct saga_cell *c;
    bool is_held;

    world_cell(s, ev.step, ev.item)->is_asked = false;
    if (engine_turn(w, s, ev) != ENGINE_NOTHING) {
        return;
    }
    c = saga_cell_of(engine_state(w, s), ev.step, ev.item);
    is_held = c != NULL && c->state == CELL_QUEUED && c->call == ev.call;
    /* Else it is queued for another call by now. Where all takes no time, who is held
     * would be asked for ever: the turn that lets it go asks again. */
    if (!is_held || !w->is_behaving) {
        queue_up(w, s, engine_state(w, s));
    }
}

static void arm(struct sim_world *w, struct sim_saga *s, const struct saga *now)
{
    uint64_t at_ms = saga_wake_at(now, world_plan(w, s));

    if (at_ms != 0 && (s->armed_ms == 0 || at_ms < s->armed_ms)) {
        s->armed_ms = at_ms;
        world_later(w, at_ms > world_wall(w) ? at_ms - world_wall(w) : 0,
                    (struct sim_pending){.thing = THING_WAKE, .saga = world_index(w, s)});
    }
    if (!s->is_visited && !w->is_behaving && !saga_is_final(now) &&
        (saga_is_stuck(now) || (now->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0)) {
        s->is_visited = true;
        world_later(
            w, world_pick(w, 1500),
            (struct sim_pending){.thing = THING_OPERATOR, .saga = world_index(w, s)});
    }
}

void engine_tend(struct sim_world *w, struct sim_saga *s)
{
    queue_up(w, s, engine_state(w, s));
    arm(w, s, engine_state(w, s));
}

/* ---- a turn
 * ----------------------------------------------------------------------------- */

static bool crashes(struct sim_world *w, enum sim_mark where)
{
    if (!world_percent(w, w->percent_crash)) {
        return false;
    }
    mark(where);
    w->is_dead = true;
    return true;
}

/* fold(journal) = state: the bytes before, the event's bytes and the answers (14). */
static void replay(struct sim_world *w, const struct sim_saga *s,
                   const struct saga_event *ev, const uint8_t *want, size_t n_want)
{
    struct saga_oracle asks = oracle_asks(&oracle);
    uint8_t row[SAGA_EVENT_BYTES_MAX], bytes[SIM_STATE_BYTES];
    struct saga_event same;
    size_t n = saga_event_encode(ev, row, sizeof(row));

    if (!saga_event_decode(&same, row, n)) {
        world_wrong(w, "an event does not decode (14)");
        return;
    }
    load(w, s, &again);
    planted_before(w, s, &again, &same);
    oracle_replay(&oracle);
    if (saga_advance(&again, planted_plan(w, s, &again), &same, &asks, &effects_again) !=
            SAGA_APPLIED ||
        oracle.at != oracle.n) {
        world_wrong(w, "the journal does not fold (14)");
        return;
    }
    n = saga_encode(&again, bytes, sizeof(bytes));
    if (n != n_want || memcmp(bytes, want, n) != 0) {
        world_wrong(w, "the journal folds to another state (14)");
    }
}

static void commit(struct sim_world *w, struct sim_saga *s, const struct saga_event *ev,
                   const uint8_t *bytes, size_t n)
{
    memcpy(s->bytes, bytes, n);
    s->n_bytes = n;
    w->n_turns++;
    w->hash = hash_mix(w->hash, hash_bytes(bytes, n));
    trace_turn(w, s, ev, &state);
    write_rows(w, s);
    keep_hashes(s);
    write_audit(w);
    if (w->asked != NULL && s == &w->sagas[0]) {
        foresee_note(w->asked, &effects);
    }
    judge_commit(w, s, &state, ev, &effects);
    if (s == &w->sagas[0] && !saga_is_final(&state) && world_percent(w, 3)) {
        memcpy(w->backup, bytes, n);
        w->n_backup = n;
    }
}

enum engine_end engine_turn(struct sim_world *w, struct sim_saga *s, struct saga_event ev)
{
    uint8_t bytes[SIM_STATE_BYTES];
    struct saga_oracle asks = oracle_asks(&oracle);
    size_t n;

    ev.now_ms = world_wall(w);
    ev.grace_ms = w->grace_ms - s->grace_base_ms;
    load(w, s, &state);
    judge_stuck_before(&state);
    planted_before(w, s, &state, &ev);
    oracle_record(&oracle, w, s);
    last_result = saga_advance(&state, planted_plan(w, s, &state), &ev, &asks, &effects);
    if (last_result != SAGA_APPLIED) {
        return ENGINE_NOTHING;
    }
    n = saga_encode(&state, bytes, sizeof(bytes));
    assert(n > 0);
    replay(w, s, &ev, bytes, n);
    if (w->bug == BUG_EFFECTS_FIRST) {
        send_all(w, s);
    }
    if (crashes(w, MARK_CRASH_BEFORE)) {
        return ENGINE_DIED;
    }
    commit(w, s, &ev, bytes, n);
    if (crashes(w, MARK_CRASH_AFTER)) {
        return ENGINE_COMMITTED;
    }
    if (w->bug != BUG_EFFECTS_FIRST) {
        send_all(w, s);
    }
    planted_after(w, s, &state);
    queue_up(w, s, &state);
    arm(w, s, &state);
    if (world_percent(w, 2)) {
        judge_actions(w, s);
    }
    return ENGINE_COMMITTED;
}

/* ---- stopping and starting
 * ------------------------------------------------------------------ */

static struct saga_event about(const struct saga_cell *c, enum saga_event_kind kind)
{
    return (struct saga_event){.kind = kind,
                               .step = c->step,
                               .item = c->item,
                               .call = c->call,
                               .turn = c->due_turn};
}

/* Each due attempt is unknown; it costs nothing (S9). */
static void lose(struct sim_world *w, struct sim_saga *s, const struct saga_cell *c)
{
    struct saga_event ev = about(c, SAGA_EV_LOST);

    mark(MARK_LOST);
    ev.outcome = OUTCOME_UNKNOWN;
    ev.may_retry = true;
    ev.is_free = true;
    if (w->bug == BUG_LOST_UNSENT) {
        ev.kind = SAGA_EV_ANSWERED;
        ev.outcome = OUTCOME_UNSENT;
    }
    (void)engine_turn(w, s, ev);
}

/* Due since before the start: what recovery itself made due has just been sent. */
static const struct saga_cell *first_due(const struct saga *now, uint64_t before)
{
    for (uint16_t i = 0; i < now->n_cells; i++) {
        if (now->cells[i].state == CELL_DUE && now->cells[i].due_turn <= before) {
            return &now->cells[i];
        }
    }
    return NULL;
}

static void recover_saga(struct sim_world *w, struct sim_saga *s)
{
    uint64_t from = engine_state(w, s)->turn;

    while (!w->is_dead) {
        const struct saga_cell *c = first_due(engine_state(w, s), from);

        if (c == NULL) {
            break;
        }
        lose(w, s, c);
    }
    if (!w->is_dead) {
        engine_tend(w, s);
    }
}

void engine_recover(struct sim_world *w)
{
    uint64_t down_ms = world_pick(w, 10) == 0 ? world_pick(w, 5000) : world_pick(w, 100);

    w->is_dead = false;
    w->life++;
    w->now_ms += down_ms;
    w->grace_ms += down_ms;
    world_forget_engine(w);
    for (uint16_t i = 0; i < w->n_sagas; i++) {
        world_forget_queue(&w->sagas[i]);
    }
    for (uint32_t i = 0; i < w->n_inbox; i++) {
        world_later(w, world_pick(w, 20), (struct sim_pending){.thing = THING_INBOX});
    }
    for (uint16_t i = 0; i < w->n_sagas && !w->is_dead; i++) {
        if (w->sagas[i].n_bytes > 0) {
            recover_saga(w, &w->sagas[i]);
        }
    }
    if (w->is_dead) {
        mark(MARK_CRASH_RECOVERY);
    }
}

void engine_stop_cleanly(struct sim_world *w)
{
    for (uint32_t i = w->n_pending; i > 0 && !w->is_dead; i--) {
        struct sim_pending p = w->pending[i - 1];

        if (p.thing != THING_HANDED || i > w->n_pending) {
            continue;
        }
        w->pending[i - 1] = w->pending[--w->n_pending];
        mark(MARK_CLEAN_STOP);
        (void)engine_turn(w, &w->sagas[p.saga],
                          (struct saga_event){.kind = SAGA_EV_RETURNED,
                                              .step = p.m.step,
                                              .item = p.m.item,
                                              .call = p.m.call,
                                              .turn = p.m.turn});
    }
    w->is_dead = true;
}

static bool may_restore(const struct sim_world *w)
{
    return w->n_backup > 0 && w->n_sagas == 1 && !w->plans[0]->nodes[0].holds_pivot;
}

void engine_restore(struct sim_world *w)
{
    struct sim_saga *s = &w->sagas[0];
    const struct saga *now;

    if (!may_restore(w)) {
        return;
    }
    mark(MARK_RESTORED);
    w->n_inbox = 0;
    memcpy(s->bytes, w->backup, w->n_backup);
    s->n_bytes = w->n_backup;
    s->is_restored = true;
    s->back_decided = false;
    s->n_endings = 0;
    for (uint16_t n = 0; n < SIM_NODES; n++) {
        for (uint32_t k = 0; k <= SIM_ITEMS; k++) {
            s->cells[n][k].is_out = false; /* Nobody knows of it any more. */
        }
    }
    do { /* A database with a backup's mark is not taken up before this. */
        w->is_dead = false;
    } while (engine_turn(w, s, (struct saga_event){.kind = SAGA_EV_RESTORE}) ==
             ENGINE_DIED);
    now = engine_state(w, s);
    w->is_dead = true; /* The rest is a start like any other. */
    if (now->state != SAGA_BACKWARD) {
        engine_row(w, 10, s, (struct saga_event){.kind = SAGA_EV_CANCEL});
    }
    engine_row(w, 20, s, (struct saga_event){.kind = SAGA_EV_RESUME});
    w->n_backup = 0;
}
