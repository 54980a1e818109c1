/*
 * filter.h - the query's parameters as a filter (saga_filter.h).
 *
 * A comma is or, `&` is and; values are split before they are decoded, so %2C is a comma
 * inside one. Everything lives in the request's arena.
 */
#ifndef ADMINAPI_FILTER_H
#define ADMINAPI_FILTER_H

#include <stdbool.h>

#include "adminapi/request.h"
#include "engine/view/saga_filter.h"

/* False: a parameter makes no sense and the request was answered (400). */
bool filter_read(struct request *r, struct saga_filter *out);

/* A parameter that is a time, RFC 3339; 0: it is not there. False: answered (400). */
bool filter_read_time(struct request *r, const char *name, uint64_t *out_ms);

#endif /* ADMINAPI_FILTER_H */
