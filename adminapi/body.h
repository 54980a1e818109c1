/*
 * body.h - a request's JSON body, strictly: every member has a name the route knows.
 *
 * Values are spans of the body's own text (json_span.h), so numbers keep their digits.
 * What is wrong with a member is collected as the problem's `errors`; the caller looks
 * at r->faults once, when it has read everything.
 */
#ifndef ADMINAPI_BODY_H
#define ADMINAPI_BODY_H

#include <stdbool.h>

#include "adminapi/request.h"
#include "base/json_span.h"

struct body_member {
    const char *name;
    struct json_span value; /* at == NULL: absent. */
};

/* Read the body as one object and fill the members in; others are faults. False: it is
 * not a JSON object and the request was answered. An empty body counts as {} when
 * may_be_empty. */
bool body_read(struct request *r, bool may_be_empty, struct body_member *members,
               size_t n);

/* The same for an object inside a body that was accepted. */
void body_take(struct request *r, struct json_span body, struct body_member *members,
               size_t n);

/* The member's text in the arena; NULL: absent, or a fault was noted. */
const char *body_text(struct request *r, const struct body_member *m);
const char *body_needed_text(struct request *r, const struct body_member *m);

/* A whole number from 1 (or 0) on; false: absent, or a fault was noted. */
bool body_whole(struct request *r, const struct body_member *m, int64_t least,
                int64_t *out);

/* A JSON Pointer: parent's, and a name as one segment more. */
const char *body_pointer(struct request *r, const char *parent, const char *name);

/* A fault about the member itself. */
void body_fault(struct request *r, const struct body_member *m, const char *code,
                const char *detail);

/* Were there faults? Then the request is answered with them. */
bool body_refuses(struct request *r, enum problem p, const char *detail);

#endif /* ADMINAPI_BODY_H */
