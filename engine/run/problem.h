/*
 * problem.h - the ways a request can be refused, once for engine, API and sagactl.
 *
 * The code is the contract (http-api.md, "Problem codes"); the status and title go with
 * it in the RFC 9457 document. A sentence of detail comes from where it happened.
 */
#ifndef RUN_PROBLEM_H
#define RUN_PROBLEM_H

#define PROBLEM_MAP(X) /* X(name, code, status, title) */                               \
    X(NONE, "", 200, "")                                                                \
    X(INVALID_REQUEST, "invalid-request", 400, "The request is not valid")              \
    X(INVALID_JSON, "invalid-json", 400, "The body is not valid JSON")                  \
    X(UNAUTHORIZED, "unauthorized", 401, "A valid token is needed")                     \
    X(FORBIDDEN, "forbidden", 403, "The token does not allow this")                     \
    X(NOT_FOUND, "not-found", 404, "There is no such thing")                            \
    X(METHOD_NOT_ALLOWED, "method-not-allowed", 405, "The method is not allowed here")  \
    X(KEY_CONFLICT, "key-conflict", 409, "Another saga has this key or id")             \
    X(REQUEST_IN_PROGRESS, "request-in-progress", 409, "The first request is not over") \
    X(INVALID_STATE, "invalid-state", 409, "Not possible in the saga's present state")  \
    X(CALL_IN_FLIGHT, "call-in-flight", 409, "The step's own call is in flight")        \
    X(STALE_REVISION, "stale-revision", 409, "The saga has moved on")                   \
    X(PREVIEW_STALE, "preview-stale", 409, "The saga has moved since the preview")      \
    X(CONFIRM_REQUIRED, "confirm-required", 409, "A confirmation is required")          \
    X(PURGED, "purged", 410, "The saga was purged")                                     \
    X(GONE, "gone", 410, "Used or expired")                                             \
    X(PRECONDITION_FAILED, "precondition-failed", 412, "A precondition does not hold")  \
    X(BODY_TOO_LARGE, "body-too-large", 413, "The body is too large")                   \
    X(UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", 415,                            \
      "The media type is not JSON")                                                     \
    X(DEFINITION_INVALID, "definition-invalid", 422, "The definition is not valid")     \
    X(INPUT_INVALID, "input-invalid", 422, "The input is not valid")                    \
    X(IDEMPOTENCY_KEY_REUSED, "idempotency-key-reused", 422,                            \
      "The Idempotency-Key was used with another request")                              \
    X(RATE_LIMITED, "rate-limited", 429, "Too many requests")                           \
    X(INTERNAL, "internal", 500, "Something is wrong in sagad")                         \
    X(DRAINING, "draining", 503, "The daemon is stopping")                              \
    X(OVERLOADED, "overloaded", 503, "The daemon has as much work as it may have")      \
    X(DISK_FULL, "disk-full", 503, "The disk is nearly full")                           \
    X(STORE_UNAVAILABLE, "store-unavailable", 503, "The store does not answer")

enum problem {
#define X(name, code, status, title) PROBLEM_##name,
    PROBLEM_MAP(X)
#undef X
};

const char *problem_code(enum problem p);
int problem_status(enum problem p);
const char *problem_title(enum problem p);

#endif /* RUN_PROBLEM_H */
