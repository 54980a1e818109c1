/* test_ahead.c - a world that behaves: what a preview supposes to happen. */
#include "engine/view/ahead.h"

#include <check.h>

#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;
static enum saga_status child; /* How each child stands. */

static bool happens(void *user, const struct saga_event *ev)
{
    const struct ahead *w = user;

    st.now_ms = w->now_ms;
    return story_send(&st, *ev) == SAGA_APPLIED;
}

static enum saga_status child_status(void *user, const struct saga_cell *c)
{
    (void)user;
    (void)c;
    return child;
}

/* On to where it rests. */
static void go_on(void)
{
    struct ahead w = {.plan = st.p.plan,
                      .s = &st.s,
                      .now_ms = st.now_ms,
                      .happens = happens,
                      .child = child_status};

    w.user = &w;
    while (ahead_step(&w)) {
    }
}

START_TEST(test_all_calls_succeed_and_all_time_passes)
{
    story_open(&st, "a nap:timer [b c*] ok@");
    story_start(&st);
    go_on();
    ck_assert_int_eq(saga_status_of(&st.s), SAGA_STATUS_COMPLETED);
}
END_TEST

START_TEST(test_a_signal_is_not_waited_for)
{
    story_open(&st, "a ok:signal b");
    story_start(&st);
    go_on();
    story_is(&st, "turn 2 running ok waiting");
}
END_TEST

START_TEST(test_a_child_that_is_well_completes)
{
    child = SAGA_STATUS_RUNNING;
    story_open(&st, "a kid:child b");
    story_start(&st);
    go_on();
    ck_assert_int_eq(saga_status_of(&st.s), SAGA_STATUS_COMPLETED);
}
END_TEST

START_TEST(test_a_child_that_is_stuck_is_waited_for)
{
    child = SAGA_STATUS_STUCK;
    story_open(&st, "a kid:child b");
    story_start(&st);
    go_on();
    story_is(&st, "turn 2 running kid waiting");
}
END_TEST

START_TEST(test_a_child_that_goes_back_already_turns_its_parent_back)
{
    child = SAGA_STATUS_COMPENSATING;
    story_open(&st, "a kid:child b");
    story_start(&st);
    go_on();
    ck_assert_int_eq(saga_status_of(&st.s), SAGA_STATUS_COMPENSATED);
}
END_TEST

START_TEST(test_a_child_closed_by_hand_leaves_its_parent_stuck)
{
    child = SAGA_STATUS_RESOLVED;
    story_open(&st, "kid:child b");
    story_start(&st);
    story_child_ended(&st, "kid", 1, SAGA_STATUS_COMPLETED);
    story_answer(&st, "b", "rejected");
    go_on();
    ck_assert_int_eq(saga_status_of(&st.s), SAGA_STATUS_STUCK);
}
END_TEST

/* A pause holds the deadline, not a timer that has begun. */
START_TEST(test_a_timer_that_ends_with_the_deadline_of_a_paused_saga_ends)
{
    story_open(&st, "nap:timer");
    st.p.plan->timeout_ms = st.p.plan->nodes[1].wait_ms;
    story_start(&st);
    story_event(&st, SAGA_EV_PAUSE);
    ck_assert_uint_eq(saga_wake_at(&st.s, st.p.plan), st.s.deadline_ms);
    go_on();
    ck_assert_int_eq(saga_status_of(&st.s), SAGA_STATUS_COMPLETED);
}
END_TEST

int main(void)
{
    return suite_main("ahead", test_all_calls_succeed_and_all_time_passes,
                      test_a_signal_is_not_waited_for,
                      test_a_child_that_is_well_completes,
                      test_a_child_that_is_stuck_is_waited_for,
                      test_a_child_that_goes_back_already_turns_its_parent_back,
                      test_a_child_closed_by_hand_leaves_its_parent_stuck,
                      test_a_timer_that_ends_with_the_deadline_of_a_paused_saga_ends);
}
