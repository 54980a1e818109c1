/* memory_list.c - finding sagas: every one is looked at, which tests can afford. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "engine/store/memory/memory_store.h"
#include "engine/store/store_label.h"

/* ---- does a saga belong in the answer?
 * -------------------------------------------------- */

/* true if nothing is asked for. */
static bool is_among(const char *text, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text != NULL && strcmp(text, texts[i]) == 0) {
            return true;
        }
    }
    return n == 0;
}

static bool has_label(const char *labels, const char *name, const char *value)
{
    struct store_label_walk w;
    bool is_found = false;

    store_label_walk_init(&w, labels);
    while (!is_found && store_label_walk_next(&w)) {
        is_found = strcmp(buf_text(&w.name), name) == 0 &&
                   strcmp(buf_text(&w.value), value) == 0;
    }
    store_label_walk_done(&w);
    return is_found;
}

static bool is_between(uint64_t at_ms, uint64_t after_ms, uint64_t before_ms)
{
    return (after_ms == 0 || at_ms > after_ms) && (before_ms == 0 || at_ms < before_ms);
}

static char lowered(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Whatever the case of ASCII letters. */
static bool contains(const char *text, const char *part)
{
    const size_t n = strlen(part);

    for (size_t i = 0; i + n <= strlen(text); i++) {
        size_t same = 0;

        while (same < n && lowered(text[i + same]) == lowered(part[same])) {
            same++;
        }
        if (same == n) {
            return true;
        }
    }
    return false;
}

static bool passes_stuck(const struct store_filter *f, const struct store_saga *s)
{
    if (f->stuck_calls == 0 && f->stuck_outcomes == 0 && f->stuck_error == NULL) {
        return true;
    }
    if (s->stuck_ms == 0 ||
        (f->stuck_error != NULL &&
         (s->stuck_error == NULL || !contains(s->stuck_error, f->stuck_error)))) {
        return false;
    }
    if (s->stuck_step == NULL) {
        return f->stuck_calls == 0 && f->stuck_outcomes == 0;
    }
    return (f->stuck_calls == 0 || (f->stuck_calls & (1U << s->stuck_call)) != 0) &&
           (f->stuck_outcomes == 0 ||
            (f->stuck_outcomes & (1U << s->stuck_outcome)) != 0);
}

static bool passes(const struct store_filter *f, const struct store_saga *s)
{
    if (s->num <= f->above_num ||
        (f->statuses != 0 && (f->statuses & (1U << s->status)) == 0) ||
        (f->paused != 0 && s->is_paused != (f->paused > 0)) ||
        (f->is_awake && s->is_asleep)) {
        return false;
    }
    if (!is_among(s->definition_name, f->definitions, f->n_definitions) ||
        !is_among(s->stuck_step, f->stuck_steps, f->n_stuck_steps) ||
        !is_among(s->key, f->keys, f->n_keys) || !passes_stuck(f, s)) {
        return false;
    }
    for (size_t i = 0; i < f->n_labels; i++) {
        if (!has_label(s->labels, f->label_names[i], f->label_values[i])) {
            return false;
        }
    }
    return is_between(s->started_ms, f->started_after_ms, f->started_before_ms) &&
           is_between(s->updated_ms, f->updated_after_ms, f->updated_before_ms);
}

static bool is_final(const struct store_saga *s)
{
    return s->status >= SAGA_STATUS_COMPLETED;
}

static bool is_due(const struct store_saga_query *q, const struct store_saga *s)
{
    const bool is_behind =
        s->wake_ms > q->after_ms || (s->wake_ms == q->after_ms && s->num > q->num);

    return !is_final(s) && s->is_asleep && s->wake_ms > 0 && s->wake_ms <= q->until_ms &&
           is_behind;
}

static bool is_wanted(const struct store_saga_query *q, const struct store_saga *s)
{
    switch (q->by) {
    case STORE_SAGAS_BY_ID:
        return strcmp(s->id, q->id) == 0;
    case STORE_SAGAS_BY_NUM:
        return s->num == q->num;
    case STORE_SAGAS_BY_UNIQUE:
        return s->unique_key != NULL && strcmp(s->unique_key, q->key) == 0 &&
               strcmp(s->definition_name, q->name) == 0;
    case STORE_SAGAS_BY_PLACE:
        return s->parent == q->num && s->parent_step == q->step &&
               s->parent_item == q->item;
    case STORE_SAGAS_CHILDREN:
        return q->num != 0 && s->parent == q->num;
    case STORE_SAGAS_IN_LINE:
        return !is_final(s) && s->ordering_key != NULL &&
               strcmp(s->ordering_key, q->key) == 0 &&
               strcmp(s->definition_name, q->name) == 0;
    case STORE_SAGAS_AWAKE:
        return !is_final(s) && !s->is_asleep && s->num > q->num;
    case STORE_SAGAS_DUE:
        return is_due(q, s);
    case STORE_SAGAS_ENDED:
        return s->status == q->status && s->num > q->num;
    case STORE_SAGAS_ALIKE:
        return memory_is_alike(q->group, s);
    case STORE_SAGAS_LISTED:
        return (q->num == 0 || s->num < q->num) && passes(q->filter, s);
    }
    return false;
}

/* ---- order
 * --------------------------------------------------------------------------------- */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int compare_num(const void *a, const void *b)
{
    const struct store_saga *const *x = a;
    const struct store_saga *const *y = b;

    return compare_numbers((*x)->num, (*y)->num);
}

static int compare_num_down(const void *a, const void *b)
{
    return compare_num(b, a);
}

static int compare_generation_down(const void *a, const void *b)
{
    const struct store_saga *const *x = a;
    const struct store_saga *const *y = b;

    return compare_numbers((*y)->generation, (*x)->generation);
}

static int compare_wake(const void *a, const void *b)
{
    const struct store_saga *const *x = a;
    const struct store_saga *const *y = b;
    const int by_wake = compare_numbers((*x)->wake_ms, (*y)->wake_ms);

    return by_wake != 0 ? by_wake : compare_num(a, b);
}

/* ---- scans
 * ----------------------------------------------------------------------------------- */

struct found {
    const struct store_saga **items;
    size_t n;
    size_t room;
};

static void consider(const struct memory_reader *r, const struct memory_saga *saga,
                     const struct store_saga_query *q, struct found *f)
{
    const struct store_saga *row = memory_row_at(saga, r->snapshot);

    if (row == NULL || !is_wanted(q, row)) {
        return;
    }
    if (f->n == f->room) {
        f->room = f->room == 0 ? 64 : 2 * f->room;
        f->items = mem_grow(f->items, f->room * sizeof(f->items[0]));
    }
    f->items[f->n] = row;
    f->n++;
}

static void consider_map(const struct memory_reader *r, const struct memory_map *map,
                         uint64_t hash, const struct store_saga_query *q, struct found *f)
{
    for (struct memory_node *node = memory_map_first(map, hash); node != NULL;
         node = memory_map_next(node)) {
        consider(r, node->owner, q, f);
    }
}

static void find(const struct memory_reader *r, const struct store_saga_query *q,
                 struct found *f)
{
    const struct memory_store *m = r->store;

    switch (q->by) {
    case STORE_SAGAS_BY_ID:
        consider_map(r, &m->by_id, memory_hash_text(q->id), q, f);
        return;
    case STORE_SAGAS_BY_NUM:
        consider_map(r, &m->by_num, hash_mix(q->num, 0), q, f);
        return;
    case STORE_SAGAS_BY_UNIQUE:
        consider_map(r, &m->by_unique, memory_hash_pair(q->name, q->key), q, f);
        return;
    case STORE_SAGAS_BY_PLACE:
    case STORE_SAGAS_CHILDREN:
    case STORE_SAGAS_IN_LINE:
    case STORE_SAGAS_AWAKE:
    case STORE_SAGAS_DUE:
    case STORE_SAGAS_ALIKE:
    case STORE_SAGAS_ENDED:
    case STORE_SAGAS_LISTED:
        for (const struct memory_saga *s = m->saga; s != NULL; s = s->older) {
            consider(r, s, q, f);
        }
        return;
    }
}

enum err memory_scan_sagas(struct store_reader *r, const struct store_saga_query *q,
                           store_each_saga each, void *user, struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    struct found f = {NULL, 0, 0};

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    find(reader, q, &f);
    if (f.n > 0) {
        qsort(f.items, f.n, sizeof(f.items[0]),
              q->by == STORE_SAGAS_DUE        ? compare_wake
              : q->by == STORE_SAGAS_LISTED   ? compare_num_down
              : q->by == STORE_SAGAS_ALIKE    ? compare_num_down
              : q->by == STORE_SAGAS_BY_PLACE ? compare_generation_down
                                              : compare_num);
    }
    for (size_t i = 0; i < f.n && i < q->most && each(user, f.items[i]); i++) {
    }
    memory_unlock(reader->store);
    free(f.items);
    return ERR_OK;
}

static bool count_one(void *user, const struct store_saga *row)
{
    (void)row;
    ++*(uint64_t *)user;
    return true;
}

enum err memory_count_sagas(struct store_reader *r, const struct store_filter *filter,
                            uint64_t before_num, uint64_t *out, struct err_info *info)
{
    const struct store_saga_query q = {
        .by = STORE_SAGAS_LISTED, .num = before_num, .filter = filter, .most = SIZE_MAX};

    *out = 0;
    return memory_scan_sagas(r, &q, count_one, out, info);
}

/* ---- counts
 * ---------------------------------------------------------------------------------- */

static void count_name(const struct memory_reader *r, const char *name,
                       uint64_t counts[SAGA_STATUSES])
{
    for (const struct memory_saga *s = r->store->saga; s != NULL; s = s->older) {
        const struct store_saga *row = memory_row_at(s, r->snapshot);

        if (row != NULL && strcmp(row->definition_name, name) == 0) {
            counts[row->status]++;
        }
    }
}

/* The first name after `after` (NULL: of all), or NULL. */
static const char *name_after(const struct memory_store *m, const char *after)
{
    const char *first = NULL;

    for (const struct memory_name *n = m->name; n != NULL; n = n->older) {
        if ((after == NULL || strcmp(n->name, after) > 0) &&
            (first == NULL || strcmp(n->name, first) < 0)) {
            first = n->name;
        }
    }
    return first;
}

enum err memory_scan_counts(struct store_reader *r, store_each_count each, void *user,
                            struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    bool goes_on = true;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    for (const char *name = name_after(reader->store, NULL); name != NULL && goes_on;
         name = name_after(reader->store, name)) {
        uint64_t counts[SAGA_STATUSES] = {0};

        count_name(reader, name, counts);
        for (unsigned status = 0; status < SAGA_STATUSES && goes_on; status++) {
            goes_on = counts[status] == 0 ||
                      each(user, name, (enum saga_status)status, counts[status]);
        }
    }
    memory_unlock(reader->store);
    return ERR_OK;
}
