/*
 * table.h - the sagas in memory: those not asleep, and those somebody is waiting for.
 *
 * A resident saga is its encoded state and what the shell needs around it. Found by
 * number; each has a slot, which is its place in the timers too. Ids that uncommitted
 * starts have taken are in pending.h; committed ones are in the store.
 *
 * Engine thread only.
 */
#ifndef RUN_TABLE_H
#define RUN_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/core/saga.h"
#include "engine/store/store.h"
#include "engine/view/docs.h"
#include "engine/view/registry.h"

struct waiter;

struct resident_hash { /* Of an open call's first rendered request (S3). */
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    uint64_t hash;
    uint64_t address; /* Of its last attempt (address.h). */
};

struct resident {
    uint64_t num;
    uint32_t slot;
    struct store_saga row; /* As last written; its texts are owned, but stuck_step, which
                            * is the definition's. */
    uint32_t stuck_item;   /* With row.stuck_step. */
    const struct registry_entry *entry; /* Borrowed from the registry. */
    uint8_t *state;                     /* Owned; saga_code.h. */
    size_t state_n;
    size_t state_room;
    uint64_t loaded_turn; /* What was read from the store; 0: begun since the start. */
    struct docs *docs;    /* Owned; NULL until a turn needs it. */
    char *vars;           /* Owned; NULL: the configuration's of now. */
    struct resident_hash *hashes; /* Owned. */
    uint32_t n_hashes;
    uint32_t hashes_room;
    uint32_t n_uncommitted; /* Turns in batches not yet committed: stays in memory. */
    uint64_t journal_bytes; /* Of this saga, as far as seen (S53). */
    bool is_taken_back;     /* A completed child that its parent takes back. */
    struct waiter *waiters; /* Owned by waiters.c. */
};

struct table;

struct table *table_create(uint32_t residents_max);
void table_destroy(struct table *t); /* Frees all residents; NULL is fine. */

/* NULL: not in memory. */
struct resident *table_find(const struct table *t, uint64_t num);
struct resident *table_at(const struct table *t, uint32_t slot);

/* A new resident with copies of row's texts; NULL: the table is full. */
struct resident *table_add(struct table *t, const struct store_saga *row);
void table_remove(struct table *t, struct resident *r); /* Frees it. */

uint32_t table_count(const struct table *t);
uint32_t table_room(const struct table *t); /* Slots in all. */

void resident_set_state(struct resident *r, const uint8_t *state, size_t n);
/* Of an open call; NULL: it was not sent yet. */
const struct resident_hash *resident_hash_of(const struct resident *r, uint16_t step,
                                             uint32_t item, enum call_kind call);
void resident_set_hash(struct resident *r, struct resident_hash hash);
/* Forget the hashes of cells that are open no more. */
void resident_prune_hashes(struct resident *r, const struct saga *s);

#endif /* RUN_TABLE_H */
