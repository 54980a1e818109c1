/* test_saga_operate.c - operators, limits and restored backups (S53, S54, S60 to S63,
 * S96). */
#include "engine/core/saga.h"

#include <check.h>
#include <stdlib.h>

#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;

static enum legal_answer legal(enum saga_event_kind kind, const char *id)
{
    return legal_action(&st.s, st.p.plan, kind,
                        id != NULL ? story_plan_step(&st.p, id) : PLAN_NONE,
                        SAGA_NO_ITEM);
}

/* ---- retry
 * -------------------------------------------------------------------------------- */

START_TEST(test_retry_on_a_step_backing_off_means_now)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_act(&st, SAGA_EV_RETRY, "a");
    story_did(&st, "send a 2 in doubt");
}
END_TEST

START_TEST(test_retry_repeats_the_call_that_gave_up_and_counts_anew)
{
    story_open(&st, "a=");
    st.p.plan->nodes[1].action.retry.attempts_max = 1;
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_is(&st, "turn 2 stuck a stuck after attempt 1 in doubt");
    st.p.plan->nodes[1].action.retry.attempts_max = 2;
    story_act(&st, SAGA_EV_RETRY, "a");
    story_answer(&st, "a", "timeout");
    story_is(&st, "turn 4 running a backing-off after attempt 2 in doubt");
}
END_TEST

START_TEST(test_retry_of_a_stuck_compensation_repeats_it)
{
    story_open(&st, "a b");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "rejected");
    story_answer(&st, "a", "rejected");
    story_act(&st, SAGA_EV_RETRY, NULL);
    story_did(&st, "send a compensation 2");
}
END_TEST

START_TEST(test_an_action_on_a_call_that_is_due_is_in_flight)
{
    story_open(&st, "[a b=]");
    story_start(&st);
    story_answer(&st, "b", "unknown");
    ck_assert_int_eq(story_act(&st, SAGA_EV_RETRY, "a"), SAGA_IN_FLIGHT);
    ck_assert_int_eq(story_act(&st, SAGA_EV_SKIP, "a"), SAGA_IN_FLIGHT);
    ck_assert_int_eq(story_resolve(&st, "a", true), SAGA_IN_FLIGHT);
    ck_assert_int_eq(story_act(&st, SAGA_EV_CLOSE, NULL), SAGA_IN_FLIGHT);
    ck_assert_int_eq(story_act(&st, SAGA_EV_RETRY, "b"), SAGA_APPLIED); /* Siblings. */
}
END_TEST

START_TEST(test_a_retry_of_one_step_lets_every_held_call_go)
{
    story_open(&st, "[a b]");
    story_start(&st);
    story_answer(&st, "a", "timeout");
    story_answer(&st, "b", "timeout");
    story_event(&st, SAGA_EV_LIMIT);
    story_wake(&st);
    story_is(&st, "turn 5 stuck a queued after attempt 1 in doubt, "
                  "b queued after attempt 1 in doubt");
    story_act(&st, SAGA_EV_RETRY, "a");
    story_did(&st, "send a 2 in doubt, send b 2 in doubt");
}
END_TEST

/* ---- skip
 * ----------------------------------------------------------------------------------- */

START_TEST(test_a_stuck_step_may_be_skipped_and_its_doubt_stays)
{
    story_open(&st, "a= b");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    ck_assert_int_eq(story_act(&st, SAGA_EV_SKIP, "a"), SAGA_APPLIED);
    story_did(&st, "send b 1");
    story_step_is(&st, "a", "skipped");
    story_answer(&st, "b", "rejected");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_wait_may_be_skipped)
{
    story_open(&st, "rest:timer ok:signal");
    story_start(&st);
    story_act(&st, SAGA_EV_SKIP, "rest");
    story_act(&st, SAGA_EV_SKIP, "ok");
    story_is(&st, "turn 3 completed");
}
END_TEST

START_TEST(test_the_pivot_and_a_step_going_back_are_not_skipped)
{
    story_open(&st, "a pay!");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "pay", "unknown");
    ck_assert_int_eq(story_act(&st, SAGA_EV_SKIP, "pay"), SAGA_REJECTED);
    story_resolve(&st, "pay", false);
    story_answer(&st, "a", "rejected");
    ck_assert_int_eq(story_act(&st, SAGA_EV_SKIP, "a"), SAGA_REJECTED);
}
END_TEST

START_TEST(test_skip_and_resolve_are_said_of_a_step)
{
    story_open(&st, "a=");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    ck_assert_int_eq(story_act(&st, SAGA_EV_SKIP, NULL), SAGA_REJECTED);
    ck_assert_int_eq(story_act(&st, SAGA_EV_RESOLVE, NULL), SAGA_REJECTED);
}
END_TEST

/* ---- resolve
 * -------------------------------------------------------------------------------- */

START_TEST(test_resolved_as_applied_goes_on_forward)
{
    story_open(&st, "pay! b");
    story_start(&st);
    story_answer(&st, "pay", "unknown");
    story_resolve(&st, "pay", true);
    story_did(&st, "send b 1");
    ck_assert(st.s.flags & (uint32_t)SAGA_FLAG_PAST_PIVOT);
}
END_TEST

START_TEST(test_resolved_as_not_applied_is_rejected)
{
    story_open(&st, "a pay!");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "pay", "unknown");
    story_resolve(&st, "pay", false);
    story_step_is(&st, "pay", "rejected");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_resolved_as_not_applied_after_the_pivot_is_called_again)
{
    story_open(&st, "pay! b");
    story_start(&st);
    story_answer(&st, "pay", "succeeded");
    story_answer(&st, "b", "unknown");
    story_resolve(&st, "b", false);
    story_did(&st, "send b 2");
}
END_TEST

START_TEST(test_a_step_stuck_at_its_confirm_and_resolved_as_not_applied_is_called_again)
{
    story_open(&st, "pay! b@");
    story_start(&st);
    story_answer(&st, "pay", "succeeded");
    story_answer(&st, "b", "unknown");
    story_answer(&st, "b", "garbage");
    story_is(&st, "turn 4 stuck b confirm stuck after attempt 1 in doubt");
    story_resolve(&st, "b", false);
    story_did(&st, "send b 1");
}
END_TEST

START_TEST(test_a_retry_may_find_nothing_left_to_wait_for)
{
    story_open(&st, "rest:until a");
    story_say(&st, SAGA_ASK_UNTIL, "rest", -1);
    story_start(&st);
    story_say(&st, SAGA_ASK_UNTIL, "rest", 1);
    story_act(&st, SAGA_EV_RETRY, "rest");
    story_did(&st, "send a 1");
}
END_TEST

START_TEST(test_what_is_offered_is_what_some_step_would_take)
{
    story_open(&st, "a=");
    story_start(&st);
    ck_assert(legal_has_due(&st.s));
    ck_assert(!legal_is_offered(&st.s, st.p.plan, SAGA_EV_RESOLVE));
    ck_assert(legal_is_offered(&st.s, st.p.plan, SAGA_EV_CANCEL));
    story_answer(&st, "a", "unknown");
    ck_assert(!legal_has_due(&st.s));
    ck_assert(legal_is_offered(&st.s, st.p.plan, SAGA_EV_RESOLVE));
    ck_assert(!legal_is_offered(&st.s, st.p.plan, SAGA_EV_RESUME));
}
END_TEST

START_TEST(test_resolved_as_applied_going_back_is_compensated_again)
{
    story_open(&st, "a~");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    story_resolve(&st, "a", true);
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_resolved_as_not_applied_going_back_leaves_nothing_to_undo)
{
    story_open(&st, "a b");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "unknown");
    story_answer(&st, "b", "rejected");
    story_resolve(&st, "b", false);
    story_did(&st, "send a compensation 1");
    ck_assert(st.s.steps[2].record.by_hand);
}
END_TEST

/* ---- cancel, close, pause
 * ----------------------------------------------------------------------- */

START_TEST(test_cancel_goes_back_at_once_and_cuts_no_call)
{
    story_open(&st, "a b");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_is(&st, "turn 3 compensating b attempt 1");
    story_answer(&st, "b", "succeeded");
    story_did(&st, "send b compensation 1");
}
END_TEST

START_TEST(test_cancel_goes_back_from_stuck)
{
    story_open(&st, "a b=");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "unknown");
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_did(&st, "send b compensation 1");
}
END_TEST

START_TEST(test_close_resolves_a_stuck_saga_and_keeps_its_doubt_on_record)
{
    story_open(&st, "a=");
    story_start(&st);
    ck_assert_int_eq(story_act(&st, SAGA_EV_CLOSE, NULL), SAGA_REJECTED);
    story_answer(&st, "a", "unknown");
    ck_assert_int_eq(story_act(&st, SAGA_EV_CLOSE, NULL), SAGA_APPLIED);
    story_is(&st, "turn 3 resolved");
    story_did(&st, "notify resolved, ended resolved");
    story_step_is(&st, "a", "unknown");
}
END_TEST

START_TEST(test_pause_and_resume_twice_do_nothing_twice)
{
    story_open(&st, "a");
    story_start(&st);
    ck_assert_int_eq(story_act(&st, SAGA_EV_RESUME, NULL), SAGA_LATE);
    ck_assert_int_eq(story_act(&st, SAGA_EV_PAUSE, NULL), SAGA_APPLIED);
    ck_assert_int_eq(story_act(&st, SAGA_EV_PAUSE, NULL), SAGA_LATE);
}
END_TEST

START_TEST(test_a_pause_cuts_no_call)
{
    story_open(&st, "a");
    story_start(&st);
    story_act(&st, SAGA_EV_PAUSE, NULL);
    story_answer(&st, "a", "succeeded");
    story_is(&st, "turn 3 completed paused");
}
END_TEST

START_TEST(test_a_final_saga_takes_no_action)
{
    static const enum saga_event_kind kinds[] = {
        SAGA_EV_RETRY, SAGA_EV_CANCEL, SAGA_EV_CLOSE, SAGA_EV_PAUSE, SAGA_EV_RESUME};

    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        ck_assert_int_eq(story_act(&st, kinds[i], NULL), SAGA_REJECTED);
        ck_assert_int_eq(legal(kinds[i], NULL), LEGAL_NO);
    }
}
END_TEST

/* The first turn wins; what comes after sees what it made (S63). */
START_TEST(test_a_cancel_after_the_last_answer_is_refused)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    ck_assert_int_eq(story_act(&st, SAGA_EV_CANCEL, NULL), SAGA_REJECTED);
}
END_TEST

START_TEST(test_a_cancel_before_the_last_answer_wins)
{
    story_open(&st, "a");
    story_start(&st);
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_answer(&st, "a", "succeeded");
    story_did(&st, "send a compensation 1");
}
END_TEST

/* ---- limits and poison (S53, S54)
 * ------------------------------------------------------------------ */

START_TEST(test_a_saga_over_its_limit_is_stuck_and_sends_nothing_more)
{
    story_open(&st, "a b");
    story_start(&st);
    story_event(&st, SAGA_EV_LIMIT);
    story_did(&st, "notify stuck");
    story_answer(&st, "a", "succeeded");
    story_is(&st, "turn 3 stuck b queued");
    story_act(&st, SAGA_EV_RETRY, NULL);
    story_did(&st, "send b 1");
}
END_TEST

START_TEST(test_a_poisoned_saga_waits_for_an_operator)
{
    story_open(&st, "a");
    story_start(&st);
    ck_assert_int_eq(story_event(&st, SAGA_EV_POISONED), SAGA_APPLIED);
    ck_assert_int_eq(story_event(&st, SAGA_EV_POISONED), SAGA_LATE);
    story_cell_event(&st, SAGA_EV_LOST, "a");
    story_wake(&st);
    story_is(&st, "turn 4 stuck a queued after attempt 1 in doubt");
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_saga_in_line_that_is_over_its_limit_may_be_retried)
{
    story_open(&st, "a");
    story_send(&st, (struct saga_event){
                        .kind = SAGA_EV_START, .is_ordered = true, .is_lined_up = true});
    story_event(&st, SAGA_EV_LIMIT);
    story_is(&st, "turn 2 stuck");
    ck_assert_int_eq(story_act(&st, SAGA_EV_RETRY, NULL), SAGA_APPLIED);
    story_is(&st, "turn 3 running");
}
END_TEST

/* ---- restored from a backup (S96)
 * --------------------------------------------------------------------- */

START_TEST(test_a_restored_saga_starts_paused_and_everything_open_is_in_doubt)
{
    story_open(&st, "a b");
    story_start(&st);
    story_answer(&st, "a", "busy");
    story_event(&st, SAGA_EV_RESTORE);
    story_is(&st, "turn 3 running paused a backing-off after attempt 1 in doubt");
}
END_TEST

START_TEST(test_a_restored_saga_compensates_also_what_looks_pending)
{
    story_open(&st, "a b c&-");
    story_start(&st);
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_answer(&st, "a", "rejected");
    story_did(&st, "send b compensation 1");
    story_answer(&st, "b", "succeeded");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_restored_for_each_compensates_items_that_look_pending)
{
    story_open(&st, "a b#8");
    story_start(&st);
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_answer(&st, "a", "rejected");
    story_did(&st, "send b[2] compensation 1, send b[1] compensation 1, "
                   "send b[0] compensation 1");
    story_answer(&st, "b[2]", "succeeded");
    story_answer(&st, "b[1]", "succeeded");
    story_answer(&st, "b[0]", "succeeded");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_restored_for_each_whose_items_are_unknown_is_stuck)
{
    story_open(&st, "a b#8");
    story_start(&st);
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_say(&st, SAGA_ASK_ITEMS, "b", -1);
    story_answer(&st, "a", "rejected");
    story_is(&st, "turn 5 stuck b compensation stuck");
    story_resolve(&st, "b", false);
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_restored_for_each_resolved_as_applied_asks_for_its_items_again)
{
    story_open(&st, "a b#8");
    story_start(&st);
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_say(&st, SAGA_ASK_ITEMS, "b", -1);
    story_answer(&st, "a", "rejected");
    story_say(&st, SAGA_ASK_ITEMS, "b", 1);
    story_resolve(&st, "b", true);
    story_did(&st, "send b[0] compensation 1");
}
END_TEST

START_TEST(test_a_restored_for_each_that_fails_compensates_what_it_may_have_begun_since)
{
    story_open(&st, "a#1");
    story_start(&st);
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_answer(&st, "a[0]", "unknown");
    story_did(&st, "send a[2] compensation 1");
    story_answer(&st, "a[2]", "succeeded");
    story_did(&st, "send a[1] compensation 1");
}
END_TEST

START_TEST(test_a_step_begun_after_a_restore_is_in_doubt_from_birth)
{
    story_open(&st, "a b");
    story_start(&st);
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "rejected");
    story_did(&st, "send b compensation 1");
}
END_TEST

START_TEST(test_a_restored_for_each_that_is_stuck_begins_no_call_of_its_own)
{
    story_open(&st, "a#1");
    story_say(&st, SAGA_ASK_ITEMS, "a", -1);
    story_start(&st);
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_say(&st, SAGA_ASK_ITEMS, "a", 1);
    story_act(&st, SAGA_EV_RETRY, "a");
    story_did(&st, "send a[0] 1 in doubt");
}
END_TEST

START_TEST(test_a_saga_restored_while_going_back_has_begun_nothing_since)
{
    story_open(&st, "a b c");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "rejected");
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_answer(&st, "a", "succeeded");
    story_is(&st, "turn 6 compensated");
}
END_TEST

int main(void)
{
    return suite_main(
        "saga_operate", test_retry_on_a_step_backing_off_means_now,
        test_retry_repeats_the_call_that_gave_up_and_counts_anew,
        test_retry_of_a_stuck_compensation_repeats_it,
        test_an_action_on_a_call_that_is_due_is_in_flight,
        test_a_retry_of_one_step_lets_every_held_call_go,
        test_a_stuck_step_may_be_skipped_and_its_doubt_stays, test_a_wait_may_be_skipped,
        test_the_pivot_and_a_step_going_back_are_not_skipped,
        test_skip_and_resolve_are_said_of_a_step,
        test_resolved_as_applied_goes_on_forward,
        test_resolved_as_not_applied_is_rejected,
        test_resolved_as_not_applied_after_the_pivot_is_called_again,
        test_a_step_stuck_at_its_confirm_and_resolved_as_not_applied_is_called_again,
        test_a_retry_may_find_nothing_left_to_wait_for,
        test_what_is_offered_is_what_some_step_would_take,
        test_resolved_as_applied_going_back_is_compensated_again,
        test_resolved_as_not_applied_going_back_leaves_nothing_to_undo,
        test_cancel_goes_back_at_once_and_cuts_no_call, test_cancel_goes_back_from_stuck,
        test_close_resolves_a_stuck_saga_and_keeps_its_doubt_on_record,
        test_pause_and_resume_twice_do_nothing_twice, test_a_pause_cuts_no_call,
        test_a_final_saga_takes_no_action, test_a_cancel_after_the_last_answer_is_refused,
        test_a_cancel_before_the_last_answer_wins,
        test_a_saga_over_its_limit_is_stuck_and_sends_nothing_more,
        test_a_poisoned_saga_waits_for_an_operator,
        test_a_saga_in_line_that_is_over_its_limit_may_be_retried,
        test_a_restored_saga_starts_paused_and_everything_open_is_in_doubt,
        test_a_restored_saga_compensates_also_what_looks_pending,
        test_a_restored_for_each_compensates_items_that_look_pending,
        test_a_restored_for_each_whose_items_are_unknown_is_stuck,
        test_a_restored_for_each_resolved_as_applied_asks_for_its_items_again,
        test_a_restored_for_each_that_fails_compensates_what_it_may_have_begun_since,
        test_a_step_begun_after_a_restore_is_in_doubt_from_birth,
        test_a_restored_for_each_that_is_stuck_begins_no_call_of_its_own,
        test_a_saga_restored_while_going_back_has_begun_nothing_since);
}
