/* test_saga_back.c - going back: what, in which order, and how it ends (S20 to S28, S31).
 */
#include "engine/core/saga.h"

#include <check.h>
#include <stdlib.h>

#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;

/* ---- what is compensated ------------------------------------------------------------
 */

START_TEST(test_a_rejected_step_undoes_those_before_it_and_not_itself)
{
    story_open(&st, "flight hotel mail-");
    story_start(&st);
    story_answer(&st, "flight", "succeeded");
    story_answer(&st, "hotel", "rejected");
    story_is(&st, "turn 3 compensating flight compensation attempt 1");
    story_answer(&st, "flight", "succeeded");
    story_is(&st, "turn 4 compensated");
    story_step_is(&st, "hotel", "rejected");
    story_step_is(&st, "mail", "pending");
}
END_TEST

START_TEST(test_step_in_doubt_is_compensated_too)
{
    story_open(&st, "flight hotel");
    story_start(&st);
    story_answer(&st, "flight", "succeeded");
    story_answer(&st, "hotel", "unknown");
    story_did(&st, "send hotel compensation 1");
    story_answer(&st, "hotel", "succeeded");
    story_did(&st, "send flight compensation 1");
}
END_TEST

START_TEST(test_unsent_only_is_not_compensated)
{
    story_open(&st, "flight");
    st.p.plan->nodes[1].action.retry.elapsed_max_ms = 1;
    story_start(&st);
    story_answer(&st, "flight", "unsent");
    story_is(&st, "turn 2 compensated");
}
END_TEST

START_TEST(test_a_queued_step_was_never_begun)
{
    story_open(&st, "[a b]");
    story_say(&st, SAGA_ASK_SLOT, "b", SAGA_SLOT_FULL);
    story_start(&st);
    story_answer(&st, "a", "rejected");
    story_is(&st, "turn 2 compensated");
    story_step_is(&st, "b", "pending");
}
END_TEST

START_TEST(test_a_step_without_compensation_in_doubt_does_not_hold_up_the_end)
{
    story_open(&st, "a-");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    story_is(&st, "turn 2 compensated");
    story_step_is(&st, "a", "unknown");
}
END_TEST

START_TEST(test_an_ignored_step_in_doubt_is_compensated_if_the_saga_goes_back)
{
    story_open(&st, "a? b");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    story_step_is(&st, "a", "ignored");
    story_answer(&st, "b", "rejected");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_an_ignored_step_not_in_doubt_is_left_alone)
{
    story_open(&st, "a? b");
    story_start(&st);
    story_answer(&st, "a", "rejected");
    story_answer(&st, "b", "rejected");
    story_is(&st, "turn 3 compensated");
}
END_TEST

/* ---- its own answer (S22)
 * ---------------------------------------------------------------- */

START_TEST(test_without_its_answer_a_compensation_that_reads_it_is_stuck)
{
    story_open(&st, "a~");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    story_is(&st, "turn 2 stuck a compensation stuck in doubt");
    ck_assert_int_eq(story_cell(&st, "a")->reason, SAGA_REASON_NO_ANSWER);
}
END_TEST

START_TEST(test_confirm_finds_the_answer_that_the_compensation_reads)
{
    story_open(&st, "[a~@ b]");
    story_start(&st);
    story_answer(&st, "b", "rejected");
    story_answer(&st, "a", "timeout");
    story_did(&st, "send a confirm 1 in doubt");
    story_answer(&st, "a", "applied");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_two_refusals_of_confirm_leave_nothing_to_compensate)
{
    story_open(&st, "[a~@ b]");
    story_start(&st);
    story_answer(&st, "b", "rejected");
    story_answer(&st, "a", "timeout");
    story_answer(&st, "a", "not-applied");
    story_wake(&st);
    story_answer(&st, "a", "not-applied");
    story_is(&st, "turn 6 compensated");
    story_step_is(&st, "a", "rejected");
}
END_TEST

START_TEST(test_a_confirm_without_an_answer_is_stuck_going_back)
{
    story_open(&st, "[a~@ b]");
    st.p.plan->nodes[2].confirm.retry.attempts_max = 1;
    story_start(&st);
    story_answer(&st, "b", "rejected");
    story_answer(&st, "a", "timeout");
    story_answer(&st, "a", "nothing");
    story_is(&st, "turn 4 stuck a confirm stuck after attempt 1 in doubt");
    story_act(&st, SAGA_EV_RETRY, "a");
    story_did(&st, "send a confirm 1 in doubt");
}
END_TEST

/* ---- calls in flight (S23)
 * ------------------------------------------------------------------ */

START_TEST(test_nothing_is_compensated_while_a_call_is_in_flight)
{
    story_open(&st, "a [b c]");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "rejected");
    story_is(&st, "turn 3 compensating c attempt 1");
    story_did(&st, "");
    story_answer(&st, "c", "timeout"); /* Awaited, not repeated: in doubt. */
    story_did(&st, "send c compensation 1");
}
END_TEST

START_TEST(test_no_action_starts_or_is_retried_once_compensating)
{
    story_open(&st, "[a b c]");
    story_say(&st, SAGA_ASK_SLOT, "c", SAGA_SLOT_FULL);
    story_start(&st);
    story_answer(&st, "a", "timeout"); /* Backing off. */
    story_answer(&st, "b", "rejected");
    story_did(&st, "send a compensation 1");
    ck_assert_int_eq(story_cell_event(&st, SAGA_EV_GRANTED, "c"), SAGA_LATE);
}
END_TEST

START_TEST(test_an_awaited_call_that_was_never_handed_over_is_dropped)
{
    story_open(&st, "[a b]");
    story_start(&st);
    story_answer(&st, "a", "rejected");
    ck_assert_int_eq(story_cell_event(&st, SAGA_EV_RETURNED, "b"), SAGA_APPLIED);
    story_is(&st, "turn 3 compensated");
}
END_TEST

START_TEST(test_an_awaited_call_that_succeeds_is_compensated)
{
    story_open(&st, "[a b]");
    story_start(&st);
    story_answer(&st, "a", "rejected");
    story_answer(&st, "b", "succeeded");
    story_did(&st, "send b compensation 1");
}
END_TEST

/* ---- order (S24)
 * -------------------------------------------------------------------------------- */

START_TEST(test_a_sequence_goes_back_in_reverse)
{
    story_open(&st, "a (b c) d");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "succeeded");
    story_answer(&st, "c", "succeeded");
    story_answer(&st, "d", "rejected");
    story_did(&st, "send c compensation 1");
    story_answer(&st, "c", "succeeded");
    story_did(&st, "send b compensation 1");
    story_answer(&st, "b", "succeeded");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_branches_go_back_side_by_side)
{
    story_open(&st, "a [(b c) d] e");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "succeeded");
    story_run(&st, "succeeded");
    ck_assert_int_eq(st.s.state, SAGA_COMPLETED);
    story_close(&st);
    story_open(&st, "a [(b c) d] e");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "succeeded");
    story_answer(&st, "c", "succeeded");
    story_answer(&st, "d", "succeeded");
    story_answer(&st, "e", "rejected");
    story_did(&st, "send c compensation 1, send d compensation 1");
    story_answer(&st, "c", "succeeded");
    story_did(&st, "send b compensation 1");
    story_answer(&st, "b", "succeeded");
    story_did(&st, ""); /* a stands before the branches: d first. */
    story_answer(&st, "d", "succeeded");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_items_go_back_from_the_last_begun_to_the_first)
{
    story_open(&st, "a#2 b");
    story_say(&st, SAGA_ASK_ITEMS, "a", 4);
    story_start(&st);
    for (int i = 0; i < 4; i++) {
        static const char *const items[] = {"a[0]", "a[1]", "a[2]", "a[3]"};

        story_answer(&st, items[i], "succeeded");
    }
    story_answer(&st, "b", "rejected");
    story_did(&st, "send a[3] compensation 1, send a[2] compensation 1");
    story_answer(&st, "a[2]", "succeeded");
    story_did(&st, "send a[1] compensation 1");
}
END_TEST

/* ---- a compensation's own trouble (S25, S26, S31)
 * ----------------------------------------------- */

START_TEST(test_a_compensation_refused_is_stuck_and_other_branches_go_on)
{
    story_open(&st, "[a (b c)] d");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "succeeded");
    story_answer(&st, "c", "succeeded");
    story_answer(&st, "d", "rejected");
    story_answer(&st, "a", "rejected");
    story_did(&st, "notify stuck");
    story_answer(&st, "c", "succeeded");
    story_did(&st, "send b compensation 1");
    story_answer(&st, "b", "succeeded");
    story_is(&st, "turn 8 stuck a compensation stuck after attempt 1");
}
END_TEST

START_TEST(test_a_compensation_retries_for_a_day_then_is_stuck)
{
    story_open(&st, "a b");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "rejected");
    for (int i = 0; i < 50; i++) {
        story_answer(&st, "a", "timeout");
        story_wake(&st);
    }
    ck_assert_int_eq(story_cell(&st, "a")->state, CELL_DUE);
    st.now_ms = story_cell(&st, "a")->first_due_ms + 24U * 3600U * 1000U;
    story_answer(&st, "a", "timeout");
    ck_assert_int_eq(story_cell(&st, "a")->state, CELL_STUCK);
    ck_assert_int_eq(story_cell(&st, "a")->reason, SAGA_REASON_EXHAUSTED);
}
END_TEST

START_TEST(test_neither_deadline_nor_cancel_stops_a_compensation)
{
    story_open(&st, "a b");
    st.p.plan->timeout_ms = 1000;
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "rejected");
    st.now_ms += 5000;
    ck_assert_int_eq(story_event(&st, SAGA_EV_DEADLINE), SAGA_LATE);
    ck_assert_int_eq(story_act(&st, SAGA_EV_CANCEL, NULL), SAGA_LATE);
    story_is(&st, "turn 3 compensating a compensation attempt 1");
    story_answer(&st, "a", "timeout"); /* Its own time is a day (S25), not the saga's. */
    ck_assert_int_eq(story_cell(&st, "a")->state, CELL_BACKING_OFF);
}
END_TEST

/* ---- the pivot (S27)
 * ------------------------------------------------------------------------------ */

START_TEST(test_a_pivot_refused_goes_back)
{
    story_open(&st, "a pay! b");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "pay", "rejected");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_pivot_in_doubt_is_stuck)
{
    story_open(&st, "a pay!");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "pay", "unknown");
    story_is(&st, "turn 3 stuck pay stuck after attempt 1 in doubt");
}
END_TEST

START_TEST(test_a_cancel_while_the_pivot_is_due_is_noted_and_comes_too_late)
{
    story_open(&st, "a pay! b-");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    ck_assert_int_eq(
        legal_action(&st.s, st.p.plan, SAGA_EV_CANCEL, PLAN_NONE, SAGA_NO_ITEM),
        LEGAL_NOTED);
    ck_assert_int_eq(story_act(&st, SAGA_EV_CANCEL, NULL), SAGA_APPLIED);
    story_is(&st, "turn 3 running pay attempt 1");
    story_answer(&st, "pay", "succeeded");
    story_did(&st, "send b 1");
    ck_assert_int_eq(story_act(&st, SAGA_EV_CANCEL, NULL), SAGA_REJECTED);
}
END_TEST

START_TEST(test_a_noted_cancel_takes_effect_when_the_pivot_proves_not_applied)
{
    story_open(&st, "a pay!");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_answer(&st, "pay", "busy"); /* Not retried: somebody wants to go back. */
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_noted_cancel_is_heard_when_the_pivot_is_taken_back_from_the_wire)
{
    story_open(&st, "a pay!");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_cell_event(&st, SAGA_EV_RETURNED, "pay");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_noted_cancel_keeps_a_queued_pivot_from_being_sent_again)
{
    story_open(&st, "a pay!");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "pay", "busy");
    story_say(&st, SAGA_ASK_SLOT, "pay", SAGA_SLOT_FULL);
    story_wake(&st);
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_cell_event(&st, SAGA_EV_GRANTED, "pay");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_pivot_in_doubt_is_still_asked_for_after_a_noted_cancel)
{
    story_open(&st, "a pay!");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_answer(&st, "pay", "timeout");
    story_wake(&st);
    story_did(&st, "send pay 2 in doubt");
}
END_TEST

START_TEST(test_before_its_pivot_is_due_a_saga_goes_back)
{
    story_open(&st, "a pay!");
    story_say(&st, SAGA_ASK_SLOT, "pay", SAGA_SLOT_FULL);
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_after_the_pivot_a_failure_is_stuck_going_forward)
{
    story_open(&st, "a pay! b");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "pay", "succeeded");
    story_answer(&st, "b", "rejected");
    story_is(&st, "turn 4 stuck b stuck after attempt 1");
    story_act(&st, SAGA_EV_RETRY, "b");
    story_did(&st, "send b 2");
}
END_TEST

START_TEST(test_a_step_refuted_by_confirm_after_the_pivot_is_called_again_by_retry)
{
    story_open(&st, "pay! b-@");
    story_start(&st);
    story_answer(&st, "pay", "succeeded");
    story_answer(&st, "b", "unknown");
    story_answer(&st, "b", "not-applied");
    story_wake(&st);
    story_answer(&st, "b", "not-applied");
    story_did(&st, "notify stuck");
    story_act(&st, SAGA_EV_RETRY, "b");
    story_did(&st, "send b 1");
}
END_TEST

START_TEST(test_a_pivot_that_its_when_skips_counts_as_passed)
{
    story_open(&st, "a (& pay!) b");
    st.script[st.n_script++] = (struct story_script){SAGA_ASK_WHEN, 2, 0};
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    ck_assert_int_eq(story_act(&st, SAGA_EV_CANCEL, NULL), SAGA_REJECTED);
}
END_TEST

START_TEST(test_a_group_with_the_pivot_skipped_by_hand_counts_as_passed)
{
    story_open(&st, "a (& pay!) b");
    st.script[st.n_script++] = (struct story_script){SAGA_ASK_WHEN, 2, -1};
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    ck_assert_int_eq(story_send(&st, (struct saga_event){.kind = SAGA_EV_SKIP,
                                                         .step = 2,
                                                         .item = SAGA_NO_ITEM}),
                     SAGA_APPLIED);
    story_did(&st, "send b 1");
    ck_assert_int_eq(story_act(&st, SAGA_EV_CANCEL, NULL), SAGA_REJECTED);
}
END_TEST

START_TEST(test_the_deadline_after_the_pivot_only_alerts)
{
    story_open(&st, "pay! b");
    st.p.plan->timeout_ms = 1000;
    story_start(&st);
    story_answer(&st, "pay", "succeeded");
    story_wake(&st);
    story_did(&st, "alert");
    story_is(&st, "turn 3 running b attempt 1");
}
END_TEST

START_TEST(test_a_deadline_noted_at_the_pivot_alerts_once_it_is_passed)
{
    story_open(&st, "pay! b");
    st.p.plan->timeout_ms = 1000;
    story_start(&st);
    story_wake(&st);
    story_did(&st, "");
    story_answer(&st, "pay", "succeeded");
    story_did(&st, "alert, send b 1");
}
END_TEST

int main(void)
{
    return suite_main(
        "saga_back", test_a_rejected_step_undoes_those_before_it_and_not_itself,
        test_step_in_doubt_is_compensated_too, test_unsent_only_is_not_compensated,
        test_a_queued_step_was_never_begun,
        test_a_step_without_compensation_in_doubt_does_not_hold_up_the_end,
        test_an_ignored_step_in_doubt_is_compensated_if_the_saga_goes_back,
        test_an_ignored_step_not_in_doubt_is_left_alone,
        test_without_its_answer_a_compensation_that_reads_it_is_stuck,
        test_confirm_finds_the_answer_that_the_compensation_reads,
        test_two_refusals_of_confirm_leave_nothing_to_compensate,
        test_a_confirm_without_an_answer_is_stuck_going_back,
        test_nothing_is_compensated_while_a_call_is_in_flight,
        test_no_action_starts_or_is_retried_once_compensating,
        test_an_awaited_call_that_was_never_handed_over_is_dropped,
        test_an_awaited_call_that_succeeds_is_compensated,
        test_a_sequence_goes_back_in_reverse, test_branches_go_back_side_by_side,
        test_items_go_back_from_the_last_begun_to_the_first,
        test_a_compensation_refused_is_stuck_and_other_branches_go_on,
        test_a_compensation_retries_for_a_day_then_is_stuck,
        test_neither_deadline_nor_cancel_stops_a_compensation,
        test_a_pivot_refused_goes_back, test_a_pivot_in_doubt_is_stuck,
        test_a_cancel_while_the_pivot_is_due_is_noted_and_comes_too_late,
        test_a_noted_cancel_takes_effect_when_the_pivot_proves_not_applied,
        test_a_noted_cancel_is_heard_when_the_pivot_is_taken_back_from_the_wire,
        test_a_noted_cancel_keeps_a_queued_pivot_from_being_sent_again,
        test_a_pivot_in_doubt_is_still_asked_for_after_a_noted_cancel,
        test_before_its_pivot_is_due_a_saga_goes_back,
        test_after_the_pivot_a_failure_is_stuck_going_forward,
        test_a_step_refuted_by_confirm_after_the_pivot_is_called_again_by_retry,
        test_a_pivot_that_its_when_skips_counts_as_passed,
        test_a_group_with_the_pivot_skipped_by_hand_counts_as_passed,
        test_the_deadline_after_the_pivot_only_alerts,
        test_a_deadline_noted_at_the_pivot_alerts_once_it_is_passed);
}
