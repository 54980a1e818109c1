/* contract_purge.c - sagas that are purged: gone, but for their id and number. */
#include "base/buf.h"
#include "engine/store/store_retention.h"
#include "tests/contract/contract.h"

static struct store_op *add_purge(uint64_t num)
{
    struct store_op *op = store_batch_add(&contract_batch, STORE_SAGA_PURGE);

    op->of.saga.row.num = num;
    op->of.saga.row.updated_ms = 9;
    return op;
}

/* Saga 1 and its children 2 and 3 with all there can be, and 4; 4 runs. */
static void commit_sagas(void)
{
    contract_commit_definitions();
    contract_add_saga(1, 1)->labels = "{\"team\":\"core\"}";
    contract_batch.last->of.saga.input = (struct store_bytes){"{}", 2};
    contract_add_saga(2, 1)->parent = 1;
    contract_add_saga(3, 1)->parent = 1;
    (void)contract_add_saga(4, 1);
    contract_add_turn(1, 1, "one");
    contract_add_turn(4, 1, "four");
    store_batch_add(&contract_batch, STORE_ITEMS)->of.items =
        (struct store_items){.saga = 1, .values = {"[7]", 3}};
    store_batch_add(&contract_batch, STORE_LATE)->of.late =
        (struct store_late){.saga = 1, .turn = 1};
    contract_commit();
    for (uint64_t num = 1; num <= 3; num++) {
        (void)contract_add_update(num, SAGA_STATUS_COMPLETED);
    }
    contract_commit();
}

static enum err find(const char *id)
{
    struct store_saga row;

    return store_find_saga(contract_reader, id, contract_arena, &row, &contract_info);
}

static enum err find_purged(const char *id)
{
    return store_find_purged(contract_reader, id, &contract_info);
}

static bool count_late(void *user, const struct store_late *late)
{
    (void)late;
    ++*(int *)user;
    return true;
}

START_TEST(test_purged_saga_is_gone_with_all_that_was_kept_of_it)
{
    static const char *const name = "team";
    static const char *const value = "core";
    struct store_bytes bytes;
    int n_late = 0;

    commit_sagas();
    (void)add_purge(1);
    contract_commit();
    ck_assert_int_eq(find("saga-1"), ERR_NOT_FOUND);
    ck_assert_str_eq(contract_turns(1, 1, 9), "");
    ck_assert_int_eq(
        store_read_input(contract_reader, 1, contract_arena, &bytes, &contract_info),
        ERR_NOT_FOUND);
    ck_assert_int_eq(store_read_items(contract_reader, 1, 0, 0, contract_arena, &bytes,
                                      &contract_info),
                     ERR_NOT_FOUND);
    ck_assert_int_eq(
        store_scan_late(contract_reader, 1, count_late, &n_late, &contract_info), ERR_OK);
    ck_assert_int_eq(n_late, 0);
    ck_assert_str_eq(contract_list(&(struct store_filter){.paused = 0}, 0, 9), "4 3 2");
    ck_assert_str_eq(contract_list(&(struct store_filter){.label_names = &name,
                                                          .label_values = &value,
                                                          .n_labels = 1},
                                   0, 9),
                     "");
    ck_assert_str_eq(contract_turns(4, 1, 9), "1 four");
    ck_assert_str_eq(contract_counts(), "order running 1, order completed 2");
}
END_TEST

START_TEST(test_purged_saga_keeps_its_id_and_number)
{
    struct store_numbers numbers;

    commit_sagas();
    ck_assert_int_eq(find_purged("saga-1"), ERR_NOT_FOUND);
    (void)contract_add_saga(9, 1);
    (void)contract_add_update(9, SAGA_STATUS_COMPENSATED);
    (void)add_purge(9);
    (void)add_purge(1);
    contract_commit();
    ck_assert_int_eq(find_purged("saga-1"), ERR_OK);
    ck_assert_int_eq(find_purged("saga-2"), ERR_NOT_FOUND);
    ck_assert_int_eq(store_read_numbers(contract_reader, &numbers, &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(numbers.saga, 9);
}
END_TEST

START_TEST(test_saga_that_is_not_final_or_not_there_cannot_be_purged)
{
    commit_sagas();
    (void)add_purge(4);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    (void)add_purge(77);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    (void)add_purge(1);
    (void)add_purge(1);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    ck_assert_int_eq(find("saga-1"), ERR_OK);
    ck_assert_int_eq(find_purged("saga-1"), ERR_NOT_FOUND);
}
END_TEST

static bool add_num(void *user, const struct store_saga *saga)
{
    uint64_t *all = user;

    *all = *all * 10 + saga->num;
    return true;
}

START_TEST(test_children_of_every_place_are_found_by_number)
{
    uint64_t found = 0;

    commit_sagas();
    ck_assert_int_eq(
        store_scan_children(contract_reader, 1, add_num, &found, &contract_info), ERR_OK);
    ck_assert_uint_eq(found, 23);
    found = 0;
    ck_assert_int_eq(
        store_scan_children(contract_reader, 4, add_num, &found, &contract_info), ERR_OK);
    ck_assert_uint_eq(found, 0);
}
END_TEST

START_TEST(test_purge_is_seen_as_of_one_moment)
{
    commit_sagas();
    ck_assert_int_eq(store_reader_begin(contract_reader, &contract_info), ERR_OK);
    (void)add_purge(1);
    contract_commit();
    ck_assert_int_eq(find("saga-1"), ERR_OK);
    ck_assert_int_eq(find_purged("saga-1"), ERR_NOT_FOUND);
    store_reader_end(contract_reader);
    ck_assert_int_eq(find("saga-1"), ERR_NOT_FOUND);
}
END_TEST

static bool tell_num(void *user, const struct store_saga *s)
{
    buf_printf(user, "%s%u", ((struct buf *)user)->n > 0 ? " " : "", (unsigned)s->num);
    return true;
}

static const char *ended(enum saga_status status, uint64_t after_num, size_t most)
{
    struct buf words;
    const char *told;

    buf_init(&words, 4096);
    ck_assert_int_eq(store_scan_ended(contract_reader, status, after_num, most, tell_num,
                                      &words, &contract_info),
                     ERR_OK);
    told = arena_text(contract_arena, buf_text(&words));
    buf_done(&words);
    return told;
}

START_TEST(test_ended_sagas_are_walked_in_the_order_of_their_start)
{
    contract_commit_definitions();
    for (uint64_t num = 1; num <= 6; num++) {
        contract_add_saga(num, 1)->status =
            num == 4 ? SAGA_STATUS_RESOLVED
                     : (num == 2 ? SAGA_STATUS_STUCK : SAGA_STATUS_COMPLETED);
    }
    contract_commit();
    ck_assert_str_eq(ended(SAGA_STATUS_COMPLETED, 0, 9), "1 3 5 6");
    ck_assert_str_eq(ended(SAGA_STATUS_COMPLETED, 1, 2), "3 5");
    ck_assert_str_eq(ended(SAGA_STATUS_RESOLVED, 0, 9), "4");
    ck_assert_str_eq(ended(SAGA_STATUS_COMPENSATED, 0, 9), "");
}
END_TEST

static void add_record(const char *key, uint64_t at_ms)
{
    store_batch_add(&contract_batch, STORE_REPLAY)->of.replay =
        (struct store_replay){.scope = "s", .key = key, .hash = "h", .at_ms = at_ms};
}

static bool has_record(const char *key)
{
    struct store_replay replay;

    return store_find_replay(contract_reader, "s", key, contract_arena, &replay,
                             &contract_info) == ERR_OK;
}

static uint64_t oldest_record(void)
{
    uint64_t oldest_ms = 77;

    ck_assert_int_eq(store_oldest_replay(contract_reader, &oldest_ms, &contract_info),
                     ERR_OK);
    return oldest_ms;
}

START_TEST(test_only_records_older_than_a_time_are_pruned)
{
    ck_assert_uint_eq(oldest_record(), 0);
    add_record("a", 10);
    add_record("b", 20);
    add_record("c", 30);
    contract_commit();
    ck_assert_uint_eq(oldest_record(), 10);
    store_batch_add(&contract_batch, STORE_REPLAY_PRUNE)->of.replay.at_ms = 20;
    contract_commit();
    ck_assert(!has_record("a"));
    ck_assert(has_record("b") && has_record("c"));
    ck_assert_uint_eq(oldest_record(), 20);
    add_record("a", 40); /* Its key is free again. */
    contract_commit();
    ck_assert(has_record("a"));
}
END_TEST

START_TEST(test_one_commit_prunes_a_bounded_number_of_the_oldest_records)
{
    for (unsigned i = 0; i < LIMIT_REPLAYS_PRUNED + 2; i++) {
        add_record(arena_printf(contract_batch.arena, "%u", i), i + 1);
    }
    contract_commit();
    store_batch_add(&contract_batch, STORE_REPLAY_PRUNE)->of.replay.at_ms = 1000000;
    contract_commit();
    ck_assert_uint_eq(oldest_record(), LIMIT_REPLAYS_PRUNED + 1);
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_ended_sagas_are_walked_in_the_order_of_their_start);
    tcase_add_test(t, test_only_records_older_than_a_time_are_pruned);
    tcase_add_test(t, test_one_commit_prunes_a_bounded_number_of_the_oldest_records);
    tcase_add_test(t, test_purged_saga_is_gone_with_all_that_was_kept_of_it);
    tcase_add_test(t, test_purged_saga_keeps_its_id_and_number);
    tcase_add_test(t, test_saga_that_is_not_final_or_not_there_cannot_be_purged);
    tcase_add_test(t, test_children_of_every_place_are_found_by_number);
    tcase_add_test(t, test_purge_is_seen_as_of_one_moment);
}

Suite *contract_purge_suite(void)
{
    return contract_suite("purge", add_tests);
}
