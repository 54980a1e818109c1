/*
 * act_asked.h - what an operator asks of a saga.
 *
 * The same words are previewed by a reader (preview.h) and carried out by the engine
 * (engine/run/act.h). Borrowed texts.
 */
#ifndef VIEW_ACT_ASKED_H
#define VIEW_ACT_ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_span.h"
#include "engine/core/saga.h"

struct act_asked {
    const char *id; /* The saga's. */
    enum saga_event_kind action;
    const char *step;      /* Id; NULL: none given. */
    uint32_t item;         /* SAGA_NO_ITEM: none given. */
    struct json_span body; /* skip: output; resolve: body. at == NULL: none. */
    bool is_applied;       /* resolve */
    uint64_t revision;     /* The one it was decided on; 0: not said. */
    const char *preview;   /* The token of its preview; NULL: not said. */
};

#endif /* VIEW_ACT_ASKED_H */
