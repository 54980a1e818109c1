/*
 * herald.h - the thread that wakes streams: there is news, or it has been quiet for long.
 *
 * A stream with nothing to send has its connection suspended and its *place* waiting.
 * This thread sleeps until the engine has committed something (feed.h) or a place's time
 * comes, and wakes the places concerned: those whose filter an event matches, those that
 * were away too long, those whose peer has hung up. It looks at most fifty times a
 * second, so that a thousand streams cost a busy daemon a bounded share. It sleeps for
 * good while no place is taken.
 *
 * Threads: a place is its door's while it is busy and this thread's while it waits; the
 * step from one to the other is one store. herald_quit() is for any thread.
 */
#ifndef ADMINAPI_HERALD_H
#define ADMINAPI_HERALD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/run/feed.h"

struct herald;
struct herald_place;

/* feed is borrowed. */
MUST_CHECK enum err herald_start(struct feed *feed, uint32_t places_max,
                                 struct herald **out, struct err_info *info);
void herald_stop(struct herald *h); /* NULL is fine. Every place is closed before. */

/* From here on every place that waits is woken at once. */
void herald_quit(struct herald *h);
bool herald_is_quitting(const struct herald *h);

struct herald_want {
    const struct feed_filter *filter; /* Borrowed until herald_close(). */
    int fd;                           /* The connection's. */
    void (*wake)(void *user);         /* On the herald's thread. */
    void *user;
};

/* A busy place. NULL: all are taken. */
struct herald_place *herald_open(struct herald *h, const struct herald_want *want);

/* Wait: from now on wake() may be called, once, before this returns even. at: the feed's
 * head, as it was before the stream last looked for something to send; until_ms: when to
 * be woken in any case (monotonic). */
void herald_wait(struct herald *h, struct herald_place *place, uint64_t at,
                 uint64_t until_ms);

/* Of a busy place: what the feed holds before this the stream has looked at itself or, as
 * it waited, the herald has, and found that it does not concern it. */
uint64_t herald_seen(const struct herald_place *place);

/* Of a busy place: the herald saw that its peer has hung up. */
bool herald_is_gone(const struct herald_place *place);

void herald_close(struct herald *h, struct herald_place *place); /* Busy. */

#endif /* ADMINAPI_HERALD_H */
