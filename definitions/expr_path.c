/* expr_path.c - see expr_path.h. */
#include "definitions/expr_path.h"

#include <math.h>
#include <string.h>

#include "definitions/expr_run.h"
#include "definitions/expr_string.h"

static struct expr_value *refuse(struct expr_run *r, const struct expr_value *v,
                                 const struct expr_value *key)
{
    char shown[EXPR_SHOWN_MAX];
    char wanted[EXPR_SHOWN_MAX];

    expr_fail(r, "%s has no members to take %s from", expr_describe(r, v, shown),
              expr_describe(r, key, wanted));
    return NULL;
}

static bool is_steps(const char *name, size_t n)
{
    return n == 5 && memcmp(name, "steps", 5) == 0;
}

/* The root's answers may have blanks around them. */
static struct json_span ask_member(const struct expr_root *root, const char *name,
                                   size_t n)
{
    const struct json_span span = root->member(root->user, name, n);

    return span.at == NULL ? span : json_span_of(span.at, span.n);
}

static struct json_span ask_step(const struct expr_root *root, const char *id, size_t n)
{
    const struct json_span span = root->step(root->user, id, n);

    return span.at == NULL ? span : json_span_of(span.at, span.n);
}

/* ---- one step -------------------------------------------------------------- */

static struct expr_value *index_origin(struct expr_run *r, const struct expr_value *v,
                                       const char *name, size_t n)
{
    const struct expr_root *root = r->root;

    if (v->origin == EXPR_ORIGIN_STEPS) {
        return expr_from_span(r, ask_step(root, name, n));
    }
    if (root->step != NULL && is_steps(name, n)) {
        return expr_origin(r, EXPR_ORIGIN_STEPS);
    }
    return expr_from_span(r, ask_member(root, name, n));
}

static struct expr_value *index_name(struct expr_run *r, struct expr_value *v,
                                     const struct expr_value *key)
{
    struct expr_value *found;

    if (v->origin != EXPR_ORIGIN_PLAIN) {
        return index_origin(r, v, key->bytes, key->n);
    }
    if (!v->is_open) { /* Most often only one member is wanted: no need to open. */
        if (!expr_spend(r, v->raw.n / EXPR_BYTES_PER_SCAN_STEP)) {
            return NULL;
        }
        return expr_from_span(r, json_span_member(v->raw, key->bytes, key->n));
    }
    found = expr_object_find(r, v, key->bytes, key->n);
    return found == NULL ? expr_null(r) : found;
}

static struct expr_value *index_number(struct expr_run *r, struct expr_value *v,
                                       const struct expr_value *key)
{
    char shown[EXPR_SHOWN_MAX];
    int64_t i = key->integer;

    if (!key->is_int) {
        /* jq's versions disagree. */
        expr_fail_fatal(r, "an array has no element %s", expr_describe(r, key, shown));
        return NULL;
    }
    if (!expr_open(r, v)) {
        return NULL;
    }
    i += i < 0 ? (int64_t)v->n : 0;
    if (i < 0 || i >= (int64_t)v->n) {
        return expr_null(r);
    }
    return v->items[i];
}

/* jq searches in arrays with [[1]] and slices with [{"start": 1}]; this does not. */
static bool is_search(const struct expr_value *v, const struct expr_value *key)
{
    return (key->kind == JSON_KIND_OBJECT &&
            (v->kind == JSON_KIND_NULL || v->kind == JSON_KIND_ARRAY ||
             v->kind == JSON_KIND_STRING)) ||
           (key->kind == JSON_KIND_ARRAY && v->kind == JSON_KIND_ARRAY);
}

struct expr_value *expr_path_index(struct expr_run *r, struct expr_value *v,
                                   struct expr_value *key)
{
    char wanted[EXPR_SHOWN_MAX];

    if (key->kind == JSON_KIND_STRING &&
        (v->kind == JSON_KIND_OBJECT || v->kind == JSON_KIND_NULL)) {
        return v->kind == JSON_KIND_NULL ? v : index_name(r, v, key);
    }
    if (key->kind == JSON_KIND_NUMBER &&
        (v->kind == JSON_KIND_ARRAY || v->kind == JSON_KIND_NULL)) {
        return v->kind == JSON_KIND_NULL ? v : index_number(r, v, key);
    }
    if (v->kind == JSON_KIND_ARRAY && key->kind == JSON_KIND_STRING) {
        expr_fail(r,
                  "an array has no member %s; name an element, as in [0], or all, "
                  "with [] or map",
                  expr_describe(r, key, wanted));
        return NULL;
    }
    if (is_search(v, key)) {
        expr_fail_fatal(r, "between [ ] stands a name or a number, not %s",
                        expr_describe(r, key, wanted));
        return NULL;
    }
    return refuse(r, v, key);
}

/* ---- slices ---------------------------------------------------------------- */

/* From (rounded down) and to (rounded up) within 0..n, as jq does it. */
static void clamp(size_t n, const struct expr_value *from, const struct expr_value *to,
                  size_t out[static 2])
{
    const double length = (double)n;
    double start = from->kind == JSON_KIND_NULL ? 0 : from->real;
    double end = to->kind == JSON_KIND_NULL ? length : to->real;

    start += start < 0 ? length : 0;
    end += end < 0 ? length : 0;
    start = floor(fmin(fmax(start, 0), length));
    end = ceil(fmin(fmax(end, 0), length));
    out[0] = (size_t)start;
    out[1] = (size_t)fmax(start, end);
}

static bool is_end(const struct expr_value *v)
{
    return v->kind == JSON_KIND_NULL || v->kind == JSON_KIND_NUMBER;
}

static struct expr_value *slice_array(struct expr_run *r, struct expr_value *v,
                                      const struct expr_value *from,
                                      const struct expr_value *to)
{
    struct expr_value *slice = expr_array(r, 0);
    size_t at[2];

    if (!expr_open(r, v)) {
        return NULL;
    }
    clamp(v->n, from, to, at);
    for (size_t i = at[0]; i < at[1]; i++) {
        if (!expr_array_add(r, slice, v->items[i])) {
            return NULL;
        }
    }
    return slice;
}

struct expr_value *expr_path_slice(struct expr_run *r, struct expr_value *v,
                                   const struct expr_value *from,
                                   const struct expr_value *to)
{
    char shown[EXPR_SHOWN_MAX];
    size_t at[2];

    if (v->kind == JSON_KIND_NULL) {
        return v;
    }
    if (v->kind != JSON_KIND_ARRAY && v->kind != JSON_KIND_STRING) {
        expr_fail(r, "%s cannot be sliced", expr_describe(r, v, shown));
        return NULL;
    }
    if (!is_end(from) || !is_end(to)) {
        expr_fail(r, "a slice begins and ends with a number, not %s",
                  expr_describe(r, is_end(from) ? to : from, shown));
        return NULL;
    }
    if (v->kind == JSON_KIND_ARRAY) {
        return slice_array(r, v, from, to);
    }
    clamp(expr_characters(v), from, to, at);
    return expr_substring(r, v, at[0], at[1]);
}

/* ---- plain paths ----------------------------------------------------------- */

/* Keys of the path that ends at node; 0 when it is no plain path. */
static size_t count_keys(const struct expr_node *node)
{
    size_t n = 0;

    while (
        node->kind == EXPR_INDEX && !node->is_optional &&
        node->right->kind == EXPR_LITERAL &&
        (node->right->value->kind == JSON_KIND_STRING ||
         (node->right->value->kind == JSON_KIND_NUMBER && node->right->value->is_int))) {
        n++;
        node = node->left;
    }
    return node->kind == EXPR_IDENTITY ? n : 0;
}

void expr_path_compile(struct arena *a, struct expr *e)
{
    const struct expr_node *node = e->top;
    const struct expr_value *otherwise = NULL;
    struct expr_key *keys;
    size_t n;

    if (node->kind == EXPR_ALTERNATIVE && node->right->kind == EXPR_LITERAL) {
        otherwise = node->right->value;
        node = node->left;
    }
    n = count_keys(node);
    if (n == 0) {
        return;
    }
    keys = arena_take(a, n * sizeof(*keys));
    for (size_t i = n; i > 0; i--) {
        const struct expr_value *key = node->right->value;

        keys[i - 1] = (struct expr_key){key->bytes, key->n, key->integer};
        node = node->left;
    }
    if (keys[0].name == NULL) {
        return; /* .[0]: the root is no array; the tree has the sentence. */
    }
    e->keys = keys;
    e->n_keys = n;
    e->otherwise = otherwise;
}

static bool find_first(const struct expr *e, const struct expr_root *root,
                       struct json_span *out, size_t *used)
{
    const struct expr_key *first = &e->keys[0];

    *used = 1;
    if (root->step == NULL || !is_steps(first->name, first->n)) {
        *out = ask_member(root, first->name, first->n);
        return true;
    }
    if (e->n_keys < 2 || e->keys[1].name == NULL) {
        return false;
    }
    *out = ask_step(root, e->keys[1].name, e->keys[1].n);
    *used = 2;
    return true;
}

bool expr_path_find(const struct expr *e, const struct expr_root *root,
                    struct json_span *out)
{
    struct json_span at;
    size_t i;

    if (!find_first(e, root, &at, &i)) {
        return false;
    }
    for (; i < e->n_keys; i++) {
        const struct expr_key *key = &e->keys[i];
        const enum json_kind kind = json_span_kind(at);

        if (kind == JSON_KIND_NONE || kind == JSON_KIND_NULL) {
            at = JSON_SPAN_NONE;
            break;
        }
        if (kind != (key->name == NULL ? JSON_KIND_ARRAY : JSON_KIND_OBJECT)) {
            return false;
        }
        at = key->name == NULL ? json_span_element(at, key->index)
                               : json_span_member(at, key->name, key->n);
    }
    if (at.at == NULL) {
        at = JSON_SPAN_TEXT("null");
    }
    *out = at;
    return true;
}
