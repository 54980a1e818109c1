/*
 * target.h - a request's target, taken apart and decoded by us.
 *
 * libmicrohttpd's own decoding is switched off (an encoded NUL would cut the path, an
 * encoded slash would make a segment). The gate has seen the target before: what arrives
 * here has sound percent-encodings and no NUL. Everything lives in the request's arena.
 */
#ifndef ADMINAPI_TARGET_H
#define ADMINAPI_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define TARGET_SEGMENTS_MAX 8
#define TARGET_PARAMETERS_MAX 64

struct target_parameter {
    const char *name;  /* Decoded. */
    const char *value; /* Decoded; "" without '='. */
    const char
        *raw; /* The value as it came, NUL-ended: lists are split before decoding. */
};

struct target {
    const char *path;                          /* As it came, without the query. */
    const char *segments[TARGET_SEGMENTS_MAX]; /* Decoded. */
    size_t n_segments;
    bool is_deep; /* More segments than any route has. */
    struct target_parameter parameters[TARGET_PARAMETERS_MAX];
    size_t n_parameters;
    bool is_wide; /* More parameters than that. */
};

void target_read(const char *text, struct arena *a, struct target *out);

/* The value of the parameter, or NULL. */
const char *target_find(const struct target *t, const char *name);

/* n bytes decoded: %xx, and + as a blank in a query. */
char *target_decode(const char *text, size_t n, bool is_query, struct arena *a);

#endif /* ADMINAPI_TARGET_H */
