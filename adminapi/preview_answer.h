/*
 * preview_answer.h - an action asked for with ?preview=true: what it would bring about.
 *
 * Read-only, on the door's thread: the engine is not asked, nothing is stored.
 */
#ifndef ADMINAPI_PREVIEW_ANSWER_H
#define ADMINAPI_PREVIEW_ANSWER_H

#include <stdbool.h>

#include "adminapi/request.h"

/* Is it a preview that is asked for? False: the parameter is neither true nor false, and
 * the request was answered. */
bool preview_is_asked(struct request *r, bool *out);

/* Answer with the preview of r->command, an action that was read but not submitted. */
void preview_answer(struct request *r);

#endif /* ADMINAPI_PREVIEW_ANSWER_H */
