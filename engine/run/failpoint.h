/*
 * failpoint.h - dying on purpose in the middle of a turn; in the tests' own build of the
 * daemon only (tests/CMakeLists.txt: sagad_failing). In every other it is nothing.
 *
 * FAILPOINT_TURN=<saga id> ends the process in each turn of that saga but its first and
 * the one that makes it poison; FAILPOINT_TURN=<saga id>! in that one, too.
 */
#ifndef RUN_FAILPOINT_H
#define RUN_FAILPOINT_H

#include "engine/core/saga.h"

#ifdef SAGAD_FAILPOINTS
#include <stdlib.h>
#include <string.h>

static inline void failpoint_turn(const char *saga, enum saga_event_kind kind)
{
    const char *wanted = getenv("FAILPOINT_TURN");
    const size_t n = strlen(saga);

    if (wanted == NULL || strncmp(wanted, saga, n) != 0 || kind == SAGA_EV_START) {
        return;
    }
    if (wanted[n] == '!' || (wanted[n] == '\0' && kind != SAGA_EV_POISONED)) {
        abort();
    }
}
#else
static inline void failpoint_turn(const char *saga, enum saga_event_kind kind)
{
    (void)saga;
    (void)kind;
}
#endif

#endif /* RUN_FAILPOINT_H */
