/*
 * otlp.h - spans on their way to a collector: OTLP over HTTP, in JSON.
 *
 * Whoever has a finished span hands its JSON over; a thread of this module's own joins
 * what has come into batches and posts them. Nothing here ever holds the engine up: a
 * full queue drops the span and counts it, and so does a collector that stays away. What
 * a span says is not known here (engine/run/spans.h).
 *
 * otlp_push() is for one thread at a time, otlp_count() for any; start and stop are the
 * creator's. Spans are moved in. No secret goes into the log: neither headers nor spans.
 */
#ifndef CALLS_OTLP_H
#define CALLS_OTLP_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/calls/service.h"

struct otlp;

struct otlp_config {
    const char *url; /* Whole: "http://127.0.0.1:4318/v1/traces". */
    const struct service_header *headers;
    size_t n_headers;
    const char *ca_file;  /* NULL: the system's. */
    const char *resource; /* JSON array text: the resource's attributes. */
    const char *version;  /* Of the instrumentation scope. */
    const char *user_agent;
    uint32_t delay_ms;   /* Between two batches. */
    uint32_t timeout_ms; /* Of one post. */
    uint32_t queue_max;  /* Spans waiting; one more is dropped. */
    uint32_t batch_max;  /* Spans of one post. */
};

struct otlp_counts {
    uint64_t exported; /* Taken by the collector. */
    uint64_t dropped;  /* The queue was full, or the collector did not take them. */
};

/* config is copied. */
MUST_CHECK enum err otlp_start(const struct otlp_config *config, struct otlp **out,
                               struct err_info *info);

/* One span's JSON object, NUL-ended; moved: freed when it is sent or dropped. */
void otlp_push(struct otlp *o, char *span);

struct otlp_counts otlp_count(const struct otlp *o);

/* Sends what is left if the collector takes it at once, a second or two at most. NULL is
 * fine. */
void otlp_stop(struct otlp *o);

#endif /* CALLS_OTLP_H */
