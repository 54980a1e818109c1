/*
 * feed.h - what was committed, for those who follow: one event for each turn.
 *
 * The engine's thread puts a batch's turns in after the commit (S4), any thread reads
 * them. A ring of bounded size (base/ring.h): nobody waits for anybody, and who falls too
 * far behind is told that something was missed and looks the rest up in the store.
 *
 * Places grow by more than the events do, and go on growing over restarts: they begin
 * with the time of the start. A place of an earlier start is lost, not mistaken.
 *
 * Who wants to be woken counts itself in with feed_join() and polls feed_fd(). While
 * nobody does, the engine pays for the copy into the ring and nothing else.
 */
#ifndef RUN_FEED_H
#define RUN_FEED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/ring.h"
#include "engine/core/saga.h"

struct feed;

struct feed_event { /* Texts are borrowed; of feed_read(), from its room. */
    uint64_t saga;
    const char *saga_id;
    const char *definition;
    uint32_t version;
    const char *key; /* NULL none. */
    enum saga_status status;
    bool is_paused;
    uint64_t revision;
    enum saga_event_kind event;
    const char *step; /* Id; NULL none. */
    uint64_t at_ms;
};

struct feed_room { /* Where an event is read to. */
    char bytes[RING_RECORD_MAX];
};

MUST_CHECK enum err feed_create(struct feed **out, struct err_info *info);
void feed_destroy(struct feed *f); /* NULL is fine. */

/* The engine's thread: append, and when the batch is in, wake who listens. */
void feed_put(struct feed *f, const struct feed_event *event);
void feed_wake(struct feed *f);

/* The rest is for any thread. */

/* Where the next event will stand. After feed_join(): whatever comes later than what
 * this gave wakes the listener. */
uint64_t feed_head(const struct feed *f);

/* The event at *at, which moves on behind it; see ring.h. */
enum ring_result feed_read(const struct feed *f, uint64_t *at, struct feed_room *room,
                           struct feed_event *out);

void feed_join(struct feed *f);
void feed_leave(struct feed *f);
int feed_fd(const struct feed *f); /* Readable after feed_wake(); eventfd(2). */

/* What a listener wants to hear of. Empty lists and zeros: everything. Borrowed. */
struct feed_filter {
    const char *const *definitions;
    size_t n_definitions;
    const char *const *scope; /* The token's definitions: as well. */
    size_t n_scope;
    uint32_t statuses;   /* Bit per enum saga_status. */
    const char *saga_id; /* NULL: any. */
};

bool feed_matches(const struct feed_filter *filter, const struct feed_event *event);

#endif /* RUN_FEED_H */
