/*
 * search_fill.c - a store with many sagas, to search in: every status, many keys, labels.
 *
 *     search_fill <database> <sagas> <stuck sagas>
 *
 * scripts/bench-search runs it, on a stopped daemon's database that has the definitions
 * d-0 to d-19 and the sagas template-completed, -compensated, -resolved, -stuck and
 * -running: each new saga is a copy of one of them, journal and all, under another id
 * (saga-1, saga-2, ...), definition, key, labels and time. The same arguments give the
 * same sagas, but for the time they end at, now; they began one after the other in 30
 * days. The stuck ones are spread over all; the running ones sleep.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/clk.h"
#include "base/hash.h"
#include "engine/store/store_open.h"
#include "engine/view/saga_text.h"

enum {
    DEFINITIONS = 20,
    COMMIT = 2000,  /* Sagas. */
    TURNS_MAX = 32, /* Of a template. */
    STEPS = 5,      /* a to e: where they are stuck. */
    CUSTOMERS = 50, /* Values of the label customer; team has 4. */
    FEW = 10,       /* Sagas that have the label rare. */
};
#define DAYS_MS (30ULL * 24 * 60 * 60 * 1000)

struct pattern {
    struct store_saga row;
    struct store_bytes input;
    struct store_turn turns[TURNS_MAX];
    size_t n_turns;
    struct arena *arena;
};

struct fill {
    struct store *store;
    struct store_reader *reader;
    struct store_batch batch;
    struct pattern templates[SAGA_STATUSES];
    uint64_t first; /* Number of the first new saga. */
    uint64_t n_sagas;
    uint64_t n_stuck;
    uint64_t now_ms;
};

static void stop_on(enum err e, const struct err_info *info)
{
    if (e != ERR_OK) {
        (void)fprintf(stderr, "search_fill: %s\n", info->text);
        exit(EXIT_FAILURE);
    }
}

/* ---- templates --------------------------------------------------------------------- */

static struct store_bytes kept(struct arena *a, struct store_bytes bytes)
{
    return (struct store_bytes){
        bytes.at == NULL ? NULL : arena_copy(a, bytes.at, bytes.n), bytes.n};
}

static bool keep_turn(void *user, const struct store_turn *turn)
{
    struct pattern *t = user;
    struct store_turn *made = &t->turns[t->n_turns++];

    *made = *turn;
    made->data = kept(t->arena, turn->data);
    made->state = kept(t->arena, turn->state);
    return t->n_turns < TURNS_MAX;
}

static void read_template(struct fill *f, enum saga_status status)
{
    struct pattern *t = &f->templates[status];
    struct err_info info = {{0}};
    char id[64];

    (void)snprintf(id, sizeof(id), "template-%s", saga_status_name(status));
    t->arena = arena_create(65536);
    stop_on(store_find_saga(f->reader, id, t->arena, &t->row, &info), &info);
    stop_on(store_read_input(f->reader, t->row.num, t->arena, &t->input, &info), &info);
    stop_on(store_scan_turns(f->reader, t->row.num, 1, TURNS_MAX, keep_turn, t, &info),
            &info);
}

/* ---- sagas ------------------------------------------------------------------------- */

/* Of a hundred that are not stuck: 90 completed, 5 compensated, 1 resolved, 4 running. */
static enum saga_status status_of(const struct fill *f, uint64_t n)
{
    const uint64_t of_100 = hash_mix(n, 1) % 100;

    if ((n * f->n_stuck) % f->n_sagas < f->n_stuck) {
        return SAGA_STATUS_STUCK;
    }
    if (of_100 < 90) {
        return SAGA_STATUS_COMPLETED;
    }
    if (of_100 < 95) {
        return SAGA_STATUS_COMPENSATED;
    }
    return of_100 < 96 ? SAGA_STATUS_RESOLVED : SAGA_STATUS_RUNNING;
}

static const char *labels_of(struct fill *f, uint64_t n)
{
    if (n % 2 != 0) {
        return NULL;
    }
    return arena_printf(f->batch.arena, "{\"team\":\"t-%u\",\"customer\":\"c-%u\"%s}",
                        (unsigned)(hash_mix(n, 3) % 4),
                        (unsigned)(hash_mix(n, 4) % CUSTOMERS),
                        n <= 2 * FEW ? ",\"rare\":\"yes\"" : "");
}

static void make_stuck(struct fill *f, struct store_saga *row)
{
    static const char *const steps[STEPS] = {"a", "b", "c", "d", "e"};

    row->stuck_step = steps[hash_mix(row->num, 5) % STEPS];
    row->stuck_call = CALL_COMPENSATION;
    row->stuck_outcome =
        hash_mix(row->num, 6) % 4 == 0 ? OUTCOME_UNKNOWN : OUTCOME_REJECTED;
    row->stuck_ms = row->updated_ms;
    row->stuck_error =
        arena_printf(f->batch.arena, "the call was rejected: card %llu has expired",
                     (unsigned long long)(row->num % 977));
}

static struct store_saga row_of(struct fill *f, uint64_t n, const struct pattern *t)
{
    const uint64_t began_ms = f->now_ms - DAYS_MS + n * (DAYS_MS / (f->n_sagas + 1));
    struct store_saga row = t->row;

    row.num = f->first + n - 1;
    row.id = arena_printf(f->batch.arena, "saga-%llu", (unsigned long long)n);
    row.definition = 1 + hash_mix(n, 2) % DEFINITIONS;
    row.key = arena_printf(f->batch.arena, "o-%llu", (unsigned long long)(n / 2));
    row.labels = labels_of(f, n);
    row.started_ms = began_ms;
    row.updated_ms = began_ms + 1000;
    row.ended_ms = row.ended_ms != 0 ? row.updated_ms : 0;
    if (row.status == SAGA_STATUS_STUCK) {
        make_stuck(f, &row);
    }
    return row;
}

static void add_saga(struct fill *f, uint64_t n)
{
    const struct pattern *t = &f->templates[status_of(f, n)];
    const struct store_saga row = row_of(f, n, t);
    struct store_op *op = store_batch_add(&f->batch, STORE_SAGA_INSERT);

    op->of.saga.input = t->input;
    op->of.saga.row = row;
    op->of.saga.row.status = SAGA_STATUS_RUNNING;
    op->of.saga.row.is_asleep = false;
    op->of.saga.row.ended_ms = 0;
    op->of.saga.row.stuck_ms = 0;
    op->of.saga.row.stuck_step = NULL;
    for (size_t i = 0; i < t->n_turns; i++) {
        struct store_turn *turn = &store_batch_add(&f->batch, STORE_TURN)->of.turn;

        *turn = t->turns[i];
        turn->saga = row.num;
        turn->at_ms = row.started_ms + i;
    }
    store_batch_add(&f->batch, STORE_SAGA_UPDATE)->of.saga.row = row;
}

static void commit(struct fill *f)
{
    struct err_info info = {{0}};

    stop_on(store_commit(f->store, &f->batch, &info), &info);
    store_tidy(f->store);
    store_batch_clear(&f->batch);
}

static uint64_t number_of(const char *text)
{
    unsigned long long n = 0;

    return sscanf(text, "%llu", &n) == 1 ? n : 0;
}

static void prepare(struct fill *f, const char *path)
{
    const struct store_sqlite_options options = {.is_dev = true};
    struct store_numbers numbers = {0};
    struct err_info info = {{0}};

    stop_on(store_open_sqlite(path, &options, &f->store, &info), &info);
    stop_on(store_reader_open(f->store, &f->reader, &info), &info);
    stop_on(store_read_numbers(f->reader, &numbers, &info), &info);
    for (unsigned status = 0; status < SAGA_STATUSES; status++) {
        if (status != SAGA_STATUS_COMPENSATING) {
            read_template(f, (enum saga_status)status);
        }
    }
    store_reader_close(f->reader);
    f->first = numbers.saga + 1;
    f->batch = (struct store_batch){.arena = arena_create((size_t)8 << 20)};
}

int main(int argc, char **argv)
{
    struct fill f = {.n_sagas = argc > 2 ? number_of(argv[2]) : 0,
                     .n_stuck = argc > 3 ? number_of(argv[3]) : 0,
                     .now_ms = clk_wall_ms()};

    if (argc != 4 || f.n_sagas == 0 || f.n_stuck > f.n_sagas) {
        (void)fprintf(stderr, "usage: search_fill <database> <sagas> <stuck sagas>\n");
        return EXIT_FAILURE;
    }
    prepare(&f, argv[1]);
    for (uint64_t n = 1; n <= f.n_sagas; n++) {
        add_saga(&f, n);
        if (n % COMMIT == 0 || n == f.n_sagas) {
            commit(&f);
        }
    }
    store_close(f.store);
    arena_destroy(f.batch.arena);
    for (size_t i = 0; i < SAGA_STATUSES; i++) { /* NULL is fine. */
        arena_destroy(f.templates[i].arena);
    }
    return EXIT_SUCCESS;
}
