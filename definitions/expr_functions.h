/*
 * expr_functions.h - the functions of the language: one table.
 *
 * Inside of the expr modules only. Most functions turn one value (and one argument)
 * into one value: `call`. The others evaluate their argument themselves, as often as
 * they need: `filter`. Both are run by expr_call.c.
 */
#ifndef DEFINITIONS_EXPR_FUNCTIONS_H
#define DEFINITIONS_EXPR_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "definitions/expr_value.h"

enum expr_filter {
    EXPR_FILTER_NONE, /* It has a call. */
    EXPR_FILTER_VALUES,
    EXPR_FILTER_SELECT,
    EXPR_FILTER_MAP,
    EXPR_FILTER_MAP_VALUES,
    EXPR_FILTER_ANY,
    EXPR_FILTER_ALL,
    EXPR_FILTER_SORT_BY,
    EXPR_FILTER_FIRST,
    EXPR_FILTER_LAST,
    EXPR_FILTER_WITH_ENTRIES,
};

struct expr_function {
    const char *name;
    unsigned n_arguments; /* 0 or 1. */
    /* v: what stands before the pipe; argument: NULL when there is none. NULL: failed. */
    struct expr_value *(*call)(struct expr_run *r, struct expr_value *v,
                               struct expr_value *argument);
    enum expr_filter filter;
};

/* NULL: there is none with that many arguments. */
const struct expr_function *expr_function_find(const char *name, size_t n,
                                               unsigned n_arguments);

/* Is there one of that name, with whatever arguments? */
bool expr_function_has_name(const char *name, size_t n);

/* All of them; NULL behind the last. */
const struct expr_function *expr_function_at(size_t i);

/* Used by with_entries, too. */
struct expr_value *expr_to_entries(struct expr_run *r, struct expr_value *v,
                                   struct expr_value *none);
struct expr_value *expr_from_entries(struct expr_run *r, struct expr_value *v,
                                     struct expr_value *none);

/* Open an array, or an object for its values, or fail: what .[] does. */
MUST_CHECK bool expr_iterate(struct expr_run *r, struct expr_value *v);

/* Element or value number i of what expr_iterate() opened. */
static inline struct expr_value *expr_item(const struct expr_value *v, size_t i)
{
    return v->kind == JSON_KIND_ARRAY ? v->items[i] : v->members[i].value;
}

#endif /* DEFINITIONS_EXPR_FUNCTIONS_H */
