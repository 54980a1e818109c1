/*
 * sagabench.c - sagas per second and CPU per saga of a real daemon on loopback.
 *
 *     sagabench [--sagad PATH] [--work saga3|saga3-fail|saga3-retry] [--seconds N]
 *               [--outstanding N] [--connections N] [--rate SAGAS_PER_S] [--body BYTES]
 *               [--runs N] [--vs PATH] [--warm SECONDS] [--definitions N]
 *               [--delay-ms MIN,MAX] [--at PORT,PID,SINK_PORT]
 *
 * Each run: a fresh database, the warm-up, then the measured time. With --vs the two
 * programs run in turn, A B A B. With --at the daemon is there already, with its
 * definitions, and expects its participant at that port. One JSON line a run on stdout,
 * the table on stderr. The CPU is the daemon's alone; sink and load generator are this
 * process.
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

enum { ROOM_PER_S = 60000 };

struct options {
    const char *program;
    const char *versus;
    struct pump_config pump;
    unsigned seconds;
    unsigned warm;
    unsigned runs;
    uint16_t at_port; /* Of a daemon that is there already; 0: one of its own. */
    uint16_t sink_port;
    pid_t at_pid;
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

struct measured {
    const char *program;
    double seconds;
    uint64_t ended, calls, refused, refused_badly, in_flight;
    struct daemon_cost before, after;
    struct latency start, whole;
};

static void report(const struct options *o, const struct measured *m)
{
    const double cpu_us = (double)(m->after.cpu_us - m->before.cpu_us) / (double)m->ended;
    const double per_s = (double)m->ended / m->seconds;

    printf("{\"program\":\"%s\",\"work\":\"%s\",\"outstanding\":%u,\"connections\":%u,"
           "\"ratePerS\":%.0f,\"bodyBytes\":%zu,\"seconds\":%.2f,",
           m->program, works[o->pump.work], o->pump.outstanding, o->pump.connections,
           o->pump.rate_per_s, o->pump.body_bytes, m->seconds);
    printf("\"cpuUsPerCall\":%.1f,\"inFlightAtEnd\":%" PRIu64 ",",
           (double)(m->after.cpu_us - m->before.cpu_us) / (double)m->calls, m->in_flight);
    printf("\"sagas\":%" PRIu64 ",\"sagasPerS\":%.0f,\"cpuUsPerSaga\":%.1f,"
           "\"startP50Ms\":%.2f,\"startP99Ms\":%.2f,\"endP50Ms\":%.2f,"
           "\"endP99Ms\":%.2f,",
           m->ended, per_s, cpu_us, m->start.p50_ms, m->start.p99_ms, m->whole.p50_ms,
           m->whole.p99_ms);
    printf("\"rssMiBBefore\":%.1f,\"rssMiB\":%.1f,\"diskBytesPerSaga\":%.0f,"
           "\"refused\":%" PRIu64 ",\"refusedBadly\":%" PRIu64 "}\n",
           (double)m->before.rss_bytes / 1048576.0,
           (double)m->after.rss_bytes / 1048576.0,
           (double)m->after.disk_bytes / (double)m->ended, m->refused, m->refused_badly);
    (void)fflush(stdout);
    (void)fprintf(stderr,
                  "%-12s %8.0f sagas/s %7.1f us CPU/saga  start %.1f/%.1f ms  end "
                  "%.1f/%.1f ms (p50/p99)\n",
                  works[o->pump.work], per_s, cpu_us, m->start.p50_ms, m->start.p99_ms,
                  m->whole.p50_ms, m->whole.p99_ms);
}

/* Its own daemon, or the one that is there. */
static int find_daemon(const struct options *o, struct daemon *d, const char *program,
                       uint16_t sink_port)
{
    if (o->at_port == 0) {
        return daemon_start(d, program, sink_port);
    }
    *d = (struct daemon){.pid = o->at_pid, .port = o->at_port};
    return 0;
}

static int run(const struct options *o, const char *program)
{
    struct measured m = {.program = program};
    struct pump_config config = o->pump;
    struct daemon d;
    uint64_t from, to, began_us;
    const struct pump_saga *sagas;
    uint16_t port = o->sink_port;
    struct pump *p = pump_create(&port);

    if (p == NULL || find_daemon(o, &d, program, port) != 0) {
        return EXIT_FAILURE;
    }
    config.api_port = d.port;
    config.sagas_max = (uint64_t)ROOM_PER_S * (o->seconds + o->warm + 2);
    if (o->warm > 0) {
        pump_run(p, &config, (uint64_t)o->warm * 1000000U, true);
    }
    (void)pump_sagas(p, &from);
    m.ended = pump_ended(p);
    m.calls = pump_calls(p);
    m.refused = pump_refused(p);
    m.before = daemon_cost_of(&d);
    began_us = clk_mono_us();
    pump_run(p, &config, (uint64_t)o->seconds * 1000000U, true);
    m.seconds = (double)(clk_mono_us() - began_us) / 1e6;
    m.after = daemon_cost_of(&d);
    m.calls = pump_calls(p) - m.calls;
    (void)pump_sagas(p, &m.in_flight);
    m.in_flight -= pump_ended(p);
    m.refused = pump_refused(p) - m.refused;
    m.ended = pump_ended(p) - m.ended - m.refused;
    (void)pump_sagas(p, &to);
    pump_run(p, &config, 0, false);
    sagas = pump_sagas(p, &to);
    m.start = latency_of(sagas, from, to, false);
    m.whole = latency_of(sagas, from, to, true);
    m.refused_badly = pump_refused_badly(p);
    report(o, &m);
    if (pump_ended(p) != to) {
        (void)fprintf(stderr, "%" PRIu64 " of %" PRIu64 " sagas did not end\n",
                      to - pump_ended(p), to);
    }
    if (o->at_port == 0) {
        daemon_stop(&d);
    }
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

static void take_option(struct options *o, int c, const char *text)
{
    char *rest;
    const unsigned long n = strtoul(text, &rest, 10);
    const unsigned long second = *rest == ',' ? strtoul(rest + 1, &rest, 10) : 0;
    const unsigned long third = *rest == ',' ? strtoul(rest + 1, &rest, 10) : 0;

    if (c == 'p') {
        o->program = text;
    } else if (c == 'v') {
        o->versus = text;
    } else if (c == 'w') {
        o->pump.work = work_of(text);
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
    } else if (c == 'm') {
        o->warm = (unsigned)n;
    } else if (c == 'd') {
        o->pump.definitions = (unsigned)n;
    } else if (c == 'l') {
        o->pump.delay_min_ms = (unsigned)n;
        o->pump.delay_max_ms = (unsigned)second;
    } else { /* --at */
        o->at_port = (uint16_t)n;
        o->at_pid = (pid_t)second;
        o->sink_port = (uint16_t)third;
    }
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
                                          {"warm", required_argument, NULL, 'm'},
                                          {"definitions", required_argument, NULL, 'd'},
                                          {"delay-ms", required_argument, NULL, 'l'},
                                          {"at", required_argument, NULL, 'a'},
                                          {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        if (c == '?') {
            exit(2);
        }
        take_option(o, c, optarg);
    }
}

int main(int argc, char **argv)
{
    struct options o = {
        .program = "build/bin/sagad",
        .pump = {.outstanding = 256, .connections = 64, .body_bytes = 300},
        .seconds = 8,
        .warm = 2,
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
