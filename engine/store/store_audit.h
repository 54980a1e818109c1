/*
 * store_audit.h - the chain of the audit: each entry's hash covers the hash before it.
 *
 * hash_texts() of the entry as the API shows it, text by text: "sagad-audit-1", previous,
 * seq, time, actor, action, subject, turn, reason, requestId; numbers in decimal, times
 * as RFC 3339 in UTC with milliseconds, what is absent NULL. docs/manual/audit.md tells
 * clients the same: whoever has the entries can check them without the daemon. Another
 * way to compute it takes another first text.
 *
 * Pure; any thread.
 */
#ifndef STORE_STORE_AUDIT_H
#define STORE_STORE_AUDIT_H

#include "base/hash.h"
#include "engine/store/store.h"

/* Of everything in the entry but its own hash. */
void store_audit_hash(const struct store_audit *a, char out[static HASH_HEX]);

#endif /* STORE_STORE_AUDIT_H */
