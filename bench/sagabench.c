/*
 * sagabench.c - sagas per second and CPU per saga of a real daemon on loopback.
 *
 *     sagabench [--sagad PATH] [--work saga3|saga3-fail|saga3-retry] [--seconds N]
 *               [--outstanding N] [--connections N] [--rate SAGAS_PER_S] [--body BYTES]
 *               [--runs N] [--vs PATH]
 *
 * Each run: a fresh database, two seconds of warm-up, then the measured time. With --vs
 * the two programs run in turn, A B A B. One JSON line a run on stdout, the table on
 * stderr. The CPU is the daemon's alone; sink and load generator are this process.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "bench/daemon.h"
#include "bench/pump.h"

enum { WARM_US = 2 * 1000 * 1000, ROOM_PER_S = 60000 };

struct options {
    const char *program;
    const char *versus;
    struct pump_config pump;
    unsigned seconds;
    unsigned runs;
};

static const char *const works[] = {"saga3", "saga3-fail", "saga3-retry"};

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

struct latency {
    double p50_ms, p99_ms;
};

/* Of the sagas from..to that have both times. */
static struct latency latency_of(const struct pump_saga *sagas, uint64_t from,
                                 uint64_t to, bool to_end)
{
    uint64_t *us = mem_alloc((to - from + 1) * sizeof(us[0]));
    struct latency l = {0, 0};
    uint64_t n = 0;

    for (uint64_t i = from; i < to; i++) {
        uint64_t end = to_end ? sagas[i].ended_us : sagas[i].accepted_us;

        if (end != 0) {
            us[n++] = end - sagas[i].started_us;
        }
    }
    if (n > 0) {
        qsort(us, n, sizeof(us[0]), by_size);
        l.p50_ms = (double)us[n / 2] / 1000.0;
        l.p99_ms = (double)us[n * 99 / 100] / 1000.0;
    }
    free(us);
    return l;
}

static void report(const struct options *o, const char *program, double seconds,
                   uint64_t ended, uint64_t cpu_us, const struct daemon_cost *cost,
                   const struct latency *start, const struct latency *whole,
                   uint64_t refused)
{
    printf(
        "{\"program\":\"%s\",\"work\":\"%s\",\"outstanding\":%u,\"connections\":%u,"
        "\"ratePerS\":%.0f,\"bodyBytes\":%zu,\"seconds\":%.2f,\"sagas\":%" PRIu64
        ",\"sagasPerS\":%.0f,\"cpuUsPerSaga\":%.1f,\"startP50Ms\":%.2f,\"startP99Ms\":%."
        "2f,"
        "\"endP50Ms\":%.2f,\"endP99Ms\":%.2f,\"rssMiB\":%.1f,\"diskBytesPerSaga\":%.0f,"
        "\"refused\":%" PRIu64 "}\n",
        program, works[o->pump.work], o->pump.outstanding, o->pump.connections,
        o->pump.rate_per_s, o->pump.body_bytes, seconds, ended, (double)ended / seconds,
        (double)cpu_us / (double)ended, start->p50_ms, start->p99_ms, whole->p50_ms,
        whole->p99_ms, (double)cost->rss_bytes / 1048576.0,
        (double)cost->disk_bytes / (double)ended, refused);
    (void)fflush(stdout);
    (void)fprintf(stderr,
                  "%-12s %8.0f sagas/s %7.1f us CPU/saga  start %.1f/%.1f ms  end "
                  "%.1f/%.1f ms (p50/p99)\n",
                  works[o->pump.work], (double)ended / seconds,
                  (double)cpu_us / (double)ended, start->p50_ms, start->p99_ms,
                  whole->p50_ms, whole->p99_ms);
}

static int run(const struct options *o, const char *program)
{
    struct pump_config config = o->pump;
    struct daemon d;
    struct daemon_cost before, after;
    struct latency start, whole;
    uint64_t from, to, ended, began_us, took_us;
    const struct pump_saga *sagas;
    uint16_t port;
    struct pump *p = pump_create(&port);

    if (p == NULL || daemon_start(&d, program, port) != 0) {
        return EXIT_FAILURE;
    }
    config.api_port = d.port;
    config.sagas_max = (uint64_t)ROOM_PER_S * (o->seconds + 4);
    pump_run(p, &config, WARM_US, true);
    (void)pump_sagas(p, &from);
    ended = pump_ended(p);
    before = daemon_cost_of(&d);
    began_us = clk_mono_us();
    pump_run(p, &config, (uint64_t)o->seconds * 1000000U, true);
    took_us = clk_mono_us() - began_us;
    after = daemon_cost_of(&d);
    ended = pump_ended(p) - ended;
    (void)pump_sagas(p, &to);
    pump_run(p, &config, 0, false);
    sagas = pump_sagas(p, &to);
    start = latency_of(sagas, from, to, false);
    whole = latency_of(sagas, from, to, true);
    report(o, program, (double)took_us / 1e6, ended, after.cpu_us - before.cpu_us, &after,
           &start, &whole, pump_refused(p));
    if (pump_ended(p) != to) {
        (void)fprintf(stderr, "%" PRIu64 " of %" PRIu64 " sagas did not end\n",
                      to - pump_ended(p), to);
    }
    daemon_stop(&d);
    pump_destroy(p);
    return EXIT_SUCCESS;
}

static enum pump_work work_of(const char *name)
{
    for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
        if (strcmp(works[i], name) == 0) {
            return (enum pump_work)i;
        }
    }
    (void)fprintf(stderr, "no such work: %s (saga3, saga3-fail, saga3-retry)\n", name);
    exit(2);
}

static void read_options(struct options *o, int argc, char **argv)
{
    static const struct option longs[] = {{"sagad", required_argument, NULL, 'p'},
                                          {"work", required_argument, NULL, 'w'},
                                          {"seconds", required_argument, NULL, 's'},
                                          {"outstanding", required_argument, NULL, 'o'},
                                          {"connections", required_argument, NULL, 'c'},
                                          {"rate", required_argument, NULL, 'r'},
                                          {"body", required_argument, NULL, 'b'},
                                          {"runs", required_argument, NULL, 'n'},
                                          {"vs", required_argument, NULL, 'v'},
                                          {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        unsigned long n = optarg != NULL ? strtoul(optarg, NULL, 10) : 0;

        if (c == 'p') {
            o->program = optarg;
        } else if (c == 'v') {
            o->versus = optarg;
        } else if (c == 'w') {
            o->pump.work = work_of(optarg);
        } else if (c == 's') {
            o->seconds = (unsigned)n;
        } else if (c == 'o') {
            o->pump.outstanding = (unsigned)n;
        } else if (c == 'c') {
            o->pump.connections = (unsigned)n;
        } else if (c == 'r') {
            o->pump.rate_per_s = (double)n;
        } else if (c == 'b') {
            o->pump.body_bytes = n;
        } else if (c == 'n') {
            o->runs = (unsigned)n;
        } else {
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    struct options o = {
        .program = "build/bin/sagad",
        .pump = {.outstanding = 256, .connections = 64, .body_bytes = 300},
        .seconds = 8,
        .runs = 1};

    read_options(&o, argc, argv);
    for (unsigned i = 0; i < o.runs; i++) {
        if (run(&o, o.program) != EXIT_SUCCESS ||
            (o.versus != NULL && run(&o, o.versus) != EXIT_SUCCESS)) {
            return EXIT_FAILURE;
        }
    }
    return EXIT_SUCCESS;
}
