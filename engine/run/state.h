/*
 * state.h - what the engine thread owns; inside engine/run only.
 *
 * One struct, so that it is plain what there is and who may touch it: everything but
 * the atomics, the inbox and the results queue belongs to the engine thread.
 */
#ifndef RUN_STATE_H
#define RUN_STATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "base/queue.h"
#include "engine/calls/calls.h"
#include "engine/run/address.h"
#include "engine/run/batch.h"
#include "engine/run/bulk.h"
#include "engine/run/engine.h"
#include "engine/run/feed.h"
#include "engine/run/metrics.h"
#include "engine/run/now.h"
#include "engine/run/pending.h"
#include "engine/run/restore.h"
#include "engine/run/retention.h"
#include "engine/run/stats.h"
#include "engine/run/table.h"
#include "engine/run/timers.h"
#include "engine/store/writer.h"
#include "engine/view/downtime.h"
#include "engine/view/registry.h"

struct marker;
struct outbox;

struct engine {
    struct engine_config config;

    /* Shared with other threads. */
    struct queue *inbox;           /* struct command *, from API threads. */
    struct queue *results;         /* struct writer_result *, from the writer. */
    struct feed *feed;             /* Others read and wait. */
    atomic_uint_fast64_t stamp;    /* Of definitions' rows. */
    atomic_uint_fast64_t round_ms; /* Monotonic time of the last round. */
    atomic_bool is_open;           /* base_url is set; before that nothing is done. */
    atomic_bool is_ready;
    atomic_uint_fast32_t full_at; /* As many active sagas kept a start out, and none has
                                   * ended since; 0: not so. */
    atomic_uint_fast64_t restored_ms; /* Paused, restored from a backup of then; 0 not. */
    atomic_bool is_draining;
    atomic_bool is_drained;
    atomic_bool is_stopping;
    atomic_bool has_failed;
    pthread_mutex_t reload_lock;
    void (*reload)(struct services *s, void *user); /* Under reload_lock. */
    void *reload_user;
    uint32_t reload_active_max;
    pthread_t thread;

    /* The engine thread's. */
    struct calls *calls;
    struct writer *writer;
    struct store_reader *reader;
    bool reader_has_begun; /* A read transaction is open in this round. */
    struct registry *registry;
    struct table *table;
    struct timers *timers;
    struct pending *pending;
    struct outbox *outbox;
    struct bulks bulks;
    struct batch batches[2]; /* One fills while the other commits. */
    unsigned filling;        /* Index of the one that fills. */
    bool is_committing;
    uint64_t batch_seq; /* Of the filling batch. */
    char *base_url;     /* Owned; of callbacks. Written before is_open. */
    unsigned char callback_key[HASH_KEY_BYTES];
    uint64_t next_saga;
    uint64_t next_definition;
    uint64_t next_notify;
    uint64_t next_kept; /* The next text's number among the vars. */
    struct addresses addresses;
    uint64_t vars;       /* Number of the configuration's vars as stored; 0 none. */
    uint64_t free_bytes; /* Of the disk, as last seen. */
    bool is_disk_full;   /* Below config.free_calls_bytes. */
    uint64_t
        sleepers_at_ms; /* When to look for sleepers that come due; 0: there are none. */
    uint64_t sleepers_after_ms; /* The last one seen, while a look is not over. */
    uint64_t sleepers_after_num;
    uint64_t watchdog_at_ms;    /* Monotonic time at which it was last fed. */
    uint64_t alive_at_ms;       /* When the alive file was last touched. */
    uint64_t drain_until_ms;    /* Monotonic; 0: not draining. */
    struct downtimes downtimes; /* Deadlines stand still for them (S43). */
    struct waiter *waiters;     /* All, for their time-outs. */
    struct command *delayed; /* Changes of definitions, behind one not committed yet. */
    uint64_t recover_after;  /* Saga number up to which recovery has come. */
    uint64_t recover_until;  /* The last one: younger ones began in this run. */
    uint64_t n_recovered;
    uint64_t n_unrecovered; /* To be taken up yet: active, though not in memory. */
    bool is_recovered;
    struct restore restore;
    struct marker *marker; /* S54 */
    uint64_t left_alone;   /* Saga that is not even taken up in this run; 0: none. */
    struct retention retention;
    struct metrics metrics;
    struct stats *stats;

    struct follow *first_follow; /* In the filling batch's arena. */
    struct follow *last_follow;
    uint32_t n_births; /* Children noted in that list. */

    /* Scratch of one turn. */
    struct saga saga;
    struct saga_effects effects;
    uint8_t state[LIMIT_STATE_BYTES];
    struct arena *scratch;
    struct now now;  /* The wall clock, as far as it can be trusted (S41). */
    uint64_t now_ms; /* Its time, read once a round. */
    uint64_t mono_ms;
};

static inline struct batch *engine_batch(struct engine *e)
{
    return &e->batches[e->filling];
}

/* Reads of this round see one moment; opened at the first read (S92: ended each round).
 */
struct store_reader *engine_reader(struct engine *e);
void engine_reader_end(struct engine *e);

/* Fail-stop: say why, stop sending, end the process through config.failed (S94). */
void engine_fail(struct engine *e, const struct err_info *why);

#endif /* RUN_STATE_H */
