/*
 * saga.h - the saga state machine: one event in, a new state and effects out.
 *
 * The only place that decides what a saga does next. It does no I/O, reads no
 * clock, allocates nothing and keeps no pointer once it returns: a saga is a pure
 * function of its plan, its events and the answers to its questions. Recovery,
 * verify, preview, explore and the simulator stand on that.
 *
 * The caller owes the core one thing. When saga_advance() says SAGA_APPLIED it must
 *     1. commit the event, the answers and the new state in one transaction, then
 *     2. carry out the effects marked A; those marked R are rows of 1.
 * and never 2 before 1 (S4).
 *
 * A parent is always told: the shell answers UNDO_CHILD to a child that is not COMPLETED
 * (PARENT_UNDO is late there) with CHILD_ENDED and the status it has; RESOLVED, if the
 * step was resolved by hand and never had a child.
 *
 * struct saga is scratch: a saga between turns is its encoded bytes (saga_code.h).
 * A turn decodes them, edits the struct in place and encodes it again; a result
 * other than SAGA_APPLIED leaves the struct as it was.
 *
 * Words. A *cell* is an open (step, item): what it is calling (action, confirm,
 * compensation) is a field. A *record* is how a step or item stands while no cell
 * is open for it. Threads: none; whoever holds the struct.
 */
#ifndef CORE_SAGA_H
#define CORE_SAGA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "engine/core/plan.h"

/* Raised when the same events would give another state (S71). */
#define SAGA_RULES_VERSION 1
#define SAGA_NO_ITEM UINT32_MAX

/* Order is the number on disk in every list here: append only. */

/* clang-format off */
#define SAGA_STATE_MAP(X)                                                                 \
    X(NEW, "new")             /* Before START; never stored. */                           \
    X(LINED_UP, "lined-up")   /* Another saga holds the ordering key. Shown as running. */ \
    X(FORWARD, "forward")                                                                 \
    X(BACKWARD, "backward")                                                               \
    X(COMPLETED, "completed") /* Final, but a parent may take its child back. */          \
    X(COMPENSATED, "compensated") X(RESOLVED, "resolved")

#define SAGA_FLAG_MAP(X)                                                                \
    X(PAUSED)                                                                           \
    X(PAST_PIVOT)                                                                       \
    X(BACK_WANTED) /* A cancel or the deadline, noted while the pivot is unsettled. */  \
    X(OVERDUE)     /* The deadline has passed. */                                       \
    X(UNDOING)     /* Going back, and nothing of the forward part is in flight. */      \
    X(RESTORED)    /* From a backup: everything not ended is in doubt (S96). */         \
    X(OVER_LIMIT)  /* S53 */                                                            \
    X(POISON)      /* S54 */                                                            \
    X(IS_CHILD) X(IS_ORDERED)                                                           \
    X(OUTPUT_FAILED)                                                                    \
    X(CANCELLED)   /* An operator or a parent asked to go back. */

#define CELL_STATE_MAP(X)                                                               \
    X(QUEUED, "queued")   /* Rendered, wants a slot. Not due. */                        \
    X(DUE, "due")         /* Has a slot; sent after this commit. `unknown` at a crash. */ \
    X(BACKING_OFF, "backing-off")                                                       \
    X(WAITING, "waiting") /* For a time, a signal, a callback, a child. */              \
    X(STUCK, "stuck")

#define CALL_MAP(X) X(ACTION, "action") X(CONFIRM, "confirm") X(COMPENSATION, "compensation")

#define OUTCOME_MAP(X)                                                                  \
    X(NONE, "pending") X(SUCCEEDED, "succeeded") X(REJECTED, "rejected")                \
    X(UNSENT, "unsent") X(UNKNOWN, "unknown") X(IGNORED, "ignored") X(SKIPPED, "skipped")

#define SAGA_EVENT_MAP(X) /* One per turn; journalled. The words are the journal's. */  \
    X(START, "started") X(YOUR_TURN, "turn-came")                                       \
    X(GRANTED, "granted")       /* A queued cell got a slot. */                         \
    X(ANSWERED, "answered")     /* An attempt ended. */                                 \
    X(LOST, "lost")             /* Recovery, take-over: `unknown`, costs nothing (S9). */ \
    X(RETURNED, "returned")     /* Clean stop: due but never handed to curl. */         \
    X(WAKE, "woken")            /* The time of one or more cells has come. */           \
    X(DEADLINE, "deadline")                                                             \
    X(SIGNALLED, "signalled") X(CALLED_BACK, "called-back")                             \
    X(CHILD_ENDED, "child-ended") X(PARENT_UNDO, "parent-undo")                         \
    X(RETRY, "retry") X(SKIP, "skip") X(RESOLVE, "resolve") X(CANCEL, "cancel")         \
    X(CLOSE, "close") X(PAUSE, "pause") X(RESUME, "resume")                             \
    X(LIMIT, "limit-reached") X(POISONED, "poisoned") X(RESTORE, "restored")

#define SAGA_ASK_MAP(X) /* Asked inside the turn, recorded in its row, replayed later. */ \
    X(WHEN)   /* 0 no, 1 yes, -1 failed */                                              \
    X(ITEMS)  /* count, -1 failed or more than maxItems */                              \
    X(UNTIL)  /* wall ms, -1 failed */                                                  \
    X(RENDER) /* enum saga_render */                                                    \
    X(SLOT)   /* enum saga_slot */                                                      \
    X(SIGNAL) /* 1 accept, 0 reject, -1 failed */                                       \
    X(OUTPUT) /* 1 ok, 0 failed */

#define SAGA_EFFECT_MAP(X) /* R: rows of the same transaction. A: after the commit. */  \
    X(SEND)         /* A: the attempt (turn, step, item, call) */                       \
    X(START_CHILD)  /* R */                                                             \
    X(CANCEL_CHILD) /* R */                                                             \
    X(UNDO_CHILD)   /* R */                                                             \
    X(TELL_PARENT)  /* R */                                                             \
    X(FREE_ORDER)   /* R: the next in line gets YOUR_TURN. */                           \
    X(NOTIFY)       /* R: a status was reached that webhooks may want. */               \
    X(ENDED)        /* A: wake whoever waits. */                                        \
    X(ALERT)        /* A: the deadline passed after the pivot. */

#define SAGA_STATUS_MAP(X) /* What the world is shown (S30). */                         \
    X(RUNNING, "running") X(COMPENSATING, "compensating") X(STUCK, "stuck")             \
    X(COMPLETED, "completed") X(COMPENSATED, "compensated") X(RESOLVED, "resolved")

#define SAGA_REASON_MAP(X) /* Why a cell is stuck. */                                   \
    X(NONE)                                                                             \
    X(EXPRESSION)   /* when, forEach, until or a signal's rejectWhen failed. */         \
    X(RENDER)       /* The request could not be rendered. */                            \
    X(CHANGED)      /* It renders otherwise than its first attempt (S3). */             \
    X(KEY_EXPIRED)  /* In doubt for longer than the service keeps keys (S2). */         \
    X(REJECTED)     /* Refused for good. */                                             \
    X(EXHAUSTED)    /* Attempts or time ran out; proved not applied. */                 \
    X(IN_DOUBT)     /* Attempts ran out and nobody knows. */                            \
    X(VERDICT)      /* rejectWhen, retryWhen, appliedWhen failed, or answer too big. */ \
    X(NO_ANSWER)    /* The compensation reads an answer that may not exist (S22). */    \
    X(CHILD)        /* The child was resolved by hand. */                               \
    X(ITEMS)        /* Too many runs of different items (S53). */
/* clang-format on */

enum saga_state {
#define X(name, text) SAGA_##name,
    SAGA_STATE_MAP(X)
#undef X
};
enum saga_flag_bit {
#define X(name) SAGA_FLAG_BIT_##name,
    SAGA_FLAG_MAP(X)
#undef X
};
enum saga_flag {
#define X(name) SAGA_FLAG_##name = 1 << SAGA_FLAG_BIT_##name,
    SAGA_FLAG_MAP(X)
#undef X
};
enum cell_state {
#define X(name, text) CELL_##name,
    CELL_STATE_MAP(X)
#undef X
};
enum call_kind {
#define X(name, text) CALL_##name,
    CALL_MAP(X)
#undef X
};
enum outcome {
#define X(name, text) OUTCOME_##name,
    OUTCOME_MAP(X)
#undef X
};
enum saga_event_kind {
#define X(name, text) SAGA_EV_##name,
    SAGA_EVENT_MAP(X)
#undef X
};
enum saga_ask {
#define X(name) SAGA_ASK_##name,
    SAGA_ASK_MAP(X)
#undef X
};
enum saga_effect_kind {
#define X(name) SAGA_FX_##name,
    SAGA_EFFECT_MAP(X)
#undef X
};
enum saga_status {
#define X(name, text) SAGA_STATUS_##name,
    SAGA_STATUS_MAP(X)
#undef X
};
enum saga_reason {
#define X(name) SAGA_REASON_##name,
    SAGA_REASON_MAP(X)
#undef X
};

/* Kept out of the enums: a switch over them then needs no `default`. */
enum {
#define X(...) +1
    SAGA_STATES = 0 SAGA_STATE_MAP(X),
    SAGA_FLAGS = 0 SAGA_FLAG_MAP(X),
    CELL_STATES = 0 CELL_STATE_MAP(X),
    CALLS = 0 CALL_MAP(X),
    OUTCOMES = 0 OUTCOME_MAP(X),
    SAGA_EVENTS = 0 SAGA_EVENT_MAP(X),
    SAGA_ASKS = 0 SAGA_ASK_MAP(X),
    SAGA_EFFECTS = 0 SAGA_EFFECT_MAP(X),
    SAGA_STATUSES = 0 SAGA_STATUS_MAP(X),
    SAGA_REASONS = 0 SAGA_REASON_MAP(X),
#undef X
};

/* Answers to RENDER. */
enum saga_render {
    SAGA_RENDER_FAILED = 0,
    SAGA_RENDER_OK = 1,
    SAGA_RENDER_CHANGED = 2, /* Other bytes than the first attempt's (S3). */
    /* keysKept ran out while the call, in doubt, stood in the queue (S2). May be answered
     * whenever born_ms is not 0. */
    SAGA_RENDER_KEY_EXPIRED = 3,
};

/* Answers to SLOT; all but GRANTED and KEY_EXPIRED leave the cell queued, and the
 * caller remembers to send GRANTED when that has changed. */
enum saga_slot {
    SAGA_SLOT_GRANTED = 0,
    SAGA_SLOT_FULL = 1, /* maxConcurrent or the calls in flight in all. */
    SAGA_SLOT_RATE = 2,
    SAGA_SLOT_BREAKER = 3,
    SAGA_SLOT_PAUSED = 4,      /* The service is paused. */
    SAGA_SLOT_KEY_EXPIRED = 5, /* keysKept has passed for a call in doubt (S2). */
    SAGA_SLOT_HELD = 6,        /* Not asked: the saga itself is paused or held. */
    SAGA_SLOT_MISSING = 7,     /* The configuration names no such service. */
};

/* What a confirm's answer proves (S17). */
enum saga_confirm {
    SAGA_CONFIRM_NOTHING,
    SAGA_CONFIRM_APPLIED,
    SAGA_CONFIRM_NOT_APPLIED
};

/* ---- event ---------------------------------------------------------------- */

struct saga_event {
    enum saga_event_kind kind;
    uint64_t now_ms;   /* The shell's clock; the core has none. */
    uint64_t grace_ms; /* Downtime in all since the saga began (S43); 0 if none. */

    uint16_t step;       /* Cell events; RETRY: PLAN_NONE means the whole saga. */
    uint32_t item;       /* SAGA_NO_ITEM outside forEach. */
    enum call_kind call; /* GRANTED, ANSWERED, LOST, RETURNED. */
    uint64_t turn;       /* The turn that made the attempt due (S16). */

    enum outcome outcome;      /* ANSWERED, CALLED_BACK: SUCCEEDED..UNKNOWN. */
    bool may_retry;            /* ANSWERED: another attempt may help. */
    bool is_free;              /* ANSWERED: costs no attempt (S14). */
    bool is_stop;              /* ANSWERED: not retried, the step is stuck (S14). */
    enum saga_confirm confirm; /* ANSWERED to a CONFIRM. */
    uint64_t retry_at_ms;      /* ANSWERED: Retry-After, absolute; 0 none. */

    uint64_t seed;                 /* START: hash of the saga's id, for jitter. */
    bool is_lined_up;              /* START: another saga holds the ordering key. */
    bool is_ordered;               /* START: has an ordering key. */
    bool is_child;                 /* START. */
    uint8_t signal;                /* SIGNALLED: index of the name. */
    bool is_applied;               /* RESOLVE: the action's effect is in the world. */
    uint16_t generation;           /* CHILD_ENDED. */
    enum saga_status child_status; /* CHILD_ENDED: COMPLETED, COMPENSATED, RESOLVED. */
};

/* ---- state ---------------------------------------------------------------- */

struct saga_record {     /* A step, or an item, with no cell open. */
    uint8_t outcome : 3; /* enum outcome; NONE until settled. */
    uint8_t is_begun : 1;
    uint8_t in_doubt : 1;  /* Some attempt may have had its effect (S15). */
    uint8_t is_undone : 1; /* Compensated, or declared so by an operator. */
    uint8_t by_hand : 1;   /* Skipped or resolved by an operator. */
};

struct saga_step {
    struct saga_record record;
    uint32_t attempts; /* Of the action, every one counted. */
};

struct saga_run { /* `n` items in a row that stand alike. */
    struct saga_record record;
    uint32_t n;
};

/* No item is begun beyond LIMIT_RUNS; each open one may still add two when it settles. */
#define SAGA_RUNS_ROOM (LIMIT_RUNS + 2 * LIMIT_WIDTH)

struct saga_each {   /* A forEach that has begun. */
    uint32_t count;  /* Items in all; 0 until asked. */
    uint32_t next;   /* First item not begun. */
    uint32_t back;   /* Going back: items from here on are taken care of. */
    uint16_t n_runs; /* Of items 0..next-1; an open item's run value is its past. */
    uint16_t n_open; /* Cells of this step; not encoded. */
};

struct saga_cell {
    uint16_t step;
    uint32_t item;
    enum cell_state state;
    enum call_kind call;
    enum outcome last;        /* Of the last attempt of this call; NONE before. */
    enum saga_reason reason;  /* STUCK. */
    enum saga_slot slot;      /* QUEUED: why. */
    bool in_doubt;            /* This call. */
    bool has_2xx;             /* Callback calls: the answer has come. */
    enum outcome called_back; /* Callback calls: NONE until it came. */
    uint8_t n_not_applied;    /* Confirms that said so. */
    uint16_t generation;      /* Child: raised by an operator's retry; going back: 0. */
    uint32_t attempts;        /* Of this call, in all (Saga-Attempt). */
    uint32_t round;           /* Attempts since the policy began to count. */
    uint32_t free;            /* Of those, the ones that cost nothing. */
    uint64_t due_turn;        /* DUE: the attempt's name. Else 0. */
    uint64_t first_due_ms;    /* When this round began; 0 before. */
    uint64_t born_ms;         /* When this call's first attempt of all was due (S2). */
    uint64_t wake_ms;         /* BACKING_OFF, WAITING: 0 none. */
};

struct saga_signal { /* Kept for a later wait. */
    uint8_t name;
    uint64_t turn; /* Whose row holds the body. */
};

struct saga {
    enum saga_state state;
    uint32_t flags;
    uint64_t turn; /* +1 per applied event; the API's revision. */
    uint64_t seed;
    uint64_t began_ms;
    uint64_t deadline_ms; /* 0 none. */
    uint64_t grace_ms;    /* Downtime already added to the deadlines. */
    uint64_t paused_ms;   /* Since when; 0 when not paused. */
    uint64_t attempts;    /* Of all calls. */
    uint16_t error_step;  /* .error: the step that turned the saga back. */
    uint32_t error_item;
    uint64_t error_turn; /* 0: nothing failed. */

    uint16_t n_nodes;
    uint16_t n_each;
    uint16_t n_cells;
    uint16_t n_signals;
    uint16_t n_runs; /* In all. */
    struct saga_step steps[LIMIT_STEPS + 1];
    struct saga_each eachs[LIMIT_STEPS + 1];
    struct saga_run runs[SAGA_RUNS_ROOM]; /* Of each forEach in turn. */
    struct saga_cell cells[LIMIT_WIDTH];
    struct saga_signal signals[LIMIT_SIGNALS_ALL];
};

/* ---- questions and effects ------------------------------------------------ */

struct saga_question {
    enum saga_ask ask;
    uint16_t step;
    uint32_t item;
    enum call_kind call; /* RENDER, SLOT. */
    uint64_t born_ms;    /* RENDER, SLOT: first attempt of a call in doubt, for keysKept;
                          * else 0. */
    uint32_t attempts;   /* RENDER: made so far; 0: this one sets the hash (S3). */
    uint64_t turn;       /* SIGNAL: whose row holds the signal. */
};

/* Must answer the same for the same saga at the same turn; must not re-enter. */
struct saga_oracle {
    int64_t (*ask)(void *user, const struct saga_question *q);
    void *user;
};

struct saga_effect {
    enum saga_effect_kind kind;
    uint16_t step;
    uint32_t item;
    enum call_kind call;     /* SEND. */
    uint32_t attempt;        /* SEND: from 1, of this call. */
    bool in_doubt;           /* SEND: repeats an attempt in doubt. */
    uint16_t generation;     /* Children. */
    enum saga_status status; /* NOTIFY, ENDED, TELL_PARENT. */
};

#define SAGA_EFFECTS_ROOM (2 * LIMIT_WIDTH + 8)

struct saga_effects {
    uint32_t n;
    struct saga_effect items[SAGA_EFFECTS_ROOM];
};

enum saga_result {
    SAGA_APPLIED,   /* Commit, then carry out the effects. */
    SAGA_LATE,      /* Late, repeated, or nothing to do; nothing changed. Normal. */
    SAGA_REJECTED,  /* Not legal in this state; nothing changed. */
    SAGA_IN_FLIGHT, /* An operator's event, while that call is due (S62). */
};

/* A saga of this plan that has not started. */
void saga_init(struct saga *s, const struct plan *plan);

/* Apply one event. plan, ev and oracle are borrowed for the call. s and fx are
 * written only when the result is SAGA_APPLIED. Cannot fail. */
enum saga_result saga_advance(struct saga *s, const struct plan *plan,
                              const struct saga_event *ev,
                              const struct saga_oracle *oracle, struct saga_effects *fx);

/* True if s obeys every rule that holds between turns; checked after each turn, on
 * each read from the store and in the simulator. O(steps + open cells + runs). */
bool saga_is_sound(const struct saga *s, const struct plan *plan);

/* ---- questions about a state ----------------------------------------------- */

/* S30: what the world is shown. */
enum saga_status saga_status_of(const struct saga *s);
bool saga_is_final(const struct saga *s);
bool saga_is_stuck(const struct saga *s);

/* The earliest time something happens by itself (a cell's wake or the deadline), or
 * 0: never. While it is not passed and no cell is due or queued, the saga sleeps. */
uint64_t saga_wake_at(const struct saga *s, const struct plan *plan);

/* The open cell of (step, item), or NULL. Borrowed. */
const struct saga_cell *saga_cell_of(const struct saga *s, uint16_t step, uint32_t item);

/* The policy of a step's action, confirm or compensation. Borrowed. */
const struct plan_call *saga_call_of(const struct plan_node *node, enum call_kind call);

/* How an item of a forEach stands (is_begun false: not begun). */
struct saga_record saga_item_of(const struct saga *s, const struct plan *plan,
                                uint16_t step, uint32_t item);

/* Does the plan's step have something to take back, as it stands? (S20) */
bool saga_needs_undo(const struct saga *s, const struct plan_node *node,
                     struct saga_record record);

#endif /* CORE_SAGA_H */
