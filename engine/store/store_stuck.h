/*
 * store_stuck.h - reading what is stuck, in groups of what is alike.
 *
 * Part of store.h's contract, with its rules for readers: rows are borrowed for the call
 * of each(), false ends the scan.
 */
#ifndef STORE_STORE_STUCK_H
#define STORE_STORE_STUCK_H

#include "engine/store/store.h"

/* Stuck sagas alike in definition, step, call and outcome; the largest groups first,
 * then by their words. definition NULL: of all. */
struct store_stuck_group {
    const char *definition;
    const char *step; /* NULL: stuck as a whole; call and outcome say nothing. */
    enum call_kind call;
    enum outcome outcome;
    uint64_t n;
    uint64_t oldest_ms; /* Since when the first of them is. */
};
typedef bool (*store_each_stuck)(void *user, const struct store_stuck_group *group);
MUST_CHECK enum err store_scan_stuck(struct store_reader *r, const char *definition,
                                     size_t most, store_each_stuck each, void *user,
                                     struct err_info *info);
/* The newest sagas of one group. */
MUST_CHECK enum err store_scan_stuck_sagas(struct store_reader *r,
                                           const struct store_stuck_group *group,
                                           size_t most, store_each_saga each, void *user,
                                           struct err_info *info);
/* Since when the saga is stuck that is so for longest; 0: none is. */
MUST_CHECK enum err store_oldest_stuck(struct store_reader *r, uint64_t *out_ms,
                                       struct err_info *info);

#endif /* STORE_STORE_STUCK_H */
