/*
 * explore_parts.h - what an exploration is made of; for explore*.c only.
 *
 * explore.c         breadth first over folded states, and what is found
 * explore_moves.c   what may happen next
 * explore_turn.c    one turn: the core, the world beside it, what is wrong with it
 * explore_fold.c    two states that behave alike become the same bytes
 * explore_states.c  the states seen, the ways between them, how many paths they make
 * explore_story.c   in words
 *
 * The *world* is a byte per action that may have an effect: what really happened, which
 * the saga may not know.
 */
#ifndef DEFINITIONS_EXPLORE_PARTS_H
#define DEFINITIONS_EXPLORE_PARTS_H

#include "definitions/explore.h"

#define EXPLORE_NOW_MS 1000000U
#define EXPLORE_FAR_MS 1000000000000U /* Any time that has not come. */
#define EXPLORE_ITEMS 2               /* Of a forEach, at most. */
#define EXPLORE_DIGITS 31 /* Questions of one turn that have several answers. */
#define EXPLORE_NO_STATE UINT32_MAX

/* ---- moves ----------------------------------------------------------------------------
 */

#define EXPLORE_MOVE_MAP(X)                                                 \
    X(START, "the saga starts")                                             \
    X(SUCCEEDS, "succeeded")                                                \
    X(REJECTED, "rejected")                                                 \
    X(UNSENT, "unsent")                                                     \
    X(LOST_APPLIED, "unknown: it was applied, the answer was lost")         \
    X(LOST, "unknown: it was not applied")                                  \
    X(LATE, "unknown: it arrives late")                                     \
    X(CRASH_APPLIED, "sagad crashes with the call out; it was applied")     \
    X(CRASH, "sagad crashes with the call out; it was not applied")         \
    X(CRASH_LATE, "sagad crashes with the call out; it arrives late")       \
    X(CONFIRMED, "it was applied")                                          \
    X(REFUTED, "it was not applied")                                        \
    X(NO_PROOF, "no answer that proves anything")                           \
    X(WAKE, "tried again")                                                  \
    X(TIME_COMES, "its time comes")                                         \
    X(SIGNAL, "the signal comes")                                           \
    X(CALLBACK, "the callback comes")                                       \
    X(CALLBACK_REJECTS, "the callback comes and says no")                   \
    X(CHILD_COMPLETED, "the child saga completed")                          \
    X(CHILD_COMPENSATED, "the child saga compensated")                      \
    X(CHILD_RESOLVED, "the child saga was resolved by hand")                \
    X(DEADLINE, "the saga's deadline passes")                               \
    X(CANCEL, "somebody cancels the saga")                                  \
    X(RETRY, "stuck; a person says: retry")                                 \
    X(SKIP, "stuck; a person says: skip it")                                \
    X(RESOLVE_APPLIED, "stuck; a person says: it was applied")              \
    X(RESOLVE_NOT, "stuck; a person sees to it that nothing is left of it") \
    X(CLOSE, "stuck; a person closes the saga")

enum explore_move_kind {
#define X(name, text) MOVE_##name,
    EXPLORE_MOVE_MAP(X)
#undef X
};

struct explore_move {
    uint8_t kind;  /* enum explore_move_kind */
    bool gives_up; /* No attempt is left. */
    uint8_t item;  /* 0xff: none. */
    uint8_t call;  /* Of the cell. */
    uint16_t step; /* PLAN_NONE: the saga's. */
};

struct explore_moves {
    struct explore_move *items; /* Owned. */
    size_t n;
    size_t room;
};

/* ---- the world
 * ---------------------------------------------------------------------------- */

enum {
    WORLD_BEGUN = 1,
    WORLD_APPLIED = 2,
    WORLD_PENDING = 4, /* May still arrive, or has: nobody looked yet. */
    WORLD_UNDONE = 8,
};

struct explore_slot { /* A call action, or a child; under forEach one per item. */
    uint16_t step;
    uint8_t item; /* 0xff: none. */
};

/* ---- a turn
 * -------------------------------------------------------------------------------- */

struct explore_choice { /* A question that has several answers. */
    enum saga_ask ask;
    uint16_t step;
    uint8_t answer; /* Which of them. */
    uint8_t n_answers;
};

/* ---- states
 * --------------------------------------------------------------------------------- */

struct explore_state {
    uint64_t key[2];
    uint64_t digits; /* With `move`, the way here from `parent`. */
    struct explore_move move;
    uint32_t parent;
    uint32_t first_edge;
    uint32_t n_edges;
    uint32_t ending; /* 0: goes on; else 1 + number of its ending. */
};

struct explore_found { /* Something bad, on the move from a state. */
    enum explore_badness kind;
    uint16_t step;
    uint16_t other;
    uint32_t from;
    struct explore_move move;
    uint64_t digits;
};

#define EXPLORE_FOUND_MAX 64
#define EXPLORE_ENDINGS_MAX 4096

struct explorer {
    const struct definition *d;
    struct arena *keep;
    struct plan
        *plan; /* The definition's, with policies that are about time taken out. */
    struct saga *s;
    struct saga_effects *fx;

    struct explore_slot *slots;
    uint16_t n_slots;
    uint16_t *slot_of;  /* By step: its first slot, PLAN_NONE: none. */
    uint8_t *world;     /* n_slots */
    bool *action_reads; /* [step * n_nodes + read]: its answer. */
    bool *undo_reads;

    struct explore_choice choices[EXPLORE_DIGITS]; /* Of the turn being made. */
    unsigned n_choices;
    uint64_t digits; /* Two bits per choice: the answers given. */
    bool is_crowded; /* A turn asked more than EXPLORE_DIGITS. */

    struct explore_state *states;
    uint32_t n_states;
    uint32_t states_room;
    uint32_t states_max;
    uint32_t *table; /* 1 + state; 0 free. */
    uint32_t table_room;
    uint32_t *edges;
    size_t n_edges;
    size_t edges_room;
    uint64_t n_turns;

    struct explore_ending *endings;
    uint32_t n_endings;
    struct explore_found found[EXPLORE_FOUND_MAX];
    unsigned n_found;

    struct explore_found *now; /* The move being tried, for explore_note(). */
    uint8_t *bytes;            /* Room for one state as bytes. */
};

/* explore_moves.c: everything that may happen in x->s, as it stands in x->world. */
void explore_list_moves(const struct explorer *x, struct explore_moves *out);
bool explore_rests(const struct explorer *x); /* Only a person can move it. */

/* explore_turn.c: apply a move to x->s and x->world, answering by x->digits; false: it
 * changes nothing. Afterwards x->choices says what was asked. Notes what is wrong. */
bool explore_apply(struct explorer *x, const struct explore_move *move);
/* The next combination of answers for the same move; false: that was the last. */
bool explore_next_digits(struct explorer *x);
void explore_note(struct explorer *x, enum explore_badness kind, uint16_t step,
                  uint16_t other);
uint16_t explore_slot_at(const struct explorer *x, uint16_t step, uint32_t item);

/* explore_fold.c */
void explore_fold(struct explorer *x);
size_t explore_bytes_max(const struct explorer *x);
/* x->s and x->world as bytes and back. */
size_t explore_write(const struct explorer *x, uint8_t *to);
void explore_read(struct explorer *x, const uint8_t *from, size_t n);

/* explore_states.c: the state of these bytes; *is_new: it was not there. False: full. */
bool explore_find_state(struct explorer *x, const uint8_t *bytes, size_t n,
                        uint32_t *state, bool *is_new);
void explore_add_edge(struct explorer *x, uint32_t to);
void explore_count_paths(struct explorer *x, double *total);
void explore_states_done(struct explorer *x);

/* explore_story.c */
void explore_end_state(struct explorer *x, struct explore_state *state);
void explore_tell(struct explorer *x, const struct explore_found *found,
                  struct explore_bad *out);

#endif /* DEFINITIONS_EXPLORE_PARTS_H */
