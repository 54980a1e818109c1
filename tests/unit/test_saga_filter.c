/* test_saga_filter.c - the list's parameters, as a JSON object. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "engine/view/saga_filter.h"

static struct arena *arena;
static struct saga_filter filter;
static struct buf words; /* Faults, in words. */

static void begin(void)
{
    arena = arena_create(1024);
    buf_init(&words, 4096);
    saga_filter_init(&filter);
}

static void end(void)
{
    buf_done(&words);
    arena_destroy(arena);
}

static void note(void *user, const char *name, const char *code, const char *detail)
{
    (void)detail;
    buf_printf(user, "%s%s %s", words.n == 0 ? "" : ", ", name, code);
}

/* What is wrong with it; "" is nothing. */
static const char *faults(const char *json)
{
    const bool is_good =
        saga_filter_read(&filter, json_span_of(json, strlen(json)), arena, note, &words);

    ck_assert_int_eq(is_good, words.n == 0);
    return buf_text(&words);
}

START_TEST(test_text_is_split_at_commas_and_a_list_is_not)
{
    ck_assert_str_eq(faults("{\"key\":[\"a,b\",\"c\"],\"definition\":\"order,refund\"}"),
                     "");
    ck_assert_uint_eq(filter.store.n_keys, 2);
    ck_assert_str_eq(filter.store.keys[0], "a,b");
    ck_assert_str_eq(filter.store.keys[1], "c");
    ck_assert_uint_eq(filter.store.n_definitions, 2);
    ck_assert_str_eq(filter.store.definitions[1], "refund");
}
END_TEST

START_TEST(test_every_parameter_of_the_list_is_known)
{
    ck_assert_str_eq(
        faults("{\"status\":[\"stuck\"],\"stuckStep\":\"a\",\"paused\":false,"
               "\"stuckOperation\":\"action\",\"stuckOutcome\":\"unknown\","
               "\"error\":\"503\",\"label.te\\u0061m\":\"co,re\","
               "\"startedAfter\":\"1970-01-01T00:00:01Z\","
               "\"startedBefore\":\"1970-01-01T00:00:02Z\","
               "\"updatedAfter\":\"1970-01-01T00:00:03Z\","
               "\"updatedBefore\":\"1970-01-01T00:00:04Z\"}"),
        "");
    ck_assert_uint_eq(filter.store.statuses, 1U << SAGA_STATUS_STUCK);
    ck_assert_uint_eq(filter.store.stuck_calls, 1U << CALL_ACTION);
    ck_assert_uint_eq(filter.store.stuck_outcomes, 1U << OUTCOME_UNKNOWN);
    ck_assert_str_eq(filter.store.stuck_error, "503");
    ck_assert_str_eq(filter.store.stuck_steps[0], "a");
    ck_assert_int_eq(filter.store.paused, -1);
    ck_assert_str_eq(filter.store.label_names[0], "team");
    ck_assert_str_eq(filter.store.label_values[0], "co,re");
    ck_assert_uint_eq(filter.store.started_after_ms, 1000);
    ck_assert_uint_eq(filter.store.started_before_ms, 2000);
    ck_assert_uint_eq(filter.store.updated_after_ms, 3000);
    ck_assert_uint_eq(filter.store.updated_before_ms, 4000);
}
END_TEST

START_TEST(test_every_fault_is_told_by_its_name)
{
    ck_assert_str_eq(
        faults("{\"status\":\"broken\",\"limit\":\"5\",\"label.\":\"x\",\"key\":\"a,,b\","
               "\"definition\":[],\"stuckStep\":[1],\"paused\":\"maybe\",\"error\":\"\","
               "\"updatedAfter\":7}"),
        "status enum, limit unknown-member, label. unknown-member, key minLength, "
        "definition minItems, stuckStep type, paused enum, error enum, updatedAfter "
        "type");
}
END_TEST

START_TEST(test_more_values_than_may_be_are_a_fault)
{
    struct buf json;

    buf_init(&json, 4096);
    buf_add_text(&json, "{\"key\":\"a");
    for (int i = 0; i < SAGA_FILTER_VALUES; i++) {
        buf_add_text(&json, ",a");
    }
    buf_add_text(&json, "\"}");
    ck_assert_str_eq(faults(buf_text(&json)), "key maxItems");
    buf_done(&json);
}
END_TEST

START_TEST(test_row_that_has_moved_passes_no_more)
{
    struct store_saga row = {.status = SAGA_STATUS_STUCK,
                             .stuck_step = "b",
                             .stuck_call = CALL_COMPENSATION,
                             .stuck_outcome = OUTCOME_REJECTED,
                             .stuck_ms = 5};

    ck_assert_str_eq(faults("{\"status\":\"stuck,running\",\"stuckStep\":\"a,b\","
                            "\"stuckOutcome\":\"rejected\",\"paused\":false}"),
                     "");
    ck_assert(saga_filter_passes(&filter, &row));
    row.is_paused = true;
    ck_assert(!saga_filter_passes(&filter, &row));
    row.is_paused = false;
    row.stuck_outcome = OUTCOME_UNKNOWN;
    ck_assert(!saga_filter_passes(&filter, &row));
    row.stuck_outcome = OUTCOME_REJECTED;
    row.stuck_step = "c";
    ck_assert(!saga_filter_passes(&filter, &row));
    row.stuck_step = "a";
    row.status = SAGA_STATUS_COMPENSATING;
    ck_assert(!saga_filter_passes(&filter, &row));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("saga_filter");
    TCase *t = tcase_create("all");
    SRunner *runner;
    int n_failed;

    tcase_add_checked_fixture(t, begin, end);
    tcase_add_test(t, test_text_is_split_at_commas_and_a_list_is_not);
    tcase_add_test(t, test_every_parameter_of_the_list_is_known);
    tcase_add_test(t, test_every_fault_is_told_by_its_name);
    tcase_add_test(t, test_more_values_than_may_be_are_a_fault);
    tcase_add_test(t, test_row_that_has_moved_passes_no_more);
    suite_add_tcase(suite, t);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
