#include "definitions/template.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "definitions/pointer.h"
#include "tests/support/suite.h"

static const char input[] =
    "{\"id\":\"o-1\",\"amount\":19.99,\"big\":9007199254740993,"
    "\"price\":1.10,\"total\":100.00,\"text\":\"a \\\"b\\\"\\n/\","
    "\"dots\":\"..\",\"none\":null,\"list\":[1, 2.50],\"yes\":true,"
    "\"empty\":\"\"}";

static const char *vars = "{\"base\":\"https://shop.internal/x\",\"bad\":\"shop\"}";
static struct arena *arena;
static struct buf out;
static struct err_info info;

/* Each text of a test begins with nothing left from the one before. */
static void begin(void)
{
    arena_destroy(arena);
    buf_done(&out);
    arena = arena_create(4096);
}

static struct json_span member(void *user, const char *name, size_t n)
{
    (void)user;
    if (n == 5 && memcmp(name, "input", n) == 0) {
        return json_span_of(input, strlen(input));
    }
    if (n == 4 && memcmp(name, "vars", n) == 0) {
        return json_span_of(vars, strlen(vars));
    }
    return JSON_SPAN_NONE;
}

static const char *render(const struct template *t)
{
    const struct expr_root root = {.member = member};
    enum err e;

    buf_init(&out, 100000);
    info.text[0] = '\0';
    e = template_render(t, &root, arena, &out, &info);
    return e == ERR_OK ? buf_text(&out) : NULL;
}

static const char *text(const char *template)
{
    struct template_error error;
    struct template *t;

    begin();
    ck_assert_int_eq(template_compile_text(arena, template, strlen(template), &t, &error),
                     ERR_OK);
    return render(t);
}

static const char *url(const char *template)
{
    struct template_error error;
    struct template *t;

    begin();
    ck_assert_int_eq(template_compile_url(arena, template, strlen(template), &t, &error),
                     ERR_OK);
    return render(t);
}

static const char *json(const char *template)
{
    char pointer[POINTER_MAX];
    struct template_error error;
    struct template *t;

    begin();
    ck_assert_int_eq(template_compile_json(arena,
                                           json_span_of(template, strlen(template)), &t,
                                           pointer, &error),
                     ERR_OK);
    return render(t);
}

START_TEST(test_digits_go_out_as_they_came)
{
    ck_assert_str_eq(json("{\"a\":\"${ .input.amount }\",\"b\":\"${ .input.big }\","
                          "\"c\":\"${ .input.price }\",\"d\":\"${ .input.total }\"}"),
                     "{\"a\":19.99,\"b\":9007199254740993,\"c\":1.10,\"d\":100.00}");
}
END_TEST

START_TEST(test_digits_written_in_the_definition_go_out_as_written)
{
    ck_assert_str_eq(
        json("{ \"a\": 19.99, \"b\": 9007199254740993, \"c\": [ 1.10, 100.00, 1e2 ] }"),
        "{\"a\":19.99,\"b\":9007199254740993,\"c\":[1.10,100.00,1e2]}");
}
END_TEST

START_TEST(test_a_whole_expression_keeps_its_type)
{
    ck_assert_str_eq(json("\"${ .input.list }\""), "[1, 2.50]");
    ck_assert_str_eq(json("[\"${ .input.none }\", \"${ .input.yes }\"]"), "[null,true]");
}
END_TEST

START_TEST(test_a_text_in_a_body_is_escaped)
{
    ck_assert_str_eq(json("{\"t\":\"<${ .input.text }> \\u0001 $\"}"),
                     "{\"t\":\"<a \\\"b\\\"\\n/> \\u0001 $\"}");
}
END_TEST

START_TEST(test_numbers_and_booleans_become_text)
{
    ck_assert_str_eq(text("Order ${ .input.id }: ${ .input.price }, ${ .input.yes }"),
                     "Order o-1: 1.10, true");
}
END_TEST

START_TEST(test_null_and_arrays_are_no_text)
{
    ck_assert_ptr_null(text("x ${ .input.none }"));
    ck_assert(strstr(info.text, ".input.none") != NULL);
    ck_assert(strstr(info.text, "null") != NULL);
    ck_assert_ptr_null(text("x ${ .input.list }"));
}
END_TEST

START_TEST(test_two_dollars_make_a_literal_one)
{
    ck_assert_str_eq(text("$${ .input.id } costs $5 $"), "${ .input.id } costs $5 $");
    ck_assert_str_eq(json("{\"t\":\"$${x}\"}"), "{\"t\":\"${x}\"}");
}
END_TEST

START_TEST(test_braces_and_texts_inside_an_expression_do_not_end_it)
{
    ck_assert_str_eq(json("\"${ {a: \\\"}\\\", b: {c: .input.id}} }\""),
                     "{\"a\":\"}\",\"b\":{\"c\":\"o-1\"}}");
    ck_assert_str_eq(text("<${ \"\\(.input.id)}\" }>"), "<o-1}>");
}
END_TEST

START_TEST(test_a_url_value_is_one_segment)
{
    ck_assert_str_eq(url("/a/${ .input.text }/b?x=${ .input.amount }"),
                     "/a/a%20%22b%22%0A%2F/b?x=19.99");
}
END_TEST

START_TEST(test_a_url_value_is_never_empty_dots_or_null)
{
    ck_assert_ptr_null(url("/a/${ .input.empty }"));
    ck_assert_ptr_null(url("/a/${ .input.dots }"));
    ck_assert_ptr_null(url("/a/${ .input.none }"));
    ck_assert_ptr_null(url("/a/${ .input.missing }"));
}
END_TEST

START_TEST(test_only_a_var_may_be_the_base_of_a_url)
{
    ck_assert_str_eq(url("${ .vars.base }/y"), "https://shop.internal/x/y");
    ck_assert_ptr_null(url("${ .vars.bad }/y"));
    ck_assert_str_eq(url("${ .input.id }/y"), "o-1/y");
    ck_assert_str_eq(url("/${ .vars.base }"), "/https%3A%2F%2Fshop.internal%2Fx");
}
END_TEST

START_TEST(test_an_error_names_its_place)
{
    char pointer[POINTER_MAX] = "";
    struct template_error error;
    struct template *t;
    const char *body = "{\"a\":[1,{\"b/c\":\"ab ${ .x | }\"}]}";

    begin();
    ck_assert_int_eq(template_compile_json(arena, json_span_of(body, strlen(body)), &t,
                                           pointer, &error),
                     ERR_INVALID);
    ck_assert_str_eq(pointer, "/a/1/b~1c");
    ck_assert_uint_gt(error.column, 5);
    ck_assert_int_eq(template_compile_text(arena, "x ${ .a", 7, &t, &error), ERR_INVALID);
    ck_assert_uint_eq(error.column, 5);
}
END_TEST

START_TEST(test_what_is_too_large_is_refused)
{
    const struct expr_root root = {.member = member};
    struct template_error error;
    struct template *t;

    begin();
    ck_assert_int_eq(template_compile_text(arena, "0123456789", 10, &t, &error), ERR_OK);
    buf_init(&out, 5);
    ck_assert_int_eq(template_render(t, &root, arena, &out, &info), ERR_LIMIT);
}
END_TEST

START_TEST(test_a_constant_is_known_as_one)
{
    struct template_error error;
    struct template *t;

    begin();
    ck_assert_int_eq(template_compile_text(arena, "a $${b}", 7, &t, &error), ERR_OK);
    ck_assert_str_eq(template_constant(t), "a ${b}");
    ck_assert_int_eq(template_compile_text(arena, "${ 1 }", 6, &t, &error), ERR_OK);
    ck_assert_ptr_null(template_constant(t));
}
END_TEST

START_TEST(test_a_base_is_an_http_url_without_what_a_url_cannot_hold)
{
    static const struct {
        const char *base;
        bool is_fine;
    } all[] = {
        {"http://a", true},         {"https://a:8080/x?y", true},
        {"ftp://a", false},         {"httpx://a", false},
        {"http://a b", false},      {"http://a\\u0000", false},
        {"http://a\\u007f", false}, {"http://a\\u00e9", false},
        {"http://a#b", false},      {"http://a@b", false},
        {"http://a`b", false},      {"", false},
    };
    char var[64];

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        (void)snprintf(var, sizeof(var), "{\"base\":\"%s\"}", all[i].base);
        vars = var;
        ck_assert_msg((url("${ .vars.base }/y") != NULL) == all[i].is_fine, "%s", var);
    }
}
END_TEST

START_TEST(test_a_base_stands_at_the_beginning_and_is_a_plain_path_of_vars)
{
    ck_assert_str_eq(url("${ .vars.base + \"z\" }"), "https%3A%2F%2Fshop.internal%2Fxz");
    ck_assert_str_eq(url("${ 5 }"), "5");
    ck_assert_str_eq(url("${ .input.id }"), "o-1");
}
END_TEST

START_TEST(test_a_url_keeps_only_what_rfc_3986_does_not_reserve)
{
    ck_assert_str_eq(url("/${ \"azAZ09-._~\" }"), "/azAZ09-._~");
    ck_assert_str_eq(url("/${ \"/:@[`{|} \" }"), "/%2F%3A%40%5B%60%7B%7C%7D%20");
    ck_assert_str_eq(url("/${ \"h\u00e9\" }"), "/h%C3%A9");
    ck_assert_str_eq(url("/${ \"...\" }"), "/...");
    ck_assert_ptr_null(url("/${ \".\" }"));
}
END_TEST

START_TEST(test_a_long_value_is_cut_in_the_sentence)
{
    ck_assert_ptr_null(text("${ [\"0123456789\" * 9] } x"));
    ck_assert_msg(strstr(info.text, "gave [\"0123456789") != NULL, "%s", info.text);
    ck_assert_msg(strstr(info.text, "...; a text needs") != NULL, "%s", info.text);
}
END_TEST

START_TEST(test_a_text_with_an_escape_and_no_dollar_goes_out_the_same)
{
    ck_assert_str_eq(json("{\"t\":\"a\\\\b\\n\"}"), "{\"t\":\"a\\\\b\\n\"}");
    ck_assert_str_eq(json("[\"${ .input.id } \", \"${ .input.id }\"]"),
                     "[\"o-1 \",\"o-1\"]");
}
END_TEST

int main(void)
{
    return suite_main(
        "template", test_digits_go_out_as_they_came,
        test_digits_written_in_the_definition_go_out_as_written,
        test_a_whole_expression_keeps_its_type, test_a_text_in_a_body_is_escaped,
        test_numbers_and_booleans_become_text, test_null_and_arrays_are_no_text,
        test_two_dollars_make_a_literal_one,
        test_braces_and_texts_inside_an_expression_do_not_end_it,
        test_a_url_value_is_one_segment, test_a_url_value_is_never_empty_dots_or_null,
        test_only_a_var_may_be_the_base_of_a_url, test_an_error_names_its_place,
        test_a_base_is_an_http_url_without_what_a_url_cannot_hold,
        test_a_base_stands_at_the_beginning_and_is_a_plain_path_of_vars,
        test_a_url_keeps_only_what_rfc_3986_does_not_reserve,
        test_a_long_value_is_cut_in_the_sentence,
        test_a_text_with_an_escape_and_no_dollar_goes_out_the_same,
        test_what_is_too_large_is_refused, test_a_constant_is_known_as_one);
}
