/*
 * store.h - what the engine asks of a store, and nothing of how it is kept.
 *
 * Writing: the engine fills a *batch* of operations and hands it to the writer
 * thread (writer.h), which commits it whole or not at all. Reading: each thread that
 * reads opens its own *reader*, which sees committed data only. SQLite, PostgreSQL
 * and memory pass one contract suite (tests/contract).
 *
 * The journal is append-only. A row holds an event and the state after it, so a
 * saga's current state is its last row. The saga's own row is written only when its
 * status, pause, stuck step or sleep changes (architecture.md rule 6).
 *
 * Ownership: a batch's operations and all they point to are borrowed by the store
 * until the commit ends; they live in the batch's arena. What a reader hands out lives
 * in the arena given to the call. Numbers (`num`) name rows inside; ids name sagas
 * outside.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json_span.h"
#include "engine/core/saga.h"
#include "engine/store/store_bulk.h"
#include "engine/store/store_notify.h"

struct store;
struct store_reader;

/* ---- rows ----------------------------------------------------------------- */

struct store_saga {
    uint64_t num;
    const char *id;
    uint64_t definition;      /* Number of the definition version. */
    const char *key;          /* NULL none. */
    const char *unique_key;   /* Holds the definition's `unique` key now, or NULL (S7). */
    const char *ordering_key; /* NULL none. */
    const char *labels;       /* JSON object text; NULL none. */
    const char *traceparent;  /* NULL none. */
    const char *tracestate;
    uint64_t parent; /* num of the parent, 0 none. */
    uint16_t parent_step;
    uint32_t parent_item;
    uint16_t generation;
    uint64_t vars; /* Number of the kept copy of the configuration's vars; 0 none. */
    enum saga_status status;
    bool is_paused;
    bool is_asleep;         /* Nothing is due before wake_ms: need not be in memory. */
    const char *stuck_step; /* Id of the first stuck step; NULL: it is not stuck, or as a
                             * whole (over a limit, poison). */
    enum call_kind stuck_call;  /* With stuck_step: what of it, */
    enum outcome stuck_outcome; /* and how its last attempt ended; NONE: none was made. */
    uint64_t stuck_ms;          /* Since when; 0: it is not. */
    const char *stuck_error;    /* In words, at most LIMIT_STUCK_ERROR; NULL: none. */
    uint64_t wake_ms;           /* 0: no time of its own. */
    uint64_t started_ms;
    uint64_t updated_ms;
    uint64_t ended_ms;           /* 0 while not final. */
    const char *definition_name; /* Filled by readers only. */
    uint32_t definition_version; /* Filled by readers only. */
};

struct store_turn {
    uint64_t saga;
    uint64_t turn;
    uint64_t at_ms;
    enum saga_event_kind event;
    struct store_bytes data;  /* engine/view/record.h */
    struct store_bytes state; /* saga_code.h */
};

struct store_definition {
    uint64_t num; /* Of this version, over all definitions. */
    const char *name;
    uint32_t version;
    const char *hash; /* Of the canonical content, hex. */
    const char *content;
    const char *children; /* Versions of its children that name none, as they were when
                           * it was stored: JSON object text; NULL: there are none. */
    uint64_t created_ms;
    uint32_t current; /* Filled by readers: the version new sagas take. */
    bool is_paused;   /* Filled by readers: starts are refused. */
    bool is_archived; /* Filled by readers. */
};

/* Elements of a forEach, evaluated once: a row holds that many, the step's last one
 * fewer. A row each would make the turn that begins ten thousand items a commit that
 * everybody waits for; one row for all would be read whole for one of them. */
#define STORE_ITEMS_A_ROW 64

struct store_items {
    uint64_t saga;
    uint16_t step;
    uint32_t first;            /* A multiple of STORE_ITEMS_A_ROW. */
    struct store_bytes values; /* A JSON array. */
};

struct store_late { /* An answer that no longer counts (S16); kept with the call. */
    uint64_t saga;
    uint64_t turn; /* Of the attempt. */
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    uint64_t at_ms;
    struct store_bytes data;
};

struct store_replay {  /* An Idempotency-Key that was used. */
    const char *scope; /* token and route */
    const char *key;
    const char *hash; /* Of the request body. */
    uint64_t saga;    /* A start: its saga; else 0. */
    int status;       /* Else the stored answer. */
    struct store_bytes body;
    uint64_t at_ms;
};

struct store_audit {
    uint64_t seq; /* Filled by readers only: the entries in their order, from 1. */
    uint64_t at_ms;
    const char *actor;
    const char *action;
    const char *subject;    /* Saga id, or name of a definition or service. */
    uint64_t turn;          /* 0 if it made no turn. */
    const char *reason;     /* NULL none. */
    const char *request_id; /* NULL none. */
    const char *previous;   /* Filled by readers only: the hash of the entry before; NULL:
                             * it   is the first. */
    const char *hash;       /* Filled by readers only: store_audit.h. */
};

/* ---- writing -------------------------------------------------------------- */

/* Carried out in the order added, in one transaction. */
enum store_op_kind {
    STORE_SAGA_INSERT, /* saga and, in .input, its input */
    STORE_SAGA_UPDATE, /* status, is_paused, is_asleep, stuck_…, wake_ms, updated_ms,
                          ended_ms, unique_key of saga.num */
    STORE_SAGA_PURGE,  /* saga.num, final, and all that is kept of it but audit, replays
                          and webhooks that wait: gone at updated_ms; its id stays taken */
    STORE_TURN,
    STORE_ITEMS,
    STORE_LATE,
    STORE_DEFINITION,       /* A new version. */
    STORE_DEFINITION_USE,   /* definition.name's current = version; creates the name's row
                               if absent */
    STORE_DEFINITION_FLAGS, /* definition.name: is_paused, is_archived */
    STORE_REPLAY,
    STORE_REPLAY_PRUNE, /* At most LIMIT_REPLAYS_PRUNED of the oldest, older than at_ms.
                         */
    STORE_AUDIT,
    STORE_VARS,         /* num, text */
    STORE_META,         /* name, text: insert or replace */
    STORE_NOTIFY,       /* A new webhook, which waits. */
    STORE_NOTIFY_TRIED, /* An attempt ended: status, due_ms, attempts, ended_ms,
                           http_status, error of notify.num, which waits; settled and of
                           no saga any more, it goes */
    STORE_NOTIFY_AGAIN, /* notify.num, of a saga, waits (again) from since_ms on, and is
                           due then */
    STORE_BULK,         /* A new bulk action. */
    STORE_BULK_UPDATE,  /* status, below, done, failed, ended_ms of bulk.num */
    STORE_BULK_ITEM,    /* What became of one saga. */
};

struct store_op {
    enum store_op_kind kind;
    struct store_op *next; /* Set by store_batch_add. */
    union {
        struct {
            struct store_saga row;
            struct store_bytes input; /* STORE_SAGA_INSERT only. */
        } saga;
        struct store_turn turn;
        struct store_items items;
        struct store_late late;
        struct store_definition definition;
        struct store_replay replay;
        struct store_audit audit;
        struct store_notify notify;
        struct store_bulk bulk;
        struct store_bulk_item bulk_item;
        struct {
            uint64_t num;
            const char *text;
        } vars;
        struct {
            const char *name;
            const char *text;
        } meta;
    } of;
};

struct store_batch {
    struct arena *arena; /* Holds everything in the batch; owned by the batch's owner. */
    struct store_op *first;
    struct store_op *last;
    size_t n;
};

/* A new operation at the end of the batch, zeroed but for its kind; the caller
 * fills it in, with texts and bytes from batch->arena. */
struct store_op *store_batch_add(struct store_batch *batch, enum store_op_kind kind);
/* STORE_ITEMS for all elements of a JSON array, copied. */
void store_batch_add_items(struct store_batch *batch, uint64_t saga, uint16_t step,
                           struct json_span items);
void store_batch_clear(struct store_batch *batch); /* Resets its arena. */

/* Commit all of it, durably (S90: synchronous=FULL). ERR_IO: the result is unknown
 * (S6): the caller must stop and never retry. ERR_LIMIT: the disk is full (S95), the
 * reserve was freed; stop too. One thread only. */
MUST_CHECK enum err store_commit(struct store *s, const struct store_batch *batch,
                                 struct err_info *info);

/* Idle work of the writing connection (checkpoint); after every commit. */
void store_tidy(struct store *s);

/* A copy of everything as it is when the last step is done, made by the writing
 * connection between commits (S96): begin, step until it says done, end. The thread that
 * commits. What is written meanwhile is in it. path is made anew; if the copy was not
 * done, ending it removes the file. ERR_LIMIT: no room where the copy is written; a copy
 * that fails does the store no harm. ERR_INVALID: this store cannot be copied. */
struct store_copy;
MUST_CHECK enum err store_copy_begin(struct store *s, const char *path,
                                     struct store_copy **out, struct err_info *info);
MUST_CHECK enum err store_copy_step(struct store_copy *c, bool *is_done,
                                    struct err_info *info);
void store_copy_end(struct store_copy *c); /* NULL is fine. */

/* STORE_META's name of what became of a backup's mark (S96), and what a fresh copy says:
 * this word, a space, and when it was made in ms. Texts of the engine's follow it. */
#define STORE_META_RESTORED "restored"
#define STORE_META_RESTORED_COPY "copy"

/* Free bytes where the store lives; UINT64_MAX when that means nothing. */
uint64_t store_free_bytes(const struct store *s);

void store_close(struct store *s); /* NULL is fine. Readers are closed first. */

/* ---- reading -------------------------------------------------------------- */

MUST_CHECK enum err store_reader_open(struct store *s, struct store_reader **out,
                                      struct err_info *info);
void store_reader_close(struct store_reader *r); /* NULL is fine. */

/* Between begin and end all reads see one moment. Optional: a read outside sees the
 * latest. Keep it short (S92); not nested. */
MUST_CHECK enum err store_reader_begin(struct store_reader *r, struct err_info *info);
void store_reader_end(struct store_reader *r);

/* Every reading function: ERR_OK, ERR_NOT_FOUND (nothing written to out), ERR_IO. */

/* The largest saga, definition, vars, notify and bulk numbers, 0 if none. */
struct store_numbers {
    uint64_t saga;
    uint64_t definition;
    uint64_t vars;
    uint64_t notify;
    uint64_t bulk;
};
MUST_CHECK enum err store_read_numbers(struct store_reader *r, struct store_numbers *out,
                                       struct err_info *info);

MUST_CHECK enum err store_find_saga(struct store_reader *r, const char *id,
                                    struct arena *a, struct store_saga *out,
                                    struct err_info *info);
/* Was there a saga of that id that was purged? ERR_NOT_FOUND: no. */
MUST_CHECK enum err store_find_purged(struct store_reader *r, const char *id,
                                      struct err_info *info);
MUST_CHECK enum err store_find_saga_num(struct store_reader *r, uint64_t num,
                                        struct arena *a, struct store_saga *out,
                                        struct err_info *info);
/* The saga that holds the `unique` key of the definition name. */
MUST_CHECK enum err store_find_unique(struct store_reader *r, const char *definition_name,
                                      const char *key, struct arena *a,
                                      struct store_saga *out, struct err_info *info);
/* The youngest child of the parent's step, or of one of its items. */
MUST_CHECK enum err store_find_child(struct store_reader *r, uint64_t parent,
                                     uint16_t step, uint32_t item, struct arena *a,
                                     struct store_saga *out, struct err_info *info);
MUST_CHECK enum err store_read_input(struct store_reader *r, uint64_t saga,
                                     struct arena *a, struct store_bytes *out,
                                     struct err_info *info);
MUST_CHECK enum err store_read_vars(struct store_reader *r, uint64_t vars,
                                    struct arena *a, const char **out,
                                    struct err_info *info);
MUST_CHECK enum err store_find_vars(struct store_reader *r, const char *text,
                                    uint64_t *out, struct err_info *info);

/* The saga's last turn. */
MUST_CHECK enum err store_last_turn(struct store_reader *r, uint64_t saga,
                                    struct arena *a, struct store_turn *out,
                                    struct err_info *info);

/* Its number alone: in SQLite that needs no row of the journal. */
MUST_CHECK enum err store_last_turn_number(struct store_reader *r, uint64_t saga,
                                           uint64_t *out, struct err_info *info);

/* Rows are borrowed for the call of each(); false ends the scan, which is ERR_OK. */
typedef bool (*store_each_turn)(void *user, const struct store_turn *turn);
typedef bool (*store_each_saga)(void *user, const struct store_saga *saga);
typedef bool (*store_each_definition)(void *user, const struct store_definition *d);
typedef bool (*store_each_late)(void *user, const struct store_late *late);

/* Turns from_turn.. of a saga, oldest first, at most `most`. */
MUST_CHECK enum err store_scan_turns(struct store_reader *r, uint64_t saga,
                                     uint64_t from_turn, size_t most,
                                     store_each_turn each, void *user,
                                     struct err_info *info);
MUST_CHECK enum err store_scan_late(struct store_reader *r, uint64_t saga,
                                    store_each_late each, void *user,
                                    struct err_info *info);
/* The row that holds `item`: a JSON array of the items from item / STORE_ITEMS_A_ROW *
 * STORE_ITEMS_A_ROW on. */
MUST_CHECK enum err store_read_items(struct store_reader *r, uint64_t saga, uint16_t step,
                                     uint32_t item, struct arena *a,
                                     struct store_bytes *out, struct err_info *info);

/* The children of a saga, of every step, item and generation; by num. */
MUST_CHECK enum err store_scan_children(struct store_reader *r, uint64_t parent,
                                        store_each_saga each, void *user,
                                        struct err_info *info);

/* Recovery: every saga neither final nor asleep, by num, above after_num. */
MUST_CHECK enum err store_scan_awake(struct store_reader *r, uint64_t after_num,
                                     size_t most, store_each_saga each, void *user,
                                     struct err_info *info);
/* Sleepers with a wake time up to until_ms, earliest first, then by num; those behind
 * (after_ms, after_num), or all when that is (0, 0). */
struct store_due {
    uint64_t after_ms;
    uint64_t after_num;
    uint64_t until_ms;
};
MUST_CHECK enum err store_scan_due(struct store_reader *r, const struct store_due *due,
                                   size_t most, store_each_saga each, void *user,
                                   struct err_info *info);

/* The sagas of the definition name with that ordering key that are not final, in the
 * order of their start. */
MUST_CHECK enum err store_scan_line(struct store_reader *r, const char *definition_name,
                                    const char *ordering_key, size_t most,
                                    store_each_saga each, void *user,
                                    struct err_info *info);

/* Audit entries, newest first, below before_seq (0: from the newest). */
struct store_audit_query {
    const char *actor; /* NULL: any; like those below. */
    const char *action;
    const char *subject;
    uint64_t before_seq;
    size_t most;
};
typedef bool (*store_each_audit)(void *user, const struct store_audit *audit);
MUST_CHECK enum err store_scan_audit(struct store_reader *r,
                                     const struct store_audit_query *q,
                                     store_each_audit each, void *user,
                                     struct err_info *info);

/* How many sagas of each definition name and status there are. */
typedef bool (*store_each_count)(void *user, const char *definition_name,
                                 enum saga_status status, uint64_t n);
MUST_CHECK enum err store_scan_counts(struct store_reader *r, store_each_count each,
                                      void *user, struct err_info *info);

struct store_filter {               /* Zero or NULL: not asked for. */
    uint32_t statuses;              /* Bit per enum saga_status. */
    const char *const *definitions; /* n_definitions names, or-ed. */
    size_t n_definitions;
    const char *const *stuck_steps;
    size_t n_stuck_steps;
    /* Only stuck sagas have these. */
    uint32_t stuck_calls;    /* Bit per enum call_kind. */
    uint32_t stuck_outcomes; /* Bit per enum outcome. */
    const char *stuck_error; /* Contained in it, whatever the case of ASCII letters. */
    const char *const *keys;
    size_t n_keys;
    const char *const *label_names; /* label_names[i] = label_values[i], and-ed. */
    const char *const *label_values;
    size_t n_labels;
    int paused;         /* 0 any, 1 paused only, -1 not paused only. */
    bool is_awake;      /* Only sagas that do not sleep. */
    uint64_t above_num; /* Only sagas with a larger number: a walk ends there. */
    uint64_t started_after_ms, started_before_ms;
    uint64_t updated_after_ms, updated_before_ms;
};

/* Newest first (by num), below before_num (0: from the newest). */
MUST_CHECK enum err store_scan_sagas(struct store_reader *r,
                                     const struct store_filter *filter,
                                     uint64_t before_num, size_t most,
                                     store_each_saga each, void *user,
                                     struct err_info *info);

/* A row to keep: its texts live in a. */
struct store_saga store_saga_copy(struct arena *a, const struct store_saga *from);

/* How many such sagas there are, each looked at. */
MUST_CHECK enum err store_count_sagas(struct store_reader *r,
                                      const struct store_filter *filter,
                                      uint64_t before_num, uint64_t *out,
                                      struct err_info *info);

/* version 0: the current one. */
MUST_CHECK enum err store_find_definition(struct store_reader *r, const char *name,
                                          uint32_t version, struct arena *a,
                                          struct store_definition *out,
                                          struct err_info *info);
MUST_CHECK enum err store_find_definition_num(struct store_reader *r, uint64_t num,
                                              struct arena *a,
                                              struct store_definition *out,
                                              struct err_info *info);
/* By content hash, of one name. */
MUST_CHECK enum err store_find_definition_hash(struct store_reader *r, const char *name,
                                               const char *hash, struct arena *a,
                                               struct store_definition *out,
                                               struct err_info *info);
/* Current versions by name, after a name (NULL: from the first). */
MUST_CHECK enum err store_scan_definitions(struct store_reader *r, const char *after_name,
                                           size_t most, store_each_definition each,
                                           void *user, struct err_info *info);
/* Versions of one name, newest first, below before_version (0: from the newest). */
MUST_CHECK enum err store_scan_versions(struct store_reader *r, const char *name,
                                        uint32_t before_version, size_t most,
                                        store_each_definition each, void *user,
                                        struct err_info *info);

MUST_CHECK enum err store_find_replay(struct store_reader *r, const char *scope,
                                      const char *key, struct arena *a,
                                      struct store_replay *out, struct err_info *info);

MUST_CHECK enum err store_read_meta(struct store_reader *r, const char *name,
                                    struct arena *a, const char **out,
                                    struct err_info *info);

/* ---- for backends ---------------------------------------------------------- */

/* Each backend fills one of these; the functions above call through it after the
 * checks that are the same for all (engine/store/store.c). See store_backend.h. */
struct store_backend;

#endif /* STORE_STORE_H */
