/*
 * daemon.h - a sagad of the benchmark's own: temporary folder, one service, one
 * definition.
 */
#ifndef BENCH_DAEMON_H
#define BENCH_DAEMON_H

#include <stdint.h>
#include <sys/types.h>

struct daemon {
    pid_t pid;
    uint16_t port;
    char folder[64];
};

/* Start `program` against the sink and publish the work's definition. 0: well; else the
 * reason is on stderr. */
int daemon_start(struct daemon *d, const char *program, uint16_t sink_port);

/* SIGTERM, wait, remove the folder. */
void daemon_stop(struct daemon *d);

struct daemon_cost {
    uint64_t cpu_us; /* User and system time so far. */
    uint64_t rss_bytes;
    uint64_t disk_bytes; /* Database and its log. */
};
struct daemon_cost daemon_cost_of(const struct daemon *d);

#endif /* BENCH_DAEMON_H */
