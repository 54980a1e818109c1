/* answer.c - see answer.h. */
#include "engine/run/answer.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "engine/run/load.h"
#include "engine/run/marker.h"
#include "engine/run/spans.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"
#include "engine/view/saga_text.h"
#include "engine/view/trace.h"

/* ---- conditions
 * ------------------------------------------------------------------------- */

struct asking {
    struct engine *e;
    struct resident *r;
    const struct call_answer *answer;
    struct render_scope scope;
    bool has_scope;
    struct err_info failure; /* Of a condition; "" none. */
};

/* {status, headers, body}: what conditions see as .response. */
static void write_response(const struct call_answer *a, struct buf *text)
{
    struct json_out out;

    json_out_init(&out, text);
    json_open_object(&out);
    json_put_number(&out, "status", a->facts.status);
    json_key(&out, "headers");
    json_raw(&out, json_span_of(a->headers, strlen(a->headers)));
    json_key(&out, "body");
    if (a->facts.is_json) {
        json_raw(&out, json_span_of(a->body, a->body_n));
    } else if (a->body_n == 0) {
        json_nothing(&out);
    } else {
        json_text_n(&out, a->body, a->body_n);
    }
    json_close_object(&out);
}

static void make_scope(struct asking *q)
{
    struct buf text;
    char *kept;

    if (q->has_scope) {
        return;
    }
    turn_load_state(q->e, q->r);
    docs_scope(q->r->docs, &q->e->saga,
               (struct docs_place){.step = q->answer->name.step,
                                   .item = q->answer->name.item,
                                   .call = q->answer->name.call},
               &q->scope);
    buf_init(&text, 8 * (size_t)LIMIT_ANSWER_READ);
    write_response(q->answer, &text);
    kept = arena_copy(q->e->scratch, text.bytes, text.n);
    q->scope.response = json_span_of(kept, text.n);
    buf_done(&text);
    q->has_scope = true;
}

/* The callback's body is the step's and is judged, not the answer that takes the call. */
static bool awaits_callback(const struct asking *q)
{
    const struct call_name *name = &q->answer->name;

    return name->call == CALL_ACTION &&
           q->r->entry->definition->plan->nodes[name->step].action.callback_ms != 0;
}

static enum verdict_condition ask(struct asking *q, const struct expr *e)
{
    struct err_info info;
    bool yes = false;

    if (e == NULL || !verdict_is_answer(&q->answer->facts) || awaits_callback(q)) {
        return VERDICT_NOT_ASKED;
    }
    make_scope(q);
    if (render_condition(q->r->entry->definition, e, &q->scope, q->e->scratch, &yes,
                         &info) != ERR_OK) {
        q->failure = info;
        return VERDICT_FAILED;
    }
    return yes ? VERDICT_YES : VERDICT_NO;
}

static struct verdict judge(struct engine *e, struct resident *r,
                            const struct call_answer *answer, struct err_info *failure)
{
    const struct definition_call *call =
        definition_call_of(r->entry->definition, answer->name.step, answer->name.call);
    struct asking q = {.e = e, .r = r, .answer = answer};
    struct verdict_policy policy = {
        .statuses = &call->statuses,
        .not_applied = &call->not_applied,
        .call = answer->name.call,
        .is_safe = strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0,
        .reads_answer = call->reads_answer,
        .in_doubt = answer->name.in_doubt,
        .is_probe = answer->is_probe,
    };
    struct verdict verdict;

    policy.reject_when = ask(&q, call->reject_when);
    policy.retry_when = ask(&q, call->retry_when);
    policy.applied_when = ask(&q, call->applied_when);
    policy.not_applied_when = ask(&q, call->not_applied_when);
    *failure = q.failure;
    verdict = verdict_of(&answer->facts, &policy);
    return verdict;
}

/* ---- the turn
 * ------------------------------------------------------------------------------ */

static int32_t to_us(double ms)
{
    return ms < 0 ? -1 : (int32_t)(ms * 1000.0);
}

static const char *detail_of(struct engine *e, const struct call_answer *answer,
                             const struct verdict *verdict,
                             const struct err_info *failure)
{
    if (failure->text[0] != '\0') {
        return failure->text;
    }
    if (verdict->outcome == OUTCOME_SUCCEEDED) {
        return NULL;
    }
    if (answer->detail[0] != '\0' && verdict->detail != NULL) {
        return arena_printf(e->scratch, "%s (%s)", verdict->detail, answer->detail);
    }
    return verdict->detail != NULL ? verdict->detail : answer->detail;
}

static struct record record_of(struct engine *e, const struct call_answer *answer,
                               const struct verdict *verdict,
                               const struct err_info *failure)
{
    struct record record = {
        .event = {.kind = SAGA_EV_ANSWERED,
                  .step = answer->name.step,
                  .item = answer->name.item,
                  .call = answer->name.call,
                  .turn = answer->name.turn,
                  .outcome = verdict->outcome,
                  .may_retry = verdict->may_retry,
                  .is_free = verdict->is_free,
                  .is_stop = verdict->is_stop,
                  .confirm = verdict->confirm,
                  .retry_at_ms = verdict->retry_at_ms},
        .http_status = (int)answer->facts.status,
        .headers = answer->headers,
        .body = answer->body,
        .body_n = answer->body_n,
        .is_truncated = answer->is_truncated,
        .detail = detail_of(e, answer, verdict, failure),
        .started_ms = answer->started_ms,
        .timings_us = {to_us(answer->timings.dns), to_us(answer->timings.connect),
                       to_us(answer->timings.tls), to_us(answer->timings.first_byte),
                       to_us(answer->timings.total)},
    };

    if (answer->facts.status == 0) {
        record.headers = NULL;
    }
    return record;
}

/* It counts no more: kept with the call, not in the journal (S16). */
static void keep_late(struct engine *e, const struct call_answer *answer,
                      struct record *record)
{
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_LATE);
    struct buf data;

    record->event.now_ms = e->now_ms;
    buf_init(&data, (size_t)LIMIT_ANSWER_READ + 64 * (size_t)1024);
    record_encode(record, &data);
    op->of.late = (struct store_late){
        .saga = answer->name.saga,
        .turn = answer->name.turn,
        .step = answer->name.step,
        .item = answer->name.item,
        .call = answer->name.call,
        .at_ms = e->now_ms,
        .data = {arena_copy(b->ops.arena, data.bytes, data.n), data.n}};
    buf_done(&data);
}

static bool is_due(struct engine *e, struct resident *r, const struct call_name *name)
{
    const struct saga_cell *c;

    turn_load_state(e, r);
    c = saga_cell_of(&e->saga, name->step, name->item);
    return c != NULL && c->state == CELL_DUE && c->due_turn == name->turn &&
           c->call == name->call;
}

/* One line for each attempt, for who asks for debug; never bodies, never secrets. */
static void log_attempt(const struct engine *e, const struct resident *r,
                        const struct call_answer *answer, enum outcome outcome)
{
    const struct definition *d = r->entry->definition;
    const struct trace_ids trace =
        trace_ids_of_saga(r->row.id, r->row.traceparent, &e->config.sampler);

    log_say(LOG_DEBUG, "call ended", LOG_TEXT("sagaId", r->row.id),
            LOG_TEXT("definition", d->name),
            LOG_TEXT("step", d->steps[answer->name.step].id),
            LOG_TEXT("operation", call_name_of(answer->name.call)),
            LOG_NUMBER("attempt", answer->name.attempt),
            LOG_TEXT("outcome", outcome_name(outcome)),
            LOG_NUMBER("httpStatus", answer->facts.status),
            LOG_NUMBER("durationMs", answer->ended_ms - answer->started_ms),
            LOG_TEXT("traceId", trace.trace));
}

/* r: NULL, the saga is over and has left memory. */
static void take(struct engine *e, struct resident *r, const struct call_answer *answer,
                 bool counts)
{
    struct verdict verdict = {.outcome = OUTCOME_UNKNOWN};
    struct err_info failure = {""};
    struct record record;

    if (r != NULL) {
        verdict = judge(e, r, answer, &failure);
        log_attempt(e, r, answer, verdict.outcome);
        spans_add_attempt(e, r, answer, verdict.outcome, !counts);
    }
    record = record_of(e, answer, &verdict, &failure);
    metrics_count_call(&e->metrics, service_name(answer->service), answer->name.call,
                       verdict.outcome, answer->timings.total / 1000.0);
    if (!counts) {
        keep_late(e, answer, &record);
    } else {
        (void)turn_apply(e, r, &record); /* It is due: applied. */
    }
}

void answer_take(struct engine *e, const struct call_answer *answer)
{
    struct resident *r = table_find(e->table, answer->name.saga);
    struct err_info failure = {""};
    bool counts = r != NULL && is_due(e, r, &answer->name);
    const uint64_t before = marker_enter(e->marker, answer->name.saga);

    service_ended(answer->service, verdict_is_service_fault(&answer->facts), e->mono_ms);
    if (r != NULL && load_docs(e, r, &failure) != ERR_OK) {
        engine_fail(e, &failure); /* After the restart it is lost, and is repeated. */
    } else {
        take(e, r, answer, counts);
    }
    marker_leave(e->marker, before);
    arena_reset(e->scratch);
}
