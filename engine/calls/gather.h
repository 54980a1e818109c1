/*
 * gather.h - what comes back on the wire, taken in piece by piece.
 *
 * libcurl calls with one header line or one piece of body at a time; it keeps
 * the final header block and the beginning of the body, under caps, and notes what
 * libcurl does not tell: whether the blank line came, whether the framing contradicts
 * itself, how much body there was. Interim 1xx blocks and trailers are not the answer's.
 *
 * One per pooled call, its memory is reused. Engine thread.
 */
#ifndef CALLS_GATHER_H
#define CALLS_GATHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define GATHER_HEADERS_MAX 128 /* Different header lines kept; bounds joining them. */

struct gather_header { /* Places in gather.raw. */
    uint32_t name_at, name_n;
    uint32_t value_at, value_n;
};

struct gather {
    long status;      /* Of the final block; 0: none came. */
    bool is_complete; /* The final block's blank line came. */
    bool framing_is_bad;
    bool has_length;   /* A Content-Length came ... */
    uint64_t length;   /* ... and this is it. */
    bool has_coding;   /* A Transfer-Encoding came. */
    bool is_over_cap;  /* More body than may be read. */
    bool is_truncated; /* More body than is kept. */
    size_t body_max;   /* Bytes of body kept. */
    size_t body_bytes; /* Bytes of body that came. */
    struct buf body;
    struct buf raw; /* Names (lower case) and values, end to end. */
    size_t n_headers;
    struct gather_header headers[GATHER_HEADERS_MAX];
    struct buf json; /* The headers as the answer shows them. */
};

void gather_init(struct gather *in);
void gather_done(struct gather *in);

/* For the next answer; up to body_max bytes of it are kept. */
void gather_reset(struct gather *in, size_t body_max);

/* One header line with its line end. False: stop reading, the framing is bad. */
bool gather_line(struct gather *in, const char *line, size_t n);

/* A piece of body. False: stop reading, it is over LIMIT_ANSWER_READ. */
bool gather_body(struct gather *in, const char *bytes, size_t n);

/* The header block as JSON object text; repeated names joined with ", ". Borrowed
 * until the next reset. */
const char *gather_headers_json(struct gather *in);

/* Retry-After as wall time, 0 if there is none that makes sense (RFC 9110, 10.2.3).
 * now_ms: the wall clock when the answer came. */
uint64_t gather_retry_after(const struct gather *in, uint64_t now_ms);

#endif /* CALLS_GATHER_H */
