/* contract_bulk.c - bulk actions, how far they have come, and what became of sagas. */
#include "base/buf.h"
#include "tests/contract/contract.h"

static struct store_bulk *add_bulk(uint64_t num)
{
    struct store_bulk *b = &store_batch_add(&contract_batch, STORE_BULK)->of.bulk;

    *b = (struct store_bulk){
        .num = num,
        .id = arena_printf(contract_batch.arena, "bulk-%llu", (unsigned long long)num),
        .action = SAGA_EV_RETRY,
        .filter = "{\"status\":\"stuck\"}",
        .actor = "ops",
        .below = 100,
        .total = 7,
        .started_ms = 1000 * num};
    return b;
}

static struct store_bulk *add_update(uint64_t num, uint64_t below, uint64_t done)
{
    struct store_bulk *b = &store_batch_add(&contract_batch, STORE_BULK_UPDATE)->of.bulk;

    b->num = num;
    b->below = below;
    b->done = done;
    return b;
}

static void add_item(uint64_t bulk, uint64_t n, const char *saga, const char *code)
{
    store_batch_add(&contract_batch, STORE_BULK_ITEM)->of.bulk_item =
        (struct store_bulk_item){.bulk = bulk,
                                 .n = n,
                                 .saga = saga,
                                 .status = SAGA_STATUS_STUCK,
                                 .code = code};
}

static bool say_bulk(void *user, const struct store_bulk *b)
{
    struct buf *words = user;

    buf_printf(words, "%s%s below %llu done %llu", words->n == 0 ? "" : ", ", b->id,
               (unsigned long long)b->below, (unsigned long long)b->done);
    return true;
}

static const char *bulks(uint64_t before, size_t most)
{
    const char *text;
    struct buf words;

    buf_init(&words, 4096);
    ck_assert_int_eq(
        store_scan_bulks(contract_reader, before, most, say_bulk, &words, &contract_info),
        ERR_OK);
    text = arena_text(contract_arena, buf_text(&words));
    buf_done(&words);
    return text;
}

static bool say_item(void *user, const struct store_bulk_item *i)
{
    struct buf *words = user;

    buf_printf(words, "%s%llu %s %s", words->n == 0 ? "" : ", ", (unsigned long long)i->n,
               i->saga, i->code == NULL ? "ok" : i->code);
    return true;
}

static const char *items(uint64_t bulk, uint64_t before, size_t most)
{
    const struct store_bulk_items_query q = {bulk, before, most};
    const char *text;
    struct buf words;

    buf_init(&words, 4096);
    ck_assert_int_eq(
        store_scan_bulk_items(contract_reader, &q, say_item, &words, &contract_info),
        ERR_OK);
    text = arena_text(contract_arena, buf_text(&words));
    buf_done(&words);
    return text;
}

START_TEST(test_bulk_action_is_found_by_id_as_it_was_written)
{
    struct store_bulk *b = add_bulk(5);
    struct store_bulk found;

    b->action = SAGA_EV_RESOLVE;
    b->step = "payment";
    b->is_applied = true;
    b->body = (struct store_bytes){"{\"a\":1}", 7};
    b->reason = "as agreed";
    contract_commit();
    ck_assert_int_eq(store_find_bulk(contract_reader, "bulk-5", contract_arena, &found,
                                     &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(found.num, 5);
    ck_assert_int_eq(found.action, SAGA_EV_RESOLVE);
    ck_assert_str_eq(found.filter, "{\"status\":\"stuck\"}");
    ck_assert_str_eq(found.step, "payment");
    ck_assert(found.is_applied);
    ck_assert_str_eq(contract_text(found.body), "{\"a\":1}");
    ck_assert_str_eq(found.actor, "ops");
    ck_assert_str_eq(found.reason, "as agreed");
    ck_assert_int_eq(found.status, STORE_BULK_RUNNING);
    ck_assert_uint_eq(found.total, 7);
    ck_assert_uint_eq(found.started_ms, 5000);
    ck_assert_uint_eq(found.ended_ms, 0);
}
END_TEST

START_TEST(test_bulk_action_without_step_body_and_reason_has_none)
{
    struct store_bulk found;

    (void)add_bulk(5);
    contract_commit();
    ck_assert_int_eq(store_find_bulk(contract_reader, "bulk-5", contract_arena, &found,
                                     &contract_info),
                     ERR_OK);
    ck_assert_ptr_null(found.step);
    ck_assert_ptr_null(found.body.at);
    ck_assert_ptr_null(found.reason);
    ck_assert_int_eq(store_find_bulk(contract_reader, "bulk-6", contract_arena, &found,
                                     &contract_info),
                     ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_bulk_actions_are_listed_newest_first_with_how_far_they_are)
{
    (void)add_bulk(1);
    (void)add_bulk(2);
    (void)add_bulk(3);
    contract_commit();
    (void)add_update(2, 90, 1);
    (void)add_update(2, 80, 2);
    contract_commit();
    ck_assert_str_eq(bulks(0, 9), "bulk-3 below 100 done 0, bulk-2 below 80 done 2, "
                                  "bulk-1 below 100 done 0");
    ck_assert_str_eq(bulks(3, 1), "bulk-2 below 80 done 2");
    ck_assert_str_eq(bulks(1, 9), "");
}
END_TEST

START_TEST(test_bulk_action_ends)
{
    struct store_bulk *b;
    struct store_bulk found;

    (void)add_bulk(1);
    b = add_update(1, 0, 3);
    b->status = STORE_BULK_CANCELLED;
    b->failed = 4;
    b->ended_ms = 77;
    contract_commit();
    ck_assert_int_eq(store_find_bulk(contract_reader, "bulk-1", contract_arena, &found,
                                     &contract_info),
                     ERR_OK);
    ck_assert_int_eq(found.status, STORE_BULK_CANCELLED);
    ck_assert_uint_eq(found.failed, 4);
    ck_assert_uint_eq(found.ended_ms, 77);
    ck_assert_uint_eq(found.total, 7);
}
END_TEST

START_TEST(test_items_of_a_bulk_action_are_listed_the_last_first)
{
    (void)add_bulk(1);
    (void)add_bulk(2);
    add_item(1, 1, "s-9", NULL);
    add_item(2, 1, "s-9", NULL);
    add_item(1, 2, "s-8", "invalid-state");
    add_item(1, 3, "s-7", NULL);
    contract_commit();
    ck_assert_str_eq(items(1, 0, 9), "3 s-7 ok, 2 s-8 invalid-state, 1 s-9 ok");
    ck_assert_str_eq(items(1, 3, 1), "2 s-8 invalid-state");
    ck_assert_str_eq(items(2, 0, 9), "1 s-9 ok");
    ck_assert_str_eq(items(3, 0, 9), "");
}
END_TEST

START_TEST(test_bulk_rows_that_break_a_rule_are_refused_whole)
{
    (void)add_bulk(1);
    add_item(1, 1, "s-9", NULL);
    contract_commit();
    (void)add_bulk(2);
    (void)add_bulk(1);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    (void)add_update(1, 50, 1);
    add_item(1, 1, "s-8", NULL);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    (void)add_update(9, 50, 1);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    add_bulk(3)->id = "bulk-1";
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    ck_assert_str_eq(bulks(0, 9), "bulk-1 below 100 done 0");
    ck_assert_str_eq(items(1, 0, 9), "1 s-9 ok");
}
END_TEST

START_TEST(test_bulk_actions_are_seen_as_of_one_moment)
{
    struct store_numbers numbers;

    (void)add_bulk(4);
    contract_commit();
    ck_assert_int_eq(store_reader_begin(contract_reader, &contract_info), ERR_OK);
    (void)add_bulk(6);
    (void)add_update(4, 3, 1);
    add_item(4, 1, "s-9", NULL);
    contract_commit();
    ck_assert_str_eq(bulks(0, 9), "bulk-4 below 100 done 0");
    ck_assert_str_eq(items(4, 0, 9), "");
    ck_assert_int_eq(store_read_numbers(contract_reader, &numbers, &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(numbers.bulk, 4);
    store_reader_end(contract_reader);
    ck_assert_int_eq(store_read_numbers(contract_reader, &numbers, &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(numbers.bulk, 6);
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_bulk_action_is_found_by_id_as_it_was_written);
    tcase_add_test(t, test_bulk_action_without_step_body_and_reason_has_none);
    tcase_add_test(t, test_bulk_actions_are_listed_newest_first_with_how_far_they_are);
    tcase_add_test(t, test_bulk_action_ends);
    tcase_add_test(t, test_items_of_a_bulk_action_are_listed_the_last_first);
    tcase_add_test(t, test_bulk_rows_that_break_a_rule_are_refused_whole);
    tcase_add_test(t, test_bulk_actions_are_seen_as_of_one_moment);
}

Suite *contract_bulk_suite(void)
{
    return contract_suite("bulk", add_tests);
}
