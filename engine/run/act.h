/*
 * act.h - what an operator does to one saga (S60 to S63), whoever asked for it.
 *
 * A command of one action and each saga of a bulk action come through here, so both are
 * judged, journalled and audited alike. Nothing is answered here: who asked does that.
 *
 * Engine thread only.
 */
#ifndef RUN_ACT_H
#define RUN_ACT_H

#include "engine/run/command.h"
#include "engine/run/table.h"

struct engine;

enum act_result {
    ACT_APPLIED,    /* The turn and its audit entry are in the filling batch. */
    ACT_SO_ALREADY, /* Nothing had to change. */
    ACT_REFUSED,    /* c says why: problem, detail. */
};

/* Do c->of.act, its id apart, to r. c->actor, reason and request_id go into journal and
 * audit; revision and is_noted are set. */
enum act_result act_on_saga(struct engine *e, struct resident *r, struct command *c);

#endif /* RUN_ACT_H */
