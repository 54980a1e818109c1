/*
 * world.h - everything around the core, made of numbers: what a seed decides.
 *
 * One world is one root saga and its children, a clock, a network that loses, delays and
 * doubles, participants with ledgers, and an engine that may die at any instant. Of the
 * engine only `disk` survives: the encoded states and the rows written with them (the
 * inbox). What the engine knows in memory dies with its life number.
 *
 * The queue of things to come is the only source of events. Nothing here judges.
 */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/core/saga.h"
#include "tests/sim/marks.h"

enum {
    SIM_NODES = 14,
    SIM_ITEMS = 5,
    SIM_PLANS = 3,  /* The root's and two children's. */
    SIM_SAGAS = 24, /* Children of all generations included. */
    SIM_STATE_BYTES = 4096,
    SIM_PENDING = 512,
    SIM_INBOX = 64,
    SIM_ASKED = 512,
    SIM_AUDIT = 16,
    SIM_CALM_EVENTS = 500, /* Then the faults stop ... */
    SIM_EVENTS_MAX = 5000, /* ... and by then everything has ended. */
};

enum sim_bug {
    BUG_NONE,
    BUG_EFFECTS_FIRST,   /* Carries effects out before the commit. */
    BUG_DOUBT_FORGOTTEN, /* Does not compensate what was never answered. */
    BUG_TRUST_TIMEOUT,   /* Takes a time-out as proof that nothing happened. */
    BUG_LATE_4XX,        /* A later 4xx clears doubt. */
    BUG_OPTIONAL_DOUBT,  /* Does not compensate an optional step in doubt. */
    BUG_NO_MIRROR,       /* Undoes a sequence all at once. */
    BUG_NO_PIVOT,        /* Knows no pivot. */
    BUG_OTHER_KEY,       /* A retry has a key of its own. */
    BUG_CANCEL_LATE,     /* Lets a cancel through after the pivot. */
    BUG_LOST_UNSENT,     /* Recovery takes a lost attempt as unsent. */
    BUG_NO_BARRIER,      /* Does not await what is in flight when it turns back. */
    BUG_NO_NAME,         /* Takes any answer for the one it waits for. */
    BUG_OTHER_BYTES,     /* Does not compare what a call renders to. */
    BUG_UNSTUCK,         /* Tries a stuck call again after a while. */
    BUG_REPEATED,        /* Takes a repeated request for another. */
    BUG_PREVIEW_GUESSES, /* Foretells without asking the expressions. */
    BUG_NO_TOMBSTONE,    /* The participants': an action after its compensation. */
    BUGS
};

/* One (step, item): the participant's ledger, and what went over the wire. */
struct sim_cell {
    /* The ledger of the key. */
    enum { LEDGER_NOTHING, LEDGER_OK, LEDGER_REFUSED } action;
    bool is_done;     /* OK, and (callback) it will say yes. */
    bool is_undone;   /* The compensation was accepted: later actions are refused. */
    uint32_t variant; /* Of the key; always 0 unless a bug changes keys. */
    int effects;      /* Net, over all keys of the cell. */
    /* The wire. */
    uint32_t on_the_way; /* Requests not delivered yet. */
    bool action_sent, undo_sent;
    bool is_out; /* An action's attempt without a recorded outcome. */
    bool told_success, told_doubt;
    uint32_t n_refuted;      /* Confirms that said not applied. */
    bool by_hand;            /* An operator skipped or resolved it. */
    bool is_asked;           /* Memory: a grant is on its way. */
    uint64_t sent_as[CALLS]; /* Disk: the bytes of the call's first attempt; 0 none. */
    uint64_t seen_as[CALLS]; /* The same, as it went over the wire. */
    uint64_t not_before_ms;  /* Retry-After. */
};

struct sim_saga {
    uint16_t plan;
    bool is_child;
    uint16_t parent; /* Index; children only. */
    uint16_t step;   /* The parent's. */
    uint32_t item;
    uint16_t generation;
    uint16_t seed_salt;
    /* disk */
    uint8_t bytes[SIM_STATE_BYTES];
    size_t n_bytes; /* 0: no START yet. */
    /* memory */
    uint64_t armed_ms; /* A WAKE is queued for then. */
    bool is_visited;   /* An operator is on the way. */
    uint32_t visits;
    /* for the judges */
    uint64_t grace_base_ms;
    uint32_t n_endings;
    bool back_decided; /* A cancel or deadline took effect. */
    bool is_restored;
    struct sim_cell cells[SIM_NODES][SIM_ITEMS + 1];
};

enum sim_thing {
    THING_HANDED,  /* engine: a due call reaches the network. Dies with the engine. */
    THING_ARRIVES, /* network: a request reaches its participant. */
    THING_ANSWER,  /* engine */
    THING_CALLBACK,
    THING_SIGNAL,
    THING_GRANT, /* engine */
    THING_WAKE,  /* engine */
    THING_INBOX, /* engine: the oldest row of the inbox */
    THING_OPERATOR,
    THING_MEDDLE, /* An operator who does something out of the blue. */
    THING_STOP,   /* A clean stop and start. */
    THING_RESTORE,
    THING_REPEAT, /* An operator who heard no answer asks again, the same request id. */
    THING_CLOCK,  /* The wall clock jumps. */
};

struct sim_message {
    uint64_t turn;
    uint64_t bytes; /* What it renders to. */
    uint32_t item;
    uint32_t variant;
    uint16_t step;
    enum call_kind call;
};

struct sim_pending {
    uint64_t at_ms;
    uint64_t order;
    enum sim_thing thing;
    uint16_t saga;
    uint32_t life;
    uint32_t request; /* REPEAT: its id. */
    struct sim_message m;
    struct saga_event ev; /* ANSWER, CALLBACK, SIGNAL */
};

struct sim_row { /* Written with a state, taken with another. */
    uint16_t saga;
    struct saga_event ev;
};

/* What a saga asked for, in order: calls, and children started or taken back. */
struct sim_asked {
    uint32_t n;
    struct saga_effect items[SIM_ASKED];
};

struct sim_world {
    uint64_t seed, rng, order, grace_ms;
    uint64_t now_ms;   /* Monotonic; what things to come are ordered by. */
    uint64_t began_ms; /* The wall clock shows so much more: world_wall(). */
    uint32_t life;
    bool is_dead;            /* Crashed; not recovered yet. */
    bool is_calm;            /* No more faults. */
    bool is_behaving;        /* A copy, in which all goes well at once: foresee.c. */
    bool is_crowded;         /* There was no room for a child. */
    struct sim_asked *asked; /* Of the root, if anybody wants to know. */
    enum sim_bug bug;
    uint32_t percent_crash, percent_lost, percent_queue, percent_meddle;

    struct plan *plans[SIM_PLANS]; /* Owned. */
    struct plan *blind[SIM_PLANS]; /* Owned: as the core sees them under some bugs. */
    struct sim_saga sagas[SIM_SAGAS];
    uint16_t n_sagas;
    struct sim_row inbox[SIM_INBOX];
    uint32_t n_inbox;
    uint32_t
        audit[SIM_AUDIT]; /* Disk: request ids of the last actions that were applied. */
    uint32_t n_requests, n_audit;
    uint32_t request; /* Of the action being applied; 0: no operator's. */
    struct sim_pending pending[SIM_PENDING];
    uint32_t n_pending;

    uint8_t backup[SIM_STATE_BYTES]; /* Of the root, taken at some turn. */
    size_t n_backup;

    uint64_t n_events, n_turns;
    const char *wrong; /* The first thing a judge found. */
    uint64_t hash;     /* Of everything that happened: the same seed, the same hash. */
};

/* Fresh for this seed; plans are made anew. */
void world_init(struct sim_world *w, uint64_t seed, enum sim_bug bug);
void world_done(struct sim_world *w);

/* What the engine takes for the time. */
uint64_t world_wall(const struct sim_world *w);

uint64_t world_pick(struct sim_world *w, uint64_t below);
bool world_percent(struct sim_world *w, uint64_t chance); /* Never in a calm world. */

/* A new saga; its cells are clean. NULL: no room. */
struct sim_saga *world_add_saga(struct sim_world *w, uint16_t plan);
uint16_t world_index(const struct sim_world *w, const struct sim_saga *s);
static inline const struct plan *world_plan(const struct sim_world *w,
                                            const struct sim_saga *s)
{
    return w->plans[s->plan];
}
struct sim_cell *world_cell(struct sim_saga *s, uint16_t step, uint32_t item);
const struct sim_cell *world_cell_of(const struct sim_saga *s, uint16_t step,
                                     uint32_t item);

void world_later(struct sim_world *w, uint64_t in_ms, struct sim_pending p);
/* Take the next thing and move the clock there; false: nothing is to come. */
bool world_next(struct sim_world *w, struct sim_pending *out);
/* Forget what only the engine's memory held. */
void world_forget_engine(struct sim_world *w);
/* Nor does anybody know any more which of its calls stand in a queue. */
void world_forget_queue(struct sim_saga *s);

/* Note the first thing that is wrong. */
void world_wrong(struct sim_world *w, const char *text);

/* How many items, what `when` says and `until` when: facts of the saga, the same whenever
 * asked. */
uint32_t world_items(const struct sim_world *w, const struct sim_saga *s, uint16_t step);
bool world_when(const struct sim_world *w, const struct sim_saga *s, uint16_t step);
uint64_t world_until(const struct sim_world *w, const struct sim_saga *s, uint16_t step);

#endif /* TESTS_SIM_WORLD_H */
