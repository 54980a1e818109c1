/*
 * memory_store.h - the inside of the memory store; for engine/store/memory only.
 *
 * Everything is kept for ever in one arena. What changes (a saga's row, a definition
 * name, a meta text) is a chain of versions, the newest first, each marked with the
 * number of the commit that made it; what is only added carries its commit's number
 * too. A reader sees what is not newer than its snapshot: no copies, no waiting.
 *
 * A commit writes in place and notes each word it changes; a refused batch is taken
 * back by restoring the words in reverse. One mutex, recursive, since each() may read.
 */
#ifndef STORE_MEMORY_STORE_H
#define STORE_MEMORY_STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "engine/store/store_backend.h"

/* ---- what is kept ----------------------------------------------------------------- */

struct memory_row { /* A version of a saga's row. */
    struct memory_row *older;
    uint64_t commit;
    bool is_purged; /* Gone, but for its id and number. */
    struct store_saga saga;
};

struct memory_turn {
    struct memory_turn *older;
    uint64_t commit;
    struct store_turn turn;
};

struct memory_late {
    struct memory_late *older;
    uint64_t commit;
    struct store_late late;
};

struct memory_items {
    struct memory_items *older;
    uint64_t commit;
    struct store_items items;
};

struct memory_saga {
    struct memory_saga *older; /* In the store's list. */
    struct memory_row *row;    /* Never NULL. */
    struct memory_turn *turn;  /* Newest; NULL none. */
    struct memory_late *late;
    struct memory_items *items;
    struct store_bytes input;
};

struct memory_name_row {
    struct memory_name_row *older;
    uint64_t commit;
    uint32_t current;
    bool is_paused;
    bool is_archived;
};

struct memory_definition {
    struct memory_definition *older; /* Of the same name. */
    uint64_t commit;
    struct store_definition definition;
};

struct memory_name {
    struct memory_name *older;
    const char *name;
    struct memory_name_row *row; /* Never NULL. */
    struct memory_definition *definition;
};

struct memory_vars {
    struct memory_vars *older;
    uint64_t commit;
    uint64_t num;
    const char *text;
};

struct memory_replay {
    struct memory_replay *older;
    uint64_t *gone; /* Number of the commit that dropped it; NULL: it is there. */
    uint64_t commit;
    struct store_replay replay;
};

struct memory_audit {
    struct memory_audit *older;
    uint64_t commit;
    struct store_audit audit;
};

struct memory_meta { /* A version; older ones of all names follow. */
    struct memory_meta *older;
    uint64_t commit;
    const char *name;
    const char *text;
};

struct memory_notify { /* A version of a webhook; older ones of all follow. */
    struct memory_notify *older;
    uint64_t commit;
    bool is_gone; /* Settled or purged after its saga was. */
    struct store_notify notify;
};

struct memory_bulk { /* A version of a bulk action; older ones of all follow. */
    struct memory_bulk *older;
    uint64_t commit;
    struct store_bulk bulk;
};

struct memory_bulk_item {
    struct memory_bulk_item *older;
    uint64_t commit;
    struct store_bulk_item item;
};

/* ---- index ------------------------------------------------------------------------- */

struct memory_node {
    struct memory_node *next;
    uint64_t hash;
    void *owner;
};

struct memory_map { /* By hash; who finds must compare. Nothing is ever removed. */
    struct memory_node **buckets;
    size_t n_buckets; /* A power of two. */
    size_t n;
};

/* The first or next node of this hash; NULL at the end. */
struct memory_node *memory_map_first(const struct memory_map *m, uint64_t hash);
struct memory_node *memory_map_next(const struct memory_node *node);

/* ---- store --------------------------------------------------------------------------
 */

struct memory_word { /* What a word held before this batch. */
    void **where;
    void *was;
};

struct memory_store {
    struct store base;
    pthread_mutex_t lock; /* Guards all below. */
    struct arena *arena;
    uint64_t commit; /* Number of the last commit. */
    struct memory_saga *saga;
    struct memory_name *name;
    struct memory_vars *vars;
    struct memory_meta *meta;
    struct memory_notify *notify;
    struct memory_bulk *bulk;
    struct memory_bulk_item *bulk_item;
    struct memory_audit *audit;
    struct memory_replay *replay;
    struct memory_map by_id;
    struct memory_map by_num;
    struct memory_map by_unique; /* Every saga that ever held the key. */
    struct memory_map replays;
    struct memory_word *words; /* Of the batch at hand. */
    size_t n_words;
    size_t words_room;
};

struct memory_reader {
    struct store_reader base;
    struct memory_store *store;
    uint64_t snapshot; /* UINT64_MAX: sees the latest. */
};

void memory_lock(struct memory_store *m);
void memory_unlock(struct memory_store *m);

/* Hashes of what the maps are asked for. */
uint64_t memory_hash_text(const char *text);
uint64_t memory_hash_pair(const char *a, const char *b);

/* The version of a saga's row that a snapshot sees, or NULL: none, or purged. */
const struct store_saga *memory_row_at(const struct memory_saga *saga, uint64_t snapshot);
/* The same, purged or not. */
const struct memory_row *memory_version_at(const struct memory_saga *saga,
                                           uint64_t snapshot);
struct memory_saga *memory_saga_num(const struct memory_store *m, uint64_t num);
struct memory_name *memory_name_find(const struct memory_store *m, const char *name);
/* The saga that holds a unique key at a snapshot, or NULL. */
struct memory_saga *memory_unique_holder(const struct memory_store *m, const char *name,
                                         const char *key, uint64_t snapshot);

/* memory_commit.c */
enum err memory_commit(struct store *s, const struct store_batch *batch,
                       struct err_info *info);
/* A word changes, and is put back if the batch is refused: where must stay valid until
 * the batch ends. */
void memory_set_word(struct memory_store *m, void *where, void *to);

/* memory_notify.c: writing within a batch; see struct store_backend for reading. */
enum err memory_insert_notify(struct memory_store *m, const struct store_notify *from,
                              struct err_info *info);
enum err memory_note_notify_tried(struct memory_store *m, const struct store_notify *to,
                                  struct err_info *info);
enum err memory_queue_notify_again(struct memory_store *m, const struct store_notify *to,
                                   struct err_info *info);
/* Those of a purged saga: settled ones go, the others are nobody's. */
void memory_purge_notifies(struct memory_store *m, uint64_t saga);
uint64_t memory_notify_largest(const struct memory_reader *r); /* Number; 0: none. */
struct store_bytes memory_notify_body(const struct memory_reader *r, uint64_t num);
/* The least above it of those that wait; NULL: none. */
const char *memory_notify_origin(const struct memory_reader *r, const char *above);
enum err memory_scan_notify(struct store_reader *r, const struct store_notify_query *q,
                            store_each_notify each, void *user, struct err_info *info);
enum err memory_oldest_notify(struct store_reader *r, uint64_t *out_ms,
                              struct err_info *info);

/* memory_bulk.c: writing within a batch; see struct store_backend for reading. */
enum err memory_insert_bulk(struct memory_store *m, const struct store_bulk *from,
                            struct err_info *info);
enum err memory_update_bulk(struct memory_store *m, const struct store_bulk *to,
                            struct err_info *info);
enum err memory_insert_bulk_item(struct memory_store *m,
                                 const struct store_bulk_item *from,
                                 struct err_info *info);
uint64_t memory_bulk_largest(const struct memory_reader *r); /* Number; 0: none. */
enum err memory_scan_bulks(struct store_reader *r, const struct store_bulk_query *q,
                           store_each_bulk each, void *user, struct err_info *info);
enum err memory_scan_bulk_items(struct store_reader *r,
                                const struct store_bulk_items_query *q,
                                store_each_bulk_item each, void *user,
                                struct err_info *info);

/* memory_read.c, memory_list.c: see struct store_backend. */
enum err memory_read_numbers(struct store_reader *r, struct store_numbers *out,
                             struct err_info *info);
enum err memory_find_vars(struct store_reader *r, const char *text, uint64_t *num_out,
                          struct err_info *info);
enum err memory_read_bytes(struct store_reader *r, const struct store_bytes_query *q,
                           store_take_bytes take, void *user, struct err_info *info);
enum err memory_find_replay(struct store_reader *r, const char *scope, const char *key,
                            store_take_replay take, void *user, struct err_info *info);
enum err memory_scan_sagas(struct store_reader *r, const struct store_saga_query *q,
                           store_each_saga each, void *user, struct err_info *info);
enum err memory_count_sagas(struct store_reader *r, const struct store_filter *filter,
                            uint64_t before_num, uint64_t *out, struct err_info *info);
enum err memory_scan_turns(struct store_reader *r, const struct store_turn_query *q,
                           store_each_turn each, void *user, struct err_info *info);
enum err memory_scan_late(struct store_reader *r, uint64_t saga, store_each_late each,
                          void *user, struct err_info *info);
enum err memory_scan_audit(struct store_reader *r, const struct store_audit_query *q,
                           store_each_audit each, void *user, struct err_info *info);
enum err memory_scan_stuck(struct store_reader *r, const char *definition, size_t most,
                           store_each_stuck each, void *user, struct err_info *info);
enum err memory_oldest_stuck(struct store_reader *r, uint64_t *out_ms,
                             struct err_info *info);
enum err memory_oldest_replay(struct store_reader *r, uint64_t *out_ms,
                              struct err_info *info);
/* Does a snapshot see it? */
bool memory_has_replay(const struct memory_replay *replay, uint64_t snapshot);
/* Is the saga of that group? */
bool memory_is_alike(const struct store_stuck_group *g, const struct store_saga *s);
enum err memory_scan_counts(struct store_reader *r, store_each_count each, void *user,
                            struct err_info *info);
enum err memory_scan_definitions(struct store_reader *r,
                                 const struct store_definition_query *q,
                                 store_each_definition each, void *user,
                                 struct err_info *info);

#endif /* STORE_MEMORY_STORE_H */
