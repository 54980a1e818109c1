/*
 * parse_tests.h - the form of a definition's `tests`.
 *
 * Only the form: scenarios are run by their own module, from the text.
 */
#ifndef DEFINITIONS_PARSE_TESTS_H
#define DEFINITIONS_PARSE_TESTS_H

#include "definitions/parse_read.h"

/* - -> struct json_span */
void parse_tests(struct parse *p, const struct place *at, const void *how, void *into);

#endif /* DEFINITIONS_PARSE_TESTS_H */
