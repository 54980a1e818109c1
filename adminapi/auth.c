/* auth.c - see auth.h. */
#include "adminapi/auth.h"

#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "base/hash.h"

#define TOKEN_PREFIX "sgd_"
#define TOKEN_MAX 256 /* Bytes that are worth hashing. */

/* The token behind "Bearer ", or NULL. */
static const char *bearer_of(const char *authorization)
{
    const char *at;
    size_t n;

    if (strncasecmp(authorization, "Bearer ", 7) != 0) {
        return NULL;
    }
    at = authorization + 7 + strspn(authorization + 7, " ");
    n = strlen(at);
    if (n > TOKEN_MAX || strncmp(at, TOKEN_PREFIX, sizeof(TOKEN_PREFIX) - 1) != 0) {
        return NULL;
    }
    return at;
}

/* Compares with every token, whichever it is: the time says nothing about which. */
static const struct api_token *token_of(const struct auth_tokens *tokens,
                                        const char *bearer)
{
    const struct api_token *found = NULL;
    char hash[HASH_HEX];

    hash_content(bearer, strlen(bearer), hash);
    for (size_t i = 0; i < tokens->n; i++) {
        const struct api_token *t = &tokens->tokens[i];

        if (strlen(t->hash) == HASH_HEX - 1 &&
            sodium_memcmp(t->hash, hash, HASH_HEX - 1) == 0) {
            found = t;
        }
    }
    return found;
}

enum auth_answer auth_check(const struct auth_tokens *tokens, const char *authorization,
                            bool is_local, uint64_t now_ms,
                            const struct api_token **token_out)
{
    const char *bearer;
    const struct api_token *token;

    if (tokens->n == 0) {
        return is_local ? AUTH_ANONYMOUS : AUTH_MISSING;
    }
    if (authorization == NULL) {
        return AUTH_MISSING;
    }
    bearer = bearer_of(authorization);
    token = bearer != NULL ? token_of(tokens, bearer) : NULL;
    if (token == NULL || (token->expires_ms != 0 && token->expires_ms <= now_ms)) {
        return AUTH_WRONG;
    }
    *token_out = token;
    return AUTH_KNOWN;
}

bool auth_may(const struct api_token *token, enum auth_role role)
{
    return role == AUTH_NONE || token == NULL ||
           (token->roles & ((uint32_t)role | (uint32_t)AUTH_ADMIN)) != 0;
}

bool auth_may_start(const struct api_token *token, const char *definition)
{
    if (token == NULL || token->n_definitions == 0) {
        return true;
    }
    for (size_t i = 0; i < token->n_definitions; i++) {
        if (strcmp(token->definitions[i], definition) == 0) {
            return true;
        }
    }
    return false;
}

bool auth_is_within_rate(const struct api_token *token, uint64_t now_us)
{
    const uint64_t second_us = 1000000;
    uint_fast64_t paid_us;
    uint64_t next_us;

    if (token == NULL || token->rate_per_s == 0 || token->paid_us == NULL) {
        return true;
    }
    paid_us = atomic_load(token->paid_us);
    do {
        next_us = (paid_us > now_us ? paid_us : now_us) + second_us / token->rate_per_s;
        if (next_us > now_us + second_us) {
            return false;
        }
    } while (!atomic_compare_exchange_weak(token->paid_us, &paid_us, next_us));
    return true;
}

const char *auth_role_name(enum auth_role role)
{
    switch (role) {
    case AUTH_NONE:
        return NULL;
#define X(name, text) \
    case AUTH_##name: \
        return text;
        AUTH_ROLE_MAP(X)
#undef X
    }
    return NULL;
}

enum auth_role auth_role_of(const char *name)
{
#define X(bit, text)               \
    if (strcmp(name, text) == 0) { \
        return AUTH_##bit;         \
    }
    AUTH_ROLE_MAP(X)
#undef X
    return AUTH_NONE;
}
