/*
 * bulk_json.h - a bulk action in JSON, and whose token may see it.
 */
#ifndef ADMINAPI_BULK_JSON_H
#define ADMINAPI_BULK_JSON_H

#include "adminapi/request.h"
#include "base/json.h"
#include "engine/view/saga_filter.h"

/* Its members, into an open object: all but `items`. */
void bulk_json_members(struct json_out *o, const struct store_bulk *b);
void bulk_json_item(struct json_out *o, const struct store_bulk_item *i);

/* The bulk action by its id. False: answered, 404 or 503. A token of certain definitions
 * sees those that touch no others. */
bool bulk_json_find(struct request *r, const char *id, struct store_bulk *out);
bool bulk_json_may_see(struct request *r, const struct store_bulk *b);

#endif /* ADMINAPI_BULK_JSON_H */
