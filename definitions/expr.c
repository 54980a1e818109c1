/* expr.c - see expr.h: where expressions are compiled, and an evaluation begins. */
#include "definitions/expr.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "definitions/expr_eval.h"
#include "definitions/expr_node.h"
#include "definitions/expr_parse.h"
#include "definitions/expr_path.h"
#include "definitions/expr_reference.h"

/* ---- compiling ------------------------------------------------------------- */

enum err expr_compile(struct arena *a, const char *text, size_t n, struct expr **out,
                      unsigned *column_out, struct err_info *info)
{
    struct expr_parser p = {.arena = a, .info = info};
    struct expr *e;

    if (n > EXPR_TEXT_MAX) {
        *column_out = EXPR_TEXT_MAX + 1;
        return err_set(info, ERR_INVALID, "the expression is longer than %d bytes",
                       EXPR_TEXT_MAX);
    }
    if (memchr(text, '\0', n) != NULL) {
        *column_out = 1;
        return err_set(info, ERR_INVALID, "the expression has a zero byte");
    }
    e = arena_take(a, sizeof(*e));
    e->text = arena_copy(a, text, n);
    e->n = n;
    expr_scan_init(&p.scan, e->text, n);
    e->top = expr_parse(&p);
    if (e->top == NULL) {
        *column_out = (unsigned)p.failed_at + 1;
        return ERR_INVALID;
    }
    expr_path_compile(a, e);
    expr_reference_compile(a, e);
    *out = e;
    return ERR_OK;
}

/* Behind a string's opening quote: the byte behind its closing one, expressions in
 * \( ) passed over. Strings and brackets nest, so this keeps their number, not a
 * stack: a ) closes a hole when as many ( were opened since. */
struct extent {
    unsigned holes[EXPR_DEPTH_MAX]; /* ( open in each hole of a string. */
    size_t depth;                   /* Holes we are in. */
    bool in_string;
    unsigned braces; /* { open, outside of strings. */
};

/* One character outside of a string; true: it is the } that ends everything. */
static bool walk_code(struct extent *x, char c)
{
    if (c == '"') {
        x->in_string = true;
    } else if (c == '{') {
        x->braces++;
    } else if (c == '}') {
        if (x->braces == 0) {
            return true;
        }
        x->braces--;
    } else if (c == '(' && x->depth > 0) {
        x->holes[x->depth - 1]++;
    } else if (c == ')' && x->depth > 0) {
        if (x->holes[x->depth - 1] == 0) {
            x->depth--;
            x->in_string = true; /* Back in the string that the hole is in. */
        } else {
            x->holes[x->depth - 1]--;
        }
    }
    return false;
}

size_t expr_extent(const char *text, size_t n)
{
    struct extent x = {.depth = 0};
    size_t i = 0;

    while (i < n) {
        if (!x.in_string) {
            if (walk_code(&x, text[i])) {
                return i;
            }
            i++;
        } else if (text[i] == '\\' && i + 1 < n) {
            if (text[i + 1] == '(' && x.depth < EXPR_DEPTH_MAX) {
                x.holes[x.depth] = 0;
                x.depth++;
                x.in_string = false;
            }
            i += 2;
        } else {
            x.in_string = text[i] != '"';
            i++;
        }
    }
    return n;
}

bool expr_is_path(const struct expr *e)
{
    return e->keys != NULL;
}

const char *expr_text(const struct expr *e)
{
    return e->text;
}

size_t expr_references(const struct expr *e, const struct expr_reference **out)
{
    *out = e->references;
    return e->n_references;
}

/* ---- evaluating ------------------------------------------------------------ */

struct single {
    struct expr_sink sink;
    struct expr_value *result;
};

static enum expr_flow single_take(struct expr_sink *self, struct expr_run *r,
                                  struct expr_value *v)
{
    struct single *s = (struct single *)self;

    if (s->result != NULL) {
        r->at = r->e->top;
        expr_fail(r, "it gives more than one result; put [ ] around it for an array, or "
                     "first( )");
        return EXPR_FAILED;
    }
    s->result = v;
    return EXPR_GO_ON;
}

/* The one result of the tree; NULL: r->failure. */
static struct expr_value *evaluate(struct expr_run *r)
{
    struct single s = {.sink = {single_take}};

    if (expr_visit(r, r->e->top, expr_origin(r, EXPR_ORIGIN_ROOT), &s.sink) !=
        EXPR_GO_ON) {
        return NULL;
    }
    r->at = r->e->top;
    if (s.result == NULL) {
        expr_fail(r, "it gives no result; write // null behind it for a default");
    }
    return s.result;
}

/* A plain path; false: evaluate the tree. */
static bool evaluate_path(const struct expr *e, const struct expr_root *root,
                          struct json_span *found)
{
    enum json_kind kind;

    if (e->keys == NULL || !expr_path_find(e, root, found)) {
        return false;
    }
    kind = json_span_kind(*found);
    return e->otherwise == NULL || (kind != JSON_KIND_NULL && kind != JSON_KIND_FALSE);
}

/* ---- failures ---------------------------------------------------------------- */

/* The sentence, with the place in front if anybody knows it. */
static enum err fail_in_place(const struct expr *e, const struct expr_root *root,
                              const char *sentence, struct err_info *info)
{
    struct expr_blame blame = {.is_hidden = false};

    if (root->blame != NULL) {
        root->blame(root->user, e, &blame);
    }
    return err_set(info, ERR_INVALID, "%s%s%s", blame.place,
                   blame.place[0] != '\0' ? ": " : "", sentence);
}

enum err expr_refuse(const struct expr *e, const struct expr_root *root,
                     struct json_span value, const char *why, struct err_info *info)
{
    const int n = expr_cut(value.at, value.n, EXPR_SHOWN_MAX);
    struct expr_run r = {.e = e, .root = root};
    char sentence[ERR_TEXT_MAX];

    (void)snprintf(sentence, sizeof(sentence), "${%.*s%s} gave %.*s%s; %s",
                   expr_cut(e->text, e->n, EXPR_TEXT_SHOWN), e->text,
                   e->n > EXPR_TEXT_SHOWN ? "..." : "",
                   expr_is_hidden(&r) ? (int)strlen(EXPR_HIDDEN) : n,
                   expr_is_hidden(&r) ? EXPR_HIDDEN : value.at,
                   !expr_is_hidden(&r) && (size_t)n < value.n ? "..." : "", why);
    return fail_in_place(e, root, sentence, info);
}

/* Back to what out was before. */
static void take_back(struct buf *out, size_t n)
{
    out->is_over = false;
    out->n = n;
    if (out->bytes != NULL) {
        out->bytes[n] = '\0';
    }
}

enum err expr_eval(const struct expr *e, const struct expr_root *root,
                   struct arena *scratch, struct buf *out, struct err_info *info)
{
    struct expr_run r = {
        .e = e, .root = root, .scratch = scratch, .steps_left = EXPR_STEPS_MAX};
    const size_t before = out->n;
    struct expr_value *result;
    struct json_span found;

    assert(!out->is_over);
    if (evaluate_path(e, root, &found)) {
        buf_add(out, found.at, found.n);
    } else {
        result = evaluate(&r);
        r.has_failed = result == NULL || !expr_print(&r, result, false, out);
    }
    if (!r.has_failed && (out->is_over || out->n - before > EXPR_RESULT_MAX)) {
        expr_fail(&r, "the result is larger than %zu bytes",
                  out->max < EXPR_RESULT_MAX ? out->max : (size_t)EXPR_RESULT_MAX);
    }
    if (r.has_failed) {
        take_back(out, before);
        return fail_in_place(e, root, r.failure.text, info);
    }
    return ERR_OK;
}
