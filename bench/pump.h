/*
 * pump.h - the other side of a benchmark: sink and load generator in one epoll loop.
 *
 * The sink is the participants' HTTP server on loopback; the load generator keeps a
 * number of sagas outstanding (closed loop) or starts them at a rate (open loop). Both
 * are one thread, so that what they cost is easily told from what the daemon costs. Only
 * as much HTTP as the daemon and the sink speak to each other: keep-alive,
 * Content-Length.
 */
#ifndef BENCH_PUMP_H
#define BENCH_PUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum pump_work { PUMP_SAGA3, PUMP_SAGA3_FAIL, PUMP_SAGA3_RETRY };

struct pump_config {
    enum pump_work work;
    uint16_t api_port;
    unsigned connections; /* Of the load generator. */
    unsigned outstanding; /* Closed loop: sagas started and not over. */
    double rate_per_s;    /* Open loop; 0: closed. */
    size_t body_bytes;    /* Of a start's input, about. */
    unsigned definitions; /* 1: bench; more: bench0, bench1 and so on, in turn. */
    unsigned delay_min_ms, delay_max_ms; /* The sink's answers take so long; 0: none. */
    uint64_t sagas_max;                  /* Room for their times. */
};

struct pump_saga {
    uint64_t started_us;  /* When its POST was written. */
    uint64_t accepted_us; /* When its 202 had come; 0: not yet, or refused. */
    uint64_t ended_us;    /* When its last call was seen by the sink. */
};

struct pump;

/* The sink listens from now on at *port; 0: at a free one, which is told. NULL: the
 * reason is on stderr. */
struct pump *pump_create(uint16_t *port);
void pump_destroy(struct pump *p);

/* Run for `for_us`, or (for_us 0) until everything started is over or nothing has moved
 * for 20 s. starts: whether new sagas are started. */
void pump_run(struct pump *p, const struct pump_config *config, uint64_t for_us,
              bool starts);

/* What has been started so far, in order. */
const struct pump_saga *pump_sagas(const struct pump *p, uint64_t *n_out);
uint64_t pump_ended(const struct pump *p);
uint64_t pump_refused(const struct pump *p); /* Starts answered neither 200 nor 202. */
uint64_t pump_refused_badly(const struct pump *p); /* Not 429 or 503 with Retry-After. */
uint64_t pump_calls(const struct pump *p);         /* Requests the sink answered. */

#endif /* BENCH_PUMP_H */
