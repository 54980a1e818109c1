/* expr_functions.c - see expr_functions.h. */
#include "definitions/expr_functions.h"

#include <math.h>
#include <string.h>

#include "definitions/expr_math.h"
#include "definitions/expr_order.h"
#include "definitions/expr_path.h"
#include "definitions/expr_run.h"
#include "definitions/expr_string.h"

/* `who needs an array, not …` */
static struct expr_value *refuse(struct expr_run *r, const char *who, const char *wanted,
                                 const struct expr_value *v)
{
    char shown[EXPR_SHOWN_MAX];

    expr_fail(r, "%s needs %s, not %s", who, wanted, expr_describe(r, v, shown));
    return NULL;
}

/* Same, where jq, or some version of it, would go on: nothing catches it. */
static struct expr_value *refuse_strictly(struct expr_run *r, const char *who,
                                          const char *wanted, const struct expr_value *v)
{
    char shown[EXPR_SHOWN_MAX];

    expr_fail_fatal(r, "%s needs %s, not %s", who, wanted, expr_describe(r, v, shown));
    return NULL;
}

bool expr_iterate(struct expr_run *r, struct expr_value *v)
{
    char shown[EXPR_SHOWN_MAX];

    if (v->kind != JSON_KIND_ARRAY && v->kind != JSON_KIND_OBJECT) {
        expr_fail(r, "%s has no elements to go over", expr_describe(r, v, shown));
        return false;
    }
    return expr_open(r, v);
}

/* ---- about a value --------------------------------------------------------- */

static struct expr_value *length(struct expr_run *r, struct expr_value *v,
                                 struct expr_value *none)
{
    (void)none;
    switch (v->kind) {
    case JSON_KIND_NONE:
    case JSON_KIND_NULL:
        return expr_int(r, 0);
    case JSON_KIND_FALSE:
    case JSON_KIND_TRUE:
        break;
    case JSON_KIND_NUMBER: /* jq: its distance from zero. */
        return v->real < 0 ? expr_negate(r, v) : v;
    case JSON_KIND_STRING:
        return expr_spend(r, v->n / EXPR_BYTES_PER_STEP)
                   ? expr_int(r, (int64_t)expr_characters(v))
                   : NULL;
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT:
        return expr_open(r, v) ? expr_int(r, (int64_t)v->n) : NULL;
    }
    return refuse(r, "length", "something that has one", v);
}

static struct expr_value *keys(struct expr_run *r, struct expr_value *v,
                               struct expr_value *none)
{
    struct expr_value *names;
    struct expr_member *sorted = NULL;

    (void)none;
    if (v->kind != JSON_KIND_ARRAY && v->kind != JSON_KIND_OBJECT) {
        return refuse(r, "keys", "an object or array", v);
    }
    if (!expr_open(r, v)) {
        return NULL;
    }
    if (v->kind == JSON_KIND_OBJECT) {
        sorted = expr_object_sorted(r, v);
        if (sorted == NULL) {
            return NULL;
        }
    }
    names = expr_array(r, v->n);
    for (size_t i = 0; i < v->n; i++) {
        struct expr_value *key = sorted == NULL
                                     ? expr_int(r, (int64_t)i)
                                     : expr_string(r, sorted[i].name, sorted[i].n);

        if (!expr_array_add(r, names, key)) {
            return NULL;
        }
    }
    return names;
}

static struct expr_value *has(struct expr_run *r, struct expr_value *v,
                              struct expr_value *key)
{
    if (v->kind == JSON_KIND_OBJECT && key->kind == JSON_KIND_STRING) {
        return expr_open(r, v)
                   ? expr_bool(r, expr_object_find(r, v, key->bytes, key->n) != NULL)
                   : NULL;
    }
    if (v->kind == JSON_KIND_ARRAY && key->kind == JSON_KIND_NUMBER && key->is_int) {
        return expr_open(r, v)
                   ? expr_bool(r, key->integer >= 0 && key->integer < (int64_t)v->n)
                   : NULL;
    }
    if (v->kind == JSON_KIND_OBJECT) {
        return refuse(r, "has on an object", "a name", key);
    }
    if (v->kind == JSON_KIND_ARRAY) {
        return (key->kind == JSON_KIND_NUMBER ? refuse_strictly : refuse)(
            r, "has on an array", "a whole number", key);
    }
    if (v->kind == JSON_KIND_NULL) {
        return expr_bool(r, false); /* Whatever is asked for, as jq. */
    }
    return refuse(r, "has", "an object or array", v);
}

static struct expr_value *
    not(struct expr_run * r, struct expr_value *v, struct expr_value *none)
{
    (void)none;
    return expr_bool(r, !expr_is_true(v));
}

static struct expr_value *type(struct expr_run *r, struct expr_value *v,
                               struct expr_value *none)
{
    const char *name = expr_kind_name(v);

    (void)none;
    return expr_string(r, name, strlen(name));
}

static struct expr_value *floor_of(struct expr_run *r, struct expr_value *v,
                                   struct expr_value *none)
{
    (void)none;
    if (v->kind != JSON_KIND_NUMBER) {
        return refuse(r, "floor", "a number", v);
    }
    return v->is_int ? expr_int(r, v->integer) : expr_real(r, floor(v->real));
}

/* ---- over all elements ----------------------------------------------------- */

static struct expr_value *add(struct expr_run *r, struct expr_value *v,
                              struct expr_value *none)
{
    struct expr_value **items;

    (void)none;
    if (!expr_iterate(r, v) || !expr_spend(r, v->n)) {
        return NULL;
    }
    items = arena_take(r->scratch, v->n * sizeof(struct expr_value *));
    for (size_t i = 0; i < v->n; i++) {
        items[i] = expr_item(v, i);
    }
    return expr_sum(r, items, v->n);
}

static struct expr_value *any_or_all(struct expr_run *r, struct expr_value *v,
                                     bool decides)
{
    if (!expr_iterate(r, v) || !expr_spend(r, v->n)) {
        return NULL;
    }
    for (size_t i = 0; i < v->n; i++) {
        if (expr_is_true(expr_item(v, i)) == decides) {
            return expr_bool(r, decides);
        }
    }
    return expr_bool(r, !decides);
}

static struct expr_value *any(struct expr_run *r, struct expr_value *v,
                              struct expr_value *none)
{
    (void)none;
    return any_or_all(r, v, true);
}

static struct expr_value *all(struct expr_run *r, struct expr_value *v,
                              struct expr_value *none)
{
    (void)none;
    return any_or_all(r, v, false);
}

/* The first of the least, or the last of the greatest, as jq. */
static struct expr_value *extreme(struct expr_run *r, struct expr_value *v,
                                  const char *who, bool wants_max)
{
    struct expr_value *best;

    if (v->kind != JSON_KIND_ARRAY) {
        return refuse(r, who, "an array", v);
    }
    if (!expr_open(r, v) || !expr_spend(r, v->n)) {
        return NULL;
    }
    if (v->n == 0) {
        return expr_null(r);
    }
    best = v->items[0];
    for (size_t i = 1; i < v->n; i++) {
        int c;

        if (!expr_compare(r, v->items[i], best, &c)) {
            return NULL;
        }
        if (wants_max ? c >= 0 : c < 0) {
            best = v->items[i];
        }
    }
    return best;
}

static struct expr_value *min(struct expr_run *r, struct expr_value *v,
                              struct expr_value *none)
{
    (void)none;
    return extreme(r, v, "min", false);
}

static struct expr_value *max(struct expr_run *r, struct expr_value *v,
                              struct expr_value *none)
{
    (void)none;
    return extreme(r, v, "max", true);
}

static struct expr_value *unique(struct expr_run *r, struct expr_value *v,
                                 struct expr_value *none)
{
    struct expr_value *made;
    struct expr_ranked *sorted;

    (void)none;
    if (v->kind != JSON_KIND_ARRAY) {
        return refuse(r, "unique", "an array", v);
    }
    if (!expr_open(r, v)) {
        return NULL;
    }
    sorted = arena_take(r->scratch, v->n * sizeof(*sorted));
    for (size_t i = 0; i < v->n; i++) {
        sorted[i] = (struct expr_ranked){v->items[i], v->items[i]};
    }
    if (!expr_sort(r, sorted, v->n)) {
        return NULL;
    }
    made = expr_array(r, 0);
    for (size_t i = 0; i < v->n; i++) {
        int c = 1;

        if (i > 0 && !expr_compare(r, sorted[i - 1].rank, sorted[i].rank, &c)) {
            return NULL;
        }
        if (c != 0 && !expr_array_add(r, made, sorted[i].item)) {
            return NULL;
        }
    }
    return made;
}

static struct expr_value *element(struct expr_run *r, struct expr_value *v, int64_t i)
{
    return expr_path_index(r, v, expr_int(r, i));
}

static struct expr_value *first(struct expr_run *r, struct expr_value *v,
                                struct expr_value *none)
{
    (void)none;
    return element(r, v, 0);
}

static struct expr_value *last(struct expr_run *r, struct expr_value *v,
                               struct expr_value *none)
{
    (void)none;
    return element(r, v, -1);
}

/* ---- entries --------------------------------------------------------------- */

struct expr_value *expr_to_entries(struct expr_run *r, struct expr_value *v,
                                   struct expr_value *none)
{
    struct expr_value *entries;

    (void)none;
    if (v->kind != JSON_KIND_ARRAY && v->kind != JSON_KIND_OBJECT) {
        return refuse(r, "to_entries", "an object or array", v);
    }
    if (!expr_open(r, v)) {
        return NULL;
    }
    entries = expr_array(r, v->n);
    for (size_t i = 0; i < v->n; i++) {
        struct expr_value *entry = expr_object(r, 2);
        struct expr_value *key =
            v->kind == JSON_KIND_ARRAY
                ? expr_int(r, (int64_t)i)
                : expr_string(r, v->members[i].name, v->members[i].n);

        if (!expr_object_set(r, entry, "key", 3, key) ||
            !expr_object_set(r, entry, "value", 5, expr_item(v, i)) ||
            !expr_array_add(r, entries, entry)) {
            return NULL;
        }
    }
    return entries;
}

/* The first of the names that an entry has and that is neither null nor false. */
static struct expr_value *entry_key(struct expr_run *r, struct expr_value *entry)
{
    static const char *const names[] = {"key", "Key", "name", "Name"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct expr_value *key = expr_object_find(r, entry, names[i], strlen(names[i]));

        if (key != NULL && expr_is_true(key)) {
            return key->kind == JSON_KIND_STRING
                       ? key
                       : refuse(r, "from_entries", "strings as keys", key);
        }
    }
    return refuse(r, "from_entries", "an entry with \"key\" and \"value\"", entry);
}

static struct expr_value *entry_value(struct expr_run *r, struct expr_value *entry)
{
    struct expr_value *v = expr_object_find(r, entry, "value", 5);

    if (v == NULL) {
        v = expr_object_find(r, entry, "Value", 5);
    }
    if (v == NULL && expr_object_find(r, entry, "v", 1) != NULL) {
        /* jq 1.6 does not know it, later ones do. */
        return refuse_strictly(r, "from_entries", "\"value\" for \"v\"", entry);
    }
    return v == NULL ? expr_null(r) : v;
}

struct expr_value *expr_from_entries(struct expr_run *r, struct expr_value *v,
                                     struct expr_value *none)
{
    struct expr_value *made = expr_object(r, 0);

    (void)none;
    if (!expr_iterate(r, v)) {
        return NULL;
    }
    for (size_t i = 0; i < v->n; i++) {
        struct expr_value *entry = expr_item(v, i);
        struct expr_value *key;

        if (entry->kind != JSON_KIND_OBJECT) {
            return refuse(r, "from_entries", "objects", entry);
        }
        key = expr_open(r, entry) ? entry_key(r, entry) : NULL;
        if (key == NULL ||
            !expr_object_set(r, made, key->bytes, key->n, entry_value(r, entry))) {
            return NULL;
        }
    }
    return made;
}

/* ---- contains -------------------------------------------------------------- */

static bool contains(struct expr_run *r, struct expr_value *a, struct expr_value *b,
                     bool *out);

static bool contains_object(struct expr_run *r, struct expr_value *a,
                            const struct expr_value *b, bool *out)
{
    *out = true;
    for (size_t i = 0; i < b->n && *out; i++) {
        const struct expr_member *m = &b->members[i];
        struct expr_value *mine = expr_object_find(r, a, m->name, m->n);

        *out = mine != NULL;
        if (*out && !contains(r, mine, m->value, out)) {
            return false;
        }
    }
    return true;
}

static bool contains_array(struct expr_run *r, const struct expr_value *a,
                           const struct expr_value *b, bool *out)
{
    *out = true;
    for (size_t i = 0; i < b->n && *out; i++) {
        *out = false;
        for (size_t k = 0; k < a->n && !*out; k++) {
            if (!contains(r, a->items[k], b->items[i], out)) {
                return false;
            }
        }
    }
    return true;
}

/* Calls itself as deep as the values are. */
static bool contains(struct expr_run *r, struct expr_value *a, struct expr_value *b,
                     bool *out)
{
    bool is_paid;
    int c = 0;

    if (!expr_spend(r, 1) || !expr_open(r, a) || !expr_open(r, b)) {
        return false;
    }
    if (a->kind == JSON_KIND_STRING && b->kind == JSON_KIND_STRING) {
        *out = expr_has_substring(a, b);
        return expr_spend(r, a->n / EXPR_BYTES_PER_STEP);
    }
    if (a->kind == JSON_KIND_OBJECT && b->kind == JSON_KIND_OBJECT) {
        return contains_object(r, a, b, out);
    }
    if (a->kind == JSON_KIND_ARRAY && b->kind == JSON_KIND_ARRAY) {
        return contains_array(r, a, b, out);
    }
    is_paid = expr_compare(r, a, b, &c);
    *out = c == 0;
    return is_paid;
}

static struct expr_value *contains_call(struct expr_run *r, struct expr_value *v,
                                        struct expr_value *part)
{
    char left[EXPR_SHOWN_MAX];
    char right[EXPR_SHOWN_MAX];
    bool is_contained;

    if (v->kind != part->kind) {
        expr_fail(r, "%s cannot contain %s: they are not of one kind",
                  expr_describe(r, v, left), expr_describe(r, part, right));
        return NULL;
    }
    return contains(r, v, part, &is_contained) ? expr_bool(r, is_contained) : NULL;
}

/* ---- the table ------------------------------------------------------------- */

static const struct expr_function functions[] = {
    {"length", 0, length, EXPR_FILTER_NONE},
    {"keys", 0, keys, EXPR_FILTER_NONE},
    {"values", 0, NULL, EXPR_FILTER_VALUES},
    {"has", 1, has, EXPR_FILTER_NONE},
    {"map", 1, NULL, EXPR_FILTER_MAP},
    {"select", 1, NULL, EXPR_FILTER_SELECT},
    {"map_values", 1, NULL, EXPR_FILTER_MAP_VALUES},
    {"add", 0, add, EXPR_FILTER_NONE},
    {"any", 0, any, EXPR_FILTER_NONE},
    {"any", 1, NULL, EXPR_FILTER_ANY},
    {"all", 0, all, EXPR_FILTER_NONE},
    {"all", 1, NULL, EXPR_FILTER_ALL},
    {"not", 0, not, EXPR_FILTER_NONE},
    {"join", 1, expr_join, EXPR_FILTER_NONE},
    {"split", 1, expr_split, EXPR_FILTER_NONE},
    {"ascii_downcase", 0, expr_downcase, EXPR_FILTER_NONE},
    {"ascii_upcase", 0, expr_upcase, EXPR_FILTER_NONE},
    {"ltrimstr", 1, expr_trim_left, EXPR_FILTER_NONE},
    {"rtrimstr", 1, expr_trim_right, EXPR_FILTER_NONE},
    {"startswith", 1, expr_starts_with, EXPR_FILTER_NONE},
    {"endswith", 1, expr_ends_with, EXPR_FILTER_NONE},
    {"tostring", 0, expr_to_string, EXPR_FILTER_NONE},
    {"tonumber", 0, expr_to_number, EXPR_FILTER_NONE},
    {"tojson", 0, expr_to_json, EXPR_FILTER_NONE},
    {"fromjson", 0, expr_from_json, EXPR_FILTER_NONE},
    {"type", 0, type, EXPR_FILTER_NONE},
    {"floor", 0, floor_of, EXPR_FILTER_NONE},
    {"min", 0, min, EXPR_FILTER_NONE},
    {"max", 0, max, EXPR_FILTER_NONE},
    {"sort_by", 1, NULL, EXPR_FILTER_SORT_BY},
    {"unique", 0, unique, EXPR_FILTER_NONE},
    {"first", 0, first, EXPR_FILTER_NONE},
    {"first", 1, NULL, EXPR_FILTER_FIRST},
    {"last", 0, last, EXPR_FILTER_NONE},
    {"last", 1, NULL, EXPR_FILTER_LAST},
    {"to_entries", 0, expr_to_entries, EXPR_FILTER_NONE},
    {"from_entries", 0, expr_from_entries, EXPR_FILTER_NONE},
    {"with_entries", 1, NULL, EXPR_FILTER_WITH_ENTRIES},
    {"contains", 1, contains_call, EXPR_FILTER_NONE},
    {"@uri", 0, expr_uri, EXPR_FILTER_NONE},
    {"@base64", 0, expr_base64, EXPR_FILTER_NONE},
    {"@base64d", 0, expr_base64_decode, EXPR_FILTER_NONE},
    {"@json", 0, expr_to_json, EXPR_FILTER_NONE},
    {"@text", 0, expr_to_string, EXPR_FILTER_NONE},
};

const struct expr_function *expr_function_at(size_t i)
{
    return i < sizeof(functions) / sizeof(functions[0]) ? &functions[i] : NULL;
}

static bool is_named(const struct expr_function *f, const char *name, size_t n)
{
    return strlen(f->name) == n && memcmp(f->name, name, n) == 0;
}

const struct expr_function *expr_function_find(const char *name, size_t n,
                                               unsigned n_arguments)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (functions[i].n_arguments == n_arguments && is_named(&functions[i], name, n)) {
            return &functions[i];
        }
    }
    return NULL;
}

bool expr_function_has_name(const char *name, size_t n)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        if (is_named(&functions[i], name, n)) {
            return true;
        }
    }
    return false;
}
