/*
 * capability.h - the token in a callback's URL (S18).
 *
 * A token names (saga, step, item) and carries a keyed hash of that name, so nothing is
 * stored per call and nobody can make one up. The same call has the same token on every
 * attempt and after a restart: the key is made once per database and kept in it. Pure.
 */
#ifndef RUN_CAPABILITY_H
#define RUN_CAPABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/hash.h"

#define CAPABILITY_TEXT_MAX 96

struct capability {
    uint64_t saga; /* Number. */
    uint16_t step;
    uint32_t item; /* SAGA_NO_ITEM outside forEach. */
};

/* "1f.2.-.<mac>": hex numbers, "-" for no item. */
void capability_write(const unsigned char key[static HASH_KEY_BYTES],
                      const struct capability *c, char out[static CAPABILITY_TEXT_MAX]);

/* False: not one of ours. Takes the same time for any wrong hash. */
bool capability_read(const unsigned char key[static HASH_KEY_BYTES], const char *token,
                     struct capability *out);

#endif /* RUN_CAPABILITY_H */
