/* input_schema.c - a document against its schema; see input_schema.h. */
#include "definitions/input_schema.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "definitions/input_schema_node.h"
#include "definitions/input_schema_value.h"
#include "definitions/pointer.h"
#include "definitions/suggest.h"

struct checking {
    struct input_schema_error *errors; /* Caller's; may be NULL when there is no room. */
    size_t errors_max;
    size_t n;       /* Found so far. */
    unsigned quiet; /* Inside of anyOf, oneOf, not: only whether, not what. */
    bool fits;      /* While quiet. */
    size_t steps_left;
    unsigned depth;
    bool gave_up; /* Over a limit: said once. */
    char path[POINTER_MAX];
};

static void check(struct checking *c, const struct schema_node *node, const json_t *v);

static void report(struct checking *c, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void report(struct checking *c, const char *code, const char *fmt, ...)
{
    struct input_schema_error *e;
    va_list args;

    if (c->quiet > 0) {
        c->fits = false;
        return;
    }
    if (c->gave_up || c->n >= INPUT_SCHEMA_ERRORS_MAX) {
        return; /* What is found behind a limit may be wrong. */
    }
    if (c->n < c->errors_max) {
        e = &c->errors[c->n];
        (void)snprintf(e->pointer, sizeof(e->pointer), "%s", c->path);
        (void)snprintf(e->code, sizeof(e->code), "%s", code);
        va_start(args, fmt);
        (void)vsnprintf(e->detail, sizeof(e->detail), fmt, args); /* Cut to fit. */
        va_end(args);
    }
    c->n++;
}

/* Over a limit: an error that no `not` or anyOf turns around. */
static void give_up(struct checking *c, const char *why)
{
    const unsigned quiet = c->quiet;

    c->quiet = 0;
    report(c, "limit", "%s", why);
    c->quiet = quiet;
    c->gave_up = true;
}

static bool spend(struct checking *c, size_t steps)
{
    if (steps > c->steps_left) {
        c->steps_left = 0;
        give_up(c, "checking this takes too many steps");
        return false;
    }
    c->steps_left -= steps;
    return !c->gave_up;
}

/* Nothing more to find here? */
static bool is_over(const struct checking *c)
{
    return c->gave_up || (c->quiet > 0 ? !c->fits : c->n >= INPUT_SCHEMA_ERRORS_MAX);
}

/* Does v fit node, without reporting anything? */
static bool fits(struct checking *c, const struct schema_node *node, const json_t *v)
{
    const bool outer = c->fits;
    bool is_fit;

    c->quiet++;
    c->fits = true;
    check(c, node, v);
    is_fit = c->fits;
    c->quiet--;
    c->fits = outer;
    return is_fit;
}

/* ---- any value --------------------------------------------------------------- */

static unsigned types_of(const json_t *v)
{
    switch (json_typeof(v)) {
    case JSON_NULL:
        return SCHEMA_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return SCHEMA_BOOLEAN;
    case JSON_INTEGER:
        return SCHEMA_INTEGER | SCHEMA_NUMBER;
    case JSON_REAL:
        return schema_value_is_whole(v) ? SCHEMA_INTEGER | SCHEMA_NUMBER : SCHEMA_NUMBER;
    case JSON_STRING:
        return SCHEMA_STRING;
    case JSON_ARRAY:
        return SCHEMA_ARRAY;
    case JSON_OBJECT:
        return SCHEMA_OBJECT;
    }
    assert(false);
    return 0;
}

/* "a string or null" */
static void name_types(unsigned types, char *out, size_t room)
{
    static const char *const names[] = {"null",     "a boolean", "an integer", "a number",
                                        "a string", "an array",  "an object"};
    size_t n = 0;

    out[0] = '\0';
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((types & (1U << i)) != 0) { /* There is room for all of them. */
            n += (size_t)snprintf(out + n, room - n, "%s%s", n > 0 ? " or " : "",
                                  names[i]);
        }
    }
}

static void check_type(struct checking *c, const struct schema_node *node,
                       const json_t *v)
{
    char wanted[96];
    char is[32];

    if (node->types == 0 || (node->types & types_of(v)) != 0) {
        return;
    }
    name_types(node->types, wanted, sizeof(wanted));
    name_types(types_of(v) == SCHEMA_NUMBER ? SCHEMA_NUMBER
                                            : types_of(v) & ~(unsigned)SCHEMA_NUMBER,
               is, sizeof(is));
    report(c, "type", "must be %s, not %s", wanted, is);
}

/* A value for a sentence. */
static void show(const json_t *v, char out[static 80])
{
    char *text = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

    (void)snprintf(out, 80, "%.76s%s", text == NULL ? "?" : text,
                   text != NULL && strlen(text) > 76 ? "..." : "");
    free(text);
}

static void check_values(struct checking *c, const struct schema_node *node,
                         const json_t *v)
{
    char shown[80];

    if (node->constant != NULL && !schema_value_is_same(node->constant, v)) {
        show(node->constant, shown);
        report(c, "const", "must be %s", shown);
    }
    if (node->one_of != NULL) {
        for (size_t i = 0; i < json_array_size(node->one_of); i++) {
            if (!spend(c, 1) ||
                schema_value_is_same(json_array_get(node->one_of, i), v)) {
                return;
            }
        }
        show(node->one_of, shown);
        report(c, "enum", "must be one of %s", shown);
    }
}

static void check_any_of(struct checking *c, const struct schema_list *list,
                         const json_t *v)
{
    for (size_t i = 0; i < list->n; i++) {
        if (fits(c, list->at[i], v)) {
            return;
        }
    }
    if (list->n > 0) {
        report(c, "anyOf", "fits none of the %zu schemas of anyOf", list->n);
    }
}

static void check_one_of(struct checking *c, const struct schema_list *list,
                         const json_t *v)
{
    size_t n = 0;

    for (size_t i = 0; i < list->n; i++) {
        n += fits(c, list->at[i], v) ? 1 : 0;
    }
    if (list->n > 0 && n != 1) {
        report(c, "oneOf", "fits %zu of the %zu schemas of oneOf, not one", n, list->n);
    }
}

static void check_combined(struct checking *c, const struct schema_node *node,
                           const json_t *v)
{
    if (node->ref != NULL) {
        check(c, node->ref, v);
    }
    for (size_t i = 0; i < node->all_of.n; i++) {
        check(c, node->all_of.at[i], v);
    }
    check_any_of(c, &node->any_of, v);
    check_one_of(c, &node->exactly_one_of, v);
    if (node->not != NULL && fits(c, node->not, v)) {
        report(c, "not", "fits a schema that it must not fit");
    }
}

/* ---- numbers, strings -------------------------------------------------------- */

static void check_number(struct checking *c, const struct schema_node *node,
                         const json_t *v)
{
    char shown[80];

    if (node->minimum != NULL && schema_value_compare(v, node->minimum) < 0) {
        show(node->minimum, shown);
        report(c, "minimum", "must be at least %s", shown);
    }
    if (node->maximum != NULL && schema_value_compare(v, node->maximum) > 0) {
        show(node->maximum, shown);
        report(c, "maximum", "must be at most %s", shown);
    }
    if (node->exclusive_minimum != NULL &&
        schema_value_compare(v, node->exclusive_minimum) <= 0) {
        show(node->exclusive_minimum, shown);
        report(c, "exclusiveMinimum", "must be more than %s", shown);
    }
    if (node->exclusive_maximum != NULL &&
        schema_value_compare(v, node->exclusive_maximum) >= 0) {
        show(node->exclusive_maximum, shown);
        report(c, "exclusiveMaximum", "must be less than %s", shown);
    }
    if (node->multiple_of != NULL && !schema_value_is_multiple(v, node->multiple_of)) {
        show(node->multiple_of, shown);
        report(c, "multipleOf", "must be a multiple of %s", shown);
    }
}

static size_t characters(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xc0U) == 0x80 ? 0 : 1;
    }
    return n;
}

static void check_pattern(struct checking *c, const struct schema_node *node,
                          const json_t *v)
{
    const size_t n = json_string_length(v);

    if (!spend(c, n / 16)) {
        return;
    }
    if (n > INPUT_SCHEMA_SUBJECT_MAX) {
        report(c, "pattern", "is longer than %d bytes, on which a pattern is not tried",
               INPUT_SCHEMA_SUBJECT_MAX);
    } else if (regexec(node->pattern, json_string_value(v), 0, NULL, 0) != 0) {
        report(c, "pattern", "must match %s", node->pattern_text);
    }
}

static void check_string(struct checking *c, const struct schema_node *node,
                         const json_t *v)
{
    const char *text = json_string_value(v);

    if (node->min_length.is_set && characters(text) < node->min_length.count) {
        report(c, "minLength", "must have at least %zu characters",
               node->min_length.count);
    }
    if (node->max_length.is_set && characters(text) > node->max_length.count) {
        report(c, "maxLength", "must have at most %zu characters",
               node->max_length.count);
    }
    if (node->pattern != NULL) {
        check_pattern(c, node, v);
    }
    if (!schema_format_fits(node->format, text)) {
        report(c, "format", "must be %s", schema_format_name(node->format));
    }
}

/* ---- arrays, objects --------------------------------------------------------- */

static void check_array(struct checking *c, const struct schema_node *node,
                        const json_t *v)
{
    const size_t n = json_array_size(v);
    size_t first;
    size_t second;

    if (node->min_items.is_set && n < node->min_items.count) {
        report(c, "minItems", "must have at least %zu elements", node->min_items.count);
    }
    if (node->max_items.is_set && n > node->max_items.count) {
        report(c, "maxItems", "must have at most %zu elements", node->max_items.count);
    }
    if (node->has_unique_items && spend(c, schema_value_size(v)) &&
        schema_value_find_twins(v, &first, &second)) {
        report(c, "uniqueItems", "elements %zu and %zu are the same", first, second);
    }
    for (size_t i = 0; node->items != NULL && i < n && !is_over(c); i++) {
        const size_t before = pointer_push_index(c->path, i);

        check(c, node->items, json_array_get(v, i));
        c->path[before] = '\0';
    }
}

static const struct schema_property *property_of(const struct schema_node *node,
                                                 const char *name)
{
    for (size_t i = 0; i < node->n_properties; i++) {
        if (strcmp(node->properties[i].name, name) == 0) {
            return &node->properties[i];
        }
    }
    return NULL;
}

static void check_additional(struct checking *c, const struct schema_node *node,
                             const char *name, const json_t *v)
{
    struct suggest near;
    char hint[SUGGEST_HINT_MAX];

    if (!node->additional->refuses_all) {
        check(c, node->additional, v);
        return;
    }
    suggest_begin(&near, name);
    for (size_t i = 0; i < node->n_properties && c->quiet == 0; i++) {
        suggest_offer(&near, node->properties[i].name);
    }
    report(c, "additionalProperties", "\"%.80s\" is not expected here%s", name,
           suggest_hint(&near, hint));
}

static void check_member(struct checking *c, const struct schema_node *node,
                         const char *name, const json_t *v)
{
    const struct schema_property *p = property_of(node, name);
    const size_t before = pointer_push(c->path, name, strlen(name));

    if (p != NULL) {
        check(c, p->node, v);
    } else if (node->additional != NULL) {
        check_additional(c, node, name, v);
    }
    c->path[before] = '\0';
}

static void check_object(struct checking *c, const struct schema_node *node,
                         const json_t *v)
{
    const char *name;
    json_t *value;

    for (size_t i = 0; i < node->n_required; i++) {
        if (json_object_get(v, node->required[i]) == NULL) {
            report(c, "required", "\"%.80s\" is missing", node->required[i]);
        }
    }
    if (node->n_properties == 0 && node->additional == NULL) {
        return;
    }
    json_object_foreach((json_t *)v, name, value)
    { /* Only read. */
        if (is_over(c) || !spend(c, node->n_properties / 8)) {
            return;
        }
        check_member(c, node, name, value);
    }
}

/* ---- all of it --------------------------------------------------------------- */

static void check_node(struct checking *c, const struct schema_node *node,
                       const json_t *v)
{
    if (node->refuses_all) {
        report(c, "false", "nothing is allowed here");
        return;
    }
    check_type(c, node, v);
    check_values(c, node, v);
    if (json_is_number(v)) {
        check_number(c, node, v);
    } else if (json_is_string(v)) {
        check_string(c, node, v);
    } else if (json_is_array(v)) {
        check_array(c, node, v);
    } else if (json_is_object(v)) {
        check_object(c, node, v);
    }
    if (!is_over(c)) {
        check_combined(c, node, v);
    }
}

/* Recursion ends at INPUT_SCHEMA_DEPTH_MAX: a $ref may lead in a circle. */
static void check(struct checking *c, const struct schema_node *node, const json_t *v)
{
    if (is_over(c) || !spend(c, 1)) {
        return;
    }
    if (c->depth == INPUT_SCHEMA_DEPTH_MAX) {
        give_up(c,
                "schemas lead into each other too deep; does a $ref lead in a circle?");
        return;
    }
    c->depth++;
    check_node(c, node, v);
    c->depth--;
}

size_t input_schema_check(const struct input_schema *s, const json_t *document,
                          struct input_schema_error *errors, size_t errors_max)
{
    struct checking c = {.errors = errors,
                         .errors_max = errors_max,
                         .fits = true,
                         .steps_left = INPUT_SCHEMA_STEPS_MAX};

    check(&c, s->root, document);
    return c.n;
}
