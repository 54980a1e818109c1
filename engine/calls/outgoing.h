/*
 * outgoing.h - a request as it goes out: checked, joined, in one place.
 *
 * libcurl sends what it is given, CR and LF and all (measured), so everything that could
 * end a line is refused here: methods are a closed list, header names are tokens, values
 * and URLs hold no control characters (security.md, "Injection"). What a service's
 * configuration adds (headers, bearer) stands before the definition's header of that
 * name.
 *
 * Texts and body are copied; the header list is built without an allocation per
 * header. One per pooled call, memory reused. Secrets in it are wiped on reuse. Engine
 * thread.
 */
#ifndef CALLS_OUTGOING_H
#define CALLS_OUTGOING_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "engine/calls/calls.h"
#include "engine/calls/origin.h"

enum outgoing_method {
    OUTGOING_GET,
    OUTGOING_HEAD,
    OUTGOING_POST,
    OUTGOING_PUT,
    OUTGOING_PATCH,
    OUTGOING_DELETE,
};

struct outgoing {
    enum outgoing_method method;
    struct buf url;
    struct origin origin;
    struct buf body;
    bool has_body;
    struct buf texts; /* "Name: value", each NUL-ended. */
    size_t n_lines;
    size_t lines_room;
    size_t *lines_at;         /* Owned: places in texts. */
    struct curl_slist *lines; /* Owned: an array whose elements point to the next. */
};

void outgoing_init(struct outgoing *o);
void outgoing_done(struct outgoing *o);

/* Write r to o. NULL, or why it cannot be sent (static). user_agent: "sagad/1.2". */
const char *outgoing_write(struct outgoing *o, const struct call_request *r,
                           const char *user_agent);

/* The headers alone, for whoever shows what was sent. NULL, or why they cannot be. */
const char *outgoing_write_headers(struct outgoing *o, const struct call_request *r,
                                   const struct service_config *config,
                                   const char *user_agent);
/* base, then path; one '/' between them. */
void outgoing_join_url(struct buf *url, const char *base, const char *path);

#define OUTGOING_URL_MAX (64 * 1024) /* Bytes of a URL; nobody accepts longer ones. */

/* "PATCH" */
const char *outgoing_method_text(enum outgoing_method method);

/* The header lines for CURLOPT_HTTPHEADER; borrowed until the next write. */
struct curl_slist *outgoing_lines(struct outgoing *o);

#endif /* CALLS_OUTGOING_H */
