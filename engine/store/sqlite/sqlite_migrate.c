/* sqlite_migrate.c - see sqlite_migrate.h. */
#include "engine/store/sqlite/sqlite_migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "engine/store/migrate.h"
#include "engine/store/sqlite/sqlite_backup.h"
#include "engine/store/sqlite/sqlite_db.h"

#define PATH_BYTES_MAX 4096

struct target {
    sqlite3 *db;
    const struct sqlite_place *place;
};

static enum err version_of(void *user, int *out, struct err_info *info)
{
    const struct target *t = user;
    int64_t version = 0;
    const enum err e = sqlite_db_int(t->db, "PRAGMA user_version", &version, info);

    if (e == ERR_OK) {
        *out = (int)version;
    }
    return e;
}

/* ---- the backup --------------------------------------------------------------- */

static enum err copy_all(sqlite3 *from, sqlite3 *to, struct err_info *info)
{
    sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
    int rc;

    if (backup == NULL) {
        return sqlite_db_error(to, info, "begin the backup");
    }
    rc = sqlite3_backup_step(backup, -1);
    if (sqlite3_backup_finish(backup) != SQLITE_OK || rc != SQLITE_DONE) {
        return err_set(info, ERR_IO, "back the database up: %s", sqlite3_errstr(rc));
    }
    return ERR_OK;
}

static enum err fill_backup(const struct target *t, const char *path, int version,
                            struct err_info *info)
{
    sqlite3 *copy = NULL;
    enum err e;
    const int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0) {
        return err_set(info, ERR_IO, "make %s: %s", path, strerror(errno));
    }
    (void)close(fd); /* Empty; SQLite opens it next. */
    if (sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        e = err_set(info, ERR_IO, "open %s: %s", path,
                    copy == NULL ? "out of memory" : sqlite3_errmsg(copy));
    } else {
        e = copy_all(t->db, copy, info);
        if (e == ERR_OK) {
            e = sqlite_backup_seal(copy, version, info);
        }
    }
    sqlite_db_close(copy);
    return e;
}

static enum err sync_and_rename(const struct target *t, const char *from, const char *to,
                                struct err_info *info)
{
    enum err e = sqlite_place_sync_file(from, info);

    if (e == ERR_OK && rename(from, to) != 0) {
        e = err_set(info, ERR_IO, "put %s in place: %s", to, strerror(errno));
    }
    return e == ERR_OK ? sqlite_place_sync_folder(t->place->folder, info) : e;
}

static enum err make_backup(void *user, int version, struct err_info *info)
{
    const struct target *t = user;
    struct buf path;
    struct buf part;
    enum err e;

    buf_init(&path, PATH_BYTES_MAX);
    buf_init(&part, PATH_BYTES_MAX);
    buf_printf(&path, "%s.v%d.backup", t->place->db_path, version);
    buf_printf(&part, "%s.part", buf_text(&path));
    e = part.is_over ? err_set(info, ERR_INVALID, "the path of the database is too long")
                     : fill_backup(t, buf_text(&part), version, info);
    if (e == ERR_OK) {
        e = sync_and_rename(t, buf_text(&part), buf_text(&path), info);
    }
    if (e == ERR_OK) {
        log_say(LOG_INFO, "database backed up before its migration",
                LOG_TEXT("backup", buf_text(&path)), LOG_NUMBER("version", version));
    } else if (!part.is_over) {
        (void)unlink(buf_text(&part)); /* Useless; may not even be there. */
    }
    buf_done(&path);
    buf_done(&part);
    return e;
}

/* ---- a step ------------------------------------------------------------------- */

static enum err run_step(sqlite3 *db, const struct migration *m, struct err_info *info)
{
    char marks[96];
    enum err e;

    if (sqlite3_exec(db, m->sql, NULL, NULL, NULL) != SQLITE_OK) {
        return sqlite_db_error(db, info, m->name);
    }
    (void)snprintf(marks, sizeof(marks),
                   "PRAGMA user_version = %d; PRAGMA application_id = %d", m->version,
                   SQLITE_DB_APPLICATION_ID); /* Fits: two ints. */
    e = sqlite_db_run(db, marks, info);
    return e == ERR_OK ? sqlite_db_run(db, "COMMIT", info) : e;
}

static enum err take_step(void *user, const struct migration *m, struct err_info *info)
{
    const struct target *t = user;
    enum err e = sqlite_db_run(t->db, "BEGIN IMMEDIATE", info);

    if (e != ERR_OK) {
        return e;
    }
    e = run_step(t->db, m, info);
    if (e != ERR_OK && sqlite3_get_autocommit(t->db) == 0) {
        (void)sqlite3_exec(t->db, "ROLLBACK", NULL, NULL, NULL); /* e says why. */
    }
    return e;
}

enum err sqlite_migrate_run(sqlite3 *db, const struct sqlite_place *place,
                            const struct migration *steps, int n_steps, int *from_out,
                            int *to_out, struct err_info *info)
{
    struct target t = {db, place};
    const struct migrate_target target = {
        .user = &t,
        .name = place->db_path,
        .version = version_of,
        .backup = make_backup,
        .step = take_step,
    };

    return migrate_run(&target, steps, n_steps, from_out, to_out, info);
}
