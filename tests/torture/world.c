/* world.c - see torture.h: the database that is tortured. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "tests/torture/torture.h"

enum err torture_open(struct torture *t)
{
    const struct store_sqlite_options options = {.is_dev = false, .reserve_bytes = 4096};
    enum err e;

    t->arena = arena_create(4096);
    t->batch = (struct store_batch){.arena = arena_create(4096)};
    e = store_open_sqlite(t->db, &options, &t->store, &t->info);
    return e == ERR_OK ? store_reader_open(t->store, &t->reader, &t->info) : e;
}

void torture_close(struct torture *t)
{
    store_reader_close(t->reader);
    store_close(t->store);
    arena_destroy(t->batch.arena);
    arena_destroy(t->arena);
    t->reader = NULL;
    t->store = NULL;
    t->arena = NULL;
    t->batch = (struct store_batch){.arena = NULL};
}

void torture_begin(struct torture *t)
{
    struct store_op *meta = store_batch_add(&t->batch, STORE_META);
    struct store_op *audit = store_batch_add(&t->batch, STORE_AUDIT);
    const char *number =
        arena_printf(t->batch.arena, "%llu", (unsigned long long)++t->last);

    meta->of.meta.name = "batch";
    meta->of.meta.text = number;
    audit->of.audit.actor = "torture";
    audit->of.audit.action = "batch";
    audit->of.audit.subject = number;
    audit->of.audit.at_ms = t->last;
}

enum err torture_commit(struct torture *t)
{
    const enum err e = store_commit(t->store, &t->batch, &t->info);

    if (e == ERR_OK) {
        *t->acknowledged = t->last;
        store_tidy(t->store);
    }
    store_batch_clear(&t->batch);
    return e;
}

/* ---- rows
 * ------------------------------------------------------------------------------ */

void torture_add_turn(struct torture *t, uint64_t saga, uint64_t turn)
{
    struct store_turn *row = &store_batch_add(&t->batch, STORE_TURN)->of.turn;
    const char *state = arena_printf(t->batch.arena, "state %llu of %llu",
                                     (unsigned long long)turn, (unsigned long long)saga);

    row->saga = saga;
    row->turn = turn;
    row->at_ms = turn;
    row->event = SAGA_EV_ANSWERED;
    row->state = (struct store_bytes){state, strlen(state)};
}

void torture_add_start(struct torture *t, uint64_t saga)
{
    struct store_op *op = store_batch_add(&t->batch, STORE_SAGA_INSERT);
    struct store_saga *row = &op->of.saga.row;
    struct store_replay *replay;

    op->of.saga.input = (struct store_bytes){"{}", 2};
    row->num = saga;
    row->id = arena_printf(t->batch.arena, "saga-%llu", (unsigned long long)saga);
    row->definition = 1;
    row->key = row->id;
    row->unique_key = row->id;
    row->labels = "{\"region\":\"north\"}";
    row->started_ms = 1000 * saga;
    row->updated_ms = 1000 * saga;
    torture_add_turn(t, saga, 1);
    replay = &store_batch_add(&t->batch, STORE_REPLAY)->of.replay;
    replay->scope = "start";
    replay->key = row->id;
    replay->hash = "hash";
    replay->saga = saga;
    replay->at_ms = 1000 * saga;
}

void torture_add_status(struct torture *t, uint64_t saga, enum saga_status status)
{
    struct store_saga *row = &store_batch_add(&t->batch, STORE_SAGA_UPDATE)->of.saga.row;

    row->num = saga;
    row->status = status;
    row->updated_ms = 2000 * saga;
    row->ended_ms = status == SAGA_STATUS_RUNNING ? 0 : 2000 * saga;
}

static void add_definition(struct torture *t)
{
    struct store_definition *d =
        &store_batch_add(&t->batch, STORE_DEFINITION)->of.definition;

    *d = (struct store_definition){.num = 1,
                                   .name = "order",
                                   .version = 1,
                                   .hash = "hash 1",
                                   .content = "content 1",
                                   .created_ms = 1};
    d = &store_batch_add(&t->batch, STORE_DEFINITION_USE)->of.definition;
    d->name = "order";
    d->version = 1;
}

enum err torture_fill(struct torture *t)
{
    enum err e = torture_open(t);

    for (uint64_t i = 1; e == ERR_OK && i <= TORTURE_SAGAS; i++) {
        torture_begin(t);
        if (i == 1) {
            add_definition(t);
        }
        torture_add_start(t, i);
        torture_add_turn(t, i, 2);
        torture_add_turn(t, i, 3);
        if (i % 3 == 0) {
            torture_add_status(t, i, SAGA_STATUS_COMPLETED);
        }
        e = torture_commit(t);
    }
    torture_close(t);
    return e;
}

bool torture_has_turn(struct torture *t, uint64_t saga, uint64_t turn)
{
    struct store_turn last;
    const char *state = arena_printf(t->arena, "state %llu of %llu",
                                     (unsigned long long)turn, (unsigned long long)saga);

    return store_last_turn(t->reader, saga, t->arena, &last, &t->info) == ERR_OK &&
           last.turn == turn && last.state.n == strlen(state) &&
           memcmp(last.state.at, state, last.state.n) == 0;
}

/* ---- is it sound?
 * ------------------------------------------------------------------------ */

static const struct {
    const char *sql;
    const char *holds;
} checks[] = {
    {"PRAGMA integrity_check", "ok"},
    {"SELECT COUNT(*) FROM pragma_foreign_key_check", "0"},
    {"SELECT COUNT(*) FROM saga WHERE num NOT IN (SELECT saga FROM saga_input)", "0"},
    {"SELECT COUNT(*) FROM saga WHERE num NOT IN (SELECT saga FROM journal)", "0"},
    {"SELECT (SELECT COUNT(*) FROM saga) - (SELECT TOTAL(n) FROM saga_count)", "0.0"},
    {"SELECT COUNT(*) - COALESCE((SELECT text FROM meta WHERE name = 'batch'), 0) "
     "FROM audit",
     "0"},
};

const char *torture_unsound(const char *path)
{
    static char said[400];
    sqlite3 *db = NULL;
    bool is_sound = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK;

    (void)snprintf(said, sizeof(said), "it cannot be opened");
    for (size_t i = 0; is_sound && i < sizeof(checks) / sizeof(checks[0]); i++) {
        sqlite3_stmt *st = NULL;
        const char *is = NULL;

        if (sqlite3_prepare_v2(db, checks[i].sql, -1, &st, NULL) == SQLITE_OK &&
            sqlite3_step(st) == SQLITE_ROW) {
            is = (const char *)sqlite3_column_text(st, 0);
        }
        is_sound = is != NULL && strcmp(is, checks[i].holds) == 0;
        (void)snprintf(said, sizeof(said), "%s: %s", checks[i].sql,
                       is == NULL ? sqlite3_errmsg(db) : is);
        (void)sqlite3_finalize(st); /* Repeats the step's result. */
    }
    (void)sqlite3_close(db); /* Nothing is open. */
    return is_sound ? NULL : said;
}
