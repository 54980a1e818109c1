/* contract_audit.c - the audit: entries, filters, pages. */
#include "base/buf.h"
#include "tests/contract/contract.h"

#define FIRST_HASH "dc0c48dd0e317a981ac1811b477c96df9453a18855a7562a98a9ec19c0437ee1"

static void add_audit(const char *actor, const char *action, const char *subject)
{
    store_batch_add(&contract_batch, STORE_AUDIT)->of.audit = (struct store_audit){
        .at_ms = 5, .actor = actor, .action = action, .subject = subject};
}

static bool tell_audit(void *user, const struct store_audit *a)
{
    buf_printf(user, "%s%s %s %s", ((struct buf *)user)->n > 0 ? ", " : "", a->actor,
               a->action, a->subject);
    return true;
}

static const char *audit_words(const struct store_audit_query *q)
{
    struct buf words;
    const char *told;

    buf_init(&words, 4096);
    ck_assert_int_eq(
        store_scan_audit(contract_reader, q, tell_audit, &words, &contract_info), ERR_OK);
    told = arena_text(contract_arena, buf_text(&words));
    buf_done(&words);
    return told;
}

static bool keep_audit(void *user, const struct store_audit *a)
{
    struct store_audit *to = user;

    *to = *a;
    to->actor = arena_text(contract_arena, a->actor);
    to->action = arena_text(contract_arena, a->action);
    to->subject = arena_text(contract_arena, a->subject);
    to->reason = arena_text(contract_arena, a->reason);
    to->request_id = arena_text(contract_arena, a->request_id);
    to->previous = arena_text(contract_arena, a->previous);
    to->hash = arena_text(contract_arena, a->hash);
    return false;
}

START_TEST(test_audit_entry_is_read_as_it_was_written)
{
    const struct store_audit_query q = {.most = 9};
    struct store_audit read = {.seq = 0};

    store_batch_add(&contract_batch, STORE_AUDIT)->of.audit =
        (struct store_audit){.at_ms = 5,
                             .actor = "ann",
                             .action = "retry",
                             .subject = "saga-1",
                             .turn = 3,
                             .reason = "it is up again",
                             .request_id = "r1"};
    contract_commit();
    ck_assert_int_eq(
        store_scan_audit(contract_reader, &q, keep_audit, &read, &contract_info), ERR_OK);
    ck_assert_uint_eq(read.seq, 1);
    ck_assert_uint_eq(read.at_ms, 5);
    ck_assert_str_eq(read.actor, "ann");
    ck_assert_str_eq(read.action, "retry");
    ck_assert_str_eq(read.subject, "saga-1");
    ck_assert_uint_eq(read.turn, 3);
    ck_assert_str_eq(read.reason, "it is up again");
    ck_assert_str_eq(read.request_id, "r1");
    add_audit("bob", "put", "order");
    contract_commit();
    ck_assert_int_eq(
        store_scan_audit(contract_reader, &q, keep_audit, &read, &contract_info), ERR_OK);
    ck_assert_uint_eq(read.seq, 2);
    ck_assert_ptr_null(read.reason);
    ck_assert_ptr_null(read.request_id);
}
END_TEST

static bool tell_hashes(void *user, const struct store_audit *a)
{
    buf_printf(user, "%s%s %s", ((struct buf *)user)->n > 0 ? ", " : "",
               a->previous != NULL ? a->previous : "none", a->hash);
    return true;
}

/* The recipe is a promise to clients: docs/manual/audit.md names the first hash. */
START_TEST(test_audit_entries_carry_the_hashes_of_the_manual)
{
    const struct store_audit_query q = {.most = 9};
    struct buf words;

    store_batch_add(&contract_batch, STORE_AUDIT)->of.audit =
        (struct store_audit){.at_ms = 1767323045006,
                             .actor = "ann",
                             .action = "retry",
                             .subject = "saga-1",
                             .turn = 3,
                             .reason = "it is up again",
                             .request_id = "r1"};
    add_audit("bob", "put", "order");
    contract_commit();
    buf_init(&words, 4096);
    ck_assert_int_eq(
        store_scan_audit(contract_reader, &q, tell_hashes, &words, &contract_info),
        ERR_OK);
    ck_assert_str_eq(buf_text(&words), FIRST_HASH
                     " c42d1e1e7dc49d7412749ea0904f97ac942c3c5363ae9f010f2616e9ca8c9022, "
                     "none " FIRST_HASH);
    buf_done(&words);
}
END_TEST

/* In the middle of a batch, so that what is remembered has to be taken back. */
START_TEST(test_audit_chain_goes_on_after_a_refused_batch)
{
    const struct store_audit_query q = {.most = 9};
    struct store_audit first = {.seq = 0};
    struct store_audit second = {.seq = 0};

    add_audit("ann", "retry", "saga-1");
    contract_commit();
    ck_assert_int_eq(
        store_scan_audit(contract_reader, &q, keep_audit, &first, &contract_info),
        ERR_OK);
    add_audit("ann", "close", "saga-1");
    (void)contract_add_saga(1, 77);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    add_audit("bob", "put", "order");
    contract_commit();
    ck_assert_int_eq(
        store_scan_audit(contract_reader, &q, keep_audit, &second, &contract_info),
        ERR_OK);
    ck_assert_uint_eq(second.seq, 2);
    ck_assert_str_eq(second.previous, first.hash);
}
END_TEST

static void commit_audit(void)
{
    add_audit("ann", "retry", "saga-1");
    add_audit("bob", "retry", "saga-2");
    add_audit("ann", "put", "order");
    add_audit("ann", "close", "saga-1");
    contract_commit();
}

START_TEST(test_audit_comes_newest_first_in_pages)
{
    commit_audit();
    ck_assert_str_eq(audit_words(&(struct store_audit_query){.most = 2}),
                     "ann close saga-1, ann put order");
    ck_assert_str_eq(audit_words(&(struct store_audit_query){.before_seq = 3, .most = 9}),
                     "bob retry saga-2, ann retry saga-1");
    ck_assert_str_eq(audit_words(&(struct store_audit_query){.before_seq = 1, .most = 9}),
                     "");
    ck_assert_str_eq(audit_words(&(struct store_audit_query){.most = 0}), "");
}
END_TEST

START_TEST(test_audit_is_filtered_by_each_of_its_words_and_by_all)
{
    commit_audit();
    ck_assert_str_eq(audit_words(&(struct store_audit_query){.actor = "bob", .most = 9}),
                     "bob retry saga-2");
    ck_assert_str_eq(
        audit_words(&(struct store_audit_query){.action = "retry", .most = 9}),
        "bob retry saga-2, ann retry saga-1");
    ck_assert_str_eq(
        audit_words(&(struct store_audit_query){.subject = "saga-1", .most = 9}),
        "ann close saga-1, ann retry saga-1");
    ck_assert_str_eq(
        audit_words(&(struct store_audit_query){
            .subject = "saga-1", .action = "retry", .actor = "ann", .most = 9}),
        "ann retry saga-1");
    ck_assert_str_eq(audit_words(&(struct store_audit_query){
                         .subject = "saga-1", .before_seq = 4, .most = 9}),
                     "ann retry saga-1");
    ck_assert_str_eq(audit_words(&(struct store_audit_query){.actor = "eve", .most = 9}),
                     "");
}
END_TEST

START_TEST(test_audit_is_seen_as_of_one_moment)
{
    add_audit("ann", "retry", "saga-1");
    contract_commit();
    ck_assert_int_eq(store_reader_begin(contract_reader, &contract_info), ERR_OK);
    add_audit("bob", "close", "saga-1");
    contract_commit();
    ck_assert_str_eq(audit_words(&(struct store_audit_query){.most = 9}),
                     "ann retry saga-1");
    store_reader_end(contract_reader);
    ck_assert_str_eq(audit_words(&(struct store_audit_query){.most = 9}),
                     "bob close saga-1, ann retry saga-1");
}
END_TEST

START_TEST(test_audit_of_a_refused_batch_is_not_there)
{
    add_audit("ann", "retry", "saga-1");
    (void)contract_add_saga(1, 77);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    ck_assert_str_eq(audit_words(&(struct store_audit_query){.most = 9}), "");
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_audit_entry_is_read_as_it_was_written);
    tcase_add_test(t, test_audit_entries_carry_the_hashes_of_the_manual);
    tcase_add_test(t, test_audit_chain_goes_on_after_a_refused_batch);
    tcase_add_test(t, test_audit_comes_newest_first_in_pages);
    tcase_add_test(t, test_audit_is_filtered_by_each_of_its_words_and_by_all);
    tcase_add_test(t, test_audit_is_seen_as_of_one_moment);
    tcase_add_test(t, test_audit_of_a_refused_batch_is_not_there);
}

Suite *contract_audit_suite(void)
{
    return contract_suite("audit", add_tests);
}
