/*
 * input_schema_compile.c - from JSON to nodes; see input_schema.h.
 *
 * Definitions ($defs, definitions) get their nodes first, so that a $ref can point
 * to one that is not filled in yet.
 */
#include <assert.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "definitions/input_schema_node.h"
#include "definitions/input_schema_pattern.h"
#include "definitions/input_schema_value.h"
#include "definitions/pointer.h"
#include "definitions/suggest.h"

struct named_node {
    const char *group; /* "$defs" or "definitions". */
    const char *name;
    struct schema_node *node;
};

struct compiling {
    struct input_schema *schema;
    struct input_schema_error *error;
    bool has_failed;
    char path[POINTER_MAX];
    size_t n_nodes;
    struct schema_node *root;
    struct named_node *named;
    size_t n_named;
};

static bool compile_node(struct compiling *c, const json_t *json,
                         struct schema_node *node);

static bool refuse(struct compiling *c, const char *code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The first refusal stays; always false. */
static bool refuse(struct compiling *c, const char *code, const char *fmt, ...)
{
    va_list args;

    if (c->has_failed) {
        return false;
    }
    c->has_failed = true;
    (void)snprintf(c->error->pointer, sizeof(c->error->pointer), "%s", c->path);
    (void)snprintf(c->error->code, sizeof(c->error->code), "%s", code);
    va_start(args, fmt);
    (void)vsnprintf(c->error->detail, sizeof(c->error->detail), fmt, args); /* Cut. */
    va_end(args);
    return false;
}

static struct schema_node *node_new(struct compiling *c)
{
    if (c->n_nodes == INPUT_SCHEMA_NODES_MAX) {
        (void)refuse(c, "limit", "it has more than %d schemas", INPUT_SCHEMA_NODES_MAX);
        return NULL; /* The refusal is always false. */
    }
    c->n_nodes++;
    return arena_take(c->schema->arena, sizeof(struct schema_node));
}

/* A schema inside of another; NULL: refused. */
static const struct schema_node *compile_inner(struct compiling *c, const json_t *json)
{
    struct schema_node *node = node_new(c);

    return node != NULL && compile_node(c, json, node) ? node : NULL;
}

/* ---- keywords: json is the keyword's value, c->path ends with the keyword -------- */

static bool compile_type_name(struct compiling *c, const json_t *json,
                              struct schema_node *node)
{
    static const char *const names[] = {"null",   "boolean", "integer", "number",
                                        "string", "array",   "object"};
    const char *name = json_string_value(json);
    struct suggest near;
    char hint[SUGGEST_HINT_MAX];

    if (name == NULL) {
        return refuse(c, "type",
                      "a type is a text: null boolean integer number string "
                      "array object");
    }
    suggest_begin(&near, name);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            node->types |= 1U << i;
            return true;
        }
        suggest_offer(&near, names[i]);
    }
    return refuse(c, "type", "\"%.40s\" is no type%s", name, suggest_hint(&near, hint));
}

static bool compile_type(struct compiling *c, const json_t *json,
                         struct schema_node *node)
{
    if (!json_is_array(json)) {
        return compile_type_name(c, json, node);
    }
    if (json_array_size(json) == 0) {
        return refuse(c, "type", "the list of types is empty: nothing would fit");
    }
    for (size_t i = 0; i < json_array_size(json); i++) {
        if (!compile_type_name(c, json_array_get(json, i), node)) {
            return false;
        }
    }
    return true;
}

static bool compile_enum(struct compiling *c, const json_t *json,
                         struct schema_node *node)
{
    if (!json_is_array(json) || json_array_size(json) == 0) {
        return refuse(c, "enum", "enum is a list of at least one value");
    }
    node->one_of = json;
    return true;
}

static bool compile_const(struct compiling *c, const json_t *json,
                          struct schema_node *node)
{
    (void)c;
    node->constant = json;
    return true;
}

static bool compile_required(struct compiling *c, const json_t *json,
                             struct schema_node *node)
{
    const size_t n = json_array_size(json);

    if (!json_is_array(json)) {
        return refuse(c, "required", "required is a list of names");
    }
    node->required = arena_take(c->schema->arena, n * sizeof(node->required[0]));
    for (size_t i = 0; i < n; i++) {
        node->required[i] = json_string_value(json_array_get(json, i));
        if (node->required[i] == NULL) {
            return refuse(c, "required", "required is a list of names");
        }
    }
    node->n_required = n;
    return true;
}

static bool compile_properties(struct compiling *c, const json_t *json,
                               struct schema_node *node)
{
    const char *name;
    json_t *value;

    if (!json_is_object(json)) {
        return refuse(c, "properties", "properties is an object: a schema for each name");
    }
    node->properties = arena_take(c->schema->arena,
                                  json_object_size(json) * sizeof(node->properties[0]));
    json_object_foreach((json_t *)json, name, value)
    { /* Only read. */
        const size_t before = pointer_push(c->path, name, strlen(name));
        struct schema_property *p = &node->properties[node->n_properties];

        p->name = name;
        p->node = compile_inner(c, value);
        if (p->node == NULL) {
            return false;
        }
        c->path[before] = '\0';
        node->n_properties++;
    }
    return true;
}

static bool compile_items(struct compiling *c, const json_t *json,
                          struct schema_node *node)
{
    if (json_is_array(json)) {
        return refuse(c, "items",
                      "items is one schema for all elements; a list of "
                      "schemas is not supported");
    }
    node->items = compile_inner(c, json);
    return node->items != NULL;
}

static bool compile_list(struct compiling *c, const json_t *json,
                         struct schema_list *list)
{
    const size_t n = json_array_size(json);

    if (!json_is_array(json) || n == 0) {
        return refuse(c, "keyword", "this is a list of at least one schema");
    }
    list->at = arena_take(c->schema->arena, n * sizeof(list->at[0]));
    for (size_t i = 0; i < n; i++) {
        const size_t before = pointer_push_index(c->path, i);

        list->at[i] = compile_inner(c, json_array_get(json, i));
        if (list->at[i] == NULL) {
            return false;
        }
        c->path[before] = '\0';
    }
    list->n = n;
    return true;
}

static bool compile_count(struct compiling *c, const json_t *json,
                          struct schema_bound *bound)
{
    const double n = json_number_value(json);

    if (!json_is_number(json) || !schema_value_is_whole(json) || n < 0 || n > 1e9) {
        return refuse(c, "keyword", "this is a whole number from 0");
    }
    *bound = (struct schema_bound){true, (size_t)n};
    return true;
}

static bool compile_number(struct compiling *c, const json_t *json, const json_t **out)
{
    if (!json_is_number(json)) {
        return refuse(c, "keyword", "this is a number");
    }
    *out = json;
    return true;
}

static bool compile_multiple(struct compiling *c, const json_t *json,
                             struct schema_node *node)
{
    if (!json_is_number(json) || json_number_value(json) <= 0) {
        return refuse(c, "multipleOf", "multipleOf is a number above 0");
    }
    node->multiple_of = json;
    return true;
}

static bool compile_unique(struct compiling *c, const json_t *json,
                           struct schema_node *node)
{
    if (!json_is_boolean(json)) {
        return refuse(c, "uniqueItems", "uniqueItems is true or false");
    }
    node->has_unique_items = json_is_true(json);
    return true;
}

static bool compile_pattern(struct compiling *c, const json_t *json,
                            struct schema_node *node)
{
    const char *text = json_string_value(json);
    const char *refusal = text == NULL ? "it is no text" : schema_pattern_refusal(text);
    struct schema_pattern *pattern;
    int failed;
    char why[128];

    if (refusal != NULL) {
        return refuse(c, "pattern", "this pattern cannot be used: %s", refusal);
    }
    pattern = mem_alloc(sizeof(*pattern));
    failed = regcomp(&pattern->compiled, text, REG_EXTENDED | REG_NOSUB);
    if (failed != 0) {
        (void)regerror(failed, &pattern->compiled, why, sizeof(why)); /* Cut to fit. */
        free(pattern);
        return refuse(c, "pattern", "this pattern cannot be used: %s", why);
    }
    pattern->next = c->schema->patterns;
    c->schema->patterns = pattern;
    node->pattern = &pattern->compiled;
    node->pattern_text = text;
    return true;
}

static bool compile_format(struct compiling *c, const json_t *json,
                           struct schema_node *node)
{
    const char *name = json_string_value(json);

    node->format = name == NULL ? SCHEMA_FORMAT_NONE : schema_format_of(name);
    if (node->format == SCHEMA_FORMAT_NONE) {
        return refuse(c, "format", "the formats are date-time uuid email uri");
    }
    return true;
}

static bool compile_ref(struct compiling *c, const json_t *json, struct schema_node *node)
{
    const char *target = json_string_value(json);
    char path[POINTER_MAX];

    if (target == NULL || target[0] != '#') {
        return refuse(c, "$ref", "a $ref points into this schema: #/$defs/name");
    }
    if (target[1] == '\0') {
        node->ref = c->root;
        return true;
    }
    for (size_t i = 0; i < c->n_named; i++) {
        path[0] = '\0';
        (void)pointer_push(path, c->named[i].group, strlen(c->named[i].group));
        (void)pointer_push(path, c->named[i].name, strlen(c->named[i].name));
        if (strcmp(path, target + 1) == 0) {
            node->ref = c->named[i].node;
            return true;
        }
    }
    return refuse(c, "$ref",
                  "there is no %.80s; a $ref points to #, #/$defs/name or "
                  "#/definitions/name",
                  target);
}

static bool compile_nothing(struct compiling *c, const json_t *json,
                            struct schema_node *node)
{
    (void)c;
    (void)json;
    (void)node;
    return true;
}

static bool compile_definitions(struct compiling *c, const json_t *json,
                                struct schema_node *node)
{
    (void)json;
    return node == c->root || refuse(c, "$defs", "definitions stand at the schema's top");
}

/* ---- the table ------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool (*compile)(struct compiling *c, const json_t *json, struct schema_node *node);
} keywords[] = {
    {"type", compile_type},
    {"enum", compile_enum},
    {"const", compile_const},
    {"required", compile_required},
    {"properties", compile_properties},
    {"items", compile_items},
    {"pattern", compile_pattern},
    {"multipleOf", compile_multiple},
    {"uniqueItems", compile_unique},
    {"format", compile_format},
    {"$ref", compile_ref},
    {"$defs", compile_definitions},
    {"definitions", compile_definitions},
    {"$schema", compile_nothing},
    {"$id", compile_nothing},
    {"$comment", compile_nothing},
    {"title", compile_nothing},
    {"description", compile_nothing},
    {"default", compile_nothing},
    {"example", compile_nothing},
    {"examples", compile_nothing},
    {"deprecated", compile_nothing},
    {"readOnly", compile_nothing},
    {"writeOnly", compile_nothing},
};

#define N_KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

/* Keywords that only fill one field of the node. */
enum field_kind {
    FIELD_COUNT,  /* struct schema_bound */
    FIELD_NUMBER, /* const json_t * */
    FIELD_LIST,   /* struct schema_list */
    FIELD_SCHEMA, /* const struct schema_node * */
};

static const struct {
    const char *name;
    enum field_kind kind;
    size_t offset;
} fields[] = {
    {"minItems", FIELD_COUNT, offsetof(struct schema_node, min_items)},
    {"maxItems", FIELD_COUNT, offsetof(struct schema_node, max_items)},
    {"minLength", FIELD_COUNT, offsetof(struct schema_node, min_length)},
    {"maxLength", FIELD_COUNT, offsetof(struct schema_node, max_length)},
    {"minimum", FIELD_NUMBER, offsetof(struct schema_node, minimum)},
    {"maximum", FIELD_NUMBER, offsetof(struct schema_node, maximum)},
    {"exclusiveMinimum", FIELD_NUMBER, offsetof(struct schema_node, exclusive_minimum)},
    {"exclusiveMaximum", FIELD_NUMBER, offsetof(struct schema_node, exclusive_maximum)},
    {"anyOf", FIELD_LIST, offsetof(struct schema_node, any_of)},
    {"oneOf", FIELD_LIST, offsetof(struct schema_node, exactly_one_of)},
    {"allOf", FIELD_LIST, offsetof(struct schema_node, all_of)},
    {"additionalProperties", FIELD_SCHEMA, offsetof(struct schema_node, additional)},
    {"not", FIELD_SCHEMA, offsetof(struct schema_node, not )},
};

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static bool compile_field(struct compiling *c, size_t i, const json_t *json,
                          struct schema_node *node)
{
    void *field = (char *)node + fields[i].offset;
    const struct schema_node **inner = field;

    switch (fields[i].kind) {
    case FIELD_COUNT:
        return compile_count(c, json, field);
    case FIELD_NUMBER:
        return compile_number(c, json, field);
    case FIELD_LIST:
        return compile_list(c, json, field);
    case FIELD_SCHEMA:
        *inner = compile_inner(c, json);
        return *inner != NULL;
    }
    assert(false);
    return false;
}

static bool refuse_keyword(struct compiling *c, const char *name)
{
    struct suggest near;
    char hint[SUGGEST_HINT_MAX];

    suggest_begin(&near, name);
    for (size_t i = 0; i < N_KEYWORDS; i++) {
        suggest_offer(&near, keywords[i].name);
    }
    for (size_t i = 0; i < N_FIELDS; i++) {
        suggest_offer(&near, fields[i].name);
    }
    return refuse(c, "keyword", "\"%.60s\" is not among the supported keywords%s", name,
                  suggest_hint(&near, hint));
}

static bool compile_keyword(struct compiling *c, const char *name, const json_t *value,
                            struct schema_node *node)
{
    if (strncmp(name, "//", 2) == 0) {
        return true; /* A comment, as everywhere in a definition. */
    }
    for (size_t i = 0; i < N_KEYWORDS; i++) {
        if (strcmp(keywords[i].name, name) == 0) {
            return keywords[i].compile(c, value, node);
        }
    }
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return compile_field(c, i, value, node);
        }
    }
    return refuse_keyword(c, name);
}

/* Recursion is as deep as the JSON, which json_read() bounds. */
static bool compile_node(struct compiling *c, const json_t *json,
                         struct schema_node *node)
{
    const char *name;
    json_t *value;

    if (json_is_boolean(json)) {
        node->refuses_all = json_is_false(json);
        return true;
    }
    if (!json_is_object(json)) {
        return refuse(c, "schema", "a schema is an object, true or false");
    }
    json_object_foreach((json_t *)json, name, value)
    { /* Only read. */
        const size_t before = pointer_push(c->path, name, strlen(name));

        if (!compile_keyword(c, name, value, node)) {
            return false;
        }
        c->path[before] = '\0';
    }
    return true;
}

/* ---- definitions ----------------------------------------------------------------- */

/* Nodes for the names in one group, still empty. */
static bool announce(struct compiling *c, const char *group, const json_t *json)
{
    const char *name;
    json_t *value;

    if (json == NULL) {
        return true;
    }
    if (!json_is_object(json)) {
        (void)pointer_push(c->path, group, strlen(group)); /* Where it was is "". */
        return refuse(c, "$defs", "this is an object: a schema for each name");
    }
    json_object_foreach((json_t *)json, name, value)
    { /* Only read. */
        struct schema_node *node = node_new(c);

        if (node == NULL) {
            return false;
        }
        c->named[c->n_named] = (struct named_node){group, name, node};
        c->n_named++;
    }
    return true;
}

static bool compile_named(struct compiling *c, const json_t *schema)
{
    for (size_t i = 0; i < c->n_named; i++) {
        const struct named_node *named = &c->named[i];
        const json_t *json =
            json_object_get(json_object_get(schema, named->group), named->name);

        c->path[0] = '\0';
        (void)pointer_push(c->path, named->group, strlen(named->group));
        (void)pointer_push(c->path, named->name, strlen(named->name));
        if (!compile_node(c, json, named->node)) {
            return false;
        }
    }
    c->path[0] = '\0';
    return true;
}

static bool compile_all(struct compiling *c, const json_t *schema)
{
    const json_t *defs = json_object_get(schema, "$defs");
    const json_t *definitions = json_object_get(schema, "definitions");

    c->root = node_new(c);
    c->named = arena_take(c->schema->arena,
                          (json_object_size(defs) + json_object_size(definitions)) *
                              sizeof(c->named[0]));
    return announce(c, "$defs", defs) && announce(c, "definitions", definitions) &&
           compile_named(c, schema) && compile_node(c, schema, c->root);
}

enum err input_schema_compile(const json_t *schema, struct input_schema **out,
                              struct input_schema_error *error)
{
    struct input_schema_error aside;
    struct input_schema *made = mem_alloc(sizeof(*made));
    struct compiling c = {.schema = made, .error = error != NULL ? error : &aside};

    made->arena = arena_create(4096);
    made->source = json_deep_copy(schema);
    if (made->source == NULL) {
        input_schema_destroy(made);
        return ERR_NOMEM;
    }
    if (!compile_all(&c, made->source)) {
        input_schema_destroy(made);
        return ERR_INVALID;
    }
    made->root = c.root;
    *out = made;
    return ERR_OK;
}

void input_schema_destroy(struct input_schema *s)
{
    if (s == NULL) {
        return;
    }
    while (s->patterns != NULL) {
        struct schema_pattern *next = s->patterns->next;

        regfree(&s->patterns->compiled);
        free(s->patterns);
        s->patterns = next;
    }
    json_decref(s->source);
    arena_destroy(s->arena);
    free(s);
}
