/*
 * act_given.h - what a skip and a resolve are given by hand, of one saga or of many.
 */
#ifndef ADMINAPI_ACT_GIVEN_H
#define ADMINAPI_ACT_GIVEN_H

#include "adminapi/body.h"

struct act_given { /* The body's members of that name. */
    const struct body_member *output;
    const struct body_member *outcome;
    const struct body_member *body;
};

/* Into act, as act->action needs them; what is wrong is noted as a fault. */
void act_given_read(struct request *r, struct act_asked *act,
                    const struct act_given *given);

#endif /* ADMINAPI_ACT_GIVEN_H */
