/* test_now.c - the engine's time, when the wall clock jumps (S41), and time away (S43).
 */
#include "engine/run/now.h"

#include <check.h>
#include <stdlib.h>

#include "engine/view/downtime.h"

enum { HOUR = 3600 * 1000, AWAY = 15000 };

static struct now now;
static struct now_seen seen;
static uint64_t wall;
static uint64_t mono;

static void setup(void)
{
    now = (struct now){0};
    wall = 1000000000000;
    mono = 5000;
    now_take(&now, wall, mono, AWAY, &seen);
}

/* `ms` pass on the monotonic clock; the wall clock moves by as much and `set_ms`. */
static void pass(uint64_t ms, int64_t set_ms)
{
    mono += ms;
    wall = (uint64_t)((int64_t)(wall + ms) + set_ms);
    now_take(&now, wall, mono, AWAY, &seen);
}

START_TEST(test_time_follows_the_wall_clock)
{
    for (int i = 0; i < 100; i++) {
        pass(1000, i % 2 == 0 ? 3 : -3);
        ck_assert_int_eq(seen.jump_ms, 0);
        ck_assert_uint_eq(seen.away_ms, 0);
    }
    ck_assert_uint_eq(now.ms, wall);
}
END_TEST

START_TEST(test_a_clock_set_back_does_not_freeze_what_waits)
{
    const uint64_t before = now.ms;

    pass(1000, -HOUR);
    ck_assert_int_eq(seen.jump_ms, -HOUR);
    ck_assert_uint_eq(seen.away_ms, 0);
    ck_assert_uint_eq(now.ms, before + 1000);
    pass(4000, 0);
    ck_assert_uint_ge(now.ms, before + 1000 + 4000 * 15 / 16);
}
END_TEST

START_TEST(test_time_that_is_ahead_comes_back_to_the_wall_clock)
{
    uint64_t last;

    pass(1000, -HOUR);
    for (int i = 0; i < 17 * 3600; i++) {
        last = now.ms;
        pass(1000, 0);
        ck_assert_uint_gt(now.ms, last);
    }
    ck_assert_uint_eq(now.ms, wall);
}
END_TEST

START_TEST(test_a_clock_set_back_a_little_at_a_time_never_takes_time_back)
{
    for (int i = 0; i < 100; i++) {
        const uint64_t last = now.ms;

        pass(100, -1500);
        ck_assert_uint_ge(now.ms, last);
    }
}
END_TEST

START_TEST(test_a_jump_forward_is_time_away)
{
    pass(1000, HOUR);
    ck_assert_int_eq(seen.jump_ms, HOUR);
    ck_assert_uint_eq(seen.away_ms, HOUR);
    ck_assert_uint_eq(now.ms, wall);
}
END_TEST

START_TEST(test_a_clock_set_right_again_is_no_time_away)
{
    pass(1000, -HOUR);
    pass(1000, HOUR);
    ck_assert_int_eq(seen.jump_ms, HOUR);
    ck_assert_uint_eq(seen.away_ms, 0);
    ck_assert_uint_eq(now.ms, wall);
}
END_TEST

START_TEST(test_a_process_that_was_stopped_was_away)
{
    pass(AWAY, 0);
    ck_assert_uint_eq(seen.away_ms, 0);
    pass(HOUR, 0);
    ck_assert_int_eq(seen.jump_ms, 0);
    ck_assert_uint_eq(seen.away_ms, HOUR);
}
END_TEST

START_TEST(test_a_machine_that_slept_was_away)
{
    pass(20, HOUR); /* The monotonic clock does not count sleep. */
    ck_assert_uint_eq(seen.away_ms, HOUR);
}
END_TEST

START_TEST(test_a_saga_is_owed_what_lies_behind_its_beginning)
{
    struct downtimes d = {0};

    downtimes_add(&d, 100, 200);
    downtimes_add(&d, 300, 350);
    ck_assert_uint_eq(downtimes_since(&d, 50), 150);
    ck_assert_uint_eq(downtimes_since(&d, 150), 100);
    ck_assert_uint_eq(downtimes_since(&d, 250), 50);
    ck_assert_uint_eq(downtimes_since(&d, 350), 0);
}
END_TEST

START_TEST(test_downtimes_are_read_as_they_were_written)
{
    struct downtimes d = {0};
    struct downtimes again = {0};
    char *text;

    for (uint64_t i = 1; i <= DOWNTIMES_MAX + 3; i++) {
        downtimes_add(&d, i * 10, i * 10 + 5);
    }
    ck_assert_uint_eq(d.n, DOWNTIMES_MAX);
    ck_assert_uint_eq(d.all[0].from_ms, 40);
    text = downtimes_text(&d);
    downtimes_parse(&again, text);
    ck_assert_mem_eq(&again, &d, sizeof(d));
    free(text);
    downtimes_parse(&again, "7-3,9-10");
    ck_assert_uint_eq(again.n, DOWNTIMES_MAX);
    ck_assert_uint_eq(again.all[DOWNTIMES_MAX - 1].to_ms, (DOWNTIMES_MAX + 3) * 10 + 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("now");
    TCase *tcase = tcase_create("now");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, test_time_follows_the_wall_clock);
    tcase_add_test(tcase, test_a_clock_set_back_does_not_freeze_what_waits);
    tcase_add_test(tcase, test_time_that_is_ahead_comes_back_to_the_wall_clock);
    tcase_add_test(tcase, test_a_clock_set_back_a_little_at_a_time_never_takes_time_back);
    tcase_add_test(tcase, test_a_jump_forward_is_time_away);
    tcase_add_test(tcase, test_a_clock_set_right_again_is_no_time_away);
    tcase_add_test(tcase, test_a_process_that_was_stopped_was_away);
    tcase_add_test(tcase, test_a_machine_that_slept_was_away);
    tcase_add_test(tcase, test_a_saga_is_owed_what_lies_behind_its_beginning);
    tcase_add_test(tcase, test_downtimes_are_read_as_they_were_written);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
