/* What is refused of the tests of a definition, before any is run. */
#include "definitions/scenario.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

/* Where a list of tests is wrong and how, as "/0/name: code"; "" when it is not. */
static const char *refusal(const char *tests)
{
    static struct check_report report;
    static char said[512];

    said[0] = '\0';
    if (scenario_read(json_span_of(tests, strlen(tests)), &report) != ERR_OK) {
        (void)snprintf(said, sizeof(said), "%.255s: %s", report.issues[0].pointer,
                       report.issues[0].code);
    }
    return said;
}

START_TEST(test_a_test_of_the_wrong_form_is_refused_with_its_place)
{
    static const struct {
        const char *tests;
        const char *issue;
    } all[] = {
        {"5", ": wrong-type"},
        {"[5]", "/0: wrong-type"},
        {"[{\"name\":\"t\",\"input\":1,\"expect\":{},\"answers\":5}]",
         "/0/answers: wrong-type"},
        {"[{\"name\":\"t\",\"input\":1,\"expect\":{},\"answers\":{\"a.action\":5}}]",
         "/0/answers/a.action: wrong-type"},
        {"[{\"name\":\"t\",\"input\":1,\"expect\":{},\"answers\":{\"a.action\":[{"
         "\"status\":200,\"headers\":5}]}}]",
         "/0/answers/a.action/0/headers: wrong-type"},
        {"[{\"name\":\"t\",\"input\":1,\"expect\":{},\"answers\":{\"a.action\":[{"
         "\"status\":200,\"headers\":{\"X\":5}}]}}]",
         "/0/answers/a.action/0/headers/X: wrong-type"},
        {"[{\"name\":\"t\",\"input\":1,\"expect\":{\"calls\":5}}]",
         "/0/expect/calls: wrong-type"},
        {"[{\"name\":\"t\",\"input\":1,\"expect\":{\"calls\":[5]}}]",
         "/0/expect/calls/0: wrong-type"},
    };
    static const char *const names[] = {"A.action",   "1.action",   ".action",
                                        "a",          "a.actions",  "a[].action",
                                        "a[1.action", "a[x].action"};
    char text[512];

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        ck_assert_str_eq(refusal(all[i].tests), all[i].issue);
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        (void)snprintf(
            text, sizeof(text),
            "[{\"name\":\"t\",\"input\":1,\"expect\":{},\"answers\":{\"%s\":[]}}]",
            names[i]);
        ck_assert_msg(strstr(refusal(text), ": bad-value") != NULL, "%s: %s", names[i],
                      refusal(text));
    }
    ck_assert_str_eq(refusal("[{\"name\":\"t\",\"input\":1,\"expect\":{},\"answers\":{"
                             "\"a[12].action\":[{\"fault\":\"dns\"}]}}]"),
                     "");
}
END_TEST

START_TEST(test_there_are_at_most_a_hundred_tests)
{
    static char text[100 * 64];
    size_t at = (size_t)snprintf(text, sizeof(text), "[");

    for (int i = 0; i < 100; i++) {
        at += (size_t)snprintf(text + at, sizeof(text) - at,
                               "%s{\"name\":\"t\",\"input\":1,\"expect\":{}}",
                               i > 0 ? "," : "");
    }
    (void)snprintf(text + at, sizeof(text) - at, "]");
    ck_assert_str_eq(refusal(text), "");
    (void)snprintf(text + at, sizeof(text) - at, ",{}]");
    ck_assert_str_eq(refusal(text), ": out-of-range");
}
END_TEST

int main(void)
{
    return suite_main("parse_tests",
                      test_a_test_of_the_wrong_form_is_refused_with_its_place,
                      test_there_are_at_most_a_hundred_tests);
}
