/* redeliver.c - COMMAND_REDELIVER: a webhook is put on its way once more, whatever became
 * of it; one that still waits is hastened. Same id, same bytes; the outbox signs it anew.
 */
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "engine/run/commands.h"
#include "engine/run/outbox.h"
#include "engine/run/state.h"
#include "engine/view/webhook.h"

/* False: refused. */
static bool find(struct engine *e, struct command *c, struct store_notify *out)
{
    const struct command_redeliver *asked = &c->of.redeliver;
    struct store_saga saga = {.num = 0};
    struct err_info info;
    enum err err = commands_find_purged(e, asked->id, &info);

    if (err == ERR_OK) {
        commands_refuse(c, PROBLEM_PURGED, "The saga '%s' was purged", asked->id);
        return false;
    }
    if (err == ERR_NOT_FOUND) {
        err = store_find_saga(engine_reader(e), asked->id, c->arena, &saga, &info);
    }
    if (err == ERR_OK) {
        err = store_find_notify(engine_reader(e), saga.num, asked->webhook, c->arena, out,
                                &info);
    }
    if (err == ERR_NOT_FOUND && saga.num == 0) {
        commands_refuse(c, PROBLEM_NOT_FOUND, "There is no saga '%s'", asked->id);
    } else if (err == ERR_NOT_FOUND) {
        commands_refuse(c, PROBLEM_NOT_FOUND, "The saga %s has no webhook '%s'",
                        asked->id, asked->webhook);
    } else if (err != ERR_OK) {
        commands_refuse_unread(c, err, &info);
    }
    return err == ERR_OK;
}

/* As it is once that is on disk. */
static const char *object_of(const struct engine *e, const struct store_notify *found,
                             struct arena *a)
{
    struct store_notify n = *found;
    const char *object;
    struct json_out o;
    struct buf text;

    n.status = STORE_NOTIFY_WAITING;
    n.since_ms = e->now_ms;
    n.due_ms = e->now_ms;
    n.ended_ms = 0;
    buf_init(&text, LIMIT_RENDERED_BYTES);
    json_out_init(&o, &text);
    webhook_write(&o, &n, a);
    object = arena_copy(a, buf_text(&text), text.n);
    buf_done(&text);
    return object;
}

void commands_redeliver(struct engine *e, struct command *c)
{
    struct store_notify n;

    if (commands_replay(e, c) || !find(e, c, &n)) {
        return;
    }
    outbox_again(e, n.num);
    log_say(LOG_INFO, "a webhook is sent again", LOG_TEXT("sagaId", n.saga_id),
            LOG_TEXT("webhookId", n.id), LOG_TEXT("actor", c->actor));
    c->webhook = object_of(e, &n, c->arena);
    c->is_noted = true;
    commands_audit(e, c, "redeliver", n.saga_id, 0);
    commands_keep_replay(e, c, 0, c->webhook);
    batch_add_answer(engine_batch(e), c, 0);
}
