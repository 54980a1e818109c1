/* test_saga_code.c - states and events as bytes: back and forth, cut, and garbled. */
#include "engine/core/saga_code.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;
static struct saga garbled;
static struct saga_effects fx;

static int64_t say_yes(void *user, const struct saga_question *q)
{
    (void)user;
    return q->ask == SAGA_ASK_SLOT ? SAGA_SLOT_GRANTED : 1;
}

static const struct saga_oracle yes = {.ask = say_yes};

/* ---- states worth garbling: one of each shape -----------------------------------------
 */

static void queued_and_waiting(void)
{
    story_open(&st, "[a kyc:child ok:signal rest:timer b#2 c*] d");
    story_say(&st, SAGA_ASK_SLOT, "a", SAGA_SLOT_RATE);
    story_start(&st);
    story_answer(&st, "c", "succeeded");
    story_answer(&st, "b[1]", "timeout");
}

static void noted_at_the_pivot(void)
{
    story_open(&st, "a pay! ok:signal b-");
    st.p.plan->timeout_ms = 60000;
    story_start(&st);
    story_signal(&st, 0);
    story_answer(&st, "a", "succeeded");
    story_answer(&st, "pay", "timeout");
    story_act(&st, SAGA_EV_CANCEL, NULL);
}

static void items_going_back(void)
{
    story_open(&st, "a#3? [b kyc:child] c");
    story_say(&st, SAGA_ASK_ITEMS, "a", 6);
    story_start(&st);
    story_answer(&st, "a[0]", "succeeded");
    story_answer(&st, "a[2]", "unknown");
    story_answer(&st, "a[1]", "rejected");
    story_run(&st, "succeeded");
    story_child_ended(&st, "kyc", 1, SAGA_STATUS_RESOLVED);
    story_act(&st, SAGA_EV_CANCEL, NULL);
    story_answer(&st, "b", "rejected");
    story_act(&st, SAGA_EV_PAUSE, NULL);
}

static void ended(void)
{
    story_open(&st, "a#2");
    story_send(&st, (struct saga_event){.kind = SAGA_EV_START, .is_child = true});
    story_run(&st, "succeeded");
}

static void (*const shapes[])(void) = {queued_and_waiting, noted_at_the_pivot,
                                       items_going_back, ended};
enum { SHAPES = sizeof(shapes) / sizeof(shapes[0]) };

/* A state that decodes can take whatever comes next. */
static void take_anything(const uint8_t *bytes, size_t n)
{
    static const enum saga_event_kind kinds[] = {
        SAGA_EV_WAKE,  SAGA_EV_DEADLINE,  SAGA_EV_ANSWERED,    SAGA_EV_RETURNED,
        SAGA_EV_RETRY, SAGA_EV_CANCEL,    SAGA_EV_CHILD_ENDED, SAGA_EV_PARENT_UNDO,
        SAGA_EV_CLOSE, SAGA_EV_SIGNALLED, SAGA_EV_RESUME};

    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct saga_event ev = {.kind = kinds[k],
                                .now_ms = st.now_ms + 100000,
                                .step = PLAN_NONE,
                                .item = SAGA_NO_ITEM,
                                .outcome = OUTCOME_REJECTED,
                                .child_status = SAGA_STATUS_COMPLETED};

        ck_assert(saga_decode(&garbled, st.p.plan, bytes, n));
        if (garbled.n_cells > 0 && kinds[k] != SAGA_EV_RETRY) {
            ev.step = garbled.cells[0].step;
            ev.item = garbled.cells[0].item;
            ev.call = garbled.cells[0].call;
            ev.turn = garbled.cells[0].due_turn;
        }
        (void)saga_advance(&garbled, st.p.plan, &ev, &yes, &fx);
        ck_assert(saga_is_sound(&garbled, st.p.plan));
    }
}

START_TEST(test_a_state_cut_short_does_not_decode)
{
    shapes[_i]();
    for (size_t n = 0; n < st.n_bytes; n++) {
        ck_assert(!saga_decode(&garbled, st.p.plan, st.bytes, n));
    }
}
END_TEST

START_TEST(test_bytes_behind_a_state_are_refused)
{
    shapes[_i]();
    st.bytes[st.n_bytes] = 0;
    ck_assert(!saga_decode(&garbled, st.p.plan, st.bytes, st.n_bytes + 1));
}
END_TEST

START_TEST(test_a_garbled_state_is_refused_or_sound)
{
    unsigned n_decoded = 0;

    shapes[_i]();
    for (size_t at = 0; at < st.n_bytes; at++) {
        uint8_t was = st.bytes[at];

        for (unsigned with = 1; with < 256; with++) {
            st.bytes[at] = (uint8_t)(was ^ with);
            if (saga_decode(&garbled, st.p.plan, st.bytes, st.n_bytes)) {
                n_decoded++;
                take_anything(st.bytes, st.n_bytes);
            }
        }
        st.bytes[at] = was;
    }
    ck_assert_uint_gt(n_decoded, 0);
}
END_TEST

START_TEST(test_a_state_of_another_plan_does_not_decode)
{
    static struct story other;

    shapes[_i]();
    story_open(&other, "a b c d e f g h i j");
    ck_assert(!saga_decode(&garbled, other.p.plan, st.bytes, st.n_bytes));
}
END_TEST

START_TEST(test_a_state_that_does_not_fit_is_not_written)
{
    uint8_t bytes[LIMIT_STATE_BYTES];

    shapes[_i]();
    for (size_t room = 0; room < st.n_bytes; room++) {
        ck_assert_uint_eq(saga_encode(&st.s, bytes, room), 0);
    }
    ck_assert_uint_eq(saga_encode(&st.s, bytes, st.n_bytes), st.n_bytes);
}
END_TEST

START_TEST(test_the_brief_tells_state_and_turn_without_a_plan)
{
    struct saga_brief brief;

    shapes[_i]();
    ck_assert(saga_decode_brief(&brief, st.bytes, st.n_bytes));
    ck_assert_int_eq(brief.state, st.s.state);
    ck_assert_uint_eq(brief.flags, st.s.flags);
    ck_assert_uint_eq(brief.turn, st.s.turn);
    ck_assert(!saga_decode_brief(&brief, st.bytes, 2));
}
END_TEST

/* ---- events
 * ------------------------------------------------------------------------------ */

static struct saga_event event_of(unsigned kind)
{
    struct saga_event ev = {.kind = (enum saga_event_kind)kind, .now_ms = 1700000000000};

    if (ev.kind == SAGA_EV_START) {
        ev.seed = UINT64_MAX;
        ev.is_lined_up = true;
        ev.is_ordered = true;
    } else if (ev.kind == SAGA_EV_ANSWERED) {
        ev.retry_at_ms = 1700000009999;
        ev.may_retry = true;
        ev.confirm = SAGA_CONFIRM_NOT_APPLIED;
        ev.outcome = OUTCOME_UNKNOWN;
        ev.grace_ms = 5;
    } else if (ev.kind == SAGA_EV_CHILD_ENDED) {
        ev.generation = 3;
        ev.child_status = SAGA_STATUS_RESOLVED;
    }
    return ev;
}

START_TEST(test_every_event_comes_back_as_it_was)
{
    struct saga_event ev = event_of((unsigned)_i);
    struct saga_event back;
    uint8_t bytes[SAGA_EVENT_BYTES_MAX], again[SAGA_EVENT_BYTES_MAX];
    size_t n = saga_event_encode(&ev, bytes, sizeof(bytes));

    ck_assert_uint_gt(n, 0);
    ck_assert(saga_event_decode(&back, bytes, n));
    ck_assert_uint_eq(saga_event_encode(&back, again, sizeof(again)), n);
    ck_assert_mem_eq(bytes, again, n);
    ck_assert_int_eq(back.kind, ev.kind);
    ck_assert_int_eq(back.outcome, ev.outcome);
    ck_assert_uint_eq(back.retry_at_ms, ev.retry_at_ms);
    ck_assert_uint_eq(back.seed, ev.seed);
    for (size_t cut = 0; cut < n; cut++) {
        ck_assert(!saga_event_decode(&back, bytes, cut));
    }
}
END_TEST

START_TEST(test_the_largest_event_fits)
{
    struct saga_event ev = {.kind = SAGA_EV_CHILD_ENDED,
                            .now_ms = UINT64_MAX,
                            .grace_ms = UINT64_MAX,
                            .step = UINT16_MAX,
                            .item = UINT32_MAX,
                            .turn = UINT64_MAX,
                            .outcome = OUTCOME_UNKNOWN,
                            .retry_at_ms = UINT64_MAX,
                            .seed = UINT64_MAX,
                            .generation = UINT16_MAX};
    uint8_t bytes[SAGA_EVENT_BYTES_MAX];

    ck_assert_uint_gt(saga_event_encode(&ev, bytes, sizeof(bytes)), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("saga_code");
    TCase *tcase = tcase_create("saga_code");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_a_state_cut_short_does_not_decode, 0, SHAPES);
    tcase_add_loop_test(tcase, test_bytes_behind_a_state_are_refused, 0, SHAPES);
    tcase_add_loop_test(tcase, test_a_garbled_state_is_refused_or_sound, 0, SHAPES);
    tcase_add_loop_test(tcase, test_a_state_of_another_plan_does_not_decode, 0, SHAPES);
    tcase_add_loop_test(tcase, test_a_state_that_does_not_fit_is_not_written, 0, SHAPES);
    tcase_add_loop_test(tcase, test_the_brief_tells_state_and_turn_without_a_plan, 0,
                        SHAPES);
    tcase_add_loop_test(tcase, test_every_event_comes_back_as_it_was, 0, SAGA_EVENTS);
    tcase_add_test(tcase, test_the_largest_event_fits);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
