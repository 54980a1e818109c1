/*
 * telemetry.h - where spans go, and which: the configuration and the OTEL_* variables.
 *
 * `telemetry.otlp` names the collector; the variables that every OpenTelemetry SDK knows
 * say the rest (docs/manual/operations.md lists them). What a variable says that cannot
 * be honoured is logged and left aside: telemetry never keeps the daemon from starting.
 */
#ifndef SAGAD_TELEMETRY_H
#define SAGAD_TELEMETRY_H

#include <stdbool.h>

#include "engine/calls/otlp.h"
#include "engine/view/trace.h"
#include "programs/sagad/config.h"

/* *out is NULL when there is nowhere to send spans, or OTEL_* says not to. */
MUST_CHECK enum err telemetry_start(const struct config *c, struct otlp **out,
                                    struct trace_sampler *sampler, struct err_info *info);

/* The endpoint that a variable names, NULL none; *is_whole: nothing is added to it. */
const char *telemetry_variable(bool *is_whole, const char **name);

#endif /* SAGAD_TELEMETRY_H */
