/*
 * world.h - what the definition checker may ask about the daemon's configuration.
 *
 * API threads ask while a reload swaps the configuration: the world holds the current one
 * in an atomic pointer, and configurations that were current stay until the end.
 */
#ifndef SAGAD_WORLD_H
#define SAGAD_WORLD_H

#include <stdatomic.h>

#include "definitions/definition.h"
#include "engine/calls/egress.h"
#include "programs/sagad/config.h"

struct world {
    _Atomic(const struct config *) config; /* Borrowed. */
    const struct egress *egress;           /* Borrowed. */
    struct check_world check;              /* Its user is this struct. */
};

void world_init(struct world *w, const struct config *config,
                const struct egress *egress);

#endif /* SAGAD_WORLD_H */
