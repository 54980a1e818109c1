/* trace.c - see trace.h. */
#include "engine/run/trace.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"

#define TRACEPARENT_N 55 /* "00-", 32, "-", 16, "-", 2 */

static const char *write(struct arena *a, const char *saga_id, const char *given,
                         uint64_t span)
{
    uint64_t id = hash_bytes(saga_id, strlen(saga_id));

    if (given != NULL && strlen(given) >= TRACEPARENT_N) {
        return arena_printf(a, "00-%.32s-%016" PRIx64 "-%.2s", given + 3, span | 1U,
                            given + 53);
    }
    return arena_printf(a, "00-%016" PRIx64 "%016" PRIx64 "-%016" PRIx64 "-01", id,
                        hash_mix(id, 2) | 1U, span | 1U);
}

const char *trace_of_saga(struct arena *a, const char *saga_id, const char *given)
{
    uint64_t id = hash_bytes(saga_id, strlen(saga_id));

    return given != NULL ? given : write(a, saga_id, NULL, hash_mix(id, 3));
}

const char *trace_of_attempt(struct arena *a, const char *saga_id, const char *given,
                             const struct trace_attempt *attempt)
{
    uint64_t id = hash_bytes(saga_id, strlen(saga_id));
    uint64_t which = (uint64_t)attempt->step << 40 | (uint64_t)attempt->item << 2 |
                     (uint64_t)attempt->call;

    return write(a, saga_id, given, hash_mix(hash_mix(id, attempt->turn), which));
}
