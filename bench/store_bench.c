/*
 * store_bench.c - what the store costs: sagas of four turns, 256 turns per commit.
 *
 *     store_bench <database> [sagas] [turns per commit]
 *
 * A saga is one row, its input, four turns and one update of the row when it ends, as
 * the targets count them. Prints sagas and turns per second and what one costs. The
 * database stays, so that a second run shows the rate with the first's sagas
 * in the file.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "base/clk.h"
#include "base/ids.h"
#include "engine/store/store_open.h"

#define TURNS 4

struct bench {
    struct store *store;
    struct store_batch batch;
    uint64_t first; /* Number of the first saga. */
    uint64_t n_sagas;
    size_t n_together; /* Sagas that run side by side: one turn of each per commit. */
};

static void stop_on(enum err e, const struct err_info *info)
{
    if (e != ERR_OK) {
        (void)fprintf(stderr, "store_bench: %s\n", info->text);
        exit(EXIT_FAILURE);
    }
}

static void commit(struct bench *b)
{
    struct err_info info = {{0}};

    stop_on(store_commit(b->store, &b->batch, &info), &info);
    store_tidy(b->store);
    store_batch_clear(&b->batch);
}

static void add_start(struct bench *b, uint64_t num)
{
    static const char input[] =
        "{\"order\":\"o-77\",\"customer\":\"c-1001\",\"amount\":19.99,"
        "\"currency\":\"EUR\",\"lines\":[{\"sku\":\"a-1\",\"n\":2},"
        "{\"sku\":\"b-9\",\"n\":1}],\"address\":{\"street\":"
        "\"Long Street 77\",\"city\":\"Utrecht\",\"zip\":\"3511\"}}";
    struct store_op *op = store_batch_add(&b->batch, STORE_SAGA_INSERT);
    char *id = arena_take(b->batch.arena, IDS_UUID_TEXT);

    ids_make(id);
    op->of.saga.input = (struct store_bytes){input, sizeof(input) - 1};
    op->of.saga.row = (struct store_saga){.num = num,
                                          .id = id,
                                          .definition = 1,
                                          .status = SAGA_STATUS_RUNNING,
                                          .started_ms = num,
                                          .updated_ms = num};
}

static void add_turn(struct bench *b, uint64_t num, uint64_t turn)
{
    static const char data[120];
    static const char state[40];

    store_batch_add(&b->batch, STORE_TURN)->of.turn =
        (struct store_turn){.saga = num,
                            .turn = turn,
                            .at_ms = num,
                            .event = SAGA_EV_ANSWERED,
                            .data = {data, sizeof(data)},
                            .state = {state, sizeof(state)}};
}

static void add_end(struct bench *b, uint64_t num)
{
    store_batch_add(&b->batch, STORE_SAGA_UPDATE)->of.saga.row = (struct store_saga){
        .num = num, .status = SAGA_STATUS_COMPLETED, .updated_ms = num, .ended_ms = num};
}

/* As under load: each commit starts some sagas, ends some, and moves the rest. */
static void run(struct bench *b)
{
    const size_t n = b->n_together;
    const uint64_t n_waves = b->n_sagas / n;

    for (uint64_t wave = 0; wave < n_waves + TURNS - 1; wave++) {
        for (uint64_t age = 0; age < TURNS; age++) {
            if (wave < age || wave - age >= n_waves) {
                continue;
            }
            for (size_t i = 0; i < n; i++) {
                const uint64_t num = b->first + (wave - age) * n + i;

                if (age == 0) {
                    add_start(b, num);
                }
                add_turn(b, num, age + 1);
                if (age == TURNS - 1) {
                    add_end(b, num);
                }
            }
        }
        commit(b);
    }
    b->n_sagas = n_waves * n;
}

static uint64_t cpu_us(void)
{
    struct rusage u;

    if (getrusage(RUSAGE_SELF, &u) != 0) {
        return 0;
    }
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000U +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void prepare(struct bench *b, const char *path)
{
    const struct store_sqlite_options options = {.is_dev = true};
    struct store_reader *r = NULL;
    struct store_numbers numbers = {0};
    struct err_info info = {{0}};

    stop_on(store_open_sqlite(path, &options, &b->store, &info), &info);
    stop_on(store_reader_open(b->store, &r, &info), &info);
    stop_on(store_read_numbers(r, &numbers, &info), &info);
    store_reader_close(r);
    b->first = numbers.saga + 1;
    b->batch = (struct store_batch){.arena = arena_create((size_t)1 << 20)};
    if (numbers.definition == 0) {
        store_batch_add(&b->batch, STORE_DEFINITION)->of.definition =
            (struct store_definition){
                .num = 1, .name = "order", .version = 1, .hash = "h", .content = "{}"};
        commit(b);
    }
}

static uint64_t number_of(const char *text)
{
    unsigned long long n = 0;

    return sscanf(text, "%llu", &n) == 1 ? n : 0;
}

int main(int argc, char **argv)
{
    struct bench b = {.n_sagas = argc > 2 ? number_of(argv[2]) : 200000};
    const uint64_t n_turns = argc > 3 ? number_of(argv[3]) : 256;
    uint64_t began_us;
    uint64_t began_cpu;
    double us;

    b.n_together = n_turns / TURNS;
    if (argc < 2 || b.n_together == 0 || b.n_sagas < b.n_together) {
        (void)fprintf(stderr, "usage: store_bench <database> [sagas] [turns/commit]\n");
        return EXIT_FAILURE;
    }
    prepare(&b, argv[1]);
    began_us = clk_mono_us();
    began_cpu = cpu_us();
    run(&b);
    us = (double)(clk_mono_us() - began_us);
    (void)printf("%llu sagas from number %llu, %llu turns per commit: %.0f sagas/s, %.0f "
                 "turns/s, %.2f us wall and %.2f us CPU per saga\n",
                 (unsigned long long)b.n_sagas, (unsigned long long)b.first,
                 (unsigned long long)n_turns, (double)b.n_sagas * 1e6 / us,
                 (double)(b.n_sagas * TURNS) * 1e6 / us, us / (double)b.n_sagas,
                 (double)(cpu_us() - began_cpu) / (double)b.n_sagas);
    store_close(b.store);
    arena_destroy(b.batch.arena);
    return EXIT_SUCCESS;
}
