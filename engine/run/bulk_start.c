/* bulk_start.c - COMMAND_BULK and COMMAND_BULK_CANCEL: a bulk action begins and is ended.
 *
 * It has its id from the answer that was confirmed, so the same confirmation twice is one
 * bulk action.
 */
#include <string.h>

#include "base/log.h"
#include "engine/run/bulk.h"
#include "engine/run/commands.h"
#include "engine/run/state.h"
#include "engine/view/saga_text.h"

/* Is it there already? Then c is answered, when what it did is on disk. */
static bool is_there(struct engine *e, struct command *c)
{
    struct store_bulk row;
    struct err_info info;
    enum err err;

    if (bulks_find(e, c->of.bulk.id) == NULL) {
        err = store_find_bulk(engine_reader(e), c->of.bulk.id, c->arena, &row, &info);
        if (err == ERR_NOT_FOUND) {
            return false;
        }
        if (err != ERR_OK) {
            commands_refuse(c, PROBLEM_STORE_UNAVAILABLE, "%s", info.text);
            return true;
        }
    }
    c->is_replayed = true;
    batch_add_answer(engine_batch(e), c, 0);
    return true;
}

static bool may_begin(const struct engine *e, struct command *c)
{
    if (atomic_load(&e->is_draining)) {
        commands_refuse(c, PROBLEM_DRAINING, "The daemon is stopping");
        return false;
    }
    if (e->free_bytes < e->config.free_starts_bytes) {
        commands_refuse(c, PROBLEM_DISK_FULL,
                        "The disk is nearly full; no bulk action can be started");
        return false;
    }
    if (e->bulks.n >= BULK_MAX) {
        commands_refuse(
            c, PROBLEM_OVERLOADED,
            "There are %d bulk actions running; wait for one to end or cancel "
            "one",
            BULK_MAX);
        return false;
    }
    return true;
}

static void begin(struct engine *e, const struct command *c)
{
    const struct command_bulk *from = &c->of.bulk;
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_BULK);
    const struct store_bulk row = {.num = e->bulks.next_num++,
                                   .id = from->id,
                                   .action = from->act.action,
                                   .filter = from->filter,
                                   .step = from->act.step,
                                   .is_applied = from->act.is_applied,
                                   .body = {from->act.body.at, from->act.body.n},
                                   .actor = c->actor,
                                   .reason = c->reason,
                                   .status = STORE_BULK_RUNNING,
                                   .below = from->upto + 1,
                                   .total = from->total,
                                   .started_ms = e->now_ms};

    op->of.bulk = store_bulk_copy(b->ops.arena, &row);
    bulks_add(e, &row);
    log_say(LOG_INFO, "a bulk action begins", LOG_TEXT("bulkId", row.id),
            LOG_TEXT("action", saga_event_name(row.action)), LOG_TEXT("actor", row.actor),
            LOG_NUMBER("total", row.total));
}

void commands_bulk(struct engine *e, struct command *c)
{
    if (commands_replay(e, c) || is_there(e, c) || !may_begin(e, c)) {
        return;
    }
    begin(e, c);
    commands_audit(e, c, "bulk", c->of.bulk.id, 0);
    commands_keep_replay(e, c, 0, arena_text(engine_batch(e)->ops.arena, c->of.bulk.id));
    batch_add_answer(engine_batch(e), c, 0);
}

/* It does not run: it has ended, or there is none. */
static void refuse_cancel(struct engine *e, struct command *c)
{
    struct store_bulk row;
    struct err_info info;
    const enum err err =
        store_find_bulk(engine_reader(e), c->of.bulk.id, c->arena, &row, &info);

    if (err == ERR_NOT_FOUND) {
        commands_refuse(c, PROBLEM_NOT_FOUND, "There is no bulk action %s",
                        c->of.bulk.id);
    } else if (err != ERR_OK) {
        commands_refuse(c, PROBLEM_STORE_UNAVAILABLE, "%s", info.text);
    } else if (row.status == STORE_BULK_CANCELLED) {
        c->done(c->user, c); /* It is so already. */
    } else {
        commands_refuse(c, PROBLEM_INVALID_STATE,
                        "The bulk action has ended: what it did to each saga is done");
    }
}

void commands_bulk_cancel(struct engine *e, struct command *c)
{
    struct bulk *b;

    if (commands_replay(e, c)) {
        return;
    }
    b = bulks_find(e, c->of.bulk.id);
    if (b == NULL) {
        refuse_cancel(e, c);
        return;
    }
    bulks_end(e, b, STORE_BULK_CANCELLED);
    commands_audit(e, c, "bulk-cancel", c->of.bulk.id, 0);
    commands_keep_replay(e, c, 0, NULL);
    batch_add_answer(engine_batch(e), c, 0);
}
