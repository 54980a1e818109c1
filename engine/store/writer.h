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

#include <stdatomic.h>

#include "base/err.h"
#include "engine/store/store.h"

struct writer;

/* A copy of the store, wanted by some other thread; its owner keeps it until `done`. */
struct writer_copy {
    const char *path; /* Where to: store_copy_begin(). */
    void (*done)(void *user, enum err e, const struct err_info *info); /* As above. */
    void *user;
    atomic_bool is_unwanted; /* Set by any thread: it ends soon, with ERR_BUSY. */
};

/* Facts of one commit. */
struct writer_result {
    enum err err;
    struct err_info info;
    uint64_t commit_us;
    uint64_t free_bytes; /* Looked at now and then. */
};

MUST_CHECK enum err writer_start(struct store *s,
                                 void (*done)(void *user, const struct writer_result *r),
                                 void *user, struct writer **out, struct err_info *info);

/* batch is borrowed until `done`. Only one at a time. */
void writer_commit(struct writer *w, const struct store_batch *batch);

/* Copy the store in small steps between commits. Any thread. ERR_BUSY: there is a copy
 * under way already, or the writer has been stopped; `done` is not called then. */
MUST_CHECK enum err writer_copy(struct writer *w, struct writer_copy *copy);

/* Waits for the batch in hand and gives a copy up, then ends the thread. NULL is fine. */
void writer_stop(struct writer *w);

#endif /* STORE_WRITER_H */
