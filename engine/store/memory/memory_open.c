/* memory_open.c - the life of the memory store: see store_open.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "engine/store/memory/memory_store.h"
#include "engine/store/store_open.h"

#define ARENA_CHUNK_BYTES ((size_t)256 * 1024)

static const struct store_backend backend;

/* Mutex calls fail only when misused, which is a bug. */
void memory_lock(struct memory_store *m)
{
    const int result = pthread_mutex_lock(&m->lock);

    assert(result == 0);
}

void memory_unlock(struct memory_store *m)
{
    const int result = pthread_mutex_unlock(&m->lock);

    assert(result == 0);
}

/* ---- finding --------------------------------------------------------------------------
 */

uint64_t memory_hash_text(const char *text)
{
    return hash_bytes(text, strlen(text));
}

uint64_t memory_hash_pair(const char *a, const char *b)
{
    return hash_mix(memory_hash_text(a), memory_hash_text(b));
}

static struct memory_node *of_hash(struct memory_node *node, uint64_t hash)
{
    while (node != NULL && node->hash != hash) {
        node = node->next;
    }
    return node;
}

struct memory_node *memory_map_first(const struct memory_map *m, uint64_t hash)
{
    return m->n_buckets == 0 ? NULL
                             : of_hash(m->buckets[hash & (m->n_buckets - 1)], hash);
}

struct memory_node *memory_map_next(const struct memory_node *node)
{
    return of_hash(node->next, node->hash);
}

const struct memory_row *memory_version_at(const struct memory_saga *saga,
                                           uint64_t snapshot)
{
    for (const struct memory_row *row = saga->row; row != NULL; row = row->older) {
        if (row->commit <= snapshot) {
            return row;
        }
    }
    return NULL;
}

const struct store_saga *memory_row_at(const struct memory_saga *saga, uint64_t snapshot)
{
    const struct memory_row *row = memory_version_at(saga, snapshot);

    return row == NULL || row->is_purged ? NULL : &row->saga;
}

struct memory_saga *memory_saga_num(const struct memory_store *m, uint64_t num)
{
    struct memory_node *node = memory_map_first(&m->by_num, hash_mix(num, 0));

    while (node != NULL && ((struct memory_saga *)node->owner)->row->saga.num != num) {
        node = memory_map_next(node);
    }
    return node == NULL ? NULL : node->owner;
}

struct memory_name *memory_name_find(const struct memory_store *m, const char *name)
{
    struct memory_name *n = m->name;

    while (n != NULL && strcmp(n->name, name) != 0) {
        n = n->older;
    }
    return n;
}

struct memory_saga *memory_unique_holder(const struct memory_store *m, const char *name,
                                         const char *key, uint64_t snapshot)
{
    for (struct memory_node *node =
             memory_map_first(&m->by_unique, memory_hash_pair(name, key));
         node != NULL; node = memory_map_next(node)) {
        const struct store_saga *row = memory_row_at(node->owner, snapshot);

        if (row != NULL && row->unique_key != NULL && strcmp(row->unique_key, key) == 0 &&
            strcmp(row->definition_name, name) == 0) {
            return node->owner;
        }
    }
    return NULL;
}

/* ---- life
 * ------------------------------------------------------------------------------- */

enum err store_open_memory(struct store **out, struct err_info *info)
{
    struct memory_store *m = mem_alloc(sizeof(*m));
    pthread_mutexattr_t kind;
    int result;

    (void)info; /* Nothing can go wrong. */
    m->base.backend = &backend;
    m->arena = arena_create(ARENA_CHUNK_BYTES);
    result = pthread_mutexattr_init(&kind);
    assert(result == 0);
    result = pthread_mutexattr_settype(&kind, PTHREAD_MUTEX_RECURSIVE);
    assert(result == 0);
    result = pthread_mutex_init(&m->lock, &kind);
    assert(result == 0);
    (void)pthread_mutexattr_destroy(&kind); /* Does nothing here. */
    *out = &m->base;
    return ERR_OK;
}

static void close_store(struct store *s)
{
    struct memory_store *m = (struct memory_store *)s;

    (void)pthread_mutex_destroy(&m->lock); /* Fails only while in use. */
    free(m->by_id.buckets);
    free(m->by_num.buckets);
    free(m->by_unique.buckets);
    free(m->replays.buckets);
    free(m->words);
    arena_destroy(m->arena);
    free(m);
}

static enum err tidy(struct store *s, struct err_info *info)
{
    (void)s;
    (void)info;
    return ERR_OK;
}

static enum err copy_begin(struct store *s, const char *path, struct store_copy **out,
                           struct err_info *info)
{
    (void)s;
    (void)path;
    (void)out;
    return err_set(info, ERR_INVALID, "a store in memory has no file to copy");
}

static uint64_t free_bytes(const struct store *s)
{
    (void)s;
    return UINT64_MAX;
}

static const char *alive_path(const struct store *s)
{
    (void)s;
    return NULL;
}

static enum err open_reader(struct store *s, struct store_reader **out,
                            struct err_info *info)
{
    struct memory_reader *r = mem_alloc(sizeof(*r));

    (void)info; /* Nothing can go wrong. */
    r->base.backend = &backend;
    r->store = (struct memory_store *)s;
    r->snapshot = UINT64_MAX;
    *out = &r->base;
    return ERR_OK;
}

static void close_reader(struct store_reader *r)
{
    free(r);
}

static enum err begin(struct store_reader *r, struct err_info *info)
{
    struct memory_reader *reader = (struct memory_reader *)r;

    (void)info;                             /* Nothing can go wrong. */
    assert(reader->snapshot == UINT64_MAX); /* Not nested. */
    memory_lock(reader->store);
    reader->snapshot = reader->store->commit;
    memory_unlock(reader->store);
    return ERR_OK;
}

static void end(struct store_reader *r)
{
    ((struct memory_reader *)r)->snapshot = UINT64_MAX;
}

static const struct store_backend backend = {
    .commit = memory_commit,
    .tidy = tidy,
    .copy_begin = copy_begin, /* It never begins: no step, no end. */
    .free_bytes = free_bytes,
    .alive_path = alive_path,
    .close = close_store,
    .reader_open = open_reader,
    .reader_close = close_reader,
    .reader_begin = begin,
    .reader_end = end,
    .read_numbers = memory_read_numbers,
    .find_vars = memory_find_vars,
    .read_bytes = memory_read_bytes,
    .find_replay = memory_find_replay,
    .scan_sagas = memory_scan_sagas,
    .scan_turns = memory_scan_turns,
    .scan_late = memory_scan_late,
    .scan_notify = memory_scan_notify,
    .oldest_notify = memory_oldest_notify,
    .scan_audit = memory_scan_audit,
    .scan_stuck = memory_scan_stuck,
    .oldest_stuck = memory_oldest_stuck,
    .oldest_replay = memory_oldest_replay,
    .scan_counts = memory_scan_counts,
    .scan_definitions = memory_scan_definitions,
    .count_sagas = memory_count_sagas,
    .scan_bulks = memory_scan_bulks,
    .scan_bulk_items = memory_scan_bulk_items,
};
