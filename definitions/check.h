/*
 * check.h - does what a definition says make sense?
 *
 * Works on a numbered, settled draft and reports; changes nothing but the draft's notes
 * about whose answers are read. What the daemon knows (services, vars, secrets, other
 * definitions) comes through struct check_world; what it does not say is not judged.
 */
#ifndef DEFINITIONS_CHECK_H
#define DEFINITIONS_CHECK_H

#include "definitions/draft.h"

struct check {
    struct draft *d;
    const struct check_world *world;
    struct report *report;
    struct arena *scratch;
};

/* Everything. */
void check_draft(const struct check *c);

/* ---- its parts --------------------------------------------------------------- */

/* Expressions: what they read exists, may be read there and has run before. Notes
 * is_read, body_is_read, undo_reads_answer, reads_answer. */
void check_references(const struct check *c);

/* Services, URLs, headers of every call and webhook. */
void check_calls(const struct check *c);

/* Child sagas. */
void check_children(const struct check *c);

/* What is allowed and probably not meant. After check_references(). */
void check_warnings(const struct check *c);

/* Unknown names are errors; in a dry run warnings, because the configuration may come
 * later. `code` also names the kind for the suggestion. */
void check_unknown(const struct check *c, const struct place *at, const char *kind,
                   const char *name);

#endif /* DEFINITIONS_CHECK_H */
