/*
 * sweep.h - the thread that ends what takes too long (security.md: absolute deadlines).
 *
 * libmicrohttpd's time-out is one of inactivity: a client that sends a byte now and then
 * holds its connection for ever. So each connection has a *place* that its daemon's
 * thread keeps up to date (where the request stands) and this thread looks at once a
 * second. It does nothing but shut a socket down; libmicrohttpd then sees the end and
 * cleans up.
 *
 * It also lingers: a refusal sent before the body was read would be lost if the socket
 * were closed with bytes unread (the peer gets a reset), so such a socket is read
 * empty here for a moment.
 *
 * Threads: a place is opened, moved and closed by its daemon's thread; sweep_linger() is
 * for any thread. The thread sleeps without a time-out while nothing is open.
 */
#ifndef ADMINAPI_SWEEP_H
#define ADMINAPI_SWEEP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct sweep;

enum sweep_phase {
    SWEEP_HEADERS, /* Waiting for a request or in the middle of its headers. */
    SWEEP_BODY,
    SWEEP_WORK, /* Ours to end; no deadline. */
};

struct sweep_place; /* A connection's; part of the sweep. */

MUST_CHECK enum err sweep_start(uint32_t places_max, struct sweep **out,
                                struct err_info *info);
void sweep_stop(struct sweep *s); /* NULL is fine. Every place is closed before. */

/* NULL: all places are taken. */
struct sweep_place *sweep_open(struct sweep *s, int fd);
void sweep_move(struct sweep_place *place, enum sweep_phase phase);
/* fd is not touched any more once this returns. */
void sweep_close(struct sweep *s, struct sweep_place *place);

/* Read what the connection's peer still sends, for a while, and throw it away. */
void sweep_linger(struct sweep *s, const struct sweep_place *place);

#endif /* ADMINAPI_SWEEP_H */
