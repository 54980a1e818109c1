/*
 * input_schema.h - does a document fit a schema?
 *
 * A subset of JSON Schema (definitions.md, "Input schema subset"): type enum const
 * required properties additionalProperties items minItems maxItems minLength
 * maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf
 * uniqueItems anyOf oneOf allOf not format(date-time uuid email uri) and local $ref
 * (#, #/$defs/x, #/definitions/x). Annotations ($schema $id $comment title description
 * default example examples deprecated readOnly writeOnly $defs definitions) are read
 * and mean nothing. Any other keyword is refused, with its place: a schema that
 * checks less than its author believes is worse than none.
 *
 * `pattern` is a POSIX extended regular expression, not anchored, at most
 * INPUT_SCHEMA_PATTERN_MAX bytes, tried on texts of at most
 * INPUT_SCHEMA_SUBJECT_MAX bytes; a longer text fails the check. minLength and
 * maxLength count characters, not bytes.
 *
 * A $ref may lead back to itself; a document is at most JSON_DEPTH_MAX deep, and a
 * cycle that consumes nothing ends at INPUT_SCHEMA_DEPTH_MAX as an error.
 *
 * Ownership: the compiled schema is the caller's, who destroys it; it keeps nothing
 * of the json_t it was made from. It never changes: threads may share it.
 */
#ifndef DEFINITIONS_INPUT_SCHEMA_H
#define DEFINITIONS_INPUT_SCHEMA_H

#include <jansson.h>
#include <stddef.h>

#include "base/err.h"

#define INPUT_SCHEMA_ERRORS_MAX 50     /* Errors of one check; the rest is not said. */
#define INPUT_SCHEMA_PATTERN_MAX 256   /* Bytes. */
#define INPUT_SCHEMA_SUBJECT_MAX 4096  /* Bytes of a text that a pattern is tried on. */
#define INPUT_SCHEMA_DEPTH_MAX 128     /* Schemas inside each other during a check. */
#define INPUT_SCHEMA_NODES_MAX 4096    /* Schemas in one schema. */
#define INPUT_SCHEMA_STEPS_MAX 1000000 /* Work of one check: schemas times values. */

struct input_schema;

struct input_schema_error {
    char
        pointer[256]; /* JSON Pointer: in the schema (compile) or the document (check). */
    char code[32];    /* The keyword that said no: "required", "type"… */
    char detail[256]; /* One sentence, no full stop. */
};

/* ERR_INVALID: *error says where in the schema and why; it may be NULL. */
MUST_CHECK enum err input_schema_compile(const json_t *schema, struct input_schema **out,
                                         struct input_schema_error *error);

/* Returns the number of errors, 0 when the document fits; at most errors_max (and
 * INPUT_SCHEMA_ERRORS_MAX) are written. */
size_t input_schema_check(const struct input_schema *s, const json_t *document,
                          struct input_schema_error *errors, size_t errors_max);

void input_schema_destroy(struct input_schema *s); /* NULL is fine. */

#endif /* DEFINITIONS_INPUT_SCHEMA_H */
