/* sending.c - see sending.h. */
#include "engine/run/sending.h"

#include <string.h>

#include "engine/run/capability.h"
#include "engine/run/oracle.h"
#include "engine/run/saga_text.h"
#include "engine/run/state.h"
#include "engine/run/trace.h"
#include "engine/run/turn.h"

enum { OWN_HEADERS = 11 };

const char *sending_key(struct arena *a, const char *saga_id, const char *step_id,
                        uint32_t item, enum call_kind call)
{
    if (item == SAGA_NO_ITEM) {
        return arena_join(a, saga_id, ".", step_id, ".", call_name_of(call), NULL);
    }
    return arena_join(a, saga_id, ".", step_id, ".", arena_number(a, item), ".",
                      call_name_of(call), NULL);
}

static const char *traceparent_of(struct arena *a, const struct resident *r,
                                  const struct trace_sampler *sampler,
                                  const struct call_name *name)
{
    const struct trace_attempt attempt = {
        .turn = name->turn, .step = name->step, .item = name->item, .call = name->call};

    const struct trace_ids ids =
        trace_ids_of_attempt(r->row.id, r->row.traceparent, sampler, &attempt);

    return trace_parent_text(a, &ids);
}

static void add(struct call_request *q, struct service_header *headers, const char *name,
                const char *value)
{
    headers[q->n_headers++] = (struct service_header){name, value};
}

/* Where the participant posts its result to (S18). */
static void add_callback(struct engine *e, struct call_request *q,
                         struct service_header *h, const struct resident *r)
{
    struct capability c = {.saga = r->num, .step = q->name.step, .item = q->name.item};
    char token[CAPABILITY_TEXT_MAX];

    if (q->name.call != CALL_ACTION ||
        r->entry->definition->plan->nodes[q->name.step].action.callback_ms == 0) {
        return;
    }
    capability_write(e->callback_key, &c, token);
    add(q, h, "Saga-Callback",
        arena_join(e->scratch, e->base_url, "/v1/callbacks/", token, NULL));
}

static void add_own_headers(struct engine *e, struct call_request *q,
                            struct service_header *h, const struct resident *r)
{
    struct arena *a = e->scratch;
    const struct definition *d = r->entry->definition;
    const char *step = d->steps[q->name.step].id;

    if (q->name.call != CALL_CONFIRM) {
        add(q, h, "Idempotency-Key",
            arena_join(a, "\"",
                       sending_key(a, r->row.id, step, q->name.item, q->name.call), "\"",
                       NULL));
    }
    if (q->name.call == CALL_COMPENSATION) {
        add(q, h, "Saga-Action-Key",
            arena_join(a, "\"",
                       sending_key(a, r->row.id, step, q->name.item, CALL_ACTION), "\"",
                       NULL));
    }
    add(q, h, "Saga-Id", r->row.id);
    add(q, h, "Saga-Step", step);
    add(q, h, "Saga-Operation", call_name_of(q->name.call));
    add(q, h, "Saga-Attempt", arena_number(a, q->name.attempt));
    add(q, h, "Saga-Deadline", arena_number(a, e->now_ms + q->timeout_ms));
    add(q, h, "Saga-Definition",
        arena_join(a, d->name, "@", arena_number(a, r->entry->version), NULL));
    add(q, h, "traceparent", traceparent_of(a, r, &e->config.sampler, &q->name));
    add_callback(e, q, h, r);
    if (r->row.tracestate != NULL) {
        add(q, h, "tracestate", r->row.tracestate);
    }
}

static void hand_over(struct engine *e, const struct batch_send *send,
                      const struct resident *r)
{
    const struct render_request *rendered = &send->request;
    size_t n_all = rendered->n_headers + OWN_HEADERS;
    struct service_header *headers = arena_take(e->scratch, n_all * sizeof(*headers));
    struct call_request q = {.name = send->name,
                             .service = send->service,
                             .is_absolute = send->call->service == NULL,
                             .method = send->call->method,
                             .url = rendered->url,
                             .headers = headers,
                             .body = rendered->body,
                             .body_n = rendered->body_n,
                             .timeout_ms = send->call->timeout_ms,
                             .reads_answer = send->call->reads_answer};

    for (size_t i = 0; i < rendered->n_headers; i++) {
        add(&q, headers, rendered->headers[i].name, rendered->headers[i].value);
    }
    add_own_headers(e, &q, headers, r);
    calls_send(e->calls, &q);
    arena_reset(e->scratch);
}

/* Due, but never handed to curl: back to queued, by a turn. */
static void put_back(struct engine *e, const struct batch_send *send, struct resident *r)
{
    struct record record = {.event = {.kind = SAGA_EV_RETURNED,
                                      .step = send->name.step,
                                      .item = send->name.item,
                                      .call = send->name.call,
                                      .turn = send->name.turn}};

    service_release(send->service);
    (void)turn_apply(e, r, &record); /* Late only if it is not due any more. */
}

void sending_release(struct engine *e, const struct batch_send *send)
{
    struct resident *r = table_find(e->table, send->name.saga);

    if (atomic_load(&e->is_draining)) {
        put_back(e, send, r);
    } else {
        hand_over(e, send, r);
    }
}
