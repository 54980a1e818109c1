/*
 * sagas_start.h - one start among several, for sagas_batch.c.
 *
 * Both work on r as if the start had come alone: r->command and r->more are the start's,
 * the faults and the answer too. On the door's thread.
 */
#ifndef ADMINAPI_SAGAS_START_H
#define ADMINAPI_SAGAS_START_H

#include <stdbool.h>

#include "adminapi/request.h"
#include "base/json_span.h"

/* Check a start, an object of an accepted body, and make it r->command and r->more.
 * False: answered with what is wrong. */
bool sagas_start_read(struct request *r, struct json_span text);

/* The engine has answered r->command: answer the start. */
void sagas_start_finish(struct request *r);

#endif /* ADMINAPI_SAGAS_START_H */
