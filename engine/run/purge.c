/* purge.c - a final saga leaves the store, and its children with it: COMMAND_PURGE, and
 * by its age.
 *
 * Its id stays taken and the audit keeps what was done to it. Webhooks that still
 * wait go out: they are whole without it.
 */
#include <assert.h>

#include "base/log.h"
#include "engine/run/commands.h"
#include "engine/run/retention.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"

struct member {
    struct member *next;
    uint64_t num;
    const char *id;
    bool is_final;
};

struct kin { /* The saga, then whoever it or its children started. */
    struct arena *arena;
    struct member *first;
    struct member *last;
};

static bool add_member(void *user, const struct store_saga *row)
{
    struct kin *kin = user;
    struct member *m = arena_take(kin->arena, sizeof(*m));

    m->num = row->num;
    m->id = arena_text(kin->arena, row->id);
    m->is_final = row->ended_ms != 0;
    if (kin->last != NULL) {
        kin->last->next = m;
    } else {
        kin->first = m;
    }
    kin->last = m;
    return true;
}

enum err commands_find_purged(struct engine *e, const char *id, struct err_info *info)
{
    return pending_find(e->pending, PENDING_PURGED, id, NULL) != 0
               ? ERR_OK
               : store_find_purged(engine_reader(e), id, info);
}

static void refuse_absent(struct engine *e, struct command *c)
{
    if (pending_find(e->pending, PENDING_ID, c->watch_id, NULL) != 0) {
        commands_refuse(c, PROBLEM_INVALID_STATE, "The saga %s has just begun",
                        c->watch_id);
    } else {
        commands_refuse(c, PROBLEM_NOT_FOUND, "There is no saga '%s'", c->watch_id);
    }
}

/* Whom a turn could still come of; NULL: nobody. */
static const struct member *not_over(struct engine *e, const struct kin *kin)
{
    for (const struct member *m = kin->first; m != NULL; m = m->next) {
        const struct resident *r = table_find(e->table, m->num);

        if (!m->is_final || (r != NULL && r->n_uncommitted > 0)) {
            return m;
        }
    }
    return NULL;
}

/* False: refused. */
static bool all_are_over(struct engine *e, struct command *c, const struct kin *kin)
{
    const struct member *m = not_over(e, kin);

    if (m == NULL) {
        return true;
    }
    if (!m->is_final) {
        commands_refuse(c, PROBLEM_INVALID_STATE,
                        "Only a final saga can be purged; %s is not", m->id);
    } else {
        commands_refuse(c, PROBLEM_INVALID_STATE,
                        "Saga %s is being written to at the moment; ask again", m->id);
    }
    return false;
}

static void purge(struct engine *e, const struct member *m)
{
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_SAGA_PURGE);
    struct resident *r = table_find(e->table, m->num);

    op->of.saga.row.num = m->num;
    op->of.saga.row.updated_ms = e->now_ms;
    pending_put(e->pending, PENDING_PURGED, m->id, NULL, m->num, e->batch_seq);
    if (r != NULL) {
        turn_let_go(e, r);
    }
}

static enum err find_kin(struct engine *e, const struct store_saga *root, struct kin *kin,
                         struct err_info *info)
{
    enum err err = ERR_OK;

    (void)add_member(kin, root);
    for (const struct member *m = kin->first; m != NULL && err == ERR_OK; m = m->next) {
        err = store_scan_children(engine_reader(e), m->num, add_member, kin, info);
    }
    return err;
}

static void purge_all(struct engine *e, const struct kin *kin)
{
    for (const struct member *m = kin->first; m != NULL; m = m->next) {
        purge(e, m);
    }
}

bool purge_aged(struct engine *e, const struct store_saga *root, struct arena *a)
{
    struct kin kin = {.arena = a};
    struct err_info info;

    if (root->parent != 0 || commands_find_purged(e, root->id, &info) != ERR_NOT_FOUND) {
        return false; /* Not for now, where it cannot be told. */
    }
    if (find_kin(e, root, &kin, &info) != ERR_OK) {
        log_say(LOG_ERROR, "cannot read a saga's children", LOG_TEXT("sagaId", root->id),
                LOG_TEXT("detail", info.text));
        return false;
    }
    if (not_over(e, &kin) != NULL) {
        return false;
    }
    purge_all(e, &kin);
    return true;
}

void commands_purge(struct engine *e, struct command *c)
{
    struct kin kin = {.arena = c->arena};
    struct store_saga root;
    struct err_info info;
    enum err err = commands_find_purged(e, c->watch_id, &info);

    if (err == ERR_OK) {
        commands_refuse(c, PROBLEM_PURGED, "The saga %s was purged already", c->watch_id);
        return;
    }
    if (err == ERR_NOT_FOUND) {
        err = store_find_saga(engine_reader(e), c->watch_id, c->arena, &root, &info);
    }
    if (err == ERR_NOT_FOUND) {
        refuse_absent(e, c);
    } else if (err != ERR_OK) {
        commands_refuse_unread(c, err, &info);
    } else if (root.parent != 0) {
        commands_refuse(c, PROBLEM_INVALID_STATE,
                        "Saga %s is another one's child and is purged with it", root.id);
    } else if (find_kin(e, &root, &kin, &info) != ERR_OK) {
        commands_refuse_unread(c, ERR_IO, &info);
    } else if (all_are_over(e, c, &kin)) {
        purge_all(e, &kin);
        commands_audit(e, c, "purge", root.id, 0);
        batch_add_answer(engine_batch(e), c, 0);
    }
}
