/*
 * trace.h - a saga's trace (W3C trace context): given by whoever started it, or its own.
 *
 * What is not given is derived from the saga's id, so nothing is stored for it and a
 * restart does not repeat or change an id. Pure; texts are made in the arena.
 */
#ifndef RUN_TRACE_H
#define RUN_TRACE_H

#include <stdint.h>

#include "base/arena.h"
#include "engine/core/saga.h"

/* The saga's traceparent: `given`, or the derived one. */
const char *trace_of_saga(struct arena *a, const char *saga_id, const char *given);

/* Of one attempt: the saga's trace, a span of its own. */
struct trace_attempt {
    uint64_t turn;
    uint16_t step;
    uint32_t item;
    enum call_kind call;
};
const char *trace_of_attempt(struct arena *a, const char *saga_id, const char *given,
                             const struct trace_attempt *attempt);

#endif /* RUN_TRACE_H */
