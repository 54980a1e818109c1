/* test_timers.c - the heap of who must be woken when. */
#include "engine/run/timers.h"

#include <check.h>
#include <stdlib.h>

enum { SLOTS = 8 };

static struct timers *timers;

static void setup(void)
{
    timers = timers_create(SLOTS);
}

static void teardown(void)
{
    timers_destroy(timers);
}

static void expect_due(uint64_t now_ms, uint32_t want)
{
    uint32_t slot = SLOTS;

    ck_assert(timers_pop_due(timers, now_ms, &slot));
    ck_assert_uint_eq(slot, want);
}

START_TEST(test_equal_times_fire_in_the_order_set)
{
    timers_set(timers, 5, 100);
    timers_set(timers, 2, 100);
    expect_due(100, 5);
    expect_due(100, 2);
}
END_TEST

START_TEST(test_ten_thousand_equal_times_fire_once_each_in_the_order_set)
{
    enum { MANY = 10000 };
    struct timers *many = timers_create(MANY);
    uint32_t slot;

    for (uint32_t i = 0; i < MANY; i++) {
        timers_set(many, (i * 7919) % MANY, 100);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        ck_assert(timers_pop_due(many, 100, &slot));
        ck_assert_uint_eq(slot, (i * 7919) % MANY);
    }
    ck_assert(!timers_pop_due(many, 100, &slot));
    timers_destroy(many);
}
END_TEST

START_TEST(test_nothing_fires_before_its_time)
{
    uint32_t slot;

    timers_set(timers, 7, 50);
    ck_assert_int_eq(timers_sleep_ms(timers, 10), 40);
    ck_assert(!timers_pop_due(timers, 49, &slot));
    expect_due(50, 7);
    ck_assert_int_eq(timers_sleep_ms(timers, 10), -1);
}
END_TEST

/* The model: times and the order they were set in; the earliest is found by looking. */
struct model {
    uint64_t at_ms[SLOTS]; /* 0: not set. */
    uint64_t order[SLOTS];
};

static int earliest(const struct model *m, uint64_t now_ms)
{
    int best = -1;

    for (int i = 0; i < SLOTS; i++) {
        if (m->at_ms[i] == 0 || m->at_ms[i] > now_ms) {
            continue;
        }
        if (best < 0 || m->at_ms[i] < m->at_ms[best] ||
            (m->at_ms[i] == m->at_ms[best] && m->order[i] < m->order[best])) {
            best = i;
        }
    }
    return best;
}

static void expect_same(struct model *m, uint64_t now_ms)
{
    int want = earliest(m, now_ms);
    uint32_t slot = 0;

    ck_assert_int_eq(timers_pop_due(timers, now_ms, &slot), want >= 0);
    if (want >= 0) {
        ck_assert_int_eq((int)slot, want);
        m->at_ms[slot] = 0;
    }
}

START_TEST(test_agrees_with_a_linear_scan)
{
    struct model m = {{0}, {0}};
    unsigned seed = (unsigned)_i;

    for (uint64_t k = 0; k < 300; k++) {
        uint32_t slot = (uint32_t)rand_r(&seed) % SLOTS;
        int move = rand_r(&seed) % 3;

        if (move == 0) {
            m.at_ms[slot] = 1 + (uint64_t)(rand_r(&seed) % 50);
            m.order[slot] = k;
            timers_set(timers, slot, m.at_ms[slot]);
        } else if (move == 1) {
            m.at_ms[slot] = 0;
            timers_clear(timers, slot);
        } else {
            expect_same(&m, (uint64_t)(rand_r(&seed) % 60));
        }
    }
}
END_TEST

START_TEST(test_those_that_are_due_are_counted_and_stay)
{
    static const uint64_t times[] = {50, 10, 40, 10, 90, 20, 30, 70};
    uint32_t slot;

    ck_assert_uint_eq(timers_count_due(timers, 1000), 0);
    for (uint32_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        timers_set(timers, i, times[i]);
    }
    ck_assert_uint_eq(timers_count_due(timers, 9), 0);
    ck_assert_uint_eq(timers_count_due(timers, 10), 2);
    ck_assert_uint_eq(timers_count_due(timers, 59), 6);
    ck_assert_uint_eq(timers_count_due(timers, 90), 8);
    ck_assert(timers_pop_due(timers, 59, &slot));
    ck_assert_uint_eq(timers_count_due(timers, 59), 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("timers");
    TCase *tcase = tcase_create("timers");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_equal_times_fire_in_the_order_set);
    tcase_add_test(tcase, test_ten_thousand_equal_times_fire_once_each_in_the_order_set);
    tcase_add_test(tcase, test_nothing_fires_before_its_time);
    tcase_add_test(tcase, test_those_that_are_due_are_counted_and_stay);
    tcase_add_loop_test(tcase, test_agrees_with_a_linear_scan, 1, 500);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
