/*
 * migrate.h - bringing a database up to date: which steps, in which order, and what
 * is refused (S72, S97). How a step is carried out is the backend's.
 *
 * Forward only, one transaction per step. A database that has been used is backed up
 * before the first step; the backup's name is in the log. A database newer than this
 * program is left as it is and refused in words. One thread, nothing else open.
 */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "base/err.h"
#include "engine/store/migrations.h"

struct migrate_target {
    void *user;
    const char *name; /* For people: the file. */
    enum err (*version)(void *user, int *out, struct err_info *info); /* 0: empty. */
    /* A verified copy of the database under a name that says `version`. */
    enum err (*backup)(void *user, int version, struct err_info *info);
    /* One transaction: the step's SQL and the new version. */
    enum err (*step)(void *user, const struct migration *m, struct err_info *info);
};

/* steps[i].version == i + 1. ERR_CONFLICT: the database is newer. from and to are told
 * once all is done; either may be NULL. */
MUST_CHECK enum err migrate_run(const struct migrate_target *target,
                                const struct migration *steps, int n_steps, int *from_out,
                                int *to_out, struct err_info *info);

#endif /* STORE_MIGRATE_H */
