/* sqlite_open.c - the life of the SQLite store: see store_open.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_migrate.h"
#include "engine/store/sqlite/sqlite_store.h"
#include "engine/store/store_open.h"

/* A checkpoint comes after so many commits, which keeps the commits' p99 flat, or
 * after so many pages, which keeps the WAL near its limit when rows are large. */
#define CHECKPOINT_COMMITS 48
#define CHECKPOINT_PAGES (SQLITE_DB_WAL_BYTES / 4096)

static const struct store_backend backend;

static const char *const write_sql[] = {
#define X(name, sql) sql,
    SQLITE_WRITE_MAP(X)
#undef X
};
static const char *const read_sql[] = {
#define X(name, sql) sql,
    SQLITE_READ_MAP(X)
#undef X
};

/* ---- store ---------------------------------------------------------------------- */

static int note_wal_pages(void *user, sqlite3 *db, const char *schema, int pages)
{
    struct sqlite_store *st = user;

    (void)db;
    (void)schema;
    st->wal_pages = pages;
    return SQLITE_OK;
}

static enum err load_audit_end(struct sqlite_store *st, struct err_info *info)
{
    sqlite3_stmt *last = NULL;
    enum err e = ERR_OK;
    int rc;

    rc = sqlite3_prepare_v2(
        st->db, "SELECT hash, seq FROM audit ORDER BY seq DESC LIMIT 1", -1, &last, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(last);
    }
    if (rc == SQLITE_ROW) {
        const char *hash = sqlite_column_string(last, 0);
        const size_t n = strlen(hash);

        st->audit.seq = sqlite_column_number(last, 1);
        if (n < sizeof(st->audit.hash)) {
            memcpy(st->audit.hash, hash, n + 1);
        } else {
            e = err_set(info, ERR_IO, "the last audit row's hash is too long");
        }
    } else if (rc != SQLITE_DONE) {
        e = sqlite_db_error(st->db, info, "read the last audit row");
    }
    (void)sqlite3_finalize(last); /* Repeats the step's result. */
    return e;
}

static void close_store(struct store *s)
{
    struct sqlite_store *st = (struct sqlite_store *)s;

    sqlite_db_finalize(st->write, SQLITE_WRITES);
    if (st->base.has_failed) {
        sqlite_db_close_failed(st->db);
    } else {
        sqlite_db_close(st->db);
    }
    sqlite_place_close(&st->place);
    free(st);
}

/* The place is taken and the file is open and of this version. */
static enum err open_migrated(const char *path, bool is_dev, struct sqlite_store **out,
                              int *from_out, int *to_out, struct err_info *info)
{
    struct sqlite_store *st = mem_alloc(sizeof(*st));
    enum err e;

    /* Statistics cost a mutex per allocation. Refused, harmlessly, once SQLite is in
     * use by this process. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    st->base.backend = &backend;
    st->place.lock_fd = -1;
    e = sqlite_place_open(&st->place, path, is_dev, info);
    if (e == ERR_OK) {
        e = sqlite_db_open_writer(path, &st->db, info);
    }
    if (e == ERR_OK) {
        e = sqlite_migrate_run(st->db, &st->place, migrations_sqlite, migrations_sqlite_n,
                               from_out, to_out, info);
    }
    if (e != ERR_OK) {
        st->base.has_failed = true; /* Close without writing. */
        close_store(&st->base);
        return e;
    }
    *out = st;
    return ERR_OK;
}

enum err store_open_sqlite(const char *path, const struct store_sqlite_options *options,
                           struct store **out, struct err_info *info)
{
    struct sqlite_store *st = NULL;
    enum err e = open_migrated(path, options->is_dev, &st, NULL, NULL, info);

    if (e != ERR_OK) {
        return e;
    }
    if (options->reserve_bytes != 0) {
        st->place.reserve_bytes = options->reserve_bytes;
    }
    e = sqlite_db_prepare(st->db, write_sql, SQLITE_WRITES, st->write, info);
    if (e == ERR_OK) {
        e = load_audit_end(st, info);
    }
    if (e != ERR_OK) {
        close_store(&st->base);
        return e;
    }
    (void)sqlite3_wal_hook(st->db, note_wal_pages,
                           st); /* Gives back the old hook's user. */
    sqlite_place_keep_reserve(&st->place, true);
    *out = &st->base;
    return ERR_OK;
}

enum err store_migrate_sqlite(const char *path, int *from_out, int *to_out,
                              struct err_info *info)
{
    struct sqlite_store *st = NULL;
    const enum err e = open_migrated(path, false, &st, from_out, to_out, info);

    if (e == ERR_OK) {
        close_store(&st->base);
    }
    return e;
}

void sqlite_open_copy(const char *path, struct store **out)
{
    struct sqlite_store *st = mem_alloc(sizeof(*st));

    st->base.backend = &backend;
    st->base.has_failed = true; /* Nothing is written to it. */
    (void)err_set(&st->base.failure, ERR_INVALID, "a backup is only read");
    st->place.lock_fd = -1;
    st->place.db_path = mem_text(path);
    st->is_copy = true;
    *out = &st->base;
}

/* PASSIVE waits for nobody and leaves what readers still need. The connection has read
 * its schema, without which a checkpoint silently does nothing. */
static enum err tidy(struct store *s, struct err_info *info)
{
    struct sqlite_store *st = (struct sqlite_store *)s;
    int rc;

    st->commits++;
    if (st->commits < CHECKPOINT_COMMITS && st->wal_pages < CHECKPOINT_PAGES) {
        return ERR_OK;
    }
    st->commits = 0;
    st->wal_pages = 0;
    rc = sqlite3_wal_checkpoint_v2(st->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (rc != SQLITE_OK && (rc & 0xFF) != SQLITE_BUSY) {
        if ((rc & 0xFF) == SQLITE_FULL) {
            sqlite_place_free_reserve(&st->place);
        }
        return sqlite_db_error(st->db, info, "checkpoint");
    }
    sqlite_place_keep_reserve(&st->place, false);
    return ERR_OK;
}

static uint64_t free_bytes(const struct store *s)
{
    return sqlite_place_free_bytes(&((const struct sqlite_store *)s)->place);
}

static const char *alive_path(const struct store *s)
{
    return ((const struct sqlite_store *)s)->place.lock_path;
}

/* ---- readers -------------------------------------------------------------------- */

static void close_reader(struct store_reader *r)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;

    sqlite_db_finalize(reader->read, SQLITE_READS);
    sqlite_db_finalize(reader->lists, SQLITE_LISTS_KEPT);
    sqlite_db_close(reader->db);
    free(reader);
}

static enum err open_reader(struct store *s, struct store_reader **out,
                            struct err_info *info)
{
    struct sqlite_store *st = (struct sqlite_store *)s;
    struct sqlite_reader *r = mem_alloc(sizeof(*r));
    enum err e;

    r->base.backend = &backend;
    e = sqlite_db_open_reader(st->place.db_path, st->is_copy, &r->db, info);
    if (e == ERR_OK) {
        e = sqlite_db_prepare(r->db, read_sql, SQLITE_READS, r->read, info);
    }
    if (e != ERR_OK) {
        close_reader(&r->base);
        return e;
    }
    *out = &r->base;
    return ERR_OK;
}

static const struct store_backend backend = {
    .commit = sqlite_commit,
    .tidy = tidy,
    .copy_begin = sqlite_copy_begin,
    .copy_step = sqlite_copy_step,
    .copy_end = sqlite_copy_end,
    .free_bytes = free_bytes,
    .alive_path = alive_path,
    .close = close_store,
    .reader_open = open_reader,
    .reader_close = close_reader,
    .reader_begin = sqlite_reader_begin,
    .reader_end = sqlite_reader_end,
    .read_numbers = sqlite_read_numbers,
    .find_vars = sqlite_find_vars,
    .read_bytes = sqlite_read_bytes,
    .find_replay = sqlite_find_replay,
    .scan_sagas = sqlite_scan_sagas,
    .scan_turns = sqlite_scan_turns,
    .scan_late = sqlite_scan_late,
    .scan_notify = sqlite_scan_notify,
    .oldest_notify = sqlite_oldest_notify,
    .scan_audit = sqlite_scan_audit,
    .scan_stuck = sqlite_scan_stuck,
    .oldest_stuck = sqlite_oldest_stuck,
    .oldest_replay = sqlite_oldest_replay,
    .scan_counts = sqlite_scan_counts,
    .scan_definitions = sqlite_scan_definitions,
    .count_sagas = sqlite_count_sagas,
    .scan_bulks = sqlite_scan_bulks,
    .scan_bulk_items = sqlite_scan_bulk_items,
};
