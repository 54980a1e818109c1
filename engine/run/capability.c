/* capability.c - see capability.h. */
#include "engine/run/capability.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/saga.h"

static int write_name(const struct capability *c, char *out, size_t room)
{
    if (c->item == SAGA_NO_ITEM) {
        return snprintf(out, room, "%" PRIx64 ".%" PRIx16 ".-.", c->saga, c->step);
    }
    return snprintf(out, room, "%" PRIx64 ".%" PRIx16 ".%" PRIx32 ".", c->saga, c->step,
                    c->item);
}

void capability_write(const unsigned char key[static HASH_KEY_BYTES],
                      const struct capability *c, char out[static CAPABILITY_TEXT_MAX])
{
    int n = write_name(c, out, CAPABILITY_TEXT_MAX);

    hash_keyed(key, out, (size_t)n, out + n);
}

/* A hex number of at most `most`, up to the next dot; false: it is something else. */
static bool next_number(const char **at, uint64_t most, uint64_t *out)
{
    char *end;

    if (strspn(*at, "0123456789abcdef") == 0) {
        return false;
    }
    *out = strtoull(*at, &end, 16);
    if (*end != '.' || end - *at > 16 || *out > most) {
        return false;
    }
    *at = end + 1;
    return true;
}

bool capability_read(const unsigned char key[static HASH_KEY_BYTES], const char *token,
                     struct capability *out)
{
    char want[CAPABILITY_TEXT_MAX];
    const char *at = token;
    struct capability c = {.item = SAGA_NO_ITEM};
    uint64_t number;

    if (strlen(token) >= CAPABILITY_TEXT_MAX || !next_number(&at, UINT64_MAX, &c.saga) ||
        !next_number(&at, LIMIT_STEPS, &number)) {
        return false;
    }
    c.step = (uint16_t)number;
    if (strncmp(at, "-.", 2) != 0) {
        if (!next_number(&at, LIMIT_ITEMS, &number)) {
            return false;
        }
        c.item = (uint32_t)number;
    }
    capability_write(key, &c, want);
    if (strlen(want) != strlen(token) || !hash_is_same(want, token, strlen(want))) {
        return false;
    }
    *out = c;
    return true;
}
