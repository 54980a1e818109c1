/* contract_writer.c - the contract: the thread that commits. */
#include <string.h>

#include "base/queue.h"
#include "engine/store/writer.h"
#include "tests/contract/contract.h"

static struct queue *results; /* Of struct writer_result, the writer's last. */
static struct writer_result last;

static void done(void *user, const struct writer_result *r)
{
    (void)user;
    last = *r;
    ck_assert_int_eq(queue_push(results, &last), ERR_OK);
}

static struct writer *started(void)
{
    struct writer *w = NULL;

    results = queue_create(4, NULL, NULL);
    ck_assert_int_eq(writer_start(contract_store, done, NULL, &w, &contract_info),
                     ERR_OK);
    return w;
}

START_TEST(test_writer_commits_and_tells)
{
    struct writer *w = started();

    contract_add_definition(1, "order", 1);
    (void)contract_add_saga(1, 1);
    writer_commit(w, &contract_batch);
    (void)queue_wait(results);
    ck_assert_int_eq(last.err, ERR_OK);
    ck_assert_uint_gt(last.free_bytes, 0);
    ck_assert_str_eq(contract_counts(), "order running 1");
    writer_stop(w);
    queue_destroy(results);
}
END_TEST

START_TEST(test_writer_takes_the_next_batch_from_within_done_on)
{
    struct writer *w = started();

    contract_add_definition(1, "order", 1);
    writer_commit(w, &contract_batch);
    for (uint64_t i = 1; i <= 200; i++) {
        (void)queue_wait(results);
        ck_assert_int_eq(last.err, ERR_OK);
        store_batch_clear(&contract_batch);
        (void)contract_add_saga(i, 1);
        writer_commit(w, &contract_batch);
    }
    writer_stop(w); /* Waits for the last. */
    ck_assert_uint_eq(queue_length(results), 1);
    ck_assert_str_eq(contract_counts(), "order running 200");
    queue_destroy(results);
}
END_TEST

START_TEST(test_writer_tells_a_refusal)
{
    struct writer *w = started();

    (void)contract_add_saga(1, 77);
    writer_commit(w, &contract_batch);
    (void)queue_wait(results);
    ck_assert_int_eq(last.err, ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(last.info.text, "77"));
    writer_stop(w);
    writer_stop(NULL);
    queue_destroy(results);
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_writer_commits_and_tells);
    tcase_add_test(t, test_writer_takes_the_next_batch_from_within_done_on);
    tcase_add_test(t, test_writer_tells_a_refusal);
}

Suite *contract_writer_suite(void)
{
    return contract_suite("writer", add_tests);
}
