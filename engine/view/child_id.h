/*
 * child_id.h - the id of a child saga (S33). Pure.
 *
 * "<parent>.<step>[.<item>]", with "~2", "~3" behind it for a later generation. Where
 * that is longer than an id may be, or somebody else took it, the id is "child-" and a
 * hash of it.
 */
#ifndef VIEW_CHILD_ID_H
#define VIEW_CHILD_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct child_place {
    const char *parent; /* Id. */
    const char *step;   /* Id. */
    uint32_t item;      /* SAGA_NO_ITEM outside forEach. */
    uint16_t generation;
};

/* In a. is_hashed: the second form, whatever its length. */
const char *child_id(struct arena *a, const struct child_place *at, bool is_hashed);

#endif /* VIEW_CHILD_ID_H */
