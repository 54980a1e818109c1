#include <check.h>
#include <stdio.h>
#include <string.h>

#include "definitions/expr.h"
#include "tests/support/suite.h"

static char answer[1024];

/* What the expression reads: root/name/field, ? when guarded. */
static const char *references(const char *text)
{
    struct arena *arena = arena_create(4096);
    struct expr *e = NULL;
    const struct expr_reference *all;
    size_t n;
    size_t at = 0;

    ck_assert_int_eq(expr_compile(arena, text, strlen(text), &e, NULL, NULL), ERR_OK);
    n = expr_references(e, &all);
    answer[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        at += (size_t)snprintf(answer + at, sizeof(answer) - at, "%s%s/%s/%s%s",
                               i > 0 ? " " : "", all[i].root, all[i].name, all[i].field,
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
    ck_assert_str_eq(references(".steps.many[0].body"), "steps/many/body");
    ck_assert_str_eq(references(".steps.many | map(.body)"),
                     "steps/many/ steps/many/body");
    ck_assert_str_eq(references("[.steps.many[].status]"), "steps/many/status");
    ck_assert_str_eq(references(".steps | {pay}"), "steps/pay/");
    ck_assert_str_eq(references("\"\\(.saga.id)-\\(.item)\""), "saga// item//");
    ck_assert_str_eq(references("5"), "");
}
END_TEST

START_TEST(test_references_under_a_default_or_question_mark_are_guarded)
{
    ck_assert_str_eq(references(".steps.car.body.id // .steps.pay.body.id"),
                     "steps/car/body? steps/pay/body");
    ck_assert_str_eq(references(".steps.car.body.id?"), "steps/car/body?");
    ck_assert_str_eq(references("(.steps.car.body | .id)?"), "steps/car/body?");
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
}
END_TEST

START_TEST(test_the_extent_ends_at_the_closing_brace)
{
    static const char *const texts[] = {
        ".a } b", "{a: {b: 1}} } x",   "\"}\" } x", "\"\\(\"}\")}\" } x", "\"\\\"}\" }",
        ".a",     "\"\\({a: (1)})\"}", "\"open }",
    };
    static const size_t expected[] = {3, 12, 4, 10, 6, 2, 13, 7};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_uint_eq(expr_extent(texts[i], strlen(texts[i])), expected[i]);
    }
}
END_TEST

int main(void)
{
    return suite_main(
        "expr_references", test_references_are_the_static_paths_from_the_root,
        test_references_under_a_default_or_question_mark_are_guarded,
        test_dynamic_uses_have_empty_names, test_the_extent_ends_at_the_closing_brace);
}
