/*
 * definition_json.h - definitions in the API's JSON.
 */
#ifndef ADMINAPI_DEFINITION_JSON_H
#define ADMINAPI_DEFINITION_JSON_H

#include <stdbool.h>

#include "base/json.h"
#include "definitions/definition.h"
#include "engine/store/store.h"

/* The members of one version, into an open object: name version current hash paused
 * archived createdAt links and, if asked for, the definition itself. */
void definition_json_members(struct json_out *o, const struct store_definition *d,
                             bool has_content);

/* Issues of one kind as an array of {pointer, code, detail}. */
void definition_json_issues(struct json_out *o, const struct check_report *report,
                            bool are_errors);

#endif /* ADMINAPI_DEFINITION_JSON_H */
