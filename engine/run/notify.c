/* notify.c - see notify.h. */
#include "engine/run/notify.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/log.h"
#include "definitions/told.h"
#include "engine/calls/origin.h"
#include "engine/run/outbox.h"
#include "engine/run/state.h"
#include "engine/view/saga_text.h"
#include "engine/view/webhook.h"

enum { ID_HEX = 32 }; /* 128 bits of the hash. */

/* What one webhook of one turn is made from. */
struct notice {
    struct engine *e;
    struct resident *r;
    enum saga_status status;
    const struct record *record;
    const char *id;
};

/* Without dots (sign.h). The time tells it from the same turn's of before a restore,
 * which receivers may have seen. */
static const char *id_of(const struct notice *n, size_t which, struct arena *a)
{
    const char *name = arena_printf(a, "%s.%" PRIu64 ".%zu.%" PRIu64, n->r->row.id,
                                    n->e->saga.turn, which, n->e->now_ms);
    char hex[HASH_HEX];

    hash_content(name, strlen(name), hex);
    return arena_printf(a, "msg_%.*s", ID_HEX, hex);
}

/* ---- the message ------------------------------------------------------------------ */

static const struct saga_cell *stuck_cell(const struct saga *s)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].state == CELL_STUCK) {
            return &s->cells[i];
        }
    }
    return NULL;
}

/* The stuck step and why, in the form of .error. */
static void put_stuck(const struct notice *n, const struct saga_cell *c,
                      struct json_out *o)
{
    const struct record *r = n->record;
    const bool is_answer = r->event.kind == SAGA_EV_ANSWERED && r->event.step == c->step;
    const char *detail = r->note != NULL ? r->note : r->detail;
    const char *reason = told_reason(c->reason);

    json_open_object(o);
    json_put(o, "step", n->r->entry->definition->steps[c->step].id);
    json_put(o, "outcome", is_answer ? outcome_name(r->event.outcome) : NULL);
    json_key(o, "status");
    if (is_answer && r->http_status != 0) {
        json_number(o, r->http_status);
    } else {
        json_nothing(o);
    }
    json_put(o, "detail",
             detail == NULL || detail[0] == '\0'
                 ? reason
                 : arena_printf(engine_batch(n->e)->ops.arena, "%s: %s", reason, detail));
    json_close_object(o);
}

/* Why it is stuck, or what turned it back, if anything did. */
static void put_error(const struct notice *n, struct json_out *o)
{
    const struct docs_place place = {.item = SAGA_NO_ITEM, .call = CALL_COMPENSATION};
    const struct saga_cell *stuck = stuck_cell(&n->e->saga);
    struct render_scope scope;

    if (n->status == SAGA_STATUS_STUCK && stuck != NULL) {
        json_key(o, "error");
        put_stuck(n, stuck, o);
        return;
    }
    docs_scope(n->r->docs, &n->e->saga, place, &scope);
    if (n->status != SAGA_STATUS_COMPLETED && scope.error.at != NULL) {
        json_key(o, "error");
        json_raw(o, scope.error);
    }
}

static void put_data(const struct notice *n, bool has_output, struct json_out *o)
{
    const struct store_saga *row = &n->r->row;
    const char *output = n->record->output;

    json_open_object(o);
    json_put(o, "id", row->id);
    json_put(o, "definition", n->r->entry->definition->name);
    json_put_number(o, "version", n->r->entry->version);
    json_put(o, "key", row->key);
    json_put(o, "status", saga_status_name(n->status));
    json_key(o, "output");
    if (output != NULL && has_output) {
        json_raw(o, (struct json_span){output, strlen(output)});
    } else {
        json_nothing(o);
    }
    if (!has_output) {
        json_put_flag(o, "outputOmitted", true);
    }
    if (n->record->output_error != NULL) {
        json_put(o, "outputError", n->record->output_error);
    }
    put_error(n, o);
    json_close_object(o);
}

static void put_event(const struct notice *n, bool has_output, struct buf *out)
{
    struct arena *a = engine_batch(n->e)->ops.arena;
    struct json_out o;

    json_out_init(&o, out);
    json_open_object(&o);
    json_put(&o, "specversion", "1.0");
    json_put(&o, "id", n->id);
    json_put(&o, "source", arena_printf(a, "/v1/sagas/%s", n->r->row.id));
    json_put(&o, "type", webhook_type(n->status, a));
    json_put(&o, "subject", n->r->row.id);
    json_put_time(&o, "time", n->e->now_ms);
    json_put(&o, "datacontenttype", "application/json");
    json_key(&o, "data");
    put_data(n, has_output, &o);
    json_close_object(&o);
}

/* In the batch's arena. An output with which it would be too large to send is left out.
 */
static struct store_bytes body_of(const struct notice *n)
{
    struct store_bytes body;
    struct buf text;

    buf_init(&text, LIMIT_RENDERED_BYTES);
    put_event(n, true, &text);
    if (text.is_over) {
        buf_clear(&text);
        put_event(n, false, &text);
    }
    body.at = arena_copy(engine_batch(n->e)->ops.arena, text.bytes, text.n);
    body.n = text.n;
    buf_done(&text);
    return body;
}

/* ---- rows -------------------------------------------------------------------------- */

static const char *url_of(const struct notice *n, const struct definition_notify *to,
                          struct origin *origin, struct err_info *info)
{
    const struct docs_place place = {.item = SAGA_NO_ITEM, .call = CALL_ACTION};
    struct arena *a = engine_batch(n->e)->ops.arena;
    struct render_scope scope;
    struct json_span text;
    const char *url;

    docs_scope(n->r->docs, &n->e->saga, place, &scope);
    if (render_template(n->r->entry->definition, to->url, &scope, a, &text, info) !=
        ERR_OK) {
        return NULL;
    }
    url = arena_copy(a, text.at, text.n);
    if (!origin_of_url(url, origin)) {
        (void)err_set(info, ERR_INVALID, "'%.120s' is not a plain http or https URL",
                      url);
        return NULL;
    }
    return url;
}

static void say_not_sent(const struct notice *n, struct record *record,
                         const struct err_info *why)
{
    log_say(LOG_WARNING, "a webhook is not sent", LOG_TEXT("sagaId", n->r->row.id),
            LOG_TEXT("definition", n->r->entry->definition->name),
            LOG_TEXT("detail", why->text));
    if (record->notify_error == NULL) {
        record->notify_error = arena_printf(engine_batch(n->e)->ops.arena,
                                            "a webhook is not sent: %s", why->text);
    }
}

static void write_one(struct notice *n, size_t which, struct record *record)
{
    const struct definition_notify *to = &n->r->entry->definition->notify[which];
    struct batch *b = engine_batch(n->e);
    char origin_text[ORIGIN_TEXT_MAX];
    struct origin origin;
    struct err_info info;
    const char *url = url_of(n, to, &origin, &info);
    struct store_op *op;

    if (url == NULL) {
        say_not_sent(n, record, &info);
        return;
    }
    origin_to_text(&origin, origin_text);
    n->id = id_of(n, which, b->ops.arena);
    op = store_batch_add(&b->ops, STORE_NOTIFY);
    op->of.notify = (struct store_notify){
        .num = n->e->next_notify++,
        .saga = n->r->num,
        .id = n->id,
        .told = n->status,
        .origin = arena_text(b->ops.arena, origin_text),
        .url = url,
        .secret = arena_text(b->ops.arena, to->secret),
        .body = body_of(n),
        .made_ms = n->e->now_ms,
        .since_ms = n->e->now_ms,
        .due_ms = n->e->now_ms,
    };
    outbox_wrote(n->e);
}

void notify_write(struct engine *e, struct resident *r, enum saga_status status,
                  struct record *record)
{
    const struct definition *d = r->entry->definition;
    struct notice n = {.e = e, .r = r, .status = status, .record = record};

    for (size_t i = 0; i < d->n_notify; i++) {
        if ((d->notify[i].on & 1U << status) != 0) {
            write_one(&n, i, record);
        }
    }
}
