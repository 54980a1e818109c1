/* engine.c - see engine.h: creating, starting, stopping; loop.c is the thread itself. */
#include "engine/run/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/run/loop.h"
#include "engine/run/marker.h"
#include "engine/run/outbox.h"
#include "engine/run/recover.h"
#include "engine/run/state.h"

enum { RESULTS_MAX = 4, SCRATCH_BYTES = 64 * 1024, RESIDENTS_EXTRA = 4096 };

static void wake(void *user)
{
    struct engine *e = user;

    calls_wake(e->calls);
}

/* On the writer thread. */
static void committed(void *user, const struct writer_result *result)
{
    struct engine *e = user;
    struct writer_result *kept = mem_alloc(sizeof(*kept));
    enum err err;

    *kept = *result;
    err = queue_push(e->results, kept);
    assert(err == ERR_OK); /* One commit is out at a time: there is room. */
}

static void destroy(struct engine *e)
{
    if (e == NULL) {
        return;
    }
    writer_stop(e->writer);
    calls_destroy(e->calls);
    queue_destroy(e->inbox);
    queue_destroy(e->results);
    table_destroy(e->table);
    timers_destroy(e->timers);
    pending_destroy(e->pending);
    outbox_destroy(e->outbox);
    bulks_done(&e->bulks);
    feed_destroy(e->feed);
    stats_destroy(e->stats);
    registry_destroy(e->registry);
    store_reader_close(e->reader);
    services_destroy(e->config.services);
    batch_done(&e->batches[0]);
    batch_done(&e->batches[1]);
    arena_destroy(e->scratch);
    address_done(e);
    free(e->base_url);
    restore_done(e);
    marker_close(e->marker, !atomic_load(&e->has_failed));
    metrics_done(&e->metrics);
    (void)pthread_mutex_destroy(&e->reload_lock);
    free(e);
}

static struct engine *create(const struct engine_config *config)
{
    struct engine *e = mem_alloc(sizeof(*e));
    /* A reload may raise maxActiveSagas; what is not used is not touched. */
    uint32_t residents_max = LIMIT_ACTIVE_SAGAS + RESIDENTS_EXTRA;

    e->config = *config;
    (void)pthread_mutex_init(&e->reload_lock, NULL); /* Cannot fail with no attributes. */
    e->inbox = queue_create(LIMIT_INBOX, wake, e);
    e->results = queue_create(RESULTS_MAX, wake, e);
    e->table = table_create(residents_max);
    e->timers = timers_create(residents_max);
    e->pending = pending_create();
    e->outbox = outbox_create();
    bulks_init(&e->bulks);
    e->stats = stats_create(clk_wall_ms());
    e->scratch = arena_create(SCRATCH_BYTES);
    e->marker = marker_open(config->marker_path);
    batch_init(&e->batches[0]);
    batch_init(&e->batches[1]);
    e->batch_seq = 1;
    e->free_bytes = store_free_bytes(config->store);
    atomic_store(&e->round_ms, clk_mono_ms());
    return e;
}

static enum err open_parts(struct engine *e, struct err_info *info)
{
    struct calls_config calls = {.egress = e->config.egress,
                                 .user_agent = e->config.user_agent,
                                 .calls_max = e->config.calls_max};
    enum err err = feed_create(&e->feed, info);

    if (err == ERR_OK) {
        err = store_reader_open(e->config.store, &e->reader, info);
    }
    if (err == ERR_OK) {
        e->registry = registry_create(e->reader, &e->stamp);
        err = calls_create(&calls, &e->calls, info);
    }
    if (err == ERR_OK) {
        err = recover_begin(e, info);
    }
    if (err == ERR_OK) {
        err = bulks_recover(e, info);
    }
    if (err == ERR_OK) {
        err = writer_start(e->config.store, committed, e, &e->writer, info);
    }
    return err;
}

enum err engine_start(const struct engine_config *config, struct engine **out,
                      struct err_info *info)
{
    struct engine *e = create(config);
    enum err err = open_parts(e, info);

    if (err == ERR_OK && pthread_create(&e->thread, NULL, loop_run, e) != 0) {
        err = err_set(info, ERR_NOMEM, "cannot start the engine thread");
    }
    if (err != ERR_OK) {
        destroy(e);
        return err;
    }
    *out = e;
    return ERR_OK;
}

enum err engine_submit(struct engine *e, struct command *c)
{
    if (atomic_load(&e->is_stopping) || atomic_load(&e->has_failed)) {
        return ERR_BUSY;
    }
    return queue_push(e->inbox, c);
}

enum err engine_copy(struct engine *e, struct writer_copy *copy)
{
    return writer_copy(e->writer, copy);
}

void engine_open(struct engine *e, const char *base_url)
{
    e->base_url = mem_text(base_url);
    atomic_store(&e->is_open, true); /* Publishes base_url. */
    calls_wake(e->calls);
}

const atomic_uint_fast64_t *engine_stamp(const struct engine *e)
{
    return &e->stamp;
}

struct feed *engine_feed(struct engine *e)
{
    return e->feed;
}

bool engine_is_ready(const struct engine *e)
{
    return atomic_load(&e->is_ready) && !atomic_load(&e->is_draining) &&
           !atomic_load(&e->has_failed);
}

bool engine_is_alive(const struct engine *e)
{
    return clk_mono_ms() - atomic_load(&e->round_ms) < 4U * LOOP_IDLE_MS;
}

uint32_t engine_full_at(const struct engine *e)
{
    return (uint32_t)atomic_load(&e->full_at);
}

uint64_t engine_restored_ms(const struct engine *e)
{
    return atomic_load(&e->restored_ms);
}

const struct board *engine_board(const struct engine *e)
{
    return services_board(e->config.services);
}

bool engine_is_draining(const struct engine *e)
{
    return atomic_load(&e->is_draining);
}

void engine_reload(struct engine *e, void (*apply)(struct services *s, void *user),
                   void *user, uint32_t active_max)
{
    (void)pthread_mutex_lock(&e->reload_lock);
    e->reload = apply;
    e->reload_user = user;
    e->reload_active_max = active_max;
    (void)pthread_mutex_unlock(&e->reload_lock);
    calls_wake(e->calls);
}

void engine_drain(struct engine *e)
{
    atomic_store(&e->is_draining, true);
    calls_wake(e->calls);
    loop_await_drained(e);
}

void engine_stop(struct engine *e)
{
    if (e == NULL) {
        return;
    }
    queue_close(e->inbox); /* First: what is in it when the loop ends is all there is. */
    atomic_store(&e->is_stopping, true);
    calls_wake(e->calls);
    (void)pthread_join(e->thread, NULL);
    destroy(e);
}

/* ---- for the rest of engine/run
 * ---------------------------------------------------------------- */

struct store_reader *engine_reader(struct engine *e)
{
    struct err_info info;

    if (!e->reader_has_begun) {
        if (store_reader_begin(e->reader, &info) == ERR_OK) {
            e->reader_has_begun = true;
        } else {
            log_say(LOG_WARNING, "cannot begin a read", LOG_TEXT("detail", info.text));
        }
    }
    return e->reader;
}

void engine_reader_end(struct engine *e)
{
    if (e->reader_has_begun) {
        store_reader_end(e->reader);
        e->reader_has_begun = false;
    }
}

void engine_fail(struct engine *e, const struct err_info *why)
{
    if (!atomic_exchange(&e->has_failed, true)) {
        log_say(LOG_ERROR, "stopping: the store can no longer be trusted",
                LOG_TEXT("detail", why->text));
        e->config.failed(e->config.user, why);
    }
}
