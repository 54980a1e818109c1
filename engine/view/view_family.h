/*
 * view_family.h - what a view says about other sagas: children, and whoever holds the
 * ordering key. Read from their rows, as they are now.
 */
#ifndef VIEW_FAMILY_H
#define VIEW_FAMILY_H

#include "engine/view/view.h"

/* Fill in v->holder and, in steps (v's own), each child step's child. What cannot be read
 * is left out. */
void view_family(struct store_reader *r, struct view *v, struct view_step *steps,
                 struct arena *a);

#endif /* VIEW_FAMILY_H */
