/*
 * cell.h - one open (step, item): its attempts, delays, doubt, and how it ends.
 *
 * A cell's moves are checked against a table of their own. Ending a cell records its
 * outcome and, going forward, lets walk.h go on from there. Pure; inside the core only.
 */
#ifndef CORE_CELL_H
#define CORE_CELL_H

#include "engine/core/advance.h"

/* Borrowed until the next open or close. NULL: no such cell. */
struct saga_cell *cell_find(struct saga *s, uint16_t step, uint32_t item);

/* A new cell, queued, calling `call`; then cell_try() or a wait. */
struct saga_cell *cell_open(struct advance *a, uint16_t step, uint32_t item,
                            enum call_kind call);
void cell_close(struct advance *a, struct saga_cell *c);

/* Make the call due if it renders and has a slot; else queued or stuck (S4). A child is
 * started or taken back. Never closes the cell. */
void cell_try(struct advance *a, struct saga_cell *c);
void cell_wait(struct advance *a, struct saga_cell *c, uint64_t wake_ms);
void cell_stick(struct advance *a, struct saga_cell *c, enum saga_reason reason);

/* Turn the cell to another call, counting from nothing. */
void cell_turn_to(struct saga_cell *c, enum call_kind call);

/* End the cell with this outcome and its doubt; a failure turns the saga back. */
void cell_settle(struct advance *a, struct saga_cell *c, enum outcome outcome);
/* Its forward part failed, not in doubt: ignored, stuck or a reason to go back. */
void cell_fail(struct advance *a, struct saga_cell *c, enum outcome outcome);
/* Record its end while the saga goes back: nothing follows from it. */
void cell_drop(struct advance *a, struct saga_cell *c);

/* Events of a cell, by [cell state][event]; SAGA_LATE when there is no such cell. */
enum saga_result cell_event(struct advance *a);
/* Its time has come. */
void cell_wake(struct advance *a, struct saga_cell *c);
/* Would its time be looked at now? Deadlines of waits stand still while paused. */
bool cell_is_held(const struct saga *s, const struct plan *plan,
                  const struct saga_cell *c);

/* Is the pivot asked for, or maybe applied, and not settled? Then back is only noted
 * (S27). Asked while going forward, or before. */
bool cell_has_open_pivot(const struct saga *s, const struct plan *plan);

#endif /* CORE_CELL_H */
