/*
 * expr.h - what stands between ${ and }: compile it once, evaluate it often.
 *
 * The language is a subset of jq (definitions.md, "Expressions"): what it accepts
 * means the same in jq 1.6. It is total: no loops, no definitions, no input, no
 * clock, no environment; evaluation ends within EXPR_STEPS_MAX steps, nests at
 * most EXPR_DEPTH_MAX deep and makes at most EXPR_RESULT_MAX bytes, or is refused
 * with a sentence. Integers are exact to int64, other numbers keep the digits they
 * came with as long as they are only moved.
 *
 * The root `.` is an object whose members are asked for by name when they are
 * touched; values are read out of the JSON text that the caller holds. A plain
 * path (.input.amount, .steps.pay.body["id"], .input.note // "none") locates the
 * bytes and copies them, without building anything.
 *
 * Ownership: a compiled expression lives in the arena given to expr_compile() and
 * never changes, so threads may share it. An evaluation uses only the scratch arena
 * and the buffer of its caller. Nothing here keeps state.
 */
#ifndef DEFINITIONS_EXPR_H
#define DEFINITIONS_EXPR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/json_span.h"

#define EXPR_TEXT_MAX 8192            /* Bytes of one expression. */
#define EXPR_STEPS_MAX 100000         /* Parts evaluated, elements visited, 64 bytes. */
#define EXPR_RESULT_MAX (1024 * 1024) /* Bytes of any text that is made. */
#define EXPR_NODES_MAX \
    1000 /* Parts of one expression; bounds the stack: 1 MiB is enough. */
#define EXPR_DEPTH_MAX 64 /* Nesting of the expression and of values. */

struct expr; /* Compiled, immutable. */

/* Compile the text between ${ and }. ERR_INVALID: info says what, column_out (from
 * 1, in bytes) says where. *out lives in a. */
MUST_CHECK enum err expr_compile(struct arena *a, const char *text, size_t n,
                                 struct expr **out, unsigned *column_out,
                                 struct err_info *info);

/* text: what stands behind "${". How many bytes until the } that closes it; n when
 * nothing does. Knows braces, texts and \( ) inside texts. */
size_t expr_extent(const char *text, size_t n);

/* What a failure's sentence says of an expression beside its text. */
#define EXPR_PLACE_MAX 256
#define EXPR_HIDDEN "[redacted]" /* Stands for a value that may not be shown. */
struct expr_blame {
    char
        place[EXPR_PLACE_MAX]; /* Where it stands: "body/amount of 'payment'"; "" none. */
    bool is_hidden;            /* Values it touches may not be shown. */
};

/* How the evaluator sees the root. Spans are texts json_read() accepted, borrowed
 * until the evaluation ends; at == NULL: no such name (reads as null). */
struct expr_root {
    /* The root member of that name, "input" say; never asked for "steps" when
     * step is set and the path names a step. */
    struct json_span (*member)(void *user, const char *name, size_t n);
    /* .steps.<id>: {outcome,status,headers,body,attempts}, an array for forEach,
     * the text null when skipped. */
    struct json_span (*step)(void *user, const char *id, size_t n);
    void *user;
    /* Asked once e has failed; NULL: neither place nor secret. */
    void (*blame)(void *user, const struct expr *e, struct expr_blame *out);
};

/* Exactly one result, appended to out as JSON text, at most out->max bytes in all.
 * ERR_INVALID: no result or several, a type error, the budget; info has one
 * sentence naming place, expression and value, and out is as it was. Scratch
 * memory comes from scratch; the caller resets it. */
MUST_CHECK enum err expr_eval(const struct expr *e, const struct expr_root *root,
                              struct arena *scratch, struct buf *out,
                              struct err_info *info);

/* The sentence for a result that does not fit where it stands, with expression, place
 * and value: "body of 'a': ${ .input.x } gave null; a text needs ...". why: what follows
 * the semicolon. Returns ERR_INVALID. */
MUST_CHECK enum err expr_refuse(const struct expr *e, const struct expr_root *root,
                                struct json_span value, const char *why,
                                struct err_info *info);

/* Is it a plain path, perhaps with `// literal`: evaluated without a tree? */
bool expr_is_path(const struct expr *e);

/* The text it was compiled from, NUL-ended. */
const char *expr_text(const struct expr *e);

/* What the expression reads, for the checker: each static path from the root.
 * "" stands for what is not known before evaluation, or not said. */
struct expr_reference {
    const char *root;  /* "input"; "" when the root as a whole is used. */
    const char *name;  /* "pay", for steps, vars, response, saga and error. */
    const char *field; /* "body", the third name, for steps; "" otherwise. */
    bool is_guarded;   /* It stands under // or ?: null is expected there. */
    bool is_element;   /* field is of an element: .steps.pay[0].body */
};

/* *out is borrowed from e. Returns how many. */
size_t expr_references(const struct expr *e, const struct expr_reference **out);

#endif /* DEFINITIONS_EXPR_H */
