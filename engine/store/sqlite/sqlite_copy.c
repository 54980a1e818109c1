/* sqlite_copy.c - a copy of the live file, page by page, by the connection that writes.
 *
 * SQLite's backup API takes no lock between steps, and what its own connection commits
 * meanwhile goes into the copy as well, so a copy never begins again and is of the moment
 * of its last step. The copy is not synced here: that is for whoever checks it, not for
 * the thread that everybody's commits wait for.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_store.h"

#define STEP_PAGES 64 /* 256 kB: a commit waits for no more than that. */

struct sqlite_copy {
    struct store_copy base;
    sqlite3 *to;
    sqlite3_backup *backup;
    char *path;
    bool is_done;
};

static enum err open_target(struct sqlite_copy *c, struct err_info *info)
{
    int fd;

    (void)unlink(c->path); /* Left by one that was killed; else not there. */
    fd = open(c->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return err_set(info, ERR_IO, "make %s: %s", c->path, strerror(errno));
    }
    (void)close(fd); /* Empty; SQLite opens it next. */
    if (sqlite3_open_v2(c->path, &c->to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK) {
        return err_set(info, ERR_IO, "open %s: %s", c->path,
                       c->to == NULL ? "out of memory" : sqlite3_errmsg(c->to));
    }
    /* A half copy is thrown away: it needs no journal of its own. */
    return sqlite_db_run(c->to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF",
                         info);
}

enum err sqlite_copy_begin(struct store *s, const char *path, struct store_copy **out,
                           struct err_info *info)
{
    struct sqlite_store *st = (struct sqlite_store *)s;
    struct sqlite_copy *c = mem_alloc(sizeof(*c));
    enum err e;

    c->base.backend = s->backend;
    c->path = mem_text(path);
    e = open_target(c, info);
    if (e == ERR_OK) {
        c->backup = sqlite3_backup_init(c->to, "main", st->db, "main");
        if (c->backup == NULL) {
            e = sqlite_db_error(c->to, info, "begin the copy");
        }
    }
    if (e != ERR_OK) {
        sqlite_copy_end(&c->base);
        return e;
    }
    *out = &c->base;
    return ERR_OK;
}

enum err sqlite_copy_step(struct store_copy *copy, bool *is_done, struct err_info *info)
{
    struct sqlite_copy *c = (struct sqlite_copy *)copy;
    int rc = sqlite3_backup_step(c->backup, STEP_PAGES);

    *is_done = false;
    if (rc == SQLITE_DONE) {
        rc = sqlite3_backup_finish(c->backup);
        c->backup = NULL;
        c->is_done = rc == SQLITE_OK;
        *is_done = c->is_done;
    }
    if (rc == SQLITE_OK || rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
        return ERR_OK; /* Busy: the next step tries again. */
    }
    if ((rc & 0xFF) == SQLITE_FULL) {
        return err_set(info, ERR_LIMIT, "%s: the disk is full", c->path);
    }
    return err_set(info, ERR_IO, "copy to %s: %s (SQLite %d)", c->path,
                   sqlite3_errstr(rc), rc);
}

void sqlite_copy_end(struct store_copy *copy)
{
    struct sqlite_copy *c = (struct sqlite_copy *)copy;

    (void)sqlite3_backup_finish(c->backup); /* Repeats the step's result. NULL is fine. */
    sqlite_db_close(c->to);
    if (!c->is_done) {
        (void)unlink(c->path); /* Half of it is of no use; it may not even be there. */
    }
    free(c->path);
    free(c);
}
