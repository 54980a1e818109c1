/* test_marker.c - in whose turns the process died (S54). A death is a marker that is
 * closed without being clean. */
#include "engine/run/marker.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static char path[64];
static struct marker *marker;

static void setup(void)
{
    log_init(LOG_JSON, LOG_ERROR); /* A death is worth a line, not here. */
    (void)snprintf(path, sizeof(path), "/tmp/sagad-marker-%ld", (long)getpid());
    (void)unlink(path);
    marker = marker_open(path);
}

static void teardown(void)
{
    marker_close(marker, true);
    ck_assert_int_ne(access(path, F_OK), 0);
}

/* Dies in a turn of the saga (0: outside of turns), and starts again. */
static void die_in(uint64_t saga)
{
    if (saga != 0) {
        (void)marker_enter(marker, saga);
    }
    marker_close(marker, false);
    marker = marker_open(path);
}

static void expect(uint64_t suspect, uint32_t deaths)
{
    ck_assert_uint_eq(marker_suspect(marker), suspect);
    if (suspect != 0) {
        ck_assert_uint_eq(marker_deaths(marker), deaths);
    }
}

START_TEST(test_a_first_start_suspects_nobody)
{
    expect(0, 0);
    marker_close(marker, true);
    marker = marker_open(path);
    expect(0, 0);
}
END_TEST

START_TEST(test_the_first_death_counts_for_whoever_the_next_names)
{
    die_in(7);
    expect(0, 0);
    die_in(7);
    expect(7, 2);
    die_in(7);
    expect(7, MARKER_DEATHS);
    die_in(7);
    expect(7, 4);
}
END_TEST

START_TEST(test_another_sagas_turn_begins_the_count_again)
{
    die_in(7);
    die_in(7);
    die_in(8);
    expect(8, 1);
    die_in(7);
    expect(7, 1);
}
END_TEST

START_TEST(test_a_death_outside_of_turns_begins_the_count_again)
{
    die_in(7);
    die_in(7);
    die_in(0);
    expect(0, 0);
    die_in(7);
    expect(7, 1);
}
END_TEST

START_TEST(test_a_turn_that_was_left_is_not_died_in)
{
    uint64_t before;

    die_in(0);
    before = marker_enter(marker, 7);
    ck_assert_uint_eq(marker_enter(marker, 8), 7); /* A child's, from its parent's. */
    marker_leave(marker, 7);
    marker_leave(marker, before);
    die_in(0);
    expect(0, 0);
}
END_TEST

START_TEST(test_death_in_a_turn_within_a_turn_is_the_inner_ones)
{
    die_in(0);
    (void)marker_enter(marker, 7);
    die_in(8);
    expect(8, 2);
}
END_TEST

START_TEST(test_who_was_dealt_with_begins_again)
{
    die_in(7);
    die_in(7);
    die_in(7);
    marker_forgive(marker);
    expect(0, 0);
    die_in(7);
    expect(7, 1);
}
END_TEST

START_TEST(test_a_file_that_says_nothing_names_nobody)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs("torn", f), 0);
    ck_assert_int_eq(fclose(f), 0);
    marker_close(marker, false);
    marker = marker_open(path);
    expect(0, 0);
    die_in(7);
    expect(7, 1);
}
END_TEST

START_TEST(test_without_a_path_nothing_is_kept)
{
    struct marker *none = marker_open(NULL);

    marker_leave(none, marker_enter(none, 7));
    ck_assert_uint_eq(marker_suspect(none), 0);
    marker_close(none, false);
    marker_close(NULL, true);
}
END_TEST

static Suite *marker_suite(void)
{
    Suite *s = suite_create("marker");
    TCase *t = tcase_create("marker");

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_a_first_start_suspects_nobody);
    tcase_add_test(t, test_the_first_death_counts_for_whoever_the_next_names);
    tcase_add_test(t, test_another_sagas_turn_begins_the_count_again);
    tcase_add_test(t, test_a_death_outside_of_turns_begins_the_count_again);
    tcase_add_test(t, test_a_turn_that_was_left_is_not_died_in);
    tcase_add_test(t, test_death_in_a_turn_within_a_turn_is_the_inner_ones);
    tcase_add_test(t, test_who_was_dealt_with_begins_again);
    tcase_add_test(t, test_a_file_that_says_nothing_names_nobody);
    tcase_add_test(t, test_without_a_path_nothing_is_kept);
    suite_add_tcase(s, t);
    return s;
}

int main(void)
{
    SRunner *r = srunner_create(marker_suite());
    int failed;

    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
