/* expr_order.c - see expr_order.h; and the comparison of expr_value.h. */
#include "definitions/expr_order.h"

#include <stdlib.h>
#include <string.h>

#include "definitions/expr_run.h"

/* ---- comparing ------------------------------------------------------------- */

static int sign(bool is_less, bool is_more)
{
    return is_more ? 1 : (is_less ? -1 : 0);
}

static int compare_numbers(const struct expr_value *a, const struct expr_value *b)
{
    /* long double holds both an int64 and a double exactly on the machines we
     * build for, so the order stays total when they are mixed. */
    const long double left = a->is_int ? (long double)a->integer : (long double)a->real;
    const long double right = b->is_int ? (long double)b->integer : (long double)b->real;

    return sign(left<right, left> right);
}

static int compare_bytes(const char *a, size_t a_n, const char *b, size_t b_n)
{
    int c = memcmp(a, b, a_n < b_n ? a_n : b_n);

    return c != 0 ? c : sign(a_n<b_n, a_n> b_n);
}

static bool compare_arrays(struct expr_run *r, struct expr_value *a, struct expr_value *b,
                           int *out)
{
    for (size_t i = 0; i < a->n && i < b->n; i++) {
        int c;

        if (!expr_compare(r, a->items[i], b->items[i], &c)) {
            return false;
        }
        if (c != 0) {
            *out = c;
            return true;
        }
    }
    *out = sign(a->n<b->n, a->n> b->n);
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct expr_member *left = a;
    const struct expr_member *right = b;

    return compare_bytes(left->name, left->n, right->name, right->n);
}

struct expr_member *expr_object_sorted(struct expr_run *r, struct expr_value *object)
{
    struct expr_member *sorted;

    if (!expr_spend(r, object->n / 2)) {
        return NULL;
    }
    sorted = arena_take(r->scratch, (object->n + 1) * sizeof(*sorted));
    if (object->n > 0) {
        memcpy(sorted, object->members, object->n * sizeof(*sorted));
        qsort(sorted, object->n, sizeof(*sorted), by_name);
    }
    return sorted;
}

/* First the names, as sorted arrays, then the values in the order of the names. */
static bool compare_objects(struct expr_run *r, struct expr_value *a,
                            struct expr_value *b, int *out)
{
    struct expr_member *left = expr_object_sorted(r, a);
    struct expr_member *right = expr_object_sorted(r, b);
    int c = 0;

    if (left == NULL || right == NULL) {
        return false;
    }
    for (size_t i = 0; i < a->n && i < b->n && c == 0; i++) {
        c = by_name(&left[i], &right[i]);
    }
    if (c == 0) {
        c = sign(a->n<b->n, a->n> b->n);
    }
    for (size_t i = 0; i < a->n && c == 0; i++) {
        if (!expr_compare(r, left[i].value, right[i].value, &c)) {
            return false;
        }
    }
    *out = c;
    return true;
}

/* Paid by the kilobyte of text and the eighth element: comparing is cheaper than what
 * else is paid for. */
static bool compare_same_kind(struct expr_run *r, struct expr_value *a,
                              struct expr_value *b, int *out)
{
    if (a->kind == JSON_KIND_NUMBER) {
        *out = compare_numbers(a, b);
        return true;
    }
    if (a->kind == JSON_KIND_STRING) {
        *out = compare_bytes(a->bytes, a->n, b->bytes, b->n);
        return expr_spend(r, (a->n < b->n ? a->n : b->n) / 1024);
    }
    if (a->kind != JSON_KIND_ARRAY && a->kind != JSON_KIND_OBJECT) {
        *out = 0;
        return true;
    }
    if (!expr_open(r, a) || !expr_open(r, b) ||
        !expr_spend(r, 1 + (a->n < b->n ? a->n : b->n) / 8)) {
        return false;
    }
    return a->kind == JSON_KIND_ARRAY ? compare_arrays(r, a, b, out)
                                      : compare_objects(r, a, b, out);
}

bool expr_compare(struct expr_run *r, struct expr_value *a, struct expr_value *b,
                  int *out)
{
    static const int rank[] = {
        [JSON_KIND_NONE] = 0,  [JSON_KIND_NULL] = 0,   [JSON_KIND_FALSE] = 1,
        [JSON_KIND_TRUE] = 2,  [JSON_KIND_NUMBER] = 3, [JSON_KIND_STRING] = 4,
        [JSON_KIND_ARRAY] = 5, [JSON_KIND_OBJECT] = 6,
    };

    if (a->kind != b->kind) {
        *out = rank[a->kind] - rank[b->kind];
        return true;
    }
    return compare_same_kind(r, a, b, out);
}

/* ---- sorting --------------------------------------------------------------- */

/* Merge from[first..middle) and from[middle..last) into to. */
static bool merge(struct expr_run *r, const struct expr_ranked *from, const size_t at[3],
                  struct expr_ranked *to)
{
    size_t left = at[0];
    size_t right = at[1];

    for (size_t i = at[0]; i < at[2]; i++) {
        int c = 0;

        if (left < at[1] && right < at[2] &&
            !expr_compare(r, from[left].rank, from[right].rank, &c)) {
            return false;
        }
        if (right >= at[2] || (left < at[1] && c <= 0)) {
            to[i] = from[left];
            left++;
        } else {
            to[i] = from[right];
            right++;
        }
    }
    return true;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool expr_sort(struct expr_run *r, struct expr_ranked *all, size_t n)
{
    struct expr_ranked *from = all;
    struct expr_ranked *to;

    if (n < 2) {
        return true;
    }
    if (!expr_spend(r, n)) {
        return false;
    }
    to = arena_take(r->scratch, n * sizeof(*to));
    for (size_t width = 1; width < n; width *= 2) {
        struct expr_ranked *swap = from;

        for (size_t first = 0; first < n; first += 2 * width) {
            const size_t at[3] = {first, smaller(first + width, n),
                                  smaller(first + 2 * width, n)};

            if (!merge(r, from, at, to)) {
                return false;
            }
        }
        from = to;
        to = swap;
    }
    if (from != all) {
        memcpy(all, from, n * sizeof(*all));
    }
    return true;
}
