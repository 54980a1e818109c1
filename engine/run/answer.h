/*
 * answer.h - an attempt has ended: what it means, and the turn it makes.
 *
 * Evaluates the definition's conditions over the answer, asks verdict.h, and applies
 * ANSWERED. An answer to an attempt that is no longer due makes no turn: it is kept with
 * the call (S16). Engine thread only.
 */
#ifndef RUN_ANSWER_H
#define RUN_ANSWER_H

#include "engine/calls/calls.h"

struct engine;

void answer_take(struct engine *e, const struct call_answer *answer);

#endif /* RUN_ANSWER_H */
