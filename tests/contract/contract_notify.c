/* contract_notify.c - webhooks: the outbox, what became of them, again, purged. */
#include "base/buf.h"
#include "tests/contract/contract.h"

/* Sagas 1 and 2 of order, 3 of refund; all ended. */
static void commit_sagas(void)
{
    static const uint64_t definitions[] = {1, 1, 3};

    contract_commit_definitions();
    for (uint64_t num = 1; num <= 3; num++) {
        contract_add_saga(num, definitions[num - 1])->status = SAGA_STATUS_COMPLETED;
    }
    contract_commit();
}

static void add_notify(uint64_t num, uint64_t saga, const char *origin, uint64_t due_ms)
{
    store_batch_add(&contract_batch, STORE_NOTIFY)->of.notify = (struct store_notify){
        .num = num,
        .saga = saga,
        .id = arena_printf(contract_batch.arena, "msg_%llu", (unsigned long long)num),
        .told = SAGA_STATUS_COMPENSATED,
        .origin = origin,
        .url = arena_printf(contract_batch.arena, "%s/hook", origin),
        .secret = num == 1 ? "shop" : NULL,
        .body = {"{}", 2},
        .made_ms = 5 + num,
        .since_ms = 5 + num,
        .due_ms = due_ms};
}

static void add_later(uint64_t num, uint64_t due_ms, uint32_t attempts)
{
    store_batch_add(&contract_batch, STORE_NOTIFY_TRIED)->of.notify =
        (struct store_notify){.num = num,
                              .due_ms = due_ms,
                              .attempts = attempts,
                              .http_status = 503,
                              .error = "away"};
}

static void add_settled(uint64_t num, enum store_notify_status status)
{
    const bool has_failed = status == STORE_NOTIFY_FAILED;

    store_batch_add(&contract_batch, STORE_NOTIFY_TRIED)->of.notify =
        (struct store_notify){.num = num,
                              .attempts = 3,
                              .status = status,
                              .ended_ms = 70,
                              .http_status = has_failed ? 410 : 200,
                              .error = has_failed ? "gone" : NULL};
}

static void add_again(uint64_t num, uint64_t since_ms)
{
    store_batch_add(&contract_batch, STORE_NOTIFY_AGAIN)->of.notify =
        (struct store_notify){.num = num, .since_ms = since_ms};
}

static void add_purge(uint64_t saga)
{
    store_batch_add(&contract_batch, STORE_SAGA_PURGE)->of.saga.row.num = saga;
}

/* ---- in words -----------------------------------------------------------------------
 */

static void separate(struct buf *b)
{
    buf_add_text(b, b->n == 0 ? "" : ", ");
}

static bool tell_due(void *user, const struct store_notify *n)
{
    ck_assert_ptr_null(n->body.at);
    separate(user);
    buf_printf(user, "%s at %llu", n->id, (unsigned long long)n->due_ms);
    return true;
}

static void tell_last(struct buf *b, const struct store_notify *n)
{
    static const char *const names[] = {"waiting", "delivered", "failed"};

    buf_printf(b, " %s after %u-%u %u %s", names[n->status], n->attempts,
               n->attempts_before, n->http_status, n->error != NULL ? n->error : "-");
}

/* All there is of one. */
static bool tell_whole(void *user, const struct store_notify *n)
{
    separate(user);
    buf_printf(user, "%llu %s %s tells %d of %s (%llu, %s) by %s to %s at %s",
               (unsigned long long)n->num, n->id, n->saga != 0 ? "kept" : "nobody's",
               (int)n->told, n->saga_id, (unsigned long long)n->saga, n->definition_name,
               n->secret != NULL ? n->secret : "-", n->url, n->origin);
    buf_printf(user, " made %llu since %llu due %llu ended %llu",
               (unsigned long long)n->made_ms, (unsigned long long)n->since_ms,
               (unsigned long long)n->due_ms, (unsigned long long)n->ended_ms);
    tell_last(user, n);
    return true;
}

static bool tell_short(void *user, const struct store_notify *n)
{
    separate(user);
    buf_add_text(user, n->id);
    tell_last(user, n);
    return true;
}

static bool tell_num(void *user, const struct store_notify *n)
{
    buf_printf(user, ((struct buf *)user)->n > 0 ? " %llu" : "%llu",
               (unsigned long long)n->num);
    return true;
}

static const char *words_of(enum err e, struct buf *b)
{
    const char *words = arena_text(contract_arena, buf_text(b));

    ck_assert_msg(e == ERR_OK, "%s", contract_info.text);
    buf_done(b);
    return words;
}

static const char *due(const char *origin, size_t most)
{
    struct buf b;

    buf_init(&b, 4096);
    return words_of(
        store_scan_notify(contract_reader, origin, most, tell_due, &b, &contract_info),
        &b);
}

static const char *listed(const struct store_notify_list *list, store_each_notify tell)
{
    struct buf b;

    buf_init(&b, 4096);
    return words_of(store_list_notify(contract_reader, list, tell, &b, &contract_info),
                    &b);
}

static const char *all_of(uint64_t saga)
{
    return listed(&(struct store_notify_list){.saga = saga, .most = 9}, tell_short);
}

#define BIT(status) (1U << STORE_NOTIFY_##status)

static const char *nums(unsigned statuses, uint64_t before_num, size_t most)
{
    return listed(&(struct store_notify_list){.statuses = statuses,
                                              .before_num = before_num,
                                              .most = most},
                  tell_num);
}

static const char *origin_after(const char *after)
{
    const char *origin = NULL;
    const enum err e = store_next_notify_origin(contract_reader, after, contract_arena,
                                                &origin, &contract_info);

    return e == ERR_OK ? origin : err_name(e);
}

static const char *body_of(uint64_t num)
{
    struct store_bytes body;
    const enum err e = store_read_notify_body(contract_reader, num, contract_arena, &body,
                                              &contract_info);

    return e == ERR_OK ? contract_text(body) : err_name(e);
}

static uint64_t oldest(void)
{
    uint64_t ms = 77;

    ck_assert_int_eq(store_oldest_notify(contract_reader, &ms, &contract_info), ERR_OK);
    return ms;
}

/* ---- while they wait ------------------------------------------------------------------
 */

START_TEST(test_webhooks_of_an_origin_come_by_due_time)
{
    add_notify(1, 1, "http://a", 30);
    add_notify(2, 1, "http://b", 10);
    add_notify(3, 1, "http://a", 20);
    add_notify(4, 1, "http://a", 20);
    contract_commit();
    ck_assert_str_eq(due("http://a", 9), "msg_3 at 20, msg_4 at 20, msg_1 at 30");
    ck_assert_str_eq(due("http://a", 1), "msg_3 at 20");
    ck_assert_str_eq(due("http://a", 0), "");
    ck_assert_str_eq(due("http://c", 9), "");
}
END_TEST

START_TEST(test_origins_of_webhooks_that_wait_are_each_found_once)
{
    ck_assert_str_eq(origin_after(NULL), "not found");
    add_notify(1, 1, "http://b", 1);
    add_notify(2, 1, "http://a", 2);
    add_notify(3, 1, "http://b", 3);
    add_notify(4, 1, "http://aa", 4);
    add_settled(4, STORE_NOTIFY_FAILED);
    contract_commit();
    ck_assert_str_eq(origin_after(NULL), "http://a");
    ck_assert_str_eq(origin_after("http://a"), "http://b");
    ck_assert_str_eq(origin_after("http://b"), "not found");
}
END_TEST

START_TEST(test_webhook_is_read_as_it_was_written)
{
    commit_sagas();
    add_notify(1, 3, "http://a", 10);
    contract_commit();
    ck_assert_str_eq(
        listed(&(struct store_notify_list){.most = 9}, tell_whole),
        "1 msg_1 kept tells 4 of saga-3 (3, refund) by shop to http://a/hook at http://a "
        "made 6 since 6 due 10 ended 0 waiting after 0-0 0 -");
    ck_assert_str_eq(body_of(1), "{}");
    ck_assert_str_eq(body_of(2), "not found");
}
END_TEST

START_TEST(test_webhook_tried_again_later_keeps_the_rest)
{
    commit_sagas();
    add_notify(1, 1, "http://a", 10);
    add_notify(2, 1, "http://a", 20);
    contract_commit();
    add_later(1, 50, 1);
    contract_commit();
    ck_assert_str_eq(due("http://a", 9), "msg_2 at 20, msg_1 at 50");
    ck_assert_str_eq(all_of(1),
                     "msg_2 waiting after 0-0 0 -, msg_1 waiting after 1-0 503 away");
    ck_assert_str_eq(body_of(1), "{}");
}
END_TEST

/* ---- what became of them --------------------------------------------------------------
 */

START_TEST(test_settled_webhook_waits_no_more_and_is_kept)
{
    struct store_numbers n;

    commit_sagas();
    add_notify(1, 1, "http://a", 10);
    add_notify(7, 1, "http://b", 10);
    contract_commit();
    add_settled(1, STORE_NOTIFY_DELIVERED);
    add_settled(7, STORE_NOTIFY_FAILED);
    contract_commit();
    ck_assert_str_eq(due("http://a", 9), "");
    ck_assert_str_eq(due("http://b", 9), "");
    ck_assert_str_eq(origin_after(NULL), "not found");
    ck_assert_str_eq(all_of(1),
                     "msg_7 failed after 3-0 410 gone, msg_1 delivered after 3-0 200 -");
    ck_assert_str_eq(body_of(1), "{}");
    ck_assert_int_eq(store_read_numbers(contract_reader, &n, &contract_info), ERR_OK);
    ck_assert_uint_eq(n.notify, 7);
}
END_TEST

START_TEST(test_webhook_that_does_not_wait_cannot_be_tried)
{
    commit_sagas();
    add_notify(1, 1, "http://a", 10);
    contract_commit();
    add_notify(1, 1, "http://a", 10);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    add_settled(2, STORE_NOTIFY_DELIVERED);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    add_settled(1, STORE_NOTIFY_DELIVERED);
    add_later(1, 20, 1);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    add_again(2, 20);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    ck_assert_str_eq(all_of(1), "msg_1 waiting after 0-0 0 -");
}
END_TEST

START_TEST(test_lists_of_webhooks_are_by_status_newest_first_and_in_pages)
{
    commit_sagas();
    for (uint64_t num = 1; num <= 6; num++) {
        add_notify(num, 1 + num % 3, "http://a", 10);
    }
    add_settled(1, STORE_NOTIFY_FAILED);
    add_settled(2, STORE_NOTIFY_DELIVERED);
    add_settled(5, STORE_NOTIFY_FAILED);
    contract_commit();
    ck_assert_str_eq(nums(0, 0, 9), "6 5 4 3 2 1");
    ck_assert_str_eq(nums(BIT(FAILED), 0, 9), "5 1");
    ck_assert_str_eq(nums(BIT(WAITING), 0, 9), "6 4 3");
    ck_assert_str_eq(nums(BIT(WAITING) | BIT(FAILED), 0, 9), "6 5 4 3 1");
    ck_assert_str_eq(nums(BIT(DELIVERED), 0, 9), "2");
    ck_assert_str_eq(nums(BIT(DELIVERED) | BIT(FAILED), 0, 9), "5 2 1");
    ck_assert_str_eq(nums(0, 5, 2), "4 3");
    ck_assert_str_eq(nums(BIT(WAITING) | BIT(FAILED), 5, 2), "4 3");
    ck_assert_str_eq(nums(BIT(FAILED), 5, 9), "1");
    ck_assert_str_eq(nums(0, 0, 0), "");
    ck_assert_str_eq(listed(&(struct store_notify_list){.saga = 3,
                                                        .statuses = BIT(FAILED),
                                                        .before_num = 6,
                                                        .most = 9},
                            tell_num),
                     "5");
    ck_assert_str_eq(all_of(9), "");
}
END_TEST

START_TEST(test_webhook_is_found_by_its_id_in_its_saga_only)
{
    struct store_notify n;

    commit_sagas();
    add_notify(1, 1, "http://a", 10);
    add_notify(2, 2, "http://a", 10);
    contract_commit();
    ck_assert_int_eq(store_find_notify(contract_reader, 1, "msg_1", contract_arena, &n,
                                       &contract_info),
                     ERR_OK);
    ck_assert(n.num == 1 && n.saga == 1);
    ck_assert_str_eq(n.saga_id, "saga-1");
    ck_assert_int_eq(store_find_notify(contract_reader, 1, "msg_2", contract_arena, &n,
                                       &contract_info),
                     ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_oldest_webhook_is_the_first_that_waits)
{
    ck_assert_uint_eq(oldest(), 0);
    commit_sagas();
    add_notify(1, 1, "http://a", 10);
    add_notify(2, 1, "http://a", 10);
    add_notify(3, 1, "http://a", 10);
    add_settled(1, STORE_NOTIFY_FAILED);
    contract_commit();
    ck_assert_uint_eq(oldest(), 7);
    add_settled(2, STORE_NOTIFY_DELIVERED);
    contract_commit();
    ck_assert_uint_eq(oldest(), 8);
}
END_TEST

/* ---- again ------------------------------------------------------------------------- */

START_TEST(test_webhook_sent_again_waits_with_its_count_of_attempts)
{
    commit_sagas();
    add_notify(1, 1, "http://a", 10);
    add_settled(1, STORE_NOTIFY_FAILED);
    contract_commit();
    add_again(1, 90);
    contract_commit();
    ck_assert_str_eq(due("http://a", 9), "msg_1 at 90");
    ck_assert_str_eq(
        listed(&(struct store_notify_list){.most = 9}, tell_whole),
        "1 msg_1 kept tells 4 of saga-1 (1, order) by shop to http://a/hook at http://a "
        "made 6 since 90 due 90 ended 0 waiting after 3-3 410 gone");
    add_settled(1, STORE_NOTIFY_DELIVERED);
    contract_commit();
    ck_assert_str_eq(all_of(1), "msg_1 delivered after 3-3 200 -");
}
END_TEST

START_TEST(test_webhook_that_waits_is_hastened)
{
    commit_sagas();
    add_notify(1, 1, "http://a", 10);
    add_later(1, 5000, 2);
    contract_commit();
    add_again(1, 90);
    contract_commit();
    ck_assert_str_eq(due("http://a", 9), "msg_1 at 90");
    ck_assert_str_eq(all_of(1), "msg_1 waiting after 2-2 503 away");
}
END_TEST

/* ---- purged -------------------------------------------------------------------------
 */

START_TEST(test_purged_saga_takes_its_settled_webhooks_along)
{
    commit_sagas();
    add_notify(1, 1, "http://a", 10);
    add_notify(2, 1, "http://a", 20);
    add_notify(3, 2, "http://a", 30);
    add_settled(1, STORE_NOTIFY_DELIVERED);
    add_settled(2, STORE_NOTIFY_FAILED);
    add_settled(3, STORE_NOTIFY_FAILED);
    contract_commit();
    add_purge(1);
    contract_commit();
    ck_assert_str_eq(nums(0, 0, 9), "3");
    ck_assert_str_eq(nums(BIT(FAILED), 0, 9), "3");
    ck_assert_str_eq(body_of(1), "not found");
    ck_assert_str_eq(body_of(2), "not found");
    ck_assert_str_eq(body_of(3), "{}");
}
END_TEST

START_TEST(test_webhook_that_waits_outlives_its_saga_until_it_is_settled)
{
    struct store_numbers n;

    commit_sagas();
    add_notify(1, 1, "http://a", 10);
    add_notify(2, 1, "http://b", 10);
    contract_commit();
    add_purge(1);
    contract_commit();
    ck_assert_str_eq(nums(0, 0, 9), "");
    ck_assert_str_eq(nums(BIT(WAITING), 0, 9), "");
    ck_assert_str_eq(due("http://a", 9), "msg_1 at 10");
    add_again(1, 20);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    add_later(1, 50, 1);
    contract_commit();
    ck_assert_str_eq(due("http://a", 9), "msg_1 at 50");
    ck_assert_str_eq(body_of(1), "{}");
    add_settled(1, STORE_NOTIFY_DELIVERED);
    add_settled(2, STORE_NOTIFY_FAILED);
    contract_commit();
    ck_assert_str_eq(origin_after(NULL), "not found");
    ck_assert_str_eq(body_of(1), "not found");
    ck_assert_str_eq(body_of(2), "not found");
    ck_assert_int_eq(store_read_numbers(contract_reader, &n, &contract_info), ERR_OK);
    ck_assert_uint_eq(n.notify, 0);
}
END_TEST

START_TEST(test_webhooks_are_seen_as_of_one_moment)
{
    commit_sagas();
    add_notify(1, 1, "http://a", 10);
    contract_commit();
    ck_assert_int_eq(store_reader_begin(contract_reader, &contract_info), ERR_OK);
    add_settled(1, STORE_NOTIFY_DELIVERED);
    add_notify(2, 1, "http://b", 10);
    contract_commit();
    ck_assert_str_eq(origin_after(NULL), "http://a");
    ck_assert_str_eq(origin_after("http://a"), "not found");
    ck_assert_str_eq(nums(0, 0, 9), "1");
    store_reader_end(contract_reader);
    ck_assert_str_eq(origin_after(NULL), "http://b");
    ck_assert_str_eq(nums(0, 0, 9), "2 1");
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_webhooks_of_an_origin_come_by_due_time);
    tcase_add_test(t, test_origins_of_webhooks_that_wait_are_each_found_once);
    tcase_add_test(t, test_webhook_is_read_as_it_was_written);
    tcase_add_test(t, test_webhook_tried_again_later_keeps_the_rest);
    tcase_add_test(t, test_settled_webhook_waits_no_more_and_is_kept);
    tcase_add_test(t, test_webhook_that_does_not_wait_cannot_be_tried);
    tcase_add_test(t, test_lists_of_webhooks_are_by_status_newest_first_and_in_pages);
    tcase_add_test(t, test_webhook_is_found_by_its_id_in_its_saga_only);
    tcase_add_test(t, test_oldest_webhook_is_the_first_that_waits);
    tcase_add_test(t, test_webhook_sent_again_waits_with_its_count_of_attempts);
    tcase_add_test(t, test_webhook_that_waits_is_hastened);
    tcase_add_test(t, test_purged_saga_takes_its_settled_webhooks_along);
    tcase_add_test(t, test_webhook_that_waits_outlives_its_saga_until_it_is_settled);
    tcase_add_test(t, test_webhooks_are_seen_as_of_one_moment);
}

Suite *contract_notify_suite(void)
{
    return contract_suite("notify", add_tests);
}
