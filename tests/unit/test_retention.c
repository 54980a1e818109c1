/* test_retention.c - when a saga is old enough to go (S98), in a time of its own. */
#include "engine/run/retention.h"

#include <check.h>
#include <stdlib.h>

#define HOUR (60ULL * 60 * 1000)
#define DAY (24 * HOUR)
#define NOW (1000 * DAY)

static struct retention_config config;

static void setup(void)
{
    config = (struct retention_config){
        .kept_ms = {
            [SAGA_STATUS_COMPLETED] = 30 * DAY, [SAGA_STATUS_COMPENSATED] = 90 * DAY}};
}

/* Does one that ran so long and ended so long ago go? */
static bool goes(enum saga_status status, uint64_t ended_ago_ms, uint64_t ran_ms)
{
    const struct store_saga s = {.status = status,
                                 .started_ms = NOW - ended_ago_ms - ran_ms,
                                 .ended_ms = NOW - ended_ago_ms};

    return retention_is_over(&config, &s, NOW);
}

START_TEST(test_a_saga_goes_when_its_end_is_longer_ago_than_its_status_is_kept)
{
    ck_assert(!goes(SAGA_STATUS_COMPLETED, 30 * DAY, 0));
    ck_assert(goes(SAGA_STATUS_COMPLETED, 30 * DAY + 1, 0));
    ck_assert(!goes(SAGA_STATUS_COMPENSATED, 90 * DAY, 0));
    ck_assert(goes(SAGA_STATUS_COMPENSATED, 90 * DAY + 1, 0));
}
END_TEST

START_TEST(test_the_end_counts_and_not_the_start)
{
    ck_assert(!goes(SAGA_STATUS_COMPLETED, 29 * DAY, 300 * DAY));
    ck_assert(goes(SAGA_STATUS_COMPLETED, 31 * DAY, 300 * DAY));
}
END_TEST

START_TEST(test_a_status_without_an_age_is_kept_for_ever)
{
    ck_assert(!goes(SAGA_STATUS_RESOLVED, 900 * DAY, 0));
    config.kept_ms[SAGA_STATUS_RESOLVED] = DAY;
    ck_assert(goes(SAGA_STATUS_RESOLVED, 900 * DAY, 0));
}
END_TEST

START_TEST(test_what_has_not_ended_stays_whatever_its_age_and_the_configuration)
{
    static const enum saga_status open[] = {SAGA_STATUS_RUNNING, SAGA_STATUS_COMPENSATING,
                                            SAGA_STATUS_STUCK};

    for (size_t i = 0; i < SAGA_STATUSES; i++) {
        config.kept_ms[i] = 1;
    }
    for (size_t i = 0; i < sizeof(open) / sizeof(open[0]); i++) {
        const struct store_saga s = {.status = open[i], .started_ms = 1};

        ck_assert(!retention_is_over(&config, &s, NOW));
        ck_assert(!goes(open[i], 900 * DAY, 0)); /* Not even with an end. */
    }
    ck_assert(!retention_is_over(
        &config, &(struct store_saga){.status = SAGA_STATUS_COMPLETED, .started_ms = 1},
        NOW));
}
END_TEST

START_TEST(test_a_saga_outlives_the_record_of_its_start)
{
    config.kept_ms[SAGA_STATUS_COMPLETED] = 1;
    ck_assert(!goes(SAGA_STATUS_COMPLETED, 2, DAY - 2));
    ck_assert(goes(SAGA_STATUS_COMPLETED, 2, DAY - 1));
    config.records_ms = 3 * DAY;
    ck_assert(!goes(SAGA_STATUS_COMPLETED, 2 * DAY, DAY));
    ck_assert(goes(SAGA_STATUS_COMPLETED, 2 * DAY, DAY + 1));
}
END_TEST

START_TEST(test_a_clock_that_was_set_back_keeps_and_never_purges)
{
    const struct store_saga future = {.status = SAGA_STATUS_COMPLETED,
                                      .started_ms = NOW + DAY,
                                      .ended_ms = NOW + 2 * DAY};
    const struct store_saga half = {.status = SAGA_STATUS_COMPLETED,
                                    .started_ms = NOW + DAY,
                                    .ended_ms = NOW - 31 * DAY};

    ck_assert(!retention_is_over(&config, &future, NOW));
    ck_assert(!retention_is_over(&config, &half, NOW));
    ck_assert(!retention_is_over(&config, &future, 0));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("retention");
    TCase *t = tcase_create("ages");
    SRunner *runner = srunner_create(suite);
    int n_failed;

    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t,
                   test_a_saga_goes_when_its_end_is_longer_ago_than_its_status_is_kept);
    tcase_add_test(t, test_the_end_counts_and_not_the_start);
    tcase_add_test(t, test_a_status_without_an_age_is_kept_for_ever);
    tcase_add_test(t,
                   test_what_has_not_ended_stays_whatever_its_age_and_the_configuration);
    tcase_add_test(t, test_a_saga_outlives_the_record_of_its_start);
    tcase_add_test(t, test_a_clock_that_was_set_back_keeps_and_never_purges);
    suite_add_tcase(suite, t);
    srunner_run_all(runner, CK_NORMAL);
    n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
