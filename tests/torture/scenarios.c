/* scenarios.c - see torture.h: what is done while things fail. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/store/migrations.h"
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_migrate.h"
#include "tests/torture/torture.h"

#define FIRST                                                                \
    (TORTURE_SAGAS + 1) /* The first saga, and batch, that a scenario makes. \
                         */

static enum err wrong(struct torture *t, const char *what)
{
    t->is_wrong = true;
    return err_set(&t->info, ERR_INVALID, "%s", what);
}

/* ---- writing -------------------------------------------------------------------------
 */

typedef void (*fill)(struct torture *t, uint64_t batch);

static enum err write_batches(struct torture *t, uint64_t n, fill add)
{
    enum err e = torture_open(t);

    for (uint64_t i = 0; e == ERR_OK && i < n; i++) {
        torture_begin(t);
        add(t, t->last);
        e = torture_commit(t);
    }
    torture_close(t);
    return e;
}

static enum err run_open(struct torture *t)
{
    const enum err e = torture_open(t);

    torture_close(t);
    return e;
}

static enum err run_starts(struct torture *t)
{
    return write_batches(t, 8, torture_add_start);
}

static const char *judge_starts(struct torture *t, uint64_t batch)
{
    struct store_saga row;
    struct store_replay replay;

    for (uint64_t i = 1; i <= batch; i++) {
        const char *id = arena_printf(t->arena, "saga-%llu", (unsigned long long)i);

        if (store_find_saga(t->reader, id, t->arena, &row, &t->info) != ERR_OK ||
            row.num != i || !torture_has_turn(t, i, i < FIRST ? 3 : 1) ||
            store_find_replay(t->reader, "start", id, t->arena, &replay, &t->info) !=
                ERR_OK) {
            return "a start that was acknowledged is not there";
        }
    }
    return store_find_saga_num(t->reader, batch + 1, t->arena, &row, &t->info) ==
                   ERR_NOT_FOUND
               ? NULL
               : "a start is there without its batch";
}

static void add_answer(struct torture *t, uint64_t batch)
{
    torture_add_turn(t, batch - FIRST + 1, 4);
    torture_add_status(t, batch - FIRST + 1, SAGA_STATUS_COMPENSATED);
}

static enum err run_answers(struct torture *t)
{
    return write_batches(t, 8, add_answer);
}

static const char *judge_answers(struct torture *t, uint64_t batch)
{
    for (uint64_t i = 1; i <= TORTURE_SAGAS; i++) {
        struct store_saga row;
        const bool is_done = i + FIRST - 1 <= batch;

        if (!torture_has_turn(t, i, is_done ? 4 : 3) ||
            store_find_saga_num(t->reader, i, t->arena, &row, &t->info) != ERR_OK ||
            (is_done && row.status != SAGA_STATUS_COMPENSATED)) {
            return "a turn and its saga's row differ";
        }
    }
    return NULL;
}

static void add_purge(struct torture *t, uint64_t batch)
{
    struct store_saga *row = &store_batch_add(&t->batch, STORE_SAGA_PURGE)->of.saga.row;

    row->num = (batch - FIRST + 1) * 3;
    row->updated_ms = batch;
}

static enum err run_purge(struct torture *t)
{
    return write_batches(t, 8, add_purge);
}

static const char *judge_purge(struct torture *t, uint64_t batch)
{
    for (uint64_t i = 3; i <= TORTURE_SAGAS; i += 3) {
        const char *id = arena_printf(t->arena, "saga-%llu", (unsigned long long)i);
        const bool is_gone = FIRST - 1 + i / 3 <= batch;
        struct store_saga row;
        const enum err there = store_find_saga(t->reader, id, t->arena, &row, &t->info);
        const enum err purged = store_find_purged(t->reader, id, &t->info);

        if (there != (is_gone ? ERR_NOT_FOUND : ERR_OK) ||
            purged != (is_gone ? ERR_OK : ERR_NOT_FOUND)) {
            return "a saga is neither there nor purged";
        }
    }
    return NULL;
}

static void add_bulk(struct torture *t, uint64_t batch)
{
    const bool is_first = batch == FIRST;
    struct store_bulk *b =
        &store_batch_add(&t->batch, is_first ? STORE_BULK : STORE_BULK_UPDATE)->of.bulk;
    struct store_bulk_item *item;

    b->num = 1;
    b->id = "bulk-1";
    b->action = SAGA_EV_CANCEL;
    b->filter = "{}";
    b->actor = "torture";
    b->total = 8;
    b->below = TORTURE_SAGAS;
    b->done = batch - FIRST;
    if (!is_first) {
        item = &store_batch_add(&t->batch, STORE_BULK_ITEM)->of.bulk_item;
        item->bulk = 1;
        item->n = batch - FIRST;
        item->saga = "saga-1";
    }
}

static enum err run_bulk(struct torture *t)
{
    return write_batches(t, 8, add_bulk);
}

static bool count_item(void *user, const struct store_bulk_item *item)
{
    (void)item;
    ++*(uint64_t *)user;
    return true;
}

static const char *judge_bulk(struct torture *t, uint64_t batch)
{
    const struct store_bulk_items_query all = {.bulk = 1, .most = 100};
    struct store_bulk b = {.done = 0};
    uint64_t n = 0;
    const enum err e = store_find_bulk(t->reader, "bulk-1", t->arena, &b, &t->info);

    if (batch < FIRST) {
        return e == ERR_NOT_FOUND ? NULL : "a bulk action nobody acknowledged";
    }
    if (e != ERR_OK || b.done != batch - FIRST ||
        store_scan_bulk_items(t->reader, &all, count_item, &n, &t->info) != ERR_OK) {
        return "the bulk action is not as far as it said";
    }
    return n == b.done ? NULL : "the bulk action has lost an item";
}

static void add_version(struct torture *t, uint64_t batch)
{
    struct store_definition *d =
        &store_batch_add(&t->batch, STORE_DEFINITION)->of.definition;
    const uint32_t version = (uint32_t)(batch - FIRST + 2);

    *d = (struct store_definition){.num = version,
                                   .name = "order",
                                   .version = version,
                                   .content = "content",
                                   .created_ms = batch};
    d->hash = arena_printf(t->batch.arena, "hash %u", version);
    d = &store_batch_add(&t->batch, STORE_DEFINITION_USE)->of.definition;
    d->name = "order";
    d->version = version;
}

static enum err run_versions(struct torture *t)
{
    return write_batches(t, 8, add_version);
}

static const char *judge_versions(struct torture *t, uint64_t batch)
{
    struct store_definition d;

    if (store_find_definition(t->reader, "order", 0, t->arena, &d, &t->info) != ERR_OK) {
        return "the current version is gone";
    }
    return d.version == batch - FIRST + 2 ? NULL : "the current version is another one";
}

static void add_prune(struct torture *t, uint64_t batch)
{
    struct store_replay *r = &store_batch_add(&t->batch, STORE_REPLAY)->of.replay;

    r->scope = "act";
    r->key = arena_printf(t->batch.arena, "key %llu", (unsigned long long)batch);
    r->hash = "hash";
    r->status = 200;
    r->body = (struct store_bytes){"{}", 2};
    r->at_ms = 1000 * 1000;
    store_batch_add(&t->batch, STORE_REPLAY_PRUNE)->of.replay.at_ms =
        1000 * (batch - FIRST + 1);
}

static enum err run_replays(struct torture *t)
{
    return write_batches(t, 8, add_prune);
}

static const char *judge_replays(struct torture *t, uint64_t batch)
{
    struct store_replay r;

    for (uint64_t i = FIRST; i <= batch + 1; i++) {
        const char *key = arena_printf(t->arena, "key %llu", (unsigned long long)i);
        const enum err e =
            store_find_replay(t->reader, "act", key, t->arena, &r, &t->info);

        if (e != (i <= batch ? ERR_OK : ERR_NOT_FOUND)) {
            return "a replay and its batch differ";
        }
    }
    return NULL;
}

/* Past two checkpoints. */
static enum err run_checkpoint(struct torture *t)
{
    return write_batches(t, 100, torture_add_start);
}

/* ---- reading --------------------------------------------------------------------------
 */

struct sum {
    struct torture *t;
    uint64_t n;
    enum err e;
};

static bool count_saga(void *user, const struct store_saga *row)
{
    struct sum *sum = user;

    sum->n += row->num;
    return true;
}

static bool count_turn(void *user, const struct store_turn *turn)
{
    struct sum *sum = user;

    sum->n += turn->turn;
    return true;
}

/* As recovery does: all that are not final, their input and their turns. */
static bool take_up(void *user, const struct store_saga *row)
{
    struct sum *sum = user;
    struct torture *t = sum->t;
    struct store_bytes input;

    sum->e = store_read_input(t->reader, row->num, t->arena, &input, &t->info);
    if (sum->e == ERR_OK) {
        sum->e = store_scan_turns(t->reader, row->num, 0, 10, count_turn, sum, &t->info);
    }
    return sum->e == ERR_OK;
}

static enum err run_recovery(struct torture *t)
{
    struct sum sum = {.t = t};
    struct store_numbers numbers;
    enum err e = torture_open(t);

    if (e == ERR_OK) {
        e = store_read_numbers(t->reader, &numbers, &t->info);
    }
    if (e == ERR_OK) {
        e = store_scan_awake(t->reader, 0, 1000, take_up, &sum, &t->info);
    }
    e = e == ERR_OK ? sum.e : e;
    if (e == ERR_OK && (numbers.saga != TORTURE_SAGAS ||
                        sum.n != (uint64_t)6 * (TORTURE_SAGAS - TORTURE_SAGAS / 3))) {
        e = wrong(t, "recovery has not seen everything, and nothing failed");
    }
    torture_close(t);
    return e;
}

static enum err run_lists(struct torture *t)
{
    const char *const names[] = {"order"};
    const struct store_filter filter = {.statuses = 1U << SAGA_STATUS_COMPLETED,
                                        .definitions = names,
                                        .n_definitions = 1};
    struct sum sum = {.t = t};
    uint64_t n = 0;
    enum err e = torture_open(t);

    if (e == ERR_OK) {
        e = store_reader_begin(t->reader, &t->info);
    }
    if (e == ERR_OK) {
        e = store_scan_sagas(t->reader, &filter, 0, 100, count_saga, &sum, &t->info);
        if (e == ERR_OK) {
            e = store_count_sagas(t->reader, &filter, 0, &n, &t->info);
        }
        store_reader_end(t->reader);
    }
    if (e == ERR_OK && (n != TORTURE_SAGAS / 3 || sum.n != 630)) {
        e = wrong(t, "a list is shorter than it is, and nothing failed");
    }
    torture_close(t);
    return e;
}

/* ---- copies
 * ----------------------------------------------------------------------------- */

enum err torture_check(void *user, struct store *copy, struct err_info *info)
{
    (void)user;
    (void)copy;
    (void)info;
    return ERR_OK;
}

static enum err run_backup(struct torture *t)
{
    char part[TORTURE_PATH_MAX + 8];
    struct store_copy *copy = NULL;
    bool is_done = false;
    enum err e = torture_open(t);

    (void)snprintf(part, sizeof(part), "%s.part", t->backup);
    if (e == ERR_OK) {
        e = store_backup_begin_sqlite(t->backup, 1000, &t->info);
    }
    if (e == ERR_OK) {
        e = store_copy_begin(t->store, part, &copy, &t->info);
    }
    for (int i = 0; e == ERR_OK && !is_done; i++) {
        e = store_copy_step(copy, &is_done, &t->info);
        if (e == ERR_OK && i < 4) { /* Work goes on beside it. */
            torture_begin(t);
            torture_add_start(t, t->last);
            e = torture_commit(t);
        }
    }
    store_copy_end(copy);
    if (e == ERR_OK) {
        e = store_backup_finish_sqlite(part, t->backup, torture_check, NULL, &t->info);
    }
    torture_close(t);
    return e;
}

static const char *judge_backup(struct torture *t, uint64_t batch)
{
    if (access(t->backup, F_OK) == 0 && torture_unsound(t->backup) != NULL) {
        return "there is a backup, and it is not sound";
    }
    return judge_starts(t, batch);
}

static enum err run_restore(struct torture *t)
{
    const enum err e =
        store_restore_sqlite(t->backup, t->other, torture_check, NULL, &t->info);

    t->is_wrong = e != ERR_OK && strstr(t->info.text, "is no backup") != NULL;
    return e;
}

static const char *judge_restore(struct torture *t, uint64_t batch)
{
    (void)batch;
    if (torture_unsound(t->backup) != NULL) {
        return "the backup was harmed";
    }
    return access(t->other, F_OK) == 0 ? torture_unsound(t->other) : NULL;
}

/* ---- migration
 * ---------------------------------------------------------------------------- */

static const struct migration second = {
    2, "more",
    "CREATE TABLE more (a INTEGER) STRICT; INSERT INTO more SELECT num FROM saga; "
    "CREATE INDEX more_a ON more (a);"};

static enum err run_migration(struct torture *t)
{
    const struct migration steps[] = {migrations_sqlite[0], second};
    struct sqlite_place place = {.lock_fd = -1};
    sqlite3 *db = NULL;
    enum err e = sqlite_place_open(&place, t->db, false, &t->info);

    if (e == ERR_OK) {
        e = sqlite_db_open_writer(t->db, &db, &t->info);
    }
    if (e == ERR_OK) {
        e = sqlite_migrate_run(db, &place, steps, 2, NULL, NULL, &t->info);
    }
    if (e == ERR_OK) {
        sqlite_db_close(db);
    } else {
        sqlite_db_close_failed(db);
    }
    sqlite_place_close(&place);
    return e;
}

static const char *judge_migration(struct torture *t, uint64_t batch)
{
    char backup[TORTURE_PATH_MAX + 16];
    sqlite3 *db = NULL;
    int64_t version = 0;
    int64_t n = 0;
    enum err e = ERR_IO;

    (void)batch;
    (void)snprintf(backup, sizeof(backup), "%s.v1.backup", t->db);
    if (sqlite3_open(t->db, &db) == SQLITE_OK &&
        sqlite_db_int(db, "PRAGMA user_version", &version, &t->info) == ERR_OK) {
        e = sqlite_db_int(
            db,
            version == 2 ? "SELECT (SELECT COUNT(*) FROM more INDEXED BY more_a WHERE "
                           "a > 0) - COUNT(*) FROM saga"
                         : "SELECT COUNT(*) FROM sqlite_schema WHERE name LIKE 'more%'",
            &n, &t->info);
    }
    (void)sqlite3_close(db); /* Nothing is open. */
    if (e != ERR_OK || n != 0) {
        return "the migration is half done";
    }
    if (version == 2 && access(backup, F_OK) != 0) {
        return "migrated without a backup";
    }
    if (access(backup, F_OK) == 0 && torture_unsound(backup) != NULL) {
        return "the backup before the migration is not sound";
    }
    return torture_unsound(t->db);
}

const struct torture_scenario torture_scenarios[] = {
    {.name = "new database", .run = run_open, .is_new = true},
    {.name = "open", .run = run_open, .judge = judge_starts},
    {.name = "starts", .run = run_starts, .judge = judge_starts},
    {.name = "answers and compensation", .run = run_answers, .judge = judge_answers},
    {.name = "recovery", .run = run_recovery, .judge = judge_starts},
    {.name = "lists", .run = run_lists, .judge = judge_starts},
    {.name = "purge", .run = run_purge, .judge = judge_purge},
    {.name = "bulk", .run = run_bulk, .judge = judge_bulk},
    {.name = "definitions", .run = run_versions, .judge = judge_versions},
    {.name = "replays", .run = run_replays, .judge = judge_replays},
    {.name = "checkpoints", .run = run_checkpoint, .judge = judge_starts},
    {.name = "backup", .run = run_backup, .judge = judge_backup},
    {.name = "restore",
     .run = run_restore,
     .judge = judge_restore,
     .has_backup = true,
     .is_raw = true},
    {.name = "migration", .run = run_migration, .judge = judge_migration, .is_raw = true},
};
const size_t torture_scenarios_n =
    sizeof(torture_scenarios) / sizeof(torture_scenarios[0]);
