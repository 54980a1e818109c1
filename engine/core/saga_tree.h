/*
 * saga_tree.h - do the open cells stand where the plan's tree lets them; inside the core.
 *
 * The half of saga_is_sound() that looks at more than one cell: going forward, an open
 * group has an open part, and of a sequence one part is open, those before it are settled
 * and those behind it have not begun; going back, nothing behind the open part is left to
 * undo, and before anything is undone something is still awaited (S23). Each cell by
 * itself is sound already (saga_sound.c). Pure; no threads.
 */
#ifndef CORE_SAGA_TREE_H
#define CORE_SAGA_TREE_H

#include "engine/core/saga.h"

/* s is FORWARD or BACKWARD. */
bool saga_tree_is_sound(const struct saga *s, const struct plan *plan);

#endif /* CORE_SAGA_TREE_H */
