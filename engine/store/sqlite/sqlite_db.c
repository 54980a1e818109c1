/* sqlite_db.c - see sqlite_db.h. */
#include "engine/store/sqlite/sqlite_db.h"

#include <string.h>

#include "base/buf.h"

/* ---- errors ------------------------------------------------------------------- */

enum err sqlite_db_error(sqlite3 *db, struct err_info *info, const char *doing)
{
    const int code = sqlite3_errcode(db) & 0xFF; /* The primary one. */
    enum err e = ERR_IO;

    if (code == SQLITE_CONSTRAINT) {
        e = ERR_CONFLICT;
    } else if (code == SQLITE_BUSY) {
        e = ERR_BUSY;
    } else if (code == SQLITE_FULL) {
        e = ERR_LIMIT;
    }
    return err_set(info, e, "%s: %s (SQLite %d)", doing, sqlite3_errmsg(db),
                   sqlite3_extended_errcode(db));
}

/* ---- statements --------------------------------------------------------------- */

enum err sqlite_db_run(sqlite3 *db, const char *sql, struct err_info *info)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return sqlite_db_error(db, info, sql);
    }
    return ERR_OK;
}

enum err sqlite_db_int(sqlite3 *db, const char *sql, int64_t *out, struct err_info *info)
{
    sqlite3_stmt *st = NULL;
    enum err e = ERR_OK;

    if (sqlite3_prepare_v2(db, sql, -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        e = sqlite_db_error(db, info, sql);
    } else {
        *out = sqlite3_column_int64(st, 0);
    }
    (void)sqlite3_finalize(st); /* Repeats the step's result. */
    return e;
}

void sqlite_db_finalize(sqlite3_stmt **statements, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        (void)sqlite3_finalize(statements[i]); /* Repeats the last step's result. */
        statements[i] = NULL;
    }
}

enum err sqlite_db_prepare(sqlite3 *db, const char *const *sql, size_t n,
                           sqlite3_stmt **out, struct err_info *info)
{
    for (size_t i = 0; i < n; i++) {
        if (sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &out[i],
                               NULL) != SQLITE_OK) {
            const enum err e = sqlite_db_error(db, info, sql[i]);

            sqlite_db_finalize(out, i);
            return e;
        }
    }
    return ERR_OK;
}

/* ---- settings ----------------------------------------------------------------- */

struct setting {
    const char *set;
    const char *ask;
    const char *holds; /* What asking must give. */
};

static const struct setting for_all[] = {
    {"PRAGMA trusted_schema = OFF", "PRAGMA trusted_schema", "0"},
    {"PRAGMA cell_size_check = ON", "PRAGMA cell_size_check", "1"},
    {"PRAGMA mmap_size = 0", "PRAGMA mmap_size", "0"},
    {"PRAGMA temp_store = MEMORY", "PRAGMA temp_store", "2"},
    {"PRAGMA wal_autocheckpoint = 0", "PRAGMA wal_autocheckpoint", "0"},
};

/* 16 MiB of cache hold the pages that a batch of a thousand turns makes dirty; more
 * than that gained nothing, less spills in the middle of a transaction. */
static const struct setting for_writer[] = {
    {"PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"},
    {"PRAGMA synchronous = FULL", "PRAGMA synchronous", "2"},
    {"PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", "1"},
    {"PRAGMA journal_size_limit = 67108864", "PRAGMA journal_size_limit", "67108864"},
    {"PRAGMA cache_size = -16384", "PRAGMA cache_size", "-16384"},
};

static const struct setting for_reader[] = {
    {"PRAGMA query_only = ON", "PRAGMA query_only", "1"},
    {"SELECT 1", "PRAGMA journal_mode", "wal"}, /* Set by the writer, in the file. */
};

static const struct setting for_copy[] = {
    {"PRAGMA query_only = ON", "PRAGMA query_only", "1"},
    {"SELECT 1", "PRAGMA journal_mode", "delete"}, /* What is immutable has no WAL. */
};

static_assert(SQLITE_DB_WAL_BYTES == 67108864, "the text above says the same");

static enum err check_setting(sqlite3 *db, const struct setting *s, struct err_info *info)
{
    sqlite3_stmt *st = NULL;
    enum err e = ERR_OK;

    if (sqlite3_prepare_v2(db, s->ask, -1, &st, NULL) != SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        e = sqlite_db_error(db, info, s->ask);
    } else {
        const char *is = sqlite_column_string(st, 0);

        if (is == NULL || strcmp(is, s->holds) != 0) {
            e = err_set(info, ERR_IO, "%s did not hold: it is %s", s->set,
                        is == NULL ? "NULL" : is);
        }
    }
    (void)sqlite3_finalize(st); /* Repeats the step's result. */
    return e;
}

static enum err apply_settings(sqlite3 *db, const struct setting *settings, size_t n,
                               struct err_info *info)
{
    for (size_t i = 0; i < n; i++) {
        enum err e = sqlite_db_run(db, settings[i].set, info);

        if (e == ERR_OK) {
            e = check_setting(db, &settings[i], info);
        }
        if (e != ERR_OK) {
            return e;
        }
    }
    return ERR_OK;
}

/* Switches that are no pragmas; each tells what it now is. */
static enum err apply_switches(sqlite3 *db, struct err_info *info)
{
    static const struct {
        int which;
        int want;
        const char *name;
    } switches[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1, "defensive mode"},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, "loading extensions"},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, "trusting the schema"},
        {SQLITE_DBCONFIG_DQS_DML, 0, "double-quoted strings"},
        {SQLITE_DBCONFIG_DQS_DDL, 0, "double-quoted strings in DDL"},
    };

    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        int is = -1;

        if (sqlite3_db_config(db, switches[i].which, switches[i].want, &is) !=
                SQLITE_OK ||
            is != switches[i].want) {
            return err_set(info, ERR_IO, "SQLite keeps %s %s", switches[i].name,
                           switches[i].want == 0 ? "on" : "off");
        }
    }
    return ERR_OK;
}

/* ---- opening ------------------------------------------------------------------ */

/* Only a URI can say "immutable". */
static int open_immutable(const char *path, int flags, sqlite3 **out)
{
    struct buf uri;
    int rc;

    buf_init(&uri, 3 * strlen(path) + 32);
    buf_add_text(&uri, "file:");
    for (const char *at = path; *at != '\0'; at++) {
        buf_printf(&uri, "%%%02X", (unsigned)(unsigned char)*at);
    }
    buf_add_text(&uri, "?immutable=1");
    rc = sqlite3_open_v2(buf_text(&uri), out, flags, NULL);
    buf_done(&uri);
    return rc;
}

/* SQLITE_OPEN_URI: immutable. */
static enum err open_plain(const char *path, int flags, sqlite3 **out,
                           struct err_info *info)
{
    sqlite3 *db = NULL;
    enum err e = ERR_OK;

    if (((flags & SQLITE_OPEN_URI) != 0
             ? open_immutable(path, flags | SQLITE_OPEN_NOMUTEX, &db)
             : sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX, NULL)) !=
        SQLITE_OK) {
        e = err_set(info, ERR_IO, "open %s: %s", path,
                    db == NULL ? "out of memory" : sqlite3_errmsg(db));
        goto fail;
    }
    (void)sqlite3_extended_result_codes(db, 1); /* Cannot fail on an open connection. */
    (void)sqlite3_busy_timeout(db, SQLITE_DB_BUSY_MS);
    e = apply_switches(db, info);
    if (e != ERR_OK) {
        goto fail;
    }
    *out = db;
    return ERR_OK;

fail:
    sqlite_db_close(db);
    return e;
}

/* Before anything is changed: an empty file is new, else it must be ours. */
static enum err check_identity(sqlite3 *db, const char *path, struct err_info *info)
{
    int64_t id = 0;
    int64_t n_tables = 0;
    enum err e = sqlite_db_int(db, "PRAGMA application_id", &id, info);

    if (e == ERR_OK) {
        e = sqlite_db_int(db, "SELECT COUNT(*) FROM sqlite_schema", &n_tables, info);
    }
    if (e != ERR_OK) {
        return e;
    }
    if (id == SQLITE_DB_APPLICATION_ID || (id == 0 && n_tables == 0)) {
        return ERR_OK;
    }
    return err_set(info, ERR_CONFLICT, "%s is a database of another program", path);
}

enum err sqlite_db_open_writer(const char *path, sqlite3 **out, struct err_info *info)
{
    sqlite3 *db = NULL;
    enum err e = open_plain(path, SQLITE_OPEN_READWRITE, &db, info);

    if (e != ERR_OK) {
        return e;
    }
    e = check_identity(db, path, info);
    if (e == ERR_OK) {
        e = apply_settings(db, for_all, sizeof(for_all) / sizeof(for_all[0]), info);
    }
    if (e == ERR_OK) {
        e = apply_settings(db, for_writer, sizeof(for_writer) / sizeof(for_writer[0]),
                           info);
    }
    if (e != ERR_OK) {
        sqlite_db_close_failed(db);
        return e;
    }
    *out = db;
    return ERR_OK;
}

enum err sqlite_db_open_reader(const char *path, bool is_copy, sqlite3 **out,
                               struct err_info *info)
{
    sqlite3 *db = NULL;
    enum err e = open_plain(path, SQLITE_OPEN_READONLY | (is_copy ? SQLITE_OPEN_URI : 0),
                            &db, info);

    if (e != ERR_OK) {
        return e;
    }
    e = apply_settings(db, for_all, sizeof(for_all) / sizeof(for_all[0]), info);
    if (e == ERR_OK) {
        e = is_copy ? apply_settings(db, for_copy, sizeof(for_copy) / sizeof(for_copy[0]),
                                     info)
                    : apply_settings(db, for_reader,
                                     sizeof(for_reader) / sizeof(for_reader[0]), info);
    }
    if (e == ERR_OK &&
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK) {
        e = sqlite_db_error(db, info, "never checkpoint on close");
    }
    if (e != ERR_OK) {
        sqlite_db_close_failed(db);
        return e;
    }
    *out = db;
    return ERR_OK;
}

void sqlite_db_close(sqlite3 *db)
{
    const int rc = sqlite3_close(db); /* NULL is fine. */

    assert(rc == SQLITE_OK); /* Else a statement was not finalized. */
}

void sqlite_db_close_failed(sqlite3 *db)
{
    if (db != NULL) {
        /* A failure would mean one more checkpoint, which is harmless. */
        (void)sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    sqlite_db_close(db);
}
