/*
 * backup.h - `sagad backup` and `sagad restore` (S96).
 *
 * A backup of a live file is copied by its daemon, between commits; this process then
 * looks at every page and folds every journal of the copy, marks and syncs it, and only
 * then gives it its name: no other work is the daemon's. Restoring checks in the same way
 * and never overwrites a database.
 */
#ifndef SAGAD_BACKUP_H
#define SAGAD_BACKUP_H

#include "base/args.h"

int backup_run(const struct args *args);  /* Exit code. */
int restore_run(const struct args *args); /* Exit code. */

#endif /* SAGAD_BACKUP_H */
