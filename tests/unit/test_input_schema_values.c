/* When values are the same, multiples, whole; and what ends a check that takes too long.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "definitions/input_schema.h"
#include "definitions/input_schema_value.h"
#include "tests/support/suite.h"

static json_t *read(const char *text)
{
    struct err_info info = {{0}};
    json_t *value = NULL;

    ck_assert_msg(json_read(text, strlen(text), &value, &info) == ERR_OK, "%s: %s", text,
                  info.text);
    return value;
}

START_TEST(test_values_are_the_same_whatever_their_form)
{
    static const struct {
        const char *a;
        const char *b;
        bool is_same;
    } all[] = {
        {"1", "1.0", true},
        {"1.5", "1.5", true},
        {"1.5", "2.5", false},
        {"9007199254740993", "9007199254740992.0", false},
        {"1", "\"1\"", false},
        {"\"1\"", "1", false},
        {"true", "true", true},
        {"true", "false", false},
        {"null", "null", true},
        {"\"a\"", "\"a\"", true},
        {"\"a\"", "\"b\"", false},
        {"[1, [2]]", "[1.0, [2.0]]", true},
        {"[1]", "[1, 2]", false},
        {"[1, 2]", "[2, 1]", false},
        {"{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}", true},
        {"{\"a\": 1}", "{\"a\": 1, \"b\": 2}", false},
        {"{\"a\": 1}", "{\"b\": 1}", false},
        {"{\"a\": 1}", "{\"a\": 2}", false},
        {"{}", "[]", false},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        json_t *a = read(all[i].a);
        json_t *b = read(all[i].b);
        json_t *both = json_pack("[O, O]", a, b);
        size_t first;
        size_t second;

        ck_assert_msg(schema_value_is_same(a, b) == all[i].is_same, "%s and %s", all[i].a,
                      all[i].b);
        /* What is the same has the same hash. */
        ck_assert_msg(schema_value_find_twins(both, &first, &second) == all[i].is_same,
                      "%s and %s", all[i].a, all[i].b);
        json_decref(both);
        json_decref(a);
        json_decref(b);
    }
}
END_TEST

START_TEST(test_twins_are_found_among_large_and_broken_numbers)
{
    static const struct {
        const char *array;
        bool has_twins;
    } all[] = {
        {"[]", false},
        {"[1e300, 2, 1e300]", true},
        {"[-1e300, 1e300]", false},
        {"[0.5, 1.5, 0.5]", true},
        {"[9223372036854775807, 9223372036854775807.0]", false},
        {"[-9223372036854775808, -9223372036854775808.0]", true},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        json_t *array = read(all[i].array);
        size_t first;
        size_t second;

        ck_assert_msg(schema_value_find_twins(array, &first, &second) == all[i].has_twins,
                      "%s", all[i].array);
        json_decref(array);
    }
}
END_TEST

START_TEST(test_a_multiple_is_one_as_far_as_a_double_can_say)
{
    static const struct {
        const char *number;
        const char *of;
        bool is_multiple;
    } all[] = {
        {"9", "3", true},          {"10", "3", false},         {"19.99", "0.01", true},
        {"19.999", "0.01", false}, {"1", "0.5", true},         {"1.0", "2", false},
        {"0", "0.1", true},        {"1e300", "1e-300", false}, /* No finite quotient. */
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        json_t *number = read(all[i].number);
        json_t *of = read(all[i].of);

        ck_assert_msg(schema_value_is_multiple(number, of) == all[i].is_multiple,
                      "%s of %s", all[i].number, all[i].of);
        json_decref(number);
        json_decref(of);
    }
}
END_TEST

START_TEST(test_whole_numbers_and_sizes)
{
    static const struct {
        const char *value;
        bool is_whole;
        size_t size;
    } all[] = {{"1", true, 1},
               {"1.0", true, 1},
               {"1.5", false, 1},
               {"[]", false, 1},
               {"[1, [2, 3]]", false, 5},
               {"{\"a\": [1], \"b\": 2}", false, 4},
               {"null", false, 1}};

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        json_t *value = read(all[i].value);

        ck_assert_msg(schema_value_is_whole(value) == all[i].is_whole, "%s",
                      all[i].value);
        ck_assert_uint_eq(schema_value_size(value), all[i].size);
        json_decref(value);
    }
}
END_TEST

/* ---- limits of a check ----------------------------------------------------------- */

static size_t check(const json_t *schema_json, const json_t *document,
                    struct input_schema_error errors[INPUT_SCHEMA_ERRORS_MAX])
{
    struct input_schema *schema;
    size_t n;

    ck_assert_int_eq(input_schema_compile(schema_json, &schema, NULL), ERR_OK);
    n = input_schema_check(schema, document, errors, INPUT_SCHEMA_ERRORS_MAX);
    input_schema_destroy(schema);
    return n;
}

START_TEST(test_errors_beyond_the_fiftieth_are_not_told)
{
    static struct input_schema_error errors[INPUT_SCHEMA_ERRORS_MAX];
    json_t *schema = read("{\"items\": {\"required\": [\"a\", \"b\", \"c\"]}}");
    json_t *document = json_array();

    for (int i = 0; i < 17; i++) { /* 51 errors; the last object has three of them. */
        (void)json_array_append_new(document, json_object());
    }
    ck_assert_uint_eq(check(schema, document, errors), INPUT_SCHEMA_ERRORS_MAX);
    ck_assert_str_eq(errors[49].pointer, "/16");
    json_decref(document);
    json_decref(schema);
}
END_TEST

START_TEST(test_a_check_that_takes_too_many_steps_says_so_once)
{
    static struct input_schema_error errors[INPUT_SCHEMA_ERRORS_MAX];
    static const char *const around[] = {"not", "anyOf"};
    json_t *document = json_array();

    for (int i = 0; i < 1100; i++) {
        (void)json_array_append_new(document, json_string("0123456789012345678"));
    }
    for (size_t i = 0; i < sizeof(around) / sizeof(around[0]); i++) {
        json_t *choices = json_array();
        json_t *one;
        json_t *schema;

        for (int k = 0; k < 1000; k++) { /* A thousand comparisons for each element. */
            (void)json_array_append_new(choices, json_integer(k));
        }
        one = json_pack("{s: o, s: s, s: b}", "enum", choices, "pattern", "a",
                        "uniqueItems", 1);
        schema = json_pack("{s: {s: o}}", "items", around[i],
                           i == 0 ? one : json_pack("[o, b]", one, 1));
        ck_assert_uint_eq(check(schema, document, errors), 1);
        ck_assert_str_eq(errors[0].code, "limit");
        ck_assert_str_eq(errors[0].detail, "checking this takes too many steps");
        json_decref(schema);
    }
    json_decref(document);
}
END_TEST

START_TEST(test_a_schema_of_too_many_schemas_is_refused)
{
    static const struct {
        const char *group;
        int n;
        bool is_fine;
    } all[] = {
        {"properties", INPUT_SCHEMA_NODES_MAX - 1, true}, /* The root is one, too. */
        {"properties", INPUT_SCHEMA_NODES_MAX, false},
        {"$defs", INPUT_SCHEMA_NODES_MAX - 1, true},
        {"$defs", INPUT_SCHEMA_NODES_MAX, false},
        {"definitions", INPUT_SCHEMA_NODES_MAX, false},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct input_schema_error error = {"", "", ""};
        struct input_schema *schema = NULL;
        json_t *members = json_object();
        json_t *json = json_pack("{s: o}", all[i].group, members);

        for (int k = 0; k < all[i].n; k++) {
            char name[16];

            (void)snprintf(name, sizeof(name), "n%d", k);
            (void)json_object_set_new(members, name, json_true());
        }
        ck_assert((input_schema_compile(json, &schema, &error) == ERR_OK) ==
                  all[i].is_fine);
        if (!all[i].is_fine) {
            ck_assert_str_eq(error.detail, "it has more than 4096 schemas");
        }
        input_schema_destroy(schema);
        json_decref(json);
    }
}
END_TEST

int main(void)
{
    return suite_main("input_schema_values", test_values_are_the_same_whatever_their_form,
                      test_twins_are_found_among_large_and_broken_numbers,
                      test_a_multiple_is_one_as_far_as_a_double_can_say,
                      test_whole_numbers_and_sizes,
                      test_errors_beyond_the_fiftieth_are_not_told,
                      test_a_check_that_takes_too_many_steps_says_so_once,
                      test_a_schema_of_too_many_schemas_is_refused);
}
