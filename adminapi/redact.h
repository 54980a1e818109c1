/*
 * redact.h - what readers are not shown: headers that carry secrets, and the paths a
 * definition names in `redact` ("request.body.card", "response.headers.x-token").
 *
 * Pure. What cannot be looked into (a body that is no JSON, or was cut) is hidden whole
 * as soon as a path leads into it.
 */
#ifndef ADMINAPI_REDACT_H
#define ADMINAPI_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "engine/view/address_text.h"

struct redact { /* Borrowed. */
    const char *const *paths;
    size_t n;
};

/* Write value, which stands at `place` ("request.body"), without what the paths hide. */
void redact_json(struct json_out *o, const struct redact *redact, const char *place,
                 struct json_span value);

/* Bytes that may be JSON or any text; bytes NULL writes null. */
void redact_body(struct json_out *o, const struct redact *redact, const char *place,
                 const char *bytes, size_t n, bool is_truncated);

/* Is the header's value hidden, by its name or by a path? place: "request.headers". */
bool redact_hides_header(const struct redact *redact, const char *place,
                         const char *name);

#define REDACT_TEXT ADDRESS_HIDDEN

#endif /* ADMINAPI_REDACT_H */
