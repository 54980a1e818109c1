/*
 * expr_order.h - sorting values: stable, in the order of expr_compare().
 *
 * Inside of the expr modules only.
 */
#ifndef DEFINITIONS_EXPR_ORDER_H
#define DEFINITIONS_EXPR_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "definitions/expr_value.h"

struct expr_ranked {
    struct expr_value *rank; /* Sorted by this, */
    struct expr_value *item; /* carrying this. */
};

/* Merge sort. False: it failed (budget), and the order is undefined. */
MUST_CHECK bool expr_sort(struct expr_run *r, struct expr_ranked *all, size_t n);

#endif /* DEFINITIONS_EXPR_ORDER_H */
