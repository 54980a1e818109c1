/* expr_math.c - see expr_math.h. */
#include "definitions/expr_math.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "definitions/expr_order.h"
#include "definitions/expr_run.h"
#include "definitions/expr_string.h"

static struct expr_value *refuse(struct expr_run *r, const struct expr_value *a,
                                 const struct expr_value *b, const char *what)
{
    char left[EXPR_SHOWN_MAX];
    char right[EXPR_SHOWN_MAX];

    expr_fail(r, "%s and %s cannot be %s", expr_describe(r, a, left),
              expr_describe(r, b, right), what);
    return NULL;
}

static bool are(const struct expr_value *a, const struct expr_value *b,
                enum json_kind kind)
{
    return a->kind == kind && b->kind == kind;
}

/* ---- plus ------------------------------------------------------------------ */

static struct expr_value *concat_strings(struct expr_run *r, struct expr_value **items,
                                         size_t n)
{
    size_t total = 0;
    char *bytes;
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        total += items[i]->kind == JSON_KIND_STRING ? items[i]->n : 0;
    }
    if (!expr_spend_bytes(r, total)) {
        return NULL;
    }
    bytes = arena_take(r->scratch, total + 1);
    for (size_t i = 0; i < n; i++) {
        if (items[i]->kind == JSON_KIND_STRING && items[i]->n > 0) {
            memcpy(bytes + at, items[i]->bytes, items[i]->n);
            at += items[i]->n;
        }
    }
    return expr_string(r, bytes, total);
}

static struct expr_value *concat_arrays(struct expr_run *r, struct expr_value **items,
                                        size_t n)
{
    struct expr_value *sum = expr_array(r, 0);

    for (size_t i = 0; i < n; i++) {
        if (!expr_open(r, items[i])) {
            return NULL;
        }
        for (size_t k = 0; items[i]->kind == JSON_KIND_ARRAY && k < items[i]->n; k++) {
            if (!expr_array_add(r, sum, items[i]->items[k])) {
                return NULL;
            }
        }
    }
    return sum;
}

static struct expr_value *merge_objects(struct expr_run *r, struct expr_value **items,
                                        size_t n)
{
    struct expr_value *sum = expr_object(r, 0);

    for (size_t i = 0; i < n; i++) {
        if (!expr_open(r, items[i])) {
            return NULL;
        }
        for (size_t k = 0; items[i]->kind == JSON_KIND_OBJECT && k < items[i]->n; k++) {
            const struct expr_member *m = &items[i]->members[k];

            if (!expr_object_set(r, sum, m->name, m->n, m->value)) {
                return NULL;
            }
        }
    }
    return sum;
}

static struct expr_value *plus(struct expr_run *r, struct expr_value *a,
                               struct expr_value *b)
{
    struct expr_value *both[2] = {a, b};
    int64_t whole;

    if (a->kind == JSON_KIND_NULL) {
        return b;
    }
    if (b->kind == JSON_KIND_NULL) {
        return a;
    }
    if (are(a, b, JSON_KIND_NUMBER)) {
        if (a->is_int && b->is_int &&
            !__builtin_add_overflow(a->integer, b->integer, &whole)) {
            return expr_int(r, whole);
        }
        return expr_real(r, a->real + b->real);
    }
    if (are(a, b, JSON_KIND_STRING)) {
        return concat_strings(r, both, 2);
    }
    if (are(a, b, JSON_KIND_ARRAY)) {
        return concat_arrays(r, both, 2);
    }
    if (are(a, b, JSON_KIND_OBJECT)) {
        return merge_objects(r, both, 2);
    }
    return refuse(r, a, b, "added");
}

/* The kind all items but nulls have; JSON_KIND_NONE when they differ. */
static enum json_kind common_kind(struct expr_value **items, size_t n)
{
    enum json_kind kind = JSON_KIND_NULL;

    for (size_t i = 0; i < n; i++) {
        if (kind == JSON_KIND_NULL) {
            kind = items[i]->kind;
        } else if (items[i]->kind != kind && items[i]->kind != JSON_KIND_NULL) {
            return JSON_KIND_NONE;
        }
    }
    return kind;
}

struct expr_value *expr_sum(struct expr_run *r, struct expr_value **items, size_t n)
{
    const enum json_kind kind = common_kind(items, n);
    struct expr_value *sum;

    /* At once: one by one would copy the first item n times. */
    if (kind == JSON_KIND_STRING) {
        return concat_strings(r, items, n);
    }
    if (kind == JSON_KIND_ARRAY) {
        return concat_arrays(r, items, n);
    }
    if (kind == JSON_KIND_OBJECT) {
        return merge_objects(r, items, n);
    }
    sum = expr_null(r);
    for (size_t i = 0; i < n && sum != NULL; i++) {
        sum = plus(r, sum, items[i]);
    }
    return sum;
}

/* ---- minus ----------------------------------------------------------------- */

/* Is item among the sorted ones? */
static bool is_among(struct expr_run *r, struct expr_value *item,
                     const struct expr_ranked *sorted, size_t n, bool *out)
{
    size_t low = 0;

    while (low < n) {
        const size_t middle = low + (n - low) / 2;
        int c;

        if (!expr_compare(r, sorted[middle].rank, item, &c)) {
            return false;
        }
        if (c == 0) {
            *out = true;
            return true;
        }
        if (c < 0) {
            low = middle + 1;
        } else {
            n = middle;
        }
    }
    *out = false;
    return true;
}

static struct expr_value *minus_arrays(struct expr_run *r, struct expr_value *a,
                                       struct expr_value *b)
{
    struct expr_value *left = expr_array(r, 0);
    struct expr_ranked *gone;

    if (!expr_open(r, a) || !expr_open(r, b)) {
        return NULL;
    }
    gone = arena_take(r->scratch, b->n * sizeof(*gone));
    for (size_t i = 0; i < b->n; i++) {
        gone[i] = (struct expr_ranked){b->items[i], b->items[i]};
    }
    if (!expr_sort(r, gone, b->n) || !expr_spend(r, a->n)) {
        return NULL;
    }
    for (size_t i = 0; i < a->n; i++) {
        bool is_gone;

        if (!is_among(r, a->items[i], gone, b->n, &is_gone) ||
            (!is_gone && !expr_array_add(r, left, a->items[i]))) {
            return NULL;
        }
    }
    return left;
}

static struct expr_value *minus(struct expr_run *r, struct expr_value *a,
                                struct expr_value *b)
{
    int64_t whole;

    if (are(a, b, JSON_KIND_NUMBER)) {
        if (a->is_int && b->is_int &&
            !__builtin_sub_overflow(a->integer, b->integer, &whole)) {
            return expr_int(r, whole);
        }
        return expr_real(r, a->real - b->real);
    }
    if (are(a, b, JSON_KIND_ARRAY)) {
        return minus_arrays(r, a, b);
    }
    return refuse(r, a, b, "subtracted");
}

/* ---- times ----------------------------------------------------------------- */

/* Objects are merged into each other; the right one wins. As deep as the values. */
static struct expr_value *merge_deep(struct expr_run *r, struct expr_value *a,
                                     struct expr_value *b)
{
    struct expr_value *merged;

    if (!expr_open(r, a) || !expr_open(r, b)) {
        return NULL;
    }
    merged = merge_objects(r, &a, 1);
    for (size_t i = 0; merged != NULL && i < b->n; i++) {
        const struct expr_member *m = &b->members[i];
        struct expr_value *old = expr_object_find(r, merged, m->name, m->n);
        struct expr_value *value = m->value;

        if (old != NULL && are(old, value, JSON_KIND_OBJECT)) {
            value = merge_deep(r, old, value);
        }
        if (!expr_object_set(r, merged, m->name, m->n, value)) {
            return NULL;
        }
    }
    return merged;
}

static struct expr_value *repeat(struct expr_run *r, const struct expr_value *text,
                                 const struct expr_value *times)
{
    char shown[EXPR_SHOWN_MAX];
    size_t total;
    char *bytes;

    if (!times->is_int || times->integer < 1) {
        /* jq's versions disagree about 0, negative and broken ones. */
        expr_fail_fatal(r, "a string can be repeated 1 or more times, not by %s",
                        expr_describe(r, times, shown));
        return NULL;
    }
    if (__builtin_mul_overflow(text->n, (size_t)times->integer, &total)) {
        total = (size_t)EXPR_RESULT_MAX + 1;
    }
    if (!expr_spend_bytes(r, total)) {
        return NULL;
    }
    bytes = arena_take(r->scratch, total + 1);
    for (size_t at = 0; at < total; at += text->n) {
        memcpy(bytes + at, text->bytes, text->n);
    }
    return expr_string(r, bytes, total);
}

static struct expr_value *times(struct expr_run *r, struct expr_value *a,
                                struct expr_value *b)
{
    int64_t whole;

    if (are(a, b, JSON_KIND_NUMBER)) {
        if (a->is_int && b->is_int &&
            !__builtin_mul_overflow(a->integer, b->integer, &whole)) {
            return expr_int(r, whole);
        }
        return expr_real(r, a->real * b->real);
    }
    if (a->kind == JSON_KIND_STRING && b->kind == JSON_KIND_NUMBER) {
        return repeat(r, a, b);
    }
    if (a->kind == JSON_KIND_NUMBER && b->kind == JSON_KIND_STRING) {
        return repeat(r, b, a);
    }
    if (are(a, b, JSON_KIND_OBJECT)) {
        return merge_deep(r, a, b);
    }
    return refuse(r, a, b, "multiplied");
}

/* ---- divide, remainder ----------------------------------------------------- */

static struct expr_value *divide(struct expr_run *r, struct expr_value *a,
                                 struct expr_value *b)
{
    if (are(a, b, JSON_KIND_STRING)) {
        return expr_split(r, a, b);
    }
    if (!are(a, b, JSON_KIND_NUMBER)) {
        return refuse(r, a, b, "divided");
    }
    if (b->real == 0.0) {
        return refuse(r, a, b, "divided: the divisor is zero");
    }
    if (b->is_int && b->integer == -1) {
        return expr_negate(r, a); /* INT64_MIN / -1 traps. */
    }
    if (a->is_int && b->is_int && a->integer % b->integer == 0) {
        return expr_int(r, a->integer / b->integer);
    }
    return expr_real(r, a->real / b->real);
}

/* The integer part, as % works on it. */
static bool whole_part(const struct expr_value *v, int64_t *out)
{
    const double limit = 9223372036854775808.0; /* 2^63 */

    if (v->is_int) {
        *out = v->integer;
        return true;
    }
    if (v->real < -limit || v->real >= limit) {
        return false;
    }
    *out = (int64_t)v->real;
    return true;
}

static struct expr_value *remainder_of(struct expr_run *r, struct expr_value *a,
                                       struct expr_value *b)
{
    int64_t left;
    int64_t right;

    if (!are(a, b, JSON_KIND_NUMBER)) {
        return refuse(r, a, b, "divided with remainder");
    }
    if (!whole_part(a, &left) || !whole_part(b, &right)) {
        return refuse(r, a, b, "divided with remainder: too large");
    }
    if (right == 0) {
        return refuse(r, a, b, "divided with remainder: the divisor is zero");
    }
    return expr_int(r, right == -1 ? 0 : left % right);
}

struct expr_value *expr_math(struct expr_run *r, enum expr_operator op,
                             struct expr_value *a, struct expr_value *b)
{
    static struct expr_value *(*const operators[])(struct expr_run *, struct expr_value *,
                                                   struct expr_value *) = {
        [EXPR_PLUS] = plus,
        [EXPR_MINUS] = minus,
        [EXPR_TIMES] = times,
        [EXPR_DIVIDE] = divide,
        [EXPR_REMAINDER] = remainder_of,
    };

    assert(op >= EXPR_PLUS && op <= EXPR_REMAINDER);
    return operators[op](r, a, b);
}

struct expr_value *expr_negate(struct expr_run *r, struct expr_value *v)
{
    char shown[EXPR_SHOWN_MAX];

    if (v->kind != JSON_KIND_NUMBER) {
        expr_fail(r, "%s cannot be negated", expr_describe(r, v, shown));
        return NULL;
    }
    if (v->is_int && v->integer != INT64_MIN) {
        return expr_int(r, -v->integer);
    }
    return expr_real(r, -v->real);
}
