/* contract_rows.c - the contract: turns, items, late answers, replays, vars, meta;
 * who sees what when. */
#include <string.h>

#include "base/buf.h"
#include "tests/contract/contract.h"

static struct store_bytes bytes_of(const char *text)
{
    return (struct store_bytes){text, strlen(text)};
}

static void commit_one_saga(void)
{
    contract_commit_definitions();
    (void)contract_add_saga(1, 1);
    contract_commit();
}

/* ---- turns ----------------------------------------------------------------------------
 */

START_TEST(test_turn_is_read_as_it_was_written)
{
    struct store_turn *to;
    struct store_turn t;

    commit_one_saga();
    to = &store_batch_add(&contract_batch, STORE_TURN)->of.turn;
    *to = (struct store_turn){.saga = 1,
                              .turn = 1,
                              .at_ms = 1234,
                              .event = SAGA_EV_START,
                              .data = {"d\0ta", 4},
                              .state = {"", 0}};
    contract_commit();
    ck_assert_int_eq(
        store_last_turn(contract_reader, 1, contract_arena, &t, &contract_info), ERR_OK);
    ck_assert_uint_eq(t.saga, 1);
    ck_assert_uint_eq(t.turn, 1);
    ck_assert_uint_eq(t.at_ms, 1234);
    ck_assert_int_eq(t.event, SAGA_EV_START);
    ck_assert_uint_eq(t.data.n, 4);
    ck_assert_mem_eq(t.data.at, "d\0ta", 4);
    ck_assert_ptr_nonnull(t.state.at);
    ck_assert_uint_eq(t.state.n, 0);
}
END_TEST

START_TEST(test_absent_bytes_are_read_as_absent)
{
    struct store_turn t;

    commit_one_saga();
    store_batch_add(&contract_batch, STORE_TURN)->of.turn =
        (struct store_turn){.saga = 1, .turn = 1};
    contract_commit();
    ck_assert_int_eq(
        store_last_turn(contract_reader, 1, contract_arena, &t, &contract_info), ERR_OK);
    ck_assert_ptr_null(t.data.at);
    ck_assert_ptr_null(t.state.at);
}
END_TEST

START_TEST(test_last_turn_is_the_newest)
{
    struct store_turn t;
    uint64_t number;

    commit_one_saga();
    contract_add_turn(1, 1, "one");
    contract_add_turn(1, 2, "two");
    contract_commit();
    contract_add_turn(1, 3, "three");
    contract_commit();
    ck_assert_int_eq(
        store_last_turn(contract_reader, 1, contract_arena, &t, &contract_info), ERR_OK);
    ck_assert_int_eq(store_last_turn_number(contract_reader, 1, &number, &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(number, t.turn);
    ck_assert_str_eq(contract_text(t.state), "three");
    ck_assert_int_eq(
        store_last_turn(contract_reader, 2, contract_arena, &t, &contract_info),
        ERR_NOT_FOUND);
    ck_assert_int_eq(store_last_turn_number(contract_reader, 2, &number, &contract_info),
                     ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_turns_come_oldest_first_and_of_one_saga)
{
    commit_one_saga();
    (void)contract_add_saga(2, 1);
    contract_add_turn(1, 1, "one");
    contract_add_turn(2, 1, "other");
    contract_add_turn(1, 2, "two");
    contract_add_turn(1, 3, "three");
    contract_commit();
    ck_assert_str_eq(contract_turns(1, 0, 9), "1 one, 2 two, 3 three");
    ck_assert_str_eq(contract_turns(1, 2, 9), "2 two, 3 three");
    ck_assert_str_eq(contract_turns(1, 2, 1), "2 two");
    ck_assert_str_eq(contract_turns(1, 4, 9), "");
    ck_assert_str_eq(contract_turns(1, 0, 0), "");
    ck_assert_str_eq(contract_turns(2, 0, 9), "1 other");
    ck_assert_str_eq(contract_turns(3, 0, 9), "");
}
END_TEST

/* ---- items and late answers
 * --------------------------------------------------------------- */

static void add_items(uint16_t step, uint32_t first, const char *values)
{
    store_batch_add(&contract_batch, STORE_ITEMS)->of.items =
        (struct store_items){1, step, first, bytes_of(values)};
}

static const char *items_at(uint16_t step, uint32_t item)
{
    struct store_bytes values = {NULL, 0};
    const enum err e = store_read_items(contract_reader, 1, step, item, contract_arena,
                                        &values, &contract_info);

    ck_assert(e == ERR_OK || e == ERR_NOT_FOUND);
    return e == ERR_OK ? contract_text(values) : "none";
}

START_TEST(test_items_are_read_by_the_row_that_holds_them)
{
    commit_one_saga();
    add_items(4, 0, "[0]");
    add_items(4, STORE_ITEMS_A_ROW, "[64]");
    add_items(6, 0, "[\"other\"]");
    contract_commit();
    ck_assert_str_eq(items_at(4, 0), "[0]");
    ck_assert_str_eq(items_at(4, STORE_ITEMS_A_ROW - 1), "[0]");
    ck_assert_str_eq(items_at(4, STORE_ITEMS_A_ROW), "[64]");
    ck_assert_str_eq(items_at(4, 2 * STORE_ITEMS_A_ROW - 1), "[64]");
    ck_assert_str_eq(items_at(4, 2 * STORE_ITEMS_A_ROW), "none");
    ck_assert_str_eq(items_at(5, 0), "none");
    ck_assert_str_eq(items_at(6, 1), "[\"other\"]");
}
END_TEST

START_TEST(test_items_twice_are_refused)
{
    commit_one_saga();
    add_items(4, 0, "[1]");
    contract_commit();
    add_items(4, 0, "[2]");
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
}
END_TEST

static bool tell_late(void *user, const struct store_late *l)
{
    struct buf *b = user;

    buf_printf(b, "%s%llu %u %u %u %llu %s", b->n == 0 ? "" : ", ",
               (unsigned long long)l->turn, l->step, l->item, l->call,
               (unsigned long long)l->at_ms, contract_text(l->data));
    return b->n < 30;
}

START_TEST(test_late_answers_come_as_they_arrived)
{
    struct buf b;

    commit_one_saga();
    store_batch_add(&contract_batch, STORE_LATE)->of.late =
        (struct store_late){1, 7, 2, 0, CALL_COMPENSATION, 50, bytes_of("b")};
    store_batch_add(&contract_batch, STORE_LATE)->of.late =
        (struct store_late){1, 3, 1, 9, CALL_ACTION, 60, bytes_of("a")};
    contract_commit();
    store_batch_add(&contract_batch, STORE_LATE)->of.late =
        (struct store_late){1, 4, 1, 9, CALL_ACTION, 70, {NULL, 0}};
    store_batch_add(&contract_batch, STORE_LATE)->of.late =
        (struct store_late){1, 5, 1, 9, CALL_ACTION, 80, {NULL, 0}};
    contract_commit();
    buf_init(&b, 4096);
    ck_assert_int_eq(store_scan_late(contract_reader, 1, tell_late, &b, &contract_info),
                     ERR_OK);
    ck_assert_str_eq(buf_text(&b), "7 2 0 2 50 b, 3 1 9 0 60 a, 4 1 9 0 70 (null)");
    buf_clear(&b);
    ck_assert_int_eq(store_scan_late(contract_reader, 2, tell_late, &b, &contract_info),
                     ERR_OK);
    ck_assert_str_eq(buf_text(&b), "");
    buf_done(&b);
}
END_TEST

/* ---- replays, vars, meta, numbers
 * ----------------------------------------------------------- */

static void add_replay(const char *scope, const char *key)
{
    store_batch_add(&contract_batch, STORE_REPLAY)->of.replay =
        (struct store_replay){.scope = scope,
                              .key = key,
                              .hash = "h",
                              .saga = 5,
                              .status = 409,
                              .body = bytes_of("{}"),
                              .at_ms = 77};
}

START_TEST(test_replay_is_read_as_it_was_written)
{
    struct store_replay r;

    add_replay("shop POST /v1/sagas", "k1");
    contract_commit();
    ck_assert_int_eq(store_find_replay(contract_reader, "shop POST /v1/sagas", "k1",
                                       contract_arena, &r, &contract_info),
                     ERR_OK);
    ck_assert_str_eq(r.scope, "shop POST /v1/sagas");
    ck_assert_str_eq(r.key, "k1");
    ck_assert_str_eq(r.hash, "h");
    ck_assert_uint_eq(r.saga, 5);
    ck_assert_int_eq(r.status, 409);
    ck_assert_str_eq(contract_text(r.body), "{}");
    ck_assert_uint_eq(r.at_ms, 77);
    ck_assert_int_eq(store_find_replay(contract_reader, "other", "k1", contract_arena, &r,
                                       &contract_info),
                     ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_replay_key_is_unique_in_its_scope)
{
    add_replay("a", "k");
    add_replay("b", "k");
    contract_commit();
    add_replay("a", "k");
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
}
END_TEST

static void add_vars(uint64_t num, const char *text)
{
    struct store_op *op = store_batch_add(&contract_batch, STORE_VARS);

    op->of.vars.num = num;
    op->of.vars.text = text;
}

START_TEST(test_vars_are_found_by_text_and_read_by_number)
{
    const char *text = NULL;
    uint64_t num = 0;

    add_vars(1, "{\"a\":1}");
    add_vars(2, "{\"a\":2}");
    contract_commit();
    ck_assert_int_eq(store_find_vars(contract_reader, "{\"a\":2}", &num, &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(num, 2);
    ck_assert_int_eq(store_find_vars(contract_reader, "{}", &num, &contract_info),
                     ERR_NOT_FOUND);
    ck_assert_uint_eq(num, 2);
    ck_assert_int_eq(
        store_read_vars(contract_reader, 1, contract_arena, &text, &contract_info),
        ERR_OK);
    ck_assert_str_eq(text, "{\"a\":1}");
    ck_assert_int_eq(
        store_read_vars(contract_reader, 3, contract_arena, &text, &contract_info),
        ERR_NOT_FOUND);
    add_vars(2, "{}");
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
}
END_TEST

static void add_meta(const char *name, const char *text)
{
    struct store_op *op = store_batch_add(&contract_batch, STORE_META);

    op->of.meta.name = name;
    op->of.meta.text = text;
}

static const char *meta(const char *name)
{
    const char *text = NULL;
    const enum err e =
        store_read_meta(contract_reader, name, contract_arena, &text, &contract_info);

    return e == ERR_OK ? text : err_name(e);
}

START_TEST(test_meta_texts_are_replaced)
{
    add_meta("a", "1");
    add_meta("b", "");
    contract_commit();
    add_meta("a", "2");
    add_meta("a", "3");
    contract_commit();
    ck_assert_str_eq(meta("a"), "3");
    ck_assert_str_eq(meta("b"), "");
    ck_assert_str_eq(meta("c"), "not found");
}
END_TEST

START_TEST(test_numbers_are_the_largest_in_use)
{
    struct store_numbers n;

    ck_assert_int_eq(store_read_numbers(contract_reader, &n, &contract_info), ERR_OK);
    ck_assert(n.saga == 0 && n.definition == 0 && n.vars == 0);
    contract_commit_definitions();
    (void)contract_add_saga(9, 1);
    (void)contract_add_saga(4, 1);
    add_vars(6, "{}");
    contract_commit();
    ck_assert_int_eq(store_read_numbers(contract_reader, &n, &contract_info), ERR_OK);
    ck_assert(n.saga == 9 && n.definition == 3 && n.vars == 6);
}
END_TEST

/* ---- who sees what when
 * ------------------------------------------------------------------------ */

START_TEST(test_reader_sees_each_commit_as_soon_as_it_is_done)
{
    commit_one_saga();
    ck_assert_str_eq(contract_turns(1, 0, 9), "");
    contract_add_turn(1, 1, "one");
    ck_assert_str_eq(contract_turns(1, 0, 9), ""); /* Not committed. */
    contract_commit();
    ck_assert_str_eq(contract_turns(1, 0, 9), "1 one");
}
END_TEST

START_TEST(test_between_begin_and_end_all_reads_see_one_moment)
{
    struct store_saga s;

    commit_one_saga();
    contract_add_turn(1, 1, "one");
    add_meta("a", "before");
    contract_commit();
    ck_assert_int_eq(store_reader_begin(contract_reader, &contract_info), ERR_OK);
    contract_add_turn(1, 2, "two");
    (void)contract_add_update(1, SAGA_STATUS_COMPLETED);
    (void)contract_add_saga(2, 1);
    contract_add_definition(4, "order", 3);
    add_meta("a", "after");
    contract_commit();
    ck_assert_str_eq(contract_turns(1, 0, 9), "1 one");
    ck_assert_str_eq(contract_counts(), "order running 1");
    ck_assert_str_eq(contract_list(NULL, 0, 9), "1");
    ck_assert_str_eq(meta("a"), "before");
    ck_assert_int_eq(
        store_find_saga_num(contract_reader, 2, contract_arena, &s, &contract_info),
        ERR_NOT_FOUND);
    store_reader_end(contract_reader);
    ck_assert_str_eq(contract_turns(1, 0, 9), "1 one, 2 two");
    ck_assert_str_eq(contract_counts(), "order running 1, order completed 1");
    ck_assert_str_eq(contract_list(NULL, 0, 9), "2 1");
    ck_assert_str_eq(meta("a"), "after");
}
END_TEST

START_TEST(test_two_readers_have_moments_of_their_own)
{
    struct store_reader *other = NULL;
    struct store_reader *mine = contract_reader;

    commit_one_saga();
    ck_assert_int_eq(store_reader_open(contract_store, &other, &contract_info), ERR_OK);
    ck_assert_int_eq(store_reader_begin(other, &contract_info), ERR_OK);
    contract_add_turn(1, 1, "one");
    contract_commit();
    ck_assert_str_eq(contract_turns(1, 0, 9), "1 one");
    contract_reader = other;
    ck_assert_str_eq(contract_turns(1, 0, 9), "");
    store_reader_end(other);
    ck_assert_str_eq(contract_turns(1, 0, 9), "1 one");
    contract_reader = mine;
    store_reader_close(other);
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_turn_is_read_as_it_was_written);
    tcase_add_test(t, test_absent_bytes_are_read_as_absent);
    tcase_add_test(t, test_last_turn_is_the_newest);
    tcase_add_test(t, test_turns_come_oldest_first_and_of_one_saga);
    tcase_add_test(t, test_items_are_read_by_the_row_that_holds_them);
    tcase_add_test(t, test_items_twice_are_refused);
    tcase_add_test(t, test_late_answers_come_as_they_arrived);
    tcase_add_test(t, test_replay_is_read_as_it_was_written);
    tcase_add_test(t, test_replay_key_is_unique_in_its_scope);
    tcase_add_test(t, test_vars_are_found_by_text_and_read_by_number);
    tcase_add_test(t, test_meta_texts_are_replaced);
    tcase_add_test(t, test_numbers_are_the_largest_in_use);
    tcase_add_test(t, test_reader_sees_each_commit_as_soon_as_it_is_done);
    tcase_add_test(t, test_between_begin_and_end_all_reads_see_one_moment);
    tcase_add_test(t, test_two_readers_have_moments_of_their_own);
}

Suite *contract_rows_suite(void)
{
    return contract_suite("rows", add_tests);
}
