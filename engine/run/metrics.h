/*
 * metrics.h - what the engine counts, and its Prometheus text (operations.md).
 *
 * Plain numbers of the engine thread; written out on request. Counters of sagas by status
 * are the store's (store_scan_counts), so that they survive a restart.
 */
#ifndef RUN_METRICS_H
#define RUN_METRICS_H

#include <stdint.h>

#include "base/buf.h"
#include "engine/core/saga.h"

struct engine;

#define METRICS_BUCKETS 14 /* Upper bounds in metrics.c; the last is +Inf. */

struct metrics_histogram {
    uint64_t counts[METRICS_BUCKETS];
    uint64_t n;
    double sum;
};

struct metrics_calls { /* Attempts that ended, by service. */
    char *service;     /* Owned. */
    uint64_t counts[CALLS][OUTCOMES];
};

struct metrics_finished { /* Sagas that ended, by definition. */
    char *definition;     /* Owned. */
    uint64_t counts[SAGA_STATUSES];
};

enum metrics_webhook { /* What came of a webhook's attempt. */
                       METRICS_WEBHOOK_DELIVERED,
                       METRICS_WEBHOOK_RETRIED,
                       METRICS_WEBHOOK_GIVEN_UP,
};
#define METRICS_WEBHOOKS 3

struct metrics {
    uint64_t started;
    uint64_t turns;
    uint64_t purged; /* By age, with their children as one. */
    struct metrics_histogram saga_seconds;
    struct metrics_histogram call_seconds;
    struct metrics_histogram commit_seconds;
    struct metrics_histogram commit_turns;
    uint64_t lag_ms; /* How late the latest timer was. */
    struct metrics_calls *calls;
    size_t n_calls;
    struct metrics_finished *finished;
    size_t n_finished;
    uint64_t webhooks[METRICS_WEBHOOKS];
};

void metrics_done(struct metrics *m);

void metrics_count_call(struct metrics *m, const char *service, enum call_kind call,
                        enum outcome outcome, double seconds);
void metrics_count_end(struct metrics *m, const char *definition, enum saga_status status,
                       double seconds);
void metrics_count_commit(struct metrics *m, double seconds, double turns);

/* All of it, with the store's counts and the services' numbers. */
void metrics_write(struct engine *e, struct buf *out);

#endif /* RUN_METRICS_H */
