/* sagas_purge.c - DELETE /v1/sagas/{id}: a final saga leaves the store, with its
 * children. */
#include "adminapi/answer.h"
#include "adminapi/handlers.h"
#include "adminapi/saga_answer.h"
#include "adminapi/submit.h"

static void purged(struct request *r)
{
    if (r->command.problem != PROBLEM_NONE) {
        saga_answer_problem(r, NULL);
    } else {
        answer_empty(r, 204);
    }
}

void sagas_purge(struct request *r)
{
    r->command.kind = COMMAND_PURGE;
    r->command.watch_id = r->parameters[0];
    r->command.reason = target_find(&r->target, "reason"); /* A DELETE has no body. */
    submit_command(r, purged);
}
