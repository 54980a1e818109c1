/* trace.c - see trace.h. */
#include "engine/view/trace.h"

#include <string.h>

#include "base/hash.h"

#define TRACEPARENT_N 55 /* "00-", 32, "-", 16, "-", 2 */
#define TRACE_AT 3
#define SPAN_AT 36
#define FLAGS_AT 53

#define RATIO_BITS 63 /* As the SDKs of OpenTelemetry compare. */

/* Not printf's: each call has one. */
static void put_hex16(uint64_t value, char *out)
{
    for (size_t i = 16; i-- > 0; value >>= 4) {
        out[i] = "0123456789abcdef"[value & 0xfU];
    }
    out[16] = '\0';
}

static uint64_t hex16(const char *text)
{
    uint64_t value = 0;

    for (size_t i = 0; i < 16; i++) {
        const char c = text[i];

        value = value << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    return value;
}

static bool is_given(const char *given)
{
    return given != NULL && strlen(given) >= TRACEPARENT_N;
}

static bool is_sampled(const struct trace_sampler *s, const char *given,
                       const char *trace)
{
    if (is_given(given) && !s->ignores_parent) {
        return strchr("13579bdf", given[FLAGS_AT + 1]) != NULL;
    }
    switch (s->root) {
    case TRACE_ROOT_ON:
        return true;
    case TRACE_ROOT_OFF:
        return false;
    case TRACE_ROOT_RATIO:
        break;
    }
    return (double)(hex16(trace + 16) >> 1) <
           s->ratio * (double)((uint64_t)1 << RATIO_BITS);
}

/* The trace, and the saga's span as `span`. */
static struct trace_ids ids_of(const char *saga_id, const char *given,
                               const struct trace_sampler *sampler)
{
    const uint64_t id = hash_bytes(saga_id, strlen(saga_id));
    struct trace_ids ids = {.parent = ""};

    if (is_given(given)) {
        memcpy(ids.trace, given + TRACE_AT, TRACE_ID_TEXT - 1);
        memcpy(ids.parent, given + SPAN_AT, TRACE_SPAN_TEXT - 1);
    } else {
        put_hex16(id, ids.trace);
        put_hex16(hash_mix(id, 2) | 1U, ids.trace + 16);
    }
    put_hex16(hash_mix(id, 3) | 1U, ids.span);
    ids.is_sampled = is_sampled(sampler, given, ids.trace);
    return ids;
}

struct trace_ids trace_ids_of_saga(const char *saga_id, const char *given,
                                   const struct trace_sampler *sampler)
{
    return ids_of(saga_id, given, sampler);
}

struct trace_ids trace_ids_of_attempt(const char *saga_id, const char *given,
                                      const struct trace_sampler *sampler,
                                      const struct trace_attempt *attempt)
{
    const uint64_t id = hash_bytes(saga_id, strlen(saga_id));
    const uint64_t which = (uint64_t)attempt->step << 40 | (uint64_t)attempt->item << 2 |
                           (uint64_t)attempt->call;
    struct trace_ids ids = ids_of(saga_id, given, sampler);

    memcpy(ids.parent, ids.span, sizeof(ids.parent));
    put_hex16(hash_mix(hash_mix(id, attempt->turn), which) | 1U, ids.span);
    return ids;
}

const char *trace_of_saga(struct arena *a, const char *saga_id, const char *given)
{
    const struct trace_sampler always = {.ratio = 1};
    struct trace_ids ids;

    if (given != NULL) {
        return given;
    }
    ids = ids_of(saga_id, NULL, &always);
    return trace_parent_text(a, &ids);
}

const char *trace_parent_text(struct arena *a, const struct trace_ids *ids)
{
    return arena_join(a, "00-", ids->trace, "-", ids->span,
                      ids->is_sampled ? "-01" : "-00", NULL);
}
