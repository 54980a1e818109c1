/* test_table.c - the sagas in memory are found by their number, whatever comes and goes.
 */
#include "engine/run/table.h"

#include <check.h>
#include <stdlib.h>

enum { ROOM = 40, NUMBERS = 100, STEPS = 2000 };

static struct table *table;

static void setup(void)
{
    table = table_create(ROOM);
}

static void teardown(void)
{
    table_destroy(table);
}

static struct resident *add(uint64_t num)
{
    const struct store_saga row = {.num = num, .id = "a"};

    return table_add(table, &row);
}

START_TEST(test_as_many_as_there_is_room_for_are_taken)
{
    for (uint64_t num = 1; num <= ROOM; num++) {
        ck_assert_ptr_nonnull(add(num));
    }
    ck_assert_ptr_null(add(ROOM + 1));
    table_remove(table, table_find(table, 3));
    ck_assert_ptr_nonnull(add(ROOM + 1));
    ck_assert_uint_eq(table_count(table), ROOM);
}
END_TEST

START_TEST(test_a_slot_is_one_sagas_only)
{
    const struct resident *first = add(7);
    const struct resident *second = add(8);

    ck_assert_uint_ne(first->slot, second->slot);
    ck_assert_ptr_eq(table_at(table, second->slot), second);
    ck_assert_ptr_null(table_find(table, 9));
}
END_TEST

/* Numbers far apart and close together, added and removed by chance. */
START_TEST(test_agrees_with_a_list_of_numbers)
{
    static const uint64_t far = UINT64_C(1) << 33;
    bool is_in[NUMBERS] = {false};
    uint32_t n = 0;

    srandom((unsigned)_i);
    for (int step = 0; step < STEPS; step++) {
        const long i = random() % NUMBERS;
        const uint64_t num = (uint64_t)i / 10 * far + (uint64_t)i % 10 + 1;
        struct resident *r = table_find(table, num);

        ck_assert_int_eq(r != NULL, is_in[i]);
        if (r != NULL) {
            ck_assert_uint_eq(r->num, num);
            table_remove(table, r);
            is_in[i] = false;
            n--;
        } else if (add(num) != NULL) {
            is_in[i] = true;
            n++;
        } else {
            ck_assert_uint_eq(n, ROOM);
        }
        ck_assert_uint_eq(table_count(table), n);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("table");
    TCase *tcase = tcase_create("table");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_as_many_as_there_is_room_for_are_taken);
    tcase_add_test(tcase, test_a_slot_is_one_sagas_only);
    tcase_add_loop_test(tcase, test_agrees_with_a_list_of_numbers, 1, 50);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
