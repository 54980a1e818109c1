/*
 * input_schema_pattern.h - may this pattern be given to regcomp()?
 *
 * Inside of the input_schema modules only. The C library's regular expressions copy
 * what is repeated, so ((a{9}){9}){9} asks for memory without end, and references
 * back (\1) make matching exponential. Both are refused here, as is what other
 * dialects have and POSIX does not: \d \w \s \b (?: lookaround, lazy quantifiers.
 */
#ifndef DEFINITIONS_INPUT_SCHEMA_PATTERN_H
#define DEFINITIONS_INPUT_SCHEMA_PATTERN_H

#include <stddef.h>

#define SCHEMA_PATTERN_SIZE_MAX 4096 /* Characters once repetitions are written out. */

/* NULL: it may. Else a sentence. */
const char *schema_pattern_refusal(const char *pattern);

#endif /* DEFINITIONS_INPUT_SCHEMA_PATTERN_H */
