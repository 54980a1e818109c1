/* counters.c - see counters.h. */
#include "adminapi/counters.h"

#include <assert.h>
#include <inttypes.h>

#include "adminapi/route.h"

static const struct {
    uint64_t us;
    const char *le; /* In seconds. */
} bounds[COUNTERS_BUCKETS] = {
    {100, "0.0001"}, {500, "0.0005"}, {1000, "0.001"},  {2500, "0.0025"},
    {5000, "0.005"}, {10000, "0.01"}, {25000, "0.025"}, {100000, "0.1"},
    {500000, "0.5"}, {1000000, "1"},  {10000000, "10"}, {60000000, "60"},
};

static void add(atomic_uint_fast64_t *number, uint64_t n)
{
    (void)atomic_fetch_add_explicit(number, n, memory_order_relaxed);
}

void counters_add(struct counters *c, size_t route, uint64_t took_us)
{
    size_t i = 0;

    assert(route < COUNTERS_ROUTES_MAX);
    while (i < COUNTERS_BUCKETS && took_us > bounds[i].us) {
        i++;
    }
    add(&c->routes[route].buckets[i], 1);
    add(&c->routes[route].sum_us, took_us);
}

struct route_sum {
    uint64_t buckets[COUNTERS_BUCKETS + 1]; /* Each with all below. */
    uint64_t sum_us;
};

static struct route_sum sum_of(const struct counters *const *all, size_t n, size_t route)
{
    struct route_sum sum = {.sum_us = 0};

    for (size_t d = 0; d < n; d++) {
        const struct counters_route *from = &all[d]->routes[route];

        sum.sum_us += atomic_load_explicit(&from->sum_us, memory_order_relaxed);
        for (size_t i = 0; i <= COUNTERS_BUCKETS; i++) {
            sum.buckets[i] +=
                atomic_load_explicit(&from->buckets[i], memory_order_relaxed);
        }
    }
    for (size_t i = 1; i <= COUNTERS_BUCKETS; i++) {
        sum.buckets[i] += sum.buckets[i - 1];
    }
    return sum;
}

static void write_route(const struct route *route, const struct route_sum *sum,
                        struct buf *out)
{
    static const char name[] = "sagad_api_request_seconds";

    for (size_t i = 0; i <= COUNTERS_BUCKETS; i++) {
        buf_printf(out, "%s_bucket{method=\"%s\",route=\"%s\",le=\"%s\"} %" PRIu64 "\n",
                   name, route->method, route->path,
                   i < COUNTERS_BUCKETS ? bounds[i].le : "+Inf", sum->buckets[i]);
    }
    buf_printf(out, "%s_sum{method=\"%s\",route=\"%s\"} %" PRIu64 ".%06" PRIu64 "\n",
               name, route->method, route->path, sum->sum_us / 1000000,
               sum->sum_us % 1000000);
    buf_printf(out, "%s_count{method=\"%s\",route=\"%s\"} %" PRIu64 "\n", name,
               route->method, route->path, sum->buckets[COUNTERS_BUCKETS]);
}

void counters_write(const struct counters *const *all, size_t n, struct buf *out)
{
    assert(n_routes <= COUNTERS_ROUTES_MAX);
    buf_add_text(out, "# HELP sagad_api_request_seconds Time from a request's headers to "
                      "the end of its answer.\n"
                      "# TYPE sagad_api_request_seconds histogram\n");
    for (size_t i = 0; i < n_routes; i++) {
        const struct route_sum sum = sum_of(all, n, i);

        if (sum.buckets[COUNTERS_BUCKETS] > 0) {
            write_route(&routes[i], &sum, out);
        }
    }
}
