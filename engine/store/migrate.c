/* migrate.c - see migrate.h. */
#include "engine/store/migrate.h"

#include <assert.h>
#include <stddef.h>

#include "base/log.h"

static enum err refuse_newer(const struct migrate_target *target, int version, int known,
                             struct err_info *info)
{
    return err_set(info, ERR_CONFLICT,
                   "%s has schema version %d, but this sagad knows versions up to %d: "
                   "start the newer sagad that wrote it, or restore the backup made "
                   "before it was migrated",
                   target->name, version, known);
}

static enum err take_steps(const struct migrate_target *target,
                           const struct migration *steps, int from, int to,
                           struct err_info *info)
{
    for (int i = from; i < to; i++) {
        enum err e;

        assert(steps[i].version == i + 1);
        e = target->step(target->user, &steps[i], info);
        if (e != ERR_OK) {
            return e;
        }
        log_say(LOG_INFO, "database migrated", LOG_TEXT("database", target->name),
                LOG_NUMBER("version", steps[i].version), LOG_TEXT("step", steps[i].name));
    }
    return ERR_OK;
}

enum err migrate_run(const struct migrate_target *target, const struct migration *steps,
                     int n_steps, int *from_out, int *to_out, struct err_info *info)
{
    int from = 0;
    enum err e = target->version(target->user, &from, info);

    if (e != ERR_OK) {
        return e;
    }
    if (from > n_steps) {
        return refuse_newer(target, from, n_steps, info);
    }
    if (from > 0 && from < n_steps) {
        e = target->backup(target->user, from, info);
        if (e != ERR_OK) {
            return e;
        }
    }
    e = take_steps(target, steps, from, n_steps, info);
    if (e != ERR_OK) {
        return e;
    }
    if (from_out != NULL) {
        *from_out = from;
    }
    if (to_out != NULL) {
        *to_out = n_steps;
    }
    return ERR_OK;
}
