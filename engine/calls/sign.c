/* sign.c - see sign.h. */
#include "engine/calls/sign.h"

#include <assert.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "whsec_"
#define KEY_MIN 24 /* Bytes; both are Standard Webhooks'. */
#define KEY_MAX 64

/* "whsec_" + base64 to bytes; how many, 0 if it is none. */
static size_t read_key(const char *secret, unsigned char key[static KEY_MAX])
{
    const size_t before = strlen(PREFIX);
    const char *end = NULL;
    size_t n = 0;

    if (strncmp(secret, PREFIX, before) != 0 ||
        sodium_base642bin(key, KEY_MAX, secret + before, strlen(secret + before), NULL,
                          &n, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
        *end != '\0' || n < KEY_MIN) {
        return 0;
    }
    return n;
}

static void update(crypto_auth_hmacsha256_state *mac, const void *bytes, size_t n)
{
    (void)crypto_auth_hmacsha256_update(mac, bytes, n); /* Cannot fail. */
}

bool sign_webhook(const char *secret, const struct sign_message *m,
                  char out[static SIGN_TEXT_MAX])
{
    unsigned char key[KEY_MAX];
    unsigned char sum[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_state mac;
    char at[24];
    const size_t key_n = read_key(secret, key);

    if (key_n == 0) {
        sodium_memzero(key, sizeof(key));
        return false;
    }
    assert(strchr(m->id, '.') == NULL);
    (void)snprintf(at, sizeof(at), ".%" PRIu64 ".", m->at_s); /* Fits. */
    (void)crypto_auth_hmacsha256_init(&mac, key, key_n);      /* Cannot fail. */
    update(&mac, m->id, strlen(m->id));
    update(&mac, at, strlen(at));
    update(&mac, m->body, m->body_n);
    (void)crypto_auth_hmacsha256_final(&mac, sum); /* Cannot fail. */
    memcpy(out, "v1,", 3);
    (void)sodium_bin2base64(out + 3, SIGN_TEXT_MAX - 3, sum, sizeof(sum),
                            sodium_base64_VARIANT_ORIGINAL);
    sodium_memzero(key, sizeof(key));
    sodium_memzero(&mac, sizeof(mac));
    return true;
}
