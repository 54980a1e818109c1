/*
 * expr_string.h - the functions that read or make text.
 *
 * Inside of the expr modules only. Each takes the value in front of the pipe and,
 * where it has one, its argument (else NULL), and gives a value or NULL when it
 * failed. Lengths and slices count characters, comparisons work on bytes.
 */
#ifndef DEFINITIONS_EXPR_STRING_H
#define DEFINITIONS_EXPR_STRING_H

#include <stddef.h>
#include <stdint.h>

#include "definitions/expr_value.h"

struct expr_value *expr_split(struct expr_run *r, struct expr_value *v,
                              struct expr_value *separator);
struct expr_value *expr_join(struct expr_run *r, struct expr_value *v,
                             struct expr_value *separator);
struct expr_value *expr_downcase(struct expr_run *r, struct expr_value *v,
                                 struct expr_value *none);
struct expr_value *expr_upcase(struct expr_run *r, struct expr_value *v,
                               struct expr_value *none);
struct expr_value *expr_trim_left(struct expr_run *r, struct expr_value *v,
                                  struct expr_value *prefix);
struct expr_value *expr_trim_right(struct expr_run *r, struct expr_value *v,
                                   struct expr_value *suffix);
struct expr_value *expr_starts_with(struct expr_run *r, struct expr_value *v,
                                    struct expr_value *prefix);
struct expr_value *expr_ends_with(struct expr_run *r, struct expr_value *v,
                                  struct expr_value *suffix);

/* tostring, @text: a string as it is, anything else as JSON. */
struct expr_value *expr_to_string(struct expr_run *r, struct expr_value *v,
                                  struct expr_value *none);
struct expr_value *expr_to_number(struct expr_run *r, struct expr_value *v,
                                  struct expr_value *none);
struct expr_value *expr_to_json(struct expr_run *r, struct expr_value *v,
                                struct expr_value *none);
struct expr_value *expr_from_json(struct expr_run *r, struct expr_value *v,
                                  struct expr_value *none);
struct expr_value *expr_uri(struct expr_run *r, struct expr_value *v,
                            struct expr_value *none);
struct expr_value *expr_base64(struct expr_run *r, struct expr_value *v,
                               struct expr_value *none);
struct expr_value *expr_base64_decode(struct expr_run *r, struct expr_value *v,
                                      struct expr_value *none);

/* Characters of a string. */
size_t expr_characters(const struct expr_value *v);

/* Characters from (inclusive) to (exclusive), both within the string. */
struct expr_value *expr_substring(struct expr_run *r, const struct expr_value *v,
                                  size_t from, size_t to);

/* Is b somewhere in a? */
bool expr_has_substring(const struct expr_value *a, const struct expr_value *b);

#endif /* DEFINITIONS_EXPR_STRING_H */
