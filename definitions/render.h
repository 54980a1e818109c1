/*
 * render.h - the requests and values that a definition makes for one saga.
 *
 * Pure: the result depends on the definition and the scope only (S3), so a call can be
 * rendered again after a crash, for a preview or for a reader of the journal, and is the
 * same. Secrets and the headers that sagad itself adds are not part of it.
 */
#ifndef DEFINITIONS_RENDER_H
#define DEFINITIONS_RENDER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json_span.h"
#include "definitions/definition.h"

/* What expressions may see. A span with at == NULL: that name does not exist here. */
struct render_scope {
    struct json_span input;
    struct json_span vars;
    struct json_span saga;  /* {id,key,definition,version,startedAt} */
    struct json_span item;  /* forEach only. */
    struct json_span index; /* forEach only. */
    struct json_span
        response; /* {status,headers,body}: rejectWhen, retryWhen, confirm. */
    struct json_span signal;
    struct json_span error; /* {step,outcome,status,detail}: in compensate. */
    /* .steps.<id> of step number `step`: {outcome,status,headers,body,attempts}, an array
     * of them for forEach, null when skipped; at == NULL: has not run. */
    struct json_span (*step)(void *user, uint16_t step);
    void *user;
};

struct render_header {
    const char *name;
    const char *value;
};

struct render_request {
    const struct definition_call *call; /* Borrowed from the definition. */
    const char *url; /* With a service: path and query, starts with '/'. Else absolute. */
    const struct render_header *headers; /* The definition's own. */
    size_t n_headers;
    const char *body; /* NULL: none. */
    size_t body_n;
    uint64_t hash; /* Of method, service, url, headers, body (S3). */
};

/* Everything in out lives in `a`. ERR_INVALID, here and below: an expression failed; info
 * says where it stands, which it is and on what value (blame.h): one sentence, the same
 * for `why`, the journal, webhooks and the author's tools. ERR_LIMIT: larger than
 * LIMIT_RENDERED_BYTES. */
MUST_CHECK enum err render_call(const struct definition *d, uint16_t step,
                                enum call_kind call, const struct render_scope *scope,
                                struct arena *a, struct render_request *out,
                                struct err_info *info);

/* A text (key, orderingKey, notify url) or JSON (output, child input) template. */
MUST_CHECK enum err render_template(const struct definition *d, const struct template *t,
                                    const struct render_scope *scope, struct arena *a,
                                    struct json_span *out, struct err_info *info);

/* An expression's single result as JSON text. */
MUST_CHECK enum err render_expr(const struct definition *d, const struct expr *e,
                                const struct render_scope *scope, struct arena *a,
                                struct json_span *out, struct err_info *info);

/* Same, as a condition: false and null are no, everything else is yes. */
MUST_CHECK enum err render_condition(const struct definition *d, const struct expr *e,
                                     const struct render_scope *scope, struct arena *a,
                                     bool *out, struct err_info *info);

/* What the step's forEach gives: an array of maxItems at most, or ERR_INVALID. */
MUST_CHECK enum err render_items(const struct definition *d, uint16_t step,
                                 const struct render_scope *scope, struct arena *a,
                                 struct json_span *out, struct err_info *info);

/* When the step's `until` is, in wall ms: given as a UTC text or as milliseconds. */
MUST_CHECK enum err render_until(const struct definition *d, uint16_t step,
                                 const struct render_scope *scope, struct arena *a,
                                 int64_t *out_ms, struct err_info *info);

#endif /* DEFINITIONS_RENDER_H */
