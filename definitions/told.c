/* told.c - see told.h. */
#include "definitions/told.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#define X(name, text) text,
static const char *const statuses[SAGA_STATUSES] = {SAGA_STATUS_MAP(X)};
static const char *const calls[CALLS] = {CALL_MAP(X)};
static const char *const outcomes[OUTCOMES] = {OUTCOME_MAP(X)};
#undef X

static const char *const reasons[SAGA_REASONS] = {
    [SAGA_REASON_NONE] = "nothing is wrong with it",
    [SAGA_REASON_EXPRESSION] = "an expression failed",
    [SAGA_REASON_RENDER] = "its request cannot be rendered",
    [SAGA_REASON_CHANGED] = "its request renders otherwise than at the first attempt",
    [SAGA_REASON_KEY_EXPIRED] =
        "it has been in doubt for longer than the service keeps idempotency keys",
    [SAGA_REASON_REJECTED] = "it was refused",
    [SAGA_REASON_EXHAUSTED] = "its attempts ran out",
    [SAGA_REASON_IN_DOUBT] =
        "its attempts ran out and nobody knows whether it took effect",
    [SAGA_REASON_VERDICT] = "its answer cannot be judged",
    [SAGA_REASON_NO_ANSWER] = "its compensation reads an answer that may not exist",
    [SAGA_REASON_CHILD] = "its child saga was resolved by hand",
    [SAGA_REASON_ITEMS] = "its items stand in too many different ways",
};

const char *told_status(enum saga_status status)
{
    assert((unsigned)status < SAGA_STATUSES);
    return statuses[status];
}

const char *told_outcome(enum outcome outcome)
{
    assert((unsigned)outcome < OUTCOMES);
    return outcomes[outcome];
}

const char *told_reason(enum saga_reason reason)
{
    assert((unsigned)reason < SAGA_REASONS);
    return reasons[reason];
}

void told_step(struct buf *out, const struct definition *d, uint16_t step, uint32_t item)
{
    buf_add_text(out, d->steps[step].id);
    if (item != SAGA_NO_ITEM) {
        buf_printf(out, "[%" PRIu32 "]", item);
    }
}

const char *told_call(const struct definition *d, uint16_t step, enum call_kind call)
{
    if (d->plan->nodes[step].kind == PLAN_CHILD && call == CALL_ACTION) {
        return "saga";
    }
    return calls[call];
}

void told_call_name(struct buf *out, const struct definition *d, uint16_t step,
                    uint32_t item, enum call_kind call)
{
    told_step(out, d, step, item);
    buf_printf(out, ".%s", told_call(d, step, call));
}

void told_expr(struct buf *out, const struct expr *e)
{
    const char *text = expr_text(e);
    size_t n = strlen(text);

    while (n > 0 && *text == ' ') {
        text++;
        n--;
    }
    while (n > 0 && text[n - 1] == ' ') {
        n--;
    }
    buf_add(out, text, n);
}

void told_template(struct buf *out, const struct template *t)
{
    const struct template_piece *pieces;
    const size_t n = template_pieces(t, &pieces);

    for (size_t i = 0; i < n; i++) {
        if (pieces[i].e == NULL) {
            buf_add(out, pieces[i].text, pieces[i].n);
            continue;
        }
        buf_add_text(out, "${ ");
        told_expr(out, pieces[i].e);
        buf_add_text(out, " }");
    }
}

void told_request(struct buf *out, const struct definition_call *call)
{
    buf_printf(out, "%s %s%s", call->method, call->service != NULL ? call->service : "",
               call->service != NULL ? " " : "");
    told_template(out, call->url);
}
