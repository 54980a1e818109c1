/* test_saga_restored.c - what a restored backup, which knows too little, is asked (S96).
 */
#include "engine/core/saga.h"

#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;

static void restore(void)
{
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
}

/* It may have been applied after the backup was made: no going back on that (S27). */
START_TEST(test_a_cancel_is_only_noted_while_a_restored_pivot_is_in_doubt)
{
    story_open(&st, "pay! b-");
    story_say(&st, SAGA_ASK_SLOT, "pay", SAGA_SLOT_RATE);
    story_start(&st);
    restore();
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_is(&st, "turn 4 running pay queued in doubt");
}
END_TEST

START_TEST(test_a_restored_pivot_that_a_stop_returns_stays_in_doubt_and_is_called_again)
{
    story_open(&st, "a pay! b-");
    story_start(&st);
    restore();
    story_answer(&st, "a", "succeeded");
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_cell_event(&st, SAGA_EV_RETURNED, "pay");
    story_is(&st, "turn 6 running pay queued in doubt");
    story_cell_event(&st, SAGA_EV_GRANTED, "pay");
    story_did(&st, "send pay 1 in doubt");
}
END_TEST

/* Mirror order (S20): b may have been done after kyc. */
START_TEST(test_a_child_resolved_by_hand_is_undone_after_what_comes_behind_it)
{
    story_open(&st, "kyc:child b");
    story_start(&st);
    restore();
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_RESOLVED);
    story_did(&st, "send b compensation 1, notify stuck");
    story_act(&st, SAGA_EV_RETRY, "kyc");
    story_did(&st, "");
    story_answer(&st, "b", "succeeded");
    story_did(&st, "undo kyc");
}
END_TEST

/* The same in a sequence that the undoing has not come to yet. */
START_TEST(test_a_child_resolved_by_hand_waits_inside_for_what_comes_behind_its_group)
{
    story_open(&st, "(kyc:child b) d");
    story_start(&st);
    restore();
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_RESOLVED);
    story_did(&st, "send d compensation 1, notify stuck");
    story_act(&st, SAGA_EV_RETRY, "kyc");
    story_answer(&st, "d", "succeeded");
    story_did(&st, "send b compensation 1");
    story_answer(&st, "b", "succeeded");
    story_did(&st, "undo kyc");
}
END_TEST

/* What was noted while it was in doubt is passed with it. */
START_TEST(test_a_restored_pivot_that_is_skipped_after_all_lets_nothing_go_back)
{
    story_open(&st, "pay!& b-");
    story_say(&st, SAGA_ASK_WHEN, "pay", -1);
    story_start(&st);
    restore();
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_say(&st, SAGA_ASK_WHEN, "pay", 0);
    story_act(&st, SAGA_EV_RETRY, "pay");
    story_is(&st, "turn 5 running b attempt 1 in doubt");
}
END_TEST

START_TEST(test_a_saga_of_no_parent_is_not_taken_back_by_one)
{
    story_open(&st, "pay!");
    story_start(&st);
    story_answer(&st, "pay", "succeeded");
    ck_assert_int_eq(story_event(&st, SAGA_EV_PARENT_UNDO), SAGA_REJECTED);
}
END_TEST

int main(void)
{
    return suite_main(
        "saga_restored", test_a_cancel_is_only_noted_while_a_restored_pivot_is_in_doubt,
        test_a_restored_pivot_that_a_stop_returns_stays_in_doubt_and_is_called_again,
        test_a_child_resolved_by_hand_is_undone_after_what_comes_behind_it,
        test_a_child_resolved_by_hand_waits_inside_for_what_comes_behind_its_group,
        test_a_restored_pivot_that_is_skipped_after_all_lets_nothing_go_back,
        test_a_saga_of_no_parent_is_not_taken_back_by_one);
}
