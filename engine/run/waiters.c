/* waiters.c - see waiters.h. */
#include "engine/run/waiters.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/run/commands.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"

struct waiter {
    struct waiter *next_here; /* At the same saga. */
    struct waiter *next;      /* Of all. */
    struct waiter *previous;
    uint64_t saga;
    uint64_t until_ms; /* Monotonic. */
    struct command *command;
};

void waiters_answer(struct engine *e, struct resident *r, struct command *c)
{
    (void)e;
    c->saga = r->row;
    c->saga.id = arena_text(c->arena, r->row.id);
    c->saga.key = arena_text(c->arena, r->row.key);
    c->saga.unique_key = NULL;
    c->saga.ordering_key = NULL;
    c->saga.labels = arena_text(c->arena, r->row.labels);
    c->saga.traceparent = arena_text(c->arena, r->row.traceparent);
    c->saga.tracestate = arena_text(c->arena, r->row.tracestate);
    c->saga.stuck_step = NULL;
    c->saga.stuck_error = NULL;
    c->saga.definition_name = r->entry->definition->name;
    c->saga.definition_version = r->entry->version;
    c->done(c->user, c);
}

/* Is what it waits for so, or will it not come by itself? */
static bool is_over(struct engine *e, struct resident *r, struct command *c)
{
    const struct saga *s = &e->saga;
    bool is_reached = saga_is_final(s);
    uint16_t step;

    switch (c->wait) {
    case COMMAND_WAIT_NOT:
    case COMMAND_WAIT_END:
        break;
    case COMMAND_WAIT_STEP:
        step = definition_step_of(r->entry->definition, c->wait_step);
        is_reached = is_reached || step == PLAN_NONE ||
                     s->steps[step].record.outcome != OUTCOME_NONE;
        break;
    case COMMAND_WAIT_CHANGE:
        return is_reached || s->turn > c->wait_revision;
    }
    c->waited_out = !is_reached;
    return is_reached || saga_is_stuck(s) || (s->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0;
}

void waiters_add(struct engine *e, struct resident *r, struct command *c)
{
    struct waiter *w;

    turn_load_state(e, r);
    if (r->n_uncommitted == 0 && is_over(e, r, c)) {
        c->revision = e->saga.turn;
        waiters_answer(e, r, c);
        turn_let_go(e, r);
        return;
    }
    w = mem_alloc(sizeof(*w));
    w->saga = r->num;
    w->command = c;
    w->until_ms = e->mono_ms + c->wait_ms;
    w->next_here = r->waiters;
    r->waiters = w;
    w->next = e->waiters;
    if (e->waiters != NULL) {
        e->waiters->previous = w;
    }
    e->waiters = w;
}

static void unlink_waiter(struct engine *e, struct waiter *w)
{
    if (w->previous != NULL) {
        w->previous->next = w->next;
    } else {
        e->waiters = w->next;
    }
    if (w->next != NULL) {
        w->next->previous = w->previous;
    }
}

void waiters_look(struct engine *e, struct resident *r)
{
    struct waiter **at = &r->waiters;

    if (r->waiters == NULL) {
        return;
    }
    turn_load_state(e, r);
    while (*at != NULL) {
        struct waiter *w = *at;

        if (is_over(e, r, w->command)) {
            *at = w->next_here;
            unlink_waiter(e, w);
            w->command->revision = e->saga.turn;
            waiters_answer(e, r, w->command);
            free(w);
        } else {
            at = &w->next_here;
        }
    }
}

static void take_from_saga(struct resident *r, struct waiter *w)
{
    struct waiter **at = &r->waiters;

    while (*at != w) {
        at = &(*at)->next_here;
    }
    *at = w->next_here;
}

void waiters_expire(struct engine *e)
{
    struct waiter *next;

    for (struct waiter *w = e->waiters; w != NULL; w = next) {
        struct resident *r;

        next = w->next;
        if (w->until_ms > e->mono_ms) {
            continue;
        }
        r = table_find(e->table, w->saga);
        take_from_saga(r, w);
        unlink_waiter(e, w);
        turn_load_state(e, r);
        w->command->waited_out = true;
        w->command->revision = e->saga.turn;
        waiters_answer(e, r, w->command);
        free(w);
        turn_let_go(e, r);
    }
}

uint64_t waiters_first_ms(const struct engine *e)
{
    uint64_t first = 0;

    for (const struct waiter *w = e->waiters; w != NULL; w = w->next) {
        if (first == 0 || w->until_ms < first) {
            first = w->until_ms;
        }
    }
    return first;
}

void waiters_dismiss(struct engine *e)
{
    while (e->waiters != NULL) {
        struct waiter *w = e->waiters;

        take_from_saga(table_find(e->table, w->saga), w);
        unlink_waiter(e, w);
        commands_refuse(w->command, PROBLEM_DRAINING, "The daemon is stopping");
        free(w);
    }
}
