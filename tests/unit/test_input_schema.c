#include "definitions/input_schema.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "tests/support/suite.h"

static char answer[16384];

static json_t *read(const char *text)
{
    struct err_info info = {{0}};
    json_t *value = NULL;

    ck_assert_msg(json_read(text, strlen(text), &value, &info) == ERR_OK, "%s: %s", text,
                  info.text);
    return value;
}

/* NULL and answer "refused at /type (type): ..." when it does not compile. */
static struct input_schema *compiled(const char *text)
{
    struct input_schema_error error = {"", "", ""};
    struct input_schema *schema = NULL;
    json_t *json = read(text);

    if (input_schema_compile(json, &schema, &error) != ERR_OK) {
        (void)snprintf(answer, sizeof(answer), "refused at %s (%s): %s", error.pointer,
                       error.code, error.detail);
    }
    json_decref(json);
    return schema;
}

/* "fits", or the errors as "/a type: must be ...; ...". */
static const char *check(const char *schema_text, const char *document_text)
{
    static struct input_schema_error errors[INPUT_SCHEMA_ERRORS_MAX];
    struct input_schema *schema = compiled(schema_text);
    json_t *document;
    size_t n;
    size_t at = 0;

    if (schema == NULL) {
        return answer;
    }
    document = read(document_text);
    n = input_schema_check(schema, document, errors, INPUT_SCHEMA_ERRORS_MAX);
    (void)snprintf(answer, sizeof(answer), "fits");
    for (size_t i = 0; i < n && at < sizeof(answer); i++) {
        at += (size_t)snprintf(answer + at, sizeof(answer) - at, "%s%s %s: %s",
                               i > 0 ? "; " : "", errors[i].pointer, errors[i].code,
                               errors[i].detail);
    }
    json_decref(document);
    input_schema_destroy(schema);
    return answer;
}

#define FITS(schema, document) ck_assert_str_eq(check(schema, document), "fits")
#define SAYS(schema, document, errors) ck_assert_str_eq(check(schema, document), errors)

START_TEST(test_type_is_one_or_several)
{
    FITS("{\"type\": \"string\"}", "\"x\"");
    FITS("{\"type\": [\"string\", \"null\"]}", "null");
    FITS("{}", "5");
    SAYS("{\"type\": \"string\"}", "5", " type: must be a string, not an integer");
    SAYS("{\"type\": [\"array\", \"object\"]}", "1.5",
         " type: must be an array or an object, not a number");
    SAYS("{\"type\": \"boolean\"}", "null", " type: must be a boolean, not null");
}
END_TEST

START_TEST(test_a_whole_number_is_an_integer_however_it_is_written)
{
    FITS("{\"type\": \"integer\"}", "1.0");
    FITS("{\"type\": \"number\"}", "1");
    SAYS("{\"type\": \"integer\"}", "1.5", " type: must be an integer, not a number");
    FITS("{\"const\": 1}", "1.0");
    FITS("{\"enum\": [{\"a\": [1.0]}]}", "{\"a\": [1]}");
}
END_TEST

START_TEST(test_enum_and_const)
{
    FITS("{\"enum\": [\"a\", null, 3]}", "null");
    SAYS("{\"enum\": [\"a\", 3]}", "\"b\"", " enum: must be one of [\"a\",3]");
    SAYS("{\"const\": {\"a\": 1}}", "{\"a\": 2}", " const: must be {\"a\":1}");
}
END_TEST

START_TEST(test_all_errors_of_an_object_come_at_once)
{
    SAYS("{\"type\": \"object\", \"required\": [\"id\", \"amount\"], \"properties\": "
         "{\"id\": {\"type\": \"string\"}, \"qty\": {\"minimum\": 1}}, "
         "\"additionalProperties\": false}",
         "{\"qty\": 0, \"idd\": 1}",
         " required: \"id\" is missing;  required: \"amount\" is missing; "
         "/qty minimum: must be at least 1; "
         "/idd additionalProperties: \"idd\" is not expected here; did you mean 'id'?");
}
END_TEST

START_TEST(test_additional_properties_may_have_a_schema)
{
    FITS("{\"additionalProperties\": {\"type\": \"integer\"}}", "{\"a\": 1}");
    SAYS("{\"additionalProperties\": {\"type\": \"integer\"}}", "{\"a/b~\": \"x\"}",
         "/a~1b~0 type: must be an integer, not a string");
}
END_TEST

START_TEST(test_items_and_their_number)
{
    FITS("{\"items\": {\"type\": \"integer\"}, \"minItems\": 1, \"maxItems\": 2}",
         "[1, 2]");
    SAYS("{\"items\": {\"type\": \"integer\"}}", "[1, \"x\", true]",
         "/1 type: must be an integer, not a string; "
         "/2 type: must be an integer, not a boolean");
    SAYS("{\"minItems\": 1}", "[]", " minItems: must have at least 1 elements");
    SAYS("{\"maxItems\": 1}", "[1, 2]", " maxItems: must have at most 1 elements");
}
END_TEST

START_TEST(test_unique_items_are_compared_as_values)
{
    FITS("{\"uniqueItems\": true}", "[1, \"1\", [1], {\"a\": 1}, {\"a\": 2}, true]");
    FITS("{\"uniqueItems\": false}", "[1, 1]");
    SAYS("{\"uniqueItems\": true}", "[{\"a\": 1, \"b\": 2}, 3, {\"b\": 2.0, \"a\": 1}]",
         " uniqueItems: elements 0 and 2 are the same");
    FITS("{\"uniqueItems\": true}", "[9007199254740993, 9007199254740992]");
}
END_TEST

START_TEST(test_twins_are_found_among_many)
{
    struct input_schema *schema = compiled("{\"uniqueItems\": true}");
    json_t *document = json_array();
    struct input_schema_error error = {"", "", ""};

    for (int i = 0; i < 500; i++) {
        (void)json_array_append_new(document, json_integer(i * 37 % 500));
    }
    ck_assert_uint_eq(input_schema_check(schema, document, NULL, 0), 0);
    (void)json_array_append_new(document, json_real(74));
    ck_assert_uint_eq(input_schema_check(schema, document, &error, 1), 1);
    ck_assert_str_eq(error.detail, "elements 2 and 500 are the same");
    json_decref(document);
    input_schema_destroy(schema);
}
END_TEST

START_TEST(test_lengths_count_characters)
{
    FITS("{\"minLength\": 2, \"maxLength\": 2}", "\"h\xc3\xa9\"");
    SAYS("{\"minLength\": 3}", "\"h\xc3\xa9\"",
         " minLength: must have at least 3 characters");
    SAYS("{\"maxLength\": 1}", "\"h\xc3\xa9\"",
         " maxLength: must have at most 1 characters");
    FITS("{\"minLength\": 3}", "5");
}
END_TEST

START_TEST(test_bounds_are_exact)
{
    FITS("{\"minimum\": 1, \"maximum\": 1}", "1");
    SAYS("{\"maximum\": 9007199254740992}", "9007199254740993",
         " maximum: must be at most 9007199254740992");
    SAYS("{\"exclusiveMinimum\": 0}", "0", " exclusiveMinimum: must be more than 0");
    SAYS("{\"exclusiveMaximum\": 1.5}", "1.5",
         " exclusiveMaximum: must be less than 1.5");
    FITS("{\"exclusiveMaximum\": 1.5}", "1.4");
}
END_TEST

START_TEST(test_multiple_of_forgives_what_a_double_cannot_say)
{
    FITS("{\"multipleOf\": 0.01}", "19.99");
    FITS("{\"multipleOf\": 3}", "9");
    SAYS("{\"multipleOf\": 0.01}", "19.999", " multipleOf: must be a multiple of 0.01");
    SAYS("{\"multipleOf\": 3}", "10", " multipleOf: must be a multiple of 3");
}
END_TEST

START_TEST(test_a_pattern_is_not_anchored)
{
    FITS("{\"pattern\": \"b+\"}", "\"abbc\"");
    FITS("{\"pattern\": \"^[a-z]{2,4}-[[:digit:]]+$\"}", "\"ab-17\"");
    SAYS("{\"pattern\": \"^b\"}", "\"ab\"", " pattern: must match ^b");
}
END_TEST

START_TEST(test_a_pattern_is_not_tried_on_more_than_4096_bytes)
{
    char document[INPUT_SCHEMA_SUBJECT_MAX + 4];

    memset(document, 'a', sizeof(document));
    document[0] = '"';
    document[INPUT_SCHEMA_SUBJECT_MAX + 1] = '"';
    document[INPUT_SCHEMA_SUBJECT_MAX + 2] = '\0';
    FITS("{\"pattern\": \"a\"}", document);
    document[INPUT_SCHEMA_SUBJECT_MAX + 1] = 'a';
    document[INPUT_SCHEMA_SUBJECT_MAX + 2] = '"';
    document[INPUT_SCHEMA_SUBJECT_MAX + 3] = '\0';
    SAYS("{\"pattern\": \"a\"}", document,
         " pattern: is longer than 4096 bytes, on which a pattern is not tried");
}
END_TEST

START_TEST(test_patterns_that_could_take_forever_are_refused)
{
    static const char *const patterns[] = {
        "((((a{1,255}){1,255}){1,255}){1,255})",
        "(a)\\\\1",
        "\\\\d+",
        "(?:a)",
        "a**",
        "a{1,2}{3}",
        "((((((((((((((((((a))))))))))))))))))",
        "[a",
        "(",
        "a{99999}",
    };
    char schema[128];

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
        (void)snprintf(schema, sizeof(schema), "{\"pattern\": \"%s\"}", patterns[i]);
        ck_assert_ptr_null(compiled(schema));
        ck_assert_msg(strstr(answer, "refused at /pattern (pattern): this pattern cannot "
                                     "be used") == answer,
                      "%s: %s", patterns[i], answer);
    }
}
END_TEST

START_TEST(test_formats)
{
    FITS("{\"format\": \"date-time\"}", "\"2024-02-29T23:59:60.123+05:30\"");
    SAYS("{\"format\": \"date-time\"}", "\"2023-02-29T00:00:00Z\"",
         " format: must be a date-time (2026-01-31T12:00:00Z)");
    FITS("{\"format\": \"uuid\"}", "\"123e4567-e89b-12d3-a456-426614174000\"");
    SAYS("{\"format\": \"uuid\"}", "\"123e4567\"",
         " format: must be a uuid (8-4-4-4-12 hex digits)");
    FITS("{\"format\": \"email\"}", "\"a.b@example.org\"");
    SAYS("{\"format\": \"email\"}", "\"a@b@c\"", " format: must be an email address");
    FITS("{\"format\": \"uri\"}", "\"https://example.org/a?b=%20#c\"");
    SAYS("{\"format\": \"uri\"}", "\"/a\"",
         " format: must be a uri with its scheme (https://...)");
    FITS("{\"format\": \"uri\"}", "5");
}
END_TEST

START_TEST(test_what_no_format_accepts)
{
    static const char *const date_times[] = {
        "2024-01-01",
        "2024-13-01T00:00:00Z",
        "2024-00-10T00:00:00Z",
        "2024-01-01T24:00:00Z",
        "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:00",
        "2024-01-01T00:00:00.Z",
        "2024-01-01T00:00:00+5:30",
        "2024-04-31T00:00:00Z",
        "2024-01-01T00:00:00Zx",
        "2024-01-01T00:00:00+24:00",
    };
    static const char *const uris[] = {
        "", "x", "1a:b", "a:", "http://a b", "a:%zz", "a:<b>", "http://\xc3\xa9"};
    char document[64];

    for (size_t i = 0; i < sizeof(date_times) / sizeof(date_times[0]); i++) {
        (void)snprintf(document, sizeof(document), "\"%s\"", date_times[i]);
        ck_assert_str_ne(check("{\"format\": \"date-time\"}", document), "fits");
    }
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        (void)snprintf(document, sizeof(document), "\"%s\"", uris[i]);
        ck_assert_str_ne(check("{\"format\": \"uri\"}", document), "fits");
    }
}
END_TEST

START_TEST(test_combined_schemas)
{
    static const char *const any =
        "{\"anyOf\": [{\"type\": \"string\"}, {\"minimum\": 5}]}";
    static const char *const one =
        "{\"oneOf\": [{\"multipleOf\": 2}, {\"multipleOf\": 3}]}";

    FITS(any, "\"x\"");
    FITS(any, "5");
    SAYS(any, "4", " anyOf: fits none of the 2 schemas of anyOf");
    FITS(one, "2");
    SAYS(one, "6", " oneOf: fits 2 of the 2 schemas of oneOf, not one");
    SAYS(one, "5", " oneOf: fits 0 of the 2 schemas of oneOf, not one");
    SAYS("{\"allOf\": [{\"minimum\": 5}, {\"maximum\": 1}]}", "3",
         " minimum: must be at least 5;  maximum: must be at most 1");
    SAYS("{\"not\": {\"type\": \"null\"}}", "null",
         " not: fits a schema that it must not fit");
    FITS("{\"anyOf\": [{\"oneOf\": [{\"type\": \"integer\"}, {\"type\": \"string\"}]}]}",
         "5");
    FITS("{\"not\": {\"not\": {\"type\": \"null\"}}}", "null");
}
END_TEST

START_TEST(test_true_and_false_are_schemas)
{
    FITS("true", "5");
    SAYS("false", "5", " false: nothing is allowed here");
    SAYS("{\"properties\": {\"a\": false}}", "{\"a\": 1}",
         "/a false: nothing is allowed here");
}
END_TEST

START_TEST(test_a_ref_points_into_the_schema)
{
    static const char *const tree =
        "{\"$ref\": \"#/$defs/node\", \"$defs\": {\"node\": {\"type\": \"object\", "
        "\"properties\": {\"next\": {\"$ref\": \"#/$defs/node\"}, \"v\": {\"$ref\": "
        "\"#/definitions/v~1\"}}}}, \"definitions\": {\"v/\": {\"type\": \"integer\"}}}";

    FITS(tree, "{\"next\": {\"next\": {\"v\": 1}}}");
    SAYS(tree, "{\"next\": {\"next\": {\"v\": \"x\"}}}",
         "/next/next/v type: must be an integer, not a string");
    FITS("{\"properties\": {\"in\": {\"$ref\": \"#\"}}, \"type\": \"object\"}",
         "{\"in\": {\"in\": {}}}");
    SAYS("{\"$ref\": \"#/$defs/no\"}", "1",
         "refused at /$ref ($ref): there is no #/$defs/no; a $ref points to #, "
         "#/$defs/name or #/definitions/name");
    SAYS("{\"$ref\": \"http://example.org/s\"}", "1",
         "refused at /$ref ($ref): a $ref points into this schema: #/$defs/name");
}
END_TEST

START_TEST(test_a_ref_in_a_circle_ends_as_an_error)
{
    static const char *const circle =
        "{\"$ref\": \"#/$defs/a\", \"$defs\": {\"a\": {\"$ref\": \"#/$defs/b\"}, "
        "\"b\": {\"not\": {\"$ref\": \"#/$defs/a\"}}}}";

    SAYS(circle, "1",
         " limit: schemas lead into each other too deep; does a $ref lead in a circle?");
}
END_TEST

START_TEST(test_schemas_that_multiply_end_as_an_error)
{
    /* Each level tries the next one three times, and nothing ever fits. */
    char schema[4096];
    size_t at = (size_t)snprintf(schema, sizeof(schema),
                                 "{\"$ref\": \"#/$defs/d0\", \"$defs\": {");

    for (int i = 0; i < 20; i++) {
        at += (size_t)snprintf(
            schema + at, sizeof(schema) - at,
            "\"d%d\": {\"anyOf\": [{\"$ref\": \"#/$defs/d%d\"}, "
            "{\"$ref\": \"#/$defs/d%d\"}, {\"$ref\": \"#/$defs/d%d\"}]}, ",
            i, i + 1, i + 1, i + 1);
    }
    (void)snprintf(schema + at, sizeof(schema) - at, "\"d20\": false}}");
    ck_assert_ptr_nonnull(
        strstr(check(schema, "1"), "limit: checking this takes too many steps"));
}
END_TEST

START_TEST(test_at_most_50_errors_are_told)
{
    struct input_schema *schema = compiled("{\"items\": {\"type\": \"string\"}}");
    struct input_schema_error one = {"", "", ""};
    json_t *document = json_array();

    for (int i = 0; i < 60; i++) {
        (void)json_array_append_new(document, json_integer(i));
    }
    ck_assert_uint_eq(input_schema_check(schema, document, &one, 1), 50);
    ck_assert_str_eq(one.pointer, "/0");
    ck_assert_uint_eq(input_schema_check(schema, document, NULL, 0), 50);
    json_decref(document);
    input_schema_destroy(schema);
}
END_TEST

START_TEST(test_a_keyword_that_is_not_supported_refuses_the_schema)
{
    SAYS("{\"properties\": {\"a\": {\"patternProperties\": {}}}}", "1",
         "refused at /properties/a/patternProperties (keyword): \"patternProperties\" is "
         "not among the supported keywords");
    SAYS(
        "{\"minimun\": 1}", "1",
        "refused at /minimun (keyword): \"minimun\" is not among the supported keywords; "
        "did you mean 'minimum'?");
    SAYS("{\"$defs\": {\"x\": {\"if\": {}}}}", "1",
         "refused at /$defs/x/if (keyword): \"if\" is not among the supported keywords");
}
END_TEST

START_TEST(test_keywords_with_wrong_values_are_refused)
{
    static const char *const schemas[] = {
        "5",
        "{\"type\": \"text\"}",
        "{\"type\": []}",
        "{\"type\": 1}",
        "{\"enum\": []}",
        "{\"enum\": 1}",
        "{\"required\": \"a\"}",
        "{\"required\": [1]}",
        "{\"properties\": []}",
        "{\"properties\": {\"a\": 1}}",
        "{\"items\": [true]}",
        "{\"items\": 1}",
        "{\"minItems\": -1}",
        "{\"minItems\": 1.5}",
        "{\"maxLength\": \"1\"}",
        "{\"minimum\": \"1\"}",
        "{\"exclusiveMinimum\": true}",
        "{\"multipleOf\": 0}",
        "{\"multipleOf\": \"1\"}",
        "{\"uniqueItems\": 1}",
        "{\"anyOf\": []}",
        "{\"allOf\": {}}",
        "{\"oneOf\": [1]}",
        "{\"not\": 1}",
        "{\"format\": \"date\"}",
        "{\"format\": 1}",
        "{\"pattern\": 1}",
        "{\"$ref\": 1}",
        "{\"$defs\": []}",
        "{\"properties\": {\"a\": {\"$defs\": {}}}}",
        "{\"additionalProperties\": 1}",
    };

    for (size_t i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        ck_assert_msg(compiled(schemas[i]) == NULL, "%s", schemas[i]);
        ck_assert_msg(strncmp(answer, "refused at ", 11) == 0, "%s: %s", schemas[i],
                      answer);
    }
}
END_TEST

START_TEST(test_annotations_and_comments_mean_nothing)
{
    FITS("{\"$schema\": \"x\", \"$id\": \"y\", \"title\": \"t\", \"description\": \"d\", "
         "\"default\": 1, \"examples\": [1], \"// why\": \"because\", \"type\": "
         "\"integer\"}",
         "5");
}
END_TEST

START_TEST(test_a_schema_keeps_nothing_of_the_json_it_was_made_from)
{
    json_t *json = read("{\"enum\": [\"a\"], \"minimum\": 3, \"required\": [\"x\"]}");
    json_t *document = read("5");
    struct input_schema_error error;
    struct input_schema *schema = NULL;

    ck_assert_int_eq(input_schema_compile(json, &schema, NULL), ERR_OK);
    json_object_clear(json);
    json_decref(json);
    ck_assert_uint_eq(input_schema_check(schema, document, &error, 1), 1);
    ck_assert_str_eq(error.detail, "must be one of [\"a\"]");
    json_decref(document);
    input_schema_destroy(schema);
    input_schema_destroy(NULL);
}
END_TEST

int main(void)
{
    return suite_main(
        "input_schema", test_type_is_one_or_several,
        test_a_whole_number_is_an_integer_however_it_is_written, test_enum_and_const,
        test_all_errors_of_an_object_come_at_once,
        test_additional_properties_may_have_a_schema, test_items_and_their_number,
        test_unique_items_are_compared_as_values, test_twins_are_found_among_many,
        test_lengths_count_characters, test_bounds_are_exact,
        test_multiple_of_forgives_what_a_double_cannot_say,
        test_a_pattern_is_not_anchored,
        test_a_pattern_is_not_tried_on_more_than_4096_bytes,
        test_patterns_that_could_take_forever_are_refused, test_formats,
        test_what_no_format_accepts, test_combined_schemas,
        test_true_and_false_are_schemas, test_a_ref_points_into_the_schema,
        test_a_ref_in_a_circle_ends_as_an_error,
        test_schemas_that_multiply_end_as_an_error, test_at_most_50_errors_are_told,
        test_a_keyword_that_is_not_supported_refuses_the_schema,
        test_keywords_with_wrong_values_are_refused,
        test_annotations_and_comments_mean_nothing,
        test_a_schema_keeps_nothing_of_the_json_it_was_made_from);
}
