/* expr_string.c - see expr_string.h. */
#include "definitions/expr_string.h"

#include <string.h>

#include "base/json.h"
#include "definitions/expr_run.h"

/* Is it a string? Otherwise a failure: who wants one, and what came. */
static bool is_string(struct expr_run *r, const struct expr_value *v, const char *who)
{
    char shown[EXPR_SHOWN_MAX];

    if (v->kind == JSON_KIND_STRING) {
        return true;
    }
    expr_fail(r, "%s needs a string, not %s", who, expr_describe(r, v, shown));
    return false;
}

/* ---- characters ------------------------------------------------------------ */

static bool is_tail(char c)
{
    return ((unsigned char)c & 0xc0U) == 0x80;
}

size_t expr_characters(const struct expr_value *v)
{
    size_t n = 0;

    for (size_t i = 0; i < v->n; i++) {
        n += is_tail(v->bytes[i]) ? 0 : 1;
    }
    return n;
}

/* The byte where character number `character` begins; v->n behind the last. */
static size_t byte_of(const struct expr_value *v, size_t character)
{
    size_t i = 0;

    while (i < v->n) {
        if (!is_tail(v->bytes[i])) {
            if (character == 0) {
                return i;
            }
            character--;
        }
        i++;
    }
    return i;
}

struct expr_value *expr_substring(struct expr_run *r, const struct expr_value *v,
                                  size_t from, size_t to)
{
    const size_t first = byte_of(v, from);
    const size_t last = to > from ? byte_of(v, to) : first;

    if (!expr_spend(r, v->n / EXPR_BYTES_PER_STEP)) {
        return NULL;
    }
    return expr_string(r, v->bytes + first, last - first);
}

/* Where part, which is not empty, begins in text; n when it does not. */
static size_t find(const char *text, size_t n, const char *part, size_t part_n)
{
    size_t i = 0;

    while (i + part_n <= n) {
        const char *at = memchr(text + i, part[0], n - i);

        if (at == NULL) {
            return n;
        }
        i = (size_t)(at - text);
        if (i + part_n <= n && memcmp(at, part, part_n) == 0) {
            return i;
        }
        i++;
    }
    return n;
}

bool expr_has_substring(const struct expr_value *a, const struct expr_value *b)
{
    return b->n == 0 || find(a->bytes, a->n, b->bytes, b->n) < a->n;
}

/* ---- split, join ----------------------------------------------------------- */

static struct expr_value *split_characters(struct expr_run *r, const struct expr_value *v,
                                           struct expr_value *parts)
{
    size_t i = 0;

    while (i < v->n) {
        size_t end = i + 1;

        while (end < v->n && is_tail(v->bytes[end])) {
            end++;
        }
        if (!expr_array_add(r, parts, expr_string(r, v->bytes + i, end - i))) {
            return NULL;
        }
        i = end;
    }
    return parts;
}

struct expr_value *expr_split(struct expr_run *r, struct expr_value *v,
                              struct expr_value *separator)
{
    struct expr_value *parts = expr_array(r, 0);
    size_t i = 0;

    if (!is_string(r, v, "split") || !is_string(r, separator, "split's separator") ||
        !expr_spend(r, v->n / EXPR_BYTES_PER_STEP)) {
        return NULL;
    }
    if (v->n == 0) {
        return parts; /* jq: no text has no parts. */
    }
    if (separator->n == 0) {
        return split_characters(r, v, parts);
    }
    for (;;) {
        const size_t n = find(v->bytes + i, v->n - i, separator->bytes, separator->n);

        if (!expr_array_add(r, parts, expr_string(r, v->bytes + i, n))) {
            return NULL;
        }
        if (i + n == v->n) {
            return parts;
        }
        i += n + separator->n;
    }
}

/* An item as join writes it. */
static struct expr_value *join_item(struct expr_run *r, struct expr_value *item)
{
    char shown[EXPR_SHOWN_MAX];

    if (item->kind == JSON_KIND_NULL) {
        return expr_string(r, "", 0);
    }
    if (item->kind == JSON_KIND_ARRAY || item->kind == JSON_KIND_OBJECT) {
        expr_fail(r, "join cannot write %s", expr_describe(r, item, shown));
        return NULL;
    }
    return expr_to_string(r, item, NULL);
}

static struct expr_value *item_at(const struct expr_value *v, size_t i)
{
    return v->kind == JSON_KIND_ARRAY ? v->items[i] : v->members[i].value;
}

struct expr_value *expr_join(struct expr_run *r, struct expr_value *v,
                             struct expr_value *separator)
{
    char shown[EXPR_SHOWN_MAX];
    struct expr_value *joined;
    struct buf text;

    if (v->kind != JSON_KIND_ARRAY && v->kind != JSON_KIND_OBJECT) {
        expr_fail(r, "join needs an array, not %s", expr_describe(r, v, shown));
        return NULL;
    }
    if (separator->kind != JSON_KIND_STRING) { /* jq takes it for fewer than two. */
        expr_fail_fatal(r, "join's separator needs a string, not %s",
                        expr_describe(r, separator, shown));
    }
    if (separator->kind != JSON_KIND_STRING || !expr_open(r, v) || !expr_spend(r, v->n)) {
        return NULL;
    }
    buf_init(&text, EXPR_RESULT_MAX);
    for (size_t i = 0; i < v->n && !text.is_over; i++) {
        const struct expr_value *item = join_item(r, item_at(v, i));

        if (item == NULL) {
            buf_done(&text);
            return NULL;
        }
        buf_add(&text, separator->bytes, i > 0 ? separator->n : 0);
        buf_add(&text, item->bytes, item->n);
    }
    joined = NULL;
    if (expr_spend_bytes(r, text.n + (text.is_over ? EXPR_RESULT_MAX : 0))) {
        joined = expr_string(r, arena_copy(r->scratch, buf_text(&text), text.n), text.n);
    }
    buf_done(&text);
    return joined;
}

/* ---- case, ends ------------------------------------------------------------ */

static struct expr_value *map_ascii(struct expr_run *r, const struct expr_value *v,
                                    char first, char last)
{
    char *bytes;

    if (!expr_spend_bytes(r, v->n)) {
        return NULL;
    }
    bytes = arena_copy(r->scratch, v->bytes, v->n);
    for (size_t i = 0; i < v->n; i++) {
        if (bytes[i] >= first && bytes[i] <= last) {
            bytes[i] = (char)(bytes[i] ^ 0x20);
        }
    }
    return expr_string(r, bytes, v->n);
}

struct expr_value *expr_downcase(struct expr_run *r, struct expr_value *v,
                                 struct expr_value *none)
{
    (void)none;
    return is_string(r, v, "ascii_downcase") ? map_ascii(r, v, 'A', 'Z') : NULL;
}

struct expr_value *expr_upcase(struct expr_run *r, struct expr_value *v,
                               struct expr_value *none)
{
    (void)none;
    return is_string(r, v, "ascii_upcase") ? map_ascii(r, v, 'a', 'z') : NULL;
}

static bool has_prefix(const struct expr_value *v, const struct expr_value *part)
{
    return v->n >= part->n &&
           (part->n == 0 || memcmp(v->bytes, part->bytes, part->n) == 0);
}

static bool has_suffix(const struct expr_value *v, const struct expr_value *part)
{
    return v->n >= part->n &&
           (part->n == 0 || memcmp(v->bytes + v->n - part->n, part->bytes, part->n) == 0);
}

static bool are_strings(const struct expr_value *a, const struct expr_value *b)
{
    return a->kind == JSON_KIND_STRING && b->kind == JSON_KIND_STRING;
}

struct expr_value *expr_trim_left(struct expr_run *r, struct expr_value *v,
                                  struct expr_value *prefix)
{
    if (!expr_spend(r, prefix->n / 1024)) {
        return NULL;
    }
    if (!are_strings(v, prefix) || !has_prefix(v, prefix)) {
        return v; /* jq: what does not begin so stays, whatever it is. */
    }
    return expr_string(r, v->bytes + prefix->n, v->n - prefix->n);
}

struct expr_value *expr_trim_right(struct expr_run *r, struct expr_value *v,
                                   struct expr_value *suffix)
{
    if (!expr_spend(r, suffix->n / 1024)) {
        return NULL;
    }
    if (!are_strings(v, suffix) || !has_suffix(v, suffix)) {
        return v;
    }
    return expr_string(r, v->bytes, v->n - suffix->n);
}

struct expr_value *expr_starts_with(struct expr_run *r, struct expr_value *v,
                                    struct expr_value *prefix)
{
    if (!is_string(r, v, "startswith") || !is_string(r, prefix, "startswith's prefix") ||
        !expr_spend(r, prefix->n / 1024)) {
        return NULL;
    }
    return expr_bool(r, has_prefix(v, prefix));
}

struct expr_value *expr_ends_with(struct expr_run *r, struct expr_value *v,
                                  struct expr_value *suffix)
{
    if (!is_string(r, v, "endswith") || !is_string(r, suffix, "endswith's suffix") ||
        !expr_spend(r, suffix->n / 1024)) {
        return NULL;
    }
    return expr_bool(r, has_suffix(v, suffix));
}
