/*
 * saga_text.h - the core's numbers in words, the same everywhere: API, journal, log,
 * console, golden tests. Why a cell is stuck says definitions/told.h. Pure.
 */
#ifndef VIEW_SAGA_TEXT_H
#define VIEW_SAGA_TEXT_H

#include <stddef.h>

#include "engine/core/saga.h"

const char *saga_state_name(enum saga_state state);
const char *saga_status_name(enum saga_status status);
const char *saga_event_name(enum saga_event_kind kind);
const char *cell_state_name(enum cell_state state);
const char *call_name_of(enum call_kind call);
const char *outcome_name(enum outcome outcome);

/* S32: the step's status in the API's words: pending queued running backing-off waiting
 * confirming succeeded rejected unsent unknown ignored skipped compensating compensated
 * stuck. One 2-D table of (cell state, call). Groups are told from their children:
 * running while begun and not settled, and so on. */
const char *saga_step_status(const struct saga *s, const struct plan *plan,
                             uint16_t step);
const char *saga_item_status(const struct saga *s, const struct plan *plan, uint16_t step,
                             uint32_t item);

/* By its word; false if there is no such status. */
bool saga_status_of_name(const char *name, size_t n, enum saga_status *out);

/* The saga in one line, for logs and golden tests:
 * "turn 4 running payment attempt 1 in doubt, stock queued". */
void saga_describe(const struct saga *s, const struct plan *plan,
                   const char *const *step_ids, char *text, size_t room);

#endif /* VIEW_SAGA_TEXT_H */
