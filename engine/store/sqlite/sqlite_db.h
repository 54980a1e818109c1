/*
 * sqlite_db.h - SQLite's connections and statements, with the house's error codes.
 *
 * One connection writes and checkpoints, all others are read-only and never checkpoint
 * (S91). Connections are opened without SQLite's mutex: one thread at a time uses one.
 * The pragmas of S90 are set and read back; a setting that does not hold is an error.
 */
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include <assert.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/store/store.h"

#define SQLITE_DB_APPLICATION_ID                                          \
    0x53414744                 /* "SAGD": what file(1) and we know it by. \
                                */
#define SQLITE_DB_BUSY_MS 5000 /* How long a lock held by a stranger is waited for. */
#define SQLITE_DB_WAL_BYTES (64 * 1024 * 1024) /* journal_size_limit (S90). */

/* The one that writes. The file exists; ERR_CONFLICT if it is another program's. */
MUST_CHECK enum err sqlite_db_open_writer(const char *path, sqlite3 **out,
                                          struct err_info *info);
/* is_copy: one file that nobody writes to, and whose WAL, if it has one, does not count:
 * no lock is looked for and no file made beside it. */
MUST_CHECK enum err sqlite_db_open_reader(const char *path, bool is_copy, sqlite3 **out,
                                          struct err_info *info);

/* Statements must be finalized. NULL is fine. */
void sqlite_db_close(sqlite3 *db);
/* The same without the checkpoint that closing the last connection makes (S94). */
void sqlite_db_close_failed(sqlite3 *db);

/* What SQLite's last failure on db means: CONSTRAINT is ERR_CONFLICT, BUSY ERR_BUSY,
 * FULL ERR_LIMIT, all else ERR_IO. doing: "commit", "read sagas". */
enum err sqlite_db_error(sqlite3 *db, struct err_info *info, const char *doing);

MUST_CHECK enum err sqlite_db_run(sqlite3 *db, const char *sql, struct err_info *info);
/* The first column of the first row as an integer. */
MUST_CHECK enum err sqlite_db_int(sqlite3 *db, const char *sql, int64_t *out,
                                  struct err_info *info);

/* Prepare n statements that will be kept; on failure none are left. */
MUST_CHECK enum err sqlite_db_prepare(sqlite3 *db, const char *const *sql, size_t n,
                                      sqlite3_stmt **out, struct err_info *info);
void sqlite_db_finalize(sqlite3_stmt **statements, size_t n);

/* ---- binding and reading ---------------------------------------------------------
 * A bind can fail only for a wrong index or a statement still running: bugs. Texts and
 * bytes are borrowed until the statement is reset. */

static inline void sqlite_bind_number(sqlite3_stmt *st, int i, uint64_t n)
{
    const int rc = sqlite3_bind_int64(st, i, (sqlite3_int64)n);

    assert(rc == SQLITE_OK && n <= INT64_MAX);
}

static inline void sqlite_bind_number_or_null(sqlite3_stmt *st, int i, bool is_there,
                                              uint64_t n)
{
    const int rc =
        is_there ? sqlite3_bind_int64(st, i, (sqlite3_int64)n) : sqlite3_bind_null(st, i);

    assert(rc == SQLITE_OK && n <= INT64_MAX);
}

/* 0, and more than SQLite can count to: no bound. */
static inline uint64_t sqlite_bound(uint64_t n)
{
    return n != 0 && n < INT64_MAX ? n : INT64_MAX;
}

static inline void sqlite_bind_text(sqlite3_stmt *st, int i, const char *text)
{
    const int rc = sqlite3_bind_text(st, i, text, -1, SQLITE_STATIC); /* NULL: NULL. */

    assert(rc == SQLITE_OK);
}

static inline void sqlite_bind_bytes(sqlite3_stmt *st, int i, struct store_bytes bytes)
{
    const int rc = sqlite3_bind_blob64(st, i, bytes.at, bytes.n, SQLITE_STATIC);

    assert(rc == SQLITE_OK);
}

static inline uint64_t sqlite_column_number(sqlite3_stmt *st, int i)
{
    return (uint64_t)sqlite3_column_int64(st, i);
}

static inline const char *sqlite_column_string(sqlite3_stmt *st, int i)
{
    return (const char *)sqlite3_column_text(st, i);
}

static inline struct store_bytes sqlite_column_slice(sqlite3_stmt *st, int i)
{
    struct store_bytes bytes = {NULL, 0};

    if (sqlite3_column_type(st, i) != SQLITE_NULL) {
        bytes.at = sqlite3_column_blob(st, i); /* Before its length: SQLite's rule. */
        bytes.n = (size_t)sqlite3_column_bytes(st, i);
        if (bytes.at == NULL) {
            bytes.at = ""; /* SQLite gives NULL for no bytes at all. */
        }
    }
    return bytes;
}

#endif /* STORE_SQLITE_DB_H */
