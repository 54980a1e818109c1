/*
 * sagas_follow.h - a saga's journal as a stream: what there is, then as it grows.
 */
#ifndef ADMINAPI_SAGAS_FOLLOW_H
#define ADMINAPI_SAGAS_FOLLOW_H

#include "adminapi/request.h"

/* GET /v1/sagas/{id}/journal with Accept: text/event-stream. */
void sagas_follow(struct request *r);

#endif /* ADMINAPI_SAGAS_FOLLOW_H */
