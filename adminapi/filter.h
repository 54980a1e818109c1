/*
 * filter.h - the list's query parameters as the store's filter (http-api.md, "filters").
 *
 * A comma is or, `&` is and; values are split before they are decoded, so %2C is a comma
 * inside one. Everything lives in the request's arena.
 */
#ifndef ADMINAPI_FILTER_H
#define ADMINAPI_FILTER_H

#include <stdbool.h>

#include "adminapi/request.h"
#include "engine/store/store.h"

/* False: a parameter makes no sense and the request was answered (400). */
bool filter_read(struct request *r, struct store_filter *out);

#endif /* ADMINAPI_FILTER_H */
