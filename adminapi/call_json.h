/*
 * call_json.h - one attempt in the API's JSON: rendered request, answer, timings.
 *
 * Written without what the definition or a header's name says is secret (redact.h).
 */
#ifndef ADMINAPI_CALL_JSON_H
#define ADMINAPI_CALL_JSON_H

#include "base/json.h"
#include "engine/view/preview.h"
#include "engine/view/view.h"

/* The request is shown as it was sent: full URL, every header. a: scratch. */
void call_json_write(struct json_out *o, const struct view *v,
                     const struct view_call *call, struct arena *a);

/* What an action would bring about: requests, where it ends, how long at worst. */
void call_json_preview(struct json_out *o, const struct view *v,
                       const struct preview *preview, struct arena *a);

#endif /* ADMINAPI_CALL_JSON_H */
