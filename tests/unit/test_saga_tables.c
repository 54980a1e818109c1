/*
 * test_saga_tables.c - every cell of both tables, visited.
 *
 * What each event means in each state is stated here a second time, in letters:
 * A applied, L late, R rejected, F in flight, X a bug of the shell (it aborts).
 */
#include "engine/core/saga.h"

#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/story.h"

static struct story st;

static char letter_of(enum saga_result result)
{
    static const char letters[] = {[SAGA_APPLIED] = 'A',
                                   [SAGA_LATE] = 'L',
                                   [SAGA_REJECTED] = 'R',
                                   [SAGA_IN_FLIGHT] = 'F'};

    return letters[result];
}

/* The event, about step a as it stands. */
static struct saga_event about(enum saga_event_kind kind, const char *cell)
{
    const struct saga_cell *c = cell != NULL ? story_cell(&st, cell) : NULL;
    struct saga_event ev = {.kind = kind,
                            .step = PLAN_NONE,
                            .item = SAGA_NO_ITEM,
                            .outcome = OUTCOME_UNKNOWN,
                            .may_retry = true,
                            .is_free = true,
                            .generation = 1,
                            .child_status = SAGA_STATUS_COMPLETED};

    if (cell != NULL) {
        ev.step = story_plan_step(&st.p, cell);
    }
    if (c != NULL) {
        ev.call = c->call;
        ev.turn = c->due_turn;
    }
    return ev;
}

/* ---- the saga: a call is due, a signal and a child are awaited
 * --------------------------- */

static void lined_up(void)
{
    story_open(&st, "a");
    story_send(&st, (struct saga_event){
                        .kind = SAGA_EV_START, .is_ordered = true, .is_lined_up = true});
}

static void forward(void)
{
    story_open(&st, "[a ok:signal kyc:child]");
    story_start(&st);
}

static void backward(void)
{
    story_open(&st, "a b");
    story_start(&st);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "b", "rejected");
}

static void completed(void)
{
    story_open(&st, "a");
    story_send(&st, (struct saga_event){.kind = SAGA_EV_START, .is_child = true});
    story_answer(&st, "a", "succeeded");
}

static void compensated(void)
{
    story_open(&st, "a");
    story_start(&st);
    story_answer(&st, "a", "rejected");
}

static void resolved(void)
{
    story_open(&st, "a=");
    story_start(&st);
    story_answer(&st, "a", "unknown");
    story_act(&st, SAGA_EV_CLOSE, NULL);
}

/* Columns: START YOUR_TURN GRANTED ANSWERED LOST RETURNED WAKE DEADLINE SIGNALLED
 * CALLED_BACK CHILD_ENDED PARENT_UNDO RETRY SKIP RESOLVE CANCEL CLOSE PAUSE RESUME LIMIT
 * POISONED RESTORE */
static const struct {
    void (*open)(void);
    const char *want;
} states[] = {
    {lined_up, "RALLLLLLALLRRRRARALAAA"},    {forward, "RLLAAALLALLRFFFARALAAA"},
    {backward, "RLLAAALLRLLLFRFLRALAAA"},    {completed, "RLLLLLLLRLLARRRRRRRLLL"},
    {compensated, "RLLLLLLLRLLLRRRRRRRLLL"}, {resolved, "RLLLLLLLRLLLRRRRRRRLLL"},
};

START_TEST(test_each_state_answers_each_event_as_the_table_says)
{
    char got[SAGA_EVENTS + 1] = "";

    for (unsigned k = 0; k < SAGA_EVENTS; k++) {
        states[_i].open();
        got[k] = letter_of(story_send(&st, about((enum saga_event_kind)k, "a")));
        story_close(&st);
    }
    ck_assert_str_eq(got, states[_i].want);
}
END_TEST

/* Kinds without a cell of step a: a closed saga's and a child's own. */
START_TEST(test_close_is_in_flight_only_while_stuck)
{
    story_open(&st, "[a b=]");
    story_start(&st);
    story_answer(&st, "b", "unknown");
    ck_assert_int_eq(story_act(&st, SAGA_EV_CLOSE, NULL), SAGA_IN_FLIGHT);
}
END_TEST

START_TEST(test_before_its_start_every_other_event_is_a_bug_of_the_shell)
{
    story_open(&st, "a");
    (void)story_send(&st, about((enum saga_event_kind)_i, NULL));
}
END_TEST

/* ---- the cell: a call with a callback; for WAITING also a child
 * ---------------------------- */

static void cell_queued(void)
{
    story_open(&st, "a*");
    story_say(&st, SAGA_ASK_SLOT, "a", SAGA_SLOT_FULL);
    story_start(&st);
}

static void cell_due(void)
{
    story_open(&st, "a*");
    story_start(&st);
}

static void cell_backing_off(void)
{
    cell_due();
    story_answer(&st, "a", "timeout");
}

static void cell_waiting(void)
{
    cell_due();
    story_answer(&st, "a", "succeeded");
}

static void cell_waiting_for_a_child(void)
{
    story_open(&st, "a:child");
    story_start(&st);
}

static void cell_stuck(void)
{
    story_open(&st, "a*=");
    story_start(&st);
    story_answer(&st, "a", "unknown");
}

/* Columns: GRANTED ANSWERED LOST RETURNED CALLED_BACK CHILD_ENDED */
static const struct {
    void (*open)(void);
    const char *want;
} cells[] = {
    {cell_queued, "ALLLAL"},
    {cell_due, "LAAAAL"},
    {cell_backing_off, "LLLLAL"},
    {cell_waiting, "LLLLAL"},
    {cell_waiting_for_a_child, "LLLLLA"},
    {cell_stuck, "LLLLAL"},
};

START_TEST(test_each_cell_state_answers_each_event_as_the_table_says)
{
    static const enum saga_event_kind kinds[] = {
        SAGA_EV_GRANTED,  SAGA_EV_ANSWERED,    SAGA_EV_LOST,
        SAGA_EV_RETURNED, SAGA_EV_CALLED_BACK, SAGA_EV_CHILD_ENDED};
    char got[sizeof(kinds) / sizeof(kinds[0]) + 1] = "";

    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        cells[_i].open();
        got[k] = letter_of(story_send(&st, about(kinds[k], "a")));
        story_close(&st);
    }
    ck_assert_str_eq(got, cells[_i].want);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("saga_tables");
    TCase *tcase = tcase_create("saga_tables");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, test_each_state_answers_each_event_as_the_table_says, 0,
                        (int)(sizeof(states) / sizeof(states[0])));
    tcase_add_test(tcase, test_close_is_in_flight_only_while_stuck);
    tcase_add_loop_test_raise_signal(
        tcase, test_before_its_start_every_other_event_is_a_bug_of_the_shell, SIGABRT,
        SAGA_EV_YOUR_TURN, SAGA_EVENTS);
    tcase_add_loop_test(tcase, test_each_cell_state_answers_each_event_as_the_table_says,
                        0, (int)(sizeof(cells) / sizeof(cells[0])));
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
