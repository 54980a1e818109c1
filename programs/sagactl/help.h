/*
 * help.h - what `sagactl help` and --help say, made from the tables.
 */
#ifndef SAGACTL_HELP_H
#define SAGACTL_HELP_H

#include "base/buf.h"

/* The help of the command called `name`, or of everything (NULL, or no such command). */
void help_put(const char *name, struct buf *out);

/* What the exit codes mean, "0" and its sentence and so on; NULL behind the last. */
struct help_exit {
    const char *code;
    const char *meaning;
};
const struct help_exit *help_exits(size_t *n);

#endif /* SAGACTL_HELP_H */
