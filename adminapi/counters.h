/*
 * counters.h - how long the API takes, by route, for /metrics.
 *
 * Written by one door's thread, read by any: each number is an atomic of its own, and a
 * reader may see one request half counted.
 */
#ifndef ADMINAPI_COUNTERS_H
#define ADMINAPI_COUNTERS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define COUNTERS_ROUTES_MAX 64
#define COUNTERS_BUCKETS 12

struct counters_route {
    atomic_uint_fast64_t buckets[COUNTERS_BUCKETS + 1]; /* Not summed up; last: above. */
    atomic_uint_fast64_t sum_us;
};

struct counters {
    struct counters_route routes[COUNTERS_ROUTES_MAX]; /* In the table's order. */
};

void counters_add(struct counters *c, size_t route, uint64_t took_us);

/* sagad_api_request_seconds over all doors, appended in Prometheus' text format. */
void counters_write(const struct counters *const *all, size_t n, struct buf *out);

#endif /* ADMINAPI_COUNTERS_H */
