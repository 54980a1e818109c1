/*
 * submit.h - how a request crosses to the engine thread and back.
 *
 * The connection is suspended before the command is handed over: the engine may answer
 * before submit_command() returns. r->phase says whose the command is; it is the only
 * word of a request that two threads write:
 *
 *     OURS -> WAITING        submit_command(), the door's thread
 *     WAITING -> OURS        the engine has answered; its thread resumes the connection
 *     WAITING -> ABANDONED   submit_abandon(), api_stop()'s thread; resumes it too
 *     ABANDONED -> LATE      the engine has answered: the door frees the request
 *     ABANDONED -> ORPHAN    submit_release(): the engine's answer frees it
 */
#ifndef ADMINAPI_SUBMIT_H
#define ADMINAPI_SUBMIT_H

#include <stdbool.h>

#include "adminapi/request.h"

/* Hand r->command over; the caller has set its kind and what belongs to that. Actor and
 * request id are filled in here. If the engine does not take it, the request is answered
 * with the reason and finish is not called. Nothing of r may be touched afterwards. */
void submit_command(struct request *r, void (*finish)(struct request *r));

/* Let the door's other connections have their turn, then call finish: for work in rounds.
 * A door that is stopping answers instead. */
void submit_later(struct request *r, void (*finish)(struct request *r));

/* Take the connection back from the engine: answered with 503 by its door. False: it does
 * not wait. For api_stop()'s thread. */
bool submit_abandon(struct request *r);

/* The door is done with r. False: the engine still has it and will free it. */
bool submit_release(struct request *r);

#endif /* ADMINAPI_SUBMIT_H */
