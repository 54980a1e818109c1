/* sent.c - see sent.h. */
#include "engine/view/sent.h"

#include <string.h>

#include "engine/calls/outgoing.h"
#include "engine/view/saga_text.h"

#define UNKNOWN "\u2026"

const char *sent_key(struct arena *a, const char *saga_id, const char *step_id,
                     uint32_t item, enum call_kind call)
{
    if (item == SAGA_NO_ITEM) {
        return arena_join(a, saga_id, ".", step_id, ".", call_name_of(call), NULL);
    }
    return arena_join(a, saga_id, ".", step_id, ".", arena_number(a, item), ".",
                      call_name_of(call), NULL);
}

static const struct plan_call *call_plan(const struct sent_attempt *x)
{
    return saga_call_of(&x->definition->plan->nodes[x->name.step], x->name.call);
}

static const char *traceparent(struct arena *a, const struct sent_attempt *x,
                               const struct trace_sampler *sampler)
{
    const struct trace_ids ids =
        trace_ids_of_attempt(x->saga_id, x->traceparent, sampler, &x->name);

    return trace_parent_text(a, &ids);
}

static const char *quoted_key(struct arena *a, const struct sent_attempt *x,
                              enum call_kind call)
{
    const char *step = x->definition->steps[x->name.step].id;

    return arena_join(a, "\"", sent_key(a, x->saga_id, step, x->name.item, call), "\"",
                      NULL);
}

struct list {
    struct service_header *items;
    size_t n;
};

static void add(struct list *l, const char *name, const char *value)
{
    l->items[l->n++] = (struct service_header){name, value};
}

size_t sent_own_headers(struct arena *a, const struct sent_attempt *x,
                        const struct trace_sampler *sampler,
                        struct service_header out[static SENT_OWN_HEADERS])
{
    struct list l = {out, 0};

    if (x->name.call != CALL_CONFIRM) {
        add(&l, "Idempotency-Key", quoted_key(a, x, x->name.call));
    }
    if (x->name.call == CALL_COMPENSATION) {
        add(&l, "Saga-Action-Key", quoted_key(a, x, CALL_ACTION));
    }
    add(&l, "Saga-Id", x->saga_id);
    add(&l, "Saga-Step", x->definition->steps[x->name.step].id);
    add(&l, "Saga-Operation", call_name_of(x->name.call));
    add(&l, "Saga-Attempt", arena_number(a, x->attempt));
    add(&l, "Saga-Deadline",
        x->is_foreseen ? UNKNOWN : arena_number(a, x->due_ms + call_plan(x)->timeout_ms));
    add(&l, "Saga-Definition",
        arena_join(a, x->definition->name, "@", arena_number(a, x->version), NULL));
    add(&l, "traceparent", x->is_foreseen ? UNKNOWN : traceparent(a, x, sampler));
    if (x->callback != NULL) {
        add(&l, "Saga-Callback", x->callback);
    }
    if (x->tracestate != NULL) {
        add(&l, "tracestate", x->tracestate);
    }
    return l.n;
}

/* ---- shown ----------------------------------------------------------------------- */

static const char *url_of(struct arena *a, const struct address_text *to,
                          const struct render_request *request)
{
    struct buf url;
    const char *made;

    if (request->call->service == NULL) {
        return request->url;
    }
    buf_init(&url, OUTGOING_URL_MAX);
    outgoing_join_url(&url, to != NULL ? to->config.url : UNKNOWN, request->url);
    made = arena_text(a, buf_text(&url));
    buf_done(&url);
    return made;
}

/* A line is curl's: "Name: value", "Name;" for an empty value, "Name:" for none at all.
 */
static void take_line(struct arena *a, const char *line, struct list *out)
{
    const size_t n = strcspn(line, ":;");
    char *name = arena_take(a, n + 1);

    memcpy(name, line, n);
    name[n] = '\0';
    if (line[n] == ';') {
        add(out, name, "");
    } else if (line[n + 1] == ' ') {
        add(out, name, arena_text(a, line + n + 2));
    }
}

/* As outgoing.c merges them; what it refuses was never sent, and stands as it is. */
static void merge(struct arena *a, const struct call_request *q,
                  const struct address_text *to, struct sent *out)
{
    static const struct address_text nothing = {.user_agent = UNKNOWN};
    struct outgoing o;
    struct list l;

    if (to == NULL) {
        to = &nothing;
    }
    outgoing_init(&o);
    if (outgoing_write_headers(&o, q, &to->config, to->user_agent) == NULL) {
        l = (struct list){arena_take(a, (o.n_lines + 1) * sizeof(*l.items)), 0};
        for (size_t i = 0; i < o.n_lines; i++) {
            take_line(a, o.texts.bytes + o.lines_at[i], &l);
        }
        out->headers = l.items;
        out->n_headers = l.n;
    } else {
        out->headers = q->headers;
        out->n_headers = q->n_headers;
    }
    outgoing_done(&o);
}

void sent_write(struct arena *a, const struct sent_attempt *x,
                const struct address_text *to, const struct render_request *request,
                struct sent *out)
{
    static const struct trace_sampler always = {.ratio = 1};
    const size_t n_own = request->n_headers;
    struct service_header *headers =
        arena_take(a, (n_own + SENT_OWN_HEADERS) * sizeof(*headers));
    struct call_request q = {
        .headers = headers, .body = request->body, .body_n = request->body_n};

    for (size_t i = 0; i < n_own; i++) {
        headers[i].name = request->headers[i].name;
        headers[i].value = request->headers[i].value;
    }
    q.n_headers = n_own + sent_own_headers(a, x, to != NULL ? &to->sampler : &always,
                                           headers + n_own);
    out->url = url_of(a, to, request);
    merge(a, &q, to, out);
}
