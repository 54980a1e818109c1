/* oracle.c - see oracle.h. */
#include "engine/run/oracle.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "engine/run/state.h"

enum { ANSWERS_ROOM = 8, TAKES_ROOM = LIMIT_SIGNALS_ALL + 1 };

void oracle_init(struct oracle *o, struct engine *e, struct resident *r,
                 struct record *record)
{
    *o = (struct oracle){.e = e, .r = r, .record = record};
    o->is_urgent = record->event.kind == SAGA_EV_RETRY ||
                   record->event.kind == SAGA_EV_RESOLVE ||
                   record->event.kind == SAGA_EV_RESUME;
}

static struct arena *batch_arena(const struct oracle *o)
{
    return engine_batch(o->e)->ops.arena;
}

static const struct definition *definition_of(const struct oracle *o)
{
    return o->r->entry->definition;
}

/* What an expression said, for the journal and `why`; the first one of the turn counts.
 */
static void note(struct oracle *o, const struct err_info *info)
{
    if (o->record->note == NULL) {
        o->record->note = arena_text(batch_arena(o), info->text);
    }
}

static void scope_of(struct oracle *o, const struct saga_question *q, enum call_kind call,
                     struct render_scope *scope)
{
    docs_scope(o->r->docs, &o->e->saga,
               (struct docs_place){.step = q->step, .item = q->item, .call = call},
               scope);
}

static int64_t ask_when(struct oracle *o, const struct saga_question *q)
{
    struct render_scope scope;
    struct err_info info;
    bool yes = false;

    scope_of(o, q, CALL_ACTION, &scope);
    if (render_condition(definition_of(o), definition_of(o)->steps[q->step].when, &scope,
                         batch_arena(o), &yes, &info) != ERR_OK) {
        note(o, &info);
        return -1;
    }
    return yes ? 1 : 0;
}

/* Items are evaluated once and kept. */
static void keep_items(struct oracle *o, uint16_t step, struct json_span items)
{
    if (json_span_count(items) > 0) {
        store_batch_add_items(&engine_batch(o->e)->ops, o->r->num, step, items);
        docs_take_items(o->r->docs, step, 0, items);
    }
}

static int64_t ask_items(struct oracle *o, const struct saga_question *q)
{
    struct render_scope scope;
    struct err_info info;
    struct json_span items;

    scope_of(o, q, CALL_ACTION, &scope);
    if (render_items(definition_of(o), q->step, &scope, batch_arena(o), &items, &info) !=
        ERR_OK) {
        note(o, &info);
        return -1;
    }
    keep_items(o, q->step, items);
    return (int64_t)json_span_count(items);
}

static int64_t ask_until(struct oracle *o, const struct saga_question *q)
{
    struct render_scope scope;
    struct err_info info;
    int64_t ms = -1;

    scope_of(o, q, CALL_ACTION, &scope);
    if (render_until(definition_of(o), q->step, &scope, batch_arena(o), &ms, &info) !=
        ERR_OK) {
        note(o, &info);
    }
    return ms;
}

/* ---- calls ------------------------------------------------------------------------- */

static const struct oracle_rendered *rendered_of(const struct oracle *o, uint16_t step,
                                                 uint32_t item, enum call_kind call)
{
    for (const struct oracle_rendered *x = o->rendered; x != NULL; x = x->next) {
        if (x->step == step && x->item == item && x->call == call) {
            return x;
        }
    }
    return NULL;
}

static bool is_child(const struct oracle *o, const struct saga_question *q)
{
    return q->call == CALL_ACTION &&
           definition_of(o)->plan->nodes[q->step].kind == PLAN_CHILD;
}

static int64_t render_child(struct oracle *o, const struct saga_question *q)
{
    struct oracle_child *x = arena_take(batch_arena(o), sizeof(*x));
    struct render_scope scope;
    struct err_info info;

    scope_of(o, q, CALL_ACTION, &scope);
    if (family_render(o->e, o->r, q, &scope, o->n_children, &x->child, &info) != ERR_OK) {
        note(o, &info);
        return SAGA_RENDER_FAILED;
    }
    x->step = q->step;
    x->item = q->item;
    x->next = o->children;
    o->children = x;
    o->n_children++;
    return SAGA_RENDER_OK;
}

const struct family_child *oracle_child(const struct oracle *o,
                                        const struct saga_effect *start)
{
    const struct oracle_child *x = o->children;

    while (x->step != start->step || x->item != start->item) {
        x = x->next; /* It is there: rendered in the turn that starts it. */
    }
    return &x->child;
}

static int64_t render_request(struct oracle *o, const struct saga_question *q)
{
    struct oracle_rendered *x = arena_take(batch_arena(o), sizeof(*x));
    const struct resident_hash *first = resident_hash_of(o->r, q->step, q->item, q->call);
    struct render_scope scope;
    struct err_info info;

    scope_of(o, q, q->call, &scope);
    if (render_call(definition_of(o), q->step, q->call, &scope, batch_arena(o),
                    &x->request, &info) != ERR_OK) {
        note(o, &info);
        return SAGA_RENDER_FAILED;
    }
    if (first != NULL && first->hash != x->request.hash) {
        (void)err_set(&info, ERR_CONFLICT,
                      "the request of '%s' renders otherwise than its first attempt",
                      definition_of(o)->steps[q->step].id);
        note(o, &info);
        return SAGA_RENDER_CHANGED;
    }
    x->step = q->step;
    x->item = q->item;
    x->call = q->call;
    x->next = o->rendered;
    o->rendered = x;
    return SAGA_RENDER_OK;
}

struct service *oracle_service(struct engine *e, const struct render_request *request)
{
    return request->call->service != NULL
               ? services_need(e->config.services, request->call->service)
               : services_of_url(e->config.services, request->url);
}

void oracle_say_missing(const struct resident *r, const struct service *service)
{
    if (service_is_missing(service)) {
        log_say(LOG_WARNING, "a call waits for a service that is not configured",
                LOG_TEXT("sagaId", r->row.id),
                LOG_TEXT("service", service_name(service)));
    }
}

/* S2: may the participant have forgotten the key of a call in doubt? Looked at whenever
 * it renders, so also when a call that waited in its queue is granted its place. */
static bool is_key_expired(struct oracle *o, const struct saga_question *q)
{
    const struct oracle_rendered *x = rendered_of(o, q->step, q->item, q->call);
    const struct service *service = oracle_service(o->e, &x->request);
    uint64_t kept_ms = service != NULL ? service_config_of(service)->keys_kept_ms : 0;

    return q->born_ms != 0 && kept_ms != 0 && o->e->now_ms > q->born_ms + kept_ms;
}

static int64_t ask_render(struct oracle *o, const struct saga_question *q)
{
    int64_t answer;

    if (is_child(o, q)) {
        return render_child(o, q);
    }
    answer = render_request(o, q);
    return answer == SAGA_RENDER_OK && is_key_expired(o, q) ? SAGA_RENDER_KEY_EXPIRED
                                                            : answer;
}

static int64_t ask_slot(struct oracle *o, const struct saga_question *q)
{
    const struct oracle_rendered *x = rendered_of(o, q->step, q->item, q->call);
    struct service_waiter waiter = {.saga = o->r->num,
                                    .step = q->step,
                                    .item = q->item,
                                    .call = q->call,
                                    .is_urgent = o->is_urgent};
    struct service *service;

    assert(x != NULL);
    service = oracle_service(o->e, &x->request);
    if (service == NULL) {
        return SAGA_SLOT_PAUSED; /* Not http or https: the checker saw to it. */
    }
    oracle_say_missing(o->r, service);
    return service_ask(service, &waiter, o->e->mono_ms, o->e->now_ms, q->born_ms);
}

const struct render_request *oracle_request(const struct oracle *o,
                                            const struct saga_effect *send)
{
    const struct oracle_rendered *x = rendered_of(o, send->step, send->item, send->call);

    assert(x != NULL); /* A call renders in the turn that makes it due. */
    return &x->request;
}

/* ---- signals, output ------------------------------------------------------------------
 */

static int64_t ask_signal(struct oracle *o, const struct saga_question *q)
{
    const struct expr *reject = definition_of(o)->steps[q->step].reject_when;
    struct render_scope scope;
    struct err_info info;
    bool is_rejected = false;

    scope_of(o, q, CALL_ACTION, &scope);
    scope.signal = docs_signal(o->r->docs, q->turn);
    if (reject != NULL &&
        render_condition(definition_of(o), reject, &scope, batch_arena(o), &is_rejected,
                         &info) != ERR_OK) {
        note(o, &info);
        return -1;
    }
    if (is_rejected) {
        return 0;
    }
    if (o->takes == NULL) {
        o->takes = arena_take(batch_arena(o), TAKES_ROOM * sizeof(o->takes[0]));
    }
    assert(o->n_takes < TAKES_ROOM);
    o->takes[o->n_takes++] = (struct record_take){.step = q->step, .turn = q->turn};
    o->record->takes = o->takes; /* What follows the wait in this turn may read it. */
    o->record->n_takes = o->n_takes;
    return 1;
}

static int64_t ask_output(struct oracle *o, const struct saga_question *q)
{
    const struct definition *d = definition_of(o);
    struct render_scope scope;
    struct err_info info;
    struct json_span value;

    if (d->output == NULL) {
        return 1;
    }
    scope_of(o, q, CALL_ACTION, &scope);
    if (render_template(d, d->output, &scope, batch_arena(o), &value, &info) != ERR_OK) {
        o->record->output_error = arena_text(batch_arena(o), info.text);
        return 0;
    }
    o->record->output = arena_copy(batch_arena(o), value.at, value.n);
    return 1;
}

static int64_t answer(struct oracle *o, const struct saga_question *q)
{
    switch (q->ask) {
    case SAGA_ASK_WHEN:
        return ask_when(o, q);
    case SAGA_ASK_ITEMS:
        return ask_items(o, q);
    case SAGA_ASK_UNTIL:
        return ask_until(o, q);
    case SAGA_ASK_RENDER:
        return ask_render(o, q);
    case SAGA_ASK_SLOT:
        return ask_slot(o, q);
    case SAGA_ASK_SIGNAL:
        return ask_signal(o, q);
    case SAGA_ASK_OUTPUT:
        return ask_output(o, q);
    }
    assert(false);
    return -1;
}

static int64_t ask(void *user, const struct saga_question *q)
{
    struct oracle *o = user;
    int64_t got = answer(o, q);

    if (o->n_answers == o->room) {
        size_t room = o->room == 0 ? ANSWERS_ROOM : o->room * 2;
        int64_t *more = arena_take(batch_arena(o), room * sizeof(*more));

        if (o->n_answers > 0) {
            memcpy(more, o->answers, o->n_answers * sizeof(*more));
        }
        o->answers = more;
        o->room = room;
    }
    o->answers[o->n_answers++] = got;
    return got;
}

struct saga_oracle oracle_of(struct oracle *o)
{
    return (struct saga_oracle){.ask = ask, .user = o};
}
