/* turn.c - see turn.h. */
#include "engine/run/turn.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/core/saga_code.h"
#include "engine/run/family.h"
#include "engine/run/follow.h"
#include "engine/run/line.h"
#include "engine/run/load.h"
#include "engine/run/marker.h"
#include "engine/run/notify.h"
#include "engine/run/oracle.h"
#include "engine/run/recover.h"
#include "engine/run/spans.h"
#include "engine/run/state.h"
#include "engine/run/stuck.h"
#include "engine/run/waiters.h"
#include "engine/view/saga_text.h"

void turn_load_state(struct engine *e, struct resident *r)
{
    bool is_sound =
        saga_decode(&e->saga, r->entry->definition->plan, r->state, r->state_n);

    assert(is_sound); /* Checked when it was read; we wrote the rest. */
}

/* Nothing of it is due, queued or soon: it may sleep on disk (rule 7). */
static bool may_sleep(const struct engine *e, uint64_t wake_ms)
{
    const struct saga *s = &e->saga;

    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].state == CELL_DUE || s->cells[i].state == CELL_QUEUED) {
            return false;
        }
    }
    return wake_ms == 0 || wake_ms > e->now_ms + LIMIT_NEAR_MS;
}

/* The saga's own row as it is after this turn; true if it must be written. */
static bool update_row(struct engine *e, struct resident *r, const struct record *record)
{
    const struct saga *s = &e->saga;
    struct store_saga *row = &r->row;
    struct store_saga before = *row;
    uint64_t wake_ms = saga_wake_at(s, r->entry->definition->plan);
    bool is_other;

    row->status = saga_status_of(s);
    row->is_paused = (s->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0;
    is_other = stuck_note(e, r, record);
    row->is_asleep = !saga_is_final(s) && may_sleep(e, wake_ms);
    row->wake_ms = row->is_asleep ? wake_ms : 0;
    if (saga_is_final(s)) {
        row->ended_ms = e->now_ms;
        if (s->state != SAGA_COMPLETED) {
            free((void *)(uintptr_t)row->unique_key); /* Free for another (S7). */
            row->unique_key = NULL;
        }
    } else {
        row->ended_ms = 0;
    }
    row->updated_ms = e->now_ms;
    return is_other || row->status != before.status ||
           row->is_paused != before.is_paused || row->is_asleep != before.is_asleep ||
           row->wake_ms != before.wake_ms;
}

static void write_row(struct engine *e, const struct resident *r)
{
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_SAGA_UPDATE);

    op->of.saga.row = r->row;
    op->of.saga.row.unique_key = arena_text(b->ops.arena, r->row.unique_key);
    op->of.saga.row.stuck_step = arena_text(b->ops.arena, r->row.stuck_step);
    op->of.saga.row.stuck_error = arena_text(b->ops.arena, r->row.stuck_error);
}

static void write_turn(struct engine *e, struct resident *r, const struct record *record)
{
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_TURN);
    size_t state_n = saga_encode(&e->saga, e->state, sizeof(e->state));
    struct buf data;

    assert(state_n > 0);
    resident_set_state(r, e->state, state_n);
    buf_init(&data, (size_t)LIMIT_ANSWER_READ + 64 * (size_t)1024);
    record_encode(record, &data);
    op->of.turn = (struct store_turn){
        .saga = r->num,
        .turn = e->saga.turn,
        .at_ms = e->now_ms,
        .event = record->event.kind,
        .data = {arena_copy(b->ops.arena, data.bytes, data.n), data.n},
        .state = {arena_copy(b->ops.arena, e->state, state_n), state_n},
    };
    r->journal_bytes += data.n + state_n;
    buf_done(&data);
    e->metrics.turns++;
}

/* S3: a call in doubt stays with the base URL it was sent to, and the question about it
 * goes there too. 0: it is in no doubt. */
static uint64_t address_in_doubt(const struct resident *r, const struct saga_effect *fx)
{
    const struct definition *d = r->entry->definition;
    const struct resident_hash *h = NULL;

    if (fx->in_doubt) {
        h = resident_hash_of(r, fx->step, fx->item, fx->call);
    }
    if (h == NULL && fx->call == CALL_CONFIRM) {
        const char *asked = definition_call_of(d, fx->step, CALL_CONFIRM)->service;
        const char *of = definition_call_of(d, fx->step, CALL_ACTION)->service;

        if (asked != NULL && of != NULL && strcmp(asked, of) == 0) {
            h = resident_hash_of(r, fx->step, fx->item, CALL_ACTION);
        }
    }
    return h != NULL ? h->address : 0;
}

static void send_call(struct engine *e, struct resident *r, const struct oracle *o,
                      const struct saga_effect *fx, struct record_send *send)
{
    const struct render_request *request = oracle_request(o, fx);
    struct service *service = oracle_service(e, request);
    const struct address *to =
        address_of(e, service, request->call->service == NULL, address_in_doubt(r, fx));
    const uint64_t num = to != NULL ? to->num : 0;
    struct batch_send out = {.name = {.saga = r->num,
                                      .turn = e->saga.turn,
                                      .step = fx->step,
                                      .item = fx->item,
                                      .call = fx->call,
                                      .attempt = fx->attempt,
                                      .in_doubt = fx->in_doubt},
                             .service = service,
                             .call = request->call,
                             .request = *request,
                             .base_url = to != NULL ? to->base_url : NULL,
                             .due_ms = e->now_ms};

    *send = (struct record_send){fx->step,    fx->item,      fx->call,
                                 fx->attempt, request->hash, num};
    resident_set_hash(
        r, (struct resident_hash){fx->step, fx->item, fx->call, request->hash, num});
    batch_add_send(engine_batch(e), &out);
}

static void log_end(const struct engine *e, const struct resident *r)
{
    enum saga_status status = saga_status_of(&e->saga);

    log_say(status == SAGA_STATUS_STUCK ? LOG_WARNING : LOG_DEBUG,
            status == SAGA_STATUS_STUCK ? "saga is stuck" : "saga ended",
            LOG_TEXT("sagaId", r->row.id),
            LOG_TEXT("definition", r->entry->definition->name),
            LOG_TEXT("status", saga_status_name(status)),
            LOG_TEXT("step", stuck_step_of(e, r)),
            LOG_NUMBER("durationMs", e->now_ms - r->row.started_ms));
}

static void carry_out(struct engine *e, struct resident *r, const struct oracle *o,
                      struct record *record)
{
    struct record_send *sends =
        arena_take(engine_batch(e)->ops.arena, e->effects.n * sizeof(*sends));
    size_t n = 0;

    for (uint32_t i = 0; i < e->effects.n; i++) {
        const struct saga_effect *fx = &e->effects.items[i];

        switch (fx->kind) {
        case SAGA_FX_SEND:
            send_call(e, r, o, fx, &sends[n++]);
            break;
        case SAGA_FX_NOTIFY:
            log_end(e, r);
            notify_write(e, r, fx->status, record);
            break;
        case SAGA_FX_ENDED:
            spans_add_saga(e, r, fx->status);
            metrics_count_end(&e->metrics, r->entry->definition->name, fx->status,
                              (double)(e->now_ms - r->row.started_ms) / 1000.0);
            break;
        case SAGA_FX_ALERT:
            log_say(LOG_WARNING, "saga is past its deadline and past its pivot",
                    LOG_TEXT("sagaId", r->row.id));
            break;
        case SAGA_FX_START_CHILD:
        case SAGA_FX_CANCEL_CHILD:
        case SAGA_FX_UNDO_CHILD:
        case SAGA_FX_TELL_PARENT:
            family_carry_out(e, r, o, fx, record);
            break;
        case SAGA_FX_FREE_ORDER:
            line_free(e, r);
            break;
        }
    }
    record->sends = sends;
    record->n_sends = n;
}

/* Whatever comes first after a downtime carries it: the loss of a call, a grant or an
 * operator's retry is judged by the deadline as much as a timer is (S43). */
static uint64_t grace_of(const struct engine *e)
{
    return e->saga.state == SAGA_NEW ? 0
                                     : downtimes_since(&e->downtimes, e->saga.began_ms);
}

/* S53: a saga that goes on without end is stopped, and again if a retry lets it go on. */
static bool is_over_limit(const struct engine *e, struct resident *r)
{
    if (saga_is_final(&e->saga) || r->journal_bytes < LIMIT_SAGA_BYTES) {
        return !saga_is_final(&e->saga) && (e->saga.turn % LIMIT_EVENTS == 0 ||
                                            (e->effects.n > 0 && e->saga.attempts > 0 &&
                                             e->saga.attempts % LIMIT_ATTEMPTS == 0));
    }
    r->journal_bytes = 0;
    return true;
}

/* S27: what was noted while the pivot was open came too late when it turned out applied.
 */
static void note_too_late(const struct saga *s, uint32_t flags_before,
                          struct record *record)
{
    const bool was_wanted = (flags_before & (uint32_t)SAGA_FLAG_BACK_WANTED) != 0;
    const bool is_past = (s->flags & (uint32_t)SAGA_FLAG_PAST_PIVOT) != 0;
    const bool is_cancel = (s->flags & (uint32_t)SAGA_FLAG_CANCELLED) != 0;

    if (was_wanted && is_past && record->note == NULL) {
        record->note = is_cancel ? "the cancel came too late: the pivot was applied"
                                 : "the deadline came too late: the pivot was applied";
    }
}

/* What the commit will tell. */
static struct batch_turn turn_of(const struct engine *e, const struct resident *r,
                                 const struct record *record, bool is_new_status)
{
    return (struct batch_turn){.turn = e->saga.turn,
                               .at_ms = e->now_ms,
                               .event = record->event.kind,
                               .outcome = record->event.outcome,
                               .step = record->event.step,
                               .status = r->row.status,
                               .is_paused = r->row.is_paused,
                               .is_new_status = is_new_status};
}

/* The state has been advanced: everything that goes with it. */
static void follow_up(struct engine *e, struct resident *r, const struct oracle *o,
                      struct record *record)
{
    const bool is_start = record->event.kind == SAGA_EV_START;
    const enum saga_status before = r->row.status;
    struct batch_turn turn;

    carry_out(e, r, o, record);
    docs_take(r->docs, &e->saga);
    family_pass_on(e, r, record);
    write_turn(e, r, record);
    if (update_row(e, r, record) && !is_start) {
        write_row(e, r);
    }
    resident_prune_hashes(r, &e->saga);
    turn = turn_of(e, r, record, is_start || r->row.status != before);
    batch_add_turn(engine_batch(e), r, &turn);
    turn_arm(e, r);
}

static enum saga_result apply(struct engine *e, struct resident *r, struct record *record)
{
    struct err_info info;
    uint32_t flags_before;
    struct oracle o;
    struct saga_oracle asks;
    enum saga_result result;

    if (load_docs(e, r, &info) != ERR_OK) {
        engine_fail(e, &info);
        return SAGA_LATE;
    }
    if (r->state_n > 0) {
        turn_load_state(e, r);
    } else {
        saga_init(&e->saga, r->entry->definition->plan);
    }
    record->event.now_ms = e->now_ms;
    record->event.grace_ms = grace_of(e);
    oracle_init(&o, e, r, record);
    asks = oracle_of(&o);
    flags_before = e->saga.flags;
    r->is_taken_back = r->is_taken_back || e->saga.state == SAGA_COMPLETED;
    docs_begin(r->docs, e->saga.turn + 1, record);
    result = saga_advance(&e->saga, r->entry->definition->plan, &record->event, &asks,
                          &e->effects);
    if (result != SAGA_APPLIED) {
        docs_drop(r->docs);
        return result;
    }
    record->answers = o.answers;
    record->n_answers = o.n_answers;
    note_too_late(&e->saga, flags_before, record);
    follow_up(e, r, &o, record);
    return SAGA_APPLIED;
}

enum saga_result turn_apply_alone(struct engine *e, struct resident *r,
                                  struct record *record)
{
    const uint64_t before = marker_enter(e->marker, r->num);
    enum saga_result result = apply(e, r, record);

    if (result == SAGA_APPLIED && record->event.kind != SAGA_EV_LIMIT &&
        is_over_limit(e, r)) {
        struct record limit = {.event = {.kind = SAGA_EV_LIMIT}};

        (void)apply(e, r, &limit); /* Late only if it is over the limit already. */
    }
    marker_leave(e->marker, before);
    return result;
}

enum saga_result turn_apply(struct engine *e, struct resident *r, struct record *record)
{
    enum saga_result result = turn_apply_alone(e, r, record);

    follow_run(e, r);
    return result;
}

void turn_arm(struct engine *e, struct resident *r)
{
    uint64_t wake_ms = saga_wake_at(&e->saga, r->entry->definition->plan);

    if (wake_ms == 0) {
        timers_clear(e->timers, r->slot);
    } else {
        timers_set(e->timers, r->slot, wake_ms);
    }
    if (r->row.is_asleep && r->row.wake_ms != 0 &&
        (e->sleepers_at_ms == 0 || e->sleepers_at_ms > e->now_ms + LIMIT_NEAR_MS / 2)) {
        e->sleepers_at_ms = e->now_ms + LIMIT_NEAR_MS / 2;
    }
}

void turn_let_go(struct engine *e, struct resident *r)
{
    bool is_final = r->row.ended_ms != 0;

    bool is_near = r->row.wake_ms != 0 && r->row.wake_ms <= e->now_ms + LIMIT_NEAR_MS;

    if (r->n_uncommitted > 0 || r->waiters != NULL ||
        (!is_final && (!r->row.is_asleep || is_near))) {
        return;
    }
    timers_clear(e->timers, r->slot);
    services_forget(e->config.services, r->num);
    table_remove(e->table, r);
    atomic_store(&e->full_at, 0);
}
