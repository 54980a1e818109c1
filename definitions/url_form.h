/*
 * url_form.h - is a URL template one that cannot be led astray by a value?
 *
 * Scheme, host and port never come from an expression (security.md, "Calls out"): with
 * a service the template is a path; without, everything before the path is constant;
 * only the URL of a webhook may begin with a value of .vars. Values are encoded as
 * single segments when rendered, so the rest is about the constant characters.
 */
#ifndef DEFINITIONS_URL_FORM_H
#define DEFINITIONS_URL_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "definitions/template.h"

enum url_form {
    URL_PATH,     /* With a service: "/charges/${ … }?x=${ … }". */
    URL_ABSOLUTE, /* "https://host:port/…" */
    URL_WEBHOOK,  /* URL_ABSOLUTE, or "${ .vars.x }/…". */
};

#define URL_HOST_MAX 254

struct url_facts {
    char host[URL_HOST_MAX]; /* Without port and brackets; "": not constant. */
    uint16_t port;           /* Written, or the scheme's own. */
    bool is_plain;           /* http */
    bool is_loopback;
};

/* False: why has one sentence. facts (absolute forms) are only set when true. */
bool url_form_check(const struct template *t, enum url_form form, struct url_facts *facts,
                    char why[static 160]);

#endif /* DEFINITIONS_URL_FORM_H */
