/* test_saga_doubt.c - what settles doubt: keys, confirm, callbacks (S2, S3, S17, S18). */
#include "engine/core/saga.h"

#include <check.h>
#include <stdlib.h>

#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;

/* ---- keys that are forgotten, bytes that change (S2, S3)
 * ------------------------------------ */

START_TEST(test_a_call_that_renders_otherwise_is_not_sent)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_say(&st, SAGA_ASK_RENDER, "a", SAGA_RENDER_CHANGED);
    story_wake(&st);
    story_is(&st, "turn 3 stuck a stuck after attempt 1 in doubt");
    ck_assert_int_eq(story_cell(&st, "a")->reason, SAGA_REASON_CHANGED);
}
END_TEST

START_TEST(test_past_keys_kept_a_call_in_doubt_is_not_sent_again)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_say(&st, SAGA_ASK_SLOT, "a", SAGA_SLOT_KEY_EXPIRED);
    story_wake(&st);
    story_did(&st, "notify stuck");
    ck_assert_uint_eq(st.last.born_ms, 1000000);
    ck_assert_int_eq(story_cell(&st, "a")->reason, SAGA_REASON_KEY_EXPIRED);
}
END_TEST

START_TEST(test_past_keys_kept_a_confirm_may_still_tell)
{
    story_open(&st, "a@");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_say(&st, SAGA_ASK_SLOT, "a", SAGA_SLOT_KEY_EXPIRED);
    st.script[st.n_script++] = (struct story_script){SAGA_ASK_SLOT, 1, SAGA_SLOT_FULL};
    story_wake(&st);
    story_say(&st, SAGA_ASK_RENDER, "a", SAGA_RENDER_KEY_EXPIRED);
    story_cell_event(&st, SAGA_EV_GRANTED, "a");
    ck_assert_int_eq(story_cell(&st, "a")->call, CALL_CONFIRM);
}
END_TEST

START_TEST(test_a_key_may_expire_in_the_queue)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_say(&st, SAGA_ASK_SLOT, "a", SAGA_SLOT_FULL);
    story_wake(&st);
    story_say(&st, SAGA_ASK_RENDER, "a", SAGA_RENDER_KEY_EXPIRED);
    story_cell_event(&st, SAGA_EV_GRANTED, "a");
    story_did(&st, "notify stuck");
    ck_assert_uint_eq(st.last.born_ms, 1000000);
}
END_TEST

/* ---- confirm (S17)
 * ----------------------------------------------------------------------------- */

START_TEST(test_confirm_runs_when_attempts_ran_out_in_doubt)
{
    story_open(&st, "a@ b");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    story_did(&st, "send a confirm 1 in doubt");
    story_answer(&st, "a", "applied");
    story_step_is(&st, "a", "succeeded");
    story_did(&st, "send b 1");
}
END_TEST

START_TEST(test_confirm_runs_when_rejected_in_doubt)
{
    story_open(&st, "a@");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_wake(&st);
    story_answer(&st, "a", "rejected");
    story_did(&st, "send a confirm 1 in doubt");
}
END_TEST

START_TEST(test_not_applied_is_compensated_all_the_same_unless_it_reads_its_answer)
{
    story_open(&st, "a@");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    story_answer(&st, "a", "not-applied");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_not_applied_counts_the_second_time_for_a_step_without_compensation)
{
    story_open(&st, "b a-@");
    story_start(&st);
    story_answer(&st, "b", "succeeded");
    story_answer(&st, "a", "unknown");
    story_answer(&st, "a", "not-applied");
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), st.now_ms + STORY_TIMEOUT_MS);
    story_wake(&st);
    story_did(&st, "send a confirm 2 in doubt");
    story_answer(&st, "a", "not-applied");
    story_step_is(&st, "a", "rejected");
    story_did(&st, "send b compensation 1");
}
END_TEST

START_TEST(test_a_confirm_hastened_by_an_operator_is_no_second_time)
{
    story_open(&st, "b a-@");
    story_start(&st);
    story_answer(&st, "b", "succeeded");
    story_answer(&st, "a", "unknown");
    story_answer(&st, "a", "not-applied");
    story_act(&st, SAGA_EV_RETRY, "a");
    story_did(&st, "send a confirm 2 in doubt");
    story_answer(&st, "a", "not-applied");
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), st.now_ms + STORY_TIMEOUT_MS);
    story_wake(&st);
    story_answer(&st, "a", "not-applied");
    story_step_is(&st, "a", "rejected");
}
END_TEST

START_TEST(test_a_confirm_that_never_answers_is_as_if_there_were_none)
{
    story_open(&st, "a@");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    for (int i = 0; i < 3; i++) {
        story_answer(&st, "a", "nothing");
        story_wake(&st);
    }
    story_answer(&st, "a", "nothing");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_on_unknown_stop_is_stuck_in_doubt)
{
    story_open(&st, "a=");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    story_is(&st, "turn 2 stuck a stuck after attempt 1 in doubt");
    ck_assert_int_eq(story_cell(&st, "a")->reason, SAGA_REASON_IN_DOUBT);
}
END_TEST

START_TEST(test_no_confirm_for_a_step_going_back_that_does_not_need_its_answer)
{
    story_open(&st, "[a@ b]");
    story_start(&st);
    story_answer(&st, "b", "rejected");
    story_answer(&st, "a", "timeout");
    story_did(&st, "send a compensation 1");
}
END_TEST

/* ---- callbacks (S18)
 * ------------------------------------------------------------------------------- */

START_TEST(test_a_callback_call_is_done_when_answer_and_callback_have_come)
{
    story_open(&st, "a* b");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_is(&st, "turn 2 running a waiting after attempt 1 in doubt");
    story_call_back(&st, "a", OUTCOME_SUCCEEDED);
    story_did(&st, "send b 1");
}
END_TEST

START_TEST(test_a_callback_may_come_before_the_answer)
{
    story_open(&st, "a* b");
    story_start(&st);
    ck_assert_int_eq(story_call_back(&st, "a", OUTCOME_SUCCEEDED), SAGA_APPLIED);
    ck_assert_int_eq(story_call_back(&st, "a", OUTCOME_SUCCEEDED), SAGA_LATE);
    story_is(&st, "turn 2 running a attempt 1");
    story_answer(&st, "a", "succeeded");
    story_did(&st, "send b 1");
}
END_TEST

START_TEST(test_a_callback_that_says_no_rejects)
{
    story_open(&st, "b a*");
    story_start(&st);
    story_answer(&st, "b", "succeeded");
    story_answer(&st, "a", "succeeded");
    story_call_back(&st, "a", OUTCOME_REJECTED);
    story_step_is(&st, "a", "rejected");
    story_did(&st, "send b compensation 1");
}
END_TEST

START_TEST(test_a_callback_that_cannot_be_judged_is_stuck_in_doubt)
{
    story_open(&st, "a*");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_call_back(&st, "a", OUTCOME_UNKNOWN);
    story_is(&st, "turn 3 stuck a stuck after attempt 1 in doubt");
}
END_TEST

START_TEST(test_no_callback_in_time_is_unknown)
{
    story_open(&st, "a*");
    st.p.plan->nodes[1].action.retry.attempts_max = 1;
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_wake(&st);
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_callback_missed_and_then_come_is_enough)
{
    story_open(&st, "a* b");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_wake(&st); /* Missed: it is asked for again ... */
    story_is(&st, "turn 3 running a backing-off after attempt 1 in doubt");
    story_call_back(&st, "a", OUTCOME_SUCCEEDED); /* ... and there it is. */
    story_did(&st, "send b 1");
}
END_TEST

START_TEST(test_a_callback_that_comes_while_its_call_is_repeated_is_enough)
{
    story_open(&st, "a* b");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_wake(&st); /* Missed. */
    story_wake(&st);
    story_call_back(&st, "a", OUTCOME_SUCCEEDED);
    story_is(&st, "turn 5 running a attempt 2 in doubt");
    story_answer(&st, "a", "timeout");
    story_did(&st, "send b 1");
}
END_TEST

START_TEST(test_a_saga_that_turns_back_does_not_await_a_callback)
{
    story_open(&st, "[a* b]");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "rejected");
    story_did(&st, "send a compensation 1");
    ck_assert_int_eq(story_call_back(&st, "a", OUTCOME_SUCCEEDED), SAGA_LATE);
}
END_TEST

int main(void)
{
    return suite_main(
        "saga_doubt", test_a_call_that_renders_otherwise_is_not_sent,
        test_past_keys_kept_a_call_in_doubt_is_not_sent_again,
        test_past_keys_kept_a_confirm_may_still_tell, test_a_key_may_expire_in_the_queue,
        test_confirm_runs_when_attempts_ran_out_in_doubt,
        test_confirm_runs_when_rejected_in_doubt,
        test_not_applied_is_compensated_all_the_same_unless_it_reads_its_answer,
        test_not_applied_counts_the_second_time_for_a_step_without_compensation,
        test_a_confirm_hastened_by_an_operator_is_no_second_time,
        test_a_confirm_that_never_answers_is_as_if_there_were_none,
        test_on_unknown_stop_is_stuck_in_doubt,
        test_no_confirm_for_a_step_going_back_that_does_not_need_its_answer,
        test_a_callback_call_is_done_when_answer_and_callback_have_come,
        test_a_callback_may_come_before_the_answer, test_a_callback_that_says_no_rejects,
        test_a_callback_that_cannot_be_judged_is_stuck_in_doubt,
        test_no_callback_in_time_is_unknown,
        test_a_callback_missed_and_then_come_is_enough,
        test_a_callback_that_comes_while_its_call_is_repeated_is_enough,
        test_a_saga_that_turns_back_does_not_await_a_callback);
}
