/*
 * egress.h - which addresses may be called (security.md, "Calls out").
 *
 * Pure functions over socket addresses and host names. The address is checked where it
 * is used, not where it is spelled. Rules are made at start and on reload.
 */
#ifndef CALLS_EGRESS_H
#define CALLS_EGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/err.h"

struct egress; /* Compiled egress.allow; immutable. */

/* entries: "*.internal", "shop.example", "127.0.0.1", "10.0.0.0/8", "[::1]", "fd00::/8".
 * ERR_INVALID names the entry. Owned by the caller. */
MUST_CHECK enum err egress_create(const char *const *entries, size_t n,
                                  struct egress **out, struct err_info *info);
void egress_destroy(struct egress *e);

/* May a definition name this host in an absolute URL at all? */
bool egress_allows_host(const struct egress *e, const char *host);

/* May this address be connected to? is_service: a configured service (only link-local
 * and metadata are refused); otherwise the full list, unless egress.allow names host or
 * network. On refusal *why is a static sentence part. */
bool egress_allows_address(const struct egress *e, const char *host, bool is_service,
                           const struct sockaddr *address, const char **why);

#endif /* CALLS_EGRESS_H */
