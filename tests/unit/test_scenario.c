#include "definitions/scenario.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "definitions/rehearse.h"
#include "tests/support/definition_world.h"
#include "tests/support/suite.h"

/* Run one test of a definition; "" when it passes, else what differs first. */
static const char *run(const char *definition, const char *test)
{
    static struct check_report report;
    static char said[4096];
    struct arena *keep = arena_create(4096);
    struct definition *d = world_compile(definition);
    struct scenario_result result;
    char tests[8192];
    struct json_span list;

    (void)snprintf(tests, sizeof(tests), "[%s]", test);
    list = (struct json_span){tests, strlen(tests)};
    ck_assert_msg(scenario_read(list, &report) == ERR_OK, "%s: %s",
                  report.issues[0].pointer, report.issues[0].detail);
    scenario_run(d, list, 0, JSON_SPAN_NONE, keep, &result);
    (void)snprintf(said, sizeof(said), "%s",
                   result.n_differences > 0 ? result.differences[0] : "");
    definition_destroy(d);
    arena_destroy(keep);
    return said;
}

static const char *run_order(const char *test)
{
    size_t n;
    char *text = world_read_file("tests/corpus/samples/order.json", &n);
    const char *said = run(text, test);

    free(text);
    return said;
}

#define PASSES(said) ck_assert_str_eq((said), "")

#define A_STEP(id, more)                                                       \
    "{\"id\":\"" id "\",\"call\":{\"service\":\"stock\",\"url\":\"/" id "\"}," \
    "\"compensate\":{\"service\":\"stock\",\"url\":\"/un-" id "\"}" more "}"
#define DEFINITION(steps) "{\"name\":\"x\",\"steps\":[" steps "]}"
#define TEST(answers, expect)                                         \
    "{\"name\":\"t\",\"input\":{\"l\":[1,2,3]},\"answers\":{" answers \
    "},\"expect\":{" expect "}}"

/* ---- the manual's ------------------------------------------------------------------ */

START_TEST(test_shipping_refuses_and_all_is_taken_back_in_order)
{
    PASSES(run_order(
        "{ \"name\": \"shipping refuses\", \"input\": { \"orderId\": \"o-1\", "
        "\"customerId\": \"c\", \"amount\": 19.99, \"items\": [ { \"sku\": \"a\", "
        "\"qty\": 1 } ] }, \"answers\": { \"payment.action\": [ { \"status\": 201, "
        "\"body\": { \"id\": \"p\" } } ], \"stock.action\": [ { \"status\": 200, "
        "\"body\": { \"id\": \"s\" } } ], \"shipment.action\": [ { \"status\": 400 } ] },"
        "\"expect\": { \"status\": \"compensated\", \"calls\": [ \"payment.action\", "
        "\"stock.action\", \"shipment.action\", \"stock.compensation\", "
        "\"payment.compensation\" ] } }"));
}
END_TEST

START_TEST(test_shipping_answers_too_late_to_be_believed)
{
    PASSES(run_order(
        "{ \"name\": \"shipping answers too late to be believed\", \"input\": { "
        "\"orderId\": \"o-2\", \"customerId\": \"c\", \"amount\": 5, \"items\": [ { } ] "
        "}, \"answers\": { \"shipment.action\": [ { \"fault\": \"timeout\" }, { "
        "\"status\": 400 } ] }, \"expect\": { \"status\": \"stuck\", \"calls\": [ "
        "\"payment.action\", \"stock.action\", \"shipment.action\", "
        "\"shipment.action\" ] } }"));
}
END_TEST

START_TEST(test_a_call_without_an_answer_gets_200_and_the_output_is_compared)
{
    PASSES(
        run_order("{\"name\":\"t\",\"input\":{\"orderId\":\"o\",\"customerId\":\"c\","
                  "\"amount\":1,\"items\":[1]},\"answers\":{\"payment.action\":[{"
                  "\"status\":200,\"body\":{\"id\":12.50}}]},\"expect\":{\"status\":"
                  "\"completed\",\"output\":{\"tracking\":null,\"chargeId\":12.50}}}"));
}
END_TEST

/* ---- faults and policies ------------------------------------------------------------
 */

START_TEST(test_each_fault_means_what_it_means_on_the_wire)
{
    /* Proved not sent: free, tried again, and nothing is to be undone. */
    PASSES(run(DEFINITION(A_STEP("a", "")),
               TEST("\"a.action\":[{\"fault\":\"dns\"},{\"fault\":\"refused\"},{"
                    "\"status\":400}]",
                    "\"status\":\"compensated\",\"calls\":[\"a.action\",\"a.action\","
                    "\"a.action\"]")));
    /* In doubt: a refusal behind it proves nothing. */
    PASSES(run(DEFINITION(A_STEP("a", "")),
               TEST("\"a.action\":[{\"fault\":\"reset\"},{\"status\":400}]",
                    "\"status\":\"compensated\",\"calls\":[\"a.action\",\"a.action\","
                    "\"a.compensation\"]")));
    PASSES(run(DEFINITION(A_STEP("a", "")),
               TEST("\"a.action\":[{\"fault\":\"cut\"},{\"status\":400}]",
                    "\"calls\":[\"a.action\",\"a.action\",\"a.compensation\"]")));
}
END_TEST

START_TEST(test_the_real_retry_policy_runs_out)
{
    PASSES(run(DEFINITION(A_STEP("a", "")),
               TEST("\"a.action\":[{\"status\":503},{\"status\":503},{\"status\":503},{"
                    "\"status\":503}]",
                    "\"status\":\"compensated\",\"calls\":[\"a.action\",\"a.action\","
                    "\"a.action\",\"a.action\",\"a.compensation\"]")));
}
END_TEST

START_TEST(test_an_answer_behind_its_time_out_is_none)
{
    PASSES(run(DEFINITION(A_STEP("a", "")),
               TEST("\"a.action\":[{\"status\":200,\"after\":\"40s\"},{\"status\":400}]",
                    "\"status\":\"compensated\",\"calls\":[\"a.action\",\"a.action\","
                    "\"a.compensation\"]")));
}
END_TEST

START_TEST(test_retry_after_beyond_the_policy_ends_the_call_at_once)
{
    PASSES(
        run("{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"call\":{\"service\":\"stock\","
            "\"url\":\"/\",\"retry\":{\"maxElapsed\":\"1m\"}}}]}",
            TEST("\"a.action\":[{\"status\":429,\"headers\":{\"Retry-After\":\"120\"}}]",
                 "\"status\":\"compensated\",\"calls\":[\"a.action\"]")));
}
END_TEST

START_TEST(test_the_deadline_turns_a_saga_back_in_virtual_time)
{
    PASSES(run("{\"name\":\"x\",\"timeout\":\"1h\",\"steps\":[" A_STEP(
                   "a", "") ",{\"id\":"
                            "\"w\",\"wait\":\"2h\"}]}",
               TEST("", "\"status\":\"compensated\",\"calls\":[\"a.action\","
                        "\"a.compensation\"]")));
}
END_TEST

/* ---- the rest of the language ---------------------------------------------------------
 */

#define EACH                                                                           \
    DEFINITION("{\"id\":\"e\",\"forEach\":\"${ .input.l }\",\"call\":{\"service\":"    \
               "\"stock\",\"url\":\"/e/${ .item }\"},\"compensate\":{\"service\":"     \
               "\"stock\",\"url\":\"/u/${ .steps.e[.index].body.id }\"},\"confirm\":{" \
               "\"service\":\"stock\",\"url\":\"/e/${ .item }\"}}")

START_TEST(test_items_are_answered_one_by_one_or_in_turn)
{
    PASSES(run(EACH, TEST("\"e.action\":[{\"status\":200,\"body\":{\"id\":\"x\"}},{"
                          "\"status\":200,\"body\":{\"id\":\"y\"}}],\"e[2].action\":[{"
                          "\"status\":409}]",
                          "\"status\":\"compensated\",\"calls\":[\"e[0].action\","
                          "\"e[1].action\",\"e[2].action\",\"e[1].compensation\","
                          "\"e[0].compensation\"]")));
}
END_TEST

#define WAIT                                                                             \
    DEFINITION(A_STEP("a", "") ",{\"id\":\"w\",\"wait\":{\"signal\":\"go\",\"timeout\":" \
                               "\"2d\",\"rejectWhen\":\"${ .signal.ok != true }\"}},"    \
                               "{\"id\":\"b\",\"call\":{\"service\":\"stock\",\"url\":"  \
                               "\"/b\",\"body\":\"${ .steps.w.body.by }\"}}")

START_TEST(test_a_signal_is_accepted_rejected_or_does_not_come)
{
    PASSES(run(WAIT, TEST("\"w.signal\":[{\"body\":{\"ok\":true,\"by\":\"ann\"},"
                          "\"after\":\"1d\"}]",
                          "\"status\":\"completed\",\"calls\":[\"a.action\","
                          "\"b.action\"]")));
    PASSES(run(WAIT, TEST("\"w.signal\":[{\"body\":{\"ok\":false}}]",
                          "\"status\":\"compensated\"")));
    PASSES(run(WAIT, TEST("\"w.signal\":[{\"body\":{\"ok\":true},\"after\":\"3d\"}]",
                          "\"status\":\"compensated\"")));
    PASSES(run(WAIT, TEST("", "\"status\":\"compensated\"")));
}
END_TEST

#define CALLBACK                                                                         \
    "{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"call\":{\"service\":\"stock\",\"url\":"  \
    "\"/a\",\"retry\":1,\"callback\":{\"timeout\":\"1h\"},\"rejectWhen\":"               \
    "\"${ .response.body.no == true }\"},\"compensate\":{\"service\":\"stock\",\"url\":" \
    "\"/u\"}}],\"output\":\"${ .steps.a.body.n }\"}"

START_TEST(test_a_callback_is_the_steps_answer)
{
    PASSES(run(CALLBACK, TEST("\"a.callback\":[{\"body\":{\"n\":7},\"after\":\"5m\"}]",
                              "\"status\":\"completed\",\"output\":7")));
    PASSES(run(CALLBACK, TEST("\"a.callback\":[{\"body\":{\"no\":true}}]",
                              "\"status\":\"compensated\",\"calls\":[\"a.action\"]")));
    PASSES(run(CALLBACK, TEST("\"a.callback\":[]",
                              "\"status\":\"compensated\",\"calls\":[\"a.action\","
                              "\"a.compensation\"]")));
}
END_TEST

#define CHILD                                                                      \
    "{\"name\":\"x\",\"steps\":[{\"id\":\"kyc\",\"saga\":{\"definition\":\"kyc\"," \
    "\"input\":{\"n\":\"${ .input.l[0] }\"}}}," A_STEP(                            \
        "b", "") "],\"output\":"                                                   \
                 "\"${ .steps.kyc.body.level }\"}"

START_TEST(test_a_child_completes_is_compensated_and_is_taken_back)
{
    PASSES(
        run(CHILD, TEST("\"kyc.saga\":[{\"body\":{\"level\":2}}]",
                        "\"status\":\"completed\",\"output\":2,\"calls\":[\"kyc.saga\","
                        "\"b.action\"]")));
    PASSES(run(CHILD, TEST("\"kyc.saga\":[{\"ended\":\"compensated\"}]",
                           "\"status\":\"compensated\",\"calls\":[\"kyc.saga\"]")));
    PASSES(run(CHILD, TEST("\"b.action\":[{\"status\":400}]",
                           "\"status\":\"compensated\",\"calls\":[\"kyc.saga\","
                           "\"b.action\",\"kyc.compensation\"]")));
    PASSES(run(CHILD,
               TEST("\"kyc.saga\":[{\"ended\":\"resolved\"}]", "\"status\":\"stuck\"")));
}
END_TEST

START_TEST(test_confirm_settles_what_is_in_doubt)
{
    PASSES(run_order(
        "{\"name\":\"t\",\"input\":{\"orderId\":\"o\",\"customerId\":\"c\",\"amount\":1,"
        "\"items\":[1]},\"answers\":{\"payment.action\":[{\"fault\":\"timeout\"},{"
        "\"fault\":\"timeout\"},{\"fault\":\"timeout\"},{\"fault\":\"timeout\"}],"
        "\"payment.confirm\":[{\"status\":200,\"body\":{\"id\":\"found\"}}]},\"expect\":{"
        "\"status\":\"completed\",\"output\":{\"chargeId\":\"found\",\"tracking\":null}}"
        "}"));
}
END_TEST

START_TEST(test_the_error_can_be_read_on_the_way_back)
{
    PASSES(
        run(DEFINITION("{\"id\":\"a\",\"call\":{\"service\":\"stock\",\"url\":\"/a\"},"
                       "\"compensate\":{\"service\":\"stock\",\"url\":"
                       "\"/u/${ .error.step }/${ .error.status }\"}}," A_STEP("b", "")),
            TEST("\"b.action\":[{\"status\":422}]",
                 "\"status\":\"compensated\",\"calls\":[\"a.action\",\"b.action\","
                 "\"a.compensation\"]")));
}
END_TEST

/* ---- saying what differs
 * ----------------------------------------------------------------- */

START_TEST(test_a_failing_test_says_what_differs)
{
    ck_assert_str_eq(run(DEFINITION(A_STEP("a", "")), TEST("", "\"status\":\"stuck\"")),
                     "the saga is completed, not stuck");
    ck_assert_str_eq(run(DEFINITION(A_STEP("a", "") "," A_STEP("b", "")),
                         TEST("", "\"calls\":[\"a.action\"]")),
                     "call 2 is b.action, not nothing more; the calls were "
                     "[\"a.action\",\"b.action\"]");
    ck_assert_str_eq(
        run(CHILD, TEST("\"kyc.saga\":[{\"body\":{\"level\":2}}]", "\"output\":3")),
        "the output is 2, not 3");
    ck_assert_str_eq(
        run(DEFINITION("{\"id\":\"a\",\"call\":{\"service\":\"stock\",\"url\":"
                       "\"/${ .input.none }\"}}"),
            TEST("", "\"status\":\"completed\"")),
        "the saga is stuck, not completed: a.action is stuck: its request "
        "cannot be rendered: url of 'a': ${ .input.none } gave null; a text needs a "
        "string, a "
        "number or a boolean");
}
END_TEST

START_TEST(test_answers_for_what_is_not_there_are_an_error)
{
    ck_assert_str_eq(run(DEFINITION(A_STEP("a", "")), TEST("\"b.action\":[]", "")),
                     "there is no step 'b' to answer for");
    ck_assert_str_eq(run(DEFINITION(A_STEP("a", "")), TEST("\"a.signal\":[]", "")),
                     "a.signal is answered, but 'a' has no such call");
    ck_assert_str_eq(run(DEFINITION(A_STEP("a", "")), TEST("\"a[0].action\":[]", "")),
                     "a[0].action is answered, but 'a' has no items");
}
END_TEST

START_TEST(test_an_input_that_does_not_fit_cannot_start)
{
    const char *said = run_order("{\"name\":\"t\",\"input\":{},\"expect\":{}}");

    ck_assert_msg(strstr(said, "it cannot start: the input does not fit") != NULL, "%s",
                  said);
}
END_TEST

START_TEST(test_the_checker_reports_a_failing_test_with_its_pointer)
{
    static struct check_report report;
    const struct check_world all = {.user = NULL};
    const char *text = "{\"name\":\"x\",\"steps\":[" A_STEP("a", "") "],\"tests\":[" TEST(
        "", "\"status\":\"completed\"") "," TEST("", "\"status\":\"compensated\"") "]}";
    struct definition *d = NULL;

    ck_assert_int_eq(definition_compile(text, strlen(text), &all, &report, &d), ERR_OK);
    ck_assert_uint_eq(report.n, 0);
    ck_assert_int_eq(scenario_check(d, JSON_SPAN_NONE, &report), ERR_INVALID);
    ck_assert_uint_eq(report.n_errors, 1);
    ck_assert_str_eq(report.issues[0].code, "test-failed");
    ck_assert_str_eq(report.issues[0].pointer, "/tests/1");
    ck_assert_str_eq(report.issues[0].detail,
                     "the test 't' fails: the saga is completed, not compensated");
    definition_destroy(d);
}
END_TEST

START_TEST(test_a_list_of_tests_beside_the_definition_has_a_form_too)
{
    static struct check_report report;
    const struct json_span bad =
        JSON_SPAN_TEXT("[{\"name\":\"t\",\"input\":1,\"expct\":{},\"expect\":{}}]");

    ck_assert_int_eq(scenario_read(bad, &report), ERR_INVALID);
    ck_assert_str_eq(report.issues[0].pointer, "/0/expct");
}
END_TEST

/* ---- rehearsing for render
 * ------------------------------------------------------------------ */

static void count_calls(void *user, const struct rehearse_call *call)
{
    unsigned *n = user;

    ck_assert_ptr_nonnull(call->name);
    *n += 1;
}

START_TEST(test_when_all_goes_well_signals_come_by_themselves)
{
    struct arena *keep = arena_create(4096);
    struct definition *d = world_compile(WAIT);
    unsigned n = 0;
    const struct rehearse_script script = {.input = JSON_SPAN_TEXT("{}"),
                                           .signals_come = true,
                                           .on_call = count_calls,
                                           .user = &n};
    struct rehearse_end end;
    struct err_info info;

    ck_assert_int_eq(rehearse(d, &script, keep, &end, &info), ERR_OK);
    ck_assert_int_eq(end.status, SAGA_STATUS_COMPLETED);
    ck_assert_uint_eq(n, 2);
    definition_destroy(d);
    arena_destroy(keep);
}
END_TEST

int main(void)
{
    return suite_main(
        "scenario", test_shipping_refuses_and_all_is_taken_back_in_order,
        test_shipping_answers_too_late_to_be_believed,
        test_a_call_without_an_answer_gets_200_and_the_output_is_compared,
        test_each_fault_means_what_it_means_on_the_wire,
        test_the_real_retry_policy_runs_out, test_an_answer_behind_its_time_out_is_none,
        test_retry_after_beyond_the_policy_ends_the_call_at_once,
        test_the_deadline_turns_a_saga_back_in_virtual_time,
        test_items_are_answered_one_by_one_or_in_turn,
        test_a_signal_is_accepted_rejected_or_does_not_come,
        test_a_callback_is_the_steps_answer,
        test_a_child_completes_is_compensated_and_is_taken_back,
        test_confirm_settles_what_is_in_doubt, test_the_error_can_be_read_on_the_way_back,
        test_a_failing_test_says_what_differs,
        test_answers_for_what_is_not_there_are_an_error,
        test_an_input_that_does_not_fit_cannot_start,
        test_the_checker_reports_a_failing_test_with_its_pointer,
        test_a_list_of_tests_beside_the_definition_has_a_form_too,
        test_when_all_goes_well_signals_come_by_themselves);
}
