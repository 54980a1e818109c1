/*
 * sqlite_place.h - where a database file lives: its folder, its lock, its reserve.
 *
 * Beside <db> stand <db>.lock, held with an exclusive lock while the store is open
 * (S93), and <db>.reserve, a few megabytes given back to the disk when a commit finds
 * it full, so that the recovery after it has room (S95). Refused: a world-writable
 * folder, a database that others may read, a file system over the network.
 *
 * The lock file's mtime tells when the engine was last alive (S43): opening writes the
 * holder's name into it and leaves the mtime as it was.
 */
#ifndef STORE_SQLITE_PLACE_H
#define STORE_SQLITE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define SQLITE_PLACE_RESERVE_BYTES (8ULL * 1024 * 1024) /* A recovery's writes fit. */

struct sqlite_place {
    char *db_path; /* Owned, like the other paths. */
    char *folder;
    char *lock_path;
    char *reserve_path;
    uint64_t reserve_bytes;
    int lock_fd; /* -1 while not held. */
};

/* Checks the folder, takes the lock and makes the database file (0600) if there is
 * none. ERR_BUSY names the holder; ERR_INVALID says what is wrong with the place. */
MUST_CHECK enum err sqlite_place_open(struct sqlite_place *p, const char *path,
                                      bool is_dev, struct err_info *info);

/* The same without the database file: neither looked for nor made. */
MUST_CHECK enum err sqlite_place_lock(struct sqlite_place *p, const char *path,
                                      bool is_dev, struct err_info *info);

/* The lock only, and only where there is a lock file: makes nothing. A place without one,
 * or that cannot be written to, is held by nobody. */
MUST_CHECK enum err sqlite_place_hold(struct sqlite_place *p, const char *path,
                                      struct err_info *info);

/* Lets the lock go; the files stay. Accepts a zeroed place with lock_fd -1. */
void sqlite_place_close(struct sqlite_place *p);

/* Makes the reserve if it is missing and the disk has much more room than that; no
 * reserve is no failure, but it is logged once by the caller's choice of `is_loud`. */
void sqlite_place_keep_reserve(const struct sqlite_place *p, bool is_loud);
void sqlite_place_free_reserve(const struct sqlite_place *p);

uint64_t sqlite_place_free_bytes(const struct sqlite_place *p); /* UINT64_MAX: unknown. */

char *sqlite_place_folder_of(const char *path); /* Owned by the caller. */

/* Make the names in a folder, or a file's bytes, durable. */
MUST_CHECK enum err sqlite_place_sync_folder(const char *folder, struct err_info *info);
MUST_CHECK enum err sqlite_place_sync_file(const char *path, struct err_info *info);

#endif /* STORE_SQLITE_PLACE_H */
