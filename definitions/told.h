/*
 * told.h - how the author's tools tell a saga: names of calls, outcomes, reasons.
 *
 * `definition test`, `render` and `explore` speak one language, which is also that of a
 * test's `calls` and `answers`. Pure.
 */
#ifndef DEFINITIONS_TOLD_H
#define DEFINITIONS_TOLD_H

#include "base/buf.h"
#include "definitions/definition.h"
#include "engine/core/saga.h"

const char *told_status(enum saga_status status);
const char *told_outcome(enum outcome outcome);

/* Why a cell is stuck, as a clause: "its attempts ran out". */
const char *told_reason(enum saga_reason reason);

/* A step, with its item under forEach: "payment", "workspaces[1]". Appended. */
void told_step(struct buf *out, const struct definition *d, uint16_t step, uint32_t item);

/* The word behind it: action, confirm, compensation; saga for a child's start. */
const char *told_call(const struct definition *d, uint16_t step, enum call_kind call);

/* "workspaces[1].compensation". Appended. */
void told_call_name(struct buf *out, const struct definition *d, uint16_t step,
                    uint32_t item, enum call_kind call);

/* An expression or a template as written, blanks around expressions taken off. */
void told_expr(struct buf *out, const struct expr *e);
void told_template(struct buf *out, const struct template *t);

/* "POST payments /charges". Appended. */
void told_request(struct buf *out, const struct definition_call *call);

#endif /* DEFINITIONS_TOLD_H */
