/* sqlite_place.c - see sqlite_place.h. */
#include "engine/store/sqlite/sqlite_place.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/store/sqlite/sqlite_remote.h"

#define HOLDER_MAX 128 /* Bytes of the lock file: a pid and a time. */

static char *with_ending(const char *path, const char *ending)
{
    struct buf b;

    buf_init(&b, strlen(path) + strlen(ending));
    buf_add_text(&b, path);
    buf_add_text(&b, ending);
    return buf_take(&b, NULL);
}

char *sqlite_place_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (slash == NULL) {
        return mem_text(".");
    }
    return slash == path ? mem_text("/") : mem_copy(path, (size_t)(slash - path));
}

static enum err check_folder(const struct sqlite_place *p, bool is_dev,
                             struct err_info *info)
{
    struct stat st;

    if (stat(p->folder, &st) != 0) {
        return err_set(info, ERR_INVALID, "the folder of the database, %s: %s", p->folder,
                       strerror(errno));
    }
    if (!S_ISDIR(st.st_mode)) {
        return err_set(info, ERR_INVALID, "%s is no folder", p->folder);
    }
    if (!is_dev && (st.st_mode & S_IWOTH) != 0) {
        return err_set(
            info, ERR_INVALID,
            "everybody may write into %s, where the database is: chmod o-w it, "
            "or choose another folder",
            p->folder);
    }
    return sqlite_remote_refuse(p->folder, info);
}

/* ---- the lock ----------------------------------------------------------------- */

static enum err name_holder(const struct sqlite_place *p, struct err_info *info)
{
    char holder[HOLDER_MAX] = "";
    const ssize_t n = pread(p->lock_fd, holder, sizeof(holder) - 1, 0);

    holder[n < 0 ? 0 : n] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    return err_set(info, ERR_BUSY,
                   "%s is in use by another sagad (%s): one process per database",
                   p->db_path, holder[0] == '\0' ? "unnamed" : holder);
}

/* The mtime stays what it was: it is the last sign of life of the one before. */
static enum err sign_lock(const struct sqlite_place *p, struct err_info *info)
{
    char now[CLK_TEXT_MAX];
    struct buf b;
    struct stat st;
    struct timespec times[2];
    bool is_signed;

    clk_to_text(clk_wall_ms(), now);
    buf_init(&b, HOLDER_MAX);
    buf_printf(&b, "pid %ld, started %s\n", (long)getpid(), now);
    is_signed = fstat(p->lock_fd, &st) == 0 && ftruncate(p->lock_fd, 0) == 0 &&
                pwrite(p->lock_fd, buf_text(&b), b.n, 0) == (ssize_t)b.n;
    buf_done(&b);
    if (is_signed && st.st_size > 0) { /* Not one that was just made. */
        times[0] = st.st_atim;
        times[1] = st.st_mtim;
        is_signed = futimens(p->lock_fd, times) == 0;
    }
    return is_signed
               ? ERR_OK
               : err_set(info, ERR_IO, "write %s: %s", p->lock_path, strerror(errno));
}

/* p->lock_fd is open. */
static enum err take_lock(const struct sqlite_place *p, struct err_info *info)
{
    if (flock(p->lock_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) {
            return name_holder(p, info);
        }
        return err_set(info, ERR_IO, "lock %s: %s", p->lock_path, strerror(errno));
    }
    return sign_lock(p, info);
}

/* ---- the database file -------------------------------------------------------- */

static enum err check_file(const char *path, bool is_dev, struct err_info *info)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        return err_set(info, ERR_IO, "look at %s: %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode)) {
        return err_set(info, ERR_INVALID, "%s is no file", path);
    }
    if (!is_dev && (st.st_mode & S_IRWXO) != 0) {
        return err_set(
            info, ERR_INVALID,
            "%s may be used by everybody on this machine (mode %03o): chmod 600 "
            "it",
            path, (unsigned)(st.st_mode & 0777));
    }
    return ERR_OK;
}

/* Made here and not by SQLite, for the mode; its -wal and -shm take it over. The file
 * is closed again before SQLite opens it: closing one descriptor of a file drops the
 * process's POSIX locks on it. */
static enum err make_file(const struct sqlite_place *p, struct err_info *info)
{
    const int fd = open(p->db_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0) {
        return errno == EEXIST
                   ? ERR_OK
                   : err_set(info, ERR_IO, "make %s: %s", p->db_path, strerror(errno));
    }
    (void)close(fd); /* Nothing was written. */
    return sqlite_place_sync_folder(p->folder, info);
}

static void name_place(struct sqlite_place *p, const char *path)
{
    *p = (struct sqlite_place){
        .db_path = mem_text(path),
        .folder = sqlite_place_folder_of(path),
        .lock_path = with_ending(path, ".lock"),
        .reserve_path = with_ending(path, ".reserve"),
        .reserve_bytes = SQLITE_PLACE_RESERVE_BYTES,
        .lock_fd = -1,
    };
}

enum err sqlite_place_hold(struct sqlite_place *p, const char *path,
                           struct err_info *info)
{
    enum err e = ERR_OK;

    name_place(p, path);
    p->lock_fd = open(p->lock_path, O_RDWR | O_CLOEXEC);
    if (p->lock_fd >= 0) {
        e = take_lock(p, info);
    } else if (errno != ENOENT && errno != EACCES && errno != EROFS) {
        e = err_set(info, ERR_IO, "open %s: %s", p->lock_path, strerror(errno));
    }
    if (e != ERR_OK) {
        sqlite_place_close(p);
    }
    return e;
}

enum err sqlite_place_lock(struct sqlite_place *p, const char *path, bool is_dev,
                           struct err_info *info)
{
    enum err e;

    name_place(p, path);
    e = check_folder(p, is_dev, info);
    if (e == ERR_OK) {
        p->lock_fd = open(p->lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        e = p->lock_fd < 0
                ? err_set(info, ERR_IO, "open %s: %s", p->lock_path, strerror(errno))
                : take_lock(p, info);
    }
    if (e != ERR_OK) {
        sqlite_place_close(p);
    }
    return e;
}

enum err sqlite_place_open(struct sqlite_place *p, const char *path, bool is_dev,
                           struct err_info *info)
{
    enum err e = sqlite_place_lock(p, path, is_dev, info);

    if (e != ERR_OK) {
        return e;
    }
    e = make_file(p, info);
    if (e == ERR_OK) {
        e = check_file(path, is_dev, info);
    }
    if (e != ERR_OK) {
        sqlite_place_close(p);
    }
    return e;
}

void sqlite_place_close(struct sqlite_place *p)
{
    if (p->lock_fd >= 0) {
        (void)close(p->lock_fd); /* Lets go of the lock in any case. */
    }
    free(p->db_path);
    free(p->folder);
    free(p->lock_path);
    free(p->reserve_path);
    *p = (struct sqlite_place){.lock_fd = -1};
}

/* ---- room --------------------------------------------------------------------- */

static bool has_reserve(const struct sqlite_place *p)
{
    struct stat st;

    return stat(p->reserve_path, &st) == 0 && (uint64_t)st.st_size >= p->reserve_bytes;
}

static bool make_reserve(const struct sqlite_place *p)
{
    const int fd = open(p->reserve_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    bool is_made;

    if (fd < 0) {
        return false;
    }
    is_made = posix_fallocate(fd, 0, (off_t)p->reserve_bytes) == 0;
    (void)close(fd); /* Its bytes mean nothing. */
    if (!is_made) {
        sqlite_place_free_reserve(p);
    }
    return is_made;
}

void sqlite_place_keep_reserve(const struct sqlite_place *p, bool is_loud)
{
    if (has_reserve(p)) {
        return;
    }
    /* A disk that is nearly full needs its last room for the outcomes of calls. */
    if (sqlite_place_free_bytes(p) / 4 >= p->reserve_bytes && make_reserve(p)) {
        return;
    }
    if (is_loud) {
        log_say(LOG_WARNING, "no room for the reserve that a full disk would need",
                LOG_TEXT("file", p->reserve_path), LOG_NUMBER("bytes", p->reserve_bytes));
    }
}

void sqlite_place_free_reserve(const struct sqlite_place *p)
{
    (void)unlink(p->reserve_path); /* Not there: nothing to give back. */
}

uint64_t sqlite_place_free_bytes(const struct sqlite_place *p)
{
    struct statvfs fs;

    if (statvfs(p->folder, &fs) != 0) {
        return UINT64_MAX;
    }
    return (uint64_t)fs.f_bavail * fs.f_frsize;
}

static enum err sync_path(const char *path, int flags, struct err_info *info)
{
    const int fd = open(path, flags | O_CLOEXEC);
    int result;

    if (fd < 0) {
        return err_set(info, ERR_IO, "open %s: %s", path, strerror(errno));
    }
    result = fsync(fd);
    (void)close(fd); /* Nothing was written by it. */
    return result == 0 ? ERR_OK
                       : err_set(info, ERR_IO, "sync %s: %s", path, strerror(errno));
}

enum err sqlite_place_sync_folder(const char *folder, struct err_info *info)
{
    return sync_path(folder, O_RDONLY | O_DIRECTORY, info);
}

enum err sqlite_place_sync_file(const char *path, struct err_info *info)
{
    return sync_path(path, O_RDWR, info);
}
