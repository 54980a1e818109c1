/* A rehearsal says why a saga goes no further: which expression, at what. */
#include "definitions/rehearse.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "tests/support/definition_world.h"
#include "tests/support/suite.h"

static struct arena *keep;

/* A definition of these steps, with this input and these answers. */
static struct rehearse_end rehearsed(const char *steps, const char *more,
                                     const char *input, const char *answers)
{
    struct rehearse_script script = {.input = json_span_of(input, strlen(input)),
                                     .answers = json_span_of(answers, strlen(answers))};
    struct rehearse_end end;
    struct err_info info;
    struct definition *d;
    char text[4096];

    (void)snprintf(text, sizeof(text), "{\"name\":\"x\",\"steps\":[%s]%s}", steps, more);
    d = world_compile(text);
    arena_destroy(keep);
    keep = arena_create(4096);
    ck_assert_msg(rehearse(d, &script, keep, &end, &info) == ERR_OK, "%s", info.text);
    definition_destroy(d);
    return end;
}

#define CALL(id)                                                        \
    "{\"id\":\"" id "\",\"call\":{\"service\":\"stock\",\"url\":\"/" id \
    "\"},\"compensate\":null}"

/* It rests, and the sentence has this in it. */
static void rests(const char *steps, const char *input, const char *answers,
                  const char *why)
{
    const struct rehearse_end end = rehearsed(steps, "", input, answers);

    ck_assert_msg(end.rest != NULL, "%s: final, %d", steps, (int)end.status);
    ck_assert_msg(strstr(end.rest, why) != NULL, "%s\n  %s", steps, end.rest);
}

START_TEST(test_a_failing_expression_is_named)
{
    rests("{\"id\":\"a\",\"when\":\"${ .input.l.x }\",\"call\":\"PUT "
          "http://127.0.0.1/a\",\"compensate\":null}",
          "{\"l\":[1]}", "{}", "has no member");
    rests("{\"id\":\"a\",\"forEach\":\"${ .input.l.x }\",\"call\":\"PUT "
          "http://127.0.0.1/a\",\"compensate\":null}",
          "{\"l\":[1]}", "{}", "has no member");
    rests("{\"id\":\"a\",\"wait\":{\"until\":\"${ .input.l.x }\"}}", "{\"l\":[1]}", "{}",
          "has no member");
    rests(
        "{\"id\":\"a\",\"call\":\"PUT http://127.0.0.1/${ .input.l.x }\",\"compensate\":"
        "null}",
        "{\"l\":[1]}", "{}", "has no member");
    rests(
        "{\"id\":\"a\",\"saga\":{\"definition\":\"kyc\",\"input\":\"${ .input.l.x }\"}}",
        "{\"l\":[1]}", "{}", "has no member");
    rests("{\"id\":\"a\",\"wait\":{\"signal\":\"go\",\"rejectWhen\":\"${ .signal.l.x "
          "}\"}}",
          "{}", "{\"a.signal\":[{\"body\":{\"l\":[1]}}]}", "has no member");
}
END_TEST

START_TEST(test_a_foreach_needs_an_array_of_not_too_many_items)
{
    static const char *const each = "{\"id\":\"a\",\"forEach\":{\"in\":\"${ .input.l "
                                    "}\",\"maxItems\":2},\"call\":\"PUT "
                                    "http://127.0.0.1/a\",\"compensate\":null}";

    ck_assert_int_eq(rehearsed(each, "", "{\"l\":[1,2]}", "{}").status,
                     SAGA_STATUS_COMPLETED);
    rests(each, "{\"l\":[1,2,3]}", "{}",
          "forEach of 'a': ${ .input.l } gave [1,2,3]; maxItems is 2, these are 3");
    rests(each, "{\"l\":{\"a\":1}}", "{}",
          "forEach of 'a': ${ .input.l } gave {\"a\":1}; forEach needs an array");
}
END_TEST

START_TEST(test_a_time_waited_for_must_be_one)
{
    static const char *const until =
        "{\"id\":\"a\",\"wait\":{\"until\":\"${ .input.t }\"}}";

    ck_assert_int_eq(rehearsed(until, "", "{\"t\":0}", "{}").status,
                     SAGA_STATUS_COMPLETED);
    ck_assert_int_eq(
        rehearsed(until, "", "{\"t\":\"2001-01-01T00:00:00Z\"}", "{}").status,
        SAGA_STATUS_COMPLETED);
    rests(until, "{\"t\":\"soon\"}", "{}",
          "wait/until of 'a': ${ .input.t } gave \"soon\"; a time is a UTC text");
    rests(until, "{\"t\":null}", "{}",
          "wait/until of 'a': ${ .input.t } gave null; a time is");
}
END_TEST

START_TEST(test_a_signal_that_does_not_come_is_named)
{
    static const char *const wait = "{\"id\":\"a\",\"wait\":{\"signal\":\"go\","
                                    "\"rejectWhen\":\"${ .signal.no }\"}}";

    rests(wait, "{}", "{}", "a waits for the signal 'go', which never comes");
    ck_assert_int_eq(
        rehearsed(wait, "", "{}", "{\"a.signal\":[{\"body\":{\"no\":false}}]}").status,
        SAGA_STATUS_COMPLETED);
    ck_assert_int_eq(
        rehearsed(wait, "", "{}", "{\"a.signal\":[{\"body\":{\"no\":true}}]}").status,
        SAGA_STATUS_COMPENSATED);
}
END_TEST

START_TEST(test_an_output_that_fails_leaves_the_saga_completed)
{
    const struct rehearse_end end = rehearsed(
        CALL("a"), ",\"output\":{\"x\":\"${ .input.l.x }\"}", "{\"l\":[1]}", "{}");

    ck_assert_int_eq(end.status, SAGA_STATUS_COMPLETED);
    ck_assert_ptr_nonnull(end.output_error);
    ck_assert_msg(strstr(end.output_error, "has no member") != NULL, "%s",
                  end.output_error);
}
END_TEST

START_TEST(test_a_child_without_an_input_gets_an_empty_one)
{
    ck_assert_int_eq(
        rehearsed("{\"id\":\"a\",\"saga\":{\"definition\":\"kyc\"}}", "", "{}", "{}")
            .status,
        SAGA_STATUS_COMPLETED);
}
END_TEST

int main(void)
{
    return suite_main("rehearse", test_a_failing_expression_is_named,
                      test_a_foreach_needs_an_array_of_not_too_many_items,
                      test_a_time_waited_for_must_be_one,
                      test_a_signal_that_does_not_come_is_named,
                      test_an_output_that_fails_leaves_the_saga_completed,
                      test_a_child_without_an_input_gets_an_empty_one);
}
