/*
 * expr_node.h - a compiled expression: the tree that the parser builds.
 *
 * Inside of the expr modules only. A node never changes after expr_compile() and
 * lives in the arena given there, with everything it points to. Which fields of a
 * node mean something depends on its kind; the list says which.
 */
#ifndef DEFINITIONS_EXPR_NODE_H
#define DEFINITIONS_EXPR_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "definitions/expr.h"
#include "definitions/expr_value.h"

enum expr_kind {
    EXPR_IDENTITY,    /* . */
    EXPR_LITERAL,     /* value */
    EXPR_INDEX,       /* left[right], is_optional */
    EXPR_SLICE,       /* left[from:to], either may be NULL; is_optional */
    EXPR_EACH,        /* left[], is_optional */
    EXPR_TRY,         /* (left)? */
    EXPR_PIPE,        /* left | right */
    EXPR_COMMA,       /* left , right: inside [ ] and calls */
    EXPR_ALTERNATIVE, /* left // right */
    EXPR_OR,          /* left or right */
    EXPR_AND,         /* left and right */
    EXPR_COMPARE,     /* left op right */
    EXPR_MATH,        /* left op right */
    EXPR_NEGATE,      /* -left */
    EXPR_ARRAY,       /* [left]; NULL: [] */
    EXPR_OBJECT,      /* parts: key, value, key, value */
    EXPR_TEXT,        /* parts, joined; function formats those that are no literals */
    EXPR_IF,          /* if left then right else other end */
    EXPR_CALL,        /* function(left); left NULL when it takes nothing */
};

enum expr_operator {
    EXPR_NONE,
    EXPR_EQUAL,
    EXPR_UNEQUAL,
    EXPR_LESS,
    EXPR_LESS_EQUAL,
    EXPR_MORE,
    EXPR_MORE_EQUAL,
    EXPR_PLUS,
    EXPR_MINUS,
    EXPR_TIMES,
    EXPR_DIVIDE,
    EXPR_REMAINDER,
};

struct expr_function;

struct expr_node {
    enum expr_kind kind;
    enum expr_operator op;
    unsigned column; /* From 1: where to point when it fails. */
    bool is_optional;
    const struct expr_node *left;
    const struct expr_node *right;
    const struct expr_node *other; /* else; the end of a slice (its start: right). */
    const struct expr_node **parts;
    size_t n_parts;
    const struct expr_function *function;
    struct expr_value *value;
};

/* One step of a plain path: a name, or an element when name is NULL. */
struct expr_key {
    const char *name;
    size_t n;
    int64_t index;
};

struct expr {
    const char *text;
    size_t n;
    const struct expr_node *top;
    const struct expr_key *keys; /* The plain path; NULL: it is none. */
    size_t n_keys;
    const struct expr_value *otherwise; /* The literal behind //; NULL: none. */
    const struct expr_reference *references;
    size_t n_references;
};

#endif /* DEFINITIONS_EXPR_NODE_H */
