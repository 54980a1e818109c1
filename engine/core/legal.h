/*
 * legal.h - which operator action is legal when (core.md's table, S61, S62).
 *
 * One table for the core, which refuses what it forbids, and for the API, whose
 * `actions` are exactly what would be accepted now. Pure.
 */
#ifndef CORE_LEGAL_H
#define CORE_LEGAL_H

#include "engine/core/saga.h"

enum legal_answer {
    LEGAL_YES,
    LEGAL_NOTED,     /* Accepted, takes effect when the pivot settles (S27). */
    LEGAL_NO_OP,     /* Already so; accepted, nothing changes. */
    LEGAL_NO,        /* invalid-state */
    LEGAL_IN_FLIGHT, /* call-in-flight */
};

/* kind is RETRY..RESUME; step and item as in struct saga_event. */
enum legal_answer legal_action(const struct saga *s, const struct plan *plan,
                               enum saga_event_kind kind, uint16_t step, uint32_t item);

/* Would the action be accepted for the saga, or for at least one open cell? */
bool legal_is_offered(const struct saga *s, const struct plan *plan,
                      enum saga_event_kind kind);

/* Of the cells due now, the latest time one can end by itself is known to the shell;
 * this says whether any is due. */
bool legal_has_due(const struct saga *s);

#endif /* CORE_LEGAL_H */
