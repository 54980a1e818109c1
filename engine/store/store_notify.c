/* store_notify.c - see store_notify.h: what all backends share. */
#include "engine/store/store_notify.h"

#include <assert.h>

#include "engine/store/store_backend.h"

static enum err scan(struct store_reader *r, const struct store_notify_query *q,
                     store_each_notify each, void *user, struct err_info *info)
{
    return q->most == 0 ? ERR_OK : r->backend->scan_notify(r, q, each, user, info);
}

enum err store_scan_notify(struct store_reader *r, const char *origin, size_t most,
                           store_each_notify each, void *user, struct err_info *info)
{
    const struct store_notify_query q = {
        .by = STORE_NOTIFY_BY_ORIGIN, .origin = origin, .most = most};

    return scan(r, &q, each, user, info);
}

enum err store_list_notify(struct store_reader *r, const struct store_notify_list *list,
                           store_each_notify each, void *user, struct err_info *info)
{
    static const unsigned all = (1U << STORE_NOTIFY_STATUSES) - 1;
    const struct store_notify_query q = {
        .by = list->saga != 0 ? STORE_NOTIFY_BY_SAGA : STORE_NOTIFY_OF_ALL,
        .saga = list->saga,
        .statuses = list->statuses == 0 ? all : list->statuses & all,
        .before_num = list->before_num,
        .most = list->most};

    return scan(r, &q, each, user, info);
}

struct store_notify store_notify_copy(struct arena *a, const struct store_notify *from)
{
    struct store_notify copy = *from;

    copy.id = arena_text(a, from->id);
    copy.origin = arena_text(a, from->origin);
    copy.url = arena_text(a, from->url);
    copy.secret = arena_text(a, from->secret);
    copy.body = store_bytes_copy(a, from->body);
    copy.error = arena_text(a, from->error);
    copy.saga_id = arena_text(a, from->saga_id);
    copy.definition_name = arena_text(a, from->definition_name);
    return copy;
}

struct keep {
    struct arena *a;
    struct store_notify *out;
    bool is_found;
};

static bool keep_notify(void *user, const struct store_notify *row)
{
    struct keep *k = user;

    *k->out = store_notify_copy(k->a, row);
    k->is_found = true;
    return false;
}

enum err store_find_notify(struct store_reader *r, uint64_t saga, const char *id,
                           struct arena *a, struct store_notify *out,
                           struct err_info *info)
{
    const struct store_notify_query q = {
        .by = STORE_NOTIFY_BY_ID, .saga = saga, .id = id, .most = 1};
    struct keep k = {a, out, false};
    enum err e;

    assert(saga != 0);
    e = scan(r, &q, keep_notify, &k, info);
    if (e != ERR_OK || k.is_found) {
        return e;
    }
    return err_set(info, ERR_NOT_FOUND, "no such webhook");
}

enum err store_oldest_notify(struct store_reader *r, uint64_t *out_ms,
                             struct err_info *info)
{
    return r->backend->oldest_notify(r, out_ms, info);
}
