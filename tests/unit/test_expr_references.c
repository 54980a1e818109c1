#include <check.h>
#include <stdio.h>
#include <string.h>

#include "definitions/expr.h"
#include "tests/support/suite.h"

static char answer[1024];

/* What the expression reads: root/name/field, [] when of an element, ? when guarded. */
static const char *references(const char *text)
{
    struct arena *arena = arena_create(4096);
    struct expr *e = NULL;
    const struct expr_reference *all;
    size_t n;
    size_t at = 0;
    unsigned column;

    ck_assert_int_eq(expr_compile(arena, text, strlen(text), &e, &column, NULL), ERR_OK);
    n = expr_references(e, &all);
    answer[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        at += (size_t)snprintf(answer + at, sizeof(answer) - at, "%s%s/%s%s/%s%s",
                               i > 0 ? " " : "", all[i].root, all[i].name,
                               all[i].is_element ? "[]" : "", all[i].field,
                               all[i].is_guarded ? "?" : "");
    }
    arena_destroy(arena);
    return answer;
}

START_TEST(test_references_are_the_static_paths_from_the_root)
{
    ck_assert_str_eq(references(".input.a + .steps.pay.body.id"),
                     "input// steps/pay/body");
    ck_assert_str_eq(references(".steps.pay.outcome == .vars.mode"),
                     "steps/pay/outcome vars/mode/");
    ck_assert_str_eq(references(".steps[\"pay\"] | .body"), "steps/pay/body");
    ck_assert_str_eq(references(".steps.many[0].body"), "steps/many[]/body");
    ck_assert_str_eq(references(".steps.many | map(.body)"),
                     "steps/many/ steps/many[]/body");
    ck_assert_str_eq(references("[.steps.many[].status]"), "steps/many[]/status");
    ck_assert_str_eq(references(".steps.many.body + .steps.many[0].body"),
                     "steps/many/body steps/many[]/body");
    ck_assert_str_eq(references(".steps | {pay}"), "steps/pay/");
    ck_assert_str_eq(references("\"\\(.saga.id)-\\(.item)\""), "saga/id/ item//");
    ck_assert_str_eq(references("5"), "");
    ck_assert_str_eq(references(".response.body.id + .response.status"),
                     "response/body/ response/status/");
    ck_assert_str_eq(references("[.input.a[0], (.input | map(.b))]"), "input//");
    ck_assert_str_eq(
        references("[.input, .item, .index, .vars.a, .vars.b, .saga, .input]"),
        "input// item// index// vars/a/ vars/b/ saga//");
}
END_TEST

START_TEST(test_references_under_a_default_or_question_mark_are_guarded)
{
    ck_assert_str_eq(references(".steps.car.body.id // .steps.pay.body.id"),
                     "steps/car/body? steps/pay/body");
    ck_assert_str_eq(references(".steps.car.body.id?"), "steps/car/body?");
    ck_assert_str_eq(references("(.steps.car.body | .id)?"), "steps/car/body?");
    ck_assert_str_eq(references(".steps.car?.body"), "steps/car/body?");
    ck_assert_str_eq(references("[.steps.car.body?[1:2], .steps.car.status?[]]"),
                     "steps/car/body? steps/car/status?");
    ck_assert_str_eq(references("([.steps.car.body.id] | first) // 1"),
                     "steps/car/body?");
    ck_assert_str_eq(references("if .steps.car then .steps.car.status else 0 end"),
                     "steps/car/ steps/car/status");
}
END_TEST

START_TEST(test_dynamic_uses_have_empty_names)
{
    ck_assert_str_eq(references(". | keys"), "//");
    ck_assert_str_eq(references(".[.input.name]"), "input// //");
    ck_assert_str_eq(references(".steps[.input.name].body"), "input// steps//");
    ck_assert_str_eq(references(".steps | keys"), "steps//");
    ck_assert_str_eq(references("{\"a\\(.input.b)\"}"), "input// //");
}
END_TEST

START_TEST(test_the_extent_ends_at_the_closing_brace)
{
    static const char *const texts[] = {
        ".a } b",
        "{a: {b: 1}} } x",
        "\"}\" } x",
        "\"\\(\"}\")}\" } x",
        "\"\\\"}\" }",
        ".a",
        "\"\\({a: (1)})\"}",
        "\"open }",
        "(.a)} x",
        ".a)} x",
        "\"a\\",
    };
    static const size_t expected[] = {3, 12, 4, 10, 6, 2, 13, 7, 4, 3, 3};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_uint_eq(expr_extent(texts[i], strlen(texts[i])), expected[i]);
    }
}
END_TEST

START_TEST(test_the_extent_knows_as_many_texts_in_texts_as_an_expression_may_have)
{
    char text[3 * (EXPR_DEPTH_MAX + 1) + 2];
    const size_t deepest = 3 * (size_t)EXPR_DEPTH_MAX;

    for (size_t at = 0; at < sizeof(text) - 2; at += 3) {
        memcpy(text + at, "\"\\(", 3);
    }
    memcpy(text + deepest, "}", 2); /* In code: nothing is open there but texts. */
    ck_assert_uint_eq(expr_extent(text, deepest + 1), deepest);
    memcpy(text + deepest, "\"\\(}", 5); /* One more is text, and closes nothing. */
    ck_assert_uint_eq(expr_extent(text, deepest + 4), deepest + 4);
}
END_TEST

int main(void)
{
    return suite_main(
        "expr_references", test_references_are_the_static_paths_from_the_root,
        test_references_under_a_default_or_question_mark_are_guarded,
        test_dynamic_uses_have_empty_names, test_the_extent_ends_at_the_closing_brace,
        test_the_extent_knows_as_many_texts_in_texts_as_an_expression_may_have);
}
