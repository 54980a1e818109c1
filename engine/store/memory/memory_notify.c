/* memory_notify.c - webhooks. See memory_store.h. They are few, and so are tests'
 * readers. */
#include <assert.h>
#include <string.h>

#include "engine/store/memory/memory_store.h"

/* The version of a webhook that a snapshot sees, or NULL: none, or gone. */
static const struct memory_notify *notify_at(const struct memory_store *m, uint64_t num,
                                             uint64_t snapshot)
{
    for (const struct memory_notify *n = m->notify; n != NULL; n = n->older) {
        if (n->notify.num == num && n->commit <= snapshot) {
            return n->is_gone ? NULL : n;
        }
    }
    return NULL;
}

/* Is this version the one that the reader sees? */
static bool is_current(const struct memory_reader *r, const struct memory_notify *n)
{
    return notify_at(r->store, n->notify.num, r->snapshot) == n;
}

/* ---- writing -------------------------------------------------------------------- */

enum err memory_insert_notify(struct memory_store *m, const struct store_notify *from,
                              struct err_info *info)
{
    struct memory_notify *n;

    if (notify_at(m, from->num, UINT64_MAX) != NULL) {
        return err_set(info, ERR_CONFLICT,
                       "the batch was refused: webhook number %llu is there already",
                       (unsigned long long)from->num);
    }
    n = arena_take(m->arena, sizeof(*n));
    *n = (struct memory_notify){.older = m->notify,
                                .commit = m->commit + 1,
                                .notify = store_notify_copy(m->arena, from)};
    n->notify.attempts = 0;
    n->notify.attempts_before = 0;
    n->notify.status = STORE_NOTIFY_WAITING;
    n->notify.ended_ms = 0;
    n->notify.http_status = 0;
    n->notify.error = NULL;
    memory_set_word(m, &m->notify, n);
    return ERR_OK;
}

/* A new version of it, to be changed. */
static struct memory_notify *change(struct memory_store *m,
                                    const struct memory_notify *now)
{
    struct memory_notify *n = arena_take(m->arena, sizeof(*n));

    *n = *now;
    n->older = m->notify;
    n->commit = m->commit + 1;
    memory_set_word(m, &m->notify, n);
    return n;
}

enum err memory_note_notify_tried(struct memory_store *m, const struct store_notify *to,
                                  struct err_info *info)
{
    const struct memory_notify *now = notify_at(m, to->num, UINT64_MAX);
    struct memory_notify *n;

    if (now == NULL || now->notify.status != STORE_NOTIFY_WAITING) {
        return err_set(info, ERR_CONFLICT,
                       "the batch was refused: no webhook that waits has number %llu",
                       (unsigned long long)to->num);
    }
    n = change(m, now);
    n->is_gone = to->status != STORE_NOTIFY_WAITING && now->notify.saga == 0;
    n->notify.status = to->status;
    n->notify.due_ms = to->due_ms;
    n->notify.attempts = to->attempts;
    n->notify.ended_ms = to->ended_ms;
    n->notify.http_status = to->http_status;
    n->notify.error = arena_text(m->arena, to->error);
    return ERR_OK;
}

enum err memory_queue_notify_again(struct memory_store *m, const struct store_notify *to,
                                   struct err_info *info)
{
    const struct memory_notify *now = notify_at(m, to->num, UINT64_MAX);
    struct memory_notify *n;

    if (now == NULL || now->notify.saga == 0) {
        return err_set(info, ERR_CONFLICT,
                       "the batch was refused: no webhook of a saga has number %llu",
                       (unsigned long long)to->num);
    }
    n = change(m, now);
    n->notify.status = STORE_NOTIFY_WAITING;
    n->notify.since_ms = to->since_ms;
    n->notify.due_ms = to->since_ms;
    n->notify.attempts_before = now->notify.attempts;
    n->notify.ended_ms = 0;
    return ERR_OK;
}

void memory_purge_notifies(struct memory_store *m, uint64_t saga)
{
    for (const struct memory_notify *w = m->notify; w != NULL; w = w->older) {
        struct memory_notify *n;

        if (w->notify.saga == saga && notify_at(m, w->notify.num, UINT64_MAX) == w) {
            n = change(m, w);
            n->is_gone = w->notify.status != STORE_NOTIFY_WAITING;
            n->notify.saga = 0;
        }
    }
}

/* ---- reading -------------------------------------------------------------------- */

uint64_t memory_notify_largest(const struct memory_reader *r)
{
    uint64_t largest = 0;

    for (const struct memory_notify *n = r->store->notify; n != NULL; n = n->older) {
        if (n->notify.num > largest && is_current(r, n)) {
            largest = n->notify.num;
        }
    }
    return largest;
}

struct store_bytes memory_notify_body(const struct memory_reader *r, uint64_t num)
{
    const struct memory_notify *n = notify_at(r->store, num, r->snapshot);

    return n == NULL ? (struct store_bytes){NULL, 0} : n->notify.body;
}

const char *memory_notify_origin(const struct memory_reader *r, const char *above)
{
    const char *least = NULL;

    for (const struct memory_notify *n = r->store->notify; n != NULL; n = n->older) {
        const char *origin = n->notify.origin;

        if (n->notify.status == STORE_NOTIFY_WAITING && strcmp(origin, above) > 0 &&
            (least == NULL || strcmp(origin, least) < 0) && is_current(r, n)) {
            least = origin;
        }
    }
    return least;
}

static bool is_asked(const struct store_notify_query *q, const struct store_notify *n)
{
    switch (q->by) {
    case STORE_NOTIFY_BY_ORIGIN:
        return n->status == STORE_NOTIFY_WAITING && strcmp(n->origin, q->origin) == 0;
    case STORE_NOTIFY_BY_ID:
        return n->saga == q->saga && strcmp(n->id, q->id) == 0;
    case STORE_NOTIFY_BY_SAGA:
    case STORE_NOTIFY_OF_ALL:
        return n->saga != 0 && (q->saga == 0 || n->saga == q->saga) &&
               (q->statuses & 1U << n->status) != 0 &&
               (q->before_num == 0 || n->num < q->before_num);
    }
    assert(false && "a query of no kind");
    return false;
}

/* Does a come before b? */
static bool is_before(const struct store_notify_query *q, const struct store_notify *a,
                      const struct store_notify *b)
{
    if (q->by != STORE_NOTIFY_BY_ORIGIN) {
        return a->num > b->num;
    }
    return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->num < b->num;
}

/* The next one behind `last` (NULL: the first), or NULL. */
static const struct store_notify *next_notify(const struct memory_reader *r,
                                              const struct store_notify_query *q,
                                              const struct store_notify *last)
{
    const struct store_notify *next = NULL;

    for (const struct memory_notify *n = r->store->notify; n != NULL; n = n->older) {
        if (is_current(r, n) && is_asked(q, &n->notify) &&
            (last == NULL || is_before(q, last, &n->notify)) &&
            (next == NULL || is_before(q, &n->notify, next))) {
            next = &n->notify;
        }
    }
    return next;
}

/* As it is shown. */
static struct store_notify shown(const struct memory_reader *r,
                                 const struct store_notify_query *q,
                                 const struct store_notify *n)
{
    struct store_notify out = *n;
    const struct store_saga *row;

    out.body = (struct store_bytes){NULL, 0};
    if (q->by != STORE_NOTIFY_BY_ORIGIN) {
        row = memory_row_at(memory_saga_num(r->store, n->saga), r->snapshot);
        assert(row != NULL); /* Of a saga that is there. */
        out.saga_id = row->id;
        out.definition_name = row->definition_name;
    }
    return out;
}

enum err memory_scan_notify(struct store_reader *r, const struct store_notify_query *q,
                            store_each_notify each, void *user, struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    const struct store_notify *next;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    next = next_notify(reader, q, NULL);
    for (size_t i = 0; next != NULL && i < q->most; i++) {
        const struct store_notify n = shown(reader, q, next);

        next = each(user, &n) ? next_notify(reader, q, next) : NULL;
    }
    memory_unlock(reader->store);
    return ERR_OK;
}

enum err memory_oldest_notify(struct store_reader *r, uint64_t *out_ms,
                              struct err_info *info)
{
    const struct memory_reader *reader = (const struct memory_reader *)r;
    const struct store_notify *oldest = NULL;

    (void)info; /* Nothing can go wrong. */
    memory_lock(reader->store);
    for (const struct memory_notify *n = reader->store->notify; n != NULL; n = n->older) {
        if (n->notify.status == STORE_NOTIFY_WAITING &&
            (oldest == NULL || n->notify.num < oldest->num) && is_current(reader, n)) {
            oldest = &n->notify;
        }
    }
    *out_ms = oldest != NULL ? oldest->made_ms : 0;
    memory_unlock(reader->store);
    return ERR_OK;
}
