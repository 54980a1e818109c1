/* backup.c - see backup.h. */
#include "programs/sagad/backup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "engine/store/store_open.h"
#include "programs/sagad/config.h"
#include "programs/sagad/control.h"
#include "programs/sagad/control_ask.h"
#include "programs/sagad/fold.h"

#define PATH_BYTES_MAX 4096

struct backup {
    const char *db;
    const char *target; /* As given. */
    struct buf part;    /* Absolute: the daemon stands in another folder. */
};

static enum err name_part(struct backup *b, struct err_info *info)
{
    char here[PATH_BYTES_MAX];

    if (b->target[0] != '/') {
        if (getcwd(here, sizeof(here)) == NULL) {
            return err_set(info, ERR_IO, "which folder this is: %s", strerror(errno));
        }
        buf_printf(&b->part, "%s/", here);
    }
    buf_printf(&b->part, "%s.part", b->target);
    return b->part.is_over || strchr(b->target, '\n') != NULL
               ? err_set(info, ERR_INVALID, "the path of the backup cannot be used")
               : ERR_OK;
}

/* Of the database with what its WAL holds. */
static enum err size_of(const char *db, uint64_t *out, struct err_info *info)
{
    char wal[PATH_BYTES_MAX];
    struct stat st;

    if (stat(db, &st) != 0) {
        return err_set(info, ERR_NOT_FOUND, "there is no database at %s", db);
    }
    *out = (uint64_t)st.st_size;
    if (snprintf(wal, sizeof(wal), "%s-wal", db) < (int)sizeof(wal) &&
        stat(wal, &st) == 0) {
        *out += (uint64_t)st.st_size;
    }
    return ERR_OK;
}

static enum err copy_offline(const struct backup *b, struct err_info *info)
{
    struct store_sqlite_options options = {.is_dev = false};
    struct store_copy *copy = NULL;
    struct store *store = NULL;
    bool is_done = false;
    enum err e = store_open_sqlite(b->db, &options, &store, info);

    if (e == ERR_OK) {
        e = store_copy_begin(store, buf_text(&b->part), &copy, info);
    }
    while (e == ERR_OK && !is_done) {
        e = store_copy_step(copy, &is_done, info);
    }
    store_copy_end(copy);
    store_close(store);
    return e;
}

static enum err copy_live(const struct backup *b, struct control_talk **talk,
                          struct err_info *info)
{
    struct buf request;
    enum err e;

    buf_init(&request, CONTROL_LINE_MAX - 2);
    buf_printf(&request, "backup %s", buf_text(&b->part));
    e = control_ask(b->db, buf_text(&request), talk, info);
    buf_done(&request);
    return e == ERR_OK ? control_hear(*talk, stderr, info) : e;
}

static enum err make_backup(struct backup *b, struct err_info *info)
{
    struct control_talk *talk = NULL;
    uint64_t bytes = 0;
    enum err e = size_of(b->db, &bytes, info);

    if (e == ERR_OK) {
        e = name_part(b, info);
    }
    if (e == ERR_OK) {
        e = store_backup_begin_sqlite(b->target, bytes, info);
    }
    if (e == ERR_OK) {
        e = copy_live(b, &talk, info);
    }
    if (e == ERR_NOT_FOUND && bytes > 0) {
        e = copy_offline(b, info);
    }
    if (e == ERR_OK) {
        e = store_backup_finish_sqlite(buf_text(&b->part), b->target, fold_check, stdout,
                                       info);
    }
    control_hang_up(talk); /* Last: until now no other backup could begin. */
    return e;
}

int backup_run(const struct args *args)
{
    struct config *c = config_load(args);
    struct backup b = {.target = args->n_words > 1 ? args->words[1] : NULL};
    struct err_info info = {.text = ""};
    int code = 1;

    buf_init(&b.part, PATH_BYTES_MAX);
    if (c->n_problems > 0) {
        config_print_problems(c);
    } else if (b.target == NULL) {
        fprintf(stderr, "sagad: backup needs the file to write: sagad backup TARGET\n");
        code = 2;
    } else {
        log_init((enum log_format)c->log_format, (enum log_level)c->log_level);
        b.db = config_store_path(c);
        if (make_backup(&b, &info) == ERR_OK) {
            printf("backed up %s to %s\n", b.db, b.target);
            code = 0;
        } else {
            fprintf(stderr, "sagad: backup: %s\n", info.text);
        }
    }
    buf_done(&b.part);
    config_destroy(c);
    return code;
}

int restore_run(const struct args *args)
{
    struct config *c = config_load(args);
    const char *backup = args->n_words > 1 ? args->words[1] : NULL;
    struct err_info info = {.text = ""};
    int code = 1;

    if (c->n_problems > 0) {
        config_print_problems(c);
    } else if (backup == NULL) {
        fprintf(stderr, "sagad: restore needs the backup: sagad restore BACKUP\n");
        code = 2;
    } else {
        log_init((enum log_format)c->log_format, (enum log_level)c->log_level);
        if (store_restore_sqlite(backup, config_store_path(c), fold_check, stdout,
                                 &info) == ERR_OK) {
            printf("restored %s from %s\n"
                   "The daemon will start paused. Look at its sagas, then let it go on: "
                   "POST /v1/resume with a reason.\n",
                   config_store_path(c), backup);
            code = 0;
        } else {
            fprintf(stderr, "sagad: restore: %s\n", info.text);
        }
    }
    config_destroy(c);
    return code;
}
