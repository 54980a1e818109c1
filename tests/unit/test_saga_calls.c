/* test_saga_calls.c - one call after another: being due, outcomes, doubt, confirm,
 * callback. */
#include "engine/core/saga.h"

#include <check.h>
#include <stdlib.h>

#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;

/* ---- going forward ------------------------------------------------------------------
 */

START_TEST(test_steps_follow_each_other_to_the_end)
{
    story_open(&st, "flight hotel mail-");
    story_start(&st);
    story_did(&st, "send flight 1");
    story_answer(&st, "flight", "succeeded");
    story_is(&st, "turn 2 running hotel attempt 1");
    story_run(&st, "succeeded");
    story_is(&st, "turn 4 completed");
    story_did(&st, "notify completed, ended completed");
}
END_TEST

START_TEST(test_branches_run_side_by_side_and_are_awaited)
{
    story_open(&st, "[a (b c)] d");
    story_start(&st);
    story_did(&st, "send a 1, send b 1");
    story_answer(&st, "b", "succeeded");
    story_answer(&st, "c", "succeeded");
    story_is(&st, "turn 3 running a attempt 1");
    story_answer(&st, "a", "succeeded");
    story_did(&st, "send d 1");
}
END_TEST

START_TEST(test_a_when_that_says_no_skips_a_step_and_a_group)
{
    story_open(&st, "a& (& b c) d");
    story_say(&st, SAGA_ASK_WHEN, "a", 0);
    st.script[st.n_script++] = (struct story_script){SAGA_ASK_WHEN, 2, 0};
    story_start(&st);
    story_did(&st, "send d 1");
    story_step_is(&st, "a", "skipped");
    story_step_is(&st, "b", "pending");
}
END_TEST

START_TEST(test_a_saga_whose_every_step_is_skipped_completes_at_its_start)
{
    story_open(&st, "a& (b&) [c& d&]");
    for (uint16_t n = 1; n < st.p.plan->n_nodes; n++) {
        st.script[st.n_script++] =
            (struct story_script){SAGA_ASK_WHEN, n, st.p.ids[n] == NULL};
    }
    story_start(&st);
    story_is(&st, "turn 1 completed");
}
END_TEST

START_TEST(test_a_when_that_fails_stops_the_saga_there)
{
    story_open(&st, "a b&");
    story_say(&st, SAGA_ASK_WHEN, "b", -1);
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_is(&st, "turn 2 stuck b stuck");
    story_did(&st, "notify stuck");
    story_say(&st, SAGA_ASK_WHEN, "b", 1);
    ck_assert_int_eq(story_act(&st, SAGA_EV_RETRY, "b"), SAGA_APPLIED);
    story_did(&st, "send b 1");
}
END_TEST

START_TEST(test_an_output_that_fails_still_completes)
{
    story_open(&st, "a");
    story_say(&st, SAGA_ASK_OUTPUT, "", 0);
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_is(&st, "turn 2 completed");
    ck_assert(st.s.flags & (uint32_t)SAGA_FLAG_OUTPUT_FAILED);
}
END_TEST

START_TEST(test_a_failed_step_with_optional_is_ignored)
{
    story_open(&st, "a? b");
    story_start(&st);
    story_answer(&st, "a", "rejected");
    story_did(&st, "send b 1");
    story_step_is(&st, "a", "ignored");
}
END_TEST

/* ---- due (S4), and what is left of it after a stop (S9)
 * --------------------------------- */

START_TEST(test_a_call_without_a_slot_is_queued_and_not_due)
{
    story_open(&st, "a");
    story_say(&st, SAGA_ASK_SLOT, "a", SAGA_SLOT_FULL);
    story_start(&st);
    story_is(&st, "turn 1 running a queued");
    story_did(&st, "");
    ck_assert_uint_eq(story_cell(&st, "a")->slot, SAGA_SLOT_FULL);
}
END_TEST

START_TEST(test_a_queued_call_is_due_by_the_turn_of_its_grant)
{
    story_open(&st, "a");
    story_say(&st, SAGA_ASK_SLOT, "a", SAGA_SLOT_BREAKER);
    story_start(&st);
    ck_assert_int_eq(story_cell_event(&st, SAGA_EV_GRANTED, "a"), SAGA_APPLIED);
    story_did(&st, "send a 1");
    ck_assert_uint_eq(story_cell(&st, "a")->due_turn, 2);
}
END_TEST

START_TEST(test_a_retry_is_due_by_the_turn_of_its_wake)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_is(&st, "turn 2 running a backing-off after attempt 1 in doubt");
    story_did(&st, "");
    ck_assert_uint_eq(story_cell(&st, "a")->due_turn, 0);
    story_wake(&st);
    story_did(&st, "send a 2 in doubt");
    ck_assert_uint_eq(story_cell(&st, "a")->due_turn, 3);
}
END_TEST

START_TEST(test_a_timer_alone_never_sends)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "busy");
    story_say(&st, SAGA_ASK_SLOT, "a", SAGA_SLOT_RATE);
    story_wake(&st);
    story_did(&st, "");
    story_is(&st, "turn 3 running a queued after attempt 1");
}
END_TEST

START_TEST(test_waking_too_early_is_late)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    st.now_ms = saga_wake_at(&st.s, st.p.plan) - 1;
    ck_assert_int_eq(story_event(&st, SAGA_EV_WAKE), SAGA_LATE);
}
END_TEST

START_TEST(test_a_lost_attempt_is_in_doubt_and_costs_nothing)
{
    story_open(&st, "a");
    st.p.plan->nodes[1].action.retry.attempts_max = 1;
    story_start(&st);
    story_cell_event(&st, SAGA_EV_LOST, "a");
    story_is(&st, "turn 2 running a backing-off after attempt 1 in doubt");
    story_wake(&st);
    story_did(&st, "send a 2 in doubt");
}
END_TEST

START_TEST(test_a_call_never_handed_over_goes_back_to_the_queue)
{
    story_open(&st, "a");
    story_start(&st);
    ck_assert_int_eq(story_cell_event(&st, SAGA_EV_RETURNED, "a"), SAGA_APPLIED);
    story_is(&st, "turn 2 running a queued");
    story_cell_event(&st, SAGA_EV_GRANTED, "a");
    story_did(&st, "send a 1");
}
END_TEST

/* The state in memory and the one read back must not part ways. */
START_TEST(test_a_call_that_was_returned_has_never_been_born)
{
    story_open(&st, "a");
    story_start(&st);
    story_cell_event(&st, SAGA_EV_RETURNED, "a");
    ck_assert_uint_eq(story_cell(&st, "a")->born_ms, 0);
}
END_TEST

/* ---- outcomes (S14 to S16)
 * --------------------------------------------------------------- */

START_TEST(test_429_and_unsent_cost_no_attempt)
{
    story_open(&st, "a");
    st.p.plan->nodes[1].action.retry.attempts_max = 2;
    story_start(&st);
    for (int i = 0; i < 5; i++) {
        story_answer(&st, "a", i % 2 == 0 ? "busy" : "unsent");
        story_wake(&st);
    }
    story_is(&st, "turn 11 running a attempt 6");
    story_answer(&st, "a", "denied");
    story_wake(&st);
    story_answer(&st, "a", "denied");
    story_is(&st, "turn 14 compensated");
}
END_TEST

START_TEST(test_free_attempts_end_with_max_elapsed)
{
    story_open(&st, "a");
    st.p.plan->nodes[1].action.retry.elapsed_max_ms = 1000;
    story_start(&st);
    for (int i = 0; st.s.state == SAGA_FORWARD; i++) {
        ck_assert_int_lt(i, 10);
        story_answer(&st, "a", "unsent");
        if (st.s.state == SAGA_FORWARD) {
            story_wake(&st);
        }
    }
    story_step_is(&st, "a", "unsent");
}
END_TEST

START_TEST(test_retry_after_is_waited_out_in_full)
{
    struct saga_event ev = {.kind = SAGA_EV_ANSWERED,
                            .outcome = OUTCOME_REJECTED,
                            .may_retry = true,
                            .is_free = true,
                            .step = 1,
                            .item = SAGA_NO_ITEM,
                            .turn = 1};

    story_open(&st, "a");
    story_start(&st);
    ev.retry_at_ms = st.now_ms + 3600000;
    story_send(&st, ev);
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), ev.retry_at_ms);
}
END_TEST

START_TEST(test_retry_after_beyond_max_elapsed_exhausts_at_once)
{
    struct saga_event ev = {.kind = SAGA_EV_ANSWERED,
                            .outcome = OUTCOME_REJECTED,
                            .may_retry = true,
                            .is_free = true,
                            .step = 1,
                            .item = SAGA_NO_ITEM,
                            .turn = 1};

    story_open(&st, "a");
    st.p.plan->nodes[1].action.retry.elapsed_max_ms = 60000;
    story_start(&st);
    ev.retry_at_ms = st.now_ms + 60001;
    story_send(&st, ev);
    story_is(&st, "turn 2 compensated");
}
END_TEST

START_TEST(test_our_own_delay_doubles_up_to_its_cap)
{
    static const uint64_t want_ms[] = {100, 200, 400, 800, 1000, 1000};

    story_open(&st, "a");
    st.p.plan->nodes[1].action.retry.attempts_max = 9;
    story_start(&st);
    for (size_t i = 0; i < sizeof(want_ms) / sizeof(want_ms[0]); i++) {
        story_answer(&st, "a", "timeout");
        ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan) - st.now_ms, want_ms[i]);
        story_wake(&st);
    }
}
END_TEST

START_TEST(test_a_safe_method_is_never_in_doubt)
{
    story_open(&st, "a b%");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "unknown");
    story_step_is(&st, "b", "rejected");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_an_answer_that_cannot_be_judged_is_stuck_in_doubt)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "garbage");
    story_is(&st, "turn 2 stuck a stuck after attempt 1 in doubt");
    ck_assert_int_eq(story_cell(&st, "a")->reason, SAGA_REASON_VERDICT);
}
END_TEST

START_TEST(test_a_later_4xx_does_not_clear_doubt)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_wake(&st);
    story_answer(&st, "a", "rejected");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_later_unsent_does_not_clear_doubt)
{
    story_open(&st, "a");
    st.p.plan->nodes[1].action.retry.elapsed_max_ms = 150;
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_wake(&st);
    story_answer(&st, "a", "unsent");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_success_of_the_same_key_settles_doubt)
{
    story_open(&st, "a- b");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_wake(&st);
    story_answer(&st, "a", "succeeded");
    story_step_is(&st, "a", "succeeded");
    ck_assert(!st.s.steps[1].record.in_doubt);
}
END_TEST

START_TEST(test_an_answer_to_an_earlier_attempt_is_late)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    ck_assert_int_eq(story_answer_at(&st, "a", 1, "succeeded"), SAGA_LATE);
    story_wake(&st);
    ck_assert_int_eq(story_answer_at(&st, "a", 1, "succeeded"), SAGA_LATE);
    story_is(&st, "turn 3 running a attempt 2 in doubt");
}
END_TEST

int main(void)
{
    return suite_main(
        "saga_calls", test_steps_follow_each_other_to_the_end,
        test_branches_run_side_by_side_and_are_awaited,
        test_a_when_that_says_no_skips_a_step_and_a_group,
        test_a_saga_whose_every_step_is_skipped_completes_at_its_start,
        test_a_when_that_fails_stops_the_saga_there,
        test_an_output_that_fails_still_completes,
        test_a_failed_step_with_optional_is_ignored,
        test_a_call_without_a_slot_is_queued_and_not_due,
        test_a_queued_call_is_due_by_the_turn_of_its_grant,
        test_a_retry_is_due_by_the_turn_of_its_wake, test_a_timer_alone_never_sends,
        test_waking_too_early_is_late, test_a_lost_attempt_is_in_doubt_and_costs_nothing,
        test_a_call_never_handed_over_goes_back_to_the_queue,
        test_a_call_that_was_returned_has_never_been_born,
        test_429_and_unsent_cost_no_attempt, test_free_attempts_end_with_max_elapsed,
        test_retry_after_is_waited_out_in_full,
        test_retry_after_beyond_max_elapsed_exhausts_at_once,
        test_our_own_delay_doubles_up_to_its_cap, test_a_safe_method_is_never_in_doubt,
        test_an_answer_that_cannot_be_judged_is_stuck_in_doubt,
        test_a_later_4xx_does_not_clear_doubt, test_a_later_unsent_does_not_clear_doubt,
        test_a_success_of_the_same_key_settles_doubt,
        test_an_answer_to_an_earlier_attempt_is_late);
}
