/* hash.c - see hash.h. */
#include "base/hash.h"

#include <assert.h>
#include <sodium.h>

void hash_content(const void *bytes, size_t n, char out[static HASH_HEX])
{
    unsigned char sum[(HASH_HEX - 1) / 2];
    int result = crypto_generichash(sum, sizeof(sum), bytes, n, NULL, 0);

    assert(result == 0); /* Fails only on bad lengths. */
    (void)sodium_bin2hex(out, HASH_HEX, sum, sizeof(sum)); /* Gives out back. */
}
