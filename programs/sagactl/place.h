/*
 * place.h - where in a local file a JSON Pointer points, so that an error has a line and
 * a column. Pure over an accepted JSON text.
 */
#ifndef SAGACTL_PLACE_H
#define SAGACTL_PLACE_H

#include <stdbool.h>

#include "base/json_span.h"

struct file_place {
    unsigned line, column; /* From 1. */
};

/* The member's name, or the element. False: the text has nothing there; then *out is the
 * nearest thing around it. */
bool place_find(struct json_span text, const char *pointer, struct file_place *out);

#endif /* SAGACTL_PLACE_H */
