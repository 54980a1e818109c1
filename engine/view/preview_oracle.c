/* preview_oracle.c - the core's questions during a preview; see preview_parts.h. */
#include "engine/view/preview_parts.h"

#include <assert.h>

#include "definitions/template.h"

#define URL_BYTES 65536

/* ---- what expressions see ---------------------------------------------------------- */

/* Remembers that an answer was read which nobody has given. */
static struct json_span step_json(void *user, uint16_t step)
{
    struct previewing *p = user;

    p->reads_supposed = p->reads_supposed || p->is_supposed[step];
    return p->step(p->step_user, step);
}

/* An item of a step that began before is on disk. */
static void need_item(struct previewing *p, uint16_t step, uint32_t item)
{
    struct store_bytes values;
    struct err_info info;

    if (item != SAGA_NO_ITEM && !docs_has_item(p->docs, step, item) &&
        store_read_items(p->r, p->v->row.num, step, item, p->turn, &values, &info) ==
            ERR_OK) {
        docs_take_items(p->docs, step, item - item % STORE_ITEMS_A_ROW,
                        (struct json_span){values.at, values.n});
    }
}

static void scope_of(struct previewing *p, const struct saga_question *q,
                     enum call_kind call, struct render_scope *scope)
{
    need_item(p, q->step, q->item);
    docs_scope(p->docs, p->s, (struct docs_place){q->step, q->item, call}, scope);
    p->step = scope->step;
    p->step_user = scope->user;
    scope->step = step_json;
    scope->user = p;
    p->reads_supposed = false;
}

static const struct definition_step *step_of(const struct previewing *p,
                                             const struct saga_question *q)
{
    return &p->v->definition->steps[q->step];
}

/* ---- whether and how often ------------------------------------------------------------
 */

static int64_t ask_when(struct previewing *p, const struct saga_question *q)
{
    struct render_scope scope;
    bool yes = false;

    scope_of(p, q, CALL_ACTION, &scope);
    if (render_condition(p->v->definition, step_of(p, q)->when, &scope, p->turn, &yes,
                         &p->failure) != ERR_OK) {
        return p->reads_supposed ? 1 : -1;
    }
    return yes ? 1 : 0;
}

static int64_t ask_items(struct previewing *p, const struct saga_question *q)
{
    struct render_scope scope;
    struct json_span items;

    scope_of(p, q, CALL_ACTION, &scope);
    if (render_items(p->v->definition, q->step, &scope, p->turn, &items, &p->failure) !=
        ERR_OK) {
        return p->reads_supposed ? 0 : -1;
    }
    docs_take_items(p->docs, q->step, 0, items);
    return (int64_t)json_span_count(items);
}

static int64_t ask_until(struct previewing *p, const struct saga_question *q)
{
    struct render_scope scope;
    int64_t ms = -1;

    scope_of(p, q, CALL_ACTION, &scope);
    if (render_until(p->v->definition, q->step, &scope, p->turn, &ms, &p->failure) !=
        ERR_OK) {
        return p->reads_supposed ? (int64_t)p->world.now_ms : -1;
    }
    return ms;
}

static int64_t ask_signal(struct previewing *p, const struct saga_question *q)
{
    const struct expr *reject = step_of(p, q)->reject_when;
    struct render_scope scope;
    bool is_rejected = false;

    scope_of(p, q, CALL_ACTION, &scope);
    scope.signal = docs_signal(p->docs, q->turn);
    if (reject != NULL && render_condition(p->v->definition, reject, &scope, p->turn,
                                           &is_rejected, &p->failure) != ERR_OK) {
        return -1;
    }
    if (is_rejected) {
        return 0;
    }
    assert(p->record->n_takes < sizeof(p->takes) / sizeof(p->takes[0]));
    p->takes[p->record->n_takes++] =
        (struct record_take){.step = q->step, .turn = q->turn};
    p->record->takes = p->takes;
    return 1;
}

/* ---- requests ----------------------------------------------------------------------
 */

const struct preview_rendered *preview_rendered_of(const struct previewing *p,
                                                   const struct saga_effect *fx)
{
    for (const struct preview_rendered *x = p->rendered; x != NULL; x = x->next) {
        if (x->step == fx->step && x->item == fx->item && x->call == fx->call) {
            return x;
        }
    }
    return NULL;
}

/* Its literal parts, with "…" for every expression. */
static const char *url_with_holes(const struct template *url, struct arena *a)
{
    const struct template_piece *pieces;
    const size_t n = template_pieces(url, &pieces);
    const char *made;
    struct buf text;

    buf_init(&text, URL_BYTES);
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].e != NULL) {
            buf_add_text(&text, "\u2026");
        } else {
            buf_add(&text, pieces[i].text, pieces[i].n);
        }
    }
    made = arena_copy(a, buf_text(&text), text.n);
    buf_done(&text);
    return made;
}

/* True: the call was sent before, as something else (S3). */
static bool is_changed(const struct previewing *p, const struct saga_question *q,
                       uint64_t hash)
{
    for (size_t i = 0; q->attempts > 0 && i < p->n_sent; i++) {
        const struct preview_hash *h = &p->sent[i];

        if (h->step == q->step && h->item == q->item && h->call == q->call) {
            return h->hash != hash;
        }
    }
    return false;
}

static enum err render(struct previewing *p, const struct saga_question *q,
                       struct preview_rendered *x)
{
    const struct definition_call *call =
        definition_call_of(p->v->definition, q->step, q->call);
    struct render_scope scope;
    struct json_span input;

    scope_of(p, q, q->call, &scope);
    if (call != NULL) {
        return render_call(p->v->definition, q->step, q->call, &scope, p->turn,
                           &x->request, &p->failure);
    }
    return q->call != CALL_ACTION || step_of(p, q)->child_input == NULL
               ? ERR_OK
               : render_template(p->v->definition, step_of(p, q)->child_input, &scope,
                                 p->turn, &input, &p->failure);
}

static int64_t ask_render(struct previewing *p, const struct saga_question *q)
{
    const struct definition_call *call =
        definition_call_of(p->v->definition, q->step, q->call);
    struct preview_rendered *x = arena_take(p->turn, sizeof(*x));

    if (render(p, q, x) != ERR_OK) {
        if (!p->reads_supposed) {
            return SAGA_RENDER_FAILED;
        }
        x->request = (struct render_request){
            .call = call,
            .url = call != NULL ? url_with_holes(call->url, p->turn) : NULL};
    } else if (call != NULL && !p->reads_supposed && is_changed(p, q, x->request.hash)) {
        return SAGA_RENDER_CHANGED;
    }
    x->has_holes = p->reads_supposed;
    x->step = q->step;
    x->item = q->item;
    x->call = q->call;
    x->next = p->rendered;
    p->rendered = x;
    return SAGA_RENDER_OK;
}

/* ---- together ------------------------------------------------------------------------
 */

static int64_t ask(void *user, const struct saga_question *q)
{
    struct previewing *p = user;

    switch (q->ask) {
    case SAGA_ASK_WHEN:
        return ask_when(p, q);
    case SAGA_ASK_ITEMS:
        return ask_items(p, q);
    case SAGA_ASK_UNTIL:
        return ask_until(p, q);
    case SAGA_ASK_RENDER:
        return ask_render(p, q);
    case SAGA_ASK_SLOT:
        return SAGA_SLOT_GRANTED;
    case SAGA_ASK_SIGNAL:
        return ask_signal(p, q);
    case SAGA_ASK_OUTPUT:
        return 1; /* Whether it can be made does not change where the saga ends. */
    }
    assert(false);
    return -1;
}

struct saga_oracle preview_oracle_of(struct previewing *p)
{
    return (struct saga_oracle){.ask = ask, .user = p};
}
