/*
 * expr_math.h - the operators + - * / % and the negation.
 *
 * Inside of the expr modules only. Two integers stay an exact integer where the
 * result is one and fits int64; everything else is a double. A result that is not
 * finite is a failure, never a number that JSON cannot say.
 */
#ifndef DEFINITIONS_EXPR_MATH_H
#define DEFINITIONS_EXPR_MATH_H

#include "definitions/expr_node.h"
#include "definitions/expr_value.h"

/* NULL: it failed. */
struct expr_value *expr_math(struct expr_run *r, enum expr_operator op,
                             struct expr_value *a, struct expr_value *b);
struct expr_value *expr_negate(struct expr_run *r, struct expr_value *v);

/* All items added up, as `add` does: null when there is none. */
struct expr_value *expr_sum(struct expr_run *r, struct expr_value **items, size_t n);

#endif /* DEFINITIONS_EXPR_MATH_H */
