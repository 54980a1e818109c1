/*
 * template.h - texts and JSON trees with ${ } in them, compiled.
 *
 * Text templates make text: a value that is a string gives its characters, numbers and
 * booleans their JSON text; null, array and object are errors. In a URL each value is
 * one percent-encoded segment or query value; empty, `.`, `..` and null are errors; only
 * a value of .vars at the very beginning is a base URL and goes in as it is. JSON
 * templates make JSON: a string that is one whole ${ } becomes the value itself, type
 * and digits kept. `$${` is a literal `${`.
 *
 * Immutable once compiled; lives in the arena it was compiled into. Rendering is pure.
 */
#ifndef DEFINITIONS_TEMPLATE_H
#define DEFINITIONS_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json_span.h"
#include "definitions/expr.h"

struct template;

/* Where an error in a template is, for the checker. */
struct template_error {
    char detail[256];
    unsigned column; /* In the text, from 1; 0: not known. */
};

/* text is the unescaped string. */
MUST_CHECK enum err template_compile_text(struct arena *a, const char *text, size_t n,
                                          struct template **out,
                                          struct template_error *error);
/* Same, for a URL: literal parts are kept, values are encoded. */
MUST_CHECK enum err template_compile_url(struct arena *a, const char *text, size_t n,
                                         struct template **out,
                                         struct template_error *error);
/* value is JSON text that json_read() accepted; copied into the arena. On failure
 * pointer (relative to value) says where. */
MUST_CHECK enum err template_compile_json(struct arena *a, struct json_span value,
                                          struct template **out, char pointer[256],
                                          struct template_error *error);

/* Append what the template makes. ERR_INVALID: info has the expression, the place and
 * the value; out may hold a part and is useless. */
MUST_CHECK enum err template_render(const struct template *t,
                                    const struct expr_root *root, struct arena *scratch,
                                    struct buf *out, struct err_info *info);

/* Every expression in it, for the checker. */
typedef void (*template_each_expr)(void *user, const struct expr *e);
void template_each(const struct template *t, template_each_expr each, void *user);

/* No expression in it? Then its text (borrowed), else NULL. */
const char *template_constant(const struct template *t);

/* What a template is made of, in order: literal text or an expression. */
struct template_piece {
    const char *text; /* Literal: its characters (JSON text in a JSON template). */
    size_t n;
    const struct expr *e; /* NULL: literal. */
    const char *pointer;  /* Expression: JSON Pointer inside the value; "" in a text. */
    unsigned mode;        /* Expression: how its value is written (template.c). */
};

/* *out is borrowed. Returns how many. */
size_t template_pieces(const struct template *t, const struct template_piece **out);

/* Append n bytes of text as one URL segment or query value: everything but unreserved
 * characters (RFC 3986) as %XX. */
void template_put_encoded(struct buf *out, const char *text, size_t n);

/* The text of an expression that is the whole of text: "${ … }". False: it is not. */
bool template_is_expression(const char *text, size_t n, const char **inside,
                            size_t *inside_n);

#endif /* DEFINITIONS_TEMPLATE_H */
