/*
 * answer.h - what goes back: JSON, problem documents (RFC 9457), fixed bytes.
 *
 * A handler answers once. Texts given to answer_header() live in the request's arena or
 * are static.
 */
#ifndef ADMINAPI_ANSWER_H
#define ADMINAPI_ANSWER_H

#include "adminapi/request.h"
#include "base/json.h"
#include "engine/run/problem.h"

/* A JSON answer: the caller writes one value with o. */
void answer_json(struct request *r, int status, struct json_out *o);
void answer_fixed(struct request *r, const char *content_type, const char *bytes,
                  size_t n);
void answer_empty(struct request *r, int status);
void answer_header(struct request *r, const char *name, const char *value);

/* A problem document with what answer_fault() collected. */
void answer_refuse(struct request *r, enum problem p, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, left open for more members: the caller closes the object. status 0: p's. */
void answer_refuse_open(struct request *r, enum problem p, int status, const char *detail,
                        struct json_out *o);
/* The engine's or store's error as a problem. */
void answer_failure(struct request *r, enum err e, const struct err_info *info);

/* The engine refused r's command: answers its problem in its words. False: it did not. */
bool answer_refused(struct request *r);

/* Add to the problem's `errors`. */
void answer_fault(struct request *r, const char *pointer, const char *code,
                  const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Hand the answer to libmicrohttpd. */
enum MHD_Result answer_send(struct request *r);
/* The same with a body of its own; response is moved. NULL: the connection is closed. */
enum MHD_Result answer_send_response(struct request *r, struct MHD_Response *response);

#endif /* ADMINAPI_ANSWER_H */
