/*
 * report.h - places in a definition, and what the checker says about them.
 *
 * A place is a value of the definition's text and the way to it. Places live in the
 * checker's scratch arena and point into the text. Issues are kept in the order of the
 * text, whichever check found them, and never twice the same. When the report is full, an
 * error pushes the last warning out; errors beyond that are counted and not kept.
 */
#ifndef DEFINITIONS_REPORT_H
#define DEFINITIONS_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/json_span.h"
#include "definitions/definition.h"
#include "definitions/pointer.h"

struct place {
    const struct place *up; /* NULL: the whole definition. */
    const char *name;       /* A member of up. */
    const char *rest;       /* Or a pointer below up. Neither: element `index`. */
    size_t index;
    struct json_span value;
};

const struct place *place_member(struct arena *a, const struct place *up,
                                 struct json_span name, struct json_span value);
const struct place *place_element(struct arena *a, const struct place *up, size_t index,
                                  struct json_span value);

/* The member of that name, or up itself where there is none: what a check that knows
 * only the object points at. */
const struct place *place_of(struct arena *a, const struct place *up, const char *name);

/* What a pointer relative to up points at; the text is up's. */
const struct place *place_below(struct arena *a, const struct place *up,
                                const char *rest);

struct report {
    struct check_report *out;         /* Borrowed. */
    const char *at[CHECK_ISSUES_MAX]; /* Where in the text each issue is. */
};

void report_init(struct report *r, struct check_report *out);

/* False: what is said now is at most counted, so looking for a suggestion is idle. */
bool report_has_room(const struct report *r);

/* detail: a sentence without a full stop. */
void report_error(struct report *r, const struct place *at, const char *code,
                  const char *detail, ...) __attribute__((format(printf, 4, 5)));
void report_warning(struct report *r, const struct place *at, const char *code,
                    const char *detail, ...) __attribute__((format(printf, 4, 5)));

/* An error, or a warning where `is_error` is false. */
void report_issue(struct report *r, bool is_error, const struct place *at,
                  const char *code, const char *detail, ...)
    __attribute__((format(printf, 5, 6)));

#endif /* DEFINITIONS_REPORT_H */
