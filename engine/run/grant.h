/*
 * grant.h - slots that come free: GRANTED for the call that waited longest.
 *
 * Engine thread only.
 */
#ifndef RUN_GRANT_H
#define RUN_GRANT_H

#include "engine/calls/service.h"
#include "engine/run/table.h"
#include "engine/view/record.h"

struct engine;

/* The service of an open cell's call; NULL: not in the configuration, or the call does
 * not render (its turn will say so). */
struct service *grant_service(struct engine *e, struct resident *r,
                              const struct saga_cell *c);

/* Apply GRANTED; the slot goes back if no call came of it. */
void grant_take(struct engine *e, struct resident *r, struct service *service,
                struct record *record);

/* Everything that can be granted now, at most n_max; how many were. */
unsigned grant_all(struct engine *e, unsigned n_max);

#endif /* RUN_GRANT_H */
