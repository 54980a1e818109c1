/*
 * serve.h - `sagad serve`: start, answer signals, drain, stop.
 */
#ifndef SAGAD_SERVE_H
#define SAGAD_SERVE_H

#include "base/args.h"

/* The exit code. */
int serve_run(const struct args *args);

#endif /* SAGAD_SERVE_H */
