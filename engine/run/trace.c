/* trace.c - see trace.h. */
#include "engine/run/trace.h"

#include <string.h>

#include "base/hash.h"

#define TRACEPARENT_N 55 /* "00-", 32, "-", 16, "-", 2 */

#define HEX16 17 /* 8 bytes in hex and the NUL. */

/* Not printf's: each call has one. */
static const char *hex16(uint64_t value, char out[static HEX16])
{
    for (size_t i = HEX16 - 1; i-- > 0; value >>= 4) {
        out[i] = "0123456789abcdef"[value & 0xfU];
    }
    out[HEX16 - 1] = '\0';
    return out;
}

static const char *write(struct arena *a, const char *saga_id, const char *given,
                         uint64_t span)
{
    uint64_t id = hash_bytes(saga_id, strlen(saga_id));
    char text[3][HEX16];

    if (given != NULL && strlen(given) >= TRACEPARENT_N) {
        return arena_join(a, "00-", arena_copy(a, given + 3, 32), "-",
                          hex16(span | 1U, text[0]), "-", arena_copy(a, given + 53, 2),
                          NULL);
    }
    return arena_join(a, "00-", hex16(id, text[0]), hex16(hash_mix(id, 2) | 1U, text[1]),
                      "-", hex16(span | 1U, text[2]), "-01", NULL);
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
