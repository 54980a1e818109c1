/* input_schema_value.c - see input_schema_value.h. Recursion is as deep as the values,
 * which json_read() bounds. */
#include "definitions/input_schema_value.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

/* long double holds an int64 and a double exactly on the machines we build for. */
static long double number(const json_t *v)
{
    return json_is_integer(v) ? (long double)json_integer_value(v)
                              : (long double)json_real_value(v);
}

int schema_value_compare(const json_t *a, const json_t *b)
{
    const long double left = number(a);
    const long double right = number(b);

    return left < right ? -1 : (left > right ? 1 : 0);
}

static bool is_same_array(const json_t *a, const json_t *b)
{
    if (json_array_size(a) != json_array_size(b)) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(a); i++) {
        if (!schema_value_is_same(json_array_get(a, i), json_array_get(b, i))) {
            return false;
        }
    }
    return true;
}

static bool is_same_object(const json_t *a, const json_t *b)
{
    const char *name;
    json_t *value;

    if (json_object_size(a) != json_object_size(b)) {
        return false;
    }
    json_object_foreach((json_t *)a, name, value)
    { /* Only read. */
        const json_t *other = json_object_get(b, name);

        if (other == NULL || !schema_value_is_same(value, other)) {
            return false;
        }
    }
    return true;
}

bool schema_value_is_same(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b)) {
        return schema_value_compare(a, b) == 0;
    }
    if (json_typeof(a) != json_typeof(b)) {
        return false;
    }
    if (json_is_string(a)) {
        return strcmp(json_string_value(a), json_string_value(b)) == 0;
    }
    if (json_is_array(a)) {
        return is_same_array(a, b);
    }
    return !json_is_object(a) || is_same_object(a, b);
}

bool schema_value_is_whole(const json_t *v)
{
    return json_is_integer(v) ||
           (json_is_real(v) && floor(json_real_value(v)) == json_real_value(v));
}

bool schema_value_is_multiple(const json_t *v, const json_t *of)
{
    double times;

    if (json_is_integer(v) && json_is_integer(of)) {
        return json_integer_value(v) % json_integer_value(of) == 0;
    }
    times = json_number_value(v) / json_number_value(of);
    /* 19.99 / 0.01 is 1998.9999999999998: what a double cannot say is forgiven. */
    return isfinite(times) && fabs(times - round(times)) <= 1e-9 * fmax(1.0, fabs(times));
}

/* 1 and 1.0 are the same, so they have the same hash. */
static uint64_t hash_number(const json_t *v)
{
    const double limit = 9223372036854775808.0; /* 2^63 */
    const double real = json_number_value(v);

    if (json_is_integer(v)) {
        return hash_mix((uint64_t)json_integer_value(v), 1);
    }
    if (real >= -limit && real < limit && floor(real) == real) {
        return hash_mix((uint64_t)(int64_t)real, 1);
    }
    return hash_bytes(&real, sizeof(real));
}

static uint64_t hash_of(const json_t *v)
{
    uint64_t hash = 0;
    const char *name;
    json_t *value;

    if (json_is_number(v)) {
        return hash_number(v);
    }
    if (json_is_string(v)) {
        return hash_bytes(json_string_value(v), json_string_length(v));
    }
    for (size_t i = 0; i < json_array_size(v); i++) {
        hash = hash_mix(hash, hash_of(json_array_get(v, i)));
    }
    json_object_foreach((json_t *)v, name, value)
    { /* Only read; in no order. */
        hash += hash_mix(hash_bytes(name, strlen(name)), hash_of(value));
    }
    return hash_mix(hash, (uint64_t)json_typeof(v));
}

struct hashed {
    uint64_t hash;
    size_t index;
};

static int by_hash(const void *a, const void *b)
{
    const struct hashed *left = a;
    const struct hashed *right = b;

    if (left->hash != right->hash) {
        return left->hash < right->hash ? -1 : 1;
    }
    return left->index < right->index ? -1 : 1;
}

/* Among equal hashes: any two that are the same? */
static bool find_in_run(const json_t *array, const struct hashed *run, size_t n,
                        size_t *first, size_t *second)
{
    for (size_t i = 1; i < n && run[i].hash == run[0].hash; i++) {
        if (schema_value_is_same(json_array_get(array, run[0].index),
                                 json_array_get(array, run[i].index))) {
            *first = run[0].index;
            *second = run[i].index;
            return true;
        }
    }
    return false;
}

bool schema_value_find_twins(const json_t *array, size_t *first, size_t *second)
{
    const size_t n = json_array_size(array);
    struct hashed *all = mem_alloc((n + 1) * sizeof(*all));
    bool is_found = false;

    for (size_t i = 0; i < n; i++) {
        all[i] = (struct hashed){hash_of(json_array_get(array, i)), i};
    }
    qsort(all, n, sizeof(*all), by_hash);
    for (size_t i = 0; i < n && !is_found; i++) {
        is_found = find_in_run(array, all + i, n - i, first, second);
    }
    free(all);
    return is_found;
}

size_t schema_value_size(const json_t *v)
{
    size_t size = 1;
    const char *name;
    json_t *value;

    for (size_t i = 0; i < json_array_size(v); i++) {
        size += schema_value_size(json_array_get(v, i));
    }
    json_object_foreach((json_t *)v, name, value)
    { /* Only read. */
        size += schema_value_size(value);
    }
    return size;
}
