/* sending.c - see sending.h. */
#include "engine/run/sending.h"

#include <string.h>

#include "engine/run/capability.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"
#include "engine/view/sent.h"

/* Where the participant posts its result to (S18); NULL: it answers. */
static const char *callback_of(struct engine *e, const struct batch_send *send,
                               const struct resident *r)
{
    const struct call_name *name = &send->name;
    struct capability c = {.saga = r->num, .step = name->step, .item = name->item};
    char token[CAPABILITY_TEXT_MAX];

    if (name->call != CALL_ACTION ||
        r->entry->definition->plan->nodes[name->step].action.callback_ms == 0) {
        return NULL;
    }
    capability_write(e->callback_key, &c, token);
    return arena_join(e->scratch, e->base_url, "/v1/callbacks/", token, NULL);
}

static size_t add_own_headers(struct engine *e, const struct batch_send *send,
                              const struct resident *r,
                              struct service_header out[static SENT_OWN_HEADERS])
{
    const struct call_name *name = &send->name;
    const struct sent_attempt attempt = {.saga_id = r->row.id,
                                         .definition = r->entry->definition,
                                         .version = r->entry->version,
                                         .traceparent = r->row.traceparent,
                                         .tracestate = r->row.tracestate,
                                         .name = {.turn = name->turn,
                                                  .step = name->step,
                                                  .item = name->item,
                                                  .call = name->call},
                                         .attempt = name->attempt,
                                         .due_ms = send->due_ms,
                                         .callback = callback_of(e, send, r)};

    return sent_own_headers(e->scratch, &attempt, &e->config.sampler, out);
}

static void hand_over(struct engine *e, const struct batch_send *send,
                      const struct resident *r)
{
    const struct render_request *rendered = &send->request;
    const size_t n = rendered->n_headers;
    struct service_header *headers =
        arena_take(e->scratch, (n + SENT_OWN_HEADERS) * sizeof(*headers));
    struct call_request q = {.name = send->name,
                             .service = send->service,
                             .is_absolute = send->call->service == NULL,
                             .base_url = send->base_url,
                             .method = send->call->method,
                             .url = rendered->url,
                             .headers = headers,
                             .body = rendered->body,
                             .body_n = rendered->body_n,
                             .timeout_ms = send->call->timeout_ms,
                             .reads_answer = send->call->reads_answer};

    for (size_t i = 0; i < n; i++) {
        headers[i] = (struct service_header){rendered->headers[i].name,
                                             rendered->headers[i].value};
    }
    q.n_headers = n + add_own_headers(e, send, r, headers + n);
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
