#include "engine/run/stats.h"

#include <check.h>

#include "tests/support/suite.h"

#define NOW_MS ((uint64_t)1764000000000) /* A multiple of an hour. */
#define HOUR_MS ((uint64_t)3600 * 1000)

static struct arena *arena;
static struct stats *stats;

static const struct stats_read *read_at(uint64_t now_ms, uint64_t window_ms,
                                        uint64_t step_ms)
{
    const struct stats_range range = {window_ms, step_ms};
    struct stats_read *out = arena_take(arena, sizeof(*out));

    ck_assert_ptr_null(stats_check(&range));
    stats_read(stats, &range, now_ms, arena, out);
    return out;
}

static void begin(void)
{
    arena = arena_create(4096);
    stats = stats_create(NOW_MS);
}

static void end(void)
{
    stats_destroy(stats);
    arena_destroy(arena);
}

START_TEST(test_what_is_counted_stands_in_its_step_and_no_other)
{
    const struct stats_read *out;

    begin();
    stats_count(stats, STATS_TURNS, NOW_MS + 9999);
    stats_count(stats, STATS_TURNS, NOW_MS + 10000);
    stats_count(stats, STATS_STUCK, NOW_MS + 19999);
    out = read_at(NOW_MS + 25000, 60000, 10000);
    ck_assert_uint_eq(out->n_points, 3);
    ck_assert_uint_eq(out->points[0].at_ms, NOW_MS);
    ck_assert_uint_eq(out->points[0].counts[STATS_TURNS], 1);
    ck_assert_uint_eq(out->points[1].counts[STATS_TURNS], 1);
    ck_assert_uint_eq(out->points[1].counts[STATS_STUCK], 1);
    ck_assert_uint_eq(out->points[2].counts[STATS_TURNS], 0);
    ck_assert_uint_eq(out->from_ms, NOW_MS);
    ck_assert_uint_eq(out->to_ms, NOW_MS + 25000);
    end();
}
END_TEST

START_TEST(test_a_window_holds_so_many_steps_and_the_last_is_not_over)
{
    const struct stats_read *out;

    begin();
    out = read_at(NOW_MS + HOUR_MS + 5500, 60000, 1000);
    ck_assert_uint_eq(out->n_points, 60);
    ck_assert_uint_eq(out->points[59].at_ms, NOW_MS + HOUR_MS + 5000);
    ck_assert_uint_eq(out->from_ms, out->points[0].at_ms);
    end();
}
END_TEST

START_TEST(test_nothing_is_counted_twice_when_the_seconds_come_round)
{
    const struct stats_read *out;

    begin();
    for (uint64_t at = NOW_MS; at < NOW_MS + 30 * HOUR_MS; at += 1000) {
        stats_count(stats, STATS_CALLS, at);
    }
    out = read_at(NOW_MS + 30 * HOUR_MS - 1, HOUR_MS, 10000);
    ck_assert_uint_eq(out->n_points, 360);
    for (size_t i = 0; i < 360; i++) {
        ck_assert_uint_eq(out->points[i].counts[STATS_CALLS], 10);
    }
    out = read_at(NOW_MS + 30 * HOUR_MS - 1, 24 * HOUR_MS, HOUR_MS);
    ck_assert_uint_eq(out->n_points, 24);
    for (size_t i = 0; i < 24; i++) {
        ck_assert_uint_eq(out->points[i].counts[STATS_CALLS], 3600);
    }
    end();
}
END_TEST

START_TEST(test_a_clock_that_was_put_back_loses_nothing_that_comes)
{
    const struct stats_read *out;

    begin();
    stats_count(stats, STATS_STARTED, NOW_MS + 5000);
    stats_count(stats, STATS_STARTED, NOW_MS - HOUR_MS);
    out = read_at(NOW_MS - HOUR_MS, 60000, 1000);
    ck_assert_uint_eq(out->n_points, 1);
    ck_assert_uint_eq(out->points[0].counts[STATS_STARTED], 1);
    end();
}
END_TEST

START_TEST(test_ranges_that_cannot_be_read_are_told)
{
    const struct stats_range bad[] = {{60000, 500},    {60000, 1500},
                                      {5000, 10000},   {25 * HOUR_MS, HOUR_MS},
                                      {15000, 10000},  {2 * HOUR_MS, 30000},
                                      {HOUR_MS, 1000}, {4 * HOUR_MS, 2 * HOUR_MS}};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_ptr_nonnull(stats_check(&bad[i]));
    }
}
END_TEST

int main(void)
{
    return suite_main("stats", test_what_is_counted_stands_in_its_step_and_no_other,
                      test_a_window_holds_so_many_steps_and_the_last_is_not_over,
                      test_nothing_is_counted_twice_when_the_seconds_come_round,
                      test_a_clock_that_was_put_back_loses_nothing_that_comes,
                      test_ranges_that_cannot_be_read_are_told);
}
