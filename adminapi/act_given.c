/* act_given.c - see act_given.h. */
#include "adminapi/act_given.h"

#include <string.h>

#include "adminapi/answer.h"

static void read_outcome(struct request *r, struct act_asked *act,
                         const struct body_member *m)
{
    const char *outcome = body_needed_text(r, m);

    if (outcome == NULL) {
        return;
    }
    if (strcmp(outcome, "applied") == 0) {
        act->is_applied = true;
    } else if (strcmp(outcome, "not-applied") != 0) {
        body_fault(r, m, "enum", "It must be \"applied\" or \"not-applied\"");
    }
}

void act_given_read(struct request *r, struct act_asked *act,
                    const struct act_given *given)
{
    if (act->action == SAGA_EV_SKIP) {
        act->body = given->output->value;
        if (act->body.at == NULL) {
            answer_fault(r, "", "required", "The member 'output' is required");
        }
    }
    if (act->action == SAGA_EV_RESOLVE) {
        act->body = given->body->value;
        read_outcome(r, act, given->outcome);
    }
}
