/* board.c - see board.h. Lists that only grow at their head: an entry is whole before it
 * can be found, and never goes. */
#include "engine/calls/board.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct board_entry {
    const char *name; /* Owned. */
    struct board_entry *next;
    atomic_bool is_missing;
    atomic_bool is_paused;
    _Atomic(const char *) paused_by; /* Of board->names, as held_by. */
    _Atomic(const char *) held_by;
    atomic_int breaker;
    atomic_uint_fast64_t open_until_ms;
    atomic_uint_fast32_t in_flight;
    atomic_uint_fast32_t most;
    atomic_uint_fast32_t queued;
    atomic_uint_fast32_t rate_per_s;
};

struct name {
    char *text; /* Owned. */
    struct name *next;
};

struct board {
    _Atomic(struct board_entry *) entries;
    atomic_int hold;
    atomic_bool is_crowded;
    struct name *names; /* The engine thread's list; the texts are anybody's. */
};

struct board *board_create(void)
{
    return mem_alloc(sizeof(struct board));
}

void board_destroy(struct board *b)
{
    struct board_entry *entry;

    if (b == NULL) {
        return;
    }
    for (entry = atomic_load(&b->entries); entry != NULL;) {
        struct board_entry *next = entry->next;

        free((char *)(uintptr_t)entry->name);
        free(entry);
        entry = next;
    }
    while (b->names != NULL) {
        struct name *next = b->names->next;

        free(b->names->text);
        free(b->names);
        b->names = next;
    }
    free(b);
}

static struct board_entry *find(const struct board *b, const char *name)
{
    struct board_entry *entry = atomic_load(&b->entries);

    while (entry != NULL && strcmp(entry->name, name) != 0) {
        entry = entry->next;
    }
    return entry;
}

struct board_entry *board_entry_of(struct board *b, const char *name)
{
    struct board_entry *entry = find(b, name);

    if (entry == NULL) {
        entry = mem_alloc(sizeof(*entry));
        entry->name = mem_text(name);
        entry->next = atomic_load(&b->entries);
        atomic_store(&b->entries, entry);
    }
    return entry;
}

void board_put(struct board_entry *entry, const struct board_facts *facts)
{
    atomic_store_explicit(&entry->is_missing, facts->is_missing, memory_order_relaxed);
    atomic_store_explicit(&entry->is_paused, facts->is_paused, memory_order_relaxed);
    /* Release: the text behind it is whole. */
    atomic_store_explicit(&entry->paused_by, facts->paused_by, memory_order_release);
    atomic_store_explicit(&entry->held_by, facts->held_by, memory_order_release);
    atomic_store_explicit(&entry->breaker, (int)facts->breaker, memory_order_relaxed);
    atomic_store_explicit(&entry->open_until_ms, facts->open_until_ms,
                          memory_order_relaxed);
    atomic_store_explicit(&entry->in_flight, facts->in_flight, memory_order_relaxed);
    atomic_store_explicit(&entry->most, facts->most, memory_order_relaxed);
    atomic_store_explicit(&entry->rate_per_s, facts->rate_per_s, memory_order_relaxed);
}

atomic_uint_fast32_t *board_queued(struct board_entry *entry)
{
    return &entry->queued;
}

void board_put_hold(struct board *b, enum board_hold hold)
{
    atomic_store_explicit(&b->hold, (int)hold, memory_order_relaxed);
}

void board_put_crowded(struct board *b, bool is_crowded)
{
    atomic_store_explicit(&b->is_crowded, is_crowded, memory_order_relaxed);
}

const char *board_name(struct board *b, const char *name)
{
    struct name *at = b->names;

    if (name == NULL) {
        return NULL;
    }
    while (at != NULL && strcmp(at->text, name) != 0) {
        at = at->next;
    }
    if (at == NULL) {
        at = mem_alloc(sizeof(*at));
        *at = (struct name){.text = mem_text(name), .next = b->names};
        b->names = at;
    }
    return at->text;
}

bool board_read(const struct board *b, const char *name, struct board_facts *out)
{
    const struct board_entry *entry = find(b, name);

    if (entry == NULL) {
        return false;
    }
    *out = (struct board_facts){
        .is_missing = atomic_load(&entry->is_missing),
        .is_paused = atomic_load(&entry->is_paused),
        .paused_by = atomic_load(&entry->paused_by),
        .held_by = atomic_load(&entry->held_by),
        .breaker = (enum board_breaker)atomic_load(&entry->breaker),
        .open_until_ms = atomic_load(&entry->open_until_ms),
        .in_flight = (uint32_t)atomic_load(&entry->in_flight),
        .most = (uint32_t)atomic_load(&entry->most),
        .queued = (uint32_t)atomic_load(&entry->queued),
        .rate_per_s = (uint32_t)atomic_load(&entry->rate_per_s),
        .is_crowded = atomic_load(&b->is_crowded),
    };
    return true;
}

enum board_hold board_hold_of(const struct board *b)
{
    return (enum board_hold)atomic_load(&b->hold);
}
