/* table.c - see table.h. Open addressing; a free list of slots. All of it begins as
 * zeros, so that what no saga has used yet takes no memory. */
#include "engine/run/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

struct table {
    uint32_t n;
    uint32_t room;   /* Slots. */
    uint32_t n_ever; /* Slots handed out at least once. */
    uint32_t n_free;
    uint32_t mask;           /* Of the index, a power of two minus one. */
    struct resident **index; /* By number; NULL is empty. */
    struct resident **slots;
    uint32_t *free_slots;
};

struct table *table_create(uint32_t residents_max)
{
    struct table *t = mem_alloc(sizeof(*t));
    uint32_t size = 64;

    while (size < residents_max * 2U) {
        size *= 2;
    }
    t->room = residents_max;
    t->mask = size - 1;
    t->index = mem_alloc(size * sizeof(t->index[0]));
    t->free_slots = mem_alloc(residents_max * sizeof(t->free_slots[0]));
    t->slots = mem_alloc(residents_max * sizeof(t->slots[0]));
    return t;
}

static void resident_free(struct resident *r)
{
    free((void *)(uintptr_t)r->row.id);
    free((void *)(uintptr_t)r->row.key);
    free((void *)(uintptr_t)r->row.unique_key);
    free((void *)(uintptr_t)r->row.ordering_key);
    free((void *)(uintptr_t)r->row.labels);
    free((void *)(uintptr_t)r->row.traceparent);
    free((void *)(uintptr_t)r->row.tracestate);
    free((void *)(uintptr_t)r->row.stuck_error);
    free(r->state);
    free(r->vars);
    free(r->hashes);
    docs_destroy(r->docs);
    free(r);
}

void table_destroy(struct table *t)
{
    if (t == NULL) {
        return;
    }
    for (uint32_t slot = 0; slot < t->n_ever; slot++) {
        if (t->slots[slot] != NULL) {
            resident_free(t->slots[slot]);
        }
    }
    free(t->index);
    free(t->free_slots);
    free(t->slots);
    free(t);
}

/* Numbers that follow each other are looked up together: sixteen share a cache line. */
static uint32_t home_of(const struct table *t, uint64_t num)
{
    return ((uint32_t)hash_mix(num / 16, 1) * 16U + (uint32_t)(num % 16)) & t->mask;
}

/* The index place of num, or the empty place where it would go. */
static uint32_t place_of(const struct table *t, uint64_t num)
{
    uint32_t at = home_of(t, num);

    while (t->index[at] != NULL && t->index[at]->num != num) {
        at = (at + 1) & t->mask;
    }
    return at;
}

struct resident *table_find(const struct table *t, uint64_t num)
{
    return t->index[place_of(t, num)];
}

struct resident *table_at(const struct table *t, uint32_t slot)
{
    return t->slots[slot];
}

struct resident *table_add(struct table *t, const struct store_saga *row)
{
    uint32_t at = place_of(t, row->num);
    struct resident *r;

    assert(t->index[at] == NULL);
    if (t->n == t->room) {
        return NULL;
    }
    r = mem_alloc(sizeof(*r));
    r->num = row->num;
    r->row = *row;
    r->row.id = mem_text(row->id);
    r->row.key = mem_text(row->key);
    r->row.unique_key = mem_text(row->unique_key);
    r->row.ordering_key = mem_text(row->ordering_key);
    r->row.labels = mem_text(row->labels);
    r->row.traceparent = mem_text(row->traceparent);
    r->row.tracestate = mem_text(row->tracestate);
    r->row.stuck_step = NULL; /* Told from the state: stuck_load(). */
    r->row.stuck_error = mem_text(row->stuck_error);
    r->row.definition_name = NULL;
    r->slot = t->n_free > 0 ? t->free_slots[--t->n_free] : t->n_ever++;
    t->slots[r->slot] = r;
    t->index[at] = r;
    t->n++;
    return r;
}

/* Close the gap at `at` so that probing still finds everything behind it. */
static void close_gap(struct table *t, uint32_t at)
{
    uint32_t next = at;

    for (;;) {
        uint32_t home;

        next = (next + 1) & t->mask;
        if (t->index[next] == NULL) {
            break;
        }
        home = home_of(t, t->index[next]->num);
        if (((next - home) & t->mask) >= ((next - at) & t->mask)) {
            t->index[at] = t->index[next];
            at = next;
        }
    }
    t->index[at] = NULL;
}

void table_remove(struct table *t, struct resident *r)
{
    uint32_t at = place_of(t, r->num);

    assert(t->index[at] == r);
    close_gap(t, at);
    t->slots[r->slot] = NULL;
    t->free_slots[t->n_free++] = r->slot;
    t->n--;
    resident_free(r);
}

uint32_t table_count(const struct table *t)
{
    return t->n;
}

uint32_t table_room(const struct table *t)
{
    return t->room;
}

void resident_set_state(struct resident *r, const uint8_t *state, size_t n)
{
    if (n > r->state_room || r->state_room > 4 * n + 64) {
        r->state_room = n + n / 4 + 16;
        r->state = mem_grow(r->state, r->state_room);
    }
    memcpy(r->state, state, n);
    r->state_n = n;
}

static struct resident_hash *find_hash(const struct resident *r, uint16_t step,
                                       uint32_t item, enum call_kind call)
{
    for (uint32_t i = 0; i < r->n_hashes; i++) {
        struct resident_hash *h = &r->hashes[i];

        if (h->step == step && h->item == item && h->call == call) {
            return h;
        }
    }
    return NULL;
}

const struct resident_hash *resident_hash_of(const struct resident *r, uint16_t step,
                                             uint32_t item, enum call_kind call)
{
    return find_hash(r, step, item, call);
}

void resident_set_hash(struct resident *r, struct resident_hash hash)
{
    struct resident_hash *known = find_hash(r, hash.step, hash.item, hash.call);

    if (known != NULL) {
        known->address = hash.address; /* The hash is the first attempt's. */
        return;
    }
    if (r->n_hashes == r->hashes_room) {
        r->hashes_room = r->hashes_room == 0 ? 2 : r->hashes_room * 2;
        r->hashes = mem_grow(r->hashes, r->hashes_room * sizeof(r->hashes[0]));
    }
    r->hashes[r->n_hashes++] = hash;
}

void resident_prune_hashes(struct resident *r, const struct saga *s)
{
    for (uint32_t i = r->n_hashes; i > 0; i--) {
        if (saga_cell_of(s, r->hashes[i - 1].step, r->hashes[i - 1].item) == NULL) {
            r->hashes[i - 1] = r->hashes[--r->n_hashes];
        }
    }
}
