/*
 * verify.h - `sagad verify`: is each saga's state what its journal says?
 *
 * Folds every journal through the core, with the recorded answers to its questions, and
 * compares each state byte for byte with the one that was stored (S8). Nothing is
 * written. Offline: it takes the database's lock.
 */
#ifndef SAGAD_VERIFY_H
#define SAGAD_VERIFY_H

#include "base/args.h"

/* The exit code: 0 all equal, 1 differences or failure. */
int verify_run(const struct args *args);

#endif /* SAGAD_VERIFY_H */
