/* commands.c - see commands.h: taking commands in, refusing, replaying. */
#include "engine/run/commands.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "engine/run/load.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"
#include "engine/run/waiters.h"

static void note(struct command *c, enum problem problem, const char *fmt, va_list args)
    __attribute__((format(printf, 3, 0)));
static void note(struct command *c, enum problem problem, const char *fmt, va_list args)
{
    (void)vsnprintf(c->detail.text, sizeof(c->detail.text), fmt,
                    args); /* Cut, not fail. */
    c->problem = problem;
}

void commands_note(struct command *c, enum problem problem, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    note(c, problem, fmt, args);
    va_end(args);
}

void commands_refuse(struct command *c, enum problem problem, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    note(c, problem, fmt, args);
    va_end(args);
    c->done(c->user, c);
}

void commands_refuse_unread(struct command *c, enum err err, const struct err_info *info)
{
    commands_refuse(c, err == ERR_LIMIT ? PROBLEM_OVERLOADED : PROBLEM_STORE_UNAVAILABLE,
                    "%s", info->text);
}

/* The stored answer of an earlier request with this key. */
static void answer_as_before(struct engine *e, struct command *c,
                             const struct store_replay *replay)
{
    struct resident *r;
    struct err_info info;
    enum err err;

    c->is_replayed = true;
    if (c->kind == COMMAND_ACT && replay->body.n > 0) {
        c->replay_turn =
            strtoull(arena_copy(c->arena, replay->body.at, replay->body.n), NULL, 10);
    }
    if (c->kind == COMMAND_SERVICE && replay->body.n > 0) {
        c->services = arena_copy(c->arena, replay->body.at, replay->body.n);
    }
    if (c->kind == COMMAND_REDELIVER && replay->body.n > 0) {
        c->webhook = arena_copy(c->arena, replay->body.at, replay->body.n);
    }
    if (c->kind == COMMAND_BULK && replay->body.n > 0) {
        c->of.bulk.id = arena_copy(c->arena, replay->body.at, replay->body.n);
    }
    if (replay->saga == 0) {
        c->replay_status = replay->status;
        c->done(c->user, c);
        return;
    }
    err = load_saga(e, replay->saga, &r, &info);
    if (err == ERR_NOT_FOUND) {
        commands_refuse(c, PROBLEM_PURGED, "The saga this key started was purged");
    } else if (err != ERR_OK) {
        commands_refuse_unread(c, err, &info);
    } else if (c->wait != COMMAND_WAIT_NOT) {
        waiters_add(e, r, c);
    } else {
        c->replay_status = replay->status;
        waiters_answer(e, r, c);
        turn_let_go(e, r);
    }
}

bool commands_replay(struct engine *e, struct command *c)
{
    struct store_replay replay;
    struct err_info info;
    enum err err;

    if (c->replay_key == NULL) {
        return false;
    }
    if (pending_find(e->pending, PENDING_REPLAY, c->replay_scope, c->replay_key) != 0) {
        commands_refuse(
            c, PROBLEM_REQUEST_IN_PROGRESS,
            "The first request with this Idempotency-Key is not over; ask again");
        return true;
    }
    err = store_find_replay(engine_reader(e), c->replay_scope, c->replay_key, c->arena,
                            &replay, &info);
    if (err == ERR_NOT_FOUND) {
        return false;
    }
    if (err != ERR_OK) {
        commands_refuse(c, PROBLEM_STORE_UNAVAILABLE, "%s", info.text);
    } else if (strcmp(replay.hash, c->replay_hash) != 0) {
        commands_refuse(
            c, PROBLEM_IDEMPOTENCY_KEY_REUSED,
            "This Idempotency-Key came with another body before; use a new key");
    } else {
        answer_as_before(e, c, &replay);
    }
    return true;
}

void commands_keep_replay(struct engine *e, struct command *c, uint64_t saga,
                          const char *body)
{
    struct batch *b = engine_batch(e);
    struct store_op *op;

    if (c->replay_key == NULL) {
        return;
    }
    op = store_batch_add(&b->ops, STORE_REPLAY);
    op->of.replay = (struct store_replay){
        .scope = arena_text(b->ops.arena, c->replay_scope),
        .key = arena_text(b->ops.arena, c->replay_key),
        .hash = arena_text(b->ops.arena, c->replay_hash),
        .saga = saga,
        .status = c->is_noted ? 202 : 200,
        .body = {body, body != NULL ? strlen(body) : 0},
        .at_ms = e->now_ms,
    };
    pending_put(e->pending, PENDING_REPLAY, c->replay_scope, c->replay_key, 1,
                e->batch_seq);
}

void commands_audit(struct engine *e, const struct command *c, const char *action,
                    const char *subject, uint64_t turn)
{
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_AUDIT);

    op->of.audit = (struct store_audit){
        .at_ms = e->now_ms,
        .actor = arena_text(b->ops.arena, c->actor),
        .action = arena_text(b->ops.arena, action),
        .subject = arena_text(b->ops.arena, subject),
        .turn = turn,
        .reason = arena_text(b->ops.arena, c->reason),
        .request_id = arena_text(b->ops.arena, c->request_id),
    };
}

/* ---- small commands
 * ------------------------------------------------------------------------ */

static void take_watch(struct engine *e, struct command *c)
{
    struct resident *r;
    struct err_info info;
    enum err err = load_id(e, c->watch_id, &r, &info);

    if (err == ERR_NOT_FOUND) {
        commands_refuse(c, PROBLEM_NOT_FOUND, "There is no saga '%s'", c->watch_id);
    } else if (err != ERR_OK) {
        commands_refuse_unread(c, err, &info);
    } else {
        waiters_add(e, r, c);
    }
}

static void take_stats(struct engine *e, struct command *c)
{
    struct buf text;
    struct json_out out;

    buf_init(&text, 16 * (size_t)1024 * 1024);
    metrics_write(e, &text);
    c->stats = arena_copy(c->arena, buf_text(&text), text.n);
    buf_clear(&text);
    json_out_init(&out, &text);
    json_open_array(&out);
    services_write(e->config.services, e->mono_ms, &out);
    json_close_array(&out);
    c->services = arena_copy(c->arena, buf_text(&text), text.n);
    buf_done(&text);
    c->done(c->user, c);
}

static void take_counts(struct engine *e, struct command *c)
{
    struct command_counts *counts = &c->of.counts;

    stats_read(e->stats, &counts->range, e->now_ms, c->arena, &counts->read);
    counts->n_active = table_count(e->table);
    counts->calls_in_flight = calls_in_flight(e->calls);
    counts->calls_queued = services_queued(e->config.services);
    c->done(c->user, c);
}

void commands_take(struct engine *e, struct command *c)
{
    switch (c->kind) {
    case COMMAND_START:
        commands_start(e, c);
        return;
    case COMMAND_STARTS:
        commands_starts(e, c);
        return;
    case COMMAND_ACT:
        commands_act(e, c);
        return;
    case COMMAND_BULK:
        commands_bulk(e, c);
        return;
    case COMMAND_BULK_CANCEL:
        commands_bulk_cancel(e, c);
        return;
    case COMMAND_PURGE:
        commands_purge(e, c);
        return;
    case COMMAND_REDELIVER:
        commands_redeliver(e, c);
        return;
    case COMMAND_SIGNAL:
        commands_signal(e, c);
        return;
    case COMMAND_CALLBACK:
        commands_callback(e, c);
        return;
    case COMMAND_DEFINITION_PUT:
    case COMMAND_DEFINITION_USE:
    case COMMAND_DEFINITION_FLAGS:
        commands_publish(e, c);
        return;
    case COMMAND_SERVICE:
        commands_service(e, c);
        return;
    case COMMAND_RELEASE:
        commands_release(e, c);
        return;
    case COMMAND_WATCH:
        take_watch(e, c);
        return;
    case COMMAND_STATS:
        take_stats(e, c);
        return;
    case COMMAND_COUNTS:
        take_counts(e, c);
        return;
    }
}
