/* expr_parse.c - operators, and what every part of the parser needs; see expr_parse.h. */
#include "definitions/expr_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "definitions/expr_words.h"

/* ---- failing --------------------------------------------------------------- */

struct expr_node *expr_parse_fail(struct expr_parser *p, size_t at, const char *fmt, ...)
{
    char sentence[ERR_TEXT_MAX];
    va_list args;

    if (p->has_failed) {
        return NULL;
    }
    p->has_failed = true;
    p->failed_at = at;
    va_start(args, fmt);
    (void)vsnprintf(sentence, sizeof(sentence), fmt, args); /* Cut to fit. */
    va_end(args);
    (void)err_set(p->info, ERR_INVALID, "%s", sentence); /* Only written here. */
    return NULL;
}

struct expr_node *expr_parse_unexpected(struct expr_parser *p, const char *wanted)
{
    const struct expr_scan *s = &p->scan;
    const char *hint = NULL;

    if (s->kind == EXPR_WORD_END) {
        return expr_parse_fail(p, s->at, "the expression ends where %s should stand",
                               wanted);
    }
    if (s->kind != EXPR_WORD_QUOTE) {
        hint = expr_word_hint(s->text + s->at, s->word_n);
    }
    if (hint != NULL) {
        return expr_parse_fail(p, s->at, "%s", hint);
    }
    if (s->kind == EXPR_WORD_WRONG) {
        return expr_parse_fail(
            p, s->at, "this character begins nothing; %s should stand here", wanted);
    }
    return expr_parse_fail(p, s->at, "\"%.*s\" stands where %s should", (int)s->word_n,
                           s->text + s->at, wanted);
}

bool expr_parse_expect(struct expr_parser *p, enum expr_word kind, const char *text)
{
    char wanted[16];

    if (!expr_scan_is(&p->scan, kind, text)) {
        (void)snprintf(wanted, sizeof(wanted), "\"%s\"", text); /* Short words. */
        (void)expr_parse_unexpected(p, wanted);                 /* Always NULL. */
        return false;
    }
    expr_scan_next(&p->scan);
    return true;
}

bool expr_parse_enter(struct expr_parser *p)
{
    if (p->depth == EXPR_DEPTH_MAX) {
        (void)expr_parse_fail(p, p->scan.at, "nested deeper than %d", EXPR_DEPTH_MAX);
        return false; /* The node is always NULL. */
    }
    p->depth++;
    return true;
}

void expr_parse_leave(struct expr_parser *p)
{
    p->depth--;
}

/* ---- nodes ----------------------------------------------------------------- */

struct expr_node *expr_node_new(struct expr_parser *p, enum expr_kind kind, size_t at)
{
    struct expr_node *node;

    if (p->n_nodes == EXPR_NODES_MAX) {
        return expr_parse_fail(p, at, "the expression has more than %d parts",
                               EXPR_NODES_MAX);
    }
    p->n_nodes++;
    node = arena_take(p->arena, sizeof(*node));
    node->kind = kind;
    node->column = (unsigned)at + 1;
    return node;
}

struct expr_node *expr_node_text(struct expr_parser *p, size_t at, const char *bytes,
                                 size_t n)
{
    struct expr_node *node = expr_node_new(p, EXPR_LITERAL, at);

    if (node != NULL) {
        node->value = arena_take(p->arena, sizeof(*node->value));
        node->value->kind = JSON_KIND_STRING;
        node->value->is_open = true;
        node->value->bytes = arena_copy(p->arena, bytes, n);
        node->value->n = n;
    }
    return node;
}

/* -1 is a literal like any other, so that [-1] is a plain path and -1.50 keeps its
 * digits; minus stays what it is before anything else. */
struct expr_node *expr_node_negate(struct expr_parser *p, struct expr_node *minus)
{
    const struct expr_node *of = minus->left;
    struct buf text;

    if (of == NULL) {
        return NULL;
    }
    if (of->kind != EXPR_LITERAL || of->value->kind != JSON_KIND_NUMBER ||
        of->value->raw.at[0] == '-' || of->value->real == 0.0) {
        return minus;
    }
    buf_init(&text, EXPR_TEXT_MAX);
    buf_add_char(&text, '-');
    buf_add(&text, of->value->raw.at, of->value->raw.n);
    minus->kind = EXPR_LITERAL;
    minus->left = NULL;
    minus->value = expr_literal(p->arena, (struct json_span){text.bytes, text.n});
    buf_done(&text);
    return minus;
}

/* ---- operators ------------------------------------------------------------- */

struct binary {
    const char *text;
    enum expr_word word;
    unsigned rank; /* Binds tighter when larger. */
    bool is_right; /* a op (b op c) */
    enum expr_kind kind;
    enum expr_operator op;
};

#define RANK_PIPE 1
#define RANK_COMMA 2
#define RANK_COMPARE 6
#define RANK_TIMES 8

/* jq 1.6, parser.y. */
static const struct binary binaries[] = {
    {"|", EXPR_WORD_SIGN, RANK_PIPE, true, EXPR_PIPE, EXPR_NONE},
    {",", EXPR_WORD_SIGN, RANK_COMMA, false, EXPR_COMMA, EXPR_NONE},
    {"//", EXPR_WORD_SIGN, 3, true, EXPR_ALTERNATIVE, EXPR_NONE},
    {"or", EXPR_WORD_NAME, 4, false, EXPR_OR, EXPR_NONE},
    {"and", EXPR_WORD_NAME, 5, false, EXPR_AND, EXPR_NONE},
    {"==", EXPR_WORD_SIGN, RANK_COMPARE, false, EXPR_COMPARE, EXPR_EQUAL},
    {"!=", EXPR_WORD_SIGN, RANK_COMPARE, false, EXPR_COMPARE, EXPR_UNEQUAL},
    {"<", EXPR_WORD_SIGN, RANK_COMPARE, false, EXPR_COMPARE, EXPR_LESS},
    {"<=", EXPR_WORD_SIGN, RANK_COMPARE, false, EXPR_COMPARE, EXPR_LESS_EQUAL},
    {">", EXPR_WORD_SIGN, RANK_COMPARE, false, EXPR_COMPARE, EXPR_MORE},
    {">=", EXPR_WORD_SIGN, RANK_COMPARE, false, EXPR_COMPARE, EXPR_MORE_EQUAL},
    {"+", EXPR_WORD_SIGN, 7, false, EXPR_MATH, EXPR_PLUS},
    {"-", EXPR_WORD_SIGN, 7, false, EXPR_MATH, EXPR_MINUS},
    {"*", EXPR_WORD_SIGN, RANK_TIMES, false, EXPR_MATH, EXPR_TIMES},
    {"/", EXPR_WORD_SIGN, RANK_TIMES, false, EXPR_MATH, EXPR_DIVIDE},
    {"%", EXPR_WORD_SIGN, RANK_TIMES, false, EXPR_MATH, EXPR_REMAINDER},
};

static const struct binary *binary_here(const struct expr_parser *p)
{
    for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++) {
        if (expr_scan_is(&p->scan, binaries[i].word, binaries[i].text)) {
            return &binaries[i];
        }
    }
    return NULL;
}

static struct expr_node *parse_from(struct expr_parser *p, unsigned rank);

/* p stands on the operator. */
static struct expr_node *parse_binary(struct expr_parser *p, const struct binary *b,
                                      struct expr_node *left)
{
    const size_t at = p->scan.at;
    struct expr_node *node = expr_node_new(p, b->kind, at);

    if (b->kind == EXPR_COMMA && p->in_array == 0) {
        return expr_parse_fail(
            p, at,
            "\",\" stands inside of [ ] and of a function's ( ); here it "
            "would make several results");
    }
    expr_scan_next(&p->scan);
    if (node == NULL) {
        return NULL;
    }
    node->op = b->op;
    node->left = left;
    node->right = parse_from(p, b->is_right ? b->rank : b->rank + 1);
    return node->right == NULL ? NULL : node;
}

/* - takes what binds tighter: jq 1.6 reads 8 / -2 * 2 as 8 / -(2 * 2). */
static struct expr_node *parse_minus(struct expr_parser *p)
{
    struct expr_node *node = expr_node_new(p, EXPR_NEGATE, p->scan.at);

    if (node == NULL || !expr_parse_enter(p)) {
        return NULL;
    }
    expr_scan_next(&p->scan);
    node->left = parse_from(p, RANK_TIMES);
    expr_parse_leave(p);
    return expr_node_negate(p, node);
}

/* Operators of at least this rank. The recursion of | and // to the right is bounded
 * by EXPR_NODES_MAX. */
static struct expr_node *parse_from(struct expr_parser *p, unsigned rank)
{
    struct expr_node *left =
        expr_parse_at_sign(p, "-") ? parse_minus(p) : expr_parse_operand(p);
    bool was_compared = false;

    while (left != NULL) {
        const struct binary *b = binary_here(p);

        if (b == NULL || b->rank < rank) {
            return left;
        }
        if (b->rank == RANK_COMPARE && was_compared) {
            return expr_parse_fail(p, p->scan.at,
                                   "comparisons do not chain; put ( ) around one");
        }
        was_compared = b->rank == RANK_COMPARE;
        left = parse_binary(p, b, left);
    }
    return NULL;
}

struct expr_node *expr_parse_pipe(struct expr_parser *p)
{
    return parse_from(p, RANK_PIPE);
}

struct expr_node *expr_parse(struct expr_parser *p)
{
    struct expr_node *top;

    if (p->scan.kind == EXPR_WORD_END) {
        return expr_parse_fail(p, 0, "the expression is empty");
    }
    top = expr_parse_pipe(p);
    if (top != NULL && p->scan.kind != EXPR_WORD_END) {
        return expr_parse_unexpected(p, "an operator or the end");
    }
    return top;
}
