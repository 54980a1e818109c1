/* test_saga_corners.c - what rarely meets: each rule of the core at its far end. */
#include "engine/core/saga.h"

#include <string.h>

#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;

/* ---- time
 * ------------------------------------------------------------------------------- */

START_TEST(test_a_retry_without_a_delay_still_waits_a_millisecond)
{
    story_open(&st, "a");
    st.p.plan->nodes[1].action.retry.delay_ms = 0;
    story_start(&st);
    story_answer(&st, "a", "timeout");
    ck_assert_uint_eq(story_cell(&st, "a")->wake_ms, st.now_ms + 1);
}
END_TEST

START_TEST(test_a_wait_for_a_signal_without_a_time_out_has_no_time)
{
    story_open(&st, "ok:signal");
    st.p.plan->nodes[1].wait_ms = 0;
    story_start(&st);
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), 0);
    story_signal(&st, 0);
    ck_assert_int_eq(st.s.state, SAGA_COMPLETED);
}
END_TEST

/* ---- signals
 * -------------------------------------------------------------------------------- */

START_TEST(test_all_names_together_keep_as_many_signals_as_the_limit)
{
    story_open(&st, "a");
    story_start(&st);
    for (unsigned name = 0; name < LIMIT_SIGNALS_ALL / LIMIT_SIGNALS_KEPT; name++) {
        for (unsigned i = 0; i < LIMIT_SIGNALS_KEPT; i++) {
            ck_assert_int_eq(story_signal(&st, (uint8_t)name), SAGA_APPLIED);
        }
    }
    ck_assert_int_eq(story_signal(&st, 99), SAGA_REJECTED);
}
END_TEST

START_TEST(test_a_signal_of_another_name_is_kept_while_one_is_waited_for)
{
    story_open(&st, "ok:signal no:signal");
    story_start(&st);
    story_signal(&st, 1);
    ck_assert_uint_eq(st.s.n_signals, 1);
    story_signal(&st, 0);
    ck_assert_int_eq(st.s.state, SAGA_COMPLETED);
}
END_TEST

START_TEST(test_a_retry_that_fails_at_once_turns_a_held_saga_back)
{
    story_open(&st, "a ok:signal");
    story_say(&st, SAGA_ASK_SIGNAL, "ok", -1);
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_signal(&st, 0);
    story_signal(&st, 0);
    story_event(&st, SAGA_EV_LIMIT);
    story_say(&st, SAGA_ASK_SIGNAL, "ok", 0);
    story_act(&st, SAGA_EV_RETRY, NULL);
    story_is(&st, "turn 6 compensating a compensation attempt 1");
}
END_TEST

/* ---- pivots
 * ---------------------------------------------------------------------------------- */

START_TEST(test_a_pivot_child_that_was_never_begun_holds_no_cancel_up)
{
    story_open(&st, "a kyc:child!");
    story_say(&st, SAGA_ASK_RENDER, "kyc", SAGA_RENDER_FAILED);
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_act(&st, SAGA_EV_CANCEL, NULL);
    ck_assert_int_eq(st.s.state, SAGA_BACKWARD);
}
END_TEST

START_TEST(test_a_cancel_that_would_be_noted_is_offered)
{
    story_open(&st, "pay!");
    ck_assert_int_eq(
        legal_action(&st.s, st.p.plan, SAGA_EV_CANCEL, PLAN_NONE, SAGA_NO_ITEM),
        LEGAL_NO);
    story_start(&st);
    ck_assert(legal_is_offered(&st.s, st.p.plan, SAGA_EV_CANCEL));
    ck_assert_int_eq(
        legal_action(&st.s, st.p.plan, SAGA_EV_CANCEL, PLAN_NONE, SAGA_NO_ITEM),
        LEGAL_NOTED);
}
END_TEST

/* ---- going back
 * --------------------------------------------------------------------------------- */

START_TEST(test_a_callback_that_cannot_be_judged_leaves_doubt_that_is_compensated)
{
    story_open(&st, "[a* b]");
    story_start(&st);
    story_call_back(&st, "a", OUTCOME_UNKNOWN);
    story_answer(&st, "b", "rejected");
    story_answer(&st, "a", "succeeded");
    story_did(&st, "send a compensation 1");
}
END_TEST

START_TEST(test_a_restored_for_each_that_was_skipped_has_nothing_to_take_back)
{
    story_open(&st, "a#1& b-");
    story_say(&st, SAGA_ASK_WHEN, "a", 0);
    story_start(&st);
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_answer(&st, "b", "rejected");
    ck_assert_int_eq(st.s.state, SAGA_COMPENSATED);
}
END_TEST

START_TEST(test_a_for_each_that_is_stuck_going_back_stays_so_while_others_go_on)
{
    story_open(&st, "c [a#1 b]");
    story_start(&st);
    story_event(&st, SAGA_EV_RESTORE);
    story_act(&st, SAGA_EV_RESUME, NULL);
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_say(&st, SAGA_ASK_ITEMS, "a", -1);
    story_answer(&st, "c", "rejected");
    story_did(&st, "send b compensation 1, notify stuck");
    story_answer(&st, "b", "timeout");
    ck_assert_int_eq(story_cell(&st, "a")->state, CELL_STUCK);
    ck_assert_int_eq(story_cell(&st, "b")->state, CELL_BACKING_OFF);
}
END_TEST

/* Closed by hand while it was over its limit, it is settled, not stuck. */
START_TEST(test_a_saga_that_has_ended_is_not_stuck)
{
    story_open(&st, "a");
    story_say(&st, SAGA_ASK_RENDER, "a", SAGA_RENDER_FAILED);
    story_start(&st);
    story_event(&st, SAGA_EV_LIMIT);
    ck_assert(saga_is_stuck(&st.s));
    story_act(&st, SAGA_EV_CLOSE, NULL);
    ck_assert_int_eq(st.s.state, SAGA_RESOLVED);
    ck_assert(!saga_is_stuck(&st.s));
}
END_TEST

/* ---- bytes
 * ---------------------------------------------------------------------------------------
 */

START_TEST(test_a_brief_of_another_form_is_not_read)
{
    struct saga_brief brief;

    story_open(&st, "a");
    story_start(&st);
    st.bytes[0]++;
    ck_assert(!saga_decode_brief(&brief, st.bytes, st.n_bytes));
}
END_TEST

static bool comes_back(struct saga_event ev)
{
    uint8_t bytes[SAGA_EVENT_BYTES_MAX];
    const size_t n = saga_event_encode(&ev, bytes, sizeof(bytes));
    struct saga_event back;

    ck_assert_uint_gt(n, 0);
    return saga_event_decode(&back, bytes, n) && back.confirm == ev.confirm;
}

START_TEST(test_an_event_with_numbers_that_mean_nothing_is_not_read)
{
    ck_assert(comes_back(
        (struct saga_event){.kind = SAGA_EV_ANSWERED, .confirm = SAGA_CONFIRM_APPLIED}));
    ck_assert(!comes_back((struct saga_event){.kind = SAGA_EV_ANSWERED,
                                              .outcome = (enum outcome)OUTCOMES}));
    ck_assert(!comes_back(
        (struct saga_event){.kind = SAGA_EV_ANSWERED, .confirm = (enum saga_confirm)3}));
    ck_assert(!comes_back(
        (struct saga_event){.kind = SAGA_EV_ANSWERED, .call = (enum call_kind)CALLS}));
    ck_assert(!comes_back((struct saga_event){
        .kind = SAGA_EV_CHILD_ENDED, .child_status = (enum saga_status)SAGA_STATUSES}));
}
END_TEST

START_TEST(test_an_event_that_does_not_fit_is_not_written)
{
    const struct saga_event ev = {.kind = SAGA_EV_ANSWERED};
    uint8_t bytes[2];

    ck_assert_uint_eq(saga_event_encode(&ev, bytes, sizeof(bytes)), 0);
}
END_TEST

int main(void)
{
    return suite_main(
        "saga_corners", test_a_retry_without_a_delay_still_waits_a_millisecond,
        test_a_wait_for_a_signal_without_a_time_out_has_no_time,
        test_all_names_together_keep_as_many_signals_as_the_limit,
        test_a_signal_of_another_name_is_kept_while_one_is_waited_for,
        test_a_retry_that_fails_at_once_turns_a_held_saga_back,
        test_a_pivot_child_that_was_never_begun_holds_no_cancel_up,
        test_a_cancel_that_would_be_noted_is_offered,
        test_a_callback_that_cannot_be_judged_leaves_doubt_that_is_compensated,
        test_a_restored_for_each_that_was_skipped_has_nothing_to_take_back,
        test_a_for_each_that_is_stuck_going_back_stays_so_while_others_go_on,
        test_a_saga_that_has_ended_is_not_stuck, test_a_brief_of_another_form_is_not_read,
        test_an_event_with_numbers_that_mean_nothing_is_not_read,
        test_an_event_that_does_not_fit_is_not_written);
}
