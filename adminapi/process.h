/*
 * process.h - the process_* metrics: what the kernel says about this process.
 */
#ifndef ADMINAPI_PROCESS_H
#define ADMINAPI_PROCESS_H

#include "base/buf.h"

/* In Prometheus' text format; what the kernel does not tell is left out. Any thread. */
void process_metrics(struct buf *out);

#endif /* ADMINAPI_PROCESS_H */
