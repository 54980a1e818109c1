/*
 * auth.h - who asks, and may they: bearer tokens and roles.
 *
 * A token is `sgd_` and 256 random bits; the configuration has its hash (hash_content of
 * the whole token, in hex). Every configured hash is compared, each in constant time.
 * Roles do not include each other, but admin includes all. Without any token configured
 * everything is allowed from loopback, by "anonymous".
 *
 * Pure over the configuration, but for how much of a token's rate is used up; any thread.
 */
#ifndef ADMINAPI_AUTH_H
#define ADMINAPI_AUTH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUTH_ROLE_MAP(X) /* A route that needs NONE is open to everybody. */ \
    X(STARTER, "starter")                                                    \
    X(READER, "reader") X(OPERATOR, "operator") X(AUTHOR, "author") X(ADMIN, "admin")

enum auth_role_bit {
#define X(name, text) AUTH_BIT_##name,
    AUTH_ROLE_MAP(X)
#undef X
};
enum auth_role {
    AUTH_NONE = 0,
#define X(name, text) AUTH_##name = 1 << AUTH_BIT_##name,
    AUTH_ROLE_MAP(X)
#undef X
};

struct api_token {
    const char *name;               /* The actor in journal and audit. */
    const char *hash;               /* Hex, of hash_content. */
    uint32_t roles;                 /* Bits of enum auth_role. */
    const char *const *definitions; /* What it is for (scope.h); none: everything. */
    size_t n_definitions;
    uint64_t expires_ms; /* Wall; 0: never. */
    uint32_t rate_per_s; /* Requests, at most a second's worth at once; 0: no limit. */
    /* Monotonic us at which all that was let through is paid for: all that a rate
     * needs (GCRA), and one word that threads may share. */
    atomic_uint_fast64_t *paid_us; /* Borrowed; NULL: no limit. */
};

struct auth_tokens { /* Borrowed. */
    const struct api_token *tokens;
    size_t n;
};

enum auth_answer {
    AUTH_ANONYMOUS, /* No token is configured and the peer is local. */
    AUTH_KNOWN,
    AUTH_MISSING, /* No token given, or none is configured and the peer is not local. */
    AUTH_WRONG,   /* Not a bearer token, unknown or expired. */
};

/* authorization: the header's value or NULL. *token_out is set when AUTH_KNOWN. */
enum auth_answer auth_check(const struct auth_tokens *tokens, const char *authorization,
                            bool is_local, uint64_t now_ms,
                            const struct api_token **token_out);

/* token NULL: anonymous, who may everything. */
bool auth_may(const struct api_token *token, enum auth_role role);
bool auth_may_start(const struct api_token *token, const char *definition);

/* One request more at now_us (monotonic)? token NULL: yes. */
bool auth_is_within_rate(const struct api_token *token, uint64_t now_us);

/* "starter". NULL: not a role. */
const char *auth_role_name(enum auth_role role);
enum auth_role auth_role_of(const char *name); /* AUTH_NONE: there is no such role. */

#endif /* ADMINAPI_AUTH_H */
