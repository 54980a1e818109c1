/*
 * audit_chain.h - is each entry of the audit what was committed?
 * (engine/store/store_audit.h)
 *
 * Walks from the newest entry to the first, in short reads, so that it may be done to a
 * live store: what is added meanwhile is not looked at. Entries cut off at the end do not
 * show (docs/manual/audit.md).
 */
#ifndef SAGAD_AUDIT_CHAIN_H
#define SAGAD_AUDIT_CHAIN_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/store/store.h"

struct audit_chain {
    uint64_t n;         /* Entries looked at. */
    uint64_t n_bad;     /* Of those, or of the gaps between them. */
    uint64_t first_bad; /* The least number of one; 0: none. */
};

/* is_unwanted: raised, it ends soon with ERR_BUSY; NULL none. ERR_IO: unreadable. */
MUST_CHECK enum err audit_chain_check(struct store_reader *r,
                                      const atomic_bool *is_unwanted,
                                      struct audit_chain *out, struct err_info *info);

#endif /* SAGAD_AUDIT_CHAIN_H */
