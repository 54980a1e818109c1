/*
 * store_backend.h - what a backend fills in; for backends and store.c only.
 *
 * Kept narrow so that a backend says only how rows are written and found: finding one
 * row is a scan that stops at the first, and copying rows into the caller's arena,
 * the checks of arguments and the fail-stop after a failed commit are in store.c.
 *
 * A backend's store and reader begin with struct store and struct store_reader.
 * Threads: commit and tidy are called by one thread (the writer); each reader by one
 * thread at a time; free_bytes and alive_path by any.
 */
#ifndef STORE_STORE_BACKEND_H
#define STORE_STORE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/store/store.h"
#include "engine/store/store_notify.h"
#include "engine/store/store_retention.h"
#include "engine/store/store_stuck.h"

struct store {
    const struct store_backend *backend; /* Static. */
    bool has_failed;         /* Writer thread: no commit after a failed one. */
    struct err_info failure; /* Why. */
};

struct store_copy {
    const struct store_backend *backend; /* Static. */
};

struct store_reader {
    const struct store_backend *backend; /* Static. */
};

/* Which sagas, in which order. */
enum store_sagas_by {
    STORE_SAGAS_BY_ID,     /* id */
    STORE_SAGAS_BY_NUM,    /* num */
    STORE_SAGAS_BY_UNIQUE, /* name, key */
    STORE_SAGAS_BY_PLACE,  /* num: the parent's; step, item; the last generation first. */
    STORE_SAGAS_CHILDREN,  /* num: the parent's; by num. */
    STORE_SAGAS_IN_LINE,   /* name, key: not final, with that ordering key; by num. */
    STORE_SAGAS_AWAKE,     /* Not final, not asleep, above num; by num. */
    STORE_SAGAS_DUE,    /* Asleep, behind (after_ms, num), wake_ms <= until_ms, not 0; by
                         * wake_ms, num. */
    STORE_SAGAS_LISTED, /* filter, below num; newest first. */
    STORE_SAGAS_ALIKE,  /* group; newest first. */
    STORE_SAGAS_ENDED,  /* Of the final status, above num; by num. */
};

struct store_saga_query {
    enum store_sagas_by by;
    const char *id;
    uint64_t num;
    const char *name;
    const char *key;
    uint16_t step;
    uint32_t item;
    uint64_t after_ms;
    uint64_t until_ms;
    const struct store_filter *filter; /* Never NULL for LISTED. Times are exclusive. */
    const struct store_stuck_group *group;
    enum saga_status status;
    size_t most; /* At least 1. */
};

enum store_definitions_by {
    STORE_DEFINITIONS_BY_VERSION, /* name, version; version 0: the current one */
    STORE_DEFINITIONS_BY_NUM,     /* num */
    STORE_DEFINITIONS_BY_HASH,    /* name, hash; the newest version first */
    STORE_DEFINITIONS_CURRENT,    /* Current versions above name, by name. */
    STORE_DEFINITIONS_VERSIONS,   /* Of name, below version, newest first. */
};

struct store_definition_query {
    enum store_definitions_by by;
    const char *name; /* CURRENT: NULL from the first. */
    const char *hash;
    uint64_t num;
    uint32_t version; /* VERSIONS: 0 from the newest. */
    size_t most;      /* At least 1. */
};

enum store_bytes_of {
    STORE_BYTES_INPUT,         /* saga */
    STORE_BYTES_ITEMS,         /* num, step, item: the row that begins with it */
    STORE_BYTES_VARS,          /* num */
    STORE_BYTES_META,          /* name */
    STORE_BYTES_NOTIFY,        /* num: the body */
    STORE_BYTES_PURGED,        /* name: the id, if such a saga was purged */
    STORE_BYTES_NOTIFY_ORIGIN, /* The least origin above name ("": the first) that has a
                                * waiting one. */
};

struct store_bytes_query {
    enum store_bytes_of of;
    uint64_t num; /* Of the saga, the vars or the webhook. */
    uint16_t step;
    uint32_t item;
    const char *name;
};

struct store_turn_query {
    uint64_t saga;
    bool is_last; /* The last turn only. */
    bool is_bare; /* With is_last: its number is enough. */
    uint64_t from_turn;
    size_t most; /* At least 1. */
};

enum store_notify_by {
    STORE_NOTIFY_BY_ORIGIN, /* origin: waiting ones; by due_ms, num. */
    STORE_NOTIFY_BY_ID,     /* saga, id */
    STORE_NOTIFY_BY_SAGA,   /* saga, statuses, below before_num; newest first. */
    STORE_NOTIFY_OF_ALL,    /* The same of every saga that is there. */
};

struct store_notify_query {
    enum store_notify_by by;
    const char *origin;
    const char *id;
    uint64_t saga;
    unsigned statuses;   /* Bit per enum store_notify_status; never none. */
    uint64_t before_num; /* 0: from the newest. */
    size_t most;         /* At least 1. */
};

struct store_bulk_query { /* By id, or newest first below before_num (0: from the newest).
                           */
    const char *id;
    uint64_t before_num;
    size_t most; /* At least 1. */
};

/* A row of bytes or a replay, borrowed for the call. */
typedef void (*store_take_bytes)(void *user, struct store_bytes bytes);
typedef void (*store_take_replay)(void *user, const struct store_replay *replay);

/* Every reading function gives no row, ERR_OK, when there is none; each() may call
 * other functions of the same reader, but not the one that called it. */
struct store_backend {
    /* ERR_CONFLICT: an operation broke a rule, nothing was written. ERR_BUSY: nothing
     * was written. Anything else: stop. */
    enum err (*commit)(struct store *s, const struct store_batch *batch,
                       struct err_info *info);
    enum err (*tidy)(struct store *s, struct err_info *info); /* A failure is a stop. */
    enum err (*copy_begin)(struct store *s, const char *path, struct store_copy **out,
                           struct err_info *info);
    enum err (*copy_step)(struct store_copy *c, bool *is_done, struct err_info *info);
    void (*copy_end)(struct store_copy *c);
    uint64_t (*free_bytes)(const struct store *s);
    const char *(*alive_path)(const struct store *s);
    void (*close)(struct store *s);

    enum err (*reader_open)(struct store *s, struct store_reader **out,
                            struct err_info *info);
    void (*reader_close)(struct store_reader *r);
    enum err (*reader_begin)(struct store_reader *r, struct err_info *info);
    void (*reader_end)(struct store_reader *r);

    enum err (*read_numbers)(struct store_reader *r, struct store_numbers *out,
                             struct err_info *info);
    enum err (*find_vars)(struct store_reader *r, const char *text, uint64_t *num_out,
                          struct err_info *info); /* 0: none. */
    enum err (*read_bytes)(struct store_reader *r, const struct store_bytes_query *q,
                           store_take_bytes take, void *user, struct err_info *info);
    enum err (*find_replay)(struct store_reader *r, const char *scope, const char *key,
                            store_take_replay take, void *user, struct err_info *info);
    enum err (*scan_sagas)(struct store_reader *r, const struct store_saga_query *q,
                           store_each_saga each, void *user, struct err_info *info);
    enum err (*scan_turns)(struct store_reader *r, const struct store_turn_query *q,
                           store_each_turn each, void *user, struct err_info *info);
    enum err (*scan_late)(struct store_reader *r, uint64_t saga, store_each_late each,
                          void *user, struct err_info *info);
    enum err (*scan_notify)(struct store_reader *r, const struct store_notify_query *q,
                            store_each_notify each, void *user, struct err_info *info);
    enum err (*oldest_notify)(struct store_reader *r, uint64_t *out_ms,
                              struct err_info *info);
    enum err (*scan_audit)(struct store_reader *r, const struct store_audit_query *q,
                           store_each_audit each, void *user, struct err_info *info);
    enum err (*scan_counts)(struct store_reader *r, store_each_count each, void *user,
                            struct err_info *info);
    enum err (*scan_stuck)(struct store_reader *r, const char *definition, size_t most,
                           store_each_stuck each, void *user, struct err_info *info);
    enum err (*oldest_replay)(struct store_reader *r, uint64_t *out_ms,
                              struct err_info *info);
    enum err (*oldest_stuck)(struct store_reader *r, uint64_t *out_ms,
                             struct err_info *info);
    enum err (*scan_definitions)(struct store_reader *r,
                                 const struct store_definition_query *q,
                                 store_each_definition each, void *user,
                                 struct err_info *info);
    enum err (*count_sagas)(struct store_reader *r, const struct store_filter *filter,
                            uint64_t before_num, uint64_t *out, struct err_info *info);
    enum err (*scan_bulks)(struct store_reader *r, const struct store_bulk_query *q,
                           store_each_bulk each, void *user, struct err_info *info);
    enum err (*scan_bulk_items)(struct store_reader *r,
                                const struct store_bulk_items_query *q,
                                store_each_bulk_item each, void *user,
                                struct err_info *info);
};

/* Copies whose texts and bytes live in a. */
struct store_bytes store_bytes_copy(struct arena *a, struct store_bytes from);
struct store_definition store_definition_copy(struct arena *a,
                                              const struct store_definition *from);
struct store_replay store_replay_copy(struct arena *a, const struct store_replay *from);

#endif /* STORE_STORE_BACKEND_H */
