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

/* Kept in memory only, for tests and the simulator. Survives store_close() of readers,
 * not its own. */
MUST_CHECK enum err store_open_memory(struct store **out, struct err_info *info);

/* The path whose mtime tells when the engine was last alive (S43); NULL for memory. */
const char *store_alive_path(const struct store *s);

#endif /* STORE_STORE_OPEN_H */
