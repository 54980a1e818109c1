/*
 * tell.h - a turn that is on disk: counted (stats.h) and put where others follow
 * (feed.h). Engine thread only.
 */
#ifndef RUN_TELL_H
#define RUN_TELL_H

#include "engine/run/batch.h"
#include "engine/run/table.h"

struct engine;

/* t of r, whose batch has been committed. */
void tell_turn(struct engine *e, const struct resident *r, const struct batch_turn *t);

#endif /* RUN_TELL_H */
