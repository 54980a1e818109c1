/*
 * sqlite_migrate.h - migrate.h carried out on SQLite: the version is user_version, the
 * backup is made by SQLite's backup API, checked, and renamed into place (S96, S97).
 */
#ifndef STORE_SQLITE_MIGRATE_H
#define STORE_SQLITE_MIGRATE_H

#include <sqlite3.h>

#include "base/err.h"
#include "engine/store/migrations.h"
#include "engine/store/sqlite/sqlite_place.h"

/* Bring db, the writing connection on place's file, up to steps[n_steps - 1]. Before
 * the first step of a database in use, <db>.v<version>.backup is made. */
MUST_CHECK enum err sqlite_migrate_run(sqlite3 *db, const struct sqlite_place *place,
                                       const struct migration *steps, int n_steps,
                                       int *from_out, int *to_out, struct err_info *info);

#endif /* STORE_SQLITE_MIGRATE_H */
