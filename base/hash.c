/* hash.c - see hash.h. */
#include "base/hash.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

void hash_content(const void *bytes, size_t n, char out[static HASH_HEX])
{
    unsigned char sum[(HASH_HEX - 1) / 2];
    int result = crypto_generichash(sum, sizeof(sum), bytes, n, NULL, 0);

    assert(result == 0); /* Fails only on bad lengths. */
    (void)sodium_bin2hex(out, HASH_HEX, sum, sizeof(sum)); /* Gives out back. */
}

static void add_bytes(crypto_generichash_state *state, const char *bytes, size_t n)
{
    int result = crypto_generichash_update(state, (const unsigned char *)bytes, n);

    assert(result == 0); /* There is no way to fail. */
}

void hash_texts(const char *const *texts, size_t n, char out[static HASH_HEX])
{
    unsigned char sum[(HASH_HEX - 1) / 2];
    crypto_generichash_state state;
    int result = crypto_generichash_init(&state, NULL, 0, sizeof(sum));

    assert(result == 0); /* Fails only on bad lengths. */
    for (size_t i = 0; i < n; i++) {
        char length[24];

        if (texts[i] == NULL) {
            add_bytes(&state, "-,", 2);
            continue;
        }
        add_bytes(&state, length,
                  (size_t)snprintf(length, sizeof(length), "%zu:", strlen(texts[i])));
        add_bytes(&state, texts[i], strlen(texts[i]));
        add_bytes(&state, ",", 1);
    }
    result = crypto_generichash_final(&state, sum, sizeof(sum));
    assert(result == 0);
    (void)sodium_bin2hex(out, HASH_HEX, sum, sizeof(sum));
}

void hash_keyed(const unsigned char key[static HASH_KEY_BYTES], const void *bytes,
                size_t n, char out[static HASH_MAC_HEX])
{
    unsigned char mac[(HASH_MAC_HEX - 1) / 2];
    int result = crypto_generichash(mac, sizeof(mac), bytes, n, key, HASH_KEY_BYTES);

    assert(result == 0); /* Fails only on bad lengths. */
    (void)sodium_bin2hex(out, HASH_MAC_HEX, mac, sizeof(mac));
}

bool hash_is_same(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

void hash_make_key(char out[static HASH_HEX])
{
    unsigned char key[HASH_KEY_BYTES];

    randombytes_buf(key, sizeof(key));
    (void)sodium_bin2hex(out, HASH_HEX, key, sizeof(key));
}

bool hash_read_key(const char *hex, unsigned char out[static HASH_KEY_BYTES])
{
    size_t n = 0;

    return sodium_hex2bin(out, HASH_KEY_BYTES, hex, strlen(hex), NULL, &n, NULL) == 0 &&
           n == HASH_KEY_BYTES;
}
