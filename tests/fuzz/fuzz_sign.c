/* A webhook's secret is refused or signs: always alike, and another body, time or id
 * gives another signature. The input is a secret, a line feed and the body. */
#include "engine/calls/sign.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena *a = arena_create(4096);
    char *secret = arena_copy(a, bytes, n);
    char *line = memchr(secret, '\n', n);
    struct sign_message m = {.id = "m", .at_s = 1, .body = ""};
    char first[SIGN_TEXT_MAX] = "untouched";
    char second[SIGN_TEXT_MAX];

    if (line != NULL) {
        *line = '\0';
        m.body = line + 1;
        m.body_n = n - (size_t)(m.body - secret);
    }
    if (!sign_webhook(secret, &m, first)) {
        assert(strcmp(first, "untouched") == 0);
    } else {
        assert(strncmp(secret, "whsec_", 6) == 0);
        assert(strncmp(first, "v1,", 3) == 0 && strlen(first) == SIGN_TEXT_MAX - 1);
        assert(sign_webhook(secret, &m, second) && strcmp(first, second) == 0);
        m.at_s = 2;
        assert(sign_webhook(secret, &m, second) && strcmp(first, second) != 0);
        m.at_s = 1;
        m.id = "n";
        assert(sign_webhook(secret, &m, second) && strcmp(first, second) != 0);
        if (m.body_n > 0) {
            m.id = "m";
            m.body_n--;
            assert(sign_webhook(secret, &m, second) && strcmp(first, second) != 0);
        }
    }
    arena_destroy(a);
    return 0;
}
