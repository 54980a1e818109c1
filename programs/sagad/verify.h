/*
 * verify.h - `sagad verify`: is each saga's state what its journal says?
 *
 * Folds every journal through the core, with the recorded answers to its questions, and
 * compares each state byte for byte with the one that was stored (S8). Nothing is
 * written, and nothing left beside the file: a backup can be looked at where it lies. A
 * database that a daemon runs on is verified by that daemon.
 */
#ifndef SAGAD_VERIFY_H
#define SAGAD_VERIFY_H

#include "base/args.h"

/* The exit code: 0 all equal, 1 differences or failure. */
int verify_run(const struct args *args);

#endif /* SAGAD_VERIFY_H */
