/*
 * operate.h - what operators may do to a saga, and how it is done (S61).
 *
 * Each is first looked up in legal.h, the table that the API offers actions from.
 * Handlers of saga.c's table; inside the core only.
 */
#ifndef CORE_OPERATE_H
#define CORE_OPERATE_H

#include "engine/core/advance.h"

enum saga_result operate_retry(struct advance *a);
enum saga_result operate_skip(struct advance *a);
enum saga_result operate_resolve(struct advance *a);
enum saga_result operate_cancel(struct advance *a);
enum saga_result operate_close(struct advance *a);
enum saga_result operate_pause(struct advance *a);
enum saga_result operate_resume(struct advance *a);

#endif /* CORE_OPERATE_H */
