/*
 * ask.h - one HTTP request to our own API, for the demo.
 */
#ifndef SAGAD_ASK_H
#define SAGAD_ASK_H

#include <jansson.h>

#include "base/err.h"

struct ask {
    const char *method;
    const char *url;
    const char *body;   /* NULL none. */
    const char *prefer; /* Prefer header, NULL none. */
};

/* ERR_IO: no answer; ERR_INVALID: not 2xx (the problem's sentence), or not JSON. *out is
 * owned: json_decref(). */
MUST_CHECK enum err ask_api(const struct ask *a, json_t **out, struct err_info *info);

#endif /* SAGAD_ASK_H */
