/*
 * why.h - one sentence: why a saga is not moving, and who can change that.
 *
 * Never empty for a saga that is not final (http-api.md). Pure over a view.
 */
#ifndef VIEW_WHY_H
#define VIEW_WHY_H

#include "engine/view/view.h"

/* The sentence, in `a`; NULL for a final saga. now_ms: for "Waiting 4 s". */
const char *why_of(const struct view *v, uint64_t now_ms, struct arena *a);

/* The open cell that the sentence is about; NULL: the saga has none. Looks at the state,
 * the definition and the steps' children alone. */
const struct saga_cell *why_cell_of(const struct view *v);

#endif /* VIEW_WHY_H */
