/* sqlite_commit.c - one batch, one transaction (S5, S92). Writer thread. */
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_store.h"
#include "engine/store/sqlite/sqlite_write.h"
#include "engine/store/store_audit.h"

const char sqlite_refused[] = "the batch was refused";

enum err sqlite_run(struct sqlite_store *st, enum sqlite_write which,
                    struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[which];
    enum err e = ERR_OK;

    if (sqlite3_step(stmt) != SQLITE_DONE) {
        e = sqlite_db_error(st->db, info, sqlite_refused);
    }
    (void)sqlite3_reset(stmt); /* Repeats the step's result. */
    return e;
}

enum err sqlite_run_one(struct sqlite_store *st, enum sqlite_write which,
                        const char *what, struct err_info *info)
{
    const enum err e = sqlite_run(st, which, info);

    if (e == ERR_OK && sqlite3_changes(st->db) != 1) {
        return err_set(info, ERR_CONFLICT, "%s: %s", sqlite_refused, what);
    }
    return e;
}

/* ---- the rest ------------------------------------------------------------------- */

static enum err insert_turn(struct sqlite_store *st, const struct store_turn *t,
                            struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_TURN];

    sqlite_bind_number(stmt, 1, t->saga);
    sqlite_bind_number(stmt, 2, t->turn);
    sqlite_bind_number(stmt, 3, t->at_ms);
    sqlite_bind_number(stmt, 4, t->event);
    sqlite_bind_bytes(stmt, 5, t->data);
    sqlite_bind_bytes(stmt, 6, t->state);
    return sqlite_run(st, SQLITE_WRITE_TURN, info);
}

static enum err insert_items(struct sqlite_store *st, const struct store_items *items,
                             struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_ITEMS];

    sqlite_bind_number(stmt, 1, items->saga);
    sqlite_bind_number(stmt, 2, items->step);
    sqlite_bind_number(stmt, 3, items->first);
    sqlite_bind_bytes(stmt, 4, items->values);
    return sqlite_run(st, SQLITE_WRITE_ITEMS, info);
}

static enum err insert_late(struct sqlite_store *st, const struct store_late *l,
                            struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_LATE];

    sqlite_bind_number(stmt, 1, l->saga);
    sqlite_bind_number(stmt, 2, l->turn);
    sqlite_bind_number(stmt, 3, l->step);
    sqlite_bind_number(stmt, 4, l->item);
    sqlite_bind_number(stmt, 5, l->call);
    sqlite_bind_number(stmt, 6, l->at_ms);
    sqlite_bind_bytes(stmt, 7, l->data);
    return sqlite_run(st, SQLITE_WRITE_LATE, info);
}

static enum err insert_definition(struct sqlite_store *st,
                                  const struct store_definition *d, struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_DEFINITION];
    enum err e;

    sqlite_bind_text(st->write[SQLITE_WRITE_NAME], 1, d->name);
    e = sqlite_run(st, SQLITE_WRITE_NAME, info);
    if (e != ERR_OK) {
        return e;
    }
    sqlite_bind_number(stmt, 1, d->num);
    sqlite_bind_text(stmt, 2, d->name);
    sqlite_bind_number(stmt, 3, d->version);
    sqlite_bind_text(stmt, 4, d->hash);
    sqlite_bind_text(stmt, 5, d->content);
    sqlite_bind_number(stmt, 6, d->created_ms);
    sqlite_bind_text(stmt, 7, d->children);
    return sqlite_run(st, SQLITE_WRITE_DEFINITION, info);
}

static enum err use_definition(struct sqlite_store *st, const struct store_definition *d,
                               struct err_info *info)
{
    sqlite_bind_text(st->write[SQLITE_WRITE_USE], 1, d->name);
    sqlite_bind_number(st->write[SQLITE_WRITE_USE], 2, d->version);
    return sqlite_run(st, SQLITE_WRITE_USE, info);
}

static enum err flag_definition(struct sqlite_store *st, const struct store_definition *d,
                                struct err_info *info)
{
    sqlite_bind_text(st->write[SQLITE_WRITE_FLAGS], 1, d->name);
    sqlite_bind_number(st->write[SQLITE_WRITE_FLAGS], 2, d->is_paused);
    sqlite_bind_number(st->write[SQLITE_WRITE_FLAGS], 3, d->is_archived);
    return sqlite_run_one(st, SQLITE_WRITE_FLAGS, "no definition has that name", info);
}

static enum err insert_replay(struct sqlite_store *st, const struct store_replay *r,
                              struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_REPLAY];

    sqlite_bind_text(stmt, 1, r->scope);
    sqlite_bind_text(stmt, 2, r->key);
    sqlite_bind_text(stmt, 3, r->hash);
    sqlite_bind_number(stmt, 4, r->saga);
    sqlite_bind_number(stmt, 5, (uint64_t)r->status);
    sqlite_bind_bytes(stmt, 6, r->body);
    sqlite_bind_number(stmt, 7, r->at_ms);
    return sqlite_run(st, SQLITE_WRITE_REPLAY, info);
}

static enum err prune_replays(struct sqlite_store *st, uint64_t before_ms,
                              struct err_info *info)
{
    sqlite_bind_number(st->write[SQLITE_WRITE_REPLAY_PRUNE], 1, before_ms);
    sqlite_bind_number(st->write[SQLITE_WRITE_REPLAY_PRUNE], 2, LIMIT_REPLAYS_PRUNED);
    return sqlite_run(st, SQLITE_WRITE_REPLAY_PRUNE, info);
}

static enum err insert_audit(struct sqlite_store *st, const struct store_audit *a,
                             struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_AUDIT];
    struct store_audit row = *a;
    char hash[HASH_HEX];

    row.seq = st->audit.seq + 1;
    row.previous = row.seq > 1 ? st->audit.hash : NULL;
    store_audit_hash(&row, hash);
    st->audit.seq = row.seq;
    memcpy(st->audit.hash, hash, sizeof(hash));
    sqlite_bind_number(stmt, 1, a->at_ms);
    sqlite_bind_text(stmt, 2, a->actor);
    sqlite_bind_text(stmt, 3, a->action);
    sqlite_bind_text(stmt, 4, a->subject);
    sqlite_bind_number(stmt, 5, a->turn);
    sqlite_bind_text(stmt, 6, a->reason);
    sqlite_bind_text(stmt, 7, a->request_id);
    sqlite_bind_text(stmt, 8, st->audit.hash);
    sqlite_bind_number(stmt, 9, row.seq);
    return sqlite_run(st, SQLITE_WRITE_AUDIT, info);
}

static enum err insert_vars(struct sqlite_store *st, uint64_t num, const char *text,
                            struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_VARS];
    int rc;

    sqlite_bind_number(stmt, 1, num);
    rc = sqlite3_bind_int64(stmt, 2, (sqlite3_int64)hash_bytes(text, strlen(text)));
    assert(rc == SQLITE_OK);
    sqlite_bind_text(stmt, 3, text);
    return sqlite_run(st, SQLITE_WRITE_VARS, info);
}

static enum err put_meta(struct sqlite_store *st, const char *name, const char *text,
                         struct err_info *info)
{
    sqlite_bind_text(st->write[SQLITE_WRITE_META], 1, name);
    sqlite_bind_text(st->write[SQLITE_WRITE_META], 2, text);
    return sqlite_run(st, SQLITE_WRITE_META, info);
}

/* ---- the transaction -------------------------------------------------------------- */

static enum err apply(struct sqlite_store *st, const struct store_op *op,
                      struct err_info *info)
{
    switch (op->kind) {
    case STORE_SAGA_INSERT:
        return sqlite_insert_saga(st, op, info);
    case STORE_SAGA_UPDATE:
        return sqlite_update_saga(st, &op->of.saga.row, info);
    case STORE_SAGA_PURGE:
        return sqlite_purge_saga(st, &op->of.saga.row, info);
    case STORE_TURN:
        return insert_turn(st, &op->of.turn, info);
    case STORE_ITEMS:
        return insert_items(st, &op->of.items, info);
    case STORE_LATE:
        return insert_late(st, &op->of.late, info);
    case STORE_DEFINITION:
        return insert_definition(st, &op->of.definition, info);
    case STORE_DEFINITION_USE:
        return use_definition(st, &op->of.definition, info);
    case STORE_DEFINITION_FLAGS:
        return flag_definition(st, &op->of.definition, info);
    case STORE_REPLAY:
        return insert_replay(st, &op->of.replay, info);
    case STORE_REPLAY_PRUNE:
        return prune_replays(st, op->of.replay.at_ms, info);
    case STORE_AUDIT:
        return insert_audit(st, &op->of.audit, info);
    case STORE_VARS:
        return insert_vars(st, op->of.vars.num, op->of.vars.text, info);
    case STORE_META:
        return put_meta(st, op->of.meta.name, op->of.meta.text, info);
    case STORE_NOTIFY:
        return sqlite_insert_notify(st, &op->of.notify, info);
    case STORE_NOTIFY_TRIED:
        return sqlite_note_notify_tried(st, &op->of.notify, info);
    case STORE_NOTIFY_AGAIN:
        return sqlite_queue_notify_again(st, &op->of.notify, info);
    case STORE_BULK:
        return sqlite_insert_bulk(st, &op->of.bulk, info);
    case STORE_BULK_UPDATE:
        return sqlite_update_bulk(st, &op->of.bulk, info);
    case STORE_BULK_ITEM:
        return sqlite_insert_bulk_item(st, &op->of.bulk_item, info);
    }
    assert(false && "an operation of no kind");
    return ERR_INVALID;
}

static enum err apply_all(struct sqlite_store *st, const struct store_batch *batch,
                          struct err_info *info)
{
    for (const struct store_op *op = batch->first; op != NULL; op = op->next) {
        const enum err e = apply(st, op, info);

        if (e != ERR_OK) {
            return e;
        }
    }
    return sqlite_write_counts(st, info);
}

/* Nothing of the batch stays, also not in what is remembered here. A refusal whose
 * rollback fails is as bad as a failed commit. */
static enum err take_back(struct sqlite_store *st, const struct sqlite_audit_end *audit,
                          enum err why, struct err_info *info)
{
    memset(st->counts, 0, sizeof(st->counts));
    memset(st->names, 0, sizeof(st->names));
    st->audit = *audit;
    if (why == ERR_LIMIT) {
        sqlite_place_free_reserve(&st->place);
    }
    if (sqlite3_get_autocommit(st->db) == 0 &&
        sqlite_run(st, SQLITE_WRITE_ROLLBACK, why == ERR_CONFLICT ? info : NULL) !=
            ERR_OK &&
        (why == ERR_CONFLICT || why == ERR_BUSY)) {
        return ERR_IO;
    }
    return why;
}

enum err sqlite_commit(struct store *s, const struct store_batch *batch,
                       struct err_info *info)
{
    struct sqlite_store *st = (struct sqlite_store *)s;
    const struct sqlite_audit_end audit = st->audit;
    enum err e = sqlite_run(st, SQLITE_WRITE_BEGIN, info);

    if (e == ERR_OK) {
        e = apply_all(st, batch, info);
    }
    if (e == ERR_OK) {
        e = sqlite_run(st, SQLITE_WRITE_COMMIT, info);
    }
    return e == ERR_OK ? ERR_OK : take_back(st, &audit, e, info);
}
