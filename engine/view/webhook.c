/* webhook.c - see webhook.h. */
#include "engine/view/webhook.h"

#include <string.h>

#include "engine/view/saga_text.h"

static const char *const status_names[STORE_NOTIFY_STATUSES] = {
    [STORE_NOTIFY_WAITING] = "waiting",
    [STORE_NOTIFY_DELIVERED] = "delivered",
    [STORE_NOTIFY_FAILED] = "failed"};

const char *webhook_type(enum saga_status told, struct arena *a)
{
    return arena_printf(a, "sagad.saga.%s", saga_status_name(told));
}

const char *webhook_status_name(enum store_notify_status status)
{
    return status_names[status];
}

bool webhook_status_of(const char *name, size_t n, enum store_notify_status *out)
{
    for (size_t i = 0; i < STORE_NOTIFY_STATUSES; i++) {
        if (strlen(status_names[i]) == n && memcmp(status_names[i], name, n) == 0) {
            *out = (enum store_notify_status)i;
            return true;
        }
    }
    return false;
}

/* What the last attempt failed with, if it did. */
static void put_error(struct json_out *o, const struct store_notify *n)
{
    json_key(o, "lastError");
    if (n->error == NULL) {
        json_nothing(o);
        return;
    }
    json_open_object(o);
    if (n->http_status != 0) {
        json_put_number(o, "httpStatus", n->http_status);
    }
    json_put(o, "detail", n->error);
    json_close_object(o);
}

void webhook_write(struct json_out *o, const struct store_notify *n, struct arena *a)
{
    json_open_object(o);
    json_put(o, "id", n->id);
    json_put(o, "saga", n->saga_id);
    json_put(o, "definition", n->definition_name);
    json_put(o, "type", webhook_type(n->told, a));
    json_put(o, "url", n->url);
    json_put(o, "status", webhook_status_name(n->status));
    json_put_number(o, "attempts", n->attempts);
    json_put_time(o, "createdAt", n->made_ms);
    json_put_time(o, "queuedAt", n->since_ms);
    json_put_time(o, "endedAt", n->ended_ms);
    json_put_time(o, "nextAttemptAt", n->status == STORE_NOTIFY_WAITING ? n->due_ms : 0);
    put_error(o, n);
    json_close_object(o);
}
