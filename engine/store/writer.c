/* writer.c - see writer.h. The hand-over is a queue of one. */
#include "engine/store/writer.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/queue.h"

#define FREE_LOOK_US 1000000U /* How often free space is looked at. */

struct writer {
    struct store *store; /* Borrowed. */
    void (*done)(void *user, const struct writer_result *r);
    void *user;          /* Borrowed. */
    struct queue *queue; /* Owned; holds the batch not yet begun. */
    pthread_t thread;
    uint64_t free_bytes; /* Writer thread. As last seen. */
    uint64_t looked_us;  /* Writer thread. When. */
};

static void look_at_free_space(struct writer *w, uint64_t now_us)
{
    if (w->looked_us == 0 || now_us - w->looked_us >= FREE_LOOK_US) {
        w->free_bytes = store_free_bytes(w->store);
        w->looked_us = now_us;
    }
}

static void commit_one(struct writer *w, const struct store_batch *batch)
{
    struct writer_result r = {.n_ops = batch->n};
    const uint64_t began_us = clk_mono_us();
    uint64_t now_us;

    r.err = store_commit(w->store, batch, &r.info);
    now_us = clk_mono_us();
    r.commit_us = now_us - began_us;
    look_at_free_space(w, now_us);
    r.free_bytes = w->free_bytes;
    w->done(w->user, &r); /* First: nobody need wait for the checkpoint. */
    store_tidy(w->store);
}

static void *run(void *user)
{
    struct writer *w = user;

    for (;;) {
        const struct store_batch *batch = queue_wait(w->queue);

        if (batch == NULL) {
            return NULL;
        }
        commit_one(w, batch);
    }
}

enum err writer_start(struct store *s,
                      void (*done)(void *user, const struct writer_result *r), void *user,
                      struct writer **out, struct err_info *info)
{
    struct writer *w = mem_alloc(sizeof(*w));
    sigset_t all;
    sigset_t before;
    int result;

    w->store = s;
    w->done = done;
    w->user = user;
    w->queue = queue_create(1, NULL, NULL);
    (void)sigfillset(&all); /* Signals are the main thread's; these calls fail only */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* on a bad argument. */
    result = pthread_create(&w->thread, NULL, run, w);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (result != 0) {
        queue_destroy(w->queue);
        free(w);
        return err_set(info, ERR_IO, "start the writer thread: %s", strerror(result));
    }
    *out = w;
    return ERR_OK;
}

void writer_commit(struct writer *w, const struct store_batch *batch)
{
    /* The queue takes a plain pointer; the batch comes out const again. */
    const enum err e = queue_push(w->queue, (void *)(uintptr_t)batch);

    assert(e == ERR_OK); /* One batch at a time, and none after writer_stop(). */
}

void writer_stop(struct writer *w)
{
    int result;

    if (w == NULL) {
        return;
    }
    queue_close(w->queue);
    result = pthread_join(w->thread, NULL);
    assert(result == 0);
    queue_destroy(w->queue);
    free(w);
}
