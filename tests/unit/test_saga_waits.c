/* test_saga_waits.c - timers, signals, children, time and its end (S19, S33, S40 to S44).
 */
#include "engine/core/saga.h"

#include <check.h>
#include <stdlib.h>

#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;

/* ---- timers and signals
 * ---------------------------------------------------------------- */

START_TEST(test_a_timer_lets_the_saga_sleep_until_its_time)
{
    story_open(&st, "rest:timer a");
    story_start(&st);
    story_is(&st, "turn 1 running rest waiting");
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), st.now_ms + STORY_WAIT_MS);
    story_wake(&st);
    story_did(&st, "send a 1");
}
END_TEST

START_TEST(test_a_time_already_past_does_not_wait)
{
    story_open(&st, "rest:until a");
    story_say(&st, SAGA_ASK_UNTIL, "rest", 5);
    story_start(&st);
    story_did(&st, "send a 1");
}
END_TEST

START_TEST(test_an_until_that_fails_is_stuck)
{
    story_open(&st, "rest:until a");
    story_say(&st, SAGA_ASK_UNTIL, "rest", -1);
    story_start(&st);
    story_is(&st, "turn 1 stuck rest stuck");
}
END_TEST

START_TEST(test_a_wait_takes_the_signal_it_waits_for)
{
    story_open(&st, "ok:signal a");
    story_start(&st);
    ck_assert_int_eq(story_signal(&st, 0), SAGA_APPLIED);
    story_did(&st, "send a 1");
    story_step_is(&st, "ok", "succeeded");
}
END_TEST

START_TEST(test_a_signal_that_comes_early_is_kept_for_its_wait)
{
    story_open(&st, "a ok:signal b");
    story_start(&st);
    story_signal(&st, 0);
    ck_assert_uint_eq(st.s.n_signals, 1);
    story_answer(&st, "a", "succeeded");
    story_did(&st, "send b 1");
    ck_assert_uint_eq(st.s.n_signals, 0);
}
END_TEST

START_TEST(test_sixteen_signals_are_kept_and_the_next_is_refused)
{
    story_open(&st, "a ok:signal");
    story_start(&st);
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(story_signal(&st, 0), SAGA_APPLIED);
    }
    ck_assert_int_eq(story_signal(&st, 0), SAGA_REJECTED);
}
END_TEST

START_TEST(test_each_name_has_sixteen_of_its_own)
{
    story_open(&st, "a ok:signal more:signal");
    story_start(&st);
    for (int i = 0; i < 16; i++) {
        ck_assert_int_eq(story_signal(&st, 0), SAGA_APPLIED);
        ck_assert_int_eq(story_signal(&st, 1), SAGA_APPLIED);
    }
    ck_assert_int_eq(story_signal(&st, 1), SAGA_REJECTED);
    ck_assert_int_eq(story_signal(&st, 0), SAGA_REJECTED);
    story_answer(&st, "a", "succeeded"); /* Both waits take one. */
    ck_assert_uint_eq(st.s.n_signals, 30);
    story_is(&st, "turn 34 completed");
}
END_TEST

START_TEST(test_the_first_signal_goes_to_the_first_wait)
{
    story_open(&st, "a one:signal two:signal");
    st.p.plan->nodes[3].signal = 0;
    story_start(&st);
    story_signal(&st, 0); /* Turn 2. */
    story_signal(&st, 0); /* Turn 3. */
    story_answer(&st, "a", "succeeded");
    story_is(&st, "turn 4 completed");
    ck_assert_int_eq(st.s.steps[3].record.outcome, OUTCOME_SUCCEEDED);
}
END_TEST

START_TEST(test_a_kept_signal_is_not_taken_for_one_of_another_name)
{
    story_open(&st, "a one:signal two:signal");
    story_start(&st);
    story_signal(&st, 1); /* For `two`. */
    story_answer(&st, "a", "succeeded");
    story_is(&st, "turn 3 running one waiting");
    ck_assert_uint_eq(st.s.n_signals, 1);
    story_signal(&st, 0);
    story_is(&st, "turn 4 completed");
}
END_TEST

START_TEST(test_a_signal_that_is_refused_rejects_the_wait)
{
    story_open(&st, "a ok:signal");
    story_say(&st, SAGA_ASK_SIGNAL, "ok", 0);
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_signal(&st, 0);
    story_did(&st, "send a compensation 1");
    ck_assert_int_eq(story_signal(&st, 0), SAGA_REJECTED);
}
END_TEST

START_TEST(test_a_signal_whose_condition_fails_is_stuck)
{
    story_open(&st, "ok:signal");
    story_say(&st, SAGA_ASK_SIGNAL, "ok", -1);
    story_start(&st);
    story_signal(&st, 0);
    story_is(&st, "turn 2 stuck ok stuck");
}
END_TEST

START_TEST(test_a_signal_in_time_or_rejected)
{
    story_open(&st, "a ok:signal");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_wake(&st);
    story_step_is(&st, "ok", "rejected");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_signal_in_time_or_on_without_it)
{
    story_open(&st, "ok:onward a");
    story_start(&st);
    story_wake(&st);
    story_step_is(&st, "ok", "ignored");
    story_did(&st, "send a 1");
}
END_TEST

START_TEST(test_an_optional_wait_goes_on_when_refused)
{
    story_open(&st, "ok:signal? a");
    story_say(&st, SAGA_ASK_SIGNAL, "ok", 0);
    story_start(&st);
    story_signal(&st, 0);
    story_step_is(&st, "ok", "ignored");
    story_did(&st, "send a 1");
}
END_TEST

/* ---- children (S33)
 * ---------------------------------------------------------------------- */

START_TEST(test_a_child_that_completes_is_a_step_that_succeeded)
{
    story_open(&st, "kyc:child a");
    story_start(&st);
    story_did(&st, "start kyc~1");
    story_is(&st, "turn 1 running kyc waiting");
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_COMPLETED);
    story_did(&st, "send a 1");
}
END_TEST

START_TEST(test_a_child_that_compensated_is_a_step_rejected)
{
    story_open(&st, "a kyc:child");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_COMPENSATED);
    story_step_is(&st, "kyc", "rejected");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_completed_child_is_compensated_by_its_own_saga)
{
    story_open(&st, "kyc:child a");
    story_start(&st);
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_COMPLETED);
    story_answer(&st, "a", "rejected");
    story_did(&st, "undo kyc");
    story_is(&st, "turn 3 compensating kyc compensation waiting");
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_COMPENSATED);
    story_is(&st, "turn 4 compensated");
    story_step_is(&st, "kyc", "compensated");
}
END_TEST

START_TEST(test_a_child_with_a_compensation_of_its_step_is_undone_by_that)
{
    story_open(&st, "kyc:child+ a");
    story_start(&st);
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_COMPLETED);
    story_answer(&st, "a", "rejected");
    story_did(&st, "send kyc compensation 1");
}
END_TEST

START_TEST(test_a_parent_that_turns_back_cancels_a_running_child_and_awaits_it)
{
    story_open(&st, "a [kyc:child b]");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "rejected");
    story_did(&st, "cancel kyc");
    story_is(&st, "turn 3 compensating kyc waiting");
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_COMPENSATED);
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_child_that_completes_despite_the_cancel_is_undone)
{
    story_open(&st, "[kyc:child b]");
    story_start(&st);
    story_answer(&st, "b", "rejected");
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_COMPLETED);
    story_did(&st, "undo kyc");
}
END_TEST

START_TEST(test_a_child_resolved_by_hand_leaves_its_step_stuck)
{
    story_open(&st, "kyc:child a");
    story_start(&st);
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_RESOLVED);
    story_is(&st, "turn 2 stuck kyc stuck in doubt");
    ck_assert_int_eq(story_cell(&st, "kyc")->reason, SAGA_REASON_CHILD);
    story_resolve(&st, "kyc", true);
    story_did(&st, "send a 1");
}
END_TEST

START_TEST(test_only_a_retry_raises_the_generation)
{
    story_open(&st, "kyc:child a");
    story_start(&st);
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_RESOLVED);
    story_act(&st, SAGA_EV_RETRY, "kyc");
    story_did(&st, "start kyc~2");
    ck_assert_int_eq(story_child_ended(&st, "kyc", 1, SAGA_STATUS_COMPLETED), SAGA_LATE);
    ck_assert_int_eq(story_child_ended(&st, "kyc", 2, SAGA_STATUS_COMPLETED),
                     SAGA_APPLIED);
}
END_TEST

START_TEST(test_a_child_resolved_by_hand_and_without_undo_holds_up_no_one_going_back)
{
    story_open(&st, "[kyc:child- b]");
    story_start(&st);
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_RESOLVED);
    story_answer(&st, "b", "rejected");
    story_is(&st, "turn 3 compensated");
}
END_TEST

START_TEST(test_a_child_that_is_the_pivot_notes_a_cancel_while_it_runs)
{
    story_open(&st, "a kyc:child!");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_is(&st, "turn 3 running kyc waiting");
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_COMPENSATED);
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_paused_parent_starts_no_child)
{
    story_open(&st, "a kyc:child");
    story_start(&st);
    story_act(&st, SAGA_EV_PAUSE, NULL);
    story_answer(&st, "a", "succeeded");
    story_did(&st, "");
    story_is(&st, "turn 3 running paused kyc queued");
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_did(&st, "start kyc~1");
}
END_TEST

START_TEST(test_a_paused_parent_takes_no_child_back)
{
    story_open(&st, "kyc:child a");
    story_start(&st);
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_COMPLETED);
    story_act(&st, SAGA_EV_PAUSE, NULL);
    story_answer(&st, "a", "rejected");
    story_did(&st, "");
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_did(&st, "undo kyc");
}
END_TEST

START_TEST(test_a_completed_child_may_be_taken_back_by_its_parent)
{
    story_open(&st, "a b");
    story_send(&st, (struct saga_event){.kind = SAGA_EV_START, .is_child = true});
    story_run(&st, "succeeded");
    story_did(&st, "notify completed, tell-parent completed, ended completed");
    ck_assert_int_eq(story_event(&st, SAGA_EV_PARENT_UNDO), SAGA_APPLIED);
    story_did(&st, "send b compensation 1");
    story_run(&st, "succeeded");
    story_did(&st, "notify compensated, tell-parent compensated, ended compensated");
    ck_assert_int_eq(story_event(&st, SAGA_EV_PARENT_UNDO), SAGA_LATE);
}
END_TEST

START_TEST(test_a_completed_saga_that_is_nobodys_child_is_not_taken_back)
{
    story_open(&st, "a pay! b");
    story_start(&st);
    story_run(&st, "succeeded");
    ck_assert_int_eq(story_event(&st, SAGA_EV_PARENT_UNDO), SAGA_REJECTED);
    story_did(&st, "");
    story_close(&st);
    story_open(&st, "a");
    story_start(&st);
    story_run(&st, "succeeded");
    ck_assert_int_eq(story_event(&st, SAGA_EV_PARENT_UNDO), SAGA_REJECTED);
}
END_TEST

/* ---- one after the other (orderingKey)
 * ------------------------------------------------------ */

START_TEST(test_a_saga_in_line_begins_when_its_turn_comes)
{
    story_open(&st, "a");
    st.p.plan->timeout_ms = 1000;
    story_send(&st, (struct saga_event){
                        .kind = SAGA_EV_START, .is_ordered = true, .is_lined_up = true});
    story_is(&st, "turn 1 running");
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), 0);
    st.now_ms += 50000;
    ck_assert_int_eq(story_event(&st, SAGA_EV_YOUR_TURN), SAGA_APPLIED);
    story_did(&st, "send a 1");
    ck_assert_uint_eq(st.s.deadline_ms, st.now_ms + 1000);
    story_answer(&st, "a", "succeeded");
    story_did(&st, "notify completed, free-order, ended completed");
}
END_TEST

START_TEST(test_downtime_in_line_is_not_credited_later)
{
    story_open(&st, "a");
    st.p.plan->timeout_ms = 1000;
    story_send(&st, (struct saga_event){
                        .kind = SAGA_EV_START, .is_ordered = true, .is_lined_up = true});
    st.now_ms += 50000;
    st.grace_ms = 50000;
    ck_assert_int_eq(story_event(&st, SAGA_EV_YOUR_TURN), SAGA_APPLIED);
    st.now_ms += 1000;
    ck_assert_int_eq(story_event(&st, SAGA_EV_DEADLINE), SAGA_APPLIED);
    ck_assert_uint_eq(st.s.deadline_ms, st.now_ms);
}
END_TEST

START_TEST(test_a_saga_cancelled_in_line_ends_and_frees_nothing)
{
    story_open(&st, "a");
    story_send(&st, (struct saga_event){
                        .kind = SAGA_EV_START, .is_ordered = true, .is_lined_up = true});
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_is(&st, "turn 2 compensated");
    story_did(&st, "notify compensated, ended compensated");
}
END_TEST

/* ---- deadlines, downtime, pauses (S42, S43)
 * -------------------------------------------------- */

START_TEST(test_the_deadline_turns_a_saga_back)
{
    story_open(&st, "a b");
    st.p.plan->timeout_ms = 1000;
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_wake(&st);
    story_is(&st, "turn 3 compensating b attempt 1");
    ck_assert_int_eq(st.s.error_step, PLAN_NONE);
}
END_TEST

START_TEST(test_before_its_time_the_deadline_is_late)
{
    story_open(&st, "a");
    st.p.plan->timeout_ms = 1000;
    story_start(&st);
    st.now_ms += 999;
    ck_assert_int_eq(story_event(&st, SAGA_EV_DEADLINE), SAGA_LATE);
}
END_TEST

START_TEST(test_downtime_moves_the_deadline_on)
{
    story_open(&st, "a");
    st.p.plan->timeout_ms = 1000;
    story_start(&st);
    st.now_ms += 50000;
    st.grace_ms = 50000;
    ck_assert_int_eq(story_event(&st, SAGA_EV_DEADLINE), SAGA_APPLIED);
    story_is(&st, "turn 2 running a attempt 1");
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), st.now_ms + 1000);
}
END_TEST

START_TEST(test_downtime_does_not_use_up_the_time_of_a_lost_call)
{
    story_open(&st, "a");
    st.p.plan->nodes[1].action.retry.elapsed_max_ms = 1000;
    story_start(&st);
    st.now_ms += 50000;
    st.grace_ms = 50000;
    story_cell_event(&st, SAGA_EV_LOST, "a");
    story_is(&st, "turn 2 running a backing-off after attempt 1 in doubt");
}
END_TEST

START_TEST(test_a_late_event_credits_nothing)
{
    story_open(&st, "a");
    st.p.plan->timeout_ms = 1000;
    story_start(&st);
    st.grace_ms = 70;
    ck_assert_int_eq(story_answer_at(&st, "a", 99, "succeeded"), SAGA_LATE);
    ck_assert_uint_eq(st.s.deadline_ms, st.now_ms + 1000);
    ck_assert_uint_eq(st.s.grace_ms, 0);
}
END_TEST

START_TEST(test_a_pause_holds_new_sends_and_moves_deadlines_on)
{
    story_open(&st, "a b");
    st.p.plan->timeout_ms = 1000;
    story_start(&st);
    story_act(&st, SAGA_EV_PAUSE, NULL);
    story_answer(&st, "a", "succeeded");
    story_is(&st, "turn 3 running paused b queued");
    ck_assert_int_eq(story_cell_event(&st, SAGA_EV_GRANTED, "b"), SAGA_LATE);
    st.now_ms += 7000;
    ck_assert_int_eq(story_event(&st, SAGA_EV_DEADLINE), SAGA_LATE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_did(&st, "send b 1");
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), st.now_ms + 1000);
}
END_TEST

START_TEST(test_a_pause_does_not_let_a_signal_wait_run_out)
{
    story_open(&st, "ok:signal");
    story_start(&st);
    story_act(&st, SAGA_EV_PAUSE, NULL);
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), 0);
    st.now_ms += 10 * STORY_WAIT_MS;
    story_act(&st, SAGA_EV_RESUME, NULL);
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), st.now_ms + STORY_WAIT_MS);
}
END_TEST

START_TEST(test_jitter_is_the_same_for_the_same_turn)
{
    uint64_t first;

    story_open(&st, "a");
    st.p.plan->nodes[1].action.retry.jitter_permille = 1000;
    st.p.plan->nodes[1].action.retry.delay_ms = 1000;
    story_start(&st);
    story_answer(&st, "a", "timeout");
    first = saga_wake_at(&st.s, st.p.plan);
    ck_assert_uint_gt(first, st.now_ms);
    ck_assert_uint_le(first, st.now_ms + 1000);
    saga_init(&st.s, st.p.plan);
    st.n_bytes = 0;
    story_start(&st);
    story_answer(&st, "a", "timeout");
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), first);
}
END_TEST

int main(void)
{
    return suite_main(
        "saga_waits", test_a_timer_lets_the_saga_sleep_until_its_time,
        test_a_time_already_past_does_not_wait, test_an_until_that_fails_is_stuck,
        test_a_wait_takes_the_signal_it_waits_for,
        test_a_signal_that_comes_early_is_kept_for_its_wait,
        test_sixteen_signals_are_kept_and_the_next_is_refused,
        test_each_name_has_sixteen_of_its_own,
        test_the_first_signal_goes_to_the_first_wait,
        test_a_kept_signal_is_not_taken_for_one_of_another_name,
        test_a_signal_that_is_refused_rejects_the_wait,
        test_a_signal_whose_condition_fails_is_stuck, test_a_signal_in_time_or_rejected,
        test_a_signal_in_time_or_on_without_it,
        test_an_optional_wait_goes_on_when_refused,
        test_a_child_that_completes_is_a_step_that_succeeded,
        test_a_child_that_compensated_is_a_step_rejected,
        test_a_completed_child_is_compensated_by_its_own_saga,
        test_a_child_with_a_compensation_of_its_step_is_undone_by_that,
        test_a_parent_that_turns_back_cancels_a_running_child_and_awaits_it,
        test_a_child_that_completes_despite_the_cancel_is_undone,
        test_a_child_resolved_by_hand_leaves_its_step_stuck,
        test_only_a_retry_raises_the_generation,
        test_a_child_resolved_by_hand_and_without_undo_holds_up_no_one_going_back,
        test_a_child_that_is_the_pivot_notes_a_cancel_while_it_runs,
        test_a_paused_parent_starts_no_child, test_a_paused_parent_takes_no_child_back,
        test_a_completed_child_may_be_taken_back_by_its_parent,
        test_a_completed_saga_that_is_nobodys_child_is_not_taken_back,
        test_a_saga_in_line_begins_when_its_turn_comes,
        test_downtime_in_line_is_not_credited_later,
        test_a_saga_cancelled_in_line_ends_and_frees_nothing,
        test_the_deadline_turns_a_saga_back, test_before_its_time_the_deadline_is_late,
        test_downtime_moves_the_deadline_on,
        test_downtime_does_not_use_up_the_time_of_a_lost_call,
        test_a_late_event_credits_nothing,
        test_a_pause_holds_new_sends_and_moves_deadlines_on,
        test_a_pause_does_not_let_a_signal_wait_run_out,
        test_jitter_is_the_same_for_the_same_turn);
}
