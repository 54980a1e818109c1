/*
 * engine.h - the engine: one thread that advances every saga.
 *
 * It takes in commands, answers of calls and timers, advances sagas through the pure
 * core, hands batches to the writer and, after each commit, releases what it allowed:
 * calls out, answers to API threads, wake-ups of waiters. See loop.c.
 *
 * All functions but engine_submit(), engine_is_*(), engine_feed() and engine_stamp() are
 * for the thread that created the engine.
 */
#ifndef RUN_ENGINE_H
#define RUN_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/calls/egress.h"
#include "engine/calls/otlp.h"
#include "engine/calls/service.h"
#include "engine/run/command.h"
#include "engine/run/retention.h"
#include "engine/store/store.h"
#include "engine/store/writer.h"
#include "engine/view/trace.h"

struct engine;
struct feed;

struct engine_config {
    struct store *store;       /* Borrowed; outlives the engine. */
    struct services *services; /* Moved in: the engine thread's from engine_start() on. */
    const struct egress *egress;  /* Borrowed. */
    struct otlp *otlp;            /* Borrowed; spans go there. NULL: no telemetry. */
    struct trace_sampler sampler; /* Which traces are kept. */
    const char *vars;             /* JSON object text: the configuration's vars. */
    const char *user_agent;       /* "sagad/x.y" */
    const char *alive_path;       /* File touched now and then (S43); NULL none. */
    const char *marker_path;      /* File that tells of turns the process died in (S54);
                                   * NULL none. */
    uint32_t calls_max;           /* limits.maxCallsInFlight */
    uint32_t active_max;          /* limits.maxActiveSagas */
    uint32_t drain_ms;            /* drainTimeout */
    struct retention_config retention;
    uint64_t free_starts_bytes;   /* Below this much free disk: starts are 503 (S95). */
    uint64_t free_calls_bytes;    /* Below this: no new calls. */
    void (*watchdog)(void *user); /* Called by the loop; NULL none. */
    uint32_t watchdog_ms;         /* At least twice in this time; 0: every few seconds. */
    void (*failed)(void *user, const struct err_info *why); /* Fail-stop (S94). */
    /* The value of a secret of the configuration, borrowed for a moment; NULL: there is
     * none of that name. Called on the engine's thread, to sign webhooks. */
    const char *(*secret)(void *user, const char *name);
    void *user;
};

/* Opens the readers it needs and starts the threads; nothing is called before
 * engine_open(). */
MUST_CHECK enum err engine_start(const struct engine_config *config, struct engine **out,
                                 struct err_info *info);

/* The doors are open: callbacks reach base_url ("http://127.0.0.1:8080", copied), and
 * recovery may begin to call. Once, by the thread that created the engine. */
void engine_open(struct engine *e, const char *base_url);

/* Any thread. c is moved until its `done`. ERR_LIMIT: the inbox is full (503 overloaded);
 * ERR_BUSY: draining or stopped. On failure c is still the caller's. */
MUST_CHECK enum err engine_submit(struct engine *e, struct command *c);

/* Any thread: the store's copy, see writer_copy(). */
MUST_CHECK enum err engine_copy(struct engine *e, struct writer_copy *copy);

/* Any thread: what was committed, to follow; until engine_stop(). */
struct feed *engine_feed(struct engine *e);

/* Any thread: what keeps calls waiting; until engine_stop(). */
const struct board *engine_board(const struct engine *e);

/* Any thread: raised after each commit that changed a definition's row. */
const atomic_uint_fast64_t *engine_stamp(const struct engine *e);
/* Any thread: it takes commands; recovery goes on meanwhile. Not draining, store sound.
 */
bool engine_is_ready(const struct engine *e);
bool engine_is_alive(const struct engine *e); /* The loop went round lately. */
/* Any thread: maxActiveSagas, if a start was refused for it and nothing has been released
 * since; else 0. A start that is new is refused then without a word to the engine. */
uint32_t engine_full_at(const struct engine *e);
#define ENGINE_FULL "There are as many active sagas as maxActiveSagas allows (%u)"

/* Restored from a backup made then, and paused until an operator says go; 0: not so. */
uint64_t engine_restored_ms(const struct engine *e);
bool engine_is_draining(const struct engine *e);

/* Reload of SIGHUP: any thread; moved in, applied by the loop. active_max:
 * limits.maxActiveSagas from then on. */
void engine_reload(struct engine *e, void (*apply)(struct services *s, void *user),
                   void *user, uint32_t active_max);

/* Stop taking starts; true once calls in flight are over or drain_ms have passed: due
 * calls never handed over are put back to queued by a turn (S9). Blocks. */
void engine_drain(struct engine *e);

/* Ends the threads; every command waiting is answered DRAINING. NULL is fine. */
void engine_stop(struct engine *e);

#endif /* RUN_ENGINE_H */
