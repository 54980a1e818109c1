/*
 * sending.h - an attempt that may go out now: its headers, and into curl's hands.
 *
 * Adds what is not part of the rendered request (S3): the idempotency key, Saga-*, trace
 * headers. While draining, the attempt is put back to queued instead (S9).
 */
#ifndef RUN_SENDING_H
#define RUN_SENDING_H

#include "engine/run/batch.h"

struct engine;

void sending_release(struct engine *e, const struct batch_send *send);

/* S2: "<saga>.<step>[.<item>].<action|compensation>", without quotes, in the arena. */
const char *sending_key(struct arena *a, const char *saga_id, const char *step_id,
                        uint32_t item, enum call_kind call);

#endif /* RUN_SENDING_H */
