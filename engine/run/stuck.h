/*
 * stuck.h - what the row of a stuck saga says of it, so that lists and groups find it.
 *
 * The first stuck cell: its step, what of it was called, how the last attempt ended,
 * since when the saga is stuck, and why in words: the reason, then what was said in the
 * turn that got it stuck, as `lastError` has it, cut to LIMIT_STUCK_ERROR. Never a body.
 * Engine thread.
 */
#ifndef RUN_STUCK_H
#define RUN_STUCK_H

#include <stdbool.h>

#include "engine/run/table.h"
#include "engine/view/record.h"

struct engine;

/* After a turn: e->saga is r's new state, its status in r->row. True: the row has to be
 * written. */
bool stuck_note(struct engine *e, struct resident *r, const struct record *record);

/* Id of the step that e->saga, r's state, is stuck at; NULL: none. */
const char *stuck_step_of(const struct engine *e, const struct resident *r);

/* r was just read and its state decoded into e->saga. */
void stuck_load(const struct engine *e, struct resident *r);

#endif /* RUN_STUCK_H */
