#include "base/json.h"

#include <check.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

static void check_refused(const char *text, const char *sentence)
{
    struct err_info info = {""};
    json_t *value = NULL;

    ck_assert_msg(json_read(text, strlen(text), &value, &info) == ERR_INVALID,
                  "%s was taken", text);
    ck_assert_str_eq(info.text, sentence);
    ck_assert_ptr_null(value);
}

static void check_canonical(const char *text, const char *expected)
{
    struct buf out;

    ck_assert_msg(json_is_valid(text, strlen(text)), "%s", text);
    buf_init(&out, strlen(text));
    json_canonical(json_span_of(text, strlen(text)), &out);
    ck_assert_str_eq(buf_text(&out), expected);
    ck_assert(!out.is_over);
    buf_done(&out);
}

static bool is_same(const char *a, const char *b)
{
    return json_is_same(json_span_of(a, strlen(a)), json_span_of(b, strlen(b)));
}

static void check_real(double value, const char *expected)
{
    struct buf out;

    buf_init(&out, 100);
    json_put_real(&out, value);
    ck_assert_str_eq(buf_text(&out), expected);
    buf_done(&out);
}

START_TEST(test_any_kind_of_value_is_read)
{
    const char *const texts[] = {"null",  "true", "-1.5e3",
                                 "\"x\"", " [] ", "{\"a\":[{}]}"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(json_is_valid(texts[i], strlen(texts[i])), "%s", texts[i]);
    }
}
END_TEST

START_TEST(test_a_refusal_names_line_and_column)
{
    check_refused("{\n  \"a\": tru\n}", "line 2 column 10: invalid token near 'tru'");
}
END_TEST

START_TEST(test_a_name_twice_is_refused)
{
    check_refused("{\"a\":1,\"a\":2}",
                  "line 1 column 10: duplicate object key near '\"a\"'");
    check_refused("{\"a\":1,\"\\u0061\":2}",
                  "line 1 column 15: duplicate object key near '\"\\u0061\"'");
}
END_TEST

START_TEST(test_a_nul_in_a_string_is_refused)
{
    check_refused("\"\\u0000\"", "line 1 column 8: \\u0000 is not allowed in a string");
}
END_TEST

START_TEST(test_integers_beyond_int64_are_refused)
{
    ck_assert(json_is_valid("9223372036854775807", 19));
    ck_assert(json_is_valid("-9223372036854775808", 20));
    check_refused("9223372036854775808",
                  "line 1 column 19: too big integer near '9223372036854775808'");
    ck_assert(!json_is_valid("-9223372036854775809", 20));
    ck_assert(!json_is_valid("1e999", 5));
}
END_TEST

START_TEST(test_what_stands_behind_the_value_is_refused)
{
    ck_assert(!json_is_valid("1 2", 3));
    ck_assert(!json_is_valid("{}x", 3));
    ck_assert(!json_is_valid("{}\0", 3));
    ck_assert(!json_is_valid("", 0));
}
END_TEST

START_TEST(test_what_only_resembles_json_is_refused)
{
    const char *const texts[] = {"{'a':1}",
                                 "[1,]",
                                 "{\"a\":1,}",
                                 "01",
                                 "+1",
                                 ".5",
                                 "1.",
                                 "NaN",
                                 "/**/1",
                                 "\"\xff\"",
                                 "\"\\x\"",
                                 "\"\\ud800\"",
                                 "\"a\nb\"",
                                 ("\xef\xbb\xbf"
                                  "1"),
                                 "\"\xed\xa0\x80\""};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(!json_is_valid(texts[i], strlen(texts[i])), "%s", texts[i]);
    }
}
END_TEST

/* depth brackets, closed again. */
static void nest(char *text, size_t depth)
{
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    text[2 * depth] = '\0';
}

START_TEST(test_depth_64_is_read_and_65_is_refused)
{
    char text[2 * 65 + 1];

    nest(text, 64);
    ck_assert(json_is_valid(text, strlen(text)));
    nest(text, 65);
    check_refused(text, "line 1 column 65: nested deeper than 64 objects and arrays");
}
END_TEST

START_TEST(test_brackets_inside_strings_are_not_depth)
{
    char text[3 + 100 + 2];

    memset(text, '[', sizeof(text));
    memcpy(text, "\"\\\"", 3);
    memcpy(text + 103, "\"", 2);
    ck_assert(json_is_valid(text, strlen(text)));
}
END_TEST

START_TEST(test_many_shallow_objects_are_not_depth)
{
    char text[2 + 3 * 100 + 3];
    char *at = text;

    *at++ = '[';
    for (int i = 0; i < 100; i++) {
        memcpy(at, "{},", 3);
        at += 3;
    }
    memcpy(at, "1]", 3);
    ck_assert(json_is_valid(text, strlen(text)));
}
END_TEST

START_TEST(test_a_refusal_repeats_no_control_characters)
{
    struct err_info info = {""};
    json_t *value = NULL;

    ck_assert_int_eq(json_read("[\x1b[31m", 6, &value, &info), ERR_INVALID);
    ck_assert_ptr_null(strchr(info.text, '\x1b'));
}
END_TEST

START_TEST(test_the_canonical_form_sorts_names_and_keeps_numbers)
{
    check_canonical(
        " { \"b\" : [ 1.0 , 2.50 ] , \"a\" : { \"d\" : 1e2 , \"c\" : null } } ",
        "{\"a\":{\"c\":null,\"d\":1e2},\"b\":[1.0,2.50]}");
    check_canonical("9007199254740993", "9007199254740993");
    check_canonical("{}", "{}");
    check_canonical("[ ]", "[]");
}
END_TEST

START_TEST(test_the_canonical_form_escapes_one_way)
{
    check_canonical("\"\\u0041\\/\\u00e9\\ud83d\\ude00\\u000a\\\"\\u0001\"",
                    "\"A/\xc3\xa9\xf0\x9f\x98\x80\\n\\\"\\u0001\"");
}
END_TEST

START_TEST(test_the_canonical_form_sorts_by_what_names_say)
{
    check_canonical("{\"b\":1,\"\\u0061\":2,\"\":3,\"aa\":4}",
                    "{\"\":3,\"a\":2,\"aa\":4,\"b\":1}");
}
END_TEST

START_TEST(test_same_json_is_the_same_whatever_its_looks)
{
    ck_assert(is_same("{\"a\":1,\"b\":[true]}", "{ \"b\":[ true ], \"\\u0061\":1 }"));
    ck_assert(is_same(" 1", "1"));
    ck_assert(!is_same("1.0", "1"));
    ck_assert(!is_same("[1,2]", "[2,1]"));
    ck_assert(!is_same("{\"a\":1}", "{\"a\":1,\"b\":1}"));
    ck_assert(!is_same("\"1\"", "1"));
}
END_TEST

START_TEST(test_a_real_is_as_short_as_it_reads_back)
{
    check_real(0.1, "0.1");
    check_real(19.99, "19.99");
    check_real(1.0 / 3.0, "0.3333333333333333");
    check_real(0.1 + 0.2, "0.30000000000000004");
    check_real(-1.5e-7, "-1.5e-07");
    check_real(DBL_MAX, "1.7976931348623157e+308");
}
END_TEST

START_TEST(test_a_whole_real_has_no_point)
{
    check_real(3.0, "3");
    check_real(-12.0, "-12");
    check_real(0.0, "0");
    check_real(-0.0, "-0");
    check_real(1e15, "1000000000000000");
    check_real(9007199254740991.0, "9007199254740991");
    check_real(1e20, "1e+20");
}
END_TEST

START_TEST(test_what_is_no_number_is_null)
{
    check_real((double)NAN, "null");
    check_real((double)INFINITY, "null");
}
END_TEST

START_TEST(test_random_reals_read_back_equal)
{
    uint64_t bits = 88172645463325252U;

    for (int i = 0; i < 100000; i++) {
        struct buf out;
        double value;

        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        memcpy(&value, &bits, sizeof(value));
        if (!isfinite(value)) {
            continue;
        }
        buf_init(&out, 100);
        json_put_real(&out, value);
        ck_assert_msg(strtod(buf_text(&out), NULL) == value, "%s", buf_text(&out));
        buf_done(&out);
    }
}
END_TEST

START_TEST(test_text_is_quoted_and_escaped)
{
    struct buf out;

    buf_init(&out, 100);
    json_put_text(&out, "a\"b\\c\n\x01\x7f\xc3\xa9", 10);
    ck_assert_str_eq(buf_text(&out), "\"a\\\"b\\\\c\\n\\u0001\x7f\xc3\xa9\"");
    buf_done(&out);
}
END_TEST

START_TEST(test_bytes_that_are_not_utf8_become_replacement_characters)
{
    const char *const texts[] = {"\xff",
                                 "\xc3",
                                 "\x80",
                                 "\xc0\xaf",
                                 "\xe0\x80\x80",
                                 "\xed\xa0\x80",
                                 "\xf4\x90\x80\x80",
                                 "\xf0\x9f\x98"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct buf out;

        buf_init(&out, 100);
        json_put_text(&out, texts[i], strlen(texts[i]));
        ck_assert_ptr_nonnull(strstr(buf_text(&out), "\xef\xbf\xbd"));
        ck_assert_msg(json_is_valid(buf_text(&out), out.n), "%s", buf_text(&out));
        buf_done(&out);
    }
}
END_TEST

START_TEST(test_the_writer_knows_the_commas)
{
    struct buf out;
    struct json_out o;

    buf_init(&out, 1000);
    json_out_init(&o, &out);
    json_open_object(&o);
    json_put(&o, "text", "x");
    json_put(&o, "none", NULL);
    json_key(&o, "list");
    json_open_array(&o);
    json_number(&o, INT64_MIN);
    json_flag(&o, true);
    json_open_object(&o);
    json_close_object(&o);
    json_raw(&o, JSON_SPAN_TEXT("19.990"));
    json_raw(&o, JSON_SPAN_NONE);
    json_close_array(&o);
    json_put_time(&o, "at", 1709210096789);
    json_put_time(&o, "never", 0);
    json_put_flag(&o, "flag", false);
    json_put_number(&o, "n", 7);
    json_close_object(&o);
    ck_assert_str_eq(
        buf_text(&out),
        "{\"text\":\"x\",\"none\":null,\"list\":[-9223372036854775808,true,{},"
        "19.990,null],\"at\":\"2024-02-29T12:34:56.789Z\",\"never\":null,"
        "\"flag\":false,\"n\":7}");
    ck_assert(json_is_valid(buf_text(&out), out.n));
    buf_done(&out);
}
END_TEST

int main(void)
{
    json_init();
    return suite_main(
        "json", test_any_kind_of_value_is_read, test_a_refusal_names_line_and_column,
        test_a_name_twice_is_refused, test_a_nul_in_a_string_is_refused,
        test_integers_beyond_int64_are_refused,
        test_what_stands_behind_the_value_is_refused,
        test_what_only_resembles_json_is_refused, test_depth_64_is_read_and_65_is_refused,
        test_brackets_inside_strings_are_not_depth,
        test_many_shallow_objects_are_not_depth,
        test_a_refusal_repeats_no_control_characters,
        test_the_canonical_form_sorts_names_and_keeps_numbers,
        test_the_canonical_form_escapes_one_way,
        test_the_canonical_form_sorts_by_what_names_say,
        test_same_json_is_the_same_whatever_its_looks,
        test_a_real_is_as_short_as_it_reads_back, test_a_whole_real_has_no_point,
        test_what_is_no_number_is_null, test_random_reals_read_back_equal,
        test_text_is_quoted_and_escaped,
        test_bytes_that_are_not_utf8_become_replacement_characters,
        test_the_writer_knows_the_commas);
}
