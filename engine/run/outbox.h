/*
 * outbox.h - webhooks on their way to their receivers.
 *
 * What waits is in the store (notify.h made it); memory holds only what is in flight, so
 * a backlog costs disk. Looks at each origin's due rows when something changed or a time
 * has come, sends a few at once per origin, so that a dead receiver keeps up neither the
 * others nor any saga's call, and notes in the next batch what came of it: 2xx delivered;
 * 410 the receiver wants no more, it failed; all else tried again, for a day, after a
 * random part of 5 s, 10 s, ... up to an hour, then failed. A row that still waits is
 * sent again after a restart, with the same id.
 *
 * Engine thread only.
 */
#ifndef RUN_OUTBOX_H
#define RUN_OUTBOX_H

#include <stdint.h>

#include "engine/calls/calls.h"

struct engine;
struct outbox;

struct outbox *outbox_create(void);
void outbox_destroy(struct outbox *o); /* NULL is fine. */

/* A row was added to the filling batch. */
void outbox_wrote(struct engine *e);
/* Webhook num, of a saga and whatever became of it, is put on its way once more, in the
 * filling batch: due at once, and tried for another day. */
void outbox_again(struct engine *e, uint64_t num);
/* Batch seq is on disk. */
void outbox_committed(struct engine *e, uint64_t seq);

/* Send what is due and has room; once a round. */
void outbox_send_due(struct engine *e);
/* A webhook's attempt ended (name.notify is not 0). */
void outbox_take(struct engine *e, const struct call_answer *answer);

/* Wall time of the next attempt that only waits for its time; 0: none. */
uint64_t outbox_wake_at(const struct engine *e);

#endif /* RUN_OUTBOX_H */
