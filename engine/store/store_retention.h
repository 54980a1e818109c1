/*
 * store_retention.h - what may be old enough to go (S98).
 *
 * Part of store.h's contract, with its rules for readers. No index says when sagas ended:
 * it would cost each of them a page. They are walked in the order of their start, which
 * ends where the youngest that matters began.
 */
#ifndef STORE_STORE_RETENTION_H
#define STORE_STORE_RETENTION_H

#include "engine/store/store.h"

/* Sagas of that final status above after_num, by num: in the order of their start. */
MUST_CHECK enum err store_scan_ended(struct store_reader *r, enum saga_status status,
                                     uint64_t after_num, size_t most,
                                     store_each_saga each, void *user,
                                     struct err_info *info);

/* When the oldest idempotency record was made; 0: there is none. */
MUST_CHECK enum err store_oldest_replay(struct store_reader *r, uint64_t *out_ms,
                                        struct err_info *info);

#endif /* STORE_STORE_RETENTION_H */
