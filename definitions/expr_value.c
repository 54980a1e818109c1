/* expr_value.c - see expr_value.h. */
#include "definitions/expr_value.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "definitions/expr_run.h"

#define SMALL_OBJECT 8 /* Members that are looked for one by one. */

/* ---- scalars --------------------------------------------------------------- */

static struct expr_value *take(struct expr_run *r, enum json_kind kind)
{
    /* Not paid for here: whoever makes it was visited, opened or added. */
    struct expr_value *v = arena_take(r->scratch, sizeof(*v));
    v->kind = kind;
    v->is_open = true;
    return v;
}

struct expr_value *expr_null(struct expr_run *r)
{
    return take(r, JSON_KIND_NULL);
}

struct expr_value *expr_bool(struct expr_run *r, bool value)
{
    return take(r, value ? JSON_KIND_TRUE : JSON_KIND_FALSE);
}

static void set_real(struct expr_value *v, double real)
{
    const double exact_max = 9007199254740992.0; /* 2^53 */

    v->real = real;
    if (real >= -exact_max && real <= exact_max && real == floor(real)) {
        v->is_int = true;
        v->integer = (int64_t)real;
    }
}

struct expr_value *expr_int(struct expr_run *r, int64_t value)
{
    struct expr_value *v = take(r, JSON_KIND_NUMBER);

    v->is_int = true;
    v->integer = value;
    v->real = (double)value;
    return v;
}

struct expr_value *expr_real(struct expr_run *r, double value)
{
    struct expr_value *v;

    if (!isfinite(value)) {
        expr_fail_fatal(r, "the result is too large for a number");
        return NULL;
    }
    v = take(r, JSON_KIND_NUMBER);
    set_real(v, value);
    return v;
}

struct expr_value *expr_string(struct expr_run *r, const char *bytes, size_t n)
{
    struct expr_value *v = take(r, JSON_KIND_STRING);

    v->bytes = bytes;
    v->n = n;
    return v;
}

/* ---- from text ------------------------------------------------------------- */

static void read_number(struct arena *a, struct expr_value *v, struct json_span text)
{
    if (json_span_int(text, &v->integer)) {
        v->is_int = true;
        v->real = (double)v->integer;
    } else {
        /* A copy: strtod needs an end. Accepted text: it reads as a whole. */
        set_real(v, strtod(arena_copy(a, text.at, text.n), NULL));
    }
}

static bool unescape(struct arena *a, struct json_span string, const char **bytes,
                     size_t *n)
{
    struct buf text;

    if (memchr(string.at, '\\', string.n) == NULL) {
        *bytes = string.at + 1;
        *n = string.n - 2;
        return true;
    }
    buf_init(&text, string.n);
    json_span_unescape(string, &text);
    *bytes = arena_copy(a, buf_text(&text), text.n);
    *n = text.n;
    buf_done(&text);
    return memchr(*bytes, '\0', *n) == NULL;
}

static void read_scalar(struct arena *a, struct expr_value *v, struct json_span text)
{
    v->kind = json_span_kind(text);
    v->raw = text;
    v->is_open = true;
    if (v->kind == JSON_KIND_NUMBER) {
        read_number(a, v, text);
    } else if (v->kind == JSON_KIND_STRING) {
        (void)unescape(a, text, &v->bytes, &v->n); /* Accepted text has no NUL. */
    }
}

struct expr_value *expr_literal(struct arena *a, struct json_span text)
{
    struct expr_value *v = arena_take(a, sizeof(*v));

    text.at = arena_copy(a, text.at, text.n);
    read_scalar(a, v, text);
    return v;
}

struct expr_value *expr_from_span(struct expr_run *r, struct json_span span)
{
    struct expr_value *v = take(r, JSON_KIND_NULL);
    enum json_kind kind = json_span_kind(span);

    if (kind == JSON_KIND_NONE) {
        return v;
    }
    if (kind == JSON_KIND_ARRAY || kind == JSON_KIND_OBJECT) {
        v->kind = kind;
        v->raw = span;
        v->is_open = false;
        return v;
    }
    if (!expr_spend(r, span.n / EXPR_BYTES_PER_STEP)) {
        return NULL;
    }
    read_scalar(r->scratch, v, span);
    return v;
}

struct expr_value *expr_origin(struct expr_run *r, enum expr_origin origin)
{
    struct expr_value *v = take(r, JSON_KIND_OBJECT);

    v->is_open = false;
    v->origin = origin;
    return v;
}

/* ---- arrays ---------------------------------------------------------------- */

struct expr_value *expr_array(struct expr_run *r, size_t room)
{
    struct expr_value *v = take(r, JSON_KIND_ARRAY);

    v->room = room;
    v->items = arena_take(r->scratch, room * sizeof(struct expr_value *));
    return v;
}

bool expr_array_add(struct expr_run *r, struct expr_value *array, struct expr_value *item)
{
    assert(array->raw.at == NULL && item != NULL);
    if (!expr_spend(r, 1)) {
        return false;
    }
    if (array->n == array->room) {
        size_t room = array->room < 4 ? 8 : array->room * 2;
        struct expr_value **items =
            arena_take(r->scratch, room * sizeof(struct expr_value *));

        if (array->n > 0) {
            memcpy(items, array->items, array->n * sizeof(struct expr_value *));
        }
        array->items = items;
        array->room = room;
    }
    array->items[array->n] = item;
    array->n++;
    return true;
}

/* ---- objects --------------------------------------------------------------- */

struct expr_value *expr_object(struct expr_run *r, size_t room)
{
    struct expr_value *v = take(r, JSON_KIND_OBJECT);

    v->room = room;
    v->members = arena_take(r->scratch, room * sizeof(struct expr_member));
    return v;
}

/* The slot of a name: its own, or the empty one where it would go. */
static uint32_t *slot_of(const struct expr_value *object, const char *name, size_t n)
{
    size_t i = (size_t)hash_bytes(name, n) & (object->n_slots - 1);

    for (;;) {
        uint32_t *slot = &object->slots[i];

        if (*slot == 0) {
            return slot;
        }
        if (object->members[*slot - 1].n == n &&
            memcmp(object->members[*slot - 1].name, name, n) == 0) {
            return slot;
        }
        i = (i + 1) & (object->n_slots - 1);
    }
}

/* A hash over the members, at least half empty. */
static void index_members(struct expr_run *r, struct expr_value *object)
{
    size_t n_slots = 32;

    while (n_slots < object->n * 4) {
        n_slots *= 2;
    }
    object->slots = arena_take(r->scratch, n_slots * sizeof(uint32_t));
    object->n_slots = n_slots;
    for (size_t i = 0; i < object->n; i++) {
        *slot_of(object, object->members[i].name, object->members[i].n) = (uint32_t)i + 1;
    }
}

static struct expr_member *find_member(struct expr_run *r, struct expr_value *object,
                                       const char *name, size_t n)
{
    uint32_t *slot;

    if (object->n <= SMALL_OBJECT) {
        for (size_t i = 0; i < object->n; i++) {
            struct expr_member *m = &object->members[i];

            if (m->n == n && memcmp(m->name, name, n) == 0) {
                return m;
            }
        }
        return NULL;
    }
    if (object->slots == NULL) {
        index_members(r, object);
    }
    slot = slot_of(object, name, n);
    return *slot == 0 ? NULL : &object->members[*slot - 1];
}

struct expr_value *expr_object_find(struct expr_run *r, struct expr_value *object,
                                    const char *name, size_t n)
{
    struct expr_member *m = find_member(r, object, name, n);

    return m == NULL ? NULL : m->value;
}

static void object_append(struct expr_run *r, struct expr_value *object,
                          struct expr_member member)
{
    if (object->n == object->room) {
        size_t room = object->room < 4 ? 8 : object->room * 2;
        struct expr_member *members =
            arena_take(r->scratch, room * sizeof(struct expr_member));

        if (object->n > 0) {
            memcpy(members, object->members, object->n * sizeof(struct expr_member));
        }
        object->members = members;
        object->room = room;
    }
    object->members[object->n] = member;
    object->n++;
    if (object->slots != NULL && object->n * 2 <= object->n_slots) {
        *slot_of(object, member.name, member.n) = (uint32_t)object->n;
    } else {
        object->slots = NULL; /* Too full: made again when it is needed. */
    }
}

bool expr_object_set(struct expr_run *r, struct expr_value *object, const char *name,
                     size_t n, struct expr_value *value)
{
    struct expr_member *m;

    assert(object->raw.at == NULL && object->origin == EXPR_ORIGIN_PLAIN);
    if (value == NULL || !expr_spend(r, 1)) {
        return false;
    }
    m = find_member(r, object, name, n);
    if (m != NULL) {
        m->value = value; /* jq: the place of the first, the value of the last. */
    } else {
        object_append(r, object, (struct expr_member){name, n, value});
    }
    return true;
}

/* ---- opening --------------------------------------------------------------- */

static bool open_array(struct expr_run *r, struct expr_value *v)
{
    struct json_walk w = json_walk_of(v->raw);
    size_t n = json_span_count(v->raw);
    struct json_span each;

    if (!expr_spend(r, n + v->raw.n / EXPR_BYTES_PER_SCAN_STEP)) {
        return false;
    }
    v->items = arena_take(r->scratch, n * sizeof(struct expr_value *));
    while (json_walk_next(&w, NULL, &each)) {
        v->items[v->n] = expr_from_span(r, each);
        if (v->items[v->n] == NULL) {
            return false;
        }
        v->n++;
    }
    return true;
}

static bool open_object(struct expr_run *r, struct expr_value *v)
{
    struct json_walk w = json_walk_of(v->raw);
    size_t n = json_span_count(v->raw);
    struct json_span name;
    struct json_span each;

    if (!expr_spend(r, n + v->raw.n / EXPR_BYTES_PER_SCAN_STEP)) {
        return false;
    }
    v->members = arena_take(r->scratch, n * sizeof(struct expr_member));
    while (json_walk_next(&w, &name, &each)) {
        struct expr_member *m = &v->members[v->n];

        (void)unescape(r->scratch, name, &m->name, &m->n); /* Accepted: no NUL. */
        m->value = expr_from_span(r, each);
        if (m->value == NULL) {
            return false;
        }
        v->n++;
    }
    return true;
}

/* The root and .steps have members only by name. */
static bool open_origin(struct expr_run *r, struct expr_value *v)
{
    struct json_span whole = JSON_SPAN_NONE;

    if (v->origin == EXPR_ORIGIN_STEPS) {
        whole = r->root->member(r->root->user, "steps", 5);
        if (json_span_kind(whole) == JSON_KIND_OBJECT) {
            v->origin = EXPR_ORIGIN_PLAIN;
            v->raw = whole;
            return true;
        }
        expr_fail(r, "the steps cannot be read all at once; name one, as in .steps.pay");
        return false;
    }
    expr_fail(r, "the whole of . cannot be read here; name a part, as in .input");
    return false;
}

bool expr_open(struct expr_run *r, struct expr_value *v)
{
    if (v->is_open) {
        return true;
    }
    if (v->origin != EXPR_ORIGIN_PLAIN && !open_origin(r, v)) {
        return false;
    }
    v->n = 0;
    v->is_open = v->kind == JSON_KIND_ARRAY ? open_array(r, v) : open_object(r, v);
    return v->is_open;
}

const char *expr_kind_name(const struct expr_value *v)
{
    switch (v->kind) {
    case JSON_KIND_NONE:
    case JSON_KIND_NULL:
        return "null";
    case JSON_KIND_FALSE:
    case JSON_KIND_TRUE:
        return "boolean";
    case JSON_KIND_NUMBER:
        return "number";
    case JSON_KIND_STRING:
        return "string";
    case JSON_KIND_ARRAY:
        return "array";
    case JSON_KIND_OBJECT:
        return "object";
    }
    assert(false);
    return "null";
}
