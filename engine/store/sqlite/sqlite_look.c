/* sqlite_look.c - store_look_sqlite(): see store_open.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "engine/store/migrations.h"
#include "engine/store/sqlite/sqlite_backup.h"
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_place.h"
#include "engine/store/sqlite/sqlite_store.h"
#include "engine/store/store_open.h"

#define PATH_BYTES_MAX 4096

/* The WAL is gone after a clean end; a daemon that was killed leaves one. */
static bool has_wal(const char *path)
{
    struct buf wal;
    struct stat st;
    bool is_there;

    buf_init(&wal, PATH_BYTES_MAX);
    buf_printf(&wal, "%s-wal", path);
    is_there = stat(buf_text(&wal), &st) == 0 && st.st_size > 0;
    buf_done(&wal);
    return is_there;
}

static enum err look_at_file(const char *path, struct stat *out, struct err_info *info)
{
    if (stat(path, out) == 0) {
        return ERR_OK;
    }
    return errno == ENOENT
               ? err_set(info, ERR_NOT_FOUND, "there is no database at %s", path)
               : err_set(info, ERR_IO, "look at %s: %s", path, strerror(errno));
}

/* It is ours and of this version; a verify migrates nothing. */
static enum err check_version(const char *path, struct err_info *info)
{
    sqlite3 *db = NULL;
    enum err e = sqlite_db_open_reader(path, true, &db, info);

    if (e == ERR_OK) {
        e = sqlite_backup_check_version(db, migrations_sqlite_n, info);
        sqlite_db_close(db);
    }
    return e;
}

static enum err check_killed(const char *path, store_check check, void *user,
                             struct err_info *info)
{
    struct store_sqlite_options options = {.is_dev = false};
    struct store *store = NULL;
    enum err e = store_open_sqlite(path, &options, &store, info);

    if (e == ERR_OK) {
        e = check(user, store, info);
    }
    store_close(store);
    return e;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Nobody may write meanwhile: SQLite looks for no locks here. Where there is no lock file
 * to hold, the file itself must say that nobody did. */
static enum err check_still(const char *path, const struct stat *before,
                            store_check check, void *user, struct err_info *info)
{
    struct store *copy = NULL;
    struct stat after;
    enum err e;

    sqlite_open_copy(path, &copy);
    e = check(user, copy, info);
    store_close(copy);
    if (look_at_file(path, &after, info) != ERR_OK || !is_same(before, &after) ||
        has_wal(path)) {
        return err_set(info, ERR_BUSY,
                       "%s changed while it was looked at: something has it open", path);
    }
    return e;
}

enum err store_look_sqlite(const char *path, store_check check, void *user,
                           struct err_info *info)
{
    struct sqlite_place place;
    struct stat before;
    enum err e = look_at_file(path, &before, info);

    if (e == ERR_OK && has_wal(path)) {
        return check_killed(path, check, user, info);
    }
    if (e == ERR_OK) {
        e = check_version(path, info);
    }
    if (e != ERR_OK) {
        return e;
    }
    e = sqlite_place_hold(&place, path, info);
    if (e == ERR_OK) {
        e = check_still(path, &before, check, user, info);
        sqlite_place_close(&place);
    }
    return e;
}
