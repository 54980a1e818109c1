/* sqlite_backup.c - see sqlite_backup.h and store_open.h. */
#include "engine/store/sqlite/sqlite_backup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/mem.h"
#include "engine/store/migrations.h"
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_place.h"
#include "engine/store/sqlite/sqlite_store.h"
#include "engine/store/store_open.h"

#define PATH_BYTES_MAX 4096
#define COPY_CHUNK (1024 * 1024)

/* ---- sealing ------------------------------------------------------------------- */

static enum err mark(sqlite3 *copy, struct err_info *info)
{
    int64_t has_meta = 0;
    char sql[160];
    enum err e = sqlite_db_int(
        copy, "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'meta'",
        &has_meta, info);

    if (e != ERR_OK || has_meta == 0) {
        return e;
    }
    (void)snprintf(sql, sizeof(sql),
                   "INSERT OR REPLACE INTO meta (name, text) VALUES ('%s', '%s %" PRIu64
                   "')",
                   STORE_META_RESTORED, STORE_META_RESTORED_COPY, clk_wall_ms());
    return sqlite_db_run(copy, sql, info);
}

static enum err look_at_pages(sqlite3 *copy, struct err_info *info)
{
    sqlite3_stmt *st = NULL;
    enum err e = ERR_OK;

    if (sqlite3_prepare_v2(copy, "PRAGMA integrity_check(1)", -1, &st, NULL) !=
            SQLITE_OK ||
        sqlite3_step(st) != SQLITE_ROW) {
        e = sqlite_db_error(copy, info, "look at every page");
    } else if (strcmp(sqlite_column_string(st, 0), "ok") != 0) {
        e = err_set(info, ERR_IO, "the copy is not sound: %s",
                    sqlite_column_string(st, 0));
    }
    (void)sqlite3_finalize(st); /* e tells. */
    return e;
}

enum err sqlite_backup_check_version(sqlite3 *copy, int version, struct err_info *info)
{
    int64_t id = 0;
    int64_t is = 0;
    enum err e = sqlite_db_int(copy, "PRAGMA application_id", &id, info);

    if (e == ERR_OK) {
        e = sqlite_db_int(copy, "PRAGMA user_version", &is, info);
    }
    if (e != ERR_OK) {
        return e;
    }
    if (id != SQLITE_DB_APPLICATION_ID) {
        return err_set(info, ERR_INVALID, "it is no database of sagad");
    }
    if (is != version) {
        return err_set(info, ERR_INVALID,
                       "it is of version %d and this sagad's databases are of version %d",
                       (int)is, version);
    }
    return ERR_OK;
}

enum err sqlite_backup_seal(sqlite3 *copy, int version, struct err_info *info)
{
    enum err e = sqlite_db_run(copy, "PRAGMA journal_mode = DELETE", info);

    if (e == ERR_OK) {
        e = sqlite_backup_check_version(copy, version, info);
    }
    if (e == ERR_OK) {
        e = mark(copy, info);
    }
    return e == ERR_OK ? look_at_pages(copy, info) : e;
}

/* ---- the last part of both ways -------------------------------------------------- */

static enum err check_whole(const char *path, store_check check, void *user,
                            struct err_info *info)
{
    struct store *copy;
    enum err e;

    sqlite_open_copy(path, &copy);
    e = check(user, copy, info);
    store_close(copy);
    return e;
}

/* Never over a file that is there. */
static enum err put_in_place(const char *part, const char *target, struct err_info *info)
{
    char *folder = sqlite_place_folder_of(target);
    enum err e = sqlite_place_sync_file(part, info);

    if (e == ERR_OK && link(part, target) != 0) {
        e = err_set(info, errno == EEXIST ? ERR_CONFLICT : ERR_IO, "put %s in place: %s",
                    target, strerror(errno));
    }
    if (e == ERR_OK) {
        (void)unlink(part); /* Its other name stays. */
        e = sqlite_place_sync_folder(folder, info);
    }
    free(folder);
    return e;
}

static enum err refuse_existing(const char *path, struct err_info *info)
{
    struct stat st;

    return lstat(path, &st) != 0
               ? ERR_OK
               : err_set(info, ERR_CONFLICT, "%s is there already and is not overwritten",
                         path);
}

static enum err open_part(const char *path, sqlite3 **out, struct err_info *info)
{
    if (sqlite3_open_v2(path, out, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        const enum err e = err_set(info, ERR_IO, "open %s: %s", path,
                                   *out == NULL ? "out of memory" : sqlite3_errmsg(*out));

        sqlite_db_close(*out);
        return e;
    }
    return ERR_OK;
}

/* ---- backup ---------------------------------------------------------------------- */

enum err store_backup_begin_sqlite(const char *target, uint64_t need_bytes,
                                   struct err_info *info)
{
    struct sqlite_place p = {.folder = sqlite_place_folder_of(target), .lock_fd = -1};
    enum err e = refuse_existing(target, info);
    uint64_t free_bytes;

    if (e == ERR_OK && access(p.folder, W_OK | X_OK) != 0) {
        e = err_set(info, ERR_INVALID, "the folder of the backup, %s: %s", p.folder,
                    strerror(errno));
    }
    free_bytes = sqlite_place_free_bytes(&p);
    if (e == ERR_OK && free_bytes < need_bytes) {
        e = err_set(info, ERR_LIMIT,
                    "no room for the backup in %s: it takes %" PRIu64
                    " bytes, and %" PRIu64 " are free",
                    p.folder, need_bytes, free_bytes);
    }
    sqlite_place_close(&p);
    return e;
}

enum err store_backup_finish_sqlite(const char *part, const char *target,
                                    store_check check, void *user, struct err_info *info)
{
    sqlite3 *copy = NULL;
    enum err e = open_part(part, &copy, info);

    if (e == ERR_OK) {
        e = sqlite_backup_seal(copy, migrations_sqlite_n, info);
        sqlite_db_close(copy);
    }
    if (e == ERR_OK) {
        e = check_whole(part, check, user, info);
    }
    if (e == ERR_OK) {
        e = put_in_place(part, target, info);
    }
    if (e != ERR_OK) {
        (void)unlink(part); /* Not there: it is in place, or never was. */
    }
    return e;
}

/* ---- restore --------------------------------------------------------------------- */

/* What is no database, or one without our tables, is told apart from a backup that could
 * not be read just now. */
static enum err count_marks(sqlite3 *db, int64_t *out, struct err_info *info)
{
    struct err_info why = {.text = ""};
    const enum err e = sqlite_db_int(db,
                                     "SELECT COUNT(*) FROM meta WHERE name = "
                                     "'" STORE_META_RESTORED "' AND text LIKE "
                                     "'" STORE_META_RESTORED_COPY " %'",
                                     out, &why);
    const int code = sqlite3_errcode(db) & 0xFF;

    if (e == ERR_OK || code == SQLITE_ERROR || code == SQLITE_NOTADB) {
        return ERR_OK;
    }
    return err_set(info, e, "%s", why.text);
}

static enum err refuse_unmarked(const char *backup, struct err_info *info)
{
    sqlite3 *db = NULL;
    int64_t n_marks = 0;
    enum err e;

    if (sqlite3_open_v2(backup, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        e = err_set(info, ERR_INVALID, "open %s: %s", backup,
                    db == NULL ? "out of memory" : sqlite3_errmsg(db));
    } else {
        e = count_marks(db, &n_marks, info);
        if (e == ERR_OK && n_marks == 0) {
            e = err_set(info, ERR_INVALID,
                        "%s is no backup of sagad: it carries no backup's mark", backup);
        }
    }
    sqlite_db_close(db);
    return e;
}

static enum err copy_bytes(int from, int to, struct err_info *info)
{
    char *chunk = mem_alloc(COPY_CHUNK);
    enum err e = ERR_OK;
    ssize_t n = 1;

    while (e == ERR_OK && n != 0) {
        n = read(from, chunk, COPY_CHUNK);
        for (ssize_t done = 0; n > 0 && done < n && e == ERR_OK;) {
            const ssize_t wrote = write(to, chunk + done, (size_t)(n - done));

            if (wrote < 0) {
                e = err_set(info, errno == ENOSPC ? ERR_LIMIT : ERR_IO,
                            "copy the backup: %s", strerror(errno));
            } else {
                done += wrote;
            }
        }
        if (n < 0) {
            e = err_set(info, ERR_IO, "read the backup: %s", strerror(errno));
        }
    }
    free(chunk);
    return e;
}

static enum err copy_file(const char *from, const char *to, struct err_info *info)
{
    const int in = open(from, O_RDONLY | O_CLOEXEC);
    enum err e;
    int out;

    if (in < 0) {
        return err_set(info, ERR_INVALID, "open %s: %s", from, strerror(errno));
    }
    (void)unlink(to); /* Left by one that was killed. */
    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    e = out < 0 ? err_set(info, ERR_IO, "make %s: %s", to, strerror(errno))
                : copy_bytes(in, out, info);
    if (out >= 0 && close(out) != 0 && e == ERR_OK) {
        e = err_set(info, ERR_IO, "write %s: %s", to, strerror(errno));
    }
    (void)close(in); /* Only read. */
    return e;
}

/* Its mark stays as it is: it says when the backup was made. */
static enum err look_at_restored(const char *part, struct err_info *info)
{
    sqlite3 *db = NULL;
    enum err e = open_part(part, &db, info);

    if (e == ERR_OK) {
        /* Whoever looked at the backup (with other tools) may have left it in WAL. */
        e = sqlite_db_run(db, "PRAGMA journal_mode = DELETE", info);
        if (e == ERR_OK) {
            e = sqlite_backup_check_version(db, migrations_sqlite_n, info);
        }
        if (e == ERR_OK) {
            e = look_at_pages(db, info);
        }
        sqlite_db_close(db);
    }
    return e;
}

/* What a program wrote into the backup and has not put into the file itself. */
static enum err refuse_unfinished(const char *backup, struct err_info *info)
{
    struct buf wal;
    struct stat st;
    enum err e = ERR_OK;

    buf_init(&wal, PATH_BYTES_MAX);
    buf_printf(&wal, "%s-wal", backup);
    if (lstat(buf_text(&wal), &st) == 0 && st.st_size > 0) {
        e = err_set(info, ERR_CONFLICT,
                    "%s holds changes that are not in %s: something has it open",
                    buf_text(&wal), backup);
    }
    buf_done(&wal);
    return e;
}

static enum err refuse_any_of(const char *path, struct err_info *info)
{
    static const char *const endings[] = {"", "-wal", "-shm", "-journal"};
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < sizeof(endings) / sizeof(endings[0]); i++) {
        struct buf name;

        buf_init(&name, PATH_BYTES_MAX);
        buf_printf(&name, "%s%s", path, endings[i]);
        e = refuse_existing(buf_text(&name), info);
        buf_done(&name);
    }
    return e;
}

static enum err restore_locked(const char *backup, const char *path, store_check check,
                               void *user, struct err_info *info)
{
    struct buf part;
    enum err e = refuse_any_of(path, info);

    buf_init(&part, PATH_BYTES_MAX);
    buf_printf(&part, "%s.restore-part", path);
    if (e == ERR_OK && part.is_over) {
        e = err_set(info, ERR_INVALID, "the path of the database is too long");
    }
    if (e == ERR_OK) {
        e = copy_file(backup, buf_text(&part), info);
        if (e == ERR_OK) {
            e = look_at_restored(buf_text(&part), info);
        }
        if (e == ERR_OK) {
            e = check_whole(buf_text(&part), check, user, info);
        }
        if (e == ERR_OK) {
            e = put_in_place(buf_text(&part), path, info);
        }
        if (e != ERR_OK) {
            (void)unlink(buf_text(&part)); /* Half a database is none. */
        }
    }
    buf_done(&part);
    return e;
}

enum err store_restore_sqlite(const char *backup, const char *path, store_check check,
                              void *user, struct err_info *info)
{
    struct sqlite_place p;
    enum err e = refuse_unmarked(backup, info);

    if (e == ERR_OK) {
        e = refuse_unfinished(backup, info);
    }
    if (e == ERR_OK) {
        e = sqlite_place_lock(&p, path, false, info);
    }
    if (e == ERR_OK) {
        e = restore_locked(backup, path, check, user, info);
        sqlite_place_close(&p);
    }
    return e;
}
