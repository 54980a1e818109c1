/* test_verdict_rest.c - the rarer ends of an attempt, and the sentence that tells each.
 */
#include "engine/core/verdict.h"

#include <check.h>

#include "tests/support/suite.h"

static struct verdict_facts answered(long status)
{
    return (struct verdict_facts){.status = status,
                                  .request_bytes = 100,
                                  .headers_complete = true,
                                  .body_complete = true,
                                  .is_json = true};
}

static const char *said_unsent(int curl_result)
{
    const struct verdict_facts facts = {.curl_result = curl_result};
    const struct verdict_policy policy = {.call = CALL_ACTION};
    const struct verdict v = verdict_of(&facts, &policy);

    ck_assert_int_eq(v.outcome, OUTCOME_UNSENT);
    return v.detail;
}

START_TEST(test_what_was_not_sent_says_why)
{
    const char tls[] = "the TLS handshake failed";
    const char as_it_is[] = "the request cannot be sent as it is";

    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_NO_HOST),
                     "the host name could not be resolved");
    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_NO_CONNECTION), "could not connect");
    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_TIMED_OUT),
                     "timed out before the request was sent");
    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_TLS_FAILED), tls);
    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_TLS_NOT_TRUSTED), tls);
    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_TLS_CERTIFICATE), tls);
    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_REFUSED_BY_US),
                     "the address is refused by the egress policy");
    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_UNSUPPORTED), as_it_is);
    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_BAD_URL), as_it_is);
    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_BAD_ARGUMENT), as_it_is);
    ck_assert_str_eq(said_unsent(VERDICT_TRANSFER_CUT), "the request was not sent");
}
END_TEST

static const char *said_unanswered(int curl_result)
{
    const struct verdict_facts facts = {.curl_result = curl_result, .request_bytes = 9};
    const struct verdict_policy policy = {.call = CALL_ACTION};
    const struct verdict v = verdict_of(&facts, &policy);

    ck_assert_int_eq(v.outcome, OUTCOME_UNKNOWN);
    return v.detail;
}

START_TEST(test_what_was_not_answered_says_why)
{
    const char broke[] = "the connection broke before the answer";
    const char not_http[] = "the answer is not HTTP";

    ck_assert_str_eq(said_unanswered(VERDICT_TRANSFER_TIMED_OUT),
                     "timed out waiting for the answer");
    ck_assert_str_eq(said_unanswered(VERDICT_TRANSFER_NOTHING_CAME),
                     "the connection was closed without an answer");
    ck_assert_str_eq(said_unanswered(VERDICT_TRANSFER_RECEIVE_BROKE), broke);
    ck_assert_str_eq(said_unanswered(VERDICT_TRANSFER_SEND_BROKE), broke);
    ck_assert_str_eq(said_unanswered(VERDICT_TRANSFER_UNSUPPORTED), not_http);
    ck_assert_str_eq(said_unanswered(VERDICT_TRANSFER_NOT_HTTP), not_http);
    ck_assert_str_eq(said_unanswered(VERDICT_TRANSFER_OK), not_http);
    ck_assert_str_eq(said_unanswered(VERDICT_TRANSFER_NO_CONNECTION),
                     "the connection broke and could not be made again");
    ck_assert_str_eq(said_unanswered(VERDICT_TRANSFER_CUT), "no answer came");
}
END_TEST

START_TEST(test_a_request_that_cannot_be_sent_as_it_is_is_not_tried_again)
{
    static const int hopeless[] = {VERDICT_TRANSFER_UNSUPPORTED, VERDICT_TRANSFER_BAD_URL,
                                   VERDICT_TRANSFER_BAD_ARGUMENT};
    const struct verdict_policy policy = {.call = CALL_ACTION};

    for (unsigned i = 0; i < 3; i++) {
        const struct verdict_facts facts = {.curl_result = hopeless[i]};

        ck_assert(!verdict_of(&facts, &policy).may_retry);
    }
}
END_TEST

/* 409 may speak of our own earlier attempt; a GET made none that matters (S14). */
START_TEST(test_a_conflict_of_a_safe_call_is_a_refusal)
{
    const struct verdict_facts facts = answered(409);
    const struct verdict_policy policy = {
        .call = CALL_ACTION, .in_doubt = true, .is_safe = true};

    ck_assert_int_eq(verdict_of(&facts, &policy).outcome, OUTCOME_REJECTED);
}
END_TEST

/* ---- confirm (S17)
 * ------------------------------------------------------------------------- */

static const struct plan_statuses gone = {.n = 1, .rules = {{404, PLAN_REJECTED}}};
static const struct plan_statuses gone_is_fine = {.n = 1, .rules = {{404, PLAN_SUCCESS}}};

static enum saga_confirm proof(struct verdict_facts facts, struct verdict_policy policy)
{
    policy.call = CALL_CONFIRM;
    return verdict_of(&facts, &policy).confirm;
}

START_TEST(test_a_not_applied_when_that_fails_stops_the_step)
{
    const struct verdict_facts facts = answered(200);
    const struct verdict_policy policy = {.call = CALL_CONFIRM,
                                          .not_applied_when = VERDICT_FAILED};

    ck_assert(verdict_of(&facts, &policy).is_stop);
}
END_TEST

START_TEST(test_a_status_that_is_not_2xx_does_not_prove_applied_by_itself)
{
    const struct verdict_policy policy = {.statuses = &gone_is_fine};

    ck_assert_int_eq(proof(answered(404), policy), SAGA_CONFIRM_NOTHING);
}
END_TEST

START_TEST(test_a_confirm_that_its_own_conditions_refuse_proves_nothing)
{
    const struct verdict_policy rejected = {.applied_when = VERDICT_YES,
                                            .reject_when = VERDICT_YES};
    const struct verdict_policy retried = {.applied_when = VERDICT_YES,
                                           .retry_when = VERDICT_YES};

    ck_assert_int_eq(proof(answered(200), rejected), SAGA_CONFIRM_NOTHING);
    ck_assert_int_eq(proof(answered(200), retried), SAGA_CONFIRM_NOTHING);
}
END_TEST

START_TEST(test_a_denial_too_big_to_read_proves_nothing)
{
    struct verdict_facts facts = answered(404);
    const struct verdict_policy reader = {.not_applied = &gone, .reads_answer = true};
    const struct verdict_policy other = {.not_applied = &gone};

    ck_assert_int_eq(proof(facts, reader), SAGA_CONFIRM_NOT_APPLIED);
    facts.is_over_cap = true;
    ck_assert_int_eq(proof(facts, reader), SAGA_CONFIRM_NOTHING);
    ck_assert_int_eq(proof(facts, other), SAGA_CONFIRM_NOT_APPLIED);
}
END_TEST

/* Its answer would become the step's, and something reads that. */
START_TEST(test_an_applied_answer_that_is_not_json_proves_nothing_where_it_is_read)
{
    struct verdict_facts facts = answered(200);
    const struct verdict_policy reader = {.applied_when = VERDICT_YES,
                                          .reads_answer = true};
    const struct verdict_policy other = {.applied_when = VERDICT_YES};

    ck_assert_int_eq(proof(facts, reader), SAGA_CONFIRM_APPLIED);
    facts.is_json = false;
    ck_assert_int_eq(proof(facts, reader), SAGA_CONFIRM_NOTHING);
    ck_assert_int_eq(proof(facts, other), SAGA_CONFIRM_APPLIED);
}
END_TEST

/* Asking twice is harmless: what the second sending says is so. */
START_TEST(test_a_confirm_that_was_sent_twice_still_proves)
{
    struct verdict_facts facts = answered(404);
    const struct verdict_policy policy = {.not_applied = &gone};

    facts.was_resent = true;
    ck_assert_int_eq(proof(facts, policy), SAGA_CONFIRM_NOT_APPLIED);
}
END_TEST

int main(void)
{
    return suite_main(
        "verdict_rest", test_what_was_not_sent_says_why,
        test_what_was_not_answered_says_why,
        test_a_request_that_cannot_be_sent_as_it_is_is_not_tried_again,
        test_a_conflict_of_a_safe_call_is_a_refusal,
        test_a_not_applied_when_that_fails_stops_the_step,
        test_a_status_that_is_not_2xx_does_not_prove_applied_by_itself,
        test_a_confirm_that_its_own_conditions_refuse_proves_nothing,
        test_a_denial_too_big_to_read_proves_nothing,
        test_an_applied_answer_that_is_not_json_proves_nothing_where_it_is_read,
        test_a_confirm_that_was_sent_twice_still_proves);
}
