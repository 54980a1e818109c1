/* compile_call.c - see compile.h. */
#include <string.h>

#include "definitions/compile.h"

static const struct definition_pair *compile_pairs(const struct draft_pairs *from,
                                                   struct arena *keep)
{
    struct definition_pair *pairs;

    if (from->n == 0) {
        return NULL;
    }
    pairs = arena_take(keep, from->n * sizeof(*pairs));
    for (size_t i = 0; i < from->n; i++) {
        pairs[i].name = from->items[i].name;
        pairs[i].value = from->items[i].value;
    }
    return pairs;
}

struct definition_call *compile_call(const struct draft_call *call, struct arena *keep)
{
    struct definition_call *out;

    if (call == NULL) {
        return NULL;
    }
    out = arena_take(keep, sizeof(*out));
    out->service = call->service;
    out->method = call->method;
    out->url = call->url;
    out->query = compile_pairs(&call->query, keep);
    out->n_query = call->query.n;
    out->headers = compile_pairs(&call->headers, keep);
    out->n_headers = call->headers.n;
    out->body = call->body;
    out->timeout_ms = (uint32_t)call->timeout_ms;
    out->statuses = call->statuses;
    out->reject_when = call->reject_when;
    out->retry_when = call->retry_when;
    out->applied_when = call->applied_when;
    out->not_applied_when = call->not_applied_when;
    out->not_applied = call->not_applied;
    out->redact = call->redact.items;
    out->n_redact = call->redact.n;
    out->reads_answer = call->reads_answer;
    return out;
}

struct plan_call compile_plan_call(const struct draft_call *call)
{
    const uint64_t *v;

    if (call == NULL) {
        return (struct plan_call){.is_present = false};
    }
    v = call->retry.v;
    return (struct plan_call){
        .retry = {.attempts_max = (uint32_t)v[DRAFT_ATTEMPTS],
                  .delay_ms = (uint32_t)v[DRAFT_DELAY],
                  .delay_max_ms = (uint32_t)v[DRAFT_DELAY_MAX],
                  .backoff_permille = (uint32_t)v[DRAFT_BACKOFF],
                  .jitter_permille = (uint32_t)v[DRAFT_JITTER],
                  .elapsed_max_ms = v[DRAFT_ELAPSED]},
        .timeout_ms = (uint32_t)call->timeout_ms,
        .callback_ms = (uint32_t)call->callback_ms,
        .is_present = true,
        .is_safe = strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0,
    };
}
