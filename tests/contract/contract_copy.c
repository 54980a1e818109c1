/* contract_copy.c - a copy that the writer makes beside its commits (SQLite: backups).
 *
 * All orders come from within a batch's `done`, on the writer's own thread: what it does
 * next is then the writer's choice and nobody's timing. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/queue.h"
#include "engine/store/writer.h"
#include "tests/contract/contract.h"

#define STATE_BYTES 4000
#define STATES 512 /* 2 MB: eight steps of a copy and more. */

static struct {
    struct writer *writer;
    struct writer_copy copy;
    struct queue *end; /* Told once, when all is over. */
    bool wants_copy;   /* After the first batch. */
    uint64_t n_batches;
    uint64_t batches_most;
    uint64_t n_batches_at_end; /* Committed when the copy ended; 0: it has not. */
    enum err copied;
} world;

/* One saga a batch. */
static void next_batch(void)
{
    store_batch_clear(&contract_batch);
    (void)contract_add_saga(world.n_batches + 1, 1);
    writer_commit(world.writer, &contract_batch);
}

static void on_copied(void *user, enum err e, const struct err_info *info)
{
    (void)user;
    (void)info;
    world.copied = e;
    world.n_batches_at_end = world.n_batches;
}

static void on_batch(void *user, const struct writer_result *r)
{
    (void)user;
    ck_assert_int_eq(r->err, ERR_OK);
    world.n_batches++;
    if (world.wants_copy) { /* In the queue before the next batch. */
        world.wants_copy = false;
        ck_assert_int_eq(writer_copy(world.writer, &world.copy), ERR_OK);
    }
    if (world.n_batches_at_end == 0 && world.n_batches < world.batches_most) {
        next_batch();
    } else { /* A copy that is still under way is given up. */
        atomic_store(&world.copy.is_unwanted, true);
        ck_assert_int_eq(queue_push(world.end, &world), ERR_OK);
    }
}

/* The first batch is as large as the database is to be. */
static void fill_store(void)
{
    char *state = mem_alloc(STATE_BYTES + 1);

    memset(state, 's', STATE_BYTES);
    contract_add_definition(1, "order", 1);
    (void)contract_add_saga(1, 1);
    for (uint64_t turn = 1; turn <= STATES; turn++) {
        contract_add_turn(1, turn, state);
    }
    contract_commit();
    free(state);
}

/* Batch after batch, with a copy that is wanted after the first of them. */
static void run_batches(uint64_t most)
{
    fill_store();
    world.end = queue_create(1, NULL, NULL);
    world.copy =
        (struct writer_copy){.path = contract_beside(".copy"), .done = on_copied};
    world.wants_copy = true;
    world.n_batches = 1; /* The one that filled it. */
    world.batches_most = most;
    ck_assert_int_eq(
        writer_start(contract_store, on_batch, NULL, &world.writer, &contract_info),
        ERR_OK);
    next_batch();
    (void)queue_wait(world.end);
}

static void stop(void)
{
    writer_stop(world.writer);
    queue_destroy(world.end);
    store_batch_clear(&contract_batch);
}

static int sagas_of_copy(void)
{
    sqlite3 *db;
    sqlite3_stmt *st;
    int n;

    ck_assert_int_eq(sqlite3_open(world.copy.path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "SELECT count(*) FROM saga", -1, &st, NULL),
                     SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int(st, 0);
    ck_assert_int_eq(sqlite3_finalize(st), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    return n;
}

START_TEST(test_a_batch_comes_before_the_copy_that_was_wanted_first)
{
    run_batches(4);
    stop();
    ck_assert_uint_eq(world.n_batches, 4);
    ck_assert_uint_eq(world.n_batches_at_end, 4);
    ck_assert_int_eq(world.copied, ERR_BUSY); /* It was still at it, and was told. */
}
END_TEST

START_TEST(test_batches_without_end_do_not_starve_a_copy)
{
    run_batches(UINT64_MAX);
    stop();
    ck_assert_int_eq(world.copied, ERR_OK);
    ck_assert_uint_ge(world.n_batches_at_end, 8); /* A step at a time. */
}
END_TEST

START_TEST(test_a_copy_has_all_that_was_committed_before_its_end)
{
    run_batches(UINT64_MAX);
    stop();
    ck_assert_int_eq(world.copied, ERR_OK);
    ck_assert_int_eq(sagas_of_copy(), (int)world.n_batches_at_end);
}
END_TEST

Suite *contract_copy_suite(void)
{
    Suite *suite = suite_create("copy");
    TCase *t = tcase_create("sqlite");

    tcase_add_checked_fixture(t, contract_open_sqlite, contract_close);
    tcase_add_test(t, test_a_batch_comes_before_the_copy_that_was_wanted_first);
    tcase_add_test(t, test_batches_without_end_do_not_starve_a_copy);
    tcase_add_test(t, test_a_copy_has_all_that_was_committed_before_its_end);
    suite_add_tcase(suite, t);
    return suite;
}
