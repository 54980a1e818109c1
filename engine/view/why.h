/*
 * why.h - one sentence: why a saga is not moving, and who can change that.
 *
 * Never empty for a saga that is not final (http-api.md). It says when the next thing
 * happens by itself, or who can unblock it. Pure over a view and what the services'
 * board says at the moment (engine/calls/board.h): an open breaker or a pause of a
 * service makes no turn, so the saga's own journal does not know of it.
 */
#ifndef VIEW_WHY_H
#define VIEW_WHY_H

#include "engine/calls/board.h"
#include "engine/view/view.h"

struct why_now {               /* The moment that it is said of. */
    uint64_t wall_ms;          /* "Waiting 4 s". */
    uint64_t mono_ms;          /* The same, for the board's times. */
    const struct board *board; /* NULL: how services stand is not known. */
};

/* The sentence, in `a`; NULL for a final saga. */
const char *why_of(const struct view *v, const struct why_now *now, struct arena *a);

/* The open cell that the sentence is about; NULL: the saga has none. Looks at the state,
 * the definition and the steps' children alone. */
const struct saga_cell *why_cell_of(const struct view *v);

#endif /* VIEW_WHY_H */
