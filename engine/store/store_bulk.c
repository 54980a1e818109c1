/* store_bulk.c - see store_bulk.h: what all backends share. */
#include "engine/store/store_bulk.h"

#include "engine/store/store_backend.h"

struct store_bulk store_bulk_copy(struct arena *a, const struct store_bulk *from)
{
    struct store_bulk copy = *from;

    copy.id = arena_text(a, from->id);
    copy.filter = arena_text(a, from->filter);
    copy.step = arena_text(a, from->step);
    copy.body = store_bytes_copy(a, from->body);
    copy.actor = arena_text(a, from->actor);
    copy.reason = arena_text(a, from->reason);
    return copy;
}

struct keep {
    struct arena *a;
    struct store_bulk *out;
    bool is_found;
};

static bool keep_bulk(void *user, const struct store_bulk *row)
{
    struct keep *k = user;

    *k->out = store_bulk_copy(k->a, row);
    k->is_found = true;
    return false;
}

enum err store_find_bulk(struct store_reader *r, const char *id, struct arena *a,
                         struct store_bulk *out, struct err_info *info)
{
    const struct store_bulk_query q = {.id = id, .most = 1};
    struct keep k = {a, out, false};
    enum err e = r->backend->scan_bulks(r, &q, keep_bulk, &k, info);

    if (e != ERR_OK || k.is_found) {
        return e;
    }
    return err_set(info, ERR_NOT_FOUND, "no such bulk action");
}

enum err store_scan_bulks(struct store_reader *r, uint64_t before_num, size_t most,
                          store_each_bulk each, void *user, struct err_info *info)
{
    const struct store_bulk_query q = {.before_num = before_num, .most = most};

    return most == 0 ? ERR_OK : r->backend->scan_bulks(r, &q, each, user, info);
}

enum err store_scan_bulk_items(struct store_reader *r,
                               const struct store_bulk_items_query *q,
                               store_each_bulk_item each, void *user,
                               struct err_info *info)
{
    return q->most == 0 ? ERR_OK : r->backend->scan_bulk_items(r, q, each, user, info);
}

enum err store_count_sagas(struct store_reader *r, const struct store_filter *filter,
                           uint64_t before_num, uint64_t *out, struct err_info *info)
{
    return r->backend->count_sagas(r, filter, before_num, out, info);
}
