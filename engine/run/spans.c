/* spans.c - see spans.h. */
#include "engine/run/spans.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "definitions/template.h"
#include "engine/calls/origin.h"
#include "engine/run/state.h"
#include "engine/view/saga_text.h"
#include "engine/view/trace.h"

#define SPAN_BYTES 32768 /* The longest name and URL by far fit. */
#define NAME_BYTES 256

/* Numbers of OTLP's enums. */
enum { KIND_INTERNAL = 1, KIND_CLIENT = 3, STATUS_ERROR = 2 };

/* ---- the parts of a span ------------------------------------------------------------
 */

static void put_nanos(struct json_out *o, const char *name, uint64_t wall_ms)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%" PRIu64 "000000", wall_ms);
    json_put(o, name, text);
}

static void put_ids(struct json_out *o, const struct trace_ids *ids,
                    const char *tracestate)
{
    json_put(o, "traceId", ids->trace);
    json_put(o, "spanId", ids->span);
    if (ids->parent[0] != '\0') {
        json_put(o, "parentSpanId", ids->parent);
    }
    if (tracestate != NULL) {
        json_put(o, "traceState", tracestate);
    }
}

static void begin_attribute(struct json_out *o, const char *name)
{
    json_open_object(o);
    json_put(o, "key", name);
    json_key(o, "value");
    json_open_object(o);
}

static void end_attribute(struct json_out *o)
{
    json_close_object(o);
    json_close_object(o);
}

static void put_text(struct json_out *o, const char *name, const char *value)
{
    if (value != NULL) {
        begin_attribute(o, name);
        json_put(o, "stringValue", value);
        end_attribute(o);
    }
}

/* OTLP writes 64-bit numbers as texts. */
static void put_number(struct json_out *o, const char *name, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%" PRIu64, value);
    begin_attribute(o, name);
    json_put(o, "intValue", text);
    end_attribute(o);
}

static void put_flag(struct json_out *o, const char *name, bool value)
{
    begin_attribute(o, name);
    json_put_flag(o, "boolValue", value);
    end_attribute(o);
}

/* message NULL: the attributes say it. */
static void put_error(struct json_out *o, const char *message)
{
    json_key(o, "status");
    json_open_object(o);
    json_put_number(o, "code", STATUS_ERROR);
    if (message != NULL) {
        json_put(o, "message", message);
    }
    json_close_object(o);
}

static void put_saga(struct json_out *o, const struct resident *r)
{
    put_text(o, "saga.id", r->row.id);
    put_text(o, "saga.definition", r->entry->definition->name);
    put_number(o, "saga.version", r->entry->version);
}

/* Goes out with the filling batch's commit. */
static void keep(struct engine *e, const struct buf *span)
{
    struct batch *b = engine_batch(e);

    if (!span->is_over) {
        batch_add_span(b, arena_copy(b->ops.arena, buf_text(span), span->n));
    }
}

/* ---- an attempt ---------------------------------------------------------------------
 */

/* The URL as the definition has it, its values left out: "/orders/{}/lines". */
static void put_template(struct buf *out, const struct template *url)
{
    const struct template_piece *pieces;
    const size_t n = template_pieces(url, &pieces);

    for (size_t i = 0; i < n; i++) {
        if (pieces[i].e == NULL) {
            buf_add(out, pieces[i].text, pieces[i].n);
        } else {
            buf_add_text(out, "{}");
        }
    }
    for (size_t i = 0; i < out->n; i++) {
        if (out->bytes[i] == '?' || out->bytes[i] == '#') {
            out->n = i;
            out->bytes[i] = '\0';
        }
    }
}

static const char *error_type(const struct verdict_facts *facts, char text[static 8])
{
    if (facts->status >= 400) {
        (void)snprintf(text, 8, "%u", (unsigned)facts->status % 1000U);
        return text;
    }
    switch (facts->curl_result) {
    case VERDICT_TRANSFER_OK:
        return facts->status == 0 ? "_OTHER" : NULL;
    case VERDICT_TRANSFER_NO_HOST:
        return "name_not_resolved";
    case VERDICT_TRANSFER_NO_CONNECTION:
        return "connection_refused";
    case VERDICT_TRANSFER_TIMED_OUT:
        return "timeout";
    case VERDICT_TRANSFER_TLS_FAILED:
    case VERDICT_TRANSFER_TLS_CERTIFICATE:
    case VERDICT_TRANSFER_TLS_NOT_TRUSTED:
        return "tls_failed";
    case VERDICT_TRANSFER_REFUSED_BY_US:
        return "refused_by_policy";
    case VERDICT_TRANSFER_CUT:
    case VERDICT_TRANSFER_NOTHING_CAME:
    case VERDICT_TRANSFER_SEND_BROKE:
    case VERDICT_TRANSFER_RECEIVE_BROKE:
        return "connection_broken";
    default: /* A number of libcurl's, not an enum of ours. */
        return "_OTHER";
    }
}

static void put_server(struct json_out *o, const char *url)
{
    struct origin origin;

    if (url == NULL || !origin_of_url(url, &origin)) {
        return;
    }
    put_text(o, "server.address", origin.host);
    put_number(o, "server.port", origin.port);
}

/* Without its query: a key may be there. */
static void put_url(struct json_out *o, const char *url)
{
    if (url != NULL && url[0] != '\0') {
        begin_attribute(o, "url.full");
        json_key(o, "stringValue");
        json_text_n(o, url, strcspn(url, "?#"));
        end_attribute(o);
    }
}

static void put_http(struct json_out *o, const struct call_answer *a)
{
    char text[8];

    put_url(o, a->url);
    put_server(o, a->url);
    if (a->facts.status != 0) {
        put_number(o, "http.response.status_code", (uint64_t)a->facts.status);
    }
    put_text(o, "error.type", error_type(&a->facts, text));
    if (a->name.attempt > 1) {
        put_number(o, "http.request.resend_count", a->name.attempt - 1);
    }
    put_text(o, "network.protocol.version", "1.1");
}

static void put_attempt(struct json_out *o, const struct resident *r,
                        const struct call_answer *a, enum outcome outcome, bool is_late)
{
    const struct definition *d = r->entry->definition;

    put_saga(o, r);
    put_text(o, "saga.step", d->steps[a->name.step].id);
    if (a->name.item != SAGA_NO_ITEM) {
        put_number(o, "saga.item", a->name.item);
    }
    put_text(o, "saga.operation", call_name_of(a->name.call));
    put_number(o, "saga.attempt", a->name.attempt);
    put_text(o, "saga.outcome", outcome_name(outcome));
    put_text(o, "saga.service", service_name(a->service));
    if (a->name.in_doubt) {
        put_flag(o, "saga.in_doubt", true);
    }
    if (is_late) {
        put_flag(o, "saga.late", true);
    }
}

static void put_attempt_name(struct json_out *o, const struct definition_call *call,
                             const char *path)
{
    char name[NAME_BYTES];

    (void)snprintf(name, sizeof(name), "%s %s", call->method, path); /* Cut: a name. */
    json_put(o, "name", name);
}

static void write_attempt(struct json_out *o, const struct resident *r,
                          const struct call_answer *a, enum outcome outcome, bool is_late)
{
    const struct definition_call *call =
        definition_call_of(r->entry->definition, a->name.step, a->name.call);
    struct buf path;

    buf_init(&path, NAME_BYTES);
    put_template(&path, call->url);
    put_attempt_name(o, call, buf_text(&path));
    json_put_number(o, "kind", KIND_CLIENT);
    put_nanos(o, "startTimeUnixNano", a->started_ms);
    put_nanos(o, "endTimeUnixNano", a->ended_ms);
    json_key(o, "attributes");
    json_open_array(o);
    put_text(o, "http.request.method", call->method);
    put_text(o, "url.template", buf_text(&path));
    put_http(o, a);
    put_attempt(o, r, a, outcome, is_late);
    json_close_array(o);
    if (a->facts.status == 0 || a->facts.status >= 400 || outcome != OUTCOME_SUCCEEDED) {
        put_error(o, a->facts.status == 0 && a->detail[0] != '\0' ? a->detail : NULL);
    }
    buf_done(&path);
}

void spans_add_attempt(struct engine *e, const struct resident *r,
                       const struct call_answer *a, enum outcome outcome, bool is_late)
{
    const struct trace_attempt attempt = {.turn = a->name.turn,
                                          .step = a->name.step,
                                          .item = a->name.item,
                                          .call = a->name.call};
    struct trace_ids ids;
    struct json_out o;
    struct buf text;

    if (e->config.otlp == NULL) {
        return;
    }
    ids =
        trace_ids_of_attempt(r->row.id, r->row.traceparent, &e->config.sampler, &attempt);
    if (!ids.is_sampled) {
        return;
    }
    buf_init(&text, SPAN_BYTES);
    json_out_init(&o, &text);
    json_open_object(&o);
    put_ids(&o, &ids, r->row.tracestate);
    write_attempt(&o, r, a, outcome, is_late);
    json_close_object(&o);
    keep(e, &text);
    buf_done(&text);
}

/* ---- a saga -------------------------------------------------------------------------
 */

static void write_saga(struct json_out *o, const struct engine *e,
                       const struct resident *r, enum saga_status status)
{
    char name[NAME_BYTES];

    (void)snprintf(name, sizeof(name), "saga %s", r->entry->definition->name);
    json_put(o, "name", name);
    json_put_number(o, "kind", KIND_INTERNAL);
    put_nanos(o, "startTimeUnixNano", r->row.started_ms);
    put_nanos(o, "endTimeUnixNano", e->now_ms);
    json_key(o, "attributes");
    json_open_array(o);
    put_saga(o, r);
    put_text(o, "saga.status", saga_status_name(status));
    put_number(o, "saga.turns", e->saga.turn);
    put_number(o, "saga.attempts", e->saga.attempts);
    if (e->saga.error_turn != 0) {
        put_text(o, "saga.error_step",
                 r->entry->definition->steps[e->saga.error_step].id);
    }
    json_close_array(o);
    if (status != SAGA_STATUS_COMPLETED) {
        put_error(o, saga_status_name(status));
    }
}

void spans_add_saga(struct engine *e, const struct resident *r, enum saga_status status)
{
    struct trace_ids ids;
    struct json_out o;
    struct buf text;

    if (e->config.otlp == NULL || r->is_taken_back) {
        return; /* A child that its parent took back had its span when it completed. */
    }
    ids = trace_ids_of_saga(r->row.id, r->row.traceparent, &e->config.sampler);
    if (!ids.is_sampled) {
        return;
    }
    buf_init(&text, SPAN_BYTES);
    json_out_init(&o, &text);
    json_open_object(&o);
    put_ids(&o, &ids, r->row.tracestate);
    write_saga(&o, e, r, status);
    json_close_object(&o);
    keep(e, &text);
    buf_done(&text);
}
