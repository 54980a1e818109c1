/*
 * torture.h - the store, in one process, while the N-th operation or allocation fails.
 *
 * A scenario is prepared once; then, for N = 1, 2, 3 … until N is never reached, a child
 * process runs it on a copy with the fault at N (tests/failing) and ends. It must end
 * with everything done, with an error in words, or, out of memory, with the house's
 * sentence and an abort (base/mem.h). The parent then opens what is left, without faults,
 * and judges: the file is sound, what was acknowledged is there, the rest is there whole
 * or not at all, and work goes on.
 *
 * Batches are numbered. Each writes its number into the meta table and the audit, so that
 * a batch that is half there is seen whatever it is about.
 */
#ifndef TESTS_TORTURE_H
#define TESTS_TORTURE_H

#include "base/arena.h"
#include "base/err.h"
#include "engine/store/store.h"
#include "engine/store/store_open.h"

#define TORTURE_PATH_MAX 256
#define TORTURE_SAGAS 60U /* Of the prepared database; numbers from 1. */

struct torture { /* What a run of a scenario works on. */
    char db[TORTURE_PATH_MAX];
    char backup[TORTURE_PATH_MAX];
    char other[TORTURE_PATH_MAX]; /* Where a restored database goes. */
    struct store *store;
    struct store_reader *reader;
    struct arena *arena;
    struct store_batch batch;
    uint64_t last;          /* The batch being made, or made last. */
    uint64_t *acknowledged; /* In memory shared with the parent: the last one so. */
    bool is_wrong;          /* It was answered, and not with what is there. */
    struct err_info info;
};

struct torture_scenario {
    const char *name;
    enum err (*run)(struct torture *t);
    /* NULL, or a sentence of what is wrong. t is open; `batch` is the last one found. */
    const char *(*judge)(struct torture *t, uint64_t batch);
    bool is_new;     /* Begins without a database. */
    bool has_backup; /* Begins with a backup beside it. */
    bool is_raw;     /* Opens what it wants by itself, and so does its judge. */
};

extern const struct torture_scenario torture_scenarios[];
extern const size_t torture_scenarios_n;

/* ---- what scenarios do ------------------------------------------------------------- */

enum err torture_open(struct torture *t);
void torture_close(struct torture *t);

/* The next batch: its number is written; the caller adds to t->batch, then commits. */
void torture_begin(struct torture *t);
enum err torture_commit(struct torture *t);

/* A prepared database: a definition, sagas with three turns each, a third of them final.
 */
enum err torture_fill(struct torture *t);

/* The saga's last state is "state <turn> of <saga>"? */
bool torture_has_turn(struct torture *t, uint64_t saga, uint64_t turn);
void torture_add_start(struct torture *t, uint64_t saga);
void torture_add_turn(struct torture *t, uint64_t saga, uint64_t turn);
void torture_add_status(struct torture *t, uint64_t saga, enum saga_status status);

/* A store_check that lets everything pass. */
enum err torture_check(void *user, struct store *copy, struct err_info *info);

/* integrity_check and foreign_key_check of a database file, and the sums of its tables;
 * NULL: sound. */
const char *torture_unsound(const char *path);

#endif /* TESTS_TORTURE_H */
