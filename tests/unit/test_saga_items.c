/* test_saga_items.c - forEach: filling, sizes of the state, and what a turn costs. */
#include "engine/core/saga.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;

enum { MANY = 10000 };

/* Answers the k-th open item (of those due), whichever it is. */
static void answer_open(uint16_t k, const char *how)
{
    char cell[STORY_ID_MAX + 16];
    const struct saga_cell *c = &st.s.cells[k % st.s.n_cells];

    snprintf(cell, sizeof(cell), "%s[%u]", st.p.ids[c->step], c->item);
    ck_assert_int_eq(story_answer(&st, cell, how), SAGA_APPLIED);
}

START_TEST(test_so_many_items_at_once_and_no_more)
{
    story_open(&st, "a#2 b");
    story_say(&st, SAGA_ASK_ITEMS, "a", 4);
    story_start(&st);
    story_did(&st, "send a[0] 1, send a[1] 1");
    story_answer(&st, "a[1]", "succeeded");
    story_did(&st, "send a[2] 1");
    story_answer(&st, "a[2]", "succeeded");
    story_answer(&st, "a[3]", "succeeded");
    story_did(&st, "");
    story_answer(&st, "a[0]", "succeeded");
    story_did(&st, "send b 1");
}
END_TEST

START_TEST(test_no_items_settle_at_once)
{
    story_open(&st, "a#2 b");
    story_say(&st, SAGA_ASK_ITEMS, "a", 0);
    story_start(&st);
    story_did(&st, "send b 1");
    story_step_is(&st, "a", "succeeded");
}
END_TEST

START_TEST(test_items_that_cannot_be_told_are_stuck)
{
    story_open(&st, "a#2");
    story_say(&st, SAGA_ASK_ITEMS, "a", -1);
    story_start(&st);
    story_is(&st, "turn 1 stuck a stuck");
    ck_assert_int_eq(story_cell(&st, "a")->reason, SAGA_REASON_EXPRESSION);
}
END_TEST

START_TEST(test_an_optional_item_that_fails_is_ignored)
{
    story_open(&st, "a#1?");
    story_say(&st, SAGA_ASK_ITEMS, "a", 2);
    story_start(&st);
    story_answer(&st, "a[0]", "rejected");
    story_answer(&st, "a[1]", "succeeded");
    story_is(&st, "turn 3 completed");
    ck_assert_int_eq(saga_item_of(&st.s, st.p.plan, 1, 0).outcome, OUTCOME_IGNORED);
}
END_TEST

START_TEST(test_an_item_that_fails_begins_no_other)
{
    story_open(&st, "a#2");
    story_say(&st, SAGA_ASK_ITEMS, "a", 5);
    story_start(&st);
    story_answer(&st, "a[0]", "succeeded");
    story_answer(&st, "a[1]", "rejected");
    story_is(&st, "turn 3 compensating a[2] attempt 1");
    story_answer(&st, "a[2]", "unknown");
    story_did(&st, "send a[2] compensation 1, send a[0] compensation 1");
}
END_TEST

START_TEST(test_children_may_be_items_too)
{
    story_open(&st, "kyc:child#2");
    story_say(&st, SAGA_ASK_ITEMS, "kyc", 3);
    story_start(&st);
    story_did(&st, "start kyc[0]~1, start kyc[1]~1");
    story_child_ended(&st, "kyc[0]", 1, SAGA_STATUS_COMPLETED);
    story_did(&st, "start kyc[2]~1");
}
END_TEST

START_TEST(test_an_item_resolved_by_hand_goes_back_in_its_turn)
{
    story_open(&st, "kyc:child+#2 b");
    story_say(&st, SAGA_ASK_ITEMS, "kyc", 4);
    story_start(&st);
    for (int i = 1; i < 4; i++) {
        static const char *const items[] = {"", "kyc[1]", "kyc[2]", "kyc[3]"};

        story_child_ended(&st, items[i], 1, SAGA_STATUS_COMPLETED);
    }
    story_child_ended(&st, "kyc[0]", 1, SAGA_STATUS_RESOLVED);
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_did(&st, "send kyc[3] compensation 1");
    story_act(&st, SAGA_EV_RETRY, "kyc[0]");
    story_did(&st,
              "send kyc[2] compensation 1"); /* Its place is free, its turn not come. */
    story_answer(&st, "kyc[3]", "succeeded");
    story_answer(&st, "kyc[2]", "succeeded");
    story_did(&st, "send kyc[0] compensation 1");
}
END_TEST

START_TEST(test_ten_thousand_items_one_after_another_keep_the_state_small)
{
    size_t most = 0;

    story_open(&st, "a#8 b");
    st.is_quick = true;
    story_say(&st, SAGA_ASK_ITEMS, "a", MANY);
    story_start(&st);
    for (unsigned i = 0; i < MANY; i++) {
        answer_open((uint16_t)(i * 7), "succeeded");
        most = st.n_bytes > most ? st.n_bytes : most;
    }
    story_is(&st, "turn 10001 running b attempt 1");
    ck_assert_uint_lt(most, 400);
}
END_TEST

START_TEST(test_sixty_four_at_once_never_need_more_than_4_kb)
{
    size_t most = 0;

    story_open(&st, "a#64 b");
    st.is_quick = true;
    story_say(&st, SAGA_ASK_ITEMS, "a", MANY);
    story_start(&st);
    for (unsigned i = 0; i < MANY; i++) {
        answer_open((uint16_t)(i * 37), "succeeded");
        most = st.n_bytes > most ? st.n_bytes : most;
    }
    story_answer(&st, "b", "rejected");
    for (unsigned i = 0; i < MANY; i++) {
        answer_open((uint16_t)(i * 37), "succeeded");
        most = st.n_bytes > most ? st.n_bytes : most;
    }
    ck_assert_int_eq(st.s.state, SAGA_COMPENSATED);
    ck_assert_uint_lt(most, 4096);
}
END_TEST

/* Questions and effects per turn do not grow with the number of items. */
START_TEST(test_an_item_costs_the_same_in_a_long_list_as_in_a_short_one)
{
    uint64_t before;

    story_open(&st, "a#8 b");
    st.is_quick = true;
    story_say(&st, SAGA_ASK_ITEMS, "a", MANY);
    story_start(&st);
    for (unsigned i = 0; i < MANY - 8; i++) {
        before = st.n_asks;
        answer_open((uint16_t)i, "succeeded");
        ck_assert_uint_eq(st.n_asks - before, 2); /* RENDER and SLOT of the next item. */
        ck_assert_uint_eq(st.fx.n, 1);
        ck_assert_uint_le(st.s.n_runs, 2 * 8 + 1);
    }
}
END_TEST

START_TEST(test_too_many_different_items_are_stuck_with_that_reason)
{
    story_open(&st, "a#1?");
    st.is_quick = true;
    story_say(&st, SAGA_ASK_ITEMS, "a", MANY);
    story_start(&st);
    for (unsigned i = 0; st.s.n_cells == 1 && st.s.cells[0].item != SAGA_NO_ITEM; i++) {
        answer_open(0, i % 2 == 0 ? "succeeded" : "unknown");
    }
    story_did(&st, "notify stuck");
    ck_assert_int_eq(story_cell(&st, "a")->reason, SAGA_REASON_ITEMS);
    story_act(&st, SAGA_EV_RETRY, "a"); /* Nothing has changed. */
    ck_assert_int_eq(story_cell(&st, "a")->reason, SAGA_REASON_ITEMS);
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_run(&st, "succeeded");
    ck_assert_int_eq(st.s.state, SAGA_COMPENSATED);
}
END_TEST

/* One run of items in doubt, settled by confirm now this way and now that. */
START_TEST(test_items_that_part_ways_going_back_do_not_overflow_the_state)
{
    story_open(&st, "a#8~@? b");
    st.is_quick = true;
    story_say(&st, SAGA_ASK_ITEMS, "a", MANY);
    st.p.plan->nodes[1].confirm.retry.attempts_max = 1;
    story_start(&st);
    while (story_cell(&st, "b") == NULL) {
        const struct saga_cell *c = &st.s.cells[0];

        answer_open(0, c->call == CALL_CONFIRM ? "nothing" : "unknown");
    }
    story_answer(&st, "b", "rejected");
    for (int i = 0; i < 100000 && st.s.n_cells > 0 && story_cell(&st, "a") == NULL; i++) {
        const struct saga_cell *c = &st.s.cells[0];

        if (c->state == CELL_BACKING_OFF) {
            story_wake(&st);
        } else if (c->call == CALL_CONFIRM) {
            answer_open(0, c->item % 2 == 0 ? "applied" : "not-applied");
        } else {
            answer_open(0, "succeeded");
        }
    }
    ck_assert_int_eq(story_cell(&st, "a")->reason, SAGA_REASON_ITEMS);
    story_resolve(&st, "a", false);
    ck_assert_int_eq(st.s.state, SAGA_COMPENSATED);
}
END_TEST

START_TEST(test_a_thousand_calls_at_once_fit_the_bytes_of_a_state)
{
    char plan[512] = "[";
    size_t n = 1;

    for (int i = 0; i < 16; i++) {
        n += (size_t)snprintf(plan + n, sizeof(plan) - n, "s%d#64@? ", i);
    }
    snprintf(plan + n, sizeof(plan) - n, "]");
    story_open(&st, plan);
    st.is_quick = true;
    st.now_ms = 1700000000000;
    for (uint16_t i = 2; i < st.p.plan->n_nodes; i++) {
        st.script[st.n_script++] = (struct story_script){SAGA_ASK_ITEMS, i, MANY};
    }
    story_start(&st);
    ck_assert_uint_eq(st.s.n_cells, 1024);
    for (unsigned i = 0; i < 1024; i++) {
        answer_open((uint16_t)i, "busy");
    }
    ck_assert_uint_gt(st.n_bytes, 10000);
}
END_TEST

START_TEST(test_five_hundred_steps_need_less_than_1500_bytes)
{
    static char plan[LIMIT_STEPS * 6];
    size_t n = 0;

    for (int i = 0; i < LIMIT_STEPS; i++) {
        n += (size_t)snprintf(plan + n, sizeof(plan) - n, "s%d ", i);
    }
    story_open(&st, plan);
    st.is_quick = true;
    story_start(&st);
    for (int i = 0; i < LIMIT_STEPS; i++) {
        ck_assert_uint_lt(st.n_bytes, 1500);
        story_answer(&st, st.p.ids[i + 1], "succeeded");
    }
    story_is(&st, "turn 501 completed");
    ck_assert_uint_lt(st.n_bytes, 1500);
}
END_TEST

START_TEST(test_three_steps_need_about_forty_bytes)
{
    story_open(&st, "a b c");
    st.now_ms = 1700000000000;
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    ck_assert_uint_lt(st.n_bytes, 60);
}
END_TEST

int main(void)
{
    return suite_main(
        "saga_items", test_so_many_items_at_once_and_no_more,
        test_no_items_settle_at_once, test_items_that_cannot_be_told_are_stuck,
        test_an_optional_item_that_fails_is_ignored,
        test_an_item_that_fails_begins_no_other, test_children_may_be_items_too,
        test_an_item_resolved_by_hand_goes_back_in_its_turn,
        test_ten_thousand_items_one_after_another_keep_the_state_small,
        test_sixty_four_at_once_never_need_more_than_4_kb,
        test_an_item_costs_the_same_in_a_long_list_as_in_a_short_one,
        test_too_many_different_items_are_stuck_with_that_reason,
        test_items_that_part_ways_going_back_do_not_overflow_the_state,
        test_a_thousand_calls_at_once_fit_the_bytes_of_a_state,
        test_five_hundred_steps_need_less_than_1500_bytes,
        test_three_steps_need_about_forty_bytes);
}
