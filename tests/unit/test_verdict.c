/* What an attempt's end means: the measured table of semantics.md, line by line, and
 * each rule of S10 to S17 that one attempt can show. Outcomes are compared as words. */
#include "engine/core/verdict.h"

#include <check.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

static const char *const outcome_words[] = {
#define X(name, text) text,
    OUTCOME_MAP(X)
#undef X
};

static const struct verdict_policy action = {.call = CALL_ACTION};
static const struct verdict_policy reading = {.call = CALL_ACTION, .reads_answer = true};

/* "unknown, retried, free, stop" */
static const char *words_of(const struct verdict_facts *facts,
                            const struct verdict_policy *policy)
{
    static char words[80];
    struct verdict v = verdict_of(facts, policy);

    ck_assert_ptr_nonnull(v.detail);
    ck_assert_str_ne(v.detail, "");
    (void)snprintf(words, sizeof(words), "%s%s%s%s", outcome_words[v.outcome],
                   v.may_retry ? ", retried" : "", v.is_free ? ", free" : "",
                   v.is_stop ? ", stop" : "");
    return words;
}

static struct verdict_facts broken(int curl_result, long request_bytes)
{
    return (struct verdict_facts){.curl_result = curl_result,
                                  .request_bytes = request_bytes};
}

static struct verdict_facts answered(long status)
{
    return (struct verdict_facts){.status = status,
                                  .request_bytes = 100,
                                  .headers_complete = true,
                                  .body_complete = true,
                                  .is_json = true};
}

static struct verdict_facts body_cut(int curl_result)
{
    struct verdict_facts facts = answered(200);

    facts.curl_result = curl_result;
    facts.body_complete = false;
    return facts;
}

static const char *status_words(long status, const struct verdict_policy *policy)
{
    const struct verdict_facts facts = answered(status);

    return words_of(&facts, policy);
}

/* ---- the measured table --------------------------------------------------------------
 */

static const struct {
    int curl_result;
    long request_bytes;
    const char *words;
} unanswered[] = {
    {CURLE_COULDNT_RESOLVE_HOST, 0, "unsent, retried, free"},
    {CURLE_COULDNT_CONNECT, 0, "unsent, retried, free"},
    {CURLE_SSL_CONNECT_ERROR, 0, "unsent, retried, free"},
    {CURLE_OPERATION_TIMEDOUT, 0, "unsent, retried, free"},
    {CURLE_ABORTED_BY_CALLBACK, 0, "unsent, retried, free"},
    {CURLE_OUT_OF_MEMORY, 0, "unsent, retried, free"},
    {CURLE_URL_MALFORMAT, 0, "unsent, free"},
    {CURLE_BAD_FUNCTION_ARGUMENT, 0, "unsent, free"},
    {CURLE_GOT_NOTHING, 120, "unknown, retried"},
    {CURLE_RECV_ERROR, 120, "unknown, retried"},
    {CURLE_OPERATION_TIMEDOUT, 120, "unknown, retried"},
    {CURLE_UNSUPPORTED_PROTOCOL, 120, "unknown, retried"},
    {CURLE_COULDNT_CONNECT, 120, "unknown, retried"},
};

START_TEST(test_without_an_answer_only_the_request_size_proves_unsent)
{
    for (size_t i = 0; i < sizeof(unanswered) / sizeof(unanswered[0]); i++) {
        const struct verdict_facts facts =
            broken(unanswered[i].curl_result, unanswered[i].request_bytes);

        ck_assert(!verdict_is_answer(&facts));
        ck_assert_str_eq(words_of(&facts, &action), unanswered[i].words);
    }
}
END_TEST

START_TEST(test_success_by_curl_without_a_request_is_no_proof_of_unsent)
{
    const struct verdict_facts facts = broken(CURLE_OK, 0);

    ck_assert_str_eq(words_of(&facts, &action), "unknown, retried");
}
END_TEST

START_TEST(test_a_cut_body_is_unknown)
{
    const struct verdict_facts by_length = body_cut(CURLE_PARTIAL_FILE);
    const struct verdict_facts by_reset = body_cut(CURLE_RECV_ERROR);
    const struct verdict_facts by_time = body_cut(CURLE_OPERATION_TIMEDOUT);
    const struct verdict_facts unnoticed = body_cut(CURLE_OK); /* By curl. */

    ck_assert_str_eq(words_of(&by_length, &action), "unknown, retried");
    ck_assert_str_eq(words_of(&by_reset, &action), "unknown, retried");
    ck_assert_str_eq(words_of(&by_time, &action), "unknown, retried");
    ck_assert_str_eq(words_of(&unnoticed, &action), "unknown, retried");
}
END_TEST

START_TEST(test_a_cut_refusal_is_unknown_too)
{
    struct verdict_facts facts = body_cut(CURLE_PARTIAL_FILE);

    facts.status = 409;
    ck_assert_str_eq(words_of(&facts, &action), "unknown, retried");
}
END_TEST

START_TEST(test_a_refusal_of_what_was_sent_twice_leaves_the_first_in_doubt)
{
    const struct verdict_policy safe = {.call = CALL_ACTION, .is_safe = true};
    struct verdict_facts facts = answered(400);

    facts.was_resent = true;
    ck_assert_str_eq(words_of(&facts, &action), "unknown, retried");
    ck_assert_str_eq(words_of(&facts, &safe), "rejected");
    facts.status = 200;
    ck_assert_str_eq(words_of(&facts, &action), "succeeded");
}
END_TEST

START_TEST(test_a_cut_header_block_is_unknown_although_curl_is_content)
{
    struct verdict_facts facts = answered(200);

    facts.headers_complete = false;
    ck_assert_str_eq(words_of(&facts, &action), "unknown, retried");
}
END_TEST

START_TEST(test_half_a_json_is_unknown_where_the_definition_reads_it)
{
    struct verdict_facts facts = answered(200);

    facts.is_json = false;
    ck_assert_str_eq(words_of(&facts, &reading), "unknown, retried");
    ck_assert_str_eq(words_of(&facts, &action), "succeeded");
}
END_TEST

START_TEST(test_contradicting_framing_is_unknown)
{
    struct verdict_facts facts = answered(200);

    facts.framing_is_bad = true;
    ck_assert_str_eq(words_of(&facts, &action), "unknown, retried");
    facts.status = 404;
    ck_assert_str_eq(words_of(&facts, &action), "unknown, retried");
}
END_TEST

START_TEST(test_an_interim_status_is_no_answer)
{
    struct verdict_facts facts = broken(CURLE_GOT_NOTHING, 120);

    facts.status = 0; /* What calls.c tells of a 103 that nothing followed. */
    ck_assert(!verdict_is_answer(&facts));
}
END_TEST

/* ---- statuses
 * -------------------------------------------------------------------------- */

static const char *default_words(long status)
{
    if (status == 401 || status == 407) {
        return "rejected, retried";
    }
    if (status == 429) {
        return "rejected, retried, free";
    }
    if (status == 408 || status == 425) {
        return "unknown, retried";
    }
    if (status < 200) {
        return "unknown, retried";
    }
    if (status < 300) {
        return "succeeded";
    }
    if (status < 500 || status == 501 || status == 505) {
        return "rejected";
    }
    return "unknown, retried";
}

START_TEST(test_every_status_has_its_default)
{
    for (long status = 100; status <= 599; status++) {
        ck_assert_msg(strcmp(status_words(status, &action), default_words(status)) == 0,
                      "status %ld: %s", status, status_words(status, &action));
    }
    ck_assert_str_eq(status_words(999, &action), "unknown, retried");
}
END_TEST

START_TEST(test_a_code_beats_a_class_and_a_class_beats_the_default)
{
    const struct plan_statuses rules = {
        .n = 3,
        .rules = {{4, PLAN_RETRYABLE}, {404, PLAN_SUCCESS}, {503, PLAN_REJECTED}}};

    ck_assert_int_eq(verdict_meaning(&rules, 404), PLAN_SUCCESS);
    ck_assert_int_eq(verdict_meaning(&rules, 400), PLAN_RETRYABLE);
    ck_assert_int_eq(verdict_meaning(&rules, 503), PLAN_REJECTED);
    ck_assert_int_eq(verdict_meaning(&rules, 500), PLAN_RETRYABLE);
    ck_assert_int_eq(verdict_meaning(&rules, 501), PLAN_REJECTED);
    ck_assert_int_eq(verdict_meaning(&rules, 200), PLAN_SUCCESS);
}
END_TEST

START_TEST(test_what_only_the_definition_retries_may_have_been_applied)
{
    const struct plan_statuses rules = {.n = 1, .rules = {{423, PLAN_RETRYABLE}}};
    const struct verdict_policy policy = {.call = CALL_ACTION, .statuses = &rules};

    ck_assert_str_eq(status_words(423, &policy), "unknown, retried");
}
END_TEST

START_TEST(test_a_conflict_with_an_attempt_in_doubt_is_retried)
{
    struct verdict_policy policy = {.call = CALL_ACTION, .in_doubt = true};
    const struct plan_statuses rules = {.n = 1, .rules = {{409, PLAN_SUCCESS}}};

    ck_assert_str_eq(status_words(409, &policy), "unknown, retried");
    ck_assert_str_eq(status_words(409, &action), "rejected");
    ck_assert_str_eq(status_words(422, &policy), "rejected");
    policy.statuses = &rules;
    ck_assert_str_eq(status_words(409, &policy), "succeeded");
}
END_TEST

START_TEST(test_an_unknown_get_is_told_as_unknown_and_left_to_the_core)
{
    const struct verdict_policy policy = {.call = CALL_ACTION, .is_safe = true};

    ck_assert_str_eq(status_words(503, &policy), "unknown, retried");
}
END_TEST

/* ---- conditions
 * ------------------------------------------------------------------------ */

START_TEST(test_reject_when_comes_before_retry_when_and_statuses)
{
    const struct verdict_policy policy = {
        .call = CALL_ACTION, .reject_when = VERDICT_YES, .retry_when = VERDICT_YES};

    ck_assert_str_eq(status_words(200, &policy), "rejected");
    ck_assert_str_eq(status_words(503, &policy), "rejected");
}
END_TEST

START_TEST(test_retry_when_is_unknown_unless_the_status_says_not_applied)
{
    const struct verdict_policy policy = {
        .call = CALL_ACTION, .reject_when = VERDICT_NO, .retry_when = VERDICT_YES};

    ck_assert_str_eq(status_words(200, &policy), "unknown, retried");
    ck_assert_str_eq(status_words(404, &policy), "unknown, retried");
    ck_assert_str_eq(status_words(401, &policy), "rejected, retried");
    ck_assert_str_eq(status_words(429, &policy), "rejected, retried, free");
}
END_TEST

START_TEST(test_conditions_that_are_false_leave_it_to_the_status)
{
    const struct verdict_policy policy = {
        .call = CALL_ACTION, .reject_when = VERDICT_NO, .retry_when = VERDICT_NO};

    ck_assert_str_eq(status_words(201, &policy), "succeeded");
    ck_assert_str_eq(status_words(404, &policy), "rejected");
}
END_TEST

START_TEST(test_a_condition_that_fails_stops_the_step)
{
    struct verdict_policy policy = {.call = CALL_ACTION, .reject_when = VERDICT_FAILED};

    ck_assert_str_eq(status_words(200, &policy), "unknown, stop");
    policy.reject_when = VERDICT_NO;
    policy.retry_when = VERDICT_FAILED;
    ck_assert_str_eq(status_words(200, &policy), "unknown, stop");
    policy.reject_when = VERDICT_YES;
    ck_assert_str_eq(status_words(200, &policy), "rejected");
}
END_TEST

START_TEST(test_an_answer_over_the_cap_stops_only_a_reader)
{
    struct verdict_facts facts = body_cut(CURLE_WRITE_ERROR);

    facts.is_over_cap = true;
    ck_assert_str_eq(words_of(&facts, &reading), "unknown, stop");
    ck_assert_str_eq(words_of(&facts, &action), "succeeded");
    facts.status = 422;
    ck_assert_str_eq(words_of(&facts, &reading), "rejected");
    facts.status = 503;
    ck_assert_str_eq(words_of(&facts, &reading), "unknown, retried");
}
END_TEST

/* ---- what costs an attempt
 * --------------------------------------------------------------- */

START_TEST(test_a_failed_probe_is_free_and_a_refused_one_is_not)
{
    const struct verdict_policy probe = {.call = CALL_ACTION, .is_probe = true};
    const struct verdict_facts timed_out = broken(CURLE_OPERATION_TIMEDOUT, 120);

    ck_assert_str_eq(words_of(&timed_out, &probe), "unknown, retried, free");
    ck_assert_str_eq(status_words(503, &probe), "unknown, retried, free");
    ck_assert_str_eq(status_words(422, &probe), "rejected");
    ck_assert_str_eq(status_words(200, &probe), "succeeded");
}
END_TEST

START_TEST(test_retry_after_is_passed_on_only_with_a_retry)
{
    struct verdict_facts facts = answered(503);

    facts.retry_after_ms = 5000;
    ck_assert_uint_eq(verdict_of(&facts, &action).retry_at_ms, 5000);
    facts.status = 422;
    ck_assert_uint_eq(verdict_of(&facts, &action).retry_at_ms, 0);
}
END_TEST

START_TEST(test_breakers_count_transport_and_5xx_and_never_4xx_or_our_own_refusal)
{
    static const int faults[] = {CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT,
                                 CURLE_OPERATION_TIMEDOUT, CURLE_SSL_CONNECT_ERROR};
    struct verdict_facts facts;

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        facts = broken(faults[i], 0);
        ck_assert(verdict_is_service_fault(&facts));
        facts = broken(faults[i], 99);
        ck_assert(verdict_is_service_fault(&facts));
    }
    facts = broken(CURLE_ABORTED_BY_CALLBACK, 0);
    ck_assert(!verdict_is_service_fault(&facts));
    facts = broken(CURLE_BAD_FUNCTION_ARGUMENT, 0);
    ck_assert(!verdict_is_service_fault(&facts));
    facts = broken(CURLE_OUT_OF_MEMORY, 0);
    ck_assert(!verdict_is_service_fault(&facts));
    for (long status = 200; status <= 599; status++) {
        facts = answered(status);
        ck_assert(verdict_is_service_fault(&facts) == (status >= 500));
    }
    facts = body_cut(CURLE_PARTIAL_FILE);
    ck_assert(verdict_is_service_fault(&facts));
}
END_TEST

/* ---- confirm (S17)
 * ------------------------------------------------------------------------ */

static const char *const confirm_words[] = {"nothing", "applied", "not applied"};

static const char *confirm_of(const struct verdict_facts *facts,
                              const struct verdict_policy *policy)
{
    struct verdict v = verdict_of(facts, policy);

    ck_assert(v.may_retry == (v.confirm == SAGA_CONFIRM_NOTHING && !v.is_stop));
    return confirm_words[v.confirm];
}

static const char *confirmed(long status, const struct verdict_policy *policy)
{
    const struct verdict_facts facts = answered(status);

    return confirm_of(&facts, policy);
}

START_TEST(test_a_confirm_answered_2xx_proves_applied)
{
    const struct verdict_policy policy = {.call = CALL_CONFIRM};
    const struct verdict_facts facts = answered(200);

    ck_assert_str_eq(confirmed(200, &policy), "applied");
    ck_assert_str_eq(words_of(&facts, &policy), "succeeded");
}
END_TEST

START_TEST(test_a_404_proves_nothing_unless_the_definition_names_it)
{
    const struct plan_statuses gone = {.n = 1, .rules = {{404, PLAN_REJECTED}}};
    struct verdict_policy policy = {.call = CALL_CONFIRM};
    const struct verdict_facts facts = answered(404);

    ck_assert_str_eq(confirmed(404, &policy), "nothing");
    ck_assert_str_eq(words_of(&facts, &policy), "unknown, retried");
    policy.not_applied = &gone;
    ck_assert_str_eq(confirmed(404, &policy), "not applied");
    ck_assert_str_eq(confirmed(410, &policy), "nothing");
    ck_assert_str_eq(words_of(&facts, &policy), "rejected");
}
END_TEST

START_TEST(test_applied_when_decides_where_it_is_given)
{
    struct verdict_policy policy = {.call = CALL_CONFIRM, .applied_when = VERDICT_NO};

    ck_assert_str_eq(confirmed(200, &policy), "nothing");
    policy.applied_when = VERDICT_YES;
    ck_assert_str_eq(confirmed(200, &policy), "applied");
    policy.applied_when = VERDICT_NO;
    policy.not_applied_when = VERDICT_YES;
    ck_assert_str_eq(confirmed(200, &policy), "not applied");
}
END_TEST

START_TEST(test_an_answer_that_says_both_proves_nothing)
{
    const struct verdict_policy policy = {.call = CALL_CONFIRM,
                                          .applied_when = VERDICT_YES,
                                          .not_applied_when = VERDICT_YES};

    ck_assert_str_eq(confirmed(200, &policy), "nothing");
}
END_TEST

START_TEST(test_a_named_not_applied_status_beats_the_default_2xx)
{
    const struct plan_statuses empty = {.n = 1, .rules = {{204, PLAN_REJECTED}}};
    const struct verdict_policy policy = {.call = CALL_CONFIRM, .not_applied = &empty};

    ck_assert_str_eq(confirmed(204, &policy), "not applied");
    ck_assert_str_eq(confirmed(200, &policy), "applied");
}
END_TEST

START_TEST(test_a_confirm_without_a_usable_answer_proves_nothing)
{
    const struct verdict_policy policy = {.call = CALL_CONFIRM, .reads_answer = true};
    const struct verdict_facts no_answer = broken(CURLE_OPERATION_TIMEDOUT, 90);
    const struct verdict_facts not_sent = broken(CURLE_COULDNT_CONNECT, 0);
    struct verdict_facts no_json = answered(200);

    no_json.is_json = false;
    ck_assert_str_eq(confirm_of(&no_answer, &policy), "nothing");
    ck_assert_str_eq(confirm_of(&not_sent, &policy), "nothing");
    ck_assert_str_eq(confirm_of(&no_json, &policy), "nothing");
    ck_assert_str_eq(words_of(&not_sent, &policy), "unsent, retried, free");
    ck_assert_str_eq(confirmed(503, &policy), "nothing");
}
END_TEST

START_TEST(test_an_applied_when_that_fails_stops_the_step)
{
    const struct verdict_policy policy = {.call = CALL_CONFIRM,
                                          .applied_when = VERDICT_FAILED};

    ck_assert_str_eq(status_words(200, &policy), "unknown, stop");
    ck_assert_str_eq(confirmed(200, &policy), "nothing");
}
END_TEST

int main(void)
{
    return suite_main(
        "verdict", test_without_an_answer_only_the_request_size_proves_unsent,
        test_success_by_curl_without_a_request_is_no_proof_of_unsent,
        test_a_cut_body_is_unknown, test_a_cut_refusal_is_unknown_too,
        test_a_refusal_of_what_was_sent_twice_leaves_the_first_in_doubt,
        test_a_cut_header_block_is_unknown_although_curl_is_content,
        test_half_a_json_is_unknown_where_the_definition_reads_it,
        test_contradicting_framing_is_unknown, test_an_interim_status_is_no_answer,
        test_every_status_has_its_default,
        test_a_code_beats_a_class_and_a_class_beats_the_default,
        test_what_only_the_definition_retries_may_have_been_applied,
        test_a_conflict_with_an_attempt_in_doubt_is_retried,
        test_an_unknown_get_is_told_as_unknown_and_left_to_the_core,
        test_reject_when_comes_before_retry_when_and_statuses,
        test_retry_when_is_unknown_unless_the_status_says_not_applied,
        test_conditions_that_are_false_leave_it_to_the_status,
        test_a_condition_that_fails_stops_the_step,
        test_an_answer_over_the_cap_stops_only_a_reader,
        test_a_failed_probe_is_free_and_a_refused_one_is_not,
        test_retry_after_is_passed_on_only_with_a_retry,
        test_breakers_count_transport_and_5xx_and_never_4xx_or_our_own_refusal,
        test_a_confirm_answered_2xx_proves_applied,
        test_a_404_proves_nothing_unless_the_definition_names_it,
        test_applied_when_decides_where_it_is_given,
        test_an_answer_that_says_both_proves_nothing,
        test_a_named_not_applied_status_beats_the_default_2xx,
        test_a_confirm_without_a_usable_answer_proves_nothing,
        test_an_applied_when_that_fails_stops_the_step);
}
