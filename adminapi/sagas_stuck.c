/*
 * sagas_stuck.c - GET /v1/stuck: what is stuck, in groups of what is alike.
 *
 * A group is what one filter of the list (definition, stuckStep, stuckOperation,
 * stuckOutcome) finds, so that it can be looked at, and acted on, as a whole. The groups
 * are few (the definitions' steps bound them), so there is no second page.
 */
#include "adminapi/answer.h"
#include "adminapi/handlers.h"
#include "adminapi/page.h"
#include "adminapi/scope.h"
#include "base/json.h"
#include "engine/store/store_stuck.h"
#include "engine/view/saga_text.h"

#define SAGAS_SHOWN 5

struct groups {
    struct request *r;
    size_t limit;
    struct store_stuck_group *items;
    size_t n;
};

static bool keep_group(void *user, const struct store_stuck_group *group)
{
    struct groups *groups = user;
    struct store_stuck_group *kept = &groups->items[groups->n];

    if (!scope_has(groups->r, group->definition)) {
        return true;
    }
    *kept = *group;
    kept->definition = arena_text(groups->r->arena, group->definition);
    kept->step = arena_text(groups->r->arena, group->step);
    groups->n++;
    return groups->n < groups->limit;
}

struct newest { /* Sagas of one group. */
    struct arena *arena;
    const char *ids[SAGAS_SHOWN];
    size_t n;
    const char *error;
};

static bool keep_newest(void *user, const struct store_saga *row)
{
    struct newest *newest = user;

    if (newest->n == 0) {
        newest->error = arena_text(newest->arena, row->stuck_error);
    }
    newest->ids[newest->n++] = arena_text(newest->arena, row->id);
    return true;
}

static void put_newest(struct json_out *o, const struct newest *newest)
{
    json_put(o, "error", newest->error);
    json_key(o, "sagas");
    json_open_array(o);
    for (size_t i = 0; i < newest->n; i++) {
        json_text(o, newest->ids[i]);
    }
    json_close_array(o);
}

static enum err put_group(struct request *r, struct json_out *o,
                          const struct store_stuck_group *g, struct err_info *info)
{
    struct newest newest = {.arena = r->arena};
    const enum err e =
        store_scan_stuck_sagas(r->reader, g, SAGAS_SHOWN, keep_newest, &newest, info);

    if (e != ERR_OK) {
        return e;
    }
    json_open_object(o);
    json_put(o, "definition", g->definition);
    json_put(o, "step", g->step);
    json_put(o, "operation", g->step != NULL ? call_name_of(g->call) : NULL);
    json_put(o, "outcome", g->step != NULL ? outcome_name(g->outcome) : NULL);
    json_put_number(o, "count", (int64_t)g->n);
    json_put_time(o, "oldest", g->oldest_ms);
    put_newest(o, &newest);
    json_close_object(o);
    return ERR_OK;
}

void sagas_stuck(struct request *r)
{
    struct groups groups = {.r = r};
    struct err_info info = {.text = ""};
    struct json_out o;
    struct page page;
    enum err e;

    if (!page_read(r, true, &page)) {
        return;
    }
    groups.limit = page.limit;
    groups.items = arena_take(r->arena, page.limit * sizeof(groups.items[0]));
    e = store_scan_stuck(r->reader, target_find(&r->target, "definition"),
                         scope_is_limited(r) ? SIZE_MAX : page.limit, keep_group, &groups,
                         &info);
    answer_json(r, 200, &o);
    json_open_object(&o);
    json_key(&o, "items");
    json_open_array(&o);
    for (size_t i = 0; i < groups.n && e == ERR_OK; i++) {
        e = put_group(r, &o, &groups.items[i], &info);
    }
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    page_close(r, &o, NULL);
}
