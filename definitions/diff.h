/*
 * diff.h - what changes from one version of a definition to another, and for whom.
 *
 * A saga keeps the version it was started with (S70), so a change is for sagas that start
 * from now on; what those running now still do and still need is said beside it. Compares
 * what is written, member by member; the order of members and blanks mean nothing. Pure.
 */
#ifndef DEFINITIONS_DIFF_H
#define DEFINITIONS_DIFF_H

#include <stddef.h>

#include "base/arena.h"
#include "definitions/definition.h"

enum diff_kind { DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED, DIFF_MOVED };

struct diff_change {
    enum diff_kind kind;
    const char *step;   /* NULL: the definition's own. */
    const char *field;  /* "call.url"; NULL: the step as a whole. */
    const char *before; /* JSON text; NULL none. MOVED: the step it stood behind. */
    const char *after;
};

struct diff_report {
    const struct diff_change *changes;
    size_t n_changes;
    const char *const *running; /* Sentences about sagas that run now. */
    size_t n_running;
};

const char *diff_kind_name(enum diff_kind kind);

/* Everything in out lives in keep. */
void diff_definitions(const struct definition *from, const struct definition *to,
                      struct arena *keep, struct diff_report *out);

#endif /* DEFINITIONS_DIFF_H */
