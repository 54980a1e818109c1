/* contract_plans.c - SQLite: the lists are walks of indexes, whatever is asked for. The
 * plans are asked of SQLite for the statements that the store really runs. */
#include <sqlite3.h>
#include <string.h>

#include "base/buf.h"
#include "engine/store/sqlite/sqlite_store.h"
#include "tests/contract/contract.h"

#define BIT(status) (1U << SAGA_STATUS_##status)

static struct buf statement; /* The text of the last one that began with SELECT. */

static int note_statement(unsigned kind, void *user, void *stmt, void *text)
{
    (void)kind;
    (void)user;
    (void)stmt;
    if (strncmp(text, "SELECT", 6) == 0) {
        buf_clear(&statement);
        buf_add_text(&statement, text);
    }
    return 0;
}

static sqlite3 *reader_db(void)
{
    return ((struct sqlite_reader *)contract_reader)->db;
}

static void watch(void)
{
    buf_init(&statement, 1000000);
    ck_assert_int_eq(
        sqlite3_trace_v2(reader_db(), SQLITE_TRACE_STMT, note_statement, NULL),
        SQLITE_OK);
}

/* The plan of the noted statement, one line each. */
static const char *plan(void)
{
    struct buf sql;
    struct buf lines;
    sqlite3_stmt *st = NULL;
    const char *text;

    (void)sqlite3_trace_v2(reader_db(), 0, NULL, NULL); /* Off: cannot fail. */
    buf_init(&sql, 1000000);
    buf_init(&lines, 1000000);
    buf_printf(&sql, "EXPLAIN QUERY PLAN %s", buf_text(&statement));
    ck_assert_msg(sqlite3_prepare_v2(reader_db(), buf_text(&sql), -1, &st, NULL) ==
                      SQLITE_OK,
                  "%s", sqlite3_errmsg(reader_db()));
    while (sqlite3_step(st) == SQLITE_ROW) {
        buf_printf(&lines, "%s\n", (const char *)sqlite3_column_text(st, 3));
    }
    ck_assert_int_eq(sqlite3_finalize(st), SQLITE_OK);
    text = arena_text(contract_arena, buf_text(&lines));
    buf_done(&sql);
    buf_done(&lines);
    buf_done(&statement);
    return text;
}

static unsigned times_in(const char *text, const char *word)
{
    unsigned n = 0;

    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word)) {
        n++;
    }
    return n;
}

/* The only sort is of the page found; nothing walks a whole table but that page. */
static void assert_walks(const char *lines, const char *index)
{
    ck_assert_msg(times_in(lines, "TEMP B-TREE") <= 1, "%s", lines);
    ck_assert_msg(times_in(lines, "SCAN") == times_in(lines, "SCAN hit"), "%s", lines);
    ck_assert_msg(strstr(lines, index) != NULL, "%s", lines);
}

static const char *plan_of_list(const struct store_filter *filter)
{
    watch();
    (void)contract_list(filter, 100, 10);
    return plan();
}

START_TEST(test_list_by_status_walks_the_status_indexes)
{
    const char *lines = plan_of_list(
        &(struct store_filter){.statuses = BIT(RUNNING) | BIT(STUCK) | BIT(COMPENSATED)});

    assert_walks(lines, "saga_open (status=? AND is_asleep=? AND rowid<?)");
    assert_walks(lines, "saga_ended (status=? AND rowid<?)");
}
END_TEST

START_TEST(test_list_that_ends_above_a_number_walks_no_further)
{
    static const char *const texts[] = {"a"};

    assert_walks(
        plan_of_list(&(struct store_filter){.statuses = BIT(STUCK), .above_num = 5}),
        "saga_open (status=? AND is_asleep=? AND rowid>? AND rowid<?)");
    assert_walks(plan_of_list(&(struct store_filter){
                     .definitions = texts, .n_definitions = 1, .above_num = 5}),
                 "saga_name (name=? AND rowid>? AND rowid<?)");
    assert_walks(
        plan_of_list(&(struct store_filter){
            .label_names = texts, .label_values = texts, .n_labels = 1, .above_num = 5}),
        "PRIMARY KEY (name=? AND value=? AND saga>? AND saga<?)");
    assert_walks(plan_of_list(&(struct store_filter){.above_num = 5, .paused = -1}),
                 "INTEGER PRIMARY KEY (rowid>? AND rowid<?)");
}
END_TEST

START_TEST(test_list_by_definition_walks_its_index)
{
    static const char *const names[] = {"order", "refund"};

    assert_walks(plan_of_list(&(struct store_filter){
                     .definitions = names, .n_definitions = 2, .updated_after_ms = 5}),
                 "saga_name (name=? AND rowid<?)");
    assert_walks(plan_of_list(&(struct store_filter){
                     .definitions = names, .n_definitions = 2, .statuses = BIT(STUCK)}),
                 "COVERING INDEX saga_stuck_name (name=? AND status=? AND rowid<?)");
}
END_TEST

START_TEST(test_list_by_key_stuck_step_or_label_walks_its_index)
{
    static const char *const texts[] = {"a", "b"};

    assert_walks(plan_of_list(&(struct store_filter){
                     .keys = texts, .n_keys = 2, .statuses = BIT(RUNNING)}),
                 "saga_key (key=? AND rowid<?)");
    assert_walks(plan_of_list(&(struct store_filter){.stuck_steps = texts,
                                                     .n_stuck_steps = 2,
                                                     .definitions = texts,
                                                     .n_definitions = 2}),
                 "COVERING INDEX saga_stuck (num<?)");
    assert_walks(
        plan_of_list(&(struct store_filter){
            .label_names = texts, .label_values = texts, .n_labels = 2, .paused = -1}),
        "(name=? AND value=? AND saga<?)");
}
END_TEST

START_TEST(test_what_only_stuck_sagas_have_walks_their_indexes)
{
    static const char *const texts[] = {"a", "b"};
    const struct store_filter group = {.definitions = texts,
                                       .n_definitions = 2,
                                       .stuck_steps = texts,
                                       .n_stuck_steps = 1,
                                       .stuck_calls = 1,
                                       .stuck_outcomes = 2};

    assert_walks(plan_of_list(&(struct store_filter){.stuck_error = "x"}),
                 "COVERING INDEX saga_stuck (num<?)");
    assert_walks(plan_of_list(&group), "saga_stuck_group (name=? AND stuck_step=? AND "
                                       "stuck_call=? AND stuck_outcome=? AND num<?)");
}
END_TEST

START_TEST(test_list_without_a_leading_condition_walks_the_sagas_downwards)
{
    assert_walks(plan_of_list(&(struct store_filter){.paused = -1}),
                 "INTEGER PRIMARY KEY (rowid<?)");
}
END_TEST

START_TEST(test_list_of_paused_sagas_reads_no_others)
{
    assert_walks(plan_of_list(&(struct store_filter){.paused = 1}),
                 "COVERING INDEX saga_paused (is_paused=? AND rowid<?)");
}
END_TEST

START_TEST(test_a_list_by_labels_alone_looks_at_no_row_but_those_found)
{
    static const char *const texts[] = {"a", "b"};
    const char *lines = plan_of_list(&(struct store_filter){
        .label_names = texts, .label_values = texts, .n_labels = 2});

    ck_assert_msg(times_in(lines, "SEARCH s ") == 1, "%s", lines);
    ck_assert_msg(times_in(lines, "USING PRIMARY KEY (name=? AND value=? AND saga") == 2,
                  "%s", lines);
}
END_TEST

/* 300 completed of order, 3 of them resolved and with a label; 3 completed of refund. */
START_TEST(test_the_rarest_condition_leads)
{
    static const char *const order[] = {"order"};
    static const char *const refund[] = {"refund"};
    static const char *const label[] = {"rare"};

    contract_commit_definitions();
    for (uint64_t n = 1; n <= 300; n++) {
        struct store_saga *s = contract_add_saga(n, n % 100 == 50 ? 3 : 1);

        s->status = n % 100 == 0 ? SAGA_STATUS_RESOLVED : SAGA_STATUS_COMPLETED;
        s->labels = n % 100 == 0 ? "{\"rare\":\"rare\"}" : NULL;
    }
    contract_commit();
    assert_walks(plan_of_list(&(struct store_filter){.definitions = order,
                                                     .n_definitions = 1,
                                                     .statuses = BIT(RESOLVED)}),
                 "saga_ended (status=? AND rowid<?)");
    assert_walks(plan_of_list(&(struct store_filter){.definitions = refund,
                                                     .n_definitions = 1,
                                                     .statuses = BIT(COMPLETED)}),
                 "saga_name (name=? AND rowid<?)");
    assert_walks(plan_of_list(&(struct store_filter){.definitions = order,
                                                     .n_definitions = 1,
                                                     .label_names = label,
                                                     .label_values = label,
                                                     .n_labels = 1}),
                 "SEARCH l USING PRIMARY KEY (name=? AND value=? AND saga<?)");
}
END_TEST

START_TEST(test_recovery_and_the_due_index_need_no_sort)
{
    watch();
    (void)contract_awake(0, 10);
    assert_walks(plan(), "saga_open (status=? AND is_asleep=? AND rowid>?)");
    assert_walks(
        plan_of_list(&(struct store_filter){.statuses = BIT(RUNNING), .is_awake = true}),
        "saga_open (status=? AND is_asleep=? AND rowid<?)");
    watch();
    (void)contract_due(100, 10);
    assert_walks(plan(), "saga_due (wake_ms>? AND wake_ms<?)");
}
END_TEST

static bool stop_there(void *user, const struct store_notify *n)
{
    (void)user;
    (void)n;
    return false;
}

START_TEST(test_webhooks_by_origin_need_no_sort)
{
    const char *origin;

    watch();
    ck_assert_int_eq(store_next_notify_origin(contract_reader, "a", contract_arena,
                                              &origin, &contract_info),
                     ERR_NOT_FOUND);
    assert_walks(plan(), "notify_due (origin>?)");
    watch();
    ck_assert_int_eq(
        store_scan_notify(contract_reader, "a", 9, stop_there, NULL, &contract_info),
        ERR_OK);
    assert_walks(plan(), "notify_due (origin=?)");
}
END_TEST

static const char *plan_of_webhooks(uint64_t saga, unsigned statuses)
{
    const struct store_notify_list list = {
        .saga = saga, .statuses = statuses, .before_num = 7, .most = 9};

    watch();
    ck_assert_int_eq(
        store_list_notify(contract_reader, &list, stop_there, NULL, &contract_info),
        ERR_OK);
    return plan();
}

START_TEST(test_lists_of_webhooks_need_no_sort)
{
    static const unsigned failed = 1U << STORE_NOTIFY_FAILED;
    uint64_t oldest_ms;

    assert_walks(plan_of_webhooks(0, failed), "notify_open (status=? AND rowid<?)");
    assert_walks(plan_of_webhooks(0, failed | 1U << STORE_NOTIFY_WAITING),
                 "notify_open (status=? AND rowid<?)");
    assert_walks(plan_of_webhooks(0, 0), "INTEGER PRIMARY KEY (rowid<?)");
    assert_walks(plan_of_webhooks(1, failed), "notify_saga (saga=? AND rowid<?)");
    watch();
    ck_assert_int_eq(store_oldest_notify(contract_reader, &oldest_ms, &contract_info),
                     ERR_OK);
    assert_walks(plan(), "notify_open (status=?)");
}
END_TEST

static bool pass_over(void *user, const struct store_saga *s)
{
    (void)user;
    (void)s;
    return true;
}

static bool no_group(void *user, const struct store_stuck_group *g)
{
    (void)user;
    (void)g;
    return true;
}

START_TEST(test_stuck_groups_are_counted_from_their_index_alone)
{
    const struct store_stuck_group g = {.definition = "order", .step = "pay"};
    const char *lines;
    uint64_t oldest_ms;

    watch();
    ck_assert_int_eq(
        store_scan_stuck(contract_reader, NULL, 9, no_group, NULL, &contract_info),
        ERR_OK);
    lines = plan();
    ck_assert_msg(strstr(lines, "SCAN saga USING COVERING INDEX saga_stuck_group") !=
                      NULL,
                  "%s", lines);
    ck_assert_msg(times_in(lines, "TEMP B-TREE") == 1, "%s", lines); /* Of the groups. */
    watch();
    ck_assert_int_eq(
        store_scan_stuck_sagas(contract_reader, &g, 5, pass_over, NULL, &contract_info),
        ERR_OK);
    lines = plan();
    ck_assert_msg(strstr(lines, "saga_stuck_group (name=? AND stuck_step=? AND "
                                "stuck_call=? AND stuck_outcome=?)") != NULL,
                  "%s", lines);
    ck_assert_msg(times_in(lines, "TEMP B-TREE") == 0, "%s", lines);
    watch();
    ck_assert_int_eq(store_oldest_stuck(contract_reader, &oldest_ms, &contract_info),
                     ERR_OK);
    lines = plan();
    ck_assert_msg(strstr(lines, "COVERING INDEX saga_stuck_since") != NULL, "%s", lines);
}
END_TEST

START_TEST(test_lines_and_children_are_walks_of_their_indexes)
{
    struct store_saga s;
    const char *lines;

    watch();
    ck_assert_int_eq(store_scan_line(contract_reader, "order", "k", 10, pass_over, NULL,
                                     &contract_info),
                     ERR_OK);
    lines = plan();
    ck_assert_msg(strstr(lines, "saga_line (name=? AND ordering_key=?)") != NULL, "%s",
                  lines);
    ck_assert_msg(strstr(lines, "TEMP B-TREE") == NULL, "%s", lines);
    watch();
    ck_assert_int_eq(
        store_find_child(contract_reader, 1, 2, 3, contract_arena, &s, &contract_info),
        ERR_NOT_FOUND);
    lines = plan();
    ck_assert_msg(strstr(lines, "saga_child (parent=? AND parent_step=? AND "
                                "parent_item=?)") != NULL,
                  "%s", lines);
    ck_assert_msg(strstr(lines, "TEMP B-TREE") == NULL, "%s", lines);
}
END_TEST

Suite *contract_plans_suite(void)
{
    Suite *suite = suite_create("plans");
    TCase *t = tcase_create("sqlite");

    tcase_add_checked_fixture(t, contract_open_sqlite, contract_close);
    tcase_add_test(t, test_list_by_status_walks_the_status_indexes);
    tcase_add_test(t, test_list_by_definition_walks_its_index);
    tcase_add_test(t, test_list_that_ends_above_a_number_walks_no_further);
    tcase_add_test(t, test_list_by_key_stuck_step_or_label_walks_its_index);
    tcase_add_test(t, test_what_only_stuck_sagas_have_walks_their_indexes);
    tcase_add_test(t, test_stuck_groups_are_counted_from_their_index_alone);
    tcase_add_test(t, test_list_without_a_leading_condition_walks_the_sagas_downwards);
    tcase_add_test(t, test_list_of_paused_sagas_reads_no_others);
    tcase_add_test(t, test_a_list_by_labels_alone_looks_at_no_row_but_those_found);
    tcase_add_test(t, test_the_rarest_condition_leads);
    tcase_add_test(t, test_recovery_and_the_due_index_need_no_sort);
    tcase_add_test(t, test_lines_and_children_are_walks_of_their_indexes);
    tcase_add_test(t, test_webhooks_by_origin_need_no_sort);
    tcase_add_test(t, test_lists_of_webhooks_need_no_sort);
    suite_add_tcase(suite, t);
    return suite;
}
