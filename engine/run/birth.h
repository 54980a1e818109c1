/*
 * birth.h - a new saga: its place in memory, its names, its row and its first turn.
 *
 * Whoever starts one, a client or a parent, has made sure that the id and the unique key
 * are free. Engine thread only.
 */
#ifndef RUN_BIRTH_H
#define RUN_BIRTH_H

#include "base/json_span.h"
#include "engine/run/table.h"

struct engine;

struct birth { /* Borrowed for the call. */
    const struct registry_entry *entry;
    const char *id;
    const char *key;          /* NULL none; unique if the definition says so. */
    const char *ordering_key; /* NULL none. */
    const char *labels;       /* JSON object text; NULL none. */
    const char *traceparent;
    const char *tracestate;
    struct json_span input;
    uint64_t parent; /* Number, 0 none; then where in it. */
    uint16_t parent_step;
    uint32_t parent_item;
    uint16_t generation;
    const char *actor;
    const char *request_id;
};

/* The saga after its first turn, in the filling batch; what that turn brings to others
 * is noted (follow.h). NULL: there is no room in memory; nothing was done. */
struct resident *birth_of(struct engine *e, const struct birth *b);

#endif /* RUN_BIRTH_H */
