/*
 * uses.h - every expression of a definition, with its place and what it may see there.
 *
 * What the checker and the compiler ask about expressions (do they read only what
 * exists, whose answer is read) is asked once, here, for all of the language.
 */
#ifndef DEFINITIONS_USES_H
#define DEFINITIONS_USES_H

#include "definitions/draft.h"

#define USE_CONTEXT_MAP(X)                               \
    X(KEY, "a key")                                      \
    X(OUTPUT, "output")                                  \
    X(NOTIFY, "notify")                                  \
    X(WHEN, "when")                                      \
    X(EACH, "forEach")                                   \
    X(UNTIL, "until")                                    \
    X(SIGNAL, "the rejectWhen of a wait")                \
    X(ACTION, "an action")                               \
    X(VERDICT, "rejectWhen and retryWhen")               \
    X(CONFIRM, "confirm")                                \
    X(CONFIRM_VERDICT, "appliedWhen and notAppliedWhen") \
    X(UNDO, "compensate")                                \
    X(UNDO_VERDICT, "rejectWhen and retryWhen of compensate")

enum use_context {
#define X(name, text) USE_##name,
    USE_CONTEXT_MAP(X)
#undef X
};

struct use {
    const struct expr *e;
    const struct place *at;
    enum use_context context;
    struct draft_step *step; /* NULL: the definition's own. */
    struct draft_call *call; /* NULL: not in a call. */
};

void uses_each(struct draft *d, struct arena *scratch,
               void (*visit)(void *user, const struct use *use), void *user);

#endif /* DEFINITIONS_USES_H */
