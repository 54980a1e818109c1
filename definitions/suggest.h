/*
 * suggest.h - the nearest of some names, for "did you mean".
 *
 * Offer every name there is; what is near enough to be a slip of the fingers (one
 * letter, and one more for every three: left out, put in, changed or swapped) and nearest
 * wins, the first of equals. Names are borrowed and must outlive the struct. Names longer
 * than SUGGEST_NAME_MAX are never suggested. No allocation, no threads.
 */
#ifndef DEFINITIONS_SUGGEST_H
#define DEFINITIONS_SUGGEST_H

#include <stddef.h>

#define SUGGEST_NAME_MAX 64
#define SUGGEST_HINT_MAX (SUGGEST_NAME_MAX + 24)

struct suggest {
    const char *wanted;
    size_t wanted_n;
    const char *best; /* NULL: none is near. */
    size_t distance;
};

void suggest_begin(struct suggest *s, const char *wanted);
void suggest_offer(struct suggest *s, const char *name);

/* "; did you mean 'name'?" or "". Returns out. */
const char *suggest_hint(const struct suggest *s, char out[static SUGGEST_HINT_MAX]);

#endif /* DEFINITIONS_SUGGEST_H */
