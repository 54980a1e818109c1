/* sqlite_saga.c - the saga's own rows: itself, its input, its labels, the counts. Writer
 * thread. */
#include "base/buf.h"
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_store.h"
#include "engine/store/sqlite/sqlite_write.h"
#include "engine/store/store_label.h"

/* ---- counts --------------------------------------------------------------------- */

static enum err write_count(struct sqlite_store *st, struct sqlite_count *c,
                            struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_COUNT];
    int rc;

    if (c->change == 0) {
        return ERR_OK;
    }
    sqlite_bind_number(stmt, 1, c->name);
    sqlite_bind_number(stmt, 2, c->status);
    rc = sqlite3_bind_int64(stmt, 3, c->change); /* May be negative. */
    assert(rc == SQLITE_OK);
    c->change = 0;
    return sqlite_run(st, SQLITE_WRITE_COUNT, info);
}

static enum err count(struct sqlite_store *st, uint64_t name, enum saga_status status,
                      int64_t change, struct err_info *info)
{
    struct sqlite_count *c = &st->counts[hash_mix(name, status) % SQLITE_COUNT_SLOTS];

    if (c->name != name || c->status != status) {
        const enum err e = write_count(st, c, info);

        if (e != ERR_OK) {
            return e;
        }
        c->name = name;
        c->status = status;
    }
    c->change += change;
    return ERR_OK;
}

enum err sqlite_write_counts(struct sqlite_store *st, struct err_info *info)
{
    for (size_t i = 0; i < SQLITE_COUNT_SLOTS; i++) {
        const enum err e = write_count(st, &st->counts[i], info);

        if (e != ERR_OK) {
            return e;
        }
    }
    return ERR_OK;
}

/* ---- sagas ---------------------------------------------------------------------- */

static enum err name_of(struct sqlite_store *st, uint64_t definition, uint64_t *out,
                        struct err_info *info)
{
    struct sqlite_name *slot = &st->names[definition % SQLITE_NAME_SLOTS];
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_NAME_OF];
    enum err e = ERR_OK;
    int rc;

    if (slot->definition != definition || definition == 0) {
        sqlite_bind_number(stmt, 1, definition);
        rc = sqlite3_step(stmt);
        if (rc == SQLITE_ROW) {
            *slot = (struct sqlite_name){definition, sqlite_column_number(stmt, 0)};
        } else if (rc == SQLITE_DONE) {
            e = err_set(info, ERR_CONFLICT, "%s: no definition has number %llu",
                        sqlite_refused, (unsigned long long)definition);
        } else {
            e = sqlite_db_error(st->db, info, sqlite_refused);
        }
        (void)sqlite3_reset(stmt); /* Repeats the step's result. */
    }
    if (e == ERR_OK) {
        *out = slot->name;
    }
    return e;
}

static void bind_saga(sqlite3_stmt *stmt, const struct store_saga *s, uint64_t name)
{
    sqlite_bind_number(stmt, 1, s->num);
    sqlite_bind_text(stmt, 2, s->id);
    sqlite_bind_number(stmt, 3, s->definition);
    sqlite_bind_number(stmt, 4, name);
    sqlite_bind_number(stmt, 5, s->status);
    sqlite_bind_number(stmt, 6, s->is_paused);
    sqlite_bind_number(stmt, 7, s->is_asleep);
    sqlite_bind_number(stmt, 8, s->wake_ms);
    sqlite_bind_number(stmt, 9, s->started_ms);
    sqlite_bind_number(stmt, 10, s->updated_ms);
    sqlite_bind_number(stmt, 11, s->ended_ms);
    sqlite_bind_number(stmt, 12, s->parent);
    sqlite_bind_number(stmt, 13, s->parent_step);
    sqlite_bind_number(stmt, 14, s->parent_item);
    sqlite_bind_number(stmt, 15, s->generation);
    sqlite_bind_number(stmt, 16, s->vars);
    sqlite_bind_text(stmt, 17, s->key);
    sqlite_bind_text(stmt, 18, s->unique_key);
    sqlite_bind_text(stmt, 19, s->ordering_key);
    sqlite_bind_text(stmt, 20, s->labels);
    sqlite_bind_text(stmt, 21, s->traceparent);
    sqlite_bind_text(stmt, 22, s->tracestate);
}

/* In a statement of its own, which the many that never get stuck need not pay for. */
static enum err update_stuck(struct sqlite_store *st, const struct store_saga *s,
                             struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_SAGA_STUCK];

    sqlite_bind_number(stmt, 1, s->num);
    sqlite_bind_text(stmt, 2, s->stuck_step);
    sqlite_bind_number_or_null(stmt, 3, s->stuck_step != NULL, s->stuck_call);
    sqlite_bind_number_or_null(stmt, 4, s->stuck_step != NULL, s->stuck_outcome);
    sqlite_bind_number(stmt, 5, s->stuck_ms);
    sqlite_bind_text(stmt, 6, s->stuck_error);
    return sqlite_run(st, SQLITE_WRITE_SAGA_STUCK, info);
}

static enum err insert_labels(struct sqlite_store *st, const struct store_saga *s,
                              struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_LABEL];
    struct store_label_walk w;
    enum err e = ERR_OK;

    if (s->labels == NULL) {
        return ERR_OK;
    }
    store_label_walk_init(&w, s->labels);
    while (e == ERR_OK && store_label_walk_next(&w)) {
        sqlite_bind_text(stmt, 1, buf_text(&w.name));
        sqlite_bind_text(stmt, 2, buf_text(&w.value));
        sqlite_bind_number(stmt, 3, s->num);
        e = sqlite_run(st, SQLITE_WRITE_LABEL, info);
    }
    store_label_walk_done(&w);
    return e;
}

static enum err delete_labels(struct sqlite_store *st, uint64_t num,
                              struct err_info *info)
{
    sqlite3_stmt *were = st->write[SQLITE_WRITE_LABELS_WERE];
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_PURGE_LABEL];
    struct store_label_walk w;
    enum err e = ERR_OK;

    sqlite_bind_number(were, 1, num);
    if (sqlite3_step(were) == SQLITE_ROW && sqlite_column_string(were, 0) != NULL) {
        store_label_walk_init(&w, sqlite_column_string(were, 0));
        while (e == ERR_OK && store_label_walk_next(&w)) {
            sqlite_bind_text(stmt, 1, buf_text(&w.name));
            sqlite_bind_text(stmt, 2, buf_text(&w.value));
            sqlite_bind_number(stmt, 3, num);
            e = sqlite_run(st, SQLITE_WRITE_PURGE_LABEL, info);
        }
        store_label_walk_done(&w);
    }
    if (sqlite3_reset(were) != SQLITE_OK && e == ERR_OK) { /* The step's result. */
        e = sqlite_db_error(st->db, info, sqlite_refused);
    }
    return e;
}

static enum err insert_input(struct sqlite_store *st, uint64_t saga,
                             struct store_bytes input, struct err_info *info)
{
    if (input.at == NULL) {
        return ERR_OK;
    }
    sqlite_bind_number(st->write[SQLITE_WRITE_INPUT], 1, saga);
    sqlite_bind_bytes(st->write[SQLITE_WRITE_INPUT], 2, input);
    return sqlite_run(st, SQLITE_WRITE_INPUT, info);
}

enum err sqlite_insert_saga(struct sqlite_store *st, const struct store_op *op,
                            struct err_info *info)
{
    const struct store_saga *s = &op->of.saga.row;
    uint64_t name = 0;
    enum err e = name_of(st, s->definition, &name, info);

    if (e != ERR_OK) {
        return e;
    }
    bind_saga(st->write[SQLITE_WRITE_SAGA], s, name);
    e = sqlite_run(st, SQLITE_WRITE_SAGA, info);
    if (e == ERR_OK && s->stuck_ms != 0) {
        e = update_stuck(st, s, info);
    }
    if (e == ERR_OK) {
        e = insert_input(st, s->num, op->of.saga.input, info);
    }
    if (e == ERR_OK) {
        e = insert_labels(st, s, info);
    }
    return e == ERR_OK ? count(st, name, s->status, 1, info) : e;
}

struct was { /* What the row says now, for the counts. */
    uint64_t name;
    enum saga_status status;
    bool is_stuck;
};

static enum err read_saga_before(struct sqlite_store *st, uint64_t num, struct was *out,
                                 struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_SAGA_WAS];
    enum err e = ERR_OK;
    int rc;

    sqlite_bind_number(stmt, 1, num);
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        out->name = sqlite_column_number(stmt, 0);
        out->status = (enum saga_status)sqlite3_column_int(stmt, 1);
        out->is_stuck = sqlite_column_number(stmt, 2) != 0;
    } else if (rc == SQLITE_DONE) {
        e = err_set(info, ERR_CONFLICT, "%s: no saga has number %llu", sqlite_refused,
                    (unsigned long long)num);
    } else {
        e = sqlite_db_error(st->db, info, sqlite_refused);
    }
    (void)sqlite3_reset(stmt); /* Repeats the step's result. */
    return e;
}

static enum err count_move(struct sqlite_store *st, uint64_t name, enum saga_status from,
                           enum saga_status to, struct err_info *info)
{
    enum err e;

    if (from == to) {
        return ERR_OK;
    }
    e = count(st, name, from, -1, info);
    return e == ERR_OK ? count(st, name, to, 1, info) : e;
}

enum err sqlite_update_saga(struct sqlite_store *st, const struct store_saga *s,
                            struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_SAGA_UPDATE];
    struct was was = {.name = 0};
    enum err e = read_saga_before(st, s->num, &was, info);

    if (e != ERR_OK) {
        return e;
    }
    sqlite_bind_number(stmt, 1, s->num);
    sqlite_bind_number(stmt, 2, s->status);
    sqlite_bind_number(stmt, 3, s->is_paused);
    sqlite_bind_number(stmt, 4, s->is_asleep);
    sqlite_bind_number(stmt, 5, s->wake_ms);
    sqlite_bind_number(stmt, 6, s->updated_ms);
    sqlite_bind_number(stmt, 7, s->ended_ms);
    sqlite_bind_text(stmt, 8, s->unique_key);
    e = sqlite_run(st, SQLITE_WRITE_SAGA_UPDATE, info);
    if (e == ERR_OK && (was.is_stuck || s->stuck_ms != 0)) {
        e = update_stuck(st, s, info);
    }
    return e == ERR_OK ? count_move(st, was.name, was.status, s->status, info) : e;
}

enum err sqlite_purge_saga(struct sqlite_store *st, const struct store_saga *s,
                           struct err_info *info)
{
    static const enum sqlite_write deletes[] = {
        SQLITE_WRITE_PURGE_LATE, SQLITE_WRITE_PURGE_ITEM, SQLITE_WRITE_PURGE_JOURNAL,
        SQLITE_WRITE_PURGE_INPUT, SQLITE_WRITE_PURGE_SAGA};
    struct was was = {.name = 0};
    enum err e = read_saga_before(st, s->num, &was, info);

    if (e == ERR_OK) {
        sqlite_bind_number(st->write[SQLITE_WRITE_PURGED], 1, s->num);
        sqlite_bind_number(st->write[SQLITE_WRITE_PURGED], 2, s->updated_ms);
        e = sqlite_run_one(st, SQLITE_WRITE_PURGED, "the saga is not final", info);
    }
    if (e == ERR_OK) {
        e = delete_labels(st, s->num, info);
    }
    if (e == ERR_OK) {
        e = sqlite_purge_notify(st, s->num, info);
    }
    for (size_t i = 0; e == ERR_OK && i < sizeof(deletes) / sizeof(deletes[0]); i++) {
        sqlite_bind_number(st->write[deletes[i]], 1, s->num);
        e = sqlite_run(st, deletes[i], info);
    }
    return e == ERR_OK ? count(st, was.name, was.status, -1, info) : e;
}
