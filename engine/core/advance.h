/*
 * advance.h - what one turn works on; inside the core only.
 *
 * A turn edits the saga in place. Whatever fails on the way only notes that the saga
 * wants to go back; the end of the turn (saga.c, finish) decides once, so that no walk is
 * turned round in its middle.
 */
#ifndef CORE_ADVANCE_H
#define CORE_ADVANCE_H

#include <assert.h>
#include <string.h>

#include "engine/core/saga.h"

struct advance {
    struct saga *s;
    const struct plan *plan;
    const struct saga_event *ev;
    const struct saga_oracle *oracle;
    struct saga_effects *fx;
    uint64_t credit_ms; /* Downtime that this event credits for the first time (S43). */
    bool wants_back;    /* Something failed for good: nothing new begins. */
};

static inline int64_t advance_ask(struct advance *a, struct saga_question q)
{
    return a->oracle->ask(a->oracle->user, &q);
}

static inline struct saga_effect *advance_emit(struct advance *a,
                                               enum saga_effect_kind kind)
{
    struct saga_effect *fx = &a->fx->items[a->fx->n];

    assert(a->fx->n < SAGA_EFFECTS_ROOM);
    a->fx->n++;
    *fx = (struct saga_effect){.kind = kind, .step = PLAN_NONE, .item = SAGA_NO_ITEM};
    return fx;
}

static inline const struct plan_node *advance_node(const struct advance *a, uint16_t step)
{
    assert(step < a->plan->n_nodes);
    return &a->plan->nodes[step];
}

static inline bool advance_has(const struct advance *a, enum saga_flag flag)
{
    return (a->s->flags & (uint32_t)flag) != 0;
}

static inline void advance_raise(struct advance *a, enum saga_flag flag)
{
    a->s->flags |= (uint32_t)flag;
}

static inline void advance_lower(struct advance *a, enum saga_flag flag)
{
    a->s->flags &= ~(uint32_t)flag;
}

/* The pivot is behind us: applied, or it will not be asked for. What wanted to go back
 * came too late; of a deadline that was only noted the world hears now (S27, S43). */
static inline void advance_pass_pivot(struct advance *a)
{
    advance_raise(a, SAGA_FLAG_PAST_PIVOT);
    if (advance_has(a, SAGA_FLAG_BACK_WANTED) && advance_has(a, SAGA_FLAG_OVERDUE)) {
        (void)advance_emit(a, SAGA_FX_ALERT);
    }
    advance_lower(a, SAGA_FLAG_BACK_WANTED);
}

/* Going forward, and nothing has failed in this turn. */
static inline bool advance_goes_on(const struct advance *a)
{
    return a->s->state == SAGA_FORWARD && !a->wants_back;
}

/* Nothing new is sent: paused by an operator, or held by a limit or poison. */
static inline bool advance_is_held(const struct advance *a)
{
    return (a->s->flags & ((uint32_t)SAGA_FLAG_PAUSED | (uint32_t)SAGA_FLAG_OVER_LIMIT |
                           (uint32_t)SAGA_FLAG_POISON)) != 0;
}

/* A record as one byte: its form on disk and what equality means. */
static inline uint8_t advance_pack(struct saga_record r)
{
    return (uint8_t)(r.outcome | r.is_begun << 3 | r.in_doubt << 4 | r.is_undone << 5 |
                     r.by_hand << 6);
}

static inline struct saga_record advance_unpack(uint8_t byte)
{
    return (struct saga_record){.outcome = byte & 7U,
                                .is_begun = byte >> 3 & 1U,
                                .in_doubt = byte >> 4 & 1U,
                                .is_undone = byte >> 5 & 1U,
                                .by_hand = byte >> 6 & 1U};
}

/* Deadlines move by `by_ms`: downtime or a pause does not count (S43). */
void advance_extend(struct advance *a, uint64_t by_ms);

/* The saga goes back, though no step of it failed. */
static inline void advance_want_back(struct advance *a)
{
    a->s->error_step = PLAN_NONE;
    a->s->error_item = SAGA_NO_ITEM;
    a->s->error_turn = a->s->turn;
    a->wants_back = true;
}

/* Enter a state of the saga; checked against the table of allowed moves (saga.c). */
void advance_enter(struct advance *a, enum saga_state state);

#endif /* CORE_ADVANCE_H */
