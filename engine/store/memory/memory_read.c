/* memory_read.c - reading rows, turns and definitions. See memory_store.h. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/store/memory/memory_store.h"

static void keep_largest(uint64_t *n, uint64_t to)
{
    *n = to > *n ? to : *n;
}

enum err memory_read_numbers(struct store_reader *r, struct store_numbers *out,
                             struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    struct memory_store *m = reader->store;
    struct store_numbers n = {0};

    (void)info; /* Nothing can go wrong. */
    memory_lock(m);
    for (const struct memory_saga *s = m->saga; s != NULL; s = s->older) {
        const struct memory_row *row = memory_version_at(s, reader->snapshot);

        keep_largest(&n.saga, row == NULL ? 0 : row->saga.num);
    }
    for (const struct memory_name *name = m->name; name != NULL; name = name->older) {
        for (const struct memory_definition *d = name->definition; d != NULL;
             d = d->older) {
            keep_largest(&n.definition,
                         d->commit <= reader->snapshot ? d->definition.num : 0);
        }
    }
    for (const struct memory_vars *v = m->vars; v != NULL; v = v->older) {
        keep_largest(&n.vars, v->commit <= reader->snapshot ? v->num : 0);
    }
    n.notify = memory_notify_largest(reader);
    n.bulk = memory_bulk_largest(reader);
    memory_unlock(m);
    *out = n;
    return ERR_OK;
}

enum err memory_find_vars(struct store_reader *r, const char *text, uint64_t *num_out,
                          struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    for (const struct memory_vars *v = reader->store->vars; v != NULL; v = v->older) {
        if (v->commit <= reader->snapshot && strcmp(v->text, text) == 0) {
            *num_out = v->num; /* The oldest stays. */
        }
    }
    memory_unlock(reader->store);
    return ERR_OK;
}

/* ---- bytes
 * ------------------------------------------------------------------------------ */

static struct store_bytes text_bytes(const char *text)
{
    return (struct store_bytes){text, text == NULL ? 0 : strlen(text)};
}

static struct store_bytes saga_bytes(const struct memory_reader *r,
                                     const struct store_bytes_query *q)
{
    const struct memory_saga *saga = memory_saga_num(r->store, q->num);

    if (saga == NULL || memory_row_at(saga, r->snapshot) == NULL) {
        return (struct store_bytes){NULL, 0};
    }
    if (q->of == STORE_BYTES_INPUT) {
        return saga->input;
    }
    for (const struct memory_items *i = saga->items; i != NULL; i = i->older) {
        if (i->commit <= r->snapshot && i->items.step == q->step &&
            i->items.first == q->item) {
            return i->items.values;
        }
    }
    return (struct store_bytes){NULL, 0};
}

/* The id, if a saga of that id was purged. */
static struct store_bytes purged_bytes(const struct memory_reader *r, const char *id)
{
    for (struct memory_node *node =
             memory_map_first(&r->store->by_id, memory_hash_text(id));
         node != NULL; node = memory_map_next(node)) {
        const struct memory_row *row = memory_version_at(node->owner, r->snapshot);

        if (row != NULL && row->is_purged && strcmp(row->saga.id, id) == 0) {
            return text_bytes(row->saga.id);
        }
    }
    return (struct store_bytes){NULL, 0};
}

static struct store_bytes vars_bytes(const struct memory_reader *r, uint64_t num)
{
    for (const struct memory_vars *v = r->store->vars; v != NULL; v = v->older) {
        if (v->commit <= r->snapshot && v->num == num) {
            return text_bytes(v->text);
        }
    }
    return (struct store_bytes){NULL, 0};
}

static struct store_bytes meta_bytes(const struct memory_reader *r, const char *name)
{
    for (const struct memory_meta *t = r->store->meta; t != NULL; t = t->older) {
        if (t->commit <= r->snapshot && strcmp(t->name, name) == 0) {
            return text_bytes(t->text);
        }
    }
    return (struct store_bytes){NULL, 0};
}

enum err memory_read_bytes(struct store_reader *r, const struct store_bytes_query *q,
                           store_take_bytes take, void *user, struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    struct store_bytes bytes = {NULL, 0};

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    switch (q->of) {
    case STORE_BYTES_INPUT:
    case STORE_BYTES_ITEMS:
        bytes = saga_bytes(reader, q);
        break;
    case STORE_BYTES_VARS:
        bytes = vars_bytes(reader, q->num);
        break;
    case STORE_BYTES_META:
        bytes = meta_bytes(reader, q->name);
        break;
    case STORE_BYTES_PURGED:
        bytes = purged_bytes(reader, q->name);
        break;
    case STORE_BYTES_NOTIFY:
        bytes = memory_notify_body(reader, q->num);
        break;
    case STORE_BYTES_NOTIFY_ORIGIN:
        bytes = text_bytes(memory_notify_origin(reader, q->name));
        break;
    }
    if (bytes.at != NULL) {
        take(user, bytes);
    }
    memory_unlock(reader->store);
    return ERR_OK;
}

enum err memory_find_replay(struct store_reader *r, const char *scope, const char *key,
                            store_take_replay take, void *user, struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    for (struct memory_node *node =
             memory_map_first(&reader->store->replays, memory_hash_pair(scope, key));
         node != NULL; node = memory_map_next(node)) {
        const struct memory_replay *replay = node->owner;

        if (memory_has_replay(replay, reader->snapshot) &&
            strcmp(replay->replay.scope, scope) == 0 &&
            strcmp(replay->replay.key, key) == 0) {
            take(user, &replay->replay);
            break;
        }
    }
    memory_unlock(reader->store);
    return ERR_OK;
}

/* ---- audit ---------------------------------------------------------------------- */

static bool is_asked(const char *wanted, const char *text)
{
    return wanted == NULL || strcmp(wanted, text) == 0;
}

enum err memory_scan_audit(struct store_reader *r, const struct store_audit_query *q,
                           store_each_audit each, void *user, struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    size_t n = 0;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    for (const struct memory_audit *at = reader->store->audit; at != NULL && n < q->most;
         at = at->older) {
        const struct store_audit *a = &at->audit;

        if (at->commit <= reader->snapshot &&
            (q->before_seq == 0 || a->seq < q->before_seq) &&
            is_asked(q->actor, a->actor) && is_asked(q->action, a->action) &&
            is_asked(q->subject, a->subject)) {
            n = each(user, a) ? n + 1 : q->most;
        }
    }
    memory_unlock(reader->store);
    return ERR_OK;
}

/* ---- turns and late answers
 * ---------------------------------------------------------------- */

/* The turns asked for, newest first, into `to` (NULL: only counted). */
static size_t pick_turns(const struct memory_reader *r, const struct memory_saga *saga,
                         const struct store_turn_query *q, const struct store_turn **to)
{
    size_t n = 0;

    for (const struct memory_turn *t = saga->turn; t != NULL; t = t->older) {
        if (t->commit > r->snapshot) {
            continue;
        }
        if (!q->is_last && t->turn.turn < q->from_turn) {
            break;
        }
        if (to != NULL) {
            to[n] = &t->turn;
        }
        n++;
        if (q->is_last) {
            break;
        }
    }
    return n;
}

enum err memory_scan_turns(struct store_reader *r, const struct store_turn_query *q,
                           store_each_turn each, void *user, struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    const struct memory_saga *saga;
    const struct store_turn **turns;
    size_t n;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    saga = memory_saga_num(reader->store, q->saga);
    n = saga == NULL || memory_row_at(saga, reader->snapshot) == NULL
            ? 0
            : pick_turns(reader, saga, q, NULL);
    if (n > 0) {
        turns = mem_alloc(n * sizeof(*turns));
        (void)pick_turns(reader, saga, q, turns); /* n of them. */
        for (size_t i = 0; i < n && i < q->most && each(user, turns[n - 1 - i]); i++) {
        }
        free(turns);
    }
    memory_unlock(reader->store);
    return ERR_OK;
}

/* Oldest first: the list is newest first. Late answers are few. */
static bool give_late(const struct memory_reader *r, const struct memory_late *l,
                      store_each_late each, void *user)
{
    if (l == NULL) {
        return true;
    }
    if (!give_late(r, l->older, each, user)) {
        return false;
    }
    return l->commit > r->snapshot || each(user, &l->late);
}

enum err memory_scan_late(struct store_reader *r, uint64_t saga, store_each_late each,
                          void *user, struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    const struct memory_saga *s;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    s = memory_saga_num(reader->store, saga);
    if (s != NULL && memory_row_at(s, reader->snapshot) != NULL) {
        (void)give_late(reader, s->late, each, user); /* false: each() had enough. */
    }
    memory_unlock(reader->store);
    return ERR_OK;
}

/* ---- definitions
 * ---------------------------------------------------------------------------- */

static const struct memory_name_row *name_row_at(const struct memory_name *name,
                                                 uint64_t snapshot)
{
    const struct memory_name_row *row = name->row;

    while (row != NULL && row->commit > snapshot) {
        row = row->older;
    }
    return row;
}

static bool is_wanted(const struct store_definition_query *q,
                      const struct store_definition *d)
{
    switch (q->by) {
    case STORE_DEFINITIONS_BY_VERSION:
        return strcmp(d->name, q->name) == 0 &&
               d->version == (q->version == 0 ? d->current : q->version);
    case STORE_DEFINITIONS_BY_NUM:
        return d->num == q->num;
    case STORE_DEFINITIONS_BY_HASH:
        return strcmp(d->name, q->name) == 0 && strcmp(d->hash, q->hash) == 0;
    case STORE_DEFINITIONS_CURRENT:
        return d->version == d->current &&
               (q->name == NULL || strcmp(d->name, q->name) > 0);
    case STORE_DEFINITIONS_VERSIONS:
        return strcmp(d->name, q->name) == 0 &&
               (q->version == 0 || d->version < q->version);
    }
    return false;
}

/* By name; of one name the newest version first. */
static int compare_definitions(const void *a, const void *b)
{
    const struct store_definition *x = a;
    const struct store_definition *y = b;
    const int by_name = strcmp(x->name, y->name);

    return by_name != 0 ? by_name : (x->version < y->version) - (x->version > y->version);
}

struct found {
    struct store_definition *items;
    size_t n;
    size_t room;
};

static void find_of_name(const struct memory_reader *r, const struct memory_name *name,
                         const struct store_definition_query *q, struct found *f)
{
    const struct memory_name_row *row = name_row_at(name, r->snapshot);

    if (row == NULL) {
        return;
    }
    for (const struct memory_definition *d = name->definition; d != NULL; d = d->older) {
        struct store_definition filled = d->definition;

        filled.current = row->current;
        filled.is_paused = row->is_paused;
        filled.is_archived = row->is_archived;
        if (d->commit > r->snapshot || !is_wanted(q, &filled)) {
            continue;
        }
        if (f->n == f->room) {
            f->room = f->room == 0 ? 16 : 2 * f->room;
            f->items = mem_grow(f->items, f->room * sizeof(f->items[0]));
        }
        f->items[f->n] = filled;
        f->n++;
    }
}

enum err memory_scan_definitions(struct store_reader *r,
                                 const struct store_definition_query *q,
                                 store_each_definition each, void *user,
                                 struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    struct found f = {NULL, 0, 0};

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    for (const struct memory_name *n = reader->store->name; n != NULL; n = n->older) {
        find_of_name(reader, n, q, &f);
    }
    if (f.n > 0) {
        qsort(f.items, f.n, sizeof(f.items[0]), compare_definitions);
    }
    for (size_t i = 0; i < f.n && i < q->most && each(user, &f.items[i]); i++) {
    }
    memory_unlock(reader->store);
    free(f.items);
    return ERR_OK;
}
