/*
 * restore.h - a database that was restored from a backup starts paused (S96).
 *
 * The mark that a backup carries is found at the start. Then: every saga that is not
 * final takes a RESTORE turn, which pauses it and puts what has not ended in doubt;
 * nothing is called, no webhook goes out and no saga is started, until an operator says
 * go on; the sagas that RESTORE paused are resumed, those that an operator had paused
 * before the backup are not. Each phase is kept in the store before the next begins, so a
 * crash in any of them goes on where it was (docs/adr/0034).
 *
 * Engine thread only, but for restore_begin().
 */
#ifndef RUN_RESTORE_H
#define RUN_RESTORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct engine;

enum restore_phase {
    RESTORE_NOT,       /* No backup, or let go again. */
    RESTORE_MARKED,    /* Sagas take their RESTORE turn. */
    RESTORE_PAUSED,    /* Waits for an operator. */
    RESTORE_RELEASING, /* Sagas take their RESUME turn. */
};

struct restore {
    enum restore_phase phase;
    uint64_t made_ms;    /* The backup's time. */
    uint64_t before_num; /* Sagas are gone through newest first; 0: from the newest. */
    char *actor;         /* Owned. Who let it go; NULL: before a restart. */
    char *reason;        /* Owned. */
    bool is_resuming;    /* In the middle of a turn of the release. */
};

/* Before the threads run: is there a mark? Numbers that were given to sagas after the
 * backup are not given again. */
MUST_CHECK enum err restore_begin(struct engine *e, struct arena *a,
                                  struct err_info *info);
void restore_done(struct engine *e);

/* Nothing is called and nothing started. */
bool restore_is_holding(const struct engine *e);

/* Some more RESTORE or RESUME turns, if it is time for them; after the last the next
 * phase begins. */
MUST_CHECK enum err restore_more(struct engine *e, struct err_info *info);

#endif /* RUN_RESTORE_H */
