/* failing_vfs.c - see failing.h: a VFS in front of SQLite's own. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "tests/failing/failing.h"

struct file {
    sqlite3_file base;
    const char *path; /* SQLite's, for as long as the file is open; NULL: temporary. */
    struct failing_undo *undo; /* NULL: not kept. */
    /* The real file stands behind this. */
};

static sqlite3_vfs *own;

static sqlite3_file *real(sqlite3_file *f)
{
    return (sqlite3_file *)(void *)((struct file *)(void *)f + 1);
}

static struct file *ours(sqlite3_file *f)
{
    return (struct file *)(void *)f;
}

static const sqlite3_io_methods *methods(sqlite3_file *f)
{
    return real(f)->pMethods;
}

/* ---- files ------------------------------------------------------------------------ */

static int close_file(sqlite3_file *f)
{
    return methods(f)->xClose(real(f));
}

static int read_file(sqlite3_file *f, void *to, int n, sqlite3_int64 at)
{
    if (failing_now(FAILING_IO)) {
        return SQLITE_IOERR_READ;
    }
    return methods(f)->xRead(real(f), to, n, at);
}

static int write_short(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    (void)methods(f)->xWrite(real(f), from, n / 2, at); /* Its failure is ours, too. */
    return SQLITE_IOERR_WRITE;
}

static bool is_too_much(sqlite3_file *f, int n, sqlite3_int64 at)
{
    sqlite3_int64 is = 0;

    if (failing_plan()->disk_bytes == 0 || ours(f)->path == NULL ||
        methods(f)->xFileSize(real(f), &is) != SQLITE_OK || at + n <= is) {
        return false;
    }
    return failing_is_over(ours(f)->path, (uint64_t)(at + n - is));
}

static int write_file(sqlite3_file *f, const void *from, int n, sqlite3_int64 at)
{
    int rc;

    failing_point("write-before");
    failing_power();
    if (failing_now(FAILING_IO)) {
        return SQLITE_IOERR_WRITE;
    }
    if (failing_now(FAILING_FULL) || is_too_much(f, n, at)) {
        return SQLITE_FULL;
    }
    failing_undo_write(ours(f)->undo, (uint64_t)at, (uint64_t)n);
    if (failing_now(FAILING_SHORT)) {
        return write_short(f, from, n, at);
    }
    rc = methods(f)->xWrite(real(f), from, n, at);
    failing_point("write-after");
    return rc;
}

static int cut_file(sqlite3_file *f, sqlite3_int64 n)
{
    failing_point("truncate-before");
    failing_power();
    if (failing_now(FAILING_IO)) {
        return SQLITE_IOERR_TRUNCATE;
    }
    failing_undo_cut(ours(f)->undo, (uint64_t)n);
    return methods(f)->xTruncate(real(f), n);
}

static int sync_file(sqlite3_file *f, int flags)
{
    int rc;

    failing_point("sync-before");
    failing_power();
    if (failing_now(FAILING_IO)) {
        return SQLITE_IOERR_FSYNC;
    }
    rc = methods(f)->xSync(real(f), flags);
    if (rc == SQLITE_OK) {
        failing_undo_synced(ours(f)->undo);
    }
    failing_point("sync-after");
    return rc;
}

static int size_file(sqlite3_file *f, sqlite3_int64 *out)
{
    if (failing_now(FAILING_IO)) {
        return SQLITE_IOERR_FSTAT;
    }
    return methods(f)->xFileSize(real(f), out);
}

static int lock_file(sqlite3_file *f, int level)
{
    if (failing_now(FAILING_IO)) {
        return SQLITE_IOERR_LOCK;
    }
    return methods(f)->xLock(real(f), level);
}

static int unlock_file(sqlite3_file *f, int level)
{
    return methods(f)->xUnlock(real(f), level);
}

static int is_reserved(sqlite3_file *f, int *out)
{
    return methods(f)->xCheckReservedLock(real(f), out);
}

static int control(sqlite3_file *f, int op, void *arg)
{
    return methods(f)->xFileControl(real(f), op, arg);
}

static int sector_size(sqlite3_file *f)
{
    return methods(f)->xSectorSize(real(f));
}

static int traits(sqlite3_file *f)
{
    return methods(f)->xDeviceCharacteristics(real(f));
}

/* ---- the wal-index ------------------------------------------------------------------
 */

static int map_index(sqlite3_file *f, int page, int n, int grow, void volatile **out)
{
    if (failing_now(FAILING_IO)) {
        return SQLITE_IOERR_SHMMAP;
    }
    return methods(f)->xShmMap(real(f), page, n, grow, out);
}

static int lock_index(sqlite3_file *f, int at, int n, int flags)
{
    if ((flags & SQLITE_SHM_LOCK) != 0 && failing_now(FAILING_IO)) {
        return SQLITE_IOERR_SHMLOCK;
    }
    return methods(f)->xShmLock(real(f), at, n, flags);
}

static void fence_index(sqlite3_file *f)
{
    methods(f)->xShmBarrier(real(f));
}

static int unmap_index(sqlite3_file *f, int is_deleted)
{
    return methods(f)->xShmUnmap(real(f), is_deleted);
}

/* No xFetch: the store maps nothing (S90). */
static const sqlite3_io_methods our_methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = cut_file,
    .xSync = sync_file,
    .xFileSize = size_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = is_reserved,
    .xFileControl = control,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = traits,
    .xShmMap = map_index,
    .xShmLock = lock_index,
    .xShmBarrier = fence_index,
    .xShmUnmap = unmap_index,
};

/* ---- the VFS ------------------------------------------------------------------------
 */

static int open_file(sqlite3_vfs *vfs, const char *path, sqlite3_file *f, int flags,
                     int *flags_out)
{
    int rc;

    (void)vfs;
    f->pMethods = NULL; /* Not to be closed, until it is open. */
    if (failing_now(FAILING_IO)) {
        return SQLITE_CANTOPEN;
    }
    rc = own->xOpen(own, path, real(f), flags, flags_out);
    if (real(f)->pMethods != NULL) {
        f->pMethods = &our_methods;
        ours(f)->path = path;
        ours(f)->undo = failing_undo_of(path);
    }
    return rc;
}

static int delete_file(sqlite3_vfs *vfs, const char *path, int syncs_folder)
{
    (void)vfs;
    failing_point("delete-before");
    failing_power();
    if (failing_now(FAILING_IO)) {
        return SQLITE_IOERR_DELETE;
    }
    return own->xDelete(own, path, syncs_folder);
}

static int look_at(sqlite3_vfs *vfs, const char *path, int flags, int *out)
{
    (void)vfs;
    if (failing_now(FAILING_IO)) {
        return SQLITE_IOERR_ACCESS;
    }
    return own->xAccess(own, path, flags, out);
}

static sqlite3_vfs our_vfs;

void failing_vfs_install(void)
{
    own = sqlite3_vfs_find(NULL);
    if (own == NULL) {
        abort();
    }
    our_vfs = *own; /* What needs no file of ours is left as it is. */
    our_vfs.pNext = NULL;
    our_vfs.zName = "failing";
    our_vfs.szOsFile = (int)sizeof(struct file) + own->szOsFile;
    our_vfs.xOpen = open_file;
    our_vfs.xDelete = delete_file;
    our_vfs.xAccess = look_at;
    if (sqlite3_vfs_register(&our_vfs, 1) != SQLITE_OK) {
        abort();
    }
}
