/*
 * input_schema_value.h - JSON values as schemas see them: 1 and 1.0 are the same.
 *
 * Inside of the input_schema modules only.
 */
#ifndef DEFINITIONS_INPUT_SCHEMA_VALUE_H
#define DEFINITIONS_INPUT_SCHEMA_VALUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

bool schema_value_is_same(const json_t *a, const json_t *b);

/* Of two numbers: negative, 0, positive. */
int schema_value_compare(const json_t *a, const json_t *b);

/* A number without a broken part. */
bool schema_value_is_whole(const json_t *number);

/* Is a number a multiple of the other, which is more than 0? 19.99 is one of 0.01. */
bool schema_value_is_multiple(const json_t *number, const json_t *of);

/* Two elements of an array that are the same: their indices; false: there are none. */
bool schema_value_find_twins(const json_t *array, size_t *first, size_t *second);

/* Values inside of it, itself included: what looking at all of it costs. */
size_t schema_value_size(const json_t *value);

#endif /* DEFINITIONS_INPUT_SCHEMA_VALUE_H */
