/* loop.c - see loop.h. */
#include "engine/run/loop.h"

#include <stdlib.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/thread.h"
#include "engine/run/answer.h"
#include "engine/run/commands.h"
#include "engine/run/grant.h"
#include "engine/run/outbox.h"
#include "engine/run/recover.h"
#include "engine/run/retention.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"
#include "engine/run/waiters.h"

enum {
    COMMANDS_A_ROUND = 256,
    COMMANDS_AT_ONCE = 16,
    TIMERS_A_ROUND = 512,
    GRANTS_A_ROUND = 512,
    AWAY_MS = 3 * LOOP_IDLE_MS, /* No round takes so long; the process did not run. */
};

static void read_clocks(struct engine *e)
{
    struct now_seen seen;

    e->mono_ms = clk_mono_ms();
    now_take(&e->now, clk_wall_ms(), e->mono_ms, AWAY_MS, &seen);
    e->now_ms = e->now.ms;
    if (seen.jump_ms != 0) {
        log_say(LOG_WARNING, "the wall clock jumped", LOG_NUMBER("byMs", seen.jump_ms),
                LOG_NUMBER("aheadMs", e->now.ahead_ms));
    }
    if (seen.away_ms != 0) {
        log_say(LOG_WARNING, "the engine was away; deadlines stand still for that time",
                LOG_NUMBER("awayMs", seen.away_ms));
        recover_from_away(e, seen.away_ms);
    }
    services_set_clock(e->config.services, e->mono_ms, e->now_ms);
    atomic_store(&e->round_ms, e->mono_ms);
}

static void call_ended(void *user, const struct call_answer *answer)
{
    if (answer->name.notify != 0) {
        outbox_take(user, answer);
    } else {
        answer_take(user, answer);
    }
}

static bool has_room(struct engine *e)
{
    return engine_batch(e)->n_turns < LIMIT_BATCH_TURNS;
}

static void take_results(struct engine *e)
{
    void *item;

    while (queue_take(e->results, &item, 1) == 1) {
        struct writer_result *result = item;

        e->free_bytes = result->free_bytes;
        metrics_count_commit(&e->metrics, (double)result->commit_us / 1e6,
                             (double)e->batches[e->filling ^ 1U].n_turns);
        if (result->err != ERR_OK) {
            engine_fail(e, &result->info);
        } else {
            batch_release(e);
        }
        free(result);
    }
}

static void take_reload(struct engine *e)
{
    (void)pthread_mutex_lock(&e->reload_lock);
    if (e->reload != NULL) {
        e->reload(e->config.services, e->reload_user);
        address_take_services(e);
        e->config.active_max = e->reload_active_max;
        atomic_store(&e->full_at, 0);
        e->reload = NULL;
    }
    (void)pthread_mutex_unlock(&e->reload_lock);
}

/* It leaves the other half of a batch to what comes in. */
static bool may_recover(struct engine *e)
{
    return !e->is_recovered && atomic_load(&e->is_open) &&
           engine_batch(e)->n_turns < LIMIT_BATCH_TURNS / 2;
}

static void take_commands(struct engine *e)
{
    void *items[COMMANDS_AT_ONCE];
    size_t n = COMMANDS_AT_ONCE;

    if (!atomic_load(&e->is_ready)) {
        return;
    }
    /* A few at a time: one may be a thousand starts. */
    for (int taken = 0; taken < COMMANDS_A_ROUND && n == COMMANDS_AT_ONCE && has_room(e);
         taken += COMMANDS_AT_ONCE) {
        n = queue_take(e->inbox, items, COMMANDS_AT_ONCE);
        take_reload(e); /* Who was told of it and asks then, asks the new settings. */
        for (size_t i = 0; i < n; i++) {
            commands_take(e, items[i]);
        }
    }
}

/* The saga's time: its deadline, or a cell's. */
static void wake_saga(struct engine *e, struct resident *r)
{
    struct record record = {.event = {.kind = SAGA_EV_WAKE}};
    uint64_t wake_ms;

    turn_load_state(e, r);
    wake_ms = saga_wake_at(&e->saga, r->entry->definition->plan);
    if (wake_ms == 0) {
        return;
    }
    if (wake_ms > e->now_ms) { /* The wall clock went back (S41). */
        turn_arm(e, r);
        return;
    }
    e->metrics.lag_ms = e->now_ms - wake_ms;
    if (e->saga.deadline_ms == wake_ms && e->saga.state == SAGA_FORWARD) {
        record.event.kind = SAGA_EV_DEADLINE;
    }
    if (turn_apply(e, r, &record) != SAGA_APPLIED) {
        log_say(LOG_ERROR, "a timer fired for nothing", LOG_TEXT("sagaId", r->row.id));
    }
}

static void take_timers(struct engine *e)
{
    uint32_t slot;

    for (int i = 0; i < TIMERS_A_ROUND && has_room(e); i++) {
        if (!timers_pop_due(e->timers, e->now_ms, &slot)) {
            break;
        }
        wake_saga(e, table_at(e->table, slot));
    }
    if (e->sleepers_at_ms != 0 && e->sleepers_at_ms <= e->now_ms && e->is_recovered) {
        recover_sleepers(e);
    }
    waiters_expire(e);
}

static void release_restored(struct engine *e)
{
    struct err_info info;

    if (e->is_recovered && has_room(e) && restore_more(e, &info) != ERR_OK) {
        engine_fail(e, &info);
    }
}

static void recover(struct engine *e)
{
    struct err_info info;

    if (!may_recover(e)) {
        return;
    }
    if (recover_more(e, &info) != ERR_OK) {
        engine_fail(e, &info);
        e->is_recovered = true; /* Nothing more will be taken up. */
    } else if (e->restore.phase != RESTORE_MARKED) {
        atomic_store(&e->is_ready, true);
    }
}

/* Calls are over (or their time is) and everything is committed. */
static void look_if_drained(struct engine *e)
{
    if (!atomic_load(&e->is_draining) || atomic_load(&e->is_drained)) {
        return;
    }
    if (e->drain_until_ms == 0) {
        e->drain_until_ms = e->mono_ms + e->config.drain_ms;
        log_say(LOG_INFO, "draining",
                LOG_NUMBER("callsInFlight", calls_in_flight(e->calls)));
        waiters_dismiss(e);
    }
    if ((calls_in_flight(e->calls) == 0 || e->mono_ms >= e->drain_until_ms) &&
        !e->is_committing && engine_batch(e)->ops.n == 0 && queue_length(e->inbox) == 0) {
        atomic_store(&e->is_drained, true);
    }
}

/* How often the watchdog is fed: twice in the time it grants, with some to spare. */
static uint64_t watch_ms(const struct engine *e)
{
    const uint32_t granted_ms = e->config.watchdog_ms;
    const uint32_t often_ms = granted_ms / 3 > 0 ? granted_ms / 3 : 1;

    return granted_ms != 0 && often_ms < LOOP_IDLE_MS / 2 ? often_ms : LOOP_IDLE_MS / 2;
}

static void keep_watch(struct engine *e)
{
    if (e->mono_ms - e->alive_at_ms >= LOOP_IDLE_MS / 2) {
        recover_mark_alive(e);
        e->free_bytes = store_free_bytes(e->config.store);
    }
    if (e->config.watchdog != NULL && e->mono_ms - e->watchdog_at_ms >= watch_ms(e)) {
        e->watchdog_at_ms = e->mono_ms;
        e->config.watchdog(e->config.user);
    }
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return b != 0 && b < a ? b : a;
}

/* When a wall time comes, on the monotonic clock; 0: never. */
static uint64_t mono_of(const struct engine *e, uint64_t wall_ms)
{
    if (wall_ms == 0) {
        return 0;
    }
    return e->mono_ms + (wall_ms > e->now_ms ? wall_ms - e->now_ms : 0);
}

static int sleep_ms(struct engine *e)
{
    uint64_t until = e->mono_ms + 2 * watch_ms(e);
    int timer_ms = timers_sleep_ms(e->timers, e->now_ms);

    if (may_recover(e) || e->restore.phase == RESTORE_RELEASING) {
        /* A restore may wait for what it has turned itself to be committed. */
        return e->is_committing && e->restore.phase != RESTORE_NOT ? 1 : 0;
    }
    if (e->is_committing && !has_room(e)) {
        return LOOP_IDLE_MS; /* The commit's end comes first: it wakes us. */
    }
    if (atomic_load(&e->is_draining)) {
        until = earlier(until, e->drain_until_ms > e->mono_ms ? e->drain_until_ms
                                                              : e->mono_ms + 5);
    }
    until = earlier(until, waiters_first_ms(e));
    until = earlier(until, services_wake_at(e->config.services));
    if (timer_ms >= 0) {
        until = earlier(until, e->mono_ms + (uint64_t)timer_ms);
    }
    until = earlier(until, mono_of(e, e->sleepers_at_ms));
    until = earlier(until, mono_of(e, outbox_wake_at(e)));
    until = earlier(until, bulks_wake_at(e));
    until = earlier(until, retention_wake_at(e));
    return until > e->mono_ms ? (int)(until - e->mono_ms) : 0;
}

/* No new calls while stopping (S9), nor when the disk may not take their outcomes (S95),
 * nor before an operator has let a restored engine go on (S96). */
static void hold_calls(struct engine *e)
{
    bool is_full = e->free_bytes < e->config.free_calls_bytes;

    if (is_full != e->is_disk_full) {
        e->is_disk_full = is_full;
        log_say(LOG_WARNING,
                is_full ? "calls stop: the disk is nearly full"
                        : "calls go on: there is room on the disk again",
                LOG_NUMBER("freeBytes", e->free_bytes));
    }
    services_set_hold(e->config.services, atomic_load(&e->is_draining)
                                              ? BOARD_HOLD_DRAINING
                                          : restore_is_holding(e) ? BOARD_HOLD_RESTORED
                                          : is_full               ? BOARD_HOLD_DISK
                                                                  : BOARD_HOLD_NONE);
}

static void go_round(struct engine *e)
{
    read_clocks(e);
    calls_run(e->calls, call_ended, e);
    take_results(e);
    recover(e);
    take_commands(e);
    hold_calls(e);
    (void)grant_all(e, GRANTS_A_ROUND);
    take_timers(e);
    release_restored(e);
    bulks_run(e);
    take_reload(e);
    outbox_send_due(e);
    if (has_room(e)) {
        retention_run(e);
    }
    batch_hand_over(e);
    engine_reader_end(e);
    keep_watch(e);
    look_if_drained(e);
}

static void refuse_rest(struct engine *e)
{
    void *item;

    waiters_dismiss(e);
    batch_dismiss(e);
    while (queue_take(e->inbox, &item, 1) == 1) {
        commands_refuse(item, PROBLEM_DRAINING, "The daemon is stopping");
    }
    while (e->delayed != NULL) {
        struct command *c = e->delayed;

        e->delayed = c->next;
        commands_refuse(c, PROBLEM_DRAINING, "The daemon is stopping");
    }
}

void *loop_run(void *engine)
{
    struct engine *e = engine;

    thread_set_name("sagad-engine");
    while (!atomic_load(&e->is_stopping) && !atomic_load(&e->has_failed)) {
        go_round(e);
        if (queue_length(e->inbox) == 0 || !has_room(e) || !atomic_load(&e->is_ready)) {
            calls_wait(e->calls, sleep_ms(e));
        }
    }
    recover_mark_alive(e);
    refuse_rest(e);
    return NULL;
}

void loop_await_drained(struct engine *e)
{
    while (!atomic_load(&e->is_drained) && !atomic_load(&e->has_failed)) {
        struct timespec pause = {.tv_nsec = 5L * 1000 * 1000};

        (void)nanosleep(&pause, NULL); /* Cut short by a signal: looks again. */
    }
}
