/*
 * spans.h - what a trace shows of a saga: its own span, and one for each attempt.
 *
 * Written on the engine thread into the filling batch, handed over to engine/calls/otlp
 * after the commit, like all that leaves the daemon. An attempt is a CLIENT span named as
 * OpenTelemetry's conventions for HTTP clients say; its id is the one that its request
 * carried as traceparent. Never a body, a header, a key, or the query of a URL. Does
 * nothing where there is no collector, or the trace is not sampled.
 */
#ifndef RUN_SPANS_H
#define RUN_SPANS_H

#include "engine/calls/calls.h"
#include "engine/core/saga.h"

struct engine;
struct resident;

/* An attempt has ended; is_late: it counts no more. */
void spans_add_attempt(struct engine *e, const struct resident *r,
                       const struct call_answer *answer, enum outcome outcome,
                       bool is_late);

/* The saga in e->saga has come to its end. */
void spans_add_saga(struct engine *e, const struct resident *r, enum saga_status status);

#endif /* RUN_SPANS_H */
