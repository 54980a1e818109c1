/* memory_stuck.c - stuck sagas in groups, what is oldest; all are looked at. See
 * memory_store.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/store/memory/memory_store.h"

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool memory_is_alike(const struct store_stuck_group *g, const struct store_saga *s)
{
    return s->stuck_ms != 0 && strcmp(g->definition, s->definition_name) == 0 &&
           same_text(g->step, s->stuck_step) &&
           (g->step == NULL ||
            (g->call == s->stuck_call && g->outcome == s->stuck_outcome));
}

struct groups {
    struct store_stuck_group *items;
    size_t n;
    size_t room;
};

static struct store_stuck_group *group_of(struct groups *groups,
                                          const struct store_saga *s)
{
    struct store_stuck_group *g;

    for (size_t i = 0; i < groups->n; i++) {
        if (memory_is_alike(&groups->items[i], s)) {
            return &groups->items[i];
        }
    }
    if (groups->n == groups->room) {
        groups->room = groups->room == 0 ? 16 : 2 * groups->room;
        groups->items = mem_grow(groups->items, groups->room * sizeof(groups->items[0]));
    }
    g = &groups->items[groups->n++];
    *g = (struct store_stuck_group){.definition = s->definition_name,
                                    .step = s->stuck_step,
                                    .oldest_ms = s->stuck_ms};
    if (s->stuck_step != NULL) {
        g->call = s->stuck_call;
        g->outcome = s->stuck_outcome;
    }
    return g;
}

static void add(struct groups *groups, const struct store_saga *s)
{
    struct store_stuck_group *g = group_of(groups, s);

    g->n++;
    g->oldest_ms = s->stuck_ms < g->oldest_ms ? s->stuck_ms : g->oldest_ms;
}

/* NULL comes first, as in SQL. */
static int compare_texts(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return (a != NULL) - (b != NULL);
    }
    return strcmp(a, b);
}

static int compare(const void *a, const void *b)
{
    const struct store_stuck_group *x = a;
    const struct store_stuck_group *y = b;
    int order = (x->n < y->n) - (x->n > y->n);

    order = order != 0 ? order : strcmp(x->definition, y->definition);
    order = order != 0 ? order : compare_texts(x->step, y->step);
    order = order != 0 ? order : (x->call > y->call) - (x->call < y->call);
    return order != 0 ? order : (x->outcome > y->outcome) - (x->outcome < y->outcome);
}

enum err memory_scan_stuck(struct store_reader *r, const char *definition, size_t most,
                           store_each_stuck each, void *user, struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    struct groups groups = {.n = 0};

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    for (const struct memory_saga *s = reader->store->saga; s != NULL; s = s->older) {
        const struct store_saga *row = memory_row_at(s, reader->snapshot);

        if (row != NULL && row->stuck_ms != 0 &&
            (definition == NULL || strcmp(definition, row->definition_name) == 0)) {
            add(&groups, row);
        }
    }
    if (groups.n > 0) {
        qsort(groups.items, groups.n, sizeof(groups.items[0]), compare);
    }
    for (size_t i = 0; i < groups.n && i < most && each(user, &groups.items[i]); i++) {
    }
    memory_unlock(reader->store);
    free(groups.items);
    return ERR_OK;
}

enum err memory_oldest_stuck(struct store_reader *r, uint64_t *out_ms,
                             struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    uint64_t oldest_ms = 0;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    for (const struct memory_saga *s = reader->store->saga; s != NULL; s = s->older) {
        const struct store_saga *row = memory_row_at(s, reader->snapshot);

        if (row != NULL && row->stuck_ms != 0 &&
            (oldest_ms == 0 || row->stuck_ms < oldest_ms)) {
            oldest_ms = row->stuck_ms;
        }
    }
    memory_unlock(reader->store);
    *out_ms = oldest_ms;
    return ERR_OK;
}

bool memory_has_replay(const struct memory_replay *replay, uint64_t snapshot)
{
    return replay->commit <= snapshot &&
           (replay->gone == NULL || *replay->gone > snapshot);
}

enum err memory_oldest_replay(struct store_reader *r, uint64_t *out_ms,
                              struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    uint64_t oldest_ms = 0;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    for (const struct memory_replay *at = reader->store->replay; at != NULL;
         at = at->older) {
        oldest_ms =
            memory_has_replay(at, reader->snapshot) ? at->replay.at_ms : oldest_ms;
    }
    memory_unlock(reader->store);
    *out_ms = oldest_ms;
    return ERR_OK;
}
