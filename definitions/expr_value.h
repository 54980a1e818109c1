/*
 * expr_value.h - the values expressions work on.
 *
 * Inside of the expr modules only. A value is immutable to its users and lives in
 * an arena. One that comes from a JSON text keeps that text (raw): it is printed as
 * it came, and an array or object is opened, one level, only when something inside
 * is touched. A number from a text keeps its digits until arithmetic is done on it.
 *
 * The root and `.steps` are objects whose members are asked for by name (origin);
 * they cannot be listed, so whatever needs them whole fails with a sentence.
 *
 * Opening fills a value in, so values made in an evaluation belong to its thread;
 * literals of a compiled expression are scalars, complete from the start, and shared.
 */
#ifndef DEFINITIONS_EXPR_VALUE_H
#define DEFINITIONS_EXPR_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json_span.h"

struct expr_run;
struct expr_value;

enum expr_origin {
    EXPR_ORIGIN_PLAIN,
    EXPR_ORIGIN_ROOT,  /* . */
    EXPR_ORIGIN_STEPS, /* .steps, asked for step by step. */
};

struct expr_member {
    const char *name;
    size_t n;
    struct expr_value *value;
};

struct expr_value {
    enum json_kind kind; /* Never JSON_KIND_NONE. */
    enum expr_origin origin;
    struct json_span raw; /* at == NULL: made by the evaluation. */
    bool is_int;          /* Number: integer is exact. */
    bool is_open;         /* Array, object: what it holds is filled in. */
    int64_t integer;
    double real;
    const char *bytes; /* String: UTF-8, without NUL inside. */
    size_t n;          /* Bytes of a string, elements, members. */
    size_t room;       /* While an array or object is being built. */
    struct expr_value **items;
    struct expr_member *members; /* In the order they came. */
    uint32_t *slots;             /* Hash of names to member number + 1; NULL: small. */
    size_t n_slots;
};

/* ---- making; NULL when the budget is used up ---- */

struct expr_value *expr_null(struct expr_run *r);
struct expr_value *expr_bool(struct expr_run *r, bool value);
struct expr_value *expr_int(struct expr_run *r, int64_t value);
/* Fails when value is not finite. */
struct expr_value *expr_real(struct expr_run *r, double value);
/* bytes are borrowed: they live in the scratch arena or in the root's texts. */
struct expr_value *expr_string(struct expr_run *r, const char *bytes, size_t n);
/* Empty, never NULL: what is added is paid for, not the room. */
struct expr_value *expr_array(struct expr_run *r, size_t room);
struct expr_value *expr_object(struct expr_run *r, size_t room);
/* Grow a value that is being built: no one else has seen it yet. */
MUST_CHECK bool expr_array_add(struct expr_run *r, struct expr_value *array,
                               struct expr_value *item);
MUST_CHECK bool expr_object_set(struct expr_run *r, struct expr_value *object,
                                const char *name, size_t n, struct expr_value *value);
/* at == NULL gives null. */
struct expr_value *expr_from_span(struct expr_run *r, struct json_span span);

/* The root or .steps, not opened; never NULL. */
struct expr_value *expr_origin(struct expr_run *r, enum expr_origin origin);

/* A scalar in an arena, for literals: complete, without a budget. */
struct expr_value *expr_literal(struct arena *a, struct json_span text);

/* ---- reading ---- */

static inline bool expr_is_true(const struct expr_value *v)
{
    return v->kind != JSON_KIND_NULL && v->kind != JSON_KIND_FALSE;
}

static inline bool expr_is_bool(const struct expr_value *v)
{
    return v->kind == JSON_KIND_TRUE || v->kind == JSON_KIND_FALSE;
}

/* "null", "boolean", "number", "string", "array", "object". */
const char *expr_kind_name(const struct expr_value *v);

/* Fill in what an array or object holds; nothing to do for scalars. */
MUST_CHECK bool expr_open(struct expr_run *r, struct expr_value *v);

/* The member of an open object; NULL: there is none. */
struct expr_value *expr_object_find(struct expr_run *r, struct expr_value *object,
                                    const char *name, size_t n);

/* Members of an open object ordered by name. NULL: budget. */
struct expr_member *expr_object_sorted(struct expr_run *r, struct expr_value *object);

/* The order of jq: null, false, true, numbers, strings, arrays, objects. *out is
 * negative, 0, positive; false when it failed. */
MUST_CHECK bool expr_compare(struct expr_run *r, struct expr_value *a,
                             struct expr_value *b, int *out);

/* ---- as text ---- */

/* Append as JSON. is_canonical: no blanks and one way to escape, even in what is
 * copied from a text. False: too deep, not listable, budget, or over out->max. */
MUST_CHECK bool expr_print(struct expr_run *r, struct expr_value *v, bool is_canonical,
                           struct buf *out);

#endif /* DEFINITIONS_EXPR_VALUE_H */
