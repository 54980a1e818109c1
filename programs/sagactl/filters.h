/*
 * filters.h - the filters of a list of sagas or webhooks, as the options give them.
 *
 * The same options make the query of GET /v1/sagas and the filter of POST /v1/bulk; a
 * command takes those that its list knows.
 */
#ifndef SAGACTL_FILTERS_H
#define SAGACTL_FILTERS_H

#include "base/buf.h"
#include "base/json.h"
#include "programs/sagactl/exits.h"

struct ctl;

/* Is there any? */
bool filters_are_given(const struct ctl *ctl);

/* Appended to a path, with '?' or '&' before each. EXIT_USAGE: one is wrong. */
enum exit_code filters_put_query(const struct ctl *ctl, struct buf *path);

/* As an object: {"status": "stuck,compensating", "label.team": "core"}. */
enum exit_code filters_put_object(const struct ctl *ctl, struct json_out *o);

/* One parameter, escaped, with '?' or '&' before it; nothing when value is NULL. */
void filters_put(struct buf *path, const char *parameter, const char *value);

#endif /* SAGACTL_FILTERS_H */
