/* writer.c - see writer.h. The hand-over is a queue of one batch and one copy. */
#include "engine/store/writer.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/queue.h"
#include "base/thread.h"

#define FREE_LOOK_US 1000000U /* How often free space is looked at. */

struct job { /* One of the two. */
    const struct store_batch *batch;
    struct writer_copy *copy;
};

struct writer {
    struct store *store; /* Borrowed. */
    void (*done)(void *user, const struct writer_result *r);
    void *user;          /* Borrowed. */
    struct queue *queue; /* Owned; holds the jobs not yet begun. */
    struct job batch;    /* Whoever pushes it; then the writer thread. */
    struct job copy;
    atomic_bool has_copy; /* `copy` is in use. */
    atomic_bool is_stopping;
    struct writer_copy *copying; /* Writer thread; NULL: none. */
    struct store_copy *made;     /* Writer thread. What there is of it. */
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
    struct writer_result r = {.err = ERR_OK};
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

/* ---- copying ------------------------------------------------------------------- */

static void end_copy(struct writer *w, enum err e, const struct err_info *info)
{
    struct writer_copy *copy = w->copying;

    store_copy_end(w->made);
    w->made = NULL;
    w->copying = NULL;
    atomic_store(&w->has_copy, false); /* First: whoever hears of it may want another. */
    copy->done(copy->user, e, info);
}

static void begin_copy(struct writer *w, struct writer_copy *copy)
{
    struct err_info info = {.text = ""};
    enum err e;

    w->copying = copy;
    e = store_copy_begin(w->store, copy->path, &w->made, &info);
    if (e != ERR_OK) {
        end_copy(w, e, &info);
    }
}

static void go_on_copying(struct writer *w)
{
    struct err_info info = {.text = ""};
    bool is_done = false;
    enum err e;

    if (atomic_load(&w->is_stopping) || atomic_load(&w->copying->is_unwanted)) {
        e = err_set(&info, ERR_BUSY, "the copy was given up");
    } else {
        e = store_copy_step(w->made, &is_done, &info);
    }
    if (e != ERR_OK || is_done) {
        end_copy(w, e, &info);
    }
}

/* ---- the thread ----------------------------------------------------------------- */

/* Commits come first; a copy goes on when there is none. NULL: stopped. */
static const struct job *next_job(struct writer *w)
{
    void *job = NULL;

    while (w->copying != NULL) {
        if (queue_take(w->queue, &job, 1) == 1) {
            return job;
        }
        go_on_copying(w);
    }
    return queue_wait(w->queue);
}

static void *run(void *user)
{
    struct writer *w = user;

    thread_set_name("sagad-writer");
    for (;;) {
        const struct job *job = next_job(w);

        if (job == NULL) {
            return NULL;
        }
        if (job->copy != NULL) {
            begin_copy(w, job->copy);
            continue;
        }
        commit_one(w, job->batch);
        if (w->copying != NULL) { /* A full queue must not starve it. */
            go_on_copying(w);
        }
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
    w->queue = queue_create(2, NULL, NULL);
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
    enum err e;

    w->batch.batch = batch;
    e = queue_push(w->queue, &w->batch);
    assert(e == ERR_OK); /* One batch at a time, and none after writer_stop(). */
}

enum err writer_copy(struct writer *w, struct writer_copy *copy)
{
    if (atomic_exchange(&w->has_copy, true)) {
        return ERR_BUSY;
    }
    w->copy.copy = copy;
    return queue_push(w->queue, &w->copy); /* ERR_BUSY: closed. There is room. */
}

void writer_stop(struct writer *w)
{
    int result;

    if (w == NULL) {
        return;
    }
    atomic_store(&w->is_stopping, true);
    queue_close(w->queue);
    result = pthread_join(w->thread, NULL);
    assert(result == 0);
    queue_destroy(w->queue);
    free(w);
}
