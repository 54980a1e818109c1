/*
 * admit.h - a request's way in, up to its handler: headers, gate, route, token, body.
 *
 * door.h says in which order things are refused. After admit_headers() the request either
 * has an answer (and is_closing or drops_body say what happens to the rest of it) or a
 * route whose handler may be called once the body is complete.
 */
#ifndef ADMINAPI_ADMIT_H
#define ADMINAPI_ADMIT_H

#include "adminapi/request.h"

/* r->raw_target is set. True: r->answer must be sent now, and the rest is not read. */
bool admit_headers(struct request *r, const char *method, const char *version);

/* Can gate_check_lines() be asked about this libmicrohttpd? */
bool admit_sees_lines(void);

/* n more bytes of the body. False: it is far too large, the connection must end without
 * an answer. */
bool admit_body(struct request *r, const char *bytes, size_t n);

#endif /* ADMINAPI_ADMIT_H */
