/*
 * follow.h - what a turn brings to other sagas, in the same transaction (effects R).
 *
 * A child is started, a parent is told, the next in line gets its turn: turns of other
 * sagas, which must be on disk with the turn that caused them or not at all. They are
 * noted while that turn is written and applied after it, one after the other, into the
 * same batch; they may note more. saga_advance() is never nested: the engine's scratch
 * state belongs to one turn at a time.
 *
 * Engine thread only.
 */
#ifndef RUN_FOLLOW_H
#define RUN_FOLLOW_H

#include <stdint.h>

#include "engine/view/record.h"

struct engine;
struct resident;

struct follow { /* In the filling batch's arena, with all it points to. */
    struct follow *next;
    void (*run)(struct engine *e, struct follow *f);
    uint64_t saga; /* Number: whose turn it is, or whose child, or who ended. */
    uint16_t step; /* Where the child stands in it. */
    uint32_t item;
    uint16_t generation;
    struct record record; /* Of the turn that comes. */
    const void *more;     /* What only `run` knows. */
};

/* A new one at the end of the list, zeroed but for `run`. */
struct follow *follow_add(struct engine *e,
                          void (*run)(struct engine *, struct follow *));

/* Apply all that is noted, then decode r's state into the scratch again. */
void follow_run(struct engine *e, struct resident *r);

/* Apply f's record to the saga of that number, in memory or not; it may leave again if
 * nothing came of it. Whether it was applied does not matter to the one who noted it. */
void follow_apply(struct engine *e, struct follow *f);

#endif /* RUN_FOLLOW_H */
