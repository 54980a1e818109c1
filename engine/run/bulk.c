/* bulk.c - see bulk.h. */
#include "engine/run/bulk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/run/act.h"
#include "engine/run/load.h"
#include "engine/run/problem.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"
#include "engine/view/saga_text.h"

enum {
    SAGAS_A_ROUND = 8,
    SAGAS_A_BATCH = 16,     /* Of one commit's turns: what starts wait for beside them. */
    SAGAS_A_MS = 2,         /* Over time: 100,000 take a minute; commits stay short. */
    NUMBERS_A_ROUND = 1024, /* Of sagas looked at in one round: under a millisecond. */
    LINE_MAX = 1000,        /* Calls waiting for a slot: then retries wait, too. */
    LINE_WAIT_MS = 1000,
    ROOM_WAIT_MS = 100, /* Memory is full: look again then. */
    SCRATCH = 16 * 1024
};

void bulks_init(struct bulks *b)
{
    *b = (struct bulks){.scratch = arena_create(SCRATCH)};
}

static void destroy(struct bulk *b)
{
    arena_destroy(b->arena);
    free(b);
}

void bulks_done(struct bulks *b)
{
    while (b->first != NULL) {
        struct bulk *gone = b->first;

        b->first = gone->next;
        destroy(gone);
    }
    arena_destroy(b->scratch);
}

/* ---- those that run
 * ---------------------------------------------------------------------------- */

/* What was checked when it was confirmed. */
static void never_wrong(void *user, const char *name, const char *code,
                        const char *detail)
{
    (void)user;
    (void)code;
    log_say(LOG_ERROR, "a bulk action's filter cannot be read", LOG_TEXT("member", name),
            LOG_TEXT("detail", detail));
}

static struct bulk *create(const struct store_bulk *row)
{
    struct bulk *b = mem_alloc(sizeof(*b));
    bool is_good;

    b->arena = arena_create(1024);
    b->row = store_bulk_copy(b->arena, row);
    saga_filter_init(&b->filter);
    is_good =
        saga_filter_read(&b->filter, json_span_of(b->row.filter, strlen(b->row.filter)),
                         b->arena, never_wrong, NULL);
    assert(is_good);
    return b;
}

static void add_last(struct bulks *all, struct bulk *b)
{
    struct bulk **at = &all->first;

    while (*at != NULL) {
        at = &(*at)->next;
    }
    b->next = NULL;
    *at = b;
}

void bulks_add(struct engine *e, const struct store_bulk *row)
{
    add_last(&e->bulks, create(row));
    e->bulks.n++;
}

struct bulk *bulks_find(const struct engine *e, const char *id)
{
    struct bulk *b = e->bulks.first;

    while (b != NULL && strcmp(b->row.id, id) != 0) {
        b = b->next;
    }
    return b;
}

static void remove_bulk(struct bulks *all, struct bulk *b)
{
    struct bulk **at = &all->first;

    while (*at != b) {
        at = &(*at)->next;
    }
    *at = b->next;
    all->n--;
    destroy(b);
}

/* How far it has come, with what it has done. */
static void write_progress(struct engine *e, const struct bulk *b)
{
    struct store_op *op = store_batch_add(&engine_batch(e)->ops, STORE_BULK_UPDATE);

    op->of.bulk = (struct store_bulk){.num = b->row.num,
                                      .status = b->row.status,
                                      .below = b->row.below,
                                      .done = b->row.done,
                                      .failed = b->row.failed,
                                      .ended_ms = b->row.ended_ms};
}

void bulks_end(struct engine *e, struct bulk *b, enum store_bulk_status status)
{
    b->row.status = status;
    b->row.ended_ms = e->now_ms;
    write_progress(e, b);
    log_say(
        LOG_INFO, "a bulk action ended", LOG_TEXT("bulkId", b->row.id),
        LOG_TEXT("action", saga_event_name(b->row.action)),
        LOG_TEXT("status", status == STORE_BULK_CANCELLED ? "cancelled" : "completed"),
        LOG_NUMBER("done", b->row.done), LOG_NUMBER("failed", b->row.failed),
        LOG_NUMBER("durationMs", e->now_ms - b->row.started_ms));
    remove_bulk(&e->bulks, b);
}

/* Newest first, so each goes before those taken up already. */
static bool take_up(void *user, const struct store_bulk *row)
{
    struct engine *e = user;
    struct bulk *b;

    if (row->status == STORE_BULK_RUNNING) {
        b = create(row);
        b->next = e->bulks.first;
        e->bulks.first = b;
        e->bulks.n++;
        log_say(LOG_INFO, "a bulk action goes on", LOG_TEXT("bulkId", row->id),
                LOG_TEXT("action", saga_event_name(row->action)),
                LOG_NUMBER("done", row->done), LOG_NUMBER("failed", row->failed),
                LOG_NUMBER("total", row->total));
    }
    return true;
}

enum err bulks_recover(struct engine *e, struct err_info *info)
{
    struct store_numbers numbers;
    enum err err = store_read_numbers(e->reader, &numbers, info);

    if (err == ERR_OK) {
        e->bulks.next_num = numbers.bulk + 1;
        err = store_scan_bulks(e->reader, 0, SIZE_MAX, take_up, e, info);
    }
    return err;
}

/* ---- one saga
 * ---------------------------------------------------------------------------------- */

static void write_item(struct engine *e, struct bulk *b, const struct store_saga *row,
                       const char *code)
{
    struct batch *batch = engine_batch(e);
    struct store_op *op = store_batch_add(&batch->ops, STORE_BULK_ITEM);

    b->row.done += code == NULL ? 1 : 0;
    b->row.failed += code != NULL ? 1 : 0;
    op->of.bulk_item =
        (struct store_bulk_item){.bulk = b->row.num,
                                 .n = b->row.done + b->row.failed,
                                 .saga = arena_text(batch->ops.arena, row->id),
                                 .status = row->status,
                                 .code = code};
    e->bulks.n_in_batch++;
}

static void act(struct engine *e, struct bulk *b, struct resident *r)
{
    const struct store_bulk *row = &b->row;
    struct command c = {.kind = COMMAND_ACT,
                        .arena = e->bulks.scratch,
                        .actor = row->actor,
                        .reason = row->reason,
                        .request_id =
                            arena_printf(e->bulks.scratch, "%s/%s", row->id, r->row.id),
                        .of.act = {.id = r->row.id,
                                   .action = row->action,
                                   .step = row->step,
                                   .item = SAGA_NO_ITEM,
                                   .body = {row->body.at, row->body.n},
                                   .is_applied = row->is_applied}};
    const enum act_result result = act_on_saga(e, r, &c);

    write_item(e, b, &r->row, result == ACT_REFUSED ? problem_code(c.problem) : NULL);
}

/* False: there is no room for it now. */
static bool take_saga(struct engine *e, struct bulk *b, const struct store_saga *row)
{
    struct resident *r;
    struct err_info info;
    const enum err err = load_row(e, row, &r, &info);

    if (err == ERR_LIMIT) {
        return false;
    }
    if (err != ERR_OK) {
        log_say(LOG_ERROR, "a bulk action cannot read a saga",
                LOG_TEXT("sagaId", row->id), LOG_TEXT("detail", info.text));
        write_item(e, b, row, problem_code(PROBLEM_STORE_UNAVAILABLE));
        return true;
    }
    /* The row found is the last one committed; a turn not committed may have moved it. */
    if (r->n_uncommitted == 0 || saga_filter_passes(&b->filter, &r->row)) {
        act(e, b, r);
    }
    if (r->n_uncommitted == 0) {
        turn_let_go(e, r);
    }
    return true;
}

/* ---- a round
 * ----------------------------------------------------------------------------------- */

struct found {
    struct arena *arena;
    struct store_saga rows[SAGAS_A_ROUND];
    size_t n;
};

static bool keep_row(void *user, const struct store_saga *row)
{
    struct found *f = user;

    f->rows[f->n++] = store_saga_copy(f->arena, row);
    return true;
}

/* The next sagas, and whether there are none any more down to filter.above_num. */
static bool find(struct engine *e, struct bulk *b, size_t most, struct found *f)
{
    struct err_info info;
    struct store_filter *filter = &b->filter.store;

    filter->above_num =
        b->row.below > NUMBERS_A_ROUND ? b->row.below - NUMBERS_A_ROUND - 1 : 0;
    if (store_scan_sagas(engine_reader(e), filter, b->row.below, most, keep_row, f,
                         &info) != ERR_OK) {
        engine_fail(e, &info);
        return false;
    }
    return true;
}

static void work(struct engine *e, struct bulk *b, size_t most)
{
    struct found f = {.arena = e->bulks.scratch};
    uint64_t next_ms;
    size_t n = 0;

    if (!find(e, b, most, &f)) {
        return;
    }
    while (n < f.n && !atomic_load(&e->has_failed) && take_saga(e, b, &f.rows[n])) {
        b->row.below = f.rows[n].num;
        n++;
    }
    next_ms = e->mono_ms + (n + SAGAS_A_MS - 1) / SAGAS_A_MS;
    if (next_ms > e->bulks.wait_until_ms) { /* Not yet later, for a line of calls. */
        e->bulks.wait_until_ms = next_ms;
    }
    if (n < f.n) {
        e->bulks.wait_until_ms = e->mono_ms + ROOM_WAIT_MS;
    } else if (f.n < most) {
        b->row.below = b->filter.store.above_num + 1;
    }
    if (b->row.below <= 1) {
        bulks_end(e, b, STORE_BULK_COMPLETED);
        return;
    }
    if (n > 0) {
        write_progress(e, b);
    }
    if (b->next != NULL) { /* The next one's turn. */
        e->bulks.first = b->next;
        add_last(&e->bulks, b);
    }
}

/* Calls that wait for a slot already: repeating more would only make the line longer, and
 * what starts now stands behind it. */
static bool is_crowded(const struct engine *e)
{
    return e->bulks.first->row.action == SAGA_EV_RETRY &&
           services_queued(e->config.services) >= LINE_MAX;
}

/* How many of this round's and this batch's sagas are left. */
static size_t room(const struct engine *e)
{
    const uint32_t used = e->bulks.batch == e->batch_seq ? e->bulks.n_in_batch : 0;
    const size_t left = used < SAGAS_A_BATCH ? SAGAS_A_BATCH - used : 0;

    return left < SAGAS_A_ROUND ? left : SAGAS_A_ROUND;
}

static bool may_run(const struct engine *e)
{
    return e->bulks.first != NULL && e->is_recovered && !e->is_disk_full &&
           !restore_is_holding(e) && !atomic_load(&e->is_draining) &&
           !atomic_load(&e->has_failed);
}

void bulks_run(struct engine *e)
{
    if (!may_run(e) || e->mono_ms < e->bulks.wait_until_ms || room(e) == 0 ||
        engine_batch(e)->n_turns >= LIMIT_BATCH_TURNS) {
        return;
    }
    if (table_count(e->table) >= e->config.active_max / 4 * 3) {
        e->bulks.wait_until_ms = e->mono_ms + ROOM_WAIT_MS;
        return;
    }
    if (e->bulks.batch != e->batch_seq) {
        e->bulks.batch = e->batch_seq;
        e->bulks.n_in_batch = 0;
    }
    if (is_crowded(e)) { /* Slowly, whatever the line is made of. */
        e->bulks.wait_until_ms = e->mono_ms + LINE_WAIT_MS;
    }
    work(e, e->bulks.first, room(e));
    arena_reset(e->bulks.scratch);
}

uint64_t bulks_wake_at(const struct engine *e)
{
    if (!may_run(e) || (e->is_committing && room(e) == 0)) {
        return 0;
    }
    return e->bulks.wait_until_ms > e->mono_ms ? e->bulks.wait_until_ms : e->mono_ms;
}
