/*
 * cell_event.h - what the two halves of a cell, and operate.c, offer each other beyond
 * cell.h. Inside the core only.
 */
#ifndef CORE_CELL_EVENT_H
#define CORE_CELL_EVENT_H

#include "engine/core/cell.h"

/* A queued cell has its slot. */
void cell_grant(struct advance *a, struct saga_cell *c);
/* Wait for another attempt; false if attempts or time have run out. */
bool cell_back_off(struct advance *a, struct saga_cell *c);
/* Ask `confirm` again, one time-out of the action later. */
void cell_confirm_later(struct advance *a, struct saga_cell *c);
/* Its compensation has succeeded, or an operator says that nothing is left to undo. */
void cell_undone(struct advance *a, struct saga_cell *c);
/* Does the cell stand for a whole forEach, not for an item of it? */
bool cell_is_of_each(const struct plan *plan, const struct saga_cell *c);

#endif /* CORE_CELL_EVENT_H */
