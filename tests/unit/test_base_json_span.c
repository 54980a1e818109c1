#include "base/json_span.h"

#include <check.h>
#include <string.h>

#include "tests/support/suite.h"

static const char order[] =
    " { \"id\" : \"a\\u0062c\", \"lines\":[ {\"sku\":\"]}\\\"\",\"n\":2}, 19.99 , [ ] "
    "],\n"
    "\"total\": 9007199254740993, \"ok\":true, \"no\":false, \"none\":null,\"\":{} } ";

static struct json_span whole(void)
{
    return json_span_of(order, sizeof(order) - 1);
}

static struct json_span member(struct json_span object, const char *name)
{
    return json_span_member(object, name, strlen(name));
}

static void check_span(struct json_span value, const char *expected)
{
    ck_assert_ptr_nonnull(value.at);
    ck_assert_uint_eq(value.n, strlen(expected));
    ck_assert_mem_eq(value.at, expected, value.n);
}

static void check_unescaped(const char *string, const char *expected)
{
    struct json_span span = json_span_of(string, strlen(string));
    struct buf out;

    buf_init(&out, 100);
    json_span_unescape(span, &out);
    ck_assert_str_eq(buf_text(&out), expected);
    ck_assert(json_span_is_text(span, expected, strlen(expected)));
    ck_assert(!json_span_is_text(span, expected, strlen(expected) + 1));
    buf_done(&out);
}

START_TEST(test_a_value_has_no_blanks_around_it)
{
    check_span(json_span_of(" \t\r\n1 \n", 7), "1");
    ck_assert_ptr_null(json_span_of("  ", 2).at);
    ck_assert_int_eq(*whole().at, '{');
    ck_assert_int_eq(whole().at[whole().n - 1], '}');
}
END_TEST

START_TEST(test_members_are_found_as_they_were_written)
{
    check_span(member(whole(), "id"), "\"a\\u0062c\"");
    check_span(member(whole(), "total"), "9007199254740993");
    check_span(member(whole(), "ok"), "true");
    check_span(member(whole(), "none"), "null");
    check_span(member(whole(), ""), "{}");
}
END_TEST

START_TEST(test_an_escaped_name_is_found_by_what_it_says)
{
    const char text[] = "{\"\\u0061\\\"b\":1}";

    check_span(member(json_span_of(text, sizeof(text) - 1), "a\"b"), "1");
}
END_TEST

START_TEST(test_what_is_not_there_is_no_value)
{
    ck_assert_ptr_null(member(whole(), "i").at);
    ck_assert_ptr_null(member(whole(), "idx").at);
    ck_assert_ptr_null(member(whole(), "sku").at);
    ck_assert_ptr_null(member(member(whole(), "lines"), "id").at);
    ck_assert_ptr_null(member(JSON_SPAN_NONE, "id").at);
    ck_assert_ptr_null(json_span_element(whole(), 0).at);
}
END_TEST

START_TEST(test_elements_count_from_either_end)
{
    struct json_span lines = member(whole(), "lines");

    check_span(json_span_element(lines, 0), "{\"sku\":\"]}\\\"\",\"n\":2}");
    check_span(json_span_element(lines, 1), "19.99");
    check_span(json_span_element(lines, -1), "[ ]");
    check_span(json_span_element(lines, -2), "19.99");
    ck_assert_ptr_null(json_span_element(lines, 3).at);
    ck_assert_ptr_null(json_span_element(lines, -4).at);
    ck_assert_ptr_null(json_span_element(lines, INT64_MIN).at);
}
END_TEST

START_TEST(test_brackets_inside_strings_end_nothing)
{
    struct json_span line = json_span_element(member(whole(), "lines"), 0);

    check_span(member(line, "sku"), "\"]}\\\"\"");
    check_span(member(line, "n"), "2");
}
END_TEST

START_TEST(test_a_string_ends_at_the_quote_that_is_not_escaped)
{
    const char text[] = "[\"a\\\\\",\"\\\\\\\"b\",\"\"]";
    struct json_span array = json_span_of(text, sizeof(text) - 1);

    ck_assert_uint_eq(json_span_count(array), 3);
    check_span(json_span_element(array, 0), "\"a\\\\\"");
    check_span(json_span_element(array, 1), "\"\\\\\\\"b\"");
    check_span(json_span_element(array, 2), "\"\"");
}
END_TEST

START_TEST(test_counting_counts_members_and_elements_only)
{
    ck_assert_uint_eq(json_span_count(whole()), 7);
    ck_assert_uint_eq(json_span_count(member(whole(), "lines")), 3);
    ck_assert_uint_eq(json_span_count(member(whole(), "")), 0);
    ck_assert_uint_eq(json_span_count(member(whole(), "id")), 0);
    ck_assert_uint_eq(json_span_count(JSON_SPAN_NONE), 0);
}
END_TEST

START_TEST(test_kinds_are_told_by_the_first_character)
{
    ck_assert_int_eq(json_span_kind(whole()), JSON_KIND_OBJECT);
    ck_assert_int_eq(json_span_kind(member(whole(), "id")), JSON_KIND_STRING);
    ck_assert_int_eq(json_span_kind(member(whole(), "lines")), JSON_KIND_ARRAY);
    ck_assert_int_eq(json_span_kind(member(whole(), "total")), JSON_KIND_NUMBER);
    ck_assert_int_eq(json_span_kind(member(whole(), "ok")), JSON_KIND_TRUE);
    ck_assert_int_eq(json_span_kind(member(whole(), "no")), JSON_KIND_FALSE);
    ck_assert_int_eq(json_span_kind(member(whole(), "none")), JSON_KIND_NULL);
    ck_assert_int_eq(json_span_kind(JSON_SPAN_NONE), JSON_KIND_NONE);
}
END_TEST

START_TEST(test_a_walk_gives_names_and_values_in_order)
{
    const char text[] = "{ \"b\" : 1 , \"a\" : [2,3] }";
    struct json_walk w = json_walk_of(json_span_of(text, sizeof(text) - 1));
    struct json_span name;
    struct json_span value;

    ck_assert(json_walk_next(&w, &name, &value));
    check_span(name, "\"b\"");
    check_span(value, "1");
    ck_assert(json_walk_next(&w, &name, &value));
    check_span(name, "\"a\"");
    check_span(value, "[2,3]");
    ck_assert(!json_walk_next(&w, &name, &value));
    ck_assert(!json_walk_next(&w, &name, &value));
}
END_TEST

START_TEST(test_escapes_are_read)
{
    check_unescaped("\"plain\"", "plain");
    check_unescaped("\"\"", "");
    check_unescaped("\"\\b\\f\\n\\r\\t\\/\\\\\\\"\"", "\b\f\n\r\t/\\\"");
    check_unescaped("\"\\u00e9\\u20AC\\uD83d\\uDe00x\"",
                    "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80x");
}
END_TEST

START_TEST(test_a_text_differs_by_one_character_or_by_length)
{
    struct json_span string = JSON_SPAN_TEXT("\"a\\u0062c\"");

    ck_assert(json_span_is_text(string, "abc", 3));
    ck_assert(!json_span_is_text(string, "abd", 3));
    ck_assert(!json_span_is_text(string, "ab", 2));
    ck_assert(!json_span_is_text(JSON_SPAN_TEXT("17"), "17", 2));
}
END_TEST

static void check_no_int(const char *text)
{
    int64_t value = 77;

    ck_assert_msg(!json_span_int(json_span_of(text, strlen(text)), &value), "%s", text);
    ck_assert_int_eq(value, 77);
}

START_TEST(test_integers_are_read_to_both_ends_of_int64)
{
    int64_t value = 0;

    ck_assert(json_span_int(JSON_SPAN_TEXT("9223372036854775807"), &value));
    ck_assert(value == INT64_MAX);
    ck_assert(json_span_int(JSON_SPAN_TEXT("-9223372036854775808"), &value));
    ck_assert(value == INT64_MIN);
    ck_assert(json_span_int(JSON_SPAN_TEXT("-0"), &value));
    ck_assert_int_eq(value, 0);
    ck_assert(json_span_int(JSON_SPAN_TEXT("-17"), &value));
    ck_assert_int_eq(value, -17);
}
END_TEST

START_TEST(test_what_is_not_written_as_an_integer_is_none)
{
    check_no_int("9223372036854775808");
    check_no_int("-9223372036854775809");
    check_no_int("99999999999999999999");
    check_no_int("1.0");
    check_no_int("1e3");
    check_no_int("-");
    check_no_int("\"1\"");
    check_no_int("true");
    check_no_int("");
}
END_TEST

int main(void)
{
    return suite_main(
        "json_span", test_a_value_has_no_blanks_around_it,
        test_members_are_found_as_they_were_written,
        test_an_escaped_name_is_found_by_what_it_says, test_what_is_not_there_is_no_value,
        test_elements_count_from_either_end, test_brackets_inside_strings_end_nothing,
        test_a_string_ends_at_the_quote_that_is_not_escaped,
        test_counting_counts_members_and_elements_only,
        test_kinds_are_told_by_the_first_character,
        test_a_walk_gives_names_and_values_in_order, test_escapes_are_read,
        test_a_text_differs_by_one_character_or_by_length,
        test_integers_are_read_to_both_ends_of_int64,
        test_what_is_not_written_as_an_integer_is_none);
}
