/* secret_header.c - see secret_header.h. */
#include "definitions/secret_header.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static bool holds(const char *name, const char *word)
{
    const size_t n = strlen(word);

    for (; *name != '\0'; name++) {
        if (strncasecmp(name, word, n) == 0) {
            return true;
        }
    }
    return false;
}

bool secret_header(const char *name)
{
    static const char *const words[] = {
        "authorization", "authenticat", "cookie", "token",     "secret",
        "password",      "api-key",     "apikey", "signature", "credential"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (holds(name, words[i])) {
            return true;
        }
    }
    return false;
}
