#include "base/queue.h"

#include <check.h>
#include <pthread.h>

#include "tests/support/suite.h"

#define MANY 20000
#define PUSHERS 3

static int items[PUSHERS * MANY];
static struct queue *shared;

START_TEST(test_first_in_is_first_out_around_the_ring)
{
    struct queue *q = queue_create(3, NULL, NULL);

    for (int round = 0; round < 10; round++) {
        void *out[3];

        ck_assert_int_eq(queue_push(q, &items[round]), ERR_OK);
        ck_assert_int_eq(queue_push(q, &items[round + 1]), ERR_OK);
        ck_assert_uint_eq(queue_length(q), 2);
        ck_assert_uint_eq(queue_take(q, out, 3), 2);
        ck_assert_ptr_eq(out[0], &items[round]);
        ck_assert_ptr_eq(out[1], &items[round + 1]);
    }
    queue_destroy(q);
}
END_TEST

START_TEST(test_a_full_queue_says_limit_and_takes_nothing)
{
    struct queue *q = queue_create(2, NULL, NULL);

    ck_assert_int_eq(queue_push(q, &items[0]), ERR_OK);
    ck_assert_int_eq(queue_push(q, &items[1]), ERR_OK);
    ck_assert_int_eq(queue_push(q, &items[2]), ERR_LIMIT);
    ck_assert_uint_eq(queue_length(q), 2);
    queue_destroy(q);
}
END_TEST

START_TEST(test_a_closed_queue_takes_nothing_and_gives_what_it_has)
{
    struct queue *q = queue_create(2, NULL, NULL);

    ck_assert_int_eq(queue_push(q, &items[0]), ERR_OK);
    queue_close(q);
    ck_assert_int_eq(queue_push(q, &items[1]), ERR_BUSY);
    ck_assert_ptr_eq(queue_wait(q), &items[0]);
    ck_assert_ptr_null(queue_wait(q));
    queue_destroy(q);
    queue_destroy(NULL);
}
END_TEST

START_TEST(test_take_never_waits_and_leaves_what_is_over)
{
    struct queue *q = queue_create(4, NULL, NULL);
    void *out[2];

    ck_assert_uint_eq(queue_take(q, out, 2), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(queue_push(q, &items[i]), ERR_OK);
    }
    ck_assert_uint_eq(queue_take(q, out, 2), 2);
    ck_assert_uint_eq(queue_length(q), 1);
    queue_destroy(q);
}
END_TEST

static void count(void *user)
{
    int *n = user;

    ck_assert_uint_le(queue_length(shared), 1); /* Would hang if called under the lock. */
    (*n)++;
}

START_TEST(test_the_sleeper_is_woken_after_each_push_and_at_the_end)
{
    int n = 0;

    shared = queue_create(1, count, &n);
    ck_assert_int_eq(queue_push(shared, &items[0]), ERR_OK);
    ck_assert_int_eq(n, 1);
    ck_assert_int_eq(queue_push(shared, &items[1]), ERR_LIMIT);
    ck_assert_int_eq(n, 1);
    queue_close(shared);
    ck_assert_int_eq(n, 2);
    queue_destroy(shared);
}
END_TEST

static void *push_many(void *user)
{
    int *first = user;

    for (int i = 0; i < MANY; i++) {
        while (queue_push(shared, &first[i]) == ERR_LIMIT) {
            /* Full: the popper is at work. */
        }
    }
    return NULL;
}

START_TEST(test_each_item_crosses_threads_once_and_in_its_pushers_order)
{
    pthread_t threads[PUSHERS];
    int *next[PUSHERS];

    shared = queue_create(64, NULL, NULL);
    for (int i = 0; i < PUSHERS; i++) {
        next[i] = &items[i * MANY];
        ck_assert_int_eq(pthread_create(&threads[i], NULL, push_many, next[i]), 0);
    }
    for (int i = 0; i < PUSHERS * MANY; i++) {
        int *item = queue_wait(shared);
        size_t from = (size_t)(item - items) / MANY;

        ck_assert_ptr_eq(item, next[from]);
        next[from]++;
    }
    for (int i = 0; i < PUSHERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    ck_assert_uint_eq(queue_length(shared), 0);
    queue_destroy(shared);
}
END_TEST

static void *wait_for_end(void *user)
{
    (void)user;
    return queue_wait(shared);
}

START_TEST(test_closing_ends_a_wait)
{
    pthread_t waiter;
    void *got = &items[0];

    shared = queue_create(1, NULL, NULL);
    ck_assert_int_eq(pthread_create(&waiter, NULL, wait_for_end, NULL), 0);
    queue_close(shared);
    ck_assert_int_eq(pthread_join(waiter, &got), 0);
    ck_assert_ptr_null(got);
    queue_destroy(shared);
}
END_TEST

int main(void)
{
    return suite_main("queue", test_first_in_is_first_out_around_the_ring,
                      test_a_full_queue_says_limit_and_takes_nothing,
                      test_a_closed_queue_takes_nothing_and_gives_what_it_has,
                      test_take_never_waits_and_leaves_what_is_over,
                      test_the_sleeper_is_woken_after_each_push_and_at_the_end,
                      test_each_item_crosses_threads_once_and_in_its_pushers_order,
                      test_closing_ends_a_wait);
}
