/* call_json.c - see call_json.h. */
#include "adminapi/call_json.h"

#include <stdio.h>
#include <string.h>

#include "adminapi/redact.h"
#include "engine/view/saga_text.h"
#include "engine/view/sent.h"

/* The attempt's name, and what its headers are made of. */
static struct sent_attempt attempt_of(const struct view *v,
                                      const struct trace_attempt *name)
{
    const bool has_callback =
        name->call == CALL_ACTION &&
        v->definition->plan->nodes[name->step].action.callback_ms != 0;

    return (struct sent_attempt){.saga_id = v->row.id,
                                 .definition = v->definition,
                                 .version = v->version,
                                 .traceparent = v->row.traceparent,
                                 .tracestate = v->row.tracestate,
                                 .name = *name,
                                 .callback = has_callback ? REDACT_TEXT : NULL};
}

static void put_request_headers(struct json_out *o, const struct sent *sent,
                                const struct redact *redact)
{
    json_key(o, "headers");
    json_open_object(o);
    for (size_t i = 0; i < sent->n_headers; i++) {
        const struct service_header *h = &sent->headers[i];

        json_put(o, h->name,
                 redact_hides_header(redact, "request.headers", h->name) ? REDACT_TEXT
                                                                         : h->value);
    }
    json_close_object(o);
}

static void put_request(struct json_out *o, const struct view *v,
                        const struct view_call *call, const struct redact *redact,
                        struct arena *a)
{
    const struct render_request *request = &call->request;
    const struct definition_call *d = request->call;
    struct sent_attempt attempt;
    struct sent sent;

    json_key(o, "request");
    if (!call->has_request) {
        json_nothing(o);
        return;
    }
    attempt = attempt_of(v, &(struct trace_attempt){.turn = call->turn,
                                                    .step = call->step,
                                                    .item = call->item,
                                                    .call = call->call});
    attempt.attempt = call->attempt;
    attempt.due_ms = call->due_ms;
    sent_write(a, &attempt, call->to, request, &sent);
    json_open_object(o);
    json_put(o, "method", d->method);
    if (d->service != NULL) {
        json_put(o, "service", d->service);
    }
    json_put(o, "url", sent.url);
    put_request_headers(o, &sent, redact);
    json_key(o, "body");
    redact_body(o, redact, "request.body", request->body, request->body_n, false);
    json_close_object(o);
}

static void put_answer_headers(struct json_out *o, const char *headers,
                               const struct redact *redact)
{
    struct json_walk walk = json_walk_of(
        headers != NULL ? json_span_of(headers, strlen(headers)) : JSON_SPAN_NONE);
    struct json_span name;
    struct json_span value;
    struct buf plain;

    json_key(o, "headers");
    json_open_object(o);
    while (json_walk_next(&walk, &name, &value)) {
        buf_init(&plain, name.n);
        json_span_unescape(name, &plain);
        json_key(o, buf_text(&plain));
        if (redact_hides_header(redact, "response.headers", buf_text(&plain))) {
            json_text(o, REDACT_TEXT);
        } else {
            json_raw(o, value);
        }
        buf_done(&plain);
    }
    json_close_object(o);
}

static void put_response(struct json_out *o, const struct view_call *call,
                         const struct redact *redact)
{
    json_key(o, "response");
    if (call->http_status == 0) {
        json_nothing(o);
        return;
    }
    json_open_object(o);
    json_put_number(o, "status", call->http_status);
    put_answer_headers(o, call->headers, redact);
    json_key(o, "body");
    redact_body(o, redact, "response.body", call->body, call->body_n, call->is_truncated);
    json_put_flag(o, "bodyTruncated", call->is_truncated);
    json_close_object(o);
}

/* Milliseconds with three decimals; null: it did not come so far. */
static void put_timings(struct json_out *o, const int32_t timings_us[static 5])
{
    static const char *const names[] = {"dns", "connect", "tls", "firstByte", "total"};
    char number[32];

    json_key(o, "timings");
    json_open_object(o);
    for (size_t i = 0; i < 5; i++) {
        json_key(o, names[i]);
        if (timings_us[i] < 0) {
            json_nothing(o);
            continue;
        }
        (void)snprintf(number, sizeof(number), "%d.%03d", (int)(timings_us[i] / 1000),
                       (int)(timings_us[i] % 1000));
        json_raw(o, json_span_of(number, strlen(number)));
    }
    json_close_object(o);
}

static void put_place(struct json_out *o, const struct definition *d, uint16_t step,
                      uint32_t item, enum call_kind call)
{
    json_put(o, "step", step < d->plan->n_nodes ? d->steps[step].id : NULL);
    json_key(o, "item");
    if (item == SAGA_NO_ITEM) {
        json_nothing(o);
    } else {
        json_number(o, item);
    }
    json_put(o, "operation", call_name_of(call));
}

static void put_name(struct json_out *o, const struct definition *d,
                     const struct view_call *call)
{
    json_put_number(o, "n", call->n);
    json_put_number(o, "turn", (int64_t)call->turn);
    put_place(o, d, call->step, call->item, call->call);
    json_put_number(o, "attempt", call->attempt);
}

void call_json_write(struct json_out *o, const struct view *v,
                     const struct view_call *call, struct arena *a)
{
    const struct definition *d = v->definition;
    const struct definition_call *made =
        call->step < d->plan->n_nodes ? definition_call_of(d, call->step, call->call)
                                      : NULL;
    const struct redact redact = {made != NULL ? made->redact : NULL,
                                  made != NULL ? made->n_redact : 0};

    json_open_object(o);
    put_name(o, d, call);
    json_put_time(o, "startedAt",
                  call->started_ms != 0 ? call->started_ms : call->due_ms);
    json_put_time(o, "endedAt", call->ended_ms);
    json_put(o, "outcome", call->has_ended ? outcome_name(call->outcome) : NULL);
    json_put(o, "detail",
             call->detail != NULL && call->detail[0] != '\0' ? call->detail : NULL);
    if (call->is_late) {
        json_put_flag(o, "late", true);
    }
    put_request(o, v, call, &redact, a);
    put_response(o, call, &redact);
    put_timings(o, call->timings_us);
    json_close_object(o);
}

/* Without a call: a child is started or taken back. */
static void write_sent(const struct view *v, const struct preview_request *x,
                       struct arena *a, struct sent *out)
{
    struct sent_attempt attempt = attempt_of(
        v, &(struct trace_attempt){.step = x->step, .item = x->item, .call = x->call});
    const struct render_request request = {.call = x->made,
                                           .url = x->url,
                                           .headers = x->headers,
                                           .n_headers = x->n_headers,
                                           .body = x->is_cut ? "" : x->body,
                                           .body_n = x->body_n};

    *out = (struct sent){.url = x->url};
    if (x->made != NULL) {
        attempt.attempt = x->attempt;
        attempt.is_foreseen = true;
        sent_write(a, &attempt, x->to, &request, out);
    }
}

static void put_preview_request(struct json_out *o, const struct view *v,
                                const struct preview_request *x, struct arena *a)
{
    const struct definition_call *made = x->made;
    const struct redact redact = {made != NULL ? made->redact : NULL,
                                  made != NULL ? made->n_redact : 0};

    struct sent sent;

    write_sent(v, x, a, &sent);
    json_open_object(o);
    put_place(o, v->definition, x->step, x->item, x->call);
    json_put(o, "method", made != NULL ? made->method : NULL);
    if (made != NULL && made->service != NULL) {
        json_put(o, "service", made->service);
    }
    json_put(o, "url", sent.url);
    put_request_headers(o, &sent, &redact);
    json_key(o, "body");
    redact_body(o, &redact, "request.body", x->body, x->body_n, x->is_cut);
    if (x->has_holes) {
        json_put_flag(o, "holes", true);
    }
    if (x->is_cut) {
        json_put_flag(o, "bodyTruncated", true);
    }
    json_close_object(o);
}

void call_json_preview(struct json_out *o, const struct view *v,
                       const struct preview *preview, struct arena *a)
{
    json_open_object(o);
    json_put(o, "preview", preview->token);
    json_key(o, "requests");
    json_open_array(o);
    for (size_t i = 0; i < preview->n_requests; i++) {
        put_preview_request(o, v, &preview->requests[i], a);
    }
    json_close_array(o);
    json_put(o, "endsIn", saga_status_name(preview->ends_in));
    json_put(o, "rest", preview->rest);
    json_key(o, "worstCase");
    if (preview->has_worst) {
        json_number(o, (int64_t)preview->worst_ms);
    } else {
        json_nothing(o);
    }
    json_close_object(o);
}
