/* rehearse_oracle.c - the core's questions during a rehearsal; see rehearse_parts.h. */
#include <assert.h>

#include "definitions/rehearse_parts.h"

void rehearse_note(struct rehearsal *r, const struct err_info *info)
{
    r->note = arena_text(r->keep, info->text);
}

void rehearse_scope(struct rehearsal *r, uint16_t step, uint32_t item,
                    enum call_kind call, struct render_scope *out)
{
    papers_scope(r->papers, r->s, (struct papers_place){step, item, call}, r->turn, out);
}

const struct rendered *rehearse_rendered(const struct rehearsal *r, uint16_t step,
                                         uint32_t item, enum call_kind call)
{
    for (const struct rendered *x = r->rendered; x != NULL; x = x->next) {
        if (x->step == step && x->item == item && x->call == call) {
            return x;
        }
    }
    return NULL;
}

static int64_t ask_when(struct rehearsal *r, const struct saga_question *q)
{
    struct render_scope scope;
    struct err_info info;
    bool yes = false;

    rehearse_scope(r, q->step, q->item, CALL_ACTION, &scope);
    if (render_condition(r->d, r->d->steps[q->step].when, &scope, r->turn, &yes, &info) !=
        ERR_OK) {
        rehearse_note(r, &info);
        return -1;
    }
    return yes ? 1 : 0;
}

static int64_t ask_items(struct rehearsal *r, const struct saga_question *q)
{
    struct render_scope scope;
    struct err_info info;
    struct json_span items;

    rehearse_scope(r, q->step, q->item, CALL_ACTION, &scope);
    if (render_items(r->d, q->step, &scope, r->turn, &items, &info) != ERR_OK) {
        rehearse_note(r, &info);
        return -1;
    }
    papers_take_items(r->papers, q->step, items);
    return (int64_t)json_span_count(items);
}

static int64_t ask_until(struct rehearsal *r, const struct saga_question *q)
{
    struct render_scope scope;
    struct err_info info;
    int64_t ms = -1;

    rehearse_scope(r, q->step, q->item, CALL_ACTION, &scope);
    if (render_until(r->d, q->step, &scope, r->turn, &ms, &info) != ERR_OK) {
        rehearse_note(r, &info);
    }
    return ms;
}

/* A child's input takes the place of a request. */
static enum err render_child(struct rehearsal *r, const struct saga_question *q,
                             const struct render_scope *scope, struct rendered *x,
                             struct err_info *info)
{
    const struct template *input = r->d->steps[q->step].child_input;

    if (input == NULL) {
        x->child_input = JSON_SPAN_TEXT("{}");
        return ERR_OK;
    }
    return render_template(r->d, input, scope, r->turn, &x->child_input, info);
}

static int64_t ask_render(struct rehearsal *r, const struct saga_question *q)
{
    const bool is_start =
        r->d->plan->nodes[q->step].kind == PLAN_CHILD && q->call == CALL_ACTION;
    struct rendered *x = arena_take(r->turn, sizeof(*x));
    struct render_scope scope;
    struct err_info info;
    enum err e;

    rehearse_scope(r, q->step, q->item, q->call, &scope);
    e = is_start
            ? render_child(r, q, &scope, x, &info)
            : render_call(r->d, q->step, q->call, &scope, r->turn, &x->request, &info);
    if (e != ERR_OK) {
        rehearse_note(r, &info);
        return SAGA_RENDER_FAILED;
    }
    x->step = q->step;
    x->item = q->item;
    x->call = q->call;
    x->next = r->rendered;
    r->rendered = x;
    return SAGA_RENDER_OK;
}

static int64_t ask_signal(struct rehearsal *r, const struct saga_question *q)
{
    const struct expr *reject = r->d->steps[q->step].reject_when;
    const bool is_granted = r->script->signals_come && r->signal.at == NULL;
    struct render_scope scope;
    struct err_info info;
    bool is_rejected = false;

    rehearse_scope(r, q->step, q->item, CALL_ACTION, &scope);
    scope.signal = r->signal.at != NULL ? r->signal : JSON_SPAN_TEXT("{}");
    if (reject != NULL && !is_granted &&
        render_condition(r->d, reject, &scope, r->turn, &is_rejected, &info) != ERR_OK) {
        rehearse_note(r, &info);
        return -1;
    }
    if (is_rejected) {
        return 0;
    }
    papers_give(r->papers, q->step, SAGA_NO_ITEM,
                &(struct papers_answer){.body = scope.signal});
    return 1;
}

static int64_t ask_output(struct rehearsal *r)
{
    struct render_scope scope;
    struct err_info info;

    if (r->d->output == NULL) {
        return 1;
    }
    rehearse_scope(r, 0, SAGA_NO_ITEM, CALL_ACTION, &scope);
    if (render_template(r->d, r->d->output, &scope, r->keep, &r->output, &info) !=
        ERR_OK) {
        r->output_error = arena_text(r->keep, info.text);
        return 0;
    }
    return 1;
}

static int64_t ask(void *user, const struct saga_question *q)
{
    struct rehearsal *r = user;

    switch (q->ask) {
    case SAGA_ASK_WHEN:
        return ask_when(r, q);
    case SAGA_ASK_ITEMS:
        return ask_items(r, q);
    case SAGA_ASK_UNTIL:
        return ask_until(r, q);
    case SAGA_ASK_RENDER:
        return ask_render(r, q);
    case SAGA_ASK_SLOT:
        return SAGA_SLOT_GRANTED;
    case SAGA_ASK_SIGNAL:
        return ask_signal(r, q);
    case SAGA_ASK_OUTPUT:
        return ask_output(r);
    }
    assert(false);
    return -1;
}

struct saga_oracle rehearse_oracle_of(struct rehearsal *r)
{
    return (struct saga_oracle){.ask = ask, .user = r};
}
