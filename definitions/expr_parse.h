/*
 * expr_parse.h - from the text of an expression to its tree.
 *
 * Inside of the expr modules only. A recursive descent over the words, with jq 1.6's
 * grammar, where jq's own quirks are kept (the value of a member in { } takes no
 * operators but |, comparisons do not chain, .a.[0] is refused). Nesting is bounded
 * by EXPR_DEPTH_MAX and the number of nodes by EXPR_NODES_MAX. The first error stays.
 */
#ifndef DEFINITIONS_EXPR_PARSE_H
#define DEFINITIONS_EXPR_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "definitions/expr_node.h"
#include "definitions/expr_scan.h"

struct expr_parser {
    struct arena *arena;
    struct expr_scan scan;
    unsigned depth;
    size_t n_nodes;
    unsigned in_array; /* [ ] or a call around us: a comma may stand here. */
    bool has_failed;
    size_t failed_at; /* Byte, from 0. */
    struct err_info *info;
};

/* The tree of the whole text; NULL: p says why and where. */
struct expr_node *expr_parse(struct expr_parser *p);

/* ---- between expr_parse.c, expr_parse_term.c and expr_parse_text.c; all give NULL
 * on failure ---- */

/* An expression, pipes included, up to what cannot belong to it. */
struct expr_node *expr_parse_pipe(struct expr_parser *p);

/* What stands between operators: -x, paths, literals, calls, if, ( ), [ ], { }. */
struct expr_node *expr_parse_operand(struct expr_parser *p);

/* Same, without - and if and ?: a term of jq's grammar, suffixes included. */
struct expr_node *expr_parse_term(struct expr_parser *p);

/* The current word is a quote: the string up to its end. format may be NULL. */
struct expr_node *expr_parse_string(struct expr_parser *p,
                                    const struct expr_function *format);

/* The current word is {. */
struct expr_node *expr_parse_object(struct expr_parser *p);

struct expr_node *expr_node_new(struct expr_parser *p, enum expr_kind kind, size_t at);
struct expr_node *expr_node_text(struct expr_parser *p, size_t at, const char *bytes,
                                 size_t n);

/* minus->left is parsed (or NULL): the node for it. */
struct expr_node *expr_node_negate(struct expr_parser *p, struct expr_node *minus);

/* Fail at byte `at`; always NULL. */
struct expr_node *expr_parse_fail(struct expr_parser *p, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Fail at the current word, which is not what `wanted` says. */
struct expr_node *expr_parse_unexpected(struct expr_parser *p, const char *wanted);

/* Past this sign or name, or fail. */
MUST_CHECK bool expr_parse_expect(struct expr_parser *p, enum expr_word kind,
                                  const char *text);

/* One level deeper, and back. */
MUST_CHECK bool expr_parse_enter(struct expr_parser *p);
void expr_parse_leave(struct expr_parser *p);

static inline bool expr_parse_at_sign(const struct expr_parser *p, const char *sign)
{
    return expr_scan_is(&p->scan, EXPR_WORD_SIGN, sign);
}

static inline bool expr_parse_at_name(const struct expr_parser *p, const char *name)
{
    return expr_scan_is(&p->scan, EXPR_WORD_NAME, name);
}

#endif /* DEFINITIONS_EXPR_PARSE_H */
