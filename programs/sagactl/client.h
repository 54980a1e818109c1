/*
 * client.h - one request at a time to sagad's API.
 *
 * The token comes from --token-file or SAGAD_TOKEN, never from the command line. No
 * redirects, no proxy. A Ctrl-C during a request ends it. One thread.
 */
#ifndef SAGACTL_CLIENT_H
#define SAGACTL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
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
    const char *accept;        /* NULL: JSON. */
    const char *last_event_id; /* Of a stream: go on behind it; NULL none. */
    const char *const *lines;  /* More headers, "Name: value". */
    size_t n_lines;
    uint64_t timeout_ms; /* 0: the default. */
};

#define CLIENT_HEADER_MAX 512

struct client_answer {
    long status;
    struct buf body;
    char etag[CLIENT_HEADER_MAX];
    char server_wait_s[CLIENT_HEADER_MAX]; /* Retry-After; "" none. */
    char location[CLIENT_HEADER_MAX];      /* "" none. */
    char type[CLIENT_HEADER_MAX];          /* Content-Type; "" none. */
};

/* server: base URL. token_file: NULL: SAGAD_TOKEN, if set. */
MUST_CHECK enum err client_open(const char *server, const char *token_file,
                                struct client **out, struct err_info *info);
void client_close(struct client *c); /* NULL is fine. */

/* For a server that is not sagad: no token is sent to it. */
MUST_CHECK enum err client_open_other(const char *server, struct client **out,
                                      struct err_info *info);
const char *client_server(const struct client *c);

void client_answer_init(struct client_answer *a);
void client_answer_done(struct client_answer *a);

/* ERR_IO: no complete answer; ERR_BUSY: interrupted by Ctrl-C; ERR_LIMIT: timeout_ms.
 * Any status is an answer. a is cleared first. */
MUST_CHECK enum err client_send(struct client *c, const struct client_request *r,
                                struct client_answer *a, struct err_info *info);

/* Has Ctrl-C been pressed? */
bool client_is_interrupted(void);

/* Between two questions: let ms pass, or less if Ctrl-C is pressed. */
void client_pause(uint64_t ms);

/* ---- an answer that does not end ------------------------------------------------- */

struct client_stream;

/* Ask; waits until the answer's head is there: a->status and a->type. The body is read
 * with client_stream_read(), into a->body, which the caller empties. a must outlive the
 * stream. Errors as client_send(); then there is no stream. While it is open,
 * client_send() may be used for other requests. */
MUST_CHECK enum err client_stream_open(struct client *c, const struct client_request *r,
                                       struct client_answer *a,
                                       struct client_stream **out, struct err_info *info);

/* Wait until there are more bytes in a->body, or it is over. ERR_BUSY: Ctrl-C; ERR_IO: it
 * broke off. */
MUST_CHECK enum err client_stream_read(struct client_stream *s, bool *is_over,
                                       struct err_info *info);
void client_stream_close(struct client_stream *s); /* NULL is fine. */

/* Percent-encode one path segment or query value. Appends to out. */
void client_escape(const char *text, struct buf *out);

#endif /* SAGACTL_CLIENT_H */
