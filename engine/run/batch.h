/*
 * batch.h - one commit's worth of turns, and what it will allow.
 *
 * While a batch fills, nothing it holds is visible. After its commit, batch_release()
 * does what was waiting for it: sends calls, answers commands, tells waiters. Two batches
 * take turns (state.h). Engine thread only; the writer reads `ops` during the commit.
 */
#ifndef RUN_BATCH_H
#define RUN_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "definitions/render.h"
#include "engine/calls/calls.h"
#include "engine/core/saga.h"
#include "engine/run/command.h"
#include "engine/store/store.h"

struct engine;
struct resident;

struct batch_send { /* A call that the commit lets out. */
    struct batch_send *next;
    struct call_name name;
    struct service *service;
    const struct definition_call *call;
    struct render_request request; /* In the batch's arena. */
    const char *base_url;          /* address.h; borrowed from the engine. */
    uint64_t due_ms;               /* The turn's time. */
};

struct batch_answer { /* A command whose work is in this batch. */
    struct batch_answer *next;
    struct command *command;
    uint64_t saga; /* 0: none. */
};

struct batch_span { /* A span for the collector (spans.h). */
    struct batch_span *next;
    const char *json; /* In the batch's arena, as all of it. */
};

struct batch_turn { /* A saga with a turn in this batch; once per turn. */
    struct batch_turn *next;
    uint64_t saga;
    /* The turn and how the saga stood after it: told and counted after the commit. */
    uint64_t turn;
    uint64_t at_ms;
    enum saga_event_kind event;
    enum outcome outcome;
    uint16_t step; /* The event's; 0, PLAN_NONE: none. */
    enum saga_status status;
    bool is_paused;
    bool is_new_status; /* Before the turn it had another, or none. */
};

struct batch {
    struct store_batch ops; /* Its arena holds everything here. */
    uint64_t seq;
    struct batch_send *first_send;
    struct batch_send **last_send;
    struct batch_answer *first_answer;
    struct batch_answer **last_answer;
    struct batch_span *spans; /* The last one first. */
    struct batch_turn *first_turn;
    struct batch_turn **last_turn;
    size_t n_turns;
    bool changes_definitions;
};

void batch_init(struct batch *b);
void batch_done(struct batch *b);

void batch_add_send(struct batch *b, const struct batch_send *send);
void batch_add_answer(struct batch *b, struct command *c, uint64_t saga);
void batch_add_span(struct batch *b, const char *json);
/* The resident's turn, copied; `saga` and `next` are set here. */
void batch_add_turn(struct batch *b, struct resident *r, const struct batch_turn *turn);

/* Hand the filling batch to the writer if it is idle and there is something in it. */
void batch_hand_over(struct engine *e);

/* The commit is on disk: do what it allows, and empty the batch. */
void batch_release(struct engine *e);

/* The loop has ended: whoever waits for a batch is told that it will not hear of it. */
void batch_dismiss(struct engine *e);

#endif /* RUN_BATCH_H */
