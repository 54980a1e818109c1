/* bulk_json.c - see bulk_json.h. */
#include "adminapi/bulk_json.h"

#include <string.h>

#include "adminapi/answer.h"
#include "engine/view/saga_text.h"

static const char *status_name(enum store_bulk_status status)
{
    switch (status) {
    case STORE_BULK_RUNNING:
        return "running";
    case STORE_BULK_COMPLETED:
        return "completed";
    case STORE_BULK_CANCELLED:
        return "cancelled";
    }
    return "";
}

void bulk_json_members(struct json_out *o, const struct store_bulk *b)
{
    json_put(o, "id", b->id);
    json_put(o, "action", saga_event_name(b->action));
    json_key(o, "filter");
    json_raw(o, json_span_of(b->filter, strlen(b->filter)));
    if (b->step != NULL) {
        json_put(o, "step", b->step);
    }
    if (b->action == SAGA_EV_RESOLVE) {
        json_put(o, "outcome", b->is_applied ? "applied" : "not-applied");
    }
    json_put(o, "reason", b->reason);
    json_put(o, "actor", b->actor);
    json_put(o, "status", status_name(b->status));
    json_put_number(o, "total", (int64_t)b->total);
    json_put_number(o, "done", (int64_t)b->done);
    json_put_number(o, "failed", (int64_t)b->failed);
    json_put_time(o, "startedAt", b->started_ms);
    json_put_time(o, "endedAt", b->ended_ms);
}

void bulk_json_item(struct json_out *o, const struct store_bulk_item *i)
{
    json_open_object(o);
    json_put(o, "id", i->saga);
    json_put(o, "status", saga_status_name(i->status));
    json_put(o, "code", i->code); /* null: it was done. */
    json_close_object(o);
}

/* It was read when the bulk action was confirmed. */
static void never_wrong(void *user, const char *name, const char *code,
                        const char *detail)
{
    (void)user;
    (void)name;
    (void)code;
    (void)detail;
}

bool bulk_json_may_see(struct request *r, const struct store_bulk *b)
{
    struct saga_filter filter;

    if (r->token == NULL || r->token->n_definitions == 0) {
        return true;
    }
    saga_filter_init(&filter);
    if (!saga_filter_read(&filter, json_span_of(b->filter, strlen(b->filter)), r->arena,
                          never_wrong, NULL)) {
        return false;
    }
    for (size_t i = 0; i < filter.store.n_definitions; i++) {
        if (!auth_may_start(r->token, filter.store.definitions[i])) {
            return false;
        }
    }
    return filter.store.n_definitions > 0;
}

bool bulk_json_find(struct request *r, const char *id, struct store_bulk *out)
{
    struct err_info info = {.text = ""};
    enum err e = store_find_bulk(r->reader, id, r->arena, out, &info);

    if (e == ERR_NOT_FOUND || (e == ERR_OK && !bulk_json_may_see(r, out))) {
        answer_refuse(r, PROBLEM_NOT_FOUND, "There is no bulk action '%s'", id);
        return false;
    }
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
    }
    return e == ERR_OK;
}
