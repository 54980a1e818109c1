/*
 * trace.h - a saga's trace (W3C trace context): given by whoever started it, or its own.
 *
 * Every id is derived, from what was given, the saga's id and the attempt's name (S16):
 * nothing is stored, a restart neither repeats nor changes an id, and the span that a
 * participant is told of is the one that is exported (spans.h). Pure; texts are made in
 * the arena.
 */
#ifndef VIEW_TRACE_H
#define VIEW_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "engine/core/saga.h"

/* Whether a trace is kept. All zero: as its parent says, and always without one. */
enum trace_root { TRACE_ROOT_ON, TRACE_ROOT_OFF, TRACE_ROOT_RATIO };
struct trace_sampler {
    bool ignores_parent;
    enum trace_root root; /* Of a saga that no traceparent came with. */
    double ratio;         /* TRACE_ROOT_RATIO: 0 to 1. */
};

/* One attempt's name. */
struct trace_attempt {
    uint64_t turn;
    uint16_t step;
    uint32_t item;
    enum call_kind call;
};

#define TRACE_ID_TEXT 33
#define TRACE_SPAN_TEXT 17
struct trace_ids { /* In hex. */
    char trace[TRACE_ID_TEXT];
    char span[TRACE_SPAN_TEXT];
    char parent[TRACE_SPAN_TEXT]; /* "": none. */
    bool is_sampled;
};

/* Of the saga's span. given: its traceparent, NULL none. */
struct trace_ids trace_ids_of_saga(const char *saga_id, const char *given,
                                   const struct trace_sampler *sampler);
/* Of an attempt's, whose parent is the saga's. */
struct trace_ids trace_ids_of_attempt(const char *saga_id, const char *given,
                                      const struct trace_sampler *sampler,
                                      const struct trace_attempt *attempt);

/* The saga's traceparent as the API shows it: `given`, or the derived one. */
const char *trace_of_saga(struct arena *a, const char *saga_id, const char *given);

/* What is sent on with an attempt, or given to a child: the trace, and that span. */
const char *trace_parent_text(struct arena *a, const struct trace_ids *ids);

#endif /* VIEW_TRACE_H */
