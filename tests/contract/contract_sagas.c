/* contract_sagas.c - the contract: sagas are written, found, changed, counted. */
#include <string.h>

#include "tests/contract/contract.h"

static struct store_saga found(const char *id)
{
    struct store_saga s = {0};

    ck_assert_msg(store_find_saga(contract_reader, id, contract_arena, &s,
                                  &contract_info) == ERR_OK,
                  "%s", contract_info.text);
    return s;
}

START_TEST(test_saga_is_read_as_it_was_written)
{
    struct store_saga *to;
    struct store_saga s;

    contract_commit_definitions();
    to = contract_add_saga(7, 2);
    to->id = "order-7";
    to->key = "o-7";
    to->unique_key = "u-7";
    to->ordering_key = "customer-1";
    to->labels = "{\"team\":\"core\"}";
    to->traceparent = "00-1-2-01";
    to->tracestate = "a=b";
    to->parent = 3;
    to->parent_step = 4;
    to->parent_item = SAGA_NO_ITEM;
    to->generation = 2;
    to->vars = 5;
    to->status = SAGA_STATUS_STUCK;
    to->is_paused = true;
    to->is_asleep = true;
    to->stuck_step = "payment";
    to->stuck_call = CALL_COMPENSATION;
    to->stuck_outcome = OUTCOME_UNKNOWN;
    to->stuck_ms = 15;
    to->stuck_error = "its attempts ran out: timed out";
    to->wake_ms = 99;
    to->started_ms = 10;
    to->updated_ms = 20;
    to->ended_ms = 30;
    contract_commit();
    s = found("order-7");
    ck_assert_uint_eq(s.num, 7);
    ck_assert_str_eq(s.id, "order-7");
    ck_assert_uint_eq(s.definition, 2);
    ck_assert_str_eq(s.definition_name, "order");
    ck_assert_uint_eq(s.definition_version, 2);
    ck_assert_str_eq(s.key, "o-7");
    ck_assert_str_eq(s.unique_key, "u-7");
    ck_assert_str_eq(s.ordering_key, "customer-1");
    ck_assert_str_eq(s.labels, "{\"team\":\"core\"}");
    ck_assert_str_eq(s.traceparent, "00-1-2-01");
    ck_assert_str_eq(s.tracestate, "a=b");
    ck_assert_uint_eq(s.parent, 3);
    ck_assert_uint_eq(s.parent_step, 4);
    ck_assert_uint_eq(s.parent_item, SAGA_NO_ITEM);
    ck_assert_uint_eq(s.generation, 2);
    ck_assert_uint_eq(s.vars, 5);
    ck_assert_int_eq(s.status, SAGA_STATUS_STUCK);
    ck_assert(s.is_paused && s.is_asleep);
    ck_assert_str_eq(s.stuck_step, "payment");
    ck_assert_int_eq(s.stuck_call, CALL_COMPENSATION);
    ck_assert_int_eq(s.stuck_outcome, OUTCOME_UNKNOWN);
    ck_assert_uint_eq(s.stuck_ms, 15);
    ck_assert_str_eq(s.stuck_error, "its attempts ran out: timed out");
    ck_assert_uint_eq(s.wake_ms, 99);
    ck_assert_uint_eq(s.started_ms, 10);
    ck_assert_uint_eq(s.updated_ms, 20);
    ck_assert_uint_eq(s.ended_ms, 30);
}
END_TEST

START_TEST(test_absent_texts_are_read_as_null)
{
    struct store_saga s;

    contract_commit_definitions();
    (void)contract_add_saga(1, 1);
    contract_commit();
    s = found("saga-1");
    ck_assert_ptr_null(s.key);
    ck_assert_ptr_null(s.unique_key);
    ck_assert_ptr_null(s.ordering_key);
    ck_assert_ptr_null(s.labels);
    ck_assert_ptr_null(s.traceparent);
    ck_assert_ptr_null(s.tracestate);
    ck_assert_ptr_null(s.stuck_step);
    ck_assert_ptr_null(s.stuck_error);
    ck_assert_uint_eq(s.stuck_ms, 0);
}
END_TEST

START_TEST(test_what_is_not_there_is_not_found_and_writes_nothing)
{
    struct store_saga s = {.num = 42};
    struct store_bytes input = {"kept", 4};

    ck_assert_int_eq(store_find_saga(contract_reader, "x", contract_arena, &s, NULL),
                     ERR_NOT_FOUND);
    ck_assert_int_eq(store_find_saga_num(contract_reader, 1, contract_arena, &s, NULL),
                     ERR_NOT_FOUND);
    ck_assert_int_eq(
        store_find_unique(contract_reader, "order", "k", contract_arena, &s, NULL),
        ERR_NOT_FOUND);
    ck_assert_int_eq(store_read_input(contract_reader, 1, contract_arena, &input, NULL),
                     ERR_NOT_FOUND);
    ck_assert_uint_eq(s.num, 42);
    ck_assert_str_eq(contract_text(input), "kept");
}
END_TEST

START_TEST(test_saga_is_found_by_number)
{
    struct store_saga s;

    contract_commit_definitions();
    (void)contract_add_saga(5, 3);
    contract_commit();
    ck_assert_int_eq(
        store_find_saga_num(contract_reader, 5, contract_arena, &s, &contract_info),
        ERR_OK);
    ck_assert_str_eq(s.id, "saga-5");
    ck_assert_str_eq(s.definition_name, "refund");
}
END_TEST

START_TEST(test_input_is_read_as_it_was_written)
{
    struct store_bytes input;
    struct store_op *op;

    contract_commit_definitions();
    (void)contract_add_saga(1, 1);
    op = contract_batch.last;
    op->of.saga.input = (struct store_bytes){"{\"a\":\0}", 7};
    (void)contract_add_saga(2, 1);
    op = contract_batch.last;
    op->of.saga.input = (struct store_bytes){"", 0};
    contract_commit();
    ck_assert_int_eq(
        store_read_input(contract_reader, 1, contract_arena, &input, &contract_info),
        ERR_OK);
    ck_assert_uint_eq(input.n, 7);
    ck_assert_mem_eq(input.at, "{\"a\":\0}", 7);
    ck_assert_int_eq(
        store_read_input(contract_reader, 2, contract_arena, &input, &contract_info),
        ERR_OK);
    ck_assert_ptr_nonnull(input.at);
    ck_assert_uint_eq(input.n, 0);
}
END_TEST

START_TEST(test_update_changes_its_columns_and_no_others)
{
    struct store_saga *to;
    struct store_saga s;

    contract_commit_definitions();
    to = contract_add_saga(1, 2);
    to->key = "o-1";
    to->unique_key = "u-1";
    to->traceparent = "trace";
    to = contract_add_update(1, SAGA_STATUS_STUCK);
    to->is_paused = true;
    to->is_asleep = true;
    to->stuck_step = "stock";
    to->stuck_call = CALL_CONFIRM;
    to->stuck_outcome = OUTCOME_REJECTED;
    to->stuck_ms = 40;
    to->stuck_error = "refused";
    to->wake_ms = 70;
    to->updated_ms = 60;
    to->ended_ms = 50;
    to->key = "not this";
    contract_commit();
    s = found("saga-1");
    ck_assert_int_eq(s.status, SAGA_STATUS_STUCK);
    ck_assert(s.is_paused && s.is_asleep);
    ck_assert_str_eq(s.stuck_step, "stock");
    ck_assert_int_eq(s.stuck_call, CALL_CONFIRM);
    ck_assert_int_eq(s.stuck_outcome, OUTCOME_REJECTED);
    ck_assert_uint_eq(s.stuck_ms, 40);
    ck_assert_str_eq(s.stuck_error, "refused");
    ck_assert_uint_eq(s.wake_ms, 70);
    ck_assert_uint_eq(s.updated_ms, 60);
    ck_assert_uint_eq(s.ended_ms, 50);
    ck_assert_ptr_null(s.unique_key);
    ck_assert_str_eq(s.key, "o-1");
    ck_assert_str_eq(s.traceparent, "trace");
    ck_assert_uint_eq(s.started_ms, 1000);
    ck_assert_str_eq(s.definition_name, "order");
}
END_TEST

/* ---- refused batches -------------------------------------------------------------- */

/* The batch at hand is refused, and the saga that it also held is not there. */
static void assert_refused_whole(const char *witness)
{
    struct store_saga s;

    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    ck_assert_int_eq(store_find_saga(contract_reader, witness, contract_arena, &s, NULL),
                     ERR_NOT_FOUND);
    ck_assert_str_eq(contract_counts(), "order running 1");
    contract_add_turn(1, 9, "still writing");
    contract_commit();
    ck_assert_str_eq(contract_counts(), "order running 1");
}

static void begin_with_one_saga(void)
{
    contract_commit_definitions();
    contract_add_saga(1, 1)->unique_key = "u";
    contract_commit();
    (void)contract_add_saga(2, 1);
}

START_TEST(test_batch_with_a_used_id_is_refused_whole)
{
    begin_with_one_saga();
    contract_add_saga(3, 1)->id = "saga-1";
    assert_refused_whole("saga-2");
}
END_TEST

START_TEST(test_batch_with_a_used_number_is_refused_whole)
{
    begin_with_one_saga();
    contract_add_saga(1, 1)->id = "other";
    assert_refused_whole("saga-2");
}
END_TEST

START_TEST(test_batch_that_repeats_an_id_within_itself_is_refused_whole)
{
    begin_with_one_saga();
    contract_add_saga(3, 1)->id = "saga-2";
    assert_refused_whole("saga-2");
}
END_TEST

START_TEST(test_batch_with_a_held_unique_key_is_refused_whole)
{
    begin_with_one_saga();
    contract_add_saga(3, 2)->unique_key = "u"; /* Of the name, not of the version. */
    assert_refused_whole("saga-2");
}
END_TEST

START_TEST(test_update_to_a_held_unique_key_is_refused_whole)
{
    begin_with_one_saga();
    contract_add_update(2, SAGA_STATUS_COMPLETED)->unique_key = "u";
    assert_refused_whole("saga-2");
}
END_TEST

START_TEST(test_batch_with_an_unknown_definition_is_refused_whole)
{
    begin_with_one_saga();
    (void)contract_add_saga(3, 77);
    assert_refused_whole("saga-2");
}
END_TEST

START_TEST(test_update_of_an_unknown_saga_is_refused_whole)
{
    begin_with_one_saga();
    (void)contract_add_update(77, SAGA_STATUS_COMPLETED);
    assert_refused_whole("saga-2");
}
END_TEST

START_TEST(test_repeated_turn_is_refused_whole)
{
    begin_with_one_saga();
    contract_add_turn(2, 1, "a");
    contract_add_turn(2, 1, "b");
    assert_refused_whole("saga-2");
    ck_assert_str_eq(contract_turns(2, 0, 9), "");
}
END_TEST

START_TEST(test_definition_of_a_refused_batch_is_forgotten)
{
    begin_with_one_saga();
    contract_add_definition(9, "late", 1);
    contract_add_saga(3, 9)->id = "saga-1";
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    contract_add_definition(8, "other", 1); /* Takes the place that "late" had. */
    contract_add_definition(9, "late", 1);
    (void)contract_add_saga(3, 9);
    contract_commit();
    ck_assert_str_eq(found("saga-3").definition_name, "late");
    ck_assert_str_eq(contract_counts(), "late running 1, order running 1");
}
END_TEST

START_TEST(test_empty_batch_is_fine)
{
    contract_commit();
    ck_assert_str_eq(contract_counts(), "");
}
END_TEST

/* ---- unique keys ------------------------------------------------------------------- */

static const char *holder(const char *name, const char *key)
{
    struct store_saga s;
    const enum err e =
        store_find_unique(contract_reader, name, key, contract_arena, &s, &contract_info);

    return e == ERR_OK ? s.id : err_name(e);
}

START_TEST(test_unique_key_is_of_the_definition_name)
{
    contract_commit_definitions();
    contract_add_saga(1, 1)->unique_key = "u";
    contract_add_saga(2, 3)->unique_key = "u";
    contract_commit();
    ck_assert_str_eq(holder("order", "u"), "saga-1");
    ck_assert_str_eq(holder("refund", "u"), "saga-2");
    ck_assert_str_eq(holder("order", "v"), "not found");
    ck_assert_str_eq(holder("nothing", "u"), "not found");
}
END_TEST

START_TEST(test_unique_key_given_up_is_free)
{
    contract_commit_definitions();
    contract_add_saga(1, 1)->unique_key = "u";
    contract_commit();
    (void)contract_add_update(1, SAGA_STATUS_COMPENSATED);
    contract_commit();
    ck_assert_str_eq(holder("order", "u"), "not found");
    contract_add_saga(2, 2)->unique_key = "u";
    contract_commit();
    ck_assert_str_eq(holder("order", "u"), "saga-2");
}
END_TEST

START_TEST(test_unique_key_is_kept_by_an_update_that_names_it)
{
    contract_commit_definitions();
    contract_add_saga(1, 1)->unique_key = "u";
    contract_add_update(1, SAGA_STATUS_COMPLETED)->unique_key = "u";
    contract_commit();
    ck_assert_str_eq(holder("order", "u"), "saga-1");
}
END_TEST

/* ---- counts ---------------------------------------------------------------------------
 */

START_TEST(test_counts_follow_every_change)
{
    contract_commit_definitions();
    (void)contract_add_saga(1, 1);
    (void)contract_add_saga(2, 2);
    (void)contract_add_saga(3, 3);
    contract_commit();
    ck_assert_str_eq(contract_counts(), "order running 2, refund running 1");
    (void)contract_add_update(1, SAGA_STATUS_COMPENSATING);
    (void)contract_add_update(1, SAGA_STATUS_STUCK);
    (void)contract_add_update(2, SAGA_STATUS_RUNNING); /* Not a change. */
    (void)contract_add_saga(4, 2);
    (void)contract_add_update(4, SAGA_STATUS_COMPLETED);
    contract_commit();
    ck_assert_str_eq(
        contract_counts(),
        "order running 1, order stuck 1, order completed 1, refund running 1");
}
END_TEST

START_TEST(test_counts_of_many_definitions_in_one_batch_are_right)
{
    for (uint32_t i = 1; i <= 300; i++) { /* More pairs than the slots of a batch. */
        contract_add_definition(i, arena_printf(contract_batch.arena, "d%03u", i), 1);
        (void)contract_add_saga(2 * i, i);
        (void)contract_add_saga(2 * i + 1, i);
        (void)contract_add_update(2 * i, SAGA_STATUS_COMPLETED);
    }
    contract_commit();
    ck_assert_ptr_nonnull(strstr(contract_counts(), "d001 running 1, d001 completed 1, "
                                                    "d002 running 1"));
    ck_assert_ptr_nonnull(strstr(contract_counts(), "d300 running 1, d300 completed 1"));
}
END_TEST

/* ---- awake and due --------------------------------------------------------------------
 */

static void commit_sleepers(void)
{
    struct store_saga *s;

    contract_commit_definitions();
    contract_add_saga(1, 1)->is_asleep = true; /* No time of its own. */
    s = contract_add_saga(2, 1);
    s->is_asleep = true;
    s->wake_ms = 300;
    s = contract_add_saga(3, 1);
    s->is_asleep = true;
    s->wake_ms = 100;
    s = contract_add_saga(4, 1);
    s->is_asleep = true;
    s->wake_ms = 300;
    contract_add_saga(5, 1)->wake_ms = 100; /* Awake. */
    contract_add_saga(6, 1)->status = SAGA_STATUS_STUCK;
    contract_add_saga(7, 1)->status = SAGA_STATUS_COMPLETED;
    contract_add_saga(8, 1)->status = SAGA_STATUS_COMPENSATING;
    (void)contract_add_saga(9, 1);
    contract_commit();
}

START_TEST(test_awake_are_those_neither_final_nor_asleep_by_number)
{
    commit_sleepers();
    ck_assert_str_eq(contract_awake(0, 99), "5 6 8 9");
    ck_assert_str_eq(contract_awake(0, 2), "5 6");
    ck_assert_str_eq(contract_awake(6, 2), "8 9");
    ck_assert_str_eq(contract_awake(9, 2), "");
    ck_assert_str_eq(contract_awake(0, 0), "");
}
END_TEST

START_TEST(test_due_are_sleepers_with_a_time_earliest_first)
{
    commit_sleepers();
    ck_assert_str_eq(contract_due(99, 99), "");
    ck_assert_str_eq(contract_due(100, 99), "3");
    ck_assert_str_eq(contract_due(UINT64_MAX, 99), "3 2 4");
    ck_assert_str_eq(contract_due(UINT64_MAX, 2), "3 2");
}
END_TEST

START_TEST(test_due_go_on_behind_a_sleeper_seen)
{
    commit_sleepers();
    ck_assert_str_eq(contract_due_behind(100, 3, UINT64_MAX, 99), "2 4");
    ck_assert_str_eq(contract_due_behind(300, 2, UINT64_MAX, 99), "4");
    ck_assert_str_eq(contract_due_behind(300, 4, UINT64_MAX, 99), "");
    ck_assert_str_eq(contract_due_behind(100, 2, UINT64_MAX, 99), "3 2 4");
}
END_TEST

START_TEST(test_woken_saga_is_awake_and_not_due)
{
    commit_sleepers();
    contract_add_update(3, SAGA_STATUS_RUNNING)->wake_ms = 100;
    contract_commit();
    ck_assert_str_eq(contract_awake(0, 99), "3 5 6 8 9");
    ck_assert_str_eq(contract_due(UINT64_MAX, 99), "2 4");
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_saga_is_read_as_it_was_written);
    tcase_add_test(t, test_absent_texts_are_read_as_null);
    tcase_add_test(t, test_what_is_not_there_is_not_found_and_writes_nothing);
    tcase_add_test(t, test_saga_is_found_by_number);
    tcase_add_test(t, test_input_is_read_as_it_was_written);
    tcase_add_test(t, test_update_changes_its_columns_and_no_others);
    tcase_add_test(t, test_batch_with_a_used_id_is_refused_whole);
    tcase_add_test(t, test_batch_with_a_used_number_is_refused_whole);
    tcase_add_test(t, test_batch_that_repeats_an_id_within_itself_is_refused_whole);
    tcase_add_test(t, test_batch_with_a_held_unique_key_is_refused_whole);
    tcase_add_test(t, test_update_to_a_held_unique_key_is_refused_whole);
    tcase_add_test(t, test_batch_with_an_unknown_definition_is_refused_whole);
    tcase_add_test(t, test_update_of_an_unknown_saga_is_refused_whole);
    tcase_add_test(t, test_repeated_turn_is_refused_whole);
    tcase_add_test(t, test_definition_of_a_refused_batch_is_forgotten);
    tcase_add_test(t, test_empty_batch_is_fine);
    tcase_add_test(t, test_unique_key_is_of_the_definition_name);
    tcase_add_test(t, test_unique_key_given_up_is_free);
    tcase_add_test(t, test_unique_key_is_kept_by_an_update_that_names_it);
    tcase_add_test(t, test_counts_follow_every_change);
    tcase_add_test(t, test_counts_of_many_definitions_in_one_batch_are_right);
    tcase_add_test(t, test_awake_are_those_neither_final_nor_asleep_by_number);
    tcase_add_test(t, test_due_are_sleepers_with_a_time_earliest_first);
    tcase_add_test(t, test_due_go_on_behind_a_sleeper_seen);
    tcase_add_test(t, test_woken_saga_is_awake_and_not_due);
}

Suite *contract_sagas_suite(void)
{
    return contract_suite("sagas", add_tests);
}
