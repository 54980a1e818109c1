/*
 * compile.h - a draft without errors, turned into what runs: the plan for the core, and
 * beside it, by the same step numbers, what the shell renders and judges by.
 */
#ifndef DEFINITIONS_COMPILE_H
#define DEFINITIONS_COMPILE_H

#include "definitions/draft.h"

/* A call for the shell; NULL for NULL. Lives in keep. */
struct definition_call *compile_call(const struct draft_call *call, struct arena *keep);

/* The same call for the core; not present for NULL. */
struct plan_call compile_plan_call(const struct draft_call *call);

/* Fill in plan, steps, signals, notify and all that comes from the draft. Everything
 * lives in keep. */
void compile_draft(const struct draft *d, struct arena *keep, struct definition *out);

#endif /* DEFINITIONS_COMPILE_H */
