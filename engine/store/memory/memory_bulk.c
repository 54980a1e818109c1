/* memory_bulk.c - bulk actions and what became of their sagas. See memory_store.h. */
#include <string.h>

#include "engine/store/memory/memory_store.h"

/* The version of a bulk action that a snapshot sees, or NULL. */
static const struct memory_bulk *bulk_at(const struct memory_store *m, uint64_t num,
                                         uint64_t snapshot)
{
    for (const struct memory_bulk *b = m->bulk; b != NULL; b = b->older) {
        if (b->bulk.num == num && b->commit <= snapshot) {
            return b;
        }
    }
    return NULL;
}

/* ---- writing -------------------------------------------------------------------- */

enum err memory_insert_bulk(struct memory_store *m, const struct store_bulk *from,
                            struct err_info *info)
{
    struct memory_bulk *b;

    for (b = m->bulk; b != NULL; b = b->older) {
        if (b->bulk.num == from->num || strcmp(b->bulk.id, from->id) == 0) {
            return err_set(info, ERR_CONFLICT,
                           "the batch was refused: bulk action %s is there already",
                           b->bulk.id);
        }
    }
    b = arena_take(m->arena, sizeof(*b));
    *b = (struct memory_bulk){m->bulk, m->commit + 1, store_bulk_copy(m->arena, from)};
    memory_set_word(m, &m->bulk, b);
    return ERR_OK;
}

static enum err no_bulk(uint64_t num, struct err_info *info)
{
    return err_set(info, ERR_CONFLICT,
                   "the batch was refused: no bulk action has number %llu",
                   (unsigned long long)num);
}

enum err memory_update_bulk(struct memory_store *m, const struct store_bulk *to,
                            struct err_info *info)
{
    const struct memory_bulk *now = bulk_at(m, to->num, UINT64_MAX);
    struct memory_bulk *b;

    if (now == NULL) {
        return no_bulk(to->num, info);
    }
    b = arena_take(m->arena, sizeof(*b));
    *b = (struct memory_bulk){m->bulk, m->commit + 1, now->bulk};
    b->bulk.status = to->status;
    b->bulk.below = to->below;
    b->bulk.done = to->done;
    b->bulk.failed = to->failed;
    b->bulk.ended_ms = to->ended_ms;
    memory_set_word(m, &m->bulk, b);
    return ERR_OK;
}

enum err memory_insert_bulk_item(struct memory_store *m,
                                 const struct store_bulk_item *from,
                                 struct err_info *info)
{
    struct memory_bulk_item *i;

    for (i = m->bulk_item; i != NULL; i = i->older) {
        if (i->item.bulk == from->bulk && i->item.n == from->n) {
            return err_set(info, ERR_CONFLICT,
                           "the batch was refused: item %llu is there already",
                           (unsigned long long)from->n);
        }
    }
    i = arena_take(m->arena, sizeof(*i));
    *i = (struct memory_bulk_item){m->bulk_item, m->commit + 1, *from};
    i->item.saga = arena_text(m->arena, from->saga);
    i->item.code = arena_text(m->arena, from->code);
    memory_set_word(m, &m->bulk_item, i);
    return ERR_OK;
}

/* ---- reading: they are few, and so are tests' readers ------------------------------ */

/* Of those below `before` the largest number, or 0. */
static uint64_t largest_below(const struct memory_reader *r, uint64_t before)
{
    uint64_t num = 0;

    for (const struct memory_bulk *b = r->store->bulk; b != NULL; b = b->older) {
        if (b->commit <= r->snapshot && b->bulk.num > num &&
            (before == 0 || b->bulk.num < before)) {
            num = b->bulk.num;
        }
    }
    return num;
}

uint64_t memory_bulk_largest(const struct memory_reader *r)
{
    return largest_below(r, 0);
}

enum err memory_scan_bulks(struct store_reader *r, const struct store_bulk_query *q,
                           store_each_bulk each, void *user, struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    uint64_t num;
    size_t n = 0;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    num = largest_below(reader, q->before_num);
    while (num != 0 && n < q->most) {
        const struct store_bulk *b = &bulk_at(reader->store, num, reader->snapshot)->bulk;

        if (q->id == NULL || strcmp(b->id, q->id) == 0) {
            n = each(user, b) ? n + 1 : q->most;
        }
        num = largest_below(reader, num);
    }
    memory_unlock(reader->store);
    return ERR_OK;
}

/* Items of one bulk action are added in the order of n. */
enum err memory_scan_bulk_items(struct store_reader *r,
                                const struct store_bulk_items_query *q,
                                store_each_bulk_item each, void *user,
                                struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    size_t n = 0;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    for (const struct memory_bulk_item *i = reader->store->bulk_item;
         i != NULL && n < q->most; i = i->older) {
        if (i->commit <= reader->snapshot && i->item.bulk == q->bulk &&
            (q->before_n == 0 || i->item.n < q->before_n)) {
            n = each(user, &i->item) ? n + 1 : q->most;
        }
    }
    memory_unlock(reader->store);
    return ERR_OK;
}
