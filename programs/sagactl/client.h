/*
 * client.h - one request at a time to sagad's API.
 *
 * The token comes from --token-file or SAGAD_TOKEN, never from the command line. No
 * redirects, no proxy. A Ctrl-C during a request ends it. One thread.
 */
#ifndef SAGACTL_CLIENT_H
#define SAGACTL_CLIENT_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct client;

struct client_request {
    const char *method;
    const char *path;          /* Starts with '/'. */
    const char *body;          /* NULL none. */
    const char *key;           /* Idempotency-Key, NULL none. */
    const char *prefer;        /* NULL none. */
    const char *if_none_match; /* NULL none. */
    uint64_t timeout_ms;       /* 0: the default. */
};

#define CLIENT_HEADER_MAX 512

struct client_answer {
    long status;
    struct buf body;
    char etag[CLIENT_HEADER_MAX];
    char server_wait_s[CLIENT_HEADER_MAX]; /* Retry-After; "" none. */
};

/* server: base URL. token_file: NULL: SAGAD_TOKEN, if set. */
MUST_CHECK enum err client_open(const char *server, const char *token_file,
                                struct client **out, struct err_info *info);
void client_close(struct client *c); /* NULL is fine. */
const char *client_server(const struct client *c);

void client_answer_init(struct client_answer *a);
void client_answer_done(struct client_answer *a);

/* ERR_IO: no complete answer; ERR_BUSY: interrupted by Ctrl-C; ERR_LIMIT: timeout_ms.
 * Any status is an answer. a is cleared first. */
MUST_CHECK enum err client_send(struct client *c, const struct client_request *r,
                                struct client_answer *a, struct err_info *info);

/* Percent-encode one path segment or query value. Appends to out. */
void client_escape(const char *text, struct buf *out);

#endif /* SAGACTL_CLIENT_H */
