/*
 * recover.h - taking up the sagas that were left (S9, S43, S44).
 *
 * Engine thread only, but for recover_begin().
 */
#ifndef RUN_RECOVER_H
#define RUN_RECOVER_H

#include <stdint.h>

#include "base/err.h"

struct engine;
struct resident;

/* Before the threads run: numbers, vars, downtime. */
MUST_CHECK enum err recover_begin(struct engine *e, struct err_info *info);

/* Take up the next sagas that are neither final nor asleep: their due attempts are lost,
 * queued calls ask again, times that have passed are spread out. Sets e->is_recovered
 * after the last. From the first time on commands may be taken in between: ids and keys
 * are in the store, and whichever saga a command names is read from there; what was due
 * when it was read is lost when its turn to be taken up comes. */
MUST_CHECK enum err recover_more(struct engine *e, struct err_info *info);

/* A saga is no longer poison: what was due when it was left alone is lost now. */
void recover_due(struct engine *e, struct resident *r);

/* Sleepers whose time comes soon into memory. */
void recover_sleepers(struct engine *e);

/* The engine was away until now, or the wall clock was set ahead (S41): deadlines are
 * owed it, all of it, from this batch on. */
void recover_from_away(struct engine *e, uint64_t away_ms);

/* Touch the alive file; now and then, and at the end. */
void recover_mark_alive(struct engine *e);

#endif /* RUN_RECOVER_H */
