/* recover.c - see recover.h. */
#include "engine/run/recover.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/run/grant.h"
#include "engine/run/load.h"
#include "engine/run/marker.h"
#include "engine/run/oracle.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"

enum {
    PAGE = 256,             /* Sagas of a round: some 10 ms, for which the rest waits. */
    SLEEPERS_PAGE_MS = 100, /* Between the pages of one look: 5,000 sleepers a second. */
    NO_ROOM_MS = 1000,      /* Then the next look, when memory is full. */
};

/* ---- before the threads
 * -------------------------------------------------------------------- */

/* When the engine was last seen alive; 0: not known. */
static uint64_t last_alive_ms(const struct engine *e)
{
    struct stat st;

    if (e->config.alive_path == NULL || stat(e->config.alive_path, &st) != 0) {
        return 0;
    }
    return (uint64_t)st.st_mtim.tv_sec * 1000U + (uint64_t)st.st_mtim.tv_nsec / 1000000U;
}

/* Up to now; of one stretch a day counts (S43). */
static void add_downtime(struct engine *e, uint64_t from_ms)
{
    const uint64_t most_ms = LIMIT_GRACE_MS;
    const bool is_long = e->now_ms > from_ms && e->now_ms - from_ms > most_ms;

    downtimes_add(&e->downtimes, is_long ? e->now_ms - most_ms : from_ms, e->now_ms);
}

static enum err read_downtimes(struct engine *e, struct arena *a, struct err_info *info)
{
    uint64_t last_ms = last_alive_ms(e);
    const char *text;
    enum err err = store_read_meta(e->reader, DOWNTIMES_META, a, &text, info);

    if (e->restore.phase == RESTORE_MARKED && e->restore.made_ms < last_ms) {
        last_ms = e->restore.made_ms; /* Its sagas have stood still since then. */
    }
    if (err == ERR_OK) {
        downtimes_parse(&e->downtimes, text);
    } else if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (last_ms != 0) {
        add_downtime(e, last_ms);
    }
    return ERR_OK;
}

/* The key of callbacks' tokens: kept, or made now and kept with what follows. */
static enum err read_callback_key(struct engine *e, struct arena *a,
                                  struct err_info *info)
{
    char made[HASH_HEX];
    const char *hex;
    struct store_op *op;
    enum err err = store_read_meta(e->reader, "callbackKey", a, &hex, info);

    if (err == ERR_NOT_FOUND) {
        hash_make_key(made);
        hex = arena_text(engine_batch(e)->ops.arena, made);
        op = store_batch_add(&engine_batch(e)->ops, STORE_META);
        op->of.meta.name = "callbackKey";
        op->of.meta.text = hex;
        err = ERR_OK;
    }
    if (err == ERR_OK && !hash_read_key(hex, e->callback_key)) {
        err = err_set(info, ERR_IO, "the kept key of callbacks is not a key");
    }
    return err;
}

static void keep_downtimes(struct engine *e)
{
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_META);
    char *text = downtimes_text(&e->downtimes);

    op->of.meta.name = DOWNTIMES_META;
    op->of.meta.text = arena_text(b->ops.arena, text);
    free(text);
}

/* What must be in the store before the first saga: the vars and the downtimes. */
static enum err commit_beginning(struct engine *e, bool has_new_vars,
                                 struct err_info *info)
{
    struct batch *b = engine_batch(e);
    enum err err;

    if (has_new_vars) {
        struct store_op *op = store_batch_add(&b->ops, STORE_VARS);

        op->of.vars.num = e->vars;
        op->of.vars.text = e->config.vars;
    }
    keep_downtimes(e);
    err = store_commit(e->config.store, &b->ops, info);
    store_batch_clear(&b->ops);
    return err;
}

void recover_from_away(struct engine *e, uint64_t away_ms)
{
    downtimes_add(&e->downtimes, e->now_ms - away_ms, e->now_ms);
    keep_downtimes(e);
}

/* Sagas to take up: they are active from the first start on that is let in. */
static enum err count_left(struct engine *e, struct err_info *info)
{
    const struct store_filter left = {.statuses = 1U << SAGA_STATUS_RUNNING |
                                                  1U << SAGA_STATUS_COMPENSATING |
                                                  1U << SAGA_STATUS_STUCK,
                                      .is_awake = true};

    return store_count_sagas(e->reader, &left, 0, &e->n_unrecovered, info);
}

enum err recover_begin(struct engine *e, struct err_info *info)
{
    struct store_numbers numbers;
    struct arena *a = arena_create(4096);
    bool has_new_vars = false;
    enum err err = store_read_numbers(e->reader, &numbers, info);

    e->now_ms = clk_wall_ms();
    if (err == ERR_OK) {
        err = count_left(e, info);
    }
    if (err == ERR_OK) {
        e->recover_until = numbers.saga;
        e->next_saga = numbers.saga + 1;
        e->next_definition = numbers.definition + 1;
        e->next_notify = numbers.notify + 1;
        e->next_kept = numbers.vars + 1;
        err = store_find_vars(e->reader, e->config.vars, &e->vars, info);
        if (err == ERR_NOT_FOUND) {
            e->vars = e->next_kept++;
            has_new_vars = true;
            err = ERR_OK;
        }
    }
    if (err == ERR_OK) {
        err = restore_begin(e, a, info);
    }
    if (err == ERR_OK) {
        err = read_downtimes(e, a, info);
    }
    if (err == ERR_OK) {
        err = read_callback_key(e, a, info);
    }
    if (err == ERR_OK) {
        address_take_services(e);
        engine_reader_end(e);
        err = commit_beginning(e, has_new_vars, info);
    }
    arena_destroy(a);
    return err;
}

void recover_mark_alive(struct engine *e)
{
    int fd;

    if (e->config.alive_path == NULL) {
        return;
    }
    if (utimensat(AT_FDCWD, e->config.alive_path, NULL, 0) != 0 && errno == ENOENT) {
        fd = open(e->config.alive_path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0) {
            (void)close(fd); /* Nothing was written. */
        }
    }
    e->alive_at_ms = e->mono_ms;
}

/* ---- taking sagas up
 * --------------------------------------------------------------------------- */

struct page {
    struct arena *arena;
    uint64_t until_num; /* Sagas behind it are not kept. */
    struct store_saga rows[PAGE];
    size_t n;
};

static struct page *page_create(uint64_t until_num)
{
    struct page *p = mem_alloc(sizeof(*p));

    p->arena = arena_create(65536);
    p->until_num = until_num;
    return p;
}

static void page_destroy(struct page *p)
{
    arena_destroy(p->arena);
    free(p);
}

static bool keep_row(void *user, const struct store_saga *row)
{
    struct page *p = user;
    struct store_saga *kept = &p->rows[p->n];

    if (row->num > p->until_num) {
        return false;
    }
    p->n++;
    *kept = *row;
    kept->id = arena_text(p->arena, row->id);
    kept->key = arena_text(p->arena, row->key);
    kept->unique_key = arena_text(p->arena, row->unique_key);
    kept->ordering_key = arena_text(p->arena, row->ordering_key);
    kept->labels = arena_text(p->arena, row->labels);
    kept->traceparent = arena_text(p->arena, row->traceparent);
    kept->tracestate = arena_text(p->arena, row->tracestate);
    kept->stuck_step = NULL;
    kept->stuck_error = arena_text(p->arena, row->stuck_error);
    kept->definition_name = NULL;
    return p->n < PAGE;
}

static void lose(struct engine *e, struct resident *r, const struct saga_cell *c)
{
    struct record record = {
        .event = {.kind = SAGA_EV_LOST,
                  .step = c->step,
                  .item = c->item,
                  .call = c->call,
                  .turn = c->due_turn,
                  .outcome = OUTCOME_UNKNOWN,
                  .may_retry = true,
                  .is_free = true},
        .detail =
            "the daemon stopped while the call was in flight; its outcome is not known",
    };

    (void)turn_apply(e, r, &record); /* It is due: applied. */
}

/* Queued calls stand in their service's queue again, by a grant if there is room. */
static void ask_again(struct engine *e, struct resident *r, const struct saga_cell *c)
{
    struct record record = {
        .event = {
            .kind = SAGA_EV_GRANTED, .step = c->step, .item = c->item, .call = c->call}};
    struct service_waiter w = {
        .saga = r->num, .step = c->step, .item = c->item, .call = c->call};
    struct service *service = grant_service(e, r, c);

    if (service != NULL) {
        oracle_say_missing(r, service);
    }
    if (service != NULL &&
        service_ask(service, &w, e->mono_ms, e->now_ms, 0) == SAGA_SLOT_GRANTED) {
        grant_take(e, r, service, &record);
    }
}

/* Until an operator lets it go on it asks for no slot, and then by itself. */
static bool is_held(const struct saga *s)
{
    return (s->flags & ((uint32_t)SAGA_FLAG_PAUSED | (uint32_t)SAGA_FLAG_OVER_LIMIT |
                        (uint32_t)SAGA_FLAG_POISON)) != 0;
}

static bool is_poison(const struct saga *s)
{
    return (s->flags & (uint32_t)SAGA_FLAG_POISON) != 0;
}

/* One cell at a time: each turn may change the others. What is queued asks again whyever
 * it was: a clean stop has put calls back too, and those never asked (S9). What became
 * due since the saga was loaded, by a turn that followed from another's, is not lost. */
static void for_cells(struct engine *e, struct resident *r, bool asks)
{
    struct saga_cell *cells;
    uint16_t n = e->saga.n_cells;

    cells = mem_alloc(n * sizeof(cells[0]));
    memcpy(cells, e->saga.cells, n * sizeof(cells[0]));
    for (uint16_t i = 0; i < n; i++) {
        if (cells[i].state == CELL_DUE && cells[i].due_turn <= r->loaded_turn) {
            lose(e, r, &cells[i]);
        } else if (asks && cells[i].state == CELL_QUEUED && !is_held(&e->saga)) {
            ask_again(e, r, &cells[i]);
        }
    }
    free(cells);
}

/* Of poison nothing is touched (S54): recover_due() comes when an operator lifts it. */
static void take_up_cells(struct engine *e, struct resident *r)
{
    turn_load_state(e, r);
    if (!is_poison(&e->saga)) {
        for_cells(e, r, true);
    }
}

/* What is overdue does not all fire in one millisecond (S44). */
static void spread(struct engine *e, struct resident *r)
{
    uint64_t backlog_ms = table_count(e->table) / 4;
    uint64_t within_ms = backlog_ms > 1000 ? backlog_ms : 1000;
    uint64_t wake_ms;

    turn_load_state(e, r);
    wake_ms = saga_wake_at(&e->saga, r->entry->definition->plan);
    if (wake_ms != 0 && wake_ms < e->now_ms + within_ms) {
        uint64_t later_ms = e->now_ms + hash_mix(r->num, 7) % within_ms;

        timers_set(e->timers, r->slot, later_ms > wake_ms ? later_ms : wake_ms);
    }
}

static enum err take_up(struct engine *e, const struct store_saga *row,
                        struct err_info *info)
{
    const uint64_t before = marker_enter(e->marker, row->num);
    struct resident *r;
    enum err err = ERR_OK;

    if (row->num != e->left_alone) {
        err = load_row(e, row, &r, info);
        if (err == ERR_OK) {
            take_up_cells(e, r);
            spread(e, r);
        }
    }
    marker_leave(e->marker, before);
    return err;
}

void recover_due(struct engine *e, struct resident *r)
{
    turn_load_state(e, r);
    if (!is_poison(&e->saga)) {
        for_cells(e, r, false);
    }
}

static enum err leave_alone(struct engine *e, uint64_t num)
{
    log_say(LOG_ERROR,
            "a saga is left alone in this run: the daemon dies even when it "
            "is marked as poison",
            LOG_NUMBER("number", num));
    e->left_alone = num;
    return ERR_OK;
}

/* S54: before any other turn of it. */
static enum err take_poison(struct engine *e, struct err_info *info)
{
    const uint64_t num = marker_suspect(e->marker);
    struct record record = {
        .event = {.kind = SAGA_EV_POISONED, .step = PLAN_NONE, .item = SAGA_NO_ITEM}};
    struct resident *r;
    uint64_t before;
    enum err err;

    if (num == 0 || marker_deaths(e->marker) < MARKER_DEATHS) {
        return ERR_OK;
    }
    if (marker_deaths(e->marker) > MARKER_DEATHS) {
        return leave_alone(e, num);
    }
    before = marker_enter(e->marker, num);
    err = load_saga(e, num, &r, info);
    if (err == ERR_OK) {
        log_say(LOG_ERROR,
                "the daemon died in turns of this saga again and again: it is poison",
                LOG_TEXT("sagaId", r->row.id),
                LOG_NUMBER("deaths", marker_deaths(e->marker)));
        if (turn_apply(e, r, &record) == SAGA_APPLIED) {
            marker_forgive(e->marker);
        } else {
            err = leave_alone(e, num); /* It was poison already, or has ended. */
        }
    }
    marker_leave(e->marker, before);
    return err == ERR_NOT_FOUND ? ERR_OK : err; /* Its start was not committed. */
}

static void finish(struct engine *e)
{
    e->is_recovered = true;
    e->n_unrecovered = 0;
    atomic_store(&e->full_at, 0);  /* Some may have been counted twice. */
    e->sleepers_at_ms = e->now_ms; /* Whoever slept may be due. */
    log_say(LOG_INFO, "recovered", LOG_NUMBER("sagas", e->n_recovered));
}

enum err recover_more(struct engine *e, struct err_info *info)
{
    struct page *p;
    enum err err;

    if (e->recover_after == 0) {
        err = take_poison(e, info);
        if (err != ERR_OK) {
            return err;
        }
    }
    if (e->restore.phase == RESTORE_MARKED) { /* Before anything else befalls a saga. */
        return restore_more(e, info);
    }
    p = page_create(e->recover_until);
    err = store_scan_awake(engine_reader(e), e->recover_after, PAGE, keep_row, p, info);
    for (size_t i = 0; i < p->n && err == ERR_OK; i++) {
        err = take_up(e, &p->rows[i], info);
        e->recover_after = p->rows[i].num;
        e->n_recovered++;
        e->n_unrecovered -= e->n_unrecovered > 0; /* A command may have woken one more. */
    }
    if (err == ERR_OK && p->n < PAGE) {
        finish(e);
    }
    page_destroy(p);
    return err;
}

static bool found_one(void *user, const struct store_saga *row)
{
    (void)row;
    *(bool *)user = true;
    return false;
}

/* Does any saga sleep with a time set? */
static bool has_sleepers(struct engine *e)
{
    const struct store_due any = {.until_ms = INT64_MAX};
    bool has = false;
    struct err_info info;

    return store_scan_due(engine_reader(e), &any, 1, found_one, &has, &info) == ERR_OK &&
           has;
}

/* Whoever is not in memory yet; up to the first that finds no room there. */
static enum err take_sleepers(struct engine *e, const struct page *p,
                              struct err_info *info)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct store_saga *row = &p->rows[i];
        struct resident *r = table_find(e->table, row->num);

        if (r == NULL && row->num != e->left_alone) {
            enum err err = load_row(e, row, &r, info);

            if (err != ERR_OK) {
                return err;
            }
            spread(e, r);
        }
        e->sleepers_after_ms = row->wake_ms;
        e->sleepers_after_num = row->num;
    }
    return ERR_OK;
}

/* A look is page after page, each behind the one before: those that are in memory already
 * must not hide the others. The next look begins with the earliest again. */
void recover_sleepers(struct engine *e)
{
    const struct store_due due = {.after_ms = e->sleepers_after_ms,
                                  .after_num = e->sleepers_after_num,
                                  .until_ms = e->now_ms + LIMIT_NEAR_MS};
    const bool is_first = e->sleepers_after_ms == 0;
    struct page *p = page_create(UINT64_MAX);
    struct err_info info;
    enum err err;

    err = store_scan_due(engine_reader(e), &due, PAGE, keep_row, p, &info);
    if (err == ERR_OK) {
        err = take_sleepers(e, p, &info);
    }
    if (err == ERR_IO) {
        engine_fail(e, &info);
    }
    e->sleepers_at_ms = e->now_ms + SLEEPERS_PAGE_MS;
    if (p->n < PAGE || err != ERR_OK) {
        e->sleepers_at_ms = e->now_ms + (err != ERR_OK ? NO_ROOM_MS : LIMIT_NEAR_MS / 2);
        e->sleepers_after_ms = 0;
        e->sleepers_after_num = 0;
    }
    if (is_first && p->n == 0 && !has_sleepers(e)) {
        e->sleepers_at_ms = 0;
    }
    page_destroy(p);
}
