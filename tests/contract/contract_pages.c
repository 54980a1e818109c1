/* contract_pages.c - the contract: pages of the list that end when their time is over. */
#include "engine/store/store_page.h"
#include "tests/contract/contract.h"

#define HOUR 3600000ULL

/* Saga n of 40 began in hour 100 + n; each tenth is paused. */
static void commit_forty(void)
{
    contract_commit_definitions();
    for (uint64_t n = 1; n <= 40; n++) {
        struct store_saga *s = contract_add_saga(n, 1);

        s->started_ms = (100 + n) * HOUR;
        s->updated_ms = s->started_ms + 1;
        s->is_paused = n % 10 == 0;
    }
    contract_commit();
}

static bool note_num(void *user, const struct store_saga *s)
{
    *(uint64_t *)user = s->num;
    return true;
}

START_TEST(test_a_page_without_time_says_where_it_has_come_to)
{
    const struct store_filter paused = {.paused = 1, .updated_after_ms = 1};
    struct store_page page = {.filter = &paused, .most = 9, .stretch = 4};
    uint64_t num = 0;
    uint64_t below = 99;

    commit_forty();
    ck_assert_int_eq(
        store_scan_page(contract_reader, &page, note_num, &num, &below, &contract_info),
        ERR_OK);
    ck_assert(num == 40 && below == 37);
    num = 0;
    page.before_num = below;
    ck_assert_int_eq(
        store_scan_page(contract_reader, &page, note_num, &num, &below, &contract_info),
        ERR_OK);
    ck_assert(num == 0 && below == 33);
    page.most_us = 60000000;
    ck_assert_int_eq(
        store_scan_page(contract_reader, &page, note_num, &num, &below, &contract_info),
        ERR_OK);
    ck_assert(num == 10 && below == 0);
}
END_TEST

START_TEST(test_a_page_that_an_index_fills_is_read_at_once)
{
    const struct store_filter running = {.statuses = 1U << SAGA_STATUS_RUNNING};
    const struct store_page page = {.filter = &running, .most = 99, .stretch = 1};
    uint64_t num = 0;
    uint64_t below = 99;

    commit_forty();
    ck_assert_int_eq(
        store_scan_page(contract_reader, &page, note_num, &num, &below, &contract_info),
        ERR_OK);
    ck_assert(num == 1 && below == 0);
}
END_TEST

/* With a stretch of 1 each page shows how far the walk would have gone. */
static uint64_t first_reached(const struct store_filter *f)
{
    const struct store_page page = {.filter = f, .most = 9, .stretch = 1};
    uint64_t num = 0;
    uint64_t below = 0;

    ck_assert_int_eq(
        store_scan_page(contract_reader, &page, note_num, &num, &below, &contract_info),
        ERR_OK);
    return below;
}

START_TEST(test_times_of_start_bound_what_is_walked)
{
    const struct store_filter before = {.started_before_ms = 110 * HOUR};
    const struct store_filter changed = {.updated_before_ms = 110 * HOUR};
    const struct store_filter after = {.started_after_ms = 139 * HOUR};
    const struct store_filter between = {.started_after_ms = 119 * HOUR,
                                         .started_before_ms = 123 * HOUR};

    commit_forty();
    ck_assert_uint_eq(first_reached(&before), 10);
    ck_assert_uint_eq(first_reached(&changed), 10);
    ck_assert_str_eq(contract_list(&before, 0, 3), "9 8 7");
    ck_assert_str_eq(contract_list(&changed, 0, 3), "9 8 7");
    ck_assert_str_eq(contract_list(&after, 0, 99), "40");
    ck_assert_str_eq(contract_list(&between, 0, 99), "22 21 20");
    ck_assert_str_eq(contract_list(&before, 3, 99), "2 1");
}
END_TEST

static void purge(uint64_t num)
{
    contract_add_update(num, SAGA_STATUS_COMPLETED)->ended_ms = 9;
    contract_commit();
    store_batch_add(&contract_batch, STORE_SAGA_PURGE)->of.saga.row =
        (struct store_saga){.num = num, .status = SAGA_STATUS_COMPLETED, .updated_ms = 9};
    contract_commit();
}

START_TEST(test_purged_sagas_do_not_mislead_a_search_by_time)
{
    const struct store_filter between = {.started_after_ms = 102 * HOUR,
                                         .started_before_ms = 138 * HOUR};

    commit_forty();
    for (uint64_t n = 4; n <= 36; n++) {
        purge(n);
    }
    purge(1);
    ck_assert_str_eq(contract_list(&between, 0, 99), "37 3");
    purge(3);
    purge(37);
    ck_assert_str_eq(contract_list(&between, 0, 99), "");
}
END_TEST

START_TEST(test_a_clock_that_was_set_back_by_an_hour_hides_nothing)
{
    const struct store_filter before = {.started_before_ms = 120 * HOUR};
    const struct store_filter after = {.started_after_ms = 120 * HOUR};
    const struct store_filter within = {.started_after_ms = 120 * HOUR + HOUR / 4 * 3};

    contract_commit_definitions();
    for (uint64_t n = 1; n <= 40; n++) {
        struct store_saga *s = contract_add_saga(n, 1);

        s->started_ms = (100 + n) * HOUR;
        if (n % 2 == 0) { /* Between two that began half an hour later. */
            s->started_ms -= HOUR + HOUR / 2;
        }
    }
    contract_commit();
    ck_assert_str_eq(contract_list(&before, 0, 3), "20 19 18");
    ck_assert_str_eq(contract_list(&after, 24, 99), "23 22 21");
    ck_assert_str_eq(contract_list(&within, 0, 99),
                     "40 39 38 37 36 35 34 33 32 31 30 29 28 27 26 25 24 23 21");
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_a_page_without_time_says_where_it_has_come_to);
    tcase_add_test(t, test_a_page_that_an_index_fills_is_read_at_once);
    tcase_add_test(t, test_times_of_start_bound_what_is_walked);
    tcase_add_test(t, test_purged_sagas_do_not_mislead_a_search_by_time);
    tcase_add_test(t, test_a_clock_that_was_set_back_by_an_hour_hides_nothing);
}

Suite *contract_pages_suite(void)
{
    return contract_suite("pages", add_tests);
}
