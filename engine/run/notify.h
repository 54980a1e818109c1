/*
 * notify.h - webhooks: what a turn tells others, as rows of the same transaction.
 *
 * One row for each webhook of the definition that wants the status reached: where to,
 * signed with which secret, and the message, which never changes again: a CloudEvents
 * 1.0 event in structured JSON. Sending it is outbox.h's. A webhook whose URL cannot be
 * rendered is journalled and not sent; no saga waits for one.
 *
 * Engine thread only.
 */
#ifndef RUN_NOTIFY_H
#define RUN_NOTIFY_H

#include "engine/core/saga.h"
#include "engine/run/table.h"
#include "engine/view/record.h"

struct engine;

/* In the turn that reached status: e->saga is the state after it, record not yet written
 * (a failure goes into its notify_error). Adds to the filling batch. */
void notify_write(struct engine *e, struct resident *r, enum saga_status status,
                  struct record *record);

#endif /* RUN_NOTIFY_H */
