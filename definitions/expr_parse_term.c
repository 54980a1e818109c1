/* expr_parse_term.c - paths, literals, calls and brackets; see expr_parse.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "definitions/expr_functions.h"
#include "definitions/expr_parse.h"
#include "definitions/expr_words.h"

/* Does a path go on here? */
static bool is_suffix(const struct expr_parser *p)
{
    return p->scan.kind == EXPR_WORD_FIELD || expr_parse_at_sign(p, "[") ||
           expr_parse_at_sign(p, ".");
}

/* ---- literals -------------------------------------------------------------- */

static struct expr_node *parse_number(struct expr_parser *p)
{
    const struct json_span text = {p->scan.text + p->scan.at, p->scan.word_n};
    struct expr_node *node = expr_node_new(p, EXPR_LITERAL, p->scan.at);
    const char last = text.at[text.n - 1];

    if (node == NULL) {
        return NULL;
    }
    if (text.at[0] == '.' || last == '.' || memchr(text.at, '.', text.n - 1) != NULL) {
        const char *point = memchr(text.at, '.', text.n);

        if (point == text.at || last == '.' || point[1] == 'e' || point[1] == 'E') {
            return expr_parse_fail(p, p->scan.at,
                                   "a number has digits on both sides of its point");
        }
    }
    if (text.n > 1 && text.at[0] == '0' && text.at[1] >= '0' && text.at[1] <= '9') {
        return expr_parse_fail(p, p->scan.at, "a number does not begin with 0");
    }
    node->value = expr_literal(p->arena, text);
    if (!isfinite(node->value->real)) {
        return expr_parse_fail(p, p->scan.at, "the number is too large");
    }
    if (!node->value->is_int && strcspn(node->value->raw.at, ".eE") == text.n) {
        return expr_parse_fail(p, p->scan.at, "the integer does not fit 64 bits");
    }
    expr_scan_next(&p->scan);
    if (is_suffix(p)) {
        return expr_parse_fail(p, p->scan.at, "a number has no members");
    }
    return node;
}

/* true, false, null; NULL without a failure when the word is none of them. */
static struct expr_node *parse_constant(struct expr_parser *p)
{
    static const char *const names[] = {"null", "true", "false"};

    for (size_t i = 0; i < 3; i++) {
        if (expr_parse_at_name(p, names[i])) {
            struct expr_node *node = expr_node_new(p, EXPR_LITERAL, p->scan.at);

            if (node != NULL) {
                node->value = expr_literal(
                    p->arena, (struct json_span){names[i], strlen(names[i])});
                expr_scan_next(&p->scan);
            }
            return node;
        }
    }
    return NULL;
}

/* ---- calls ----------------------------------------------------------------- */

/* Behind "(": the arguments. Only the first is kept; n counts them. */
static struct expr_node *parse_arguments(struct expr_parser *p, unsigned *n)
{
    struct expr_node *first = NULL;

    *n = 0;
    do {
        struct expr_node *argument;

        expr_scan_next(&p->scan); /* The ( or the ; */
        p->in_array++;            /* sort_by(.a, .b) */
        argument = expr_parse_pipe(p);
        p->in_array--;
        if (argument == NULL) {
            return NULL;
        }
        first = *n == 0 ? argument : first;
        (*n)++;
    } while (expr_parse_at_sign(p, ";"));
    return expr_parse_expect(p, EXPR_WORD_SIGN, ")") ? first : NULL;
}

/* The current word: a name or a format. */
static struct expr_node *parse_call(struct expr_parser *p)
{
    const size_t at = p->scan.at;
    const char *name = p->scan.text + at;
    const size_t n = p->scan.word_n;
    struct expr_node *node = expr_node_new(p, EXPR_CALL, at);
    char sentence[200];
    unsigned n_arguments = 0;

    if (node == NULL || !expr_parse_enter(p)) {
        return NULL;
    }
    if (!expr_function_has_name(name, n) && expr_word_hint(name, n) != NULL) {
        return expr_parse_unexpected(p, "an expression");
    }
    expr_scan_next(&p->scan);
    if (expr_parse_at_sign(p, "(")) {
        node->left = parse_arguments(p, &n_arguments);
        if (node->left == NULL) {
            return NULL;
        }
    }
    expr_parse_leave(p);
    node->function = expr_function_find(name, n, n_arguments);
    if (node->function == NULL) {
        expr_word_unknown(name, n, n_arguments, sentence);
        return expr_parse_fail(p, at, "%s", sentence);
    }
    return node;
}

/* @name, or @name "text". */
static struct expr_node *parse_format(struct expr_parser *p)
{
    struct expr_node *call = parse_call(p);

    if (call != NULL && p->scan.kind == EXPR_WORD_QUOTE) {
        return expr_parse_string(p, call->function);
    }
    return call;
}

/* ---- brackets -------------------------------------------------------------- */

static struct expr_node *parse_parentheses(struct expr_parser *p)
{
    struct expr_node *inner;

    if (!expr_parse_enter(p)) {
        return NULL;
    }
    expr_scan_next(&p->scan);
    inner = expr_parse_pipe(p);
    expr_parse_leave(p);
    if (inner == NULL || !expr_parse_expect(p, EXPR_WORD_SIGN, ")")) {
        return NULL;
    }
    return inner;
}

static struct expr_node *parse_array(struct expr_parser *p)
{
    struct expr_node *node = expr_node_new(p, EXPR_ARRAY, p->scan.at);

    if (node == NULL || !expr_parse_enter(p)) {
        return NULL;
    }
    expr_scan_next(&p->scan);
    if (!expr_parse_at_sign(p, "]")) {
        p->in_array++;
        node->left = expr_parse_pipe(p);
        p->in_array--;
        if (node->left == NULL) {
            return NULL;
        }
    }
    expr_parse_leave(p);
    return expr_parse_expect(p, EXPR_WORD_SIGN, "]") ? node : NULL;
}

/* ---- suffixes -------------------------------------------------------------- */

static struct expr_node *parse_index(struct expr_parser *p, struct expr_node *node,
                                     bool has_start)
{
    if (has_start) {
        node->right = expr_parse_pipe(p);
        if (node->right == NULL) {
            return NULL;
        }
    }
    if (!expr_parse_at_sign(p, ":")) {
        node->kind = EXPR_INDEX;
        return node;
    }
    expr_scan_next(&p->scan);
    node->kind = EXPR_SLICE;
    if (expr_parse_at_sign(p, "]")) {
        return has_start ? node : expr_parse_unexpected(p, "the end of a slice");
    }
    node->other = expr_parse_pipe(p);
    return node->other == NULL ? NULL : node;
}

/* [], [e], [e:e], [e:], [:e] behind left. */
static struct expr_node *parse_bracket(struct expr_parser *p,
                                       const struct expr_node *left)
{
    struct expr_node *node = expr_node_new(p, EXPR_EACH, p->scan.at);

    if (node == NULL || !expr_parse_enter(p)) {
        return NULL;
    }
    node->left = left;
    expr_scan_next(&p->scan);
    if (!expr_parse_at_sign(p, "]")) {
        node = parse_index(p, node, !expr_parse_at_sign(p, ":"));
    }
    expr_parse_leave(p);
    if (node == NULL || !expr_parse_expect(p, EXPR_WORD_SIGN, "]")) {
        return NULL;
    }
    return node;
}

/* The name of a field, or a text behind a point; p stands on it. */
static struct expr_node *parse_name(struct expr_parser *p, const struct expr_node *left)
{
    struct expr_node *node = expr_node_new(p, EXPR_INDEX, p->scan.at);

    if (node == NULL) {
        return NULL;
    }
    node->left = left;
    if (p->scan.kind == EXPR_WORD_QUOTE) {
        node->right = expr_parse_string(p, NULL);
    } else {
        node->right = expr_node_text(p, p->scan.at, p->scan.text + p->scan.at + 1,
                                     p->scan.word_n - 1);
        expr_scan_next(&p->scan);
    }
    return node->right == NULL ? NULL : node;
}

/* Behind a point that stands alone. */
static struct expr_node *parse_behind_point(struct expr_parser *p,
                                            const struct expr_node *left)
{
    if (p->scan.kind == EXPR_WORD_QUOTE) {
        return parse_name(p, left);
    }
    if (expr_parse_at_sign(p, "[")) {
        return expr_parse_fail(p, p->scan.at, "write .a[0], not .a.[0]");
    }
    return expr_parse_unexpected(p, "a name");
}

static struct expr_node *parse_suffixes(struct expr_parser *p, struct expr_node *node)
{
    while (node != NULL && is_suffix(p)) {
        if (p->scan.kind == EXPR_WORD_FIELD) {
            node = parse_name(p, node);
        } else if (expr_parse_at_sign(p, "[")) {
            node = parse_bracket(p, node);
        } else {
            expr_scan_next(&p->scan);
            node = parse_behind_point(p, node);
        }
        if (node != NULL && expr_parse_at_sign(p, "?")) {
            node->is_optional = true;
            expr_scan_next(&p->scan);
        }
    }
    return node;
}

/* . alone, or the beginning of a path. The first step may be optional, too. */
static struct expr_node *parse_point(struct expr_parser *p)
{
    struct expr_node *node = expr_node_new(p, EXPR_IDENTITY, p->scan.at);

    if (node == NULL || p->scan.kind == EXPR_WORD_FIELD) {
        return node; /* .name is a suffix of . */
    }
    expr_scan_next(&p->scan);
    if (p->scan.kind != EXPR_WORD_QUOTE) {
        if (p->scan.kind == EXPR_WORD_NAME &&
            !expr_word_is_reserved(p->scan.text + p->scan.at, p->scan.word_n)) {
            return expr_parse_fail(p, p->scan.at, "write .name without a blank");
        }
        return node;
    }
    node = parse_name(p, node);
    if (node != NULL && expr_parse_at_sign(p, "?")) {
        node->is_optional = true;
        expr_scan_next(&p->scan);
    }
    return node;
}

/* ---- terms ----------------------------------------------------------------- */

static struct expr_node *parse_word(struct expr_parser *p)
{
    struct expr_node *constant = parse_constant(p);

    if (constant != NULL || p->has_failed) {
        return constant;
    }
    if (expr_word_is_reserved(p->scan.text + p->scan.at, p->scan.word_n)) {
        return expr_parse_unexpected(p, "a value");
    }
    return parse_call(p);
}

static struct expr_node *parse_sign(struct expr_parser *p)
{
    if (expr_parse_at_sign(p, ".")) {
        return parse_point(p);
    }
    if (expr_parse_at_sign(p, "(")) {
        return parse_parentheses(p);
    }
    if (expr_parse_at_sign(p, "[")) {
        return parse_array(p);
    }
    if (expr_parse_at_sign(p, "{")) {
        return expr_parse_object(p);
    }
    return expr_parse_unexpected(p, "a value");
}

static struct expr_node *parse_primary(struct expr_parser *p)
{
    switch (p->scan.kind) {
    case EXPR_WORD_FIELD:
        return parse_point(p);
    case EXPR_WORD_NUMBER:
        return parse_number(p);
    case EXPR_WORD_QUOTE:
        return expr_parse_string(p, NULL);
    case EXPR_WORD_FORMAT:
        return parse_format(p);
    case EXPR_WORD_NAME:
        return parse_word(p);
    case EXPR_WORD_SIGN:
        return parse_sign(p);
    case EXPR_WORD_END:
    case EXPR_WORD_WRONG:
        break;
    }
    return expr_parse_unexpected(p, "a value");
}

struct expr_node *expr_parse_term(struct expr_parser *p)
{
    return parse_suffixes(p, parse_primary(p));
}

/* ---- if -------------------------------------------------------------------- */

/* p stands on if or elif. */
static struct expr_node *parse_if(struct expr_parser *p)
{
    struct expr_node *node = expr_node_new(p, EXPR_IF, p->scan.at);

    if (node == NULL || !expr_parse_enter(p)) {
        return NULL;
    }
    expr_scan_next(&p->scan);
    node->left = expr_parse_pipe(p);
    if (node->left == NULL || !expr_parse_expect(p, EXPR_WORD_NAME, "then")) {
        return NULL;
    }
    node->right = expr_parse_pipe(p);
    if (node->right == NULL) {
        return NULL;
    }
    if (expr_parse_at_name(p, "elif")) {
        node->other = parse_if(p);
    } else if (expr_parse_at_name(p, "end")) {
        return expr_parse_fail(p, p->scan.at, "if needs an else");
    } else if (expr_parse_expect(p, EXPR_WORD_NAME, "else")) {
        node->other = expr_parse_pipe(p);
        if (node->other != NULL && !expr_parse_expect(p, EXPR_WORD_NAME, "end")) {
            return NULL;
        }
    }
    expr_parse_leave(p);
    return node->other == NULL ? NULL : node;
}

/* (...)? and what jq 1.6 does not read behind it. */
static struct expr_node *parse_tries(struct expr_parser *p, struct expr_node *node)
{
    while (node != NULL && expr_parse_at_sign(p, "?")) {
        struct expr_node *attempt = expr_node_new(p, EXPR_TRY, p->scan.at);

        if (attempt == NULL) {
            return NULL;
        }
        attempt->left = node;
        node = attempt;
        expr_scan_next(&p->scan);
    }
    if (node != NULL && is_suffix(p)) {
        return expr_parse_fail(p, p->scan.at,
                               "a path cannot go on here; put ( ) around what stands "
                               "before it");
    }
    return node;
}

struct expr_node *expr_parse_operand(struct expr_parser *p)
{
    return parse_tries(p, expr_parse_at_name(p, "if") ? parse_if(p) : expr_parse_term(p));
}
