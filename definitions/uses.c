/* uses.c - see uses.h. */
#include "definitions/uses.h"

struct visitor {
    struct arena *scratch;
    void (*visit)(void *user, const struct use *use);
    void *user;
};

static void see_expr(const struct visitor *v, struct use use, const struct expr *e,
                     const struct place *owner, const char *member)
{
    if (e == NULL) {
        return;
    }
    use.e = e;
    use.at = place_of(v->scratch, owner, member);
    v->visit(v->user, &use);
}

static void see_template(const struct visitor *v, struct use use,
                         const struct template *t, const struct place *at)
{
    const struct template_piece *pieces;
    size_t n = t != NULL ? template_pieces(t, &pieces) : 0;

    for (size_t i = 0; i < n; i++) {
        if (pieces[i].e != NULL) {
            use.e = pieces[i].e;
            use.at = place_below(v->scratch, at, pieces[i].pointer);
            v->visit(v->user, &use);
        }
    }
}

static void see_pairs(const struct visitor *v, struct use use,
                      const struct draft_pairs *pairs)
{
    for (size_t i = 0; i < pairs->n; i++) {
        see_template(v, use, pairs->items[i].value, pairs->items[i].at);
    }
}

static void see_call(const struct visitor *v, struct draft_step *step,
                     struct draft_call *call, enum use_context context,
                     enum use_context verdict)
{
    struct use use = {.context = context, .step = step, .call = call};

    if (call == NULL) {
        return;
    }
    see_template(v, use, call->url, place_of(v->scratch, call->at, "url"));
    see_pairs(v, use, &call->query);
    see_pairs(v, use, &call->headers);
    see_template(v, use, call->body, place_of(v->scratch, call->at, "body"));
    use.context = verdict;
    see_expr(v, use, call->reject_when, call->at, "rejectWhen");
    see_expr(v, use, call->retry_when, call->at, "retryWhen");
    see_expr(v, use, call->applied_when, call->at, "appliedWhen");
    see_expr(v, use, call->not_applied_when, call->at, "notAppliedWhen");
}

static void see_wait(const struct visitor *v, struct draft_step *step)
{
    struct use use = {.context = USE_UNTIL, .step = step};
    const struct place *at;

    if (step->wait == NULL) {
        return;
    }
    at = place_of(v->scratch, step->at, "wait");
    see_expr(v, use, step->wait->until, at, "until");
    use.context = USE_SIGNAL;
    see_expr(v, use, step->wait->reject_when, at, "rejectWhen");
}

static void see_step(const struct visitor *v, struct draft_step *step)
{
    struct use use = {.context = USE_WHEN, .step = step};

    see_expr(v, use, step->when, step->at, "when");
    if (step->each != NULL) {
        use.context = USE_EACH;
        see_expr(v, use, step->each->in, place_of(v->scratch, step->at, "forEach"), "in");
    }
    see_call(v, step, step->call, USE_ACTION, USE_VERDICT);
    see_call(v, step, step->confirm, USE_CONFIRM, USE_CONFIRM_VERDICT);
    see_call(v, step, step->undo.call, USE_UNDO, USE_UNDO_VERDICT);
    see_wait(v, step);
    if (step->child != NULL) {
        use.context = USE_ACTION;
        see_template(v, use, step->child->input,
                     place_of(v->scratch, step->child->at, "input"));
    }
}

void uses_each(struct draft *d, struct arena *scratch,
               void (*visit)(void *user, const struct use *use), void *user)
{
    const struct visitor v = {scratch, visit, user};
    struct use use = {.context = USE_KEY};

    see_template(&v, use, d->key, place_of(scratch, d->at, "key"));
    see_template(&v, use, d->ordering_key, place_of(scratch, d->at, "orderingKey"));
    for (uint16_t i = 1; i < d->n_nodes; i++) {
        see_step(&v, d->nodes[i]);
    }
    use.context = USE_OUTPUT;
    see_template(&v, use, d->output, place_of(scratch, d->at, "output"));
    use.context = USE_NOTIFY;
    for (size_t i = 0; i < d->n_notify; i++) {
        see_template(&v, use, d->notify[i].url,
                     place_of(scratch, d->notify[i].at, "url"));
    }
}
