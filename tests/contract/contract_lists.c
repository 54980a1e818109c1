/* contract_lists.c - the contract: the list of sagas by filter. */
#include "tests/contract/contract.h"

#define BIT(status) (1U << SAGA_STATUS_##status)

/*
 *  1 order    running                 key a   team=core
 *  2 order    running   asleep        key b   team=core zone=eu
 *  3 refund   stuck     at payment    key a   zone=eu
 *  4 order    stuck     at stock      paused
 *  5 refund   completed               key a   team=web
 *  6 order    completed
 *  7 order    compensated             key b
 *  8 refund   resolved                        team=core zone="e\u0075"
 *  9 order    compensating  paused            n=5
 */
static void commit_nine(void)
{
    static const uint64_t definitions[] = {1, 2, 3, 1, 3, 2, 1, 3, 2};
    static const enum saga_status statuses[] = {
        SAGA_STATUS_RUNNING,     SAGA_STATUS_RUNNING,   SAGA_STATUS_STUCK,
        SAGA_STATUS_STUCK,       SAGA_STATUS_COMPLETED, SAGA_STATUS_COMPLETED,
        SAGA_STATUS_COMPENSATED, SAGA_STATUS_RESOLVED,  SAGA_STATUS_COMPENSATING};
    static const char *const keys[] = {"a", "b", "a", NULL, "a", NULL, "b", NULL, NULL};
    static const char *const labels[] = {"{\"team\":\"core\"}",
                                         "{\"team\":\"core\",\"zone\":\"eu\"}",
                                         "{\"zone\":\"eu\"}",
                                         NULL,
                                         "{\"team\":\"web\"}",
                                         "{}",
                                         NULL,
                                         "{\"team\":\"core\",\"zone\":\"e\\u0075\"}",
                                         "{\"n\":5}"};
    static const char *const stuck[] = {NULL, NULL, "payment", "stock", NULL,
                                        NULL, NULL, NULL,      NULL};

    contract_commit_definitions();
    for (unsigned i = 0; i < 9; i++) {
        struct store_saga *s = contract_add_saga(i + 1, definitions[i]);

        s->status = statuses[i];
        s->key = keys[i];
        s->labels = labels[i];
        s->stuck_step = stuck[i];
        s->stuck_ms = stuck[i] != NULL ? 5 : 0;
        s->is_paused = i == 3 || i == 8;
        s->is_asleep = i == 1;
        s->updated_ms = 20000 - 1000 * (i + 1);
    }
    contract_commit();
}

static const char *list(const struct store_filter *filter)
{
    return contract_list(filter, 0, 100);
}

START_TEST(test_list_without_a_filter_is_all_newest_first)
{
    commit_nine();
    ck_assert_str_eq(list(NULL), "9 8 7 6 5 4 3 2 1");
    ck_assert_str_eq(list(&(struct store_filter){0}), "9 8 7 6 5 4 3 2 1");
}
END_TEST

START_TEST(test_list_goes_on_below_a_number)
{
    const struct store_filter open = {.statuses = BIT(RUNNING) | BIT(STUCK)};

    commit_nine();
    ck_assert_str_eq(contract_list(NULL, 0, 4), "9 8 7 6");
    ck_assert_str_eq(contract_list(NULL, 6, 4), "5 4 3 2");
    ck_assert_str_eq(contract_list(NULL, 2, 4), "1");
    ck_assert_str_eq(contract_list(NULL, 1, 4), "");
    ck_assert_str_eq(contract_list(NULL, 0, 0), "");
    ck_assert_str_eq(contract_list(&open, 0, 2), "4 3");
    ck_assert_str_eq(contract_list(&open, 3, 2), "2 1");
}
END_TEST

START_TEST(test_list_ends_above_a_number)
{
    static const char *const order[] = {"order"};
    static const char *const key[] = {"a"};
    static const char *const team[] = {"team"};
    static const char *const core[] = {"core"};

    commit_nine();
    ck_assert_str_eq(list(&(struct store_filter){.above_num = 7}), "9 8");
    ck_assert_str_eq(contract_list(&(struct store_filter){.above_num = 3}, 6, 9), "5 4");
    ck_assert_str_eq(
        list(&(struct store_filter){.above_num = 1, .statuses = BIT(RUNNING)}), "2");
    ck_assert_str_eq(list(&(struct store_filter){
                         .above_num = 6, .definitions = order, .n_definitions = 1}),
                     "9 7");
    ck_assert_str_eq(
        list(&(struct store_filter){.above_num = 1, .keys = key, .n_keys = 1}), "5 3");
    ck_assert_str_eq(
        list(&(struct store_filter){
            .above_num = 1, .label_names = team, .label_values = core, .n_labels = 1}),
        "8 2");
    ck_assert_str_eq(list(&(struct store_filter){.above_num = 9}), "");
}
END_TEST

static uint64_t count(const struct store_filter *filter, uint64_t before)
{
    uint64_t n = 99;

    ck_assert_int_eq(
        store_count_sagas(contract_reader, filter, before, &n, &contract_info), ERR_OK);
    return n;
}

START_TEST(test_count_is_as_long_as_the_list)
{
    static const char *const keys[] = {"a", "b", "a"};

    commit_nine();
    ck_assert_uint_eq(count(&(struct store_filter){.paused = 0}, 0), 9);
    ck_assert_uint_eq(count(&(struct store_filter){.paused = 0}, 4), 3);
    ck_assert_uint_eq(count(&(struct store_filter){.above_num = 6}, 9), 2);
    ck_assert_uint_eq(
        count(&(struct store_filter){.statuses = BIT(RUNNING) | BIT(STUCK)}, 0), 4);
    ck_assert_uint_eq(count(&(struct store_filter){.keys = keys, .n_keys = 3}, 0), 5);
    ck_assert_uint_eq(
        count(&(struct store_filter){.keys = keys, .n_keys = 1, .paused = 1}, 0), 0);
    ck_assert_uint_eq(
        count(&(struct store_filter){.statuses = BIT(RUNNING), .is_awake = true}, 0), 1);
    ck_assert_uint_eq(
        count(&(struct store_filter){.keys = keys, .n_keys = 3, .is_awake = true}, 0), 4);
}
END_TEST

START_TEST(test_list_by_status)
{
    commit_nine();
    ck_assert_str_eq(list(&(struct store_filter){.statuses = BIT(RUNNING)}), "2 1");
    ck_assert_str_eq(list(&(struct store_filter){.statuses = BIT(STUCK)}), "4 3");
    ck_assert_str_eq(list(&(struct store_filter){.statuses = BIT(COMPENSATING)}), "9");
    ck_assert_str_eq(list(&(struct store_filter){.statuses = BIT(COMPLETED)}), "6 5");
    ck_assert_str_eq(list(&(struct store_filter){
                         .statuses = BIT(COMPENSATED) | BIT(RUNNING) | BIT(RESOLVED)}),
                     "8 7 2 1");
    ck_assert_str_eq(list(&(struct store_filter){.statuses = (1U << SAGA_STATUSES) - 1}),
                     "9 8 7 6 5 4 3 2 1");
}
END_TEST

START_TEST(test_list_by_definition)
{
    static const char *const refund[] = {"refund"};
    static const char *const both[] = {"refund", "order", "refund"};
    static const char *const none[] = {"nothing"};

    commit_nine();
    ck_assert_str_eq(
        list(&(struct store_filter){.definitions = refund, .n_definitions = 1}), "8 5 3");
    ck_assert_str_eq(
        list(&(struct store_filter){.definitions = both, .n_definitions = 3}),
        "9 8 7 6 5 4 3 2 1");
    ck_assert_str_eq(
        list(&(struct store_filter){.definitions = none, .n_definitions = 1}), "");
}
END_TEST

START_TEST(test_list_by_definition_and_status)
{
    static const char *const order[] = {"order"};
    static const char *const refund[] = {"refund"};

    commit_nine();
    ck_assert_str_eq(
        list(&(struct store_filter){.definitions = order,
                                    .n_definitions = 1,
                                    .statuses = BIT(STUCK) | BIT(COMPENSATED)}),
        "7 4");
    ck_assert_str_eq(
        list(&(struct store_filter){.definitions = refund,
                                    .n_definitions = 1,
                                    .statuses = BIT(COMPLETED) | BIT(STUCK)}),
        "5 3");
}
END_TEST

START_TEST(test_list_by_stuck_step)
{
    static const char *const steps[] = {"payment", "stock"};

    commit_nine();
    ck_assert_str_eq(
        list(&(struct store_filter){.stuck_steps = steps, .n_stuck_steps = 1}), "3");
    ck_assert_str_eq(list(&(struct store_filter){.stuck_steps = steps,
                                                 .n_stuck_steps = 2,
                                                 .statuses = BIT(STUCK)}),
                     "4 3");
    ck_assert_str_eq(list(&(struct store_filter){.stuck_steps = steps,
                                                 .n_stuck_steps = 2,
                                                 .statuses = BIT(RUNNING)}),
                     "");
}
END_TEST

START_TEST(test_list_by_key)
{
    static const char *const keys[] = {"a", "b", "a"};
    static const char *const refund[] = {"refund"};
    static const char *const steps[] = {"payment"};

    commit_nine();
    ck_assert_str_eq(list(&(struct store_filter){.keys = keys, .n_keys = 1}), "5 3 1");
    ck_assert_str_eq(list(&(struct store_filter){.keys = keys, .n_keys = 3}),
                     "7 5 3 2 1");
    ck_assert_str_eq(
        list(&(struct store_filter){
            .keys = keys, .n_keys = 2, .definitions = refund, .n_definitions = 1}),
        "5 3");
    ck_assert_str_eq(
        list(&(struct store_filter){
            .keys = keys, .n_keys = 2, .stuck_steps = steps, .n_stuck_steps = 1}),
        "3");
}
END_TEST

START_TEST(test_list_by_labels_wants_all_of_them)
{
    static const char *const names[] = {"team", "zone"};
    static const char *const values[] = {"core", "eu"};
    static const char *const zone[] = {"zone"};
    static const char *const eu[] = {"eu"};
    static const char *const n[] = {"n"};
    static const char *const five[] = {"5"};
    static const char *const order[] = {"order"};

    commit_nine();
    ck_assert_str_eq(list(&(struct store_filter){
                         .label_names = names, .label_values = values, .n_labels = 1}),
                     "8 2 1");
    ck_assert_str_eq(list(&(struct store_filter){
                         .label_names = names, .label_values = values, .n_labels = 2}),
                     "8 2");
    ck_assert_str_eq(list(&(struct store_filter){
                         .label_names = zone, .label_values = eu, .n_labels = 1}),
                     "8 3 2");
    ck_assert_str_eq(list(&(struct store_filter){.label_names = names,
                                                 .label_values = values,
                                                 .n_labels = 2,
                                                 .definitions = order,
                                                 .n_definitions = 1}),
                     "2");
    ck_assert_str_eq(list(&(struct store_filter){
                         .label_names = n, .label_values = five, .n_labels = 1}),
                     "9");
}
END_TEST

START_TEST(test_list_by_pause)
{
    commit_nine();
    ck_assert_str_eq(list(&(struct store_filter){.paused = 1}), "9 4");
    ck_assert_str_eq(list(&(struct store_filter){.paused = -1}), "8 7 6 5 3 2 1");
    ck_assert_str_eq(list(&(struct store_filter){.paused = 1, .statuses = BIT(STUCK)}),
                     "4");
}
END_TEST

START_TEST(test_list_by_times_leaves_the_bounds_out)
{
    commit_nine();
    ck_assert_str_eq(list(&(struct store_filter){.started_after_ms = 7000}), "9 8");
    ck_assert_str_eq(list(&(struct store_filter){.started_before_ms = 3000}), "2 1");
    ck_assert_str_eq(list(&(struct store_filter){.updated_after_ms = 17000}), "2 1");
    ck_assert_str_eq(list(&(struct store_filter){.updated_before_ms = 13000}), "9 8");
    ck_assert_str_eq(list(&(struct store_filter){.started_after_ms = 2000,
                                                 .started_before_ms = 6000,
                                                 .updated_after_ms = 15500,
                                                 .updated_before_ms = UINT64_MAX}),
                     "4 3");
}
END_TEST

START_TEST(test_list_with_very_many_values)
{
    static const char *texts[100];
    const struct store_filter filter = {
        .definitions = texts, .n_definitions = 100, .keys = texts, .n_keys = 100};

    for (size_t i = 0; i < 100; i++) {
        texts[i] = "order";
    }
    texts[99] = "a";
    commit_nine();
    ck_assert_str_eq(list(&filter), "1");
}
END_TEST

START_TEST(test_list_follows_updates)
{
    const struct store_filter stuck = {.statuses = BIT(STUCK)};
    const struct store_filter completed = {.statuses = BIT(COMPLETED)};

    struct store_saga *row;

    commit_nine();
    row = contract_add_update(1, SAGA_STATUS_STUCK);
    row->stuck_step = "stock";
    row->stuck_ms = 5;
    (void)contract_add_update(4, SAGA_STATUS_COMPLETED);
    contract_commit();
    ck_assert_str_eq(list(&stuck), "3 1");
    ck_assert_str_eq(list(&completed), "6 5 4");
}
END_TEST

static bool stop_at_second(void *user, const struct store_saga *s)
{
    unsigned *n = user;

    (void)s;
    *n += 1;
    return *n < 2;
}

START_TEST(test_scan_ends_when_each_has_enough)
{
    unsigned n = 0;

    commit_nine();
    ck_assert_int_eq(store_scan_sagas(contract_reader, NULL, 0, 99, stop_at_second, &n,
                                      &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(n, 2);
    ck_assert_int_eq(
        store_scan_awake(contract_reader, 0, 99, stop_at_second, &n, &contract_info),
        ERR_OK);
    ck_assert_uint_eq(n, 3);
    ck_assert_str_eq(contract_awake(0, 99), "1 3 4 9");
}
END_TEST

static bool read_another(void *user, const struct store_saga *s)
{
    struct store_saga again;

    (void)user;
    ck_assert_int_eq(store_find_saga_num(contract_reader, s->num, contract_arena, &again,
                                         &contract_info),
                     ERR_OK);
    ck_assert_str_eq(again.id, s->id);
    return true;
}

START_TEST(test_each_may_read_with_the_same_reader)
{
    commit_nine();
    ck_assert_int_eq(store_scan_sagas(contract_reader, NULL, 0, 99, read_another, NULL,
                                      &contract_info),
                     ERR_OK);
}
END_TEST

static void add_in_line(uint64_t num, uint64_t definition, const char *key,
                        enum saga_status status)
{
    struct store_saga *s = contract_add_saga(num, definition);

    s->ordering_key = key;
    s->status = status;
}

START_TEST(test_line_is_the_unfinished_sagas_of_a_key_in_start_order)
{
    contract_commit_definitions();
    add_in_line(1, 1, "a", SAGA_STATUS_COMPLETED);
    add_in_line(2, 2, "a", SAGA_STATUS_STUCK);
    add_in_line(3, 2, "b", SAGA_STATUS_RUNNING);
    add_in_line(4, 1, "a", SAGA_STATUS_RUNNING); /* Another version, the same line. */
    add_in_line(5, 3, "a", SAGA_STATUS_RUNNING);
    add_in_line(6, 2, "a", SAGA_STATUS_COMPENSATED);
    add_in_line(7, 2, "a", SAGA_STATUS_COMPENSATING);
    add_in_line(8, 2, NULL, SAGA_STATUS_RUNNING);
    contract_commit();
    ck_assert_str_eq(contract_line("order", "a"), "2 4 7");
    ck_assert_str_eq(contract_line("order", "b"), "3");
    ck_assert_str_eq(contract_line("refund", "a"), "5");
    ck_assert_str_eq(contract_line("refund", "b"), "");
    ck_assert_str_eq(contract_line("nobody", "a"), "");
    (void)contract_add_update(2, SAGA_STATUS_RESOLVED);
    contract_commit();
    ck_assert_str_eq(contract_line("order", "a"), "4 7");
}
END_TEST

static void add_child(uint64_t num, uint16_t step, uint32_t item, uint16_t generation)
{
    struct store_saga *s = contract_add_saga(num, 1);

    s->parent = 1;
    s->parent_step = step;
    s->parent_item = item;
    s->generation = generation;
}

static const char *child_at(uint64_t parent, uint16_t step, uint32_t item)
{
    struct store_saga s = {.id = "none"};
    enum err e = store_find_child(contract_reader, parent, step, item, contract_arena, &s,
                                  &contract_info);

    ck_assert_int_eq(e, strcmp(s.id, "none") == 0 ? ERR_NOT_FOUND : ERR_OK);
    return s.id;
}

START_TEST(test_child_of_a_place_is_its_last_generation)
{
    contract_commit_definitions();
    (void)contract_add_saga(1, 1);
    add_child(2, 3, SAGA_NO_ITEM, 1);
    add_child(3, 4, 0, 2);
    add_child(4, 4, 0, 1);
    add_child(5, 4, 7, 1);
    add_child(6, 3, SAGA_NO_ITEM, 2);
    contract_commit();
    ck_assert_str_eq(child_at(1, 3, SAGA_NO_ITEM), "saga-6");
    ck_assert_str_eq(child_at(1, 4, 0), "saga-3");
    ck_assert_str_eq(child_at(1, 4, 7), "saga-5");
    ck_assert_str_eq(child_at(1, 4, 1), "none");
    ck_assert_str_eq(child_at(1, 5, SAGA_NO_ITEM), "none");
    ck_assert_str_eq(child_at(2, 3, SAGA_NO_ITEM), "none");
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_line_is_the_unfinished_sagas_of_a_key_in_start_order);
    tcase_add_test(t, test_child_of_a_place_is_its_last_generation);
    tcase_add_test(t, test_list_without_a_filter_is_all_newest_first);
    tcase_add_test(t, test_list_goes_on_below_a_number);
    tcase_add_test(t, test_list_ends_above_a_number);
    tcase_add_test(t, test_count_is_as_long_as_the_list);
    tcase_add_test(t, test_list_by_status);
    tcase_add_test(t, test_list_by_definition);
    tcase_add_test(t, test_list_by_definition_and_status);
    tcase_add_test(t, test_list_by_stuck_step);
    tcase_add_test(t, test_list_by_key);
    tcase_add_test(t, test_list_by_labels_wants_all_of_them);
    tcase_add_test(t, test_list_by_pause);
    tcase_add_test(t, test_list_by_times_leaves_the_bounds_out);
    tcase_add_test(t, test_list_with_very_many_values);
    tcase_add_test(t, test_list_follows_updates);
    tcase_add_test(t, test_scan_ends_when_each_has_enough);
    tcase_add_test(t, test_each_may_read_with_the_same_reader);
}

Suite *contract_lists_suite(void)
{
    return contract_suite("lists", add_tests);
}
