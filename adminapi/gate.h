/*
 * gate.h - which requests are let in at all (security.md, "The front door").
 *
 * libmicrohttpd accepts requests that two readers can read in two ways: both framings
 * at once, two lengths, two hosts, lines that end in a bare LF, folded lines, values cut
 * by a NUL. Such a request is refused before anything else looks at it, and its
 * connection is closed, so that what a proxy in front took for a second request is
 * never read as one.
 *
 * Pure: it looks at what libmicrohttpd hands out and at the bytes around it. Those
 * show what libmicrohttpd does not tell: its parser ends each line in place with one NUL
 * for every byte of the line's end, so a header block that came as it should lies in one
 * piece with two NULs behind each line (gate_check_lines). That is how the versions
 * 0.9.7x work; later ones refuse bare LF and folding themselves, and are not asked.
 */
#ifndef ADMINAPI_GATE_H
#define ADMINAPI_GATE_H

#include <stdbool.h>
#include <stddef.h>

#define GATE_HEADERS_MAX 100 /* Header lines of one request. */
#define GATE_TARGET_MAX 8192 /* Bytes of the request target. */

struct gate_header {
    const char *name;
    size_t name_n;
    const char *value; /* Never NULL. */
    size_t value_n;
};

struct gate_request {
    const char *method;
    const char *target; /* As it came: path and query, not decoded. */
    const char *version;
    const struct gate_header *headers;
    size_t n_headers;
};

/* NULL: let in. Otherwise a sentence that says what is wrong; static text. */
const char *gate_check(const struct gate_request *r);

/* The same about the lines themselves. target_at is where the target's bytes lie, which
 * may have been changed since r->target was copied from there. */
const char *gate_check_lines(const struct gate_request *r, const char *target_at);

/* Bytes of the header block, about as they came. */
size_t gate_bytes(const struct gate_request *r);

#endif /* ADMINAPI_GATE_H */
