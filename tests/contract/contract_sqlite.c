/* contract_sqlite.c - what only a file can show: life after death, locks, places,
 * migrations, pragmas. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_migrate.h"
#include "engine/store/sqlite/sqlite_remote.h"
#include "engine/store/sqlite/sqlite_store.h"
#include "tests/contract/contract.h"

/* The first column of a query's first row on a connection of our own. */
static const char *ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *st = NULL;
    const char *answer = "(none)";

    ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &st, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(db));
    if (sqlite3_step(st) == SQLITE_ROW && sqlite3_column_text(st, 0) != NULL) {
        answer = arena_text(contract_arena, (const char *)sqlite3_column_text(st, 0));
    }
    ck_assert_int_eq(sqlite3_finalize(st), SQLITE_OK);
    return answer;
}

static sqlite3 *opened(const char *path)
{
    sqlite3 *db = NULL;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    return db;
}

static void alter(const char *sql)
{
    sqlite3 *db = opened(contract_path());

    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK, "%s",
                  sqlite3_errmsg(db));
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}

static void close_store(void)
{
    store_reader_close(contract_reader);
    store_close(contract_store);
    contract_reader = NULL;
    contract_store = NULL;
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    ck_assert_msg(stat(path, &st) == 0, "%s", path);
    return st.st_mode & 0777;
}

/* ---- life after death
 * ------------------------------------------------------------------ */

START_TEST(test_everything_is_there_after_close_and_open)
{
    contract_commit_definitions();
    contract_add_saga(1, 1)->labels = "{\"a\":\"b\"}";
    contract_add_turn(1, 1, "one");
    contract_commit();
    contract_reopen();
    ck_assert_str_eq(contract_turns(1, 0, 9), "1 one");
    ck_assert_str_eq(contract_counts(), "order running 1");
    (void)contract_add_update(1, SAGA_STATUS_COMPLETED);
    contract_commit();
    contract_reopen();
    ck_assert_str_eq(contract_counts(), "order completed 1");
}
END_TEST

/* In a child that dies without closing anything; its fixture's folder is ours. */
static void commit_and_die(uint64_t n_turns)
{
    const pid_t child = fork();
    int status = 0;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        contract_open_here();
        contract_commit_definitions();
        (void)contract_add_saga(1, 1);
        contract_commit();
        for (uint64_t i = 1; i <= n_turns; i++) {
            contract_add_turn(1, i, "state");
            contract_commit();
        }
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

START_TEST(test_every_committed_turn_is_there_after_a_crash)
{
    struct store_turn last;

    close_store();
    commit_and_die(100); /* Past a checkpoint, and short of the next. */
    contract_open_here();
    ck_assert_int_eq(
        store_last_turn(contract_reader, 1, contract_arena, &last, &contract_info),
        ERR_OK);
    ck_assert_uint_eq(last.turn, 100);
    ck_assert_str_eq(contract_turns(1, 99, 9), "99 state, 100 state");
    ck_assert_str_eq(contract_counts(), "order running 1");
    contract_add_turn(1, 101, "goes on");
    contract_commit();
}
END_TEST

/* ---- one process per file
 * ----------------------------------------------------------------- */

START_TEST(test_second_open_is_refused_naming_the_holder)
{
    struct store *second = NULL;
    const char *pid = arena_printf(contract_arena, "pid %ld, started ", (long)getpid());

    ck_assert_int_eq(contract_open_at(&second, false), ERR_BUSY);
    ck_assert_ptr_null(second);
    ck_assert_msg(strstr(contract_info.text, pid) != NULL, "%s", contract_info.text);
    contract_commit_definitions(); /* The first goes on. */
}
END_TEST

START_TEST(test_lock_file_tells_the_last_sign_of_life_across_a_restart)
{
    const struct timespec times[2] = {{1000, 0}, {1000, 0}};
    const char *path = store_alive_path(contract_store);
    struct stat st;

    ck_assert_str_eq(path, contract_beside(".lock"));
    ck_assert_int_eq(utimensat(AT_FDCWD, path, times, 0), 0);
    contract_reopen();
    ck_assert_int_eq(stat(contract_beside(".lock"), &st), 0);
    ck_assert_int_eq(st.st_mtim.tv_sec, 1000);
}
END_TEST

/* ---- the place
 * -------------------------------------------------------------------------------- */

START_TEST(test_files_are_for_their_owner_only)
{
    contract_commit_definitions();
    ck_assert_uint_eq(mode_of(contract_path()), 0600);
    ck_assert_uint_eq(mode_of(contract_beside("-wal")), 0600);
    ck_assert_uint_eq(mode_of(contract_beside(".lock")), 0600);
    ck_assert_uint_eq(mode_of(contract_beside(".reserve")), 0600);
}
END_TEST

START_TEST(test_world_writable_folder_is_refused)
{
    struct store *s = NULL;
    char *folder = arena_text(contract_arena, contract_path());

    close_store();
    *strrchr(folder, '/') = '\0';
    ck_assert_int_eq(chmod(folder, 01777), 0);
    ck_assert_int_eq(contract_open_at(&s, false), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(contract_info.text, "everybody may write"));
    ck_assert_int_eq(contract_open_at(&s, true), ERR_OK); /* A throw-away database. */
    store_close(s);
}
END_TEST

START_TEST(test_database_open_to_everybody_is_refused)
{
    struct store *s = NULL;

    close_store();
    ck_assert_int_eq(chmod(contract_path(), 0604), 0);
    ck_assert_int_eq(contract_open_at(&s, false), ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(contract_info.text, "chmod 600"));
}
END_TEST

START_TEST(test_missing_folder_is_refused_in_words)
{
    const struct store_sqlite_options options = {.is_dev = true};
    struct store *s = NULL;

    ck_assert_int_eq(
        store_open_sqlite("/nowhere/at/all/saga.db", &options, &s, &contract_info),
        ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(contract_info.text, "/nowhere/at/all"));
}
END_TEST

START_TEST(test_network_file_systems_are_known)
{
    ck_assert_str_eq(sqlite_remote_by_magic(0x6969), "NFS");
    ck_assert_str_eq(sqlite_remote_by_magic(0xFE534D42), "SMB2");
    ck_assert_ptr_null(sqlite_remote_by_magic(0xEF53)); /* ext4 */
    ck_assert(sqlite_remote_is_fuse_name("fuse.sshfs"));
    ck_assert(!sqlite_remote_is_fuse_name("fuse.fuse-overlayfs"));
}
END_TEST

START_TEST(test_free_space_is_told)
{
    ck_assert_uint_gt(store_free_bytes(contract_store), 0);
    ck_assert_uint_lt(store_free_bytes(contract_store), UINT64_MAX);
}
END_TEST

/* ---- identity and migrations
 * --------------------------------------------------------------------- */

START_TEST(test_newer_database_is_refused_in_words)
{
    struct store *s = NULL;

    close_store();
    alter("PRAGMA user_version = 99");
    ck_assert_int_eq(contract_open_at(&s, false), ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(contract_info.text, "version 99"));
    ck_assert_ptr_nonnull(strstr(contract_info.text, "start the newer sagad"));
}
END_TEST

START_TEST(test_database_of_another_program_is_refused_and_left_alone)
{
    struct store *s = NULL;
    sqlite3 *db;

    close_store();
    ck_assert_int_eq(unlink(contract_path()), 0);
    alter("CREATE TABLE theirs (a)");
    ck_assert_int_eq(chmod(contract_path(), 0600), 0);
    ck_assert_int_eq(contract_open_at(&s, false), ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(contract_info.text, "another program"));
    db = opened(contract_path());
    ck_assert_str_eq(ask(db, "PRAGMA journal_mode"), "delete");
    ck_assert_str_eq(ask(db, "SELECT COUNT(*) FROM sqlite_schema"), "1");
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
END_TEST

START_TEST(test_file_that_is_no_database_is_refused)
{
    struct store *s = NULL;
    FILE *f;

    close_store();
    f = fopen(contract_path(), "w");
    ck_assert_ptr_nonnull(f);
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_ge(fputs("this is a text. ", f), 0);
    }
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(contract_open_at(&s, false), ERR_IO);
    ck_assert_ptr_nonnull(strstr(contract_info.text, "not a database"));
}
END_TEST

static const struct migration second_step = {2, "more",
                                             "CREATE TABLE more (a INTEGER) STRICT;"};
static const struct migration broken_step = {
    2, "broken", "CREATE TABLE more (a); CREATE TABLE more (a);"};

static enum err migrate_to(const struct migration *second, int *from, int *to)
{
    const struct migration steps[] = {migrations_sqlite[0], *second};
    struct sqlite_place place;
    sqlite3 *db = NULL;
    enum err e;

    ck_assert_int_eq(sqlite_place_open(&place, contract_path(), false, &contract_info),
                     ERR_OK);
    ck_assert_int_eq(sqlite_db_open_writer(contract_path(), &db, &contract_info), ERR_OK);
    e = sqlite_migrate_run(db, &place, steps, 2, from, to, &contract_info);
    sqlite_db_close(db);
    sqlite_place_close(&place);
    return e;
}

START_TEST(test_migration_backs_the_database_up_first)
{
    int from = -1;
    int to = -1;
    sqlite3 *db;

    contract_commit_definitions();
    close_store();
    ck_assert_msg(migrate_to(&second_step, &from, &to) == ERR_OK, "%s",
                  contract_info.text);
    ck_assert_int_eq(from, 1);
    ck_assert_int_eq(to, 2);
    db = opened(contract_beside(".v1.backup"));
    ck_assert_str_eq(ask(db, "PRAGMA user_version"), "1");
    ck_assert_str_eq(ask(db, "SELECT COUNT(*) FROM definition"), "3");
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    ck_assert_uint_eq(mode_of(contract_beside(".v1.backup")), 0600);
    ck_assert_int_ne(access(contract_beside(".v1.backup.part"), F_OK), 0);
    db = opened(contract_path());
    ck_assert_str_eq(ask(db, "PRAGMA user_version"), "2");
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
}
END_TEST

START_TEST(test_failed_migration_changes_nothing)
{
    int from = -1;
    int to = -1;
    sqlite3 *db;

    contract_commit_definitions();
    close_store();
    ck_assert_int_ne(migrate_to(&broken_step, &from, &to), ERR_OK);
    ck_assert_int_eq(from, -1);
    db = opened(contract_path());
    ck_assert_str_eq(ask(db, "PRAGMA user_version"), "1");
    ck_assert_str_eq(ask(db, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'more'"),
                     "0");
    ck_assert_int_eq(sqlite3_close(db), SQLITE_OK);
    ck_assert_int_eq(contract_open_at(&contract_store, false), ERR_OK);
}
END_TEST

START_TEST(test_migrate_command_tells_from_and_to)
{
    int from = -1;
    int to = -1;

    close_store();
    ck_assert_int_eq(unlink(contract_path()), 0);
    ck_assert_int_eq(store_migrate_sqlite(contract_path(), &from, &to, &contract_info),
                     ERR_OK);
    ck_assert_int_eq(from, 0);
    ck_assert_int_eq(to, migrations_sqlite_n);
    ck_assert_int_ne(access(contract_beside(".v0.backup"), F_OK), 0); /* Was empty. */
    ck_assert_int_eq(store_migrate_sqlite(contract_path(), &from, &to, &contract_info),
                     ERR_OK);
    ck_assert_int_eq(from, migrations_sqlite_n);
}
END_TEST

/* ---- settings
 * -----------------------------------------------------------------------------------------
 */

START_TEST(test_writing_connection_has_the_settings_of_s90)
{
    sqlite3 *db = ((struct sqlite_store *)contract_store)->db;
    int is = -1;

    ck_assert_str_eq(ask(db, "PRAGMA journal_mode"), "wal");
    ck_assert_str_eq(ask(db, "PRAGMA synchronous"), "2");
    ck_assert_str_eq(ask(db, "PRAGMA foreign_keys"), "1");
    ck_assert_str_eq(ask(db, "PRAGMA trusted_schema"), "0");
    ck_assert_str_eq(ask(db, "PRAGMA cell_size_check"), "1");
    ck_assert_str_eq(ask(db, "PRAGMA mmap_size"), "0");
    ck_assert_str_eq(ask(db, "PRAGMA journal_size_limit"), "67108864");
    ck_assert_str_eq(ask(db, "PRAGMA wal_autocheckpoint"), "0");
    ck_assert_str_eq(ask(db, "PRAGMA application_id"), "1396787012");
    ck_assert_str_eq(ask(db, "PRAGMA user_version"), "1");
    ck_assert_int_eq(sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, -1, &is),
                     SQLITE_OK);
    ck_assert_int_eq(is, 1);
    ck_assert_int_eq(
        sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, -1, &is), SQLITE_OK);
    ck_assert_int_eq(is, 0);
}
END_TEST

START_TEST(test_reading_connection_cannot_write_and_never_checkpoints)
{
    sqlite3 *db = ((struct sqlite_reader *)contract_reader)->db;
    int is = -1;

    ck_assert_int_eq(sqlite3_db_readonly(db, "main"), 1);
    ck_assert_int_eq(sqlite3_exec(db, "DELETE FROM meta", NULL, NULL, NULL),
                     SQLITE_READONLY);
    ck_assert_int_eq(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, -1, &is),
                     SQLITE_OK);
    ck_assert_int_eq(is, 1);
    ck_assert_str_eq(ask(db, "PRAGMA wal_autocheckpoint"), "0");
}
END_TEST

START_TEST(test_wal_stays_small_over_many_commits)
{
    struct stat st;

    contract_commit_definitions();
    for (uint64_t i = 1; i <= 400; i++) {
        (void)contract_add_saga(i, 1);
        contract_add_turn(i, 1, "state");
        contract_commit();
    }
    ck_assert_int_eq(stat(contract_beside("-wal"), &st), 0);
    ck_assert_int_lt(st.st_size, 4 * 1024 * 1024);
}
END_TEST

/* ---- audit and fail-stop
 * ---------------------------------------------------------------------------------- */

static void add_audit(const char *reason)
{
    store_batch_add(&contract_batch, STORE_AUDIT)->of.audit =
        (struct store_audit){.at_ms = 5,
                             .actor = "ann",
                             .action = "retry",
                             .subject = "saga-1",
                             .reason = reason};
}

START_TEST(test_audit_hashes_form_a_chain_across_restarts_and_refusals)
{
    sqlite3 *db = ((struct sqlite_store *)contract_store)->db;
    const char *second;

    add_audit("a");
    add_audit("a");
    contract_commit();
    second = ask(db, "SELECT hash FROM audit WHERE seq = 2");
    ck_assert_uint_eq(strlen(second), 64);
    ck_assert_str_ne(ask(db, "SELECT hash FROM audit WHERE seq = 1"), second);
    add_audit("refused");
    (void)contract_add_saga(1, 77);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    ck_assert_str_eq(((struct sqlite_store *)contract_store)->audit.hash, second);
    contract_reopen();
    ck_assert_str_eq(((struct sqlite_store *)contract_store)->audit.hash, second);
}
END_TEST

START_TEST(test_full_disk_stops_the_store_and_frees_the_reserve)
{
    sqlite3 *db = ((struct sqlite_store *)contract_store)->db;
    char *big = arena_take(contract_arena, 100000);

    contract_commit_definitions();
    (void)contract_add_saga(1, 1);
    contract_commit();
    ck_assert_int_eq(access(contract_beside(".reserve"), F_OK), 0);
    (void)ask(db, "PRAGMA max_page_count = 1"); /* No more than it has: full. */
    memset(big, 'x', 99999);
    contract_add_turn(1, 1, big);
    ck_assert_int_eq(contract_try_commit(), ERR_LIMIT);
    ck_assert_int_ne(access(contract_beside(".reserve"), F_OK), 0);
    (void)ask(db, "PRAGMA max_page_count = 100000"); /* Room again, but it has stopped. */
    contract_add_turn(1, 1, "small");
    ck_assert_int_eq(contract_try_commit(), ERR_IO);
    ck_assert_ptr_nonnull(strstr(contract_info.text, "after a failed commit"));
    ck_assert_str_eq(contract_turns(1, 0, 9), "");
}
END_TEST

START_TEST(test_busy_database_is_told_and_the_store_goes_on)
{
    sqlite3 *stranger = opened(contract_path());
    sqlite3 *db = ((struct sqlite_store *)contract_store)->db;

    ck_assert_int_eq(sqlite3_busy_timeout(db, 0), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(stranger, "BEGIN IMMEDIATE", NULL, NULL, NULL),
                     SQLITE_OK);
    contract_add_definition(1, "order", 1);
    ck_assert_int_eq(contract_try_commit(), ERR_BUSY);
    ck_assert_int_eq(sqlite3_exec(stranger, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_close(stranger), SQLITE_OK);
    contract_commit_definitions();
}
END_TEST

Suite *contract_sqlite_suite(void)
{
    Suite *suite = suite_create("sqlite");
    TCase *t = tcase_create("file");

    tcase_add_checked_fixture(t, contract_open_sqlite, contract_close);
    tcase_add_test(t, test_everything_is_there_after_close_and_open);
    tcase_add_test(t, test_every_committed_turn_is_there_after_a_crash);
    tcase_add_test(t, test_second_open_is_refused_naming_the_holder);
    tcase_add_test(t, test_lock_file_tells_the_last_sign_of_life_across_a_restart);
    tcase_add_test(t, test_files_are_for_their_owner_only);
    tcase_add_test(t, test_world_writable_folder_is_refused);
    tcase_add_test(t, test_database_open_to_everybody_is_refused);
    tcase_add_test(t, test_missing_folder_is_refused_in_words);
    tcase_add_test(t, test_network_file_systems_are_known);
    tcase_add_test(t, test_free_space_is_told);
    tcase_add_test(t, test_newer_database_is_refused_in_words);
    tcase_add_test(t, test_database_of_another_program_is_refused_and_left_alone);
    tcase_add_test(t, test_file_that_is_no_database_is_refused);
    tcase_add_test(t, test_migration_backs_the_database_up_first);
    tcase_add_test(t, test_failed_migration_changes_nothing);
    tcase_add_test(t, test_migrate_command_tells_from_and_to);
    tcase_add_test(t, test_writing_connection_has_the_settings_of_s90);
    tcase_add_test(t, test_reading_connection_cannot_write_and_never_checkpoints);
    tcase_add_test(t, test_wal_stays_small_over_many_commits);
    tcase_add_test(t, test_audit_hashes_form_a_chain_across_restarts_and_refusals);
    tcase_add_test(t, test_full_disk_stops_the_store_and_frees_the_reserve);
    tcase_add_test(t, test_busy_database_is_told_and_the_store_goes_on);
    suite_add_tcase(suite, t);
    return suite;
}
