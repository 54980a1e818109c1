/*
 * store_open.h - the backends by name; only programs/sagad/wire.c and tests include it.
 */
#ifndef STORE_STORE_OPEN_H
#define STORE_STORE_OPEN_H

#include "engine/store/store.h"

struct store_sqlite_options {
    bool is_dev;            /* A temporary database: no checks of its folder's mode. */
    uint64_t reserve_bytes; /* Size of the reserve file (S95); 0: the default. */
};

/* Open or create the database: checks the folder (not world-writable, not a network
 * file system), takes the lock file (S93; ERR_BUSY names the holder), sets and reads
 * back the pragmas (S90), refuses a newer database (S72, ERR_CONFLICT in words),
 * migrates an older one with a backup first (S97), makes the reserve file (S95). */
MUST_CHECK enum err store_open_sqlite(const char *path,
                                      const struct store_sqlite_options *options,
                                      struct store **out, struct err_info *info);

/* Only the migrations, for `sagad migrate`: from and to versions are told. */
MUST_CHECK enum err store_migrate_sqlite(const char *path, int *from_out, int *to_out,
                                         struct err_info *info);

/* ---- backups of SQLite (S96) ------------------------------------------------- */

/* Is given a copy that can only be read; what it returns decides. */
typedef enum err (*store_check)(void *user, struct store *copy, struct err_info *info);

/* May a backup of so many bytes be made there? ERR_CONFLICT: the file is there already,
 * ERR_LIMIT: no room. */
MUST_CHECK enum err store_backup_begin_sqlite(const char *target, uint64_t need_bytes,
                                              struct err_info *info);

/* part is a copy (store_copy_begin()): it is marked, every page looked at, checked,
 * synced, and only then named target. On failure it is removed. */
MUST_CHECK enum err store_backup_finish_sqlite(const char *part, const char *target,
                                               store_check check, void *user,
                                               struct err_info *info);

/* A copy of a backup becomes the database at path, where none may be (ERR_CONFLICT) and
 * no daemon may run (ERR_BUSY); looked at and checked before it gets its name. */
MUST_CHECK enum err store_restore_sqlite(const char *backup, const char *path,
                                         store_check check, void *user,
                                         struct err_info *info);

/* ---- looking ------------------------------------------------------------------ */

/* check() is given the database at path, to be read only. Nothing of it changes, nothing
 * is left beside it, and an older version is refused (ERR_INVALID). Only where a killed
 * daemon left a WAL it is opened as its next start would, which takes that in. ERR_BUSY:
 * a daemon runs on it, or it was written to meanwhile; ERR_NOT_FOUND: there is none. */
MUST_CHECK enum err store_look_sqlite(const char *path, store_check check, void *user,
                                      struct err_info *info);

/* Kept in memory only, for tests and the simulator. Survives store_close() of readers,
 * not its own. */
MUST_CHECK enum err store_open_memory(struct store **out, struct err_info *info);

/* The path whose mtime tells when the engine was last alive (S43); NULL for memory. */
const char *store_alive_path(const struct store *s);

#endif /* STORE_STORE_OPEN_H */
