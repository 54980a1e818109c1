/*
 * writer.h - the thread that commits batches.
 *
 * One batch is in its hands at a time; while it commits, the engine fills the next:
 * group commit without a knob. The result comes back through `done`, called on the
 * writer thread, which must only push a message and wake the engine. A failed commit
 * is reported once and nothing is written afterwards (S6, S94).
 */
#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "base/err.h"
#include "engine/store/store.h"

struct writer;

/* Facts of one commit. */
struct writer_result {
    enum err err;
    struct err_info info;
    size_t n_ops;
    uint64_t commit_us;
    uint64_t free_bytes; /* Looked at now and then. */
};

MUST_CHECK enum err writer_start(struct store *s,
                                 void (*done)(void *user, const struct writer_result *r),
                                 void *user, struct writer **out, struct err_info *info);

/* batch is borrowed until `done`. Only one at a time. */
void writer_commit(struct writer *w, const struct store_batch *batch);

/* Waits for the batch in hand, then ends the thread. NULL is fine. */
void writer_stop(struct writer *w);

#endif /* STORE_WRITER_H */
