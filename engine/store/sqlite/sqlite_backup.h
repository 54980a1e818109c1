/*
 * sqlite_backup.h - what makes a copy of a database a backup (S96).
 *
 * A backup is one file in no WAL, every page of it was looked at, and it carries a mark
 * in its meta table, by which a daemon that is given it knows that the world has moved on
 * since, and starts paused. The public part is in store_open.h. One thread at a time.
 */
#ifndef STORE_SQLITE_BACKUP_H
#define STORE_SQLITE_BACKUP_H

#include <sqlite3.h>

#include "base/err.h"

/* Leave the WAL, mark it, look at every page. version: what user_version must be. A
 * database from before there was a meta table goes unmarked. ERR_IO: it is not sound. */
MUST_CHECK enum err sqlite_backup_seal(sqlite3 *copy, int version, struct err_info *info);

/* Is it a database of sagad, and of that version? ERR_INVALID: what it is instead. */
MUST_CHECK enum err sqlite_backup_check_version(sqlite3 *copy, int version,
                                                struct err_info *info);

#endif /* STORE_SQLITE_BACKUP_H */
