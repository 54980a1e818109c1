/*
 * supported.h - what of the language this release refuses.
 *
 * The whole language is read, checked and compiled; what the engine does not run yet is
 * refused by one table, by name, so that nothing an author writes is ever ignored. Once
 * it runs, its line goes.
 */
#ifndef DEFINITIONS_SUPPORTED_H
#define DEFINITIONS_SUPPORTED_H

#include "definitions/draft.h"

/* Reports "not-supported-yet" for each use. */
void supported_check(const struct draft *d, struct report *report, struct arena *scratch);

#endif /* DEFINITIONS_SUPPORTED_H */
