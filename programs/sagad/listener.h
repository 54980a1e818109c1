/*
 * listener.h - a small HTTP server on loopback for the demo's participants and the mock.
 *
 * One thread answers one request after the other; bodies up to LISTENER_BODY_MAX. It is
 * not the daemon's API (adminapi): no gate, no tokens, loopback only.
 */
#ifndef SAGAD_LISTENER_H
#define SAGAD_LISTENER_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

#define LISTENER_BODY_MAX (1024 * 1024)

struct listener;

struct listener_request { /* Borrowed for the call. */
    const char *method;
    const char *path;
    const char *key;        /* Idempotency-Key, NULL none. */
    const char *action_key; /* Saga-Action-Key, NULL none. */
    const char *body;       /* NUL-ended. */
    size_t body_n;
};

/* The status; the JSON of the answer goes to out. Called on the listener's thread. */
typedef unsigned (*listener_answer)(void *user, const struct listener_request *request,
                                    struct buf *out);

/* port 0: a free one. */
MUST_CHECK enum err listener_start(unsigned port, listener_answer answer, void *user,
                                   struct listener **out, struct err_info *info);
unsigned listener_port(const struct listener *l);
void listener_stop(struct listener *l); /* NULL is fine. */

#endif /* SAGAD_LISTENER_H */
