/*
 * sending.h - an attempt that may go out now: its headers, and into curl's hands.
 *
 * Adds what is not part of the rendered request (S3, sent.h). While draining, the attempt
 * is put back to queued instead (S9).
 */
#ifndef RUN_SENDING_H
#define RUN_SENDING_H

#include "engine/run/batch.h"

struct engine;

void sending_release(struct engine *e, const struct batch_send *send);

#endif /* RUN_SENDING_H */
