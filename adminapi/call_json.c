/* call_json.c - see call_json.h. */
#include "adminapi/call_json.h"

#include <stdio.h>
#include <string.h>

#include "adminapi/redact.h"
#include "engine/run/saga_text.h"
#include "engine/run/sending.h"

/* Whose call it is; attempt 0: not known yet. */
struct place {
    const struct view *v;
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    uint32_t attempt;
};

static void put_key(struct json_out *o, const char *name, const struct place *at,
                    enum call_kind call)
{
    struct arena *a = arena_create(512);

    json_put(
        o, name,
        arena_printf(a, "\"%s\"",
                     sending_key(a, at->v->row.id, at->v->definition->steps[at->step].id,
                                 at->item, call)));
    arena_destroy(a);
}

/* Those of engine/run/sending.c that are the same whenever the call is sent. */
static void put_own_headers(struct json_out *o, const struct place *at)
{
    char text[256];

    if (at->call != CALL_CONFIRM) {
        put_key(o, "Idempotency-Key", at, at->call);
    }
    if (at->call == CALL_COMPENSATION) {
        put_key(o, "Saga-Action-Key", at, CALL_ACTION);
    }
    json_put(o, "Saga-Id", at->v->row.id);
    json_put(o, "Saga-Step", at->v->definition->steps[at->step].id);
    json_put(o, "Saga-Operation", call_name_of(at->call));
    if (at->attempt > 0) {
        (void)snprintf(text, sizeof(text), "%u", (unsigned)at->attempt);
        json_put(o, "Saga-Attempt", text);
    }
    (void)snprintf(text, sizeof(text), "%s@%u", at->v->definition->name,
                   (unsigned)at->v->version);
    json_put(o, "Saga-Definition", text);
}

static void put_request_headers(struct json_out *o, const struct place *at,
                                const struct render_header *headers, size_t n,
                                const struct redact *redact)
{
    json_key(o, "headers");
    json_open_object(o);
    if (at != NULL) { /* Else a child saga is started or taken back: no request. */
        put_own_headers(o, at);
    }
    for (size_t i = 0; i < n; i++) {
        const struct render_header *h = &headers[i];

        json_put(o, h->name,
                 redact_hides_header(redact, "request.headers", h->name) ? REDACT_TEXT
                                                                         : h->value);
    }
    json_close_object(o);
}

static void put_request(struct json_out *o, const struct view *v,
                        const struct view_call *call, const struct definition_call *d,
                        const struct redact *redact)
{
    const struct render_request *request = &call->request;
    const struct place at = {v, call->step, call->item, call->call, call->attempt};

    json_key(o, "request");
    if (!call->has_request || d == NULL) {
        json_nothing(o);
        return;
    }
    json_open_object(o);
    json_put(o, "method", d->method);
    if (d->service != NULL) {
        json_put(o, "service", d->service);
    }
    json_put(o, "url", request->url);
    put_request_headers(o, &at, request->headers, request->n_headers, redact);
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
                     const struct view_call *call)
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
    put_request(o, v, call, made, &redact);
    put_response(o, call, &redact);
    put_timings(o, call->timings_us);
    json_close_object(o);
}

static void put_preview_request(struct json_out *o, const struct view *v,
                                const struct preview_request *x)
{
    const struct place at = {v, x->step, x->item, x->call, 0};
    const struct definition_call *made = x->made;
    const struct redact redact = {made != NULL ? made->redact : NULL,
                                  made != NULL ? made->n_redact : 0};

    json_open_object(o);
    put_place(o, v->definition, x->step, x->item, x->call);
    json_put(o, "method", made != NULL ? made->method : NULL);
    if (made != NULL && made->service != NULL) {
        json_put(o, "service", made->service);
    }
    json_put(o, "url", x->url);
    put_request_headers(o, made != NULL ? &at : NULL, x->headers, x->n_headers, &redact);
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
                       const struct preview *preview)
{
    json_open_object(o);
    json_put(o, "preview", preview->token);
    json_key(o, "requests");
    json_open_array(o);
    for (size_t i = 0; i < preview->n_requests; i++) {
        put_preview_request(o, v, &preview->requests[i]);
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
