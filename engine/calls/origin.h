/*
 * origin.h - the scheme, host and port that a URL names.
 *
 * Strict on purpose: a URL that two readers could understand differently (user and
 * password, backslash, blanks, letters outside ASCII) is refused, so that the host that
 * is checked is the host that curl calls. Pure functions.
 */
#ifndef CALLS_ORIGIN_H
#define CALLS_ORIGIN_H

#include <stdbool.h>
#include <stddef.h>

#define ORIGIN_HOST_MAX 253                    /* RFC 1035: characters of a host name. */
#define ORIGIN_TEXT_MAX (ORIGIN_HOST_MAX + 20) /* "https://", ":65535" and the NUL. */

struct origin {
    bool is_tls;
    unsigned port;
    char host[ORIGIN_HOST_MAX + 1]; /* Lower case; IPv6 keeps its brackets. */
    size_t path_at;                 /* Where path, query or nothing begins in the URL. */
};

/* False: not http or https, or refused as said above. */
bool origin_of_url(const char *url, struct origin *out);

/* "https://shop.example", with the port unless it is the scheme's own. */
void origin_to_text(const struct origin *o, char out[static ORIGIN_TEXT_MAX]);

#endif /* CALLS_ORIGIN_H */
