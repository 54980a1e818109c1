/* memory_commit.c - a batch, whole or not at all. See memory_store.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "engine/store/memory/memory_store.h"
#include "engine/store/store_audit.h"

#define BUCKETS_LEAST 1024

/* ---- words that can be taken back -----------------------------------------------------
 */

/* All pointers have one size and form on the systems we build for (POSIX says so for
 * void *). */
void memory_set_word(struct memory_store *m, void *where, void *to)
{
    if (m->n_words == m->words_room) {
        m->words_room = m->words_room == 0 ? 256 : 2 * m->words_room;
        m->words = mem_grow(m->words, m->words_room * sizeof(m->words[0]));
    }
    m->words[m->n_words] = (struct memory_word){.where = where};
    memcpy(&m->words[m->n_words].was, where, sizeof(void *));
    memcpy(where, &to, sizeof(void *));
    m->n_words++;
}

static void take_back(struct memory_store *m)
{
    while (m->n_words > 0) {
        m->n_words--;
        memcpy(m->words[m->n_words].where, &m->words[m->n_words].was, sizeof(void *));
    }
}

/* ---- maps
 * ------------------------------------------------------------------------------ */

static void grow_map(struct memory_map *map, size_t n_more)
{
    struct memory_map bigger = {.n_buckets = BUCKETS_LEAST, .n = map->n};

    if (map->n + n_more <= map->n_buckets) {
        return;
    }
    while (bigger.n_buckets < 2 * (map->n + n_more)) {
        bigger.n_buckets *= 2;
    }
    bigger.buckets = mem_alloc(bigger.n_buckets * sizeof(bigger.buckets[0]));
    for (size_t i = 0; i < map->n_buckets; i++) {
        struct memory_node *node = map->buckets[i];

        while (node != NULL) {
            struct memory_node *next = node->next;
            struct memory_node **bucket =
                &bigger.buckets[node->hash & (bigger.n_buckets - 1)];

            node->next = *bucket;
            *bucket = node;
            node = next;
        }
    }
    free(map->buckets);
    *map = bigger;
}

/* n counts attempts too: it only sizes the buckets. */
static void add_node(struct memory_store *m, struct memory_map *map, uint64_t hash,
                     void *owner)
{
    struct memory_node **bucket = &map->buckets[hash & (map->n_buckets - 1)];
    struct memory_node *node = arena_take(m->arena, sizeof(*node));

    *node = (struct memory_node){.next = *bucket, .hash = hash, .owner = owner};
    map->n++;
    memory_set_word(m, bucket, node);
}

/* ---- sagas
 * ------------------------------------------------------------------------------ */

static uint64_t this_commit(const struct memory_store *m)
{
    return m->commit + 1;
}

static const struct store_definition *definition_num(const struct memory_store *m,
                                                     uint64_t num)
{
    for (const struct memory_name *n = m->name; n != NULL; n = n->older) {
        for (const struct memory_definition *d = n->definition; d != NULL; d = d->older) {
            if (d->definition.num == num) {
                return &d->definition;
            }
        }
    }
    return NULL;
}

static bool has_id(const struct memory_store *m, const char *id)
{
    for (struct memory_node *node = memory_map_first(&m->by_id, memory_hash_text(id));
         node != NULL; node = memory_map_next(node)) {
        if (strcmp(((struct memory_saga *)node->owner)->row->saga.id, id) == 0) {
            return true;
        }
    }
    return false;
}

static enum err no_saga(uint64_t num, struct err_info *info)
{
    return err_set(info, ERR_CONFLICT, "the batch was refused: no saga has number %llu",
                   (unsigned long long)num);
}

/* key may be NULL. The key is saga's from now on. */
static enum err claim_unique(struct memory_store *m, struct memory_saga *saga,
                             const char *name, const char *key, struct err_info *info)
{
    const struct memory_saga *holder;

    if (key == NULL) {
        return ERR_OK;
    }
    holder = memory_unique_holder(m, name, key, UINT64_MAX);
    if (holder != NULL && holder != saga) {
        return err_set(info, ERR_CONFLICT,
                       "the batch was refused: saga %s holds the unique key %s",
                       holder->row->saga.id, key);
    }
    if (holder == NULL) {
        add_node(m, &m->by_unique, memory_hash_pair(name, key), saga);
    }
    return ERR_OK;
}

static enum err insert_saga(struct memory_store *m, const struct store_op *op,
                            struct err_info *info)
{
    const struct store_saga *from = &op->of.saga.row;
    const struct store_definition *d = definition_num(m, from->definition);
    struct memory_saga *saga;
    enum err e;

    if (d == NULL) {
        return err_set(info, ERR_CONFLICT,
                       "the batch was refused: no definition has number %llu",
                       (unsigned long long)from->definition);
    }
    if (has_id(m, from->id) || memory_saga_num(m, from->num) != NULL) {
        return err_set(info, ERR_CONFLICT,
                       "the batch was refused: saga %s is there already", from->id);
    }
    saga = arena_take(m->arena, sizeof(*saga));
    saga->row = arena_take(m->arena, sizeof(*saga->row));
    e = claim_unique(m, saga, d->name, from->unique_key, info);
    if (e != ERR_OK) {
        return e;
    }
    saga->row->commit = this_commit(m);
    saga->row->saga = store_saga_copy(m->arena, from);
    saga->row->saga.definition_name = d->name;
    saga->row->saga.definition_version = d->version;
    saga->input = store_bytes_copy(m->arena, op->of.saga.input);
    saga->older = m->saga;
    add_node(m, &m->by_id, memory_hash_text(from->id), saga);
    add_node(m, &m->by_num, hash_mix(from->num, 0), saga);
    memory_set_word(m, &m->saga, saga);
    return ERR_OK;
}

static enum err update_saga(struct memory_store *m, const struct store_saga *to,
                            struct err_info *info)
{
    struct memory_saga *saga = memory_saga_num(m, to->num);
    struct memory_row *row;
    enum err e;

    if (saga == NULL) {
        return no_saga(to->num, info);
    }
    e = claim_unique(m, saga, saga->row->saga.definition_name, to->unique_key, info);
    if (e != ERR_OK) {
        return e;
    }
    row = arena_take(m->arena, sizeof(*row));
    *row = *saga->row;
    row->older = saga->row;
    row->commit = this_commit(m);
    row->saga.status = to->status;
    row->saga.is_paused = to->is_paused;
    row->saga.is_asleep = to->is_asleep;
    row->saga.stuck_step = arena_text(m->arena, to->stuck_step);
    row->saga.stuck_call = to->stuck_call;
    row->saga.stuck_outcome = to->stuck_outcome;
    row->saga.stuck_ms = to->stuck_ms;
    row->saga.stuck_error = arena_text(m->arena, to->stuck_error);
    row->saga.wake_ms = to->wake_ms;
    row->saga.updated_ms = to->updated_ms;
    row->saga.ended_ms = to->ended_ms;
    row->saga.unique_key = arena_text(m->arena, to->unique_key);
    memory_set_word(m, &saga->row, row);
    return ERR_OK;
}

/* Only hidden: nothing is ever freed here. */
static enum err purge_saga(struct memory_store *m, const struct store_saga *which,
                           struct err_info *info)
{
    struct memory_saga *saga = memory_saga_num(m, which->num);
    struct memory_row *row;

    if (saga == NULL || saga->row->is_purged) {
        return no_saga(which->num, info);
    }
    if (saga->row->saga.status < SAGA_STATUS_COMPLETED) {
        return err_set(info, ERR_CONFLICT, "the batch was refused: saga %s is not final",
                       saga->row->saga.id);
    }
    row = arena_take(m->arena, sizeof(*row));
    *row = *saga->row;
    row->older = saga->row;
    row->commit = this_commit(m);
    row->is_purged = true;
    row->saga.unique_key = NULL;
    memory_set_word(m, &saga->row, row);
    memory_purge_notifies(m, which->num);
    return ERR_OK;
}

/* Stricter than it need be: turns come in order (S8). */
static enum err insert_turn(struct memory_store *m, const struct store_turn *t,
                            struct err_info *info)
{
    struct memory_saga *saga = memory_saga_num(m, t->saga);
    struct memory_turn *turn;

    if (saga == NULL) {
        return no_saga(t->saga, info);
    }
    if (saga->turn != NULL && saga->turn->turn.turn >= t->turn) {
        return err_set(
            info, ERR_CONFLICT,
            "the batch was refused: turn %llu of saga %s comes after turn %llu",
            (unsigned long long)t->turn, saga->row->saga.id,
            (unsigned long long)saga->turn->turn.turn);
    }
    turn = arena_take(m->arena, sizeof(*turn));
    *turn = (struct memory_turn){saga->turn, this_commit(m), *t};
    turn->turn.data = store_bytes_copy(m->arena, t->data);
    turn->turn.state = store_bytes_copy(m->arena, t->state);
    memory_set_word(m, &saga->turn, turn);
    return ERR_OK;
}

static enum err insert_items(struct memory_store *m, const struct store_items *i,
                             struct err_info *info)
{
    struct memory_saga *saga = memory_saga_num(m, i->saga);
    struct memory_items *items;

    if (saga == NULL) {
        return no_saga(i->saga, info);
    }
    for (items = saga->items; items != NULL; items = items->older) {
        if (items->items.step == i->step && items->items.first == i->first) {
            return err_set(info, ERR_CONFLICT, "the batch was refused: item %lu is there",
                           (unsigned long)i->first);
        }
    }
    items = arena_take(m->arena, sizeof(*items));
    *items = (struct memory_items){saga->items, this_commit(m), *i};
    items->items.values = store_bytes_copy(m->arena, i->values);
    memory_set_word(m, &saga->items, items);
    return ERR_OK;
}

static enum err insert_late(struct memory_store *m, const struct store_late *l,
                            struct err_info *info)
{
    struct memory_saga *saga = memory_saga_num(m, l->saga);
    struct memory_late *late;

    if (saga == NULL) {
        return no_saga(l->saga, info);
    }
    late = arena_take(m->arena, sizeof(*late));
    *late = (struct memory_late){saga->late, this_commit(m), *l};
    late->late.data = store_bytes_copy(m->arena, l->data);
    memory_set_word(m, &saga->late, late);
    return ERR_OK;
}

/* ---- definitions
 * -------------------------------------------------------------------------- */

static struct memory_name *name_made(struct memory_store *m, const char *text)
{
    struct memory_name *name = memory_name_find(m, text);

    if (name == NULL) {
        name = arena_take(m->arena, sizeof(*name));
        name->name = arena_text(m->arena, text);
        name->row = arena_take(m->arena, sizeof(*name->row));
        name->row->commit = this_commit(m);
        name->older = m->name;
        memory_set_word(m, &m->name, name);
    }
    return name;
}

/* A copy of the name's row, made the newest, for the caller to change. */
static struct memory_name_row *row_made(struct memory_store *m, struct memory_name *name)
{
    struct memory_name_row *row = arena_take(m->arena, sizeof(*row));

    *row = *name->row;
    row->older = name->row;
    row->commit = this_commit(m);
    memory_set_word(m, &name->row, row);
    return row;
}

static enum err insert_definition(struct memory_store *m,
                                  const struct store_definition *d, struct err_info *info)
{
    struct memory_name *name = name_made(m, d->name);
    struct memory_definition *definition;
    bool is_there = definition_num(m, d->num) != NULL;

    for (definition = name->definition; definition != NULL;
         definition = definition->older) {
        is_there = is_there || definition->definition.version == d->version;
    }
    if (is_there) {
        return err_set(
            info, ERR_CONFLICT,
            "the batch was refused: definition %s version %lu is there already", d->name,
            (unsigned long)d->version);
    }
    definition = arena_take(m->arena, sizeof(*definition));
    definition->older = name->definition;
    definition->commit = this_commit(m);
    definition->definition = store_definition_copy(m->arena, d);
    memory_set_word(m, &name->definition, definition);
    return ERR_OK;
}

static enum err flag_definition(struct memory_store *m, const struct store_definition *d,
                                struct err_info *info)
{
    struct memory_name *name = memory_name_find(m, d->name);
    struct memory_name_row *row;

    if (name == NULL) {
        return err_set(info, ERR_CONFLICT,
                       "the batch was refused: no definition has the name %s", d->name);
    }
    row = row_made(m, name);
    row->is_paused = d->is_paused;
    row->is_archived = d->is_archived;
    return ERR_OK;
}

/* ---- the rest
 * ------------------------------------------------------------------------------ */

static enum err insert_replay(struct memory_store *m, const struct store_replay *r,
                              struct err_info *info)
{
    const uint64_t hash = memory_hash_pair(r->scope, r->key);
    struct memory_replay *replay;

    for (struct memory_node *node = memory_map_first(&m->replays, hash); node != NULL;
         node = memory_map_next(node)) {
        replay = node->owner;
        if (replay->gone == NULL && strcmp(replay->replay.scope, r->scope) == 0 &&
            strcmp(replay->replay.key, r->key) == 0) {
            return err_set(
                info, ERR_CONFLICT,
                "the batch was refused: the idempotency key %s is there already", r->key);
        }
    }
    replay = arena_take(m->arena, sizeof(*replay));
    *replay = (struct memory_replay){.older = m->replay,
                                     .commit = this_commit(m),
                                     .replay = store_replay_copy(m->arena, r)};
    memory_set_word(m, &m->replay, replay);
    add_node(m, &m->replays, hash, replay);
    return ERR_OK;
}

/* Only hidden, like all that goes. */
static void prune_replays(struct memory_store *m, uint64_t before_ms)
{
    uint64_t *commit = arena_take(m->arena, sizeof(*commit));
    size_t n = 0;
    size_t at = 0;

    *commit = this_commit(m);
    for (const struct memory_replay *r = m->replay; r != NULL; r = r->older) {
        n += r->gone == NULL ? 1 : 0;
    }
    for (struct memory_replay *r = m->replay; r != NULL; r = r->older) {
        if (r->gone != NULL) {
            continue;
        }
        if (n - at <= LIMIT_REPLAYS_PRUNED && r->replay.at_ms < before_ms) {
            memory_set_word(m, &r->gone, commit);
        }
        at++;
    }
}

static void insert_audit(struct memory_store *m, const struct store_audit *a)
{
    struct memory_audit *audit = arena_take(m->arena, sizeof(*audit));
    char hash[HASH_HEX];

    *audit =
        (struct memory_audit){.older = m->audit, .commit = this_commit(m), .audit = *a};
    audit->audit.seq = m->audit != NULL ? m->audit->audit.seq + 1 : 1;
    audit->audit.actor = arena_text(m->arena, a->actor);
    audit->audit.action = arena_text(m->arena, a->action);
    audit->audit.subject = arena_text(m->arena, a->subject);
    audit->audit.reason = arena_text(m->arena, a->reason);
    audit->audit.request_id = arena_text(m->arena, a->request_id);
    audit->audit.previous = m->audit != NULL ? m->audit->audit.hash : NULL;
    store_audit_hash(&audit->audit, hash);
    audit->audit.hash = arena_text(m->arena, hash);
    memory_set_word(m, &m->audit, audit);
}

static enum err insert_vars(struct memory_store *m, uint64_t num, const char *text,
                            struct err_info *info)
{
    struct memory_vars *vars;

    for (vars = m->vars; vars != NULL; vars = vars->older) {
        if (vars->num == num) {
            return err_set(info, ERR_CONFLICT,
                           "the batch was refused: vars number %llu are there already",
                           (unsigned long long)num);
        }
    }
    vars = arena_take(m->arena, sizeof(*vars));
    *vars =
        (struct memory_vars){m->vars, this_commit(m), num, arena_text(m->arena, text)};
    memory_set_word(m, &m->vars, vars);
    return ERR_OK;
}

static void put_meta(struct memory_store *m, const char *name, const char *text)
{
    struct memory_meta *meta = arena_take(m->arena, sizeof(*meta));

    *meta = (struct memory_meta){m->meta, this_commit(m), arena_text(m->arena, name),
                                 arena_text(m->arena, text)};
    memory_set_word(m, &m->meta, meta);
}

/* ---- the batch
 * -------------------------------------------------------------------------------- */

static enum err apply(struct memory_store *m, const struct store_op *op,
                      struct err_info *info)
{
    switch (op->kind) {
    case STORE_SAGA_INSERT:
        return insert_saga(m, op, info);
    case STORE_SAGA_UPDATE:
        return update_saga(m, &op->of.saga.row, info);
    case STORE_SAGA_PURGE:
        return purge_saga(m, &op->of.saga.row, info);
    case STORE_TURN:
        return insert_turn(m, &op->of.turn, info);
    case STORE_ITEMS:
        return insert_items(m, &op->of.items, info);
    case STORE_LATE:
        return insert_late(m, &op->of.late, info);
    case STORE_DEFINITION:
        return insert_definition(m, &op->of.definition, info);
    case STORE_DEFINITION_USE:
        row_made(m, name_made(m, op->of.definition.name))->current =
            op->of.definition.version;
        return ERR_OK;
    case STORE_DEFINITION_FLAGS:
        return flag_definition(m, &op->of.definition, info);
    case STORE_REPLAY:
        return insert_replay(m, &op->of.replay, info);
    case STORE_REPLAY_PRUNE:
        prune_replays(m, op->of.replay.at_ms);
        return ERR_OK;
    case STORE_AUDIT:
        insert_audit(m, &op->of.audit);
        return ERR_OK;
    case STORE_VARS:
        return insert_vars(m, op->of.vars.num, op->of.vars.text, info);
    case STORE_META:
        put_meta(m, op->of.meta.name, op->of.meta.text);
        return ERR_OK;
    case STORE_NOTIFY:
        return memory_insert_notify(m, &op->of.notify, info);
    case STORE_NOTIFY_TRIED:
        return memory_note_notify_tried(m, &op->of.notify, info);
    case STORE_NOTIFY_AGAIN:
        return memory_queue_notify_again(m, &op->of.notify, info);
    case STORE_BULK:
        return memory_insert_bulk(m, &op->of.bulk, info);
    case STORE_BULK_UPDATE:
        return memory_update_bulk(m, &op->of.bulk, info);
    case STORE_BULK_ITEM:
        return memory_insert_bulk_item(m, &op->of.bulk_item, info);
    }
    assert(false && "an operation of no kind");
    return ERR_INVALID;
}

enum err memory_commit(struct store *s, const struct store_batch *batch,
                       struct err_info *info)
{
    struct memory_store *m = (struct memory_store *)s;
    enum err e = ERR_OK;

    memory_lock(m);
    grow_map(&m->by_id, batch->n); /* Now: buckets may not move within a batch. */
    grow_map(&m->by_num, batch->n);
    grow_map(&m->by_unique, batch->n);
    grow_map(&m->replays, batch->n);
    for (const struct store_op *op = batch->first; op != NULL && e == ERR_OK;
         op = op->next) {
        e = apply(m, op, info);
    }
    if (e == ERR_OK) {
        m->commit++;
        m->n_words = 0;
    } else {
        take_back(m);
    }
    memory_unlock(m);
    return e;
}
