/* retention.c - see retention.h. */
#include "engine/run/retention.h"

#include "base/log.h"
#include "engine/run/state.h"
#include "engine/store/store_retention.h"

enum {
    LOOKED = 64,     /* Sagas of one round. */
    PURGED = 16,     /* Of those, at most. */
    BUSY_OPS = 256,  /* A commit with that much in it has better things to do. */
    PAUSE_MS = 10,   /* Between two rounds with work. */
    BUSY_MS = 100,   /* The same while it is busy. */
    REST_MS = 60000, /* Between two walks. */
};

static uint64_t record_ms(const struct retention_config *c)
{
    return c->records_ms != 0 ? c->records_ms : RETENTION_LEAST_MS;
}

/* How long ago a saga of that status began at least, if it may go. */
static uint64_t least_age_ms(const struct retention_config *c, enum saga_status status)
{
    const uint64_t kept_ms = c->kept_ms[status];

    return kept_ms > record_ms(c) ? kept_ms : record_ms(c);
}

static bool is_past(uint64_t at_ms, uint64_t age_ms, uint64_t now_ms)
{
    return at_ms < now_ms && now_ms - at_ms > age_ms;
}

bool retention_is_over(const struct retention_config *c, const struct store_saga *s,
                       uint64_t now_ms)
{
    return s->ended_ms != 0 && s->status >= SAGA_STATUS_COMPLETED &&
           c->kept_ms[s->status] != 0 &&
           is_past(s->ended_ms, c->kept_ms[s->status], now_ms) &&
           is_past(s->started_ms, least_age_ms(c, s->status), now_ms);
}

/* ---- sagas
 * ----------------------------------------------------------------------------- */

struct look {
    struct engine *e;
    struct arena *arena;
    struct store_saga rows[PURGED]; /* That may go. */
    size_t n_rows;
    size_t n_seen;
    size_t n_young; /* Began too lately; all of them: so did the rest. */
};

static bool look_at(void *user, const struct store_saga *row)
{
    struct look *look = user;
    struct engine *e = look->e;
    const struct retention_config *c = &e->config.retention;

    look->n_seen++;
    look->n_young +=
        is_past(row->started_ms, least_age_ms(c, row->status), e->now_ms) ? 0 : 1;
    e->retention.after_num = row->num;
    if (row->parent == 0 && retention_is_over(c, row, e->now_ms)) {
        struct store_saga *kept = &look->rows[look->n_rows++];

        *kept = *row; /* What purge_aged() reads of it. */
        kept->id = arena_text(look->arena, row->id);
    }
    return look->n_rows < PURGED;
}

static void end_status(struct engine *e)
{
    struct retention *r = &e->retention;

    r->after_num = 0;
    if (r->status < SAGA_STATUSES - 1) {
        r->status++;
        return;
    }
    r->status = SAGA_STATUS_COMPLETED;
    r->next_ms = e->mono_ms + REST_MS;
    if (r->n_purged > 0) {
        log_say(LOG_INFO, "old sagas were purged", LOG_NUMBER("sagas", r->n_purged));
        r->n_purged = 0;
    }
}

static void walk_on(struct engine *e)
{
    struct retention *r = &e->retention;
    struct look look = {.e = e, .arena = engine_batch(e)->ops.arena};
    struct err_info info;

    if (e->config.retention.kept_ms[r->status] == 0) {
        end_status(e);
        return;
    }
    if (store_scan_ended(engine_reader(e), r->status, r->after_num, LOOKED, look_at,
                         &look, &info) != ERR_OK) {
        log_say(LOG_ERROR, "cannot look for old sagas", LOG_TEXT("detail", info.text));
        r->next_ms = e->mono_ms + REST_MS;
        return;
    }
    for (size_t i = 0; i < look.n_rows; i++) {
        if (purge_aged(e, &look.rows[i], look.arena)) {
            r->n_purged++;
            e->metrics.purged++;
        }
    }
    if (look.n_young == look.n_seen || (look.n_seen < LOOKED && look.n_rows < PURGED)) {
        end_status(e);
    }
}

/* ---- idempotency records
 * ----------------------------------------------------------------- */

static void prune_records(struct engine *e)
{
    const uint64_t kept_ms = e->config.retention.records_ms;
    struct err_info info;
    uint64_t oldest_ms = 0;

    if (kept_ms == 0) {
        return;
    }
    if (store_oldest_replay(engine_reader(e), &oldest_ms, &info) != ERR_OK) {
        log_say(LOG_ERROR, "cannot look for old records", LOG_TEXT("detail", info.text));
    } else if (oldest_ms != 0 && is_past(oldest_ms, kept_ms, e->now_ms)) {
        store_batch_add(&engine_batch(e)->ops, STORE_REPLAY_PRUNE)->of.replay.at_ms =
            e->now_ms - kept_ms;
    }
}

/* ---- the walk
 * --------------------------------------------------------------------------- */

static bool is_asked(const struct retention_config *c)
{
    for (size_t i = 0; i < SAGA_STATUSES; i++) {
        if (c->kept_ms[i] != 0) {
            return true;
        }
    }
    return c->records_ms != 0;
}

void retention_run(struct engine *e)
{
    struct retention *r = &e->retention;

    if (!is_asked(&e->config.retention) || e->mono_ms < r->next_ms || !e->is_recovered ||
        e->restore.phase != RESTORE_NOT || atomic_load(&e->is_draining)) {
        return;
    }
    if (engine_batch(e)->ops.n > BUSY_OPS) {
        r->next_ms = e->mono_ms + BUSY_MS;
        return;
    }
    r->next_ms = e->mono_ms + PAUSE_MS;
    if (r->status < SAGA_STATUS_COMPLETED) {
        r->status = SAGA_STATUS_COMPLETED; /* The first walk. */
    }
    prune_records(e);
    walk_on(e);
}

uint64_t retention_wake_at(const struct engine *e)
{
    if (!is_asked(&e->config.retention) || !e->is_recovered ||
        e->restore.phase != RESTORE_NOT || atomic_load(&e->is_draining)) {
        return 0;
    }
    return e->retention.next_ms > e->mono_ms ? e->retention.next_ms : e->mono_ms + 1;
}
