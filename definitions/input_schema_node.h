/*
 * input_schema_node.h - a compiled schema: one node for each schema in it.
 *
 * Inside of the input_schema modules only. A node never changes once compiled; a
 * $ref points to another node, so the nodes form a graph, all in one arena.
 */
#ifndef DEFINITIONS_INPUT_SCHEMA_NODE_H
#define DEFINITIONS_INPUT_SCHEMA_NODE_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "definitions/input_schema.h"
#include "definitions/input_schema_format.h"

/* What `type` may list. */
enum schema_type {
    SCHEMA_NULL = 1U << 0,
    SCHEMA_BOOLEAN = 1U << 1,
    SCHEMA_INTEGER = 1U << 2,
    SCHEMA_NUMBER = 1U << 3,
    SCHEMA_STRING = 1U << 4,
    SCHEMA_ARRAY = 1U << 5,
    SCHEMA_OBJECT = 1U << 6,
};

struct schema_node;

struct schema_list {
    const struct schema_node **at;
    size_t n;
};

struct schema_property {
    const char *name;
    const struct schema_node *node;
};

/* A bound that may be missing. */
struct schema_bound {
    bool is_set;
    size_t count;
};

struct schema_node {
    bool refuses_all;       /* The schema `false`. */
    unsigned types;         /* 0: any. */
    const json_t *one_of;   /* enum; NULL: none. Owned by the schema, as constant. */
    const json_t *constant; /* const; NULL: none. */
    const char **required;
    size_t n_required;
    struct schema_property *properties;
    size_t n_properties;
    const struct schema_node *additional; /* additionalProperties; NULL: anything. */
    const struct schema_node *items;      /* NULL: anything. */
    struct schema_bound min_items;
    struct schema_bound max_items;
    struct schema_bound min_length;
    struct schema_bound max_length;
    bool has_unique_items;
    const regex_t *pattern; /* NULL: none. */
    const char *pattern_text;
    enum schema_format format;
    const json_t *minimum; /* Numbers; NULL: none. */
    const json_t *maximum;
    const json_t *exclusive_minimum;
    const json_t *exclusive_maximum;
    const json_t *multiple_of;
    struct schema_list any_of;
    struct schema_list exactly_one_of;
    struct schema_list all_of;
    const struct schema_node * not ;
    const struct schema_node *ref;
};

struct schema_pattern {
    struct schema_pattern *next;
    regex_t compiled;
};

struct input_schema {
    struct arena *arena;
    json_t *source; /* Owned copy: enum, const and bounds point into it. */
    const struct schema_node *root;
    struct schema_pattern *patterns; /* To be freed one by one. */
};

#endif /* DEFINITIONS_INPUT_SCHEMA_NODE_H */
