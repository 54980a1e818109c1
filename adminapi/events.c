/*
 * events.c - GET /v1/events: every committed turn, as it happens.
 *
 * From the feed (engine/run/feed.h) alone: no store, and nothing before its commit. What
 * the feed keeps no more is told as a `gap`, and the stream goes on from now.
 */
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/filter.h"
#include "adminapi/handlers.h"
#include "adminapi/stream.h"
#include "base/ids.h"
#include "base/json.h"
#include "engine/run/engine.h"
#include "engine/view/saga_text.h"

#define READS_A_FILL 4096 /* Bounds the door's work while nothing matches. */

struct events { /* In the request's arena. */
    struct stream_source source;
    const struct feed *feed;
    uint64_t at;
};

static void put_event(struct buf *out, const struct feed_event *event, uint64_t id)
{
    struct json_out o;

    stream_open_event(out, "saga", id);
    json_out_init(&o, out);
    json_open_object(&o);
    json_put(&o, "sagaId", event->saga_id);
    json_put(&o, "definition", event->definition);
    json_put_number(&o, "version", event->version);
    json_put(&o, "key", event->key);
    json_put(&o, "status", saga_status_name(event->status));
    json_put_flag(&o, "paused", event->is_paused);
    json_put_number(&o, "revision", (int64_t)event->revision);
    json_put(&o, "event", saga_event_name(event->event));
    json_put(&o, "step", event->step);
    json_put_time(&o, "at", event->at_ms);
    json_close_object(&o);
    stream_close_event(out);
}

/* Some were missed: what follows begins now. */
static void put_gap(struct events *e, struct buf *out)
{
    struct json_out o;
    const uint64_t after = e->at;

    e->at = feed_head(e->feed);
    stream_open_event(out, "gap", e->at);
    json_out_init(&o, out);
    json_open_object(&o);
    json_put_number(&o, "after", (int64_t)after);
    json_put_number(&o, "until", (int64_t)e->at);
    json_close_object(&o);
    stream_close_event(out);
}

static enum stream_state fill(void *user, struct buf *out, struct arena *scratch)
{
    struct events *e = user;
    struct feed_event event;
    struct feed_room room;

    (void)scratch;
    for (int i = 0; i < READS_A_FILL && out->n < STREAM_FILL_BYTES; i++) {
        switch (feed_read(e->feed, &e->at, &room, &event)) {
        case RING_NONE:
            return STREAM_IDLE;
        case RING_LOST:
            put_gap(e, out);
            break;
        case RING_RECORD:
            if (feed_matches(&e->source.filter, &event)) {
                put_event(out, &event, e->at);
            }
            break;
        }
    }
    return STREAM_MORE;
}

/* The list's parameters of the same names, and one saga's id. */
static bool read_filter(struct request *r, struct feed_filter *out)
{
    const char *saga = target_find(&r->target, "saga");
    struct saga_filter *filter = arena_take(r->arena, sizeof(*filter));

    if (!filter_read(r, filter)) {
        return false;
    }
    if (saga != NULL && !ids_is_valid(saga)) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST,
                      "The query parameter 'saga' is not a saga's id");
        return false;
    }
    *out = (struct feed_filter){.definitions = filter->store.definitions,
                                .n_definitions = filter->store.n_definitions,
                                .statuses = filter->store.statuses,
                                .saga_id = saga};
    if (r->token != NULL) {
        out->scope = r->token->definitions;
        out->n_scope = r->token->n_definitions;
    }
    return true;
}

void events_follow(struct request *r)
{
    struct events *e = arena_take(r->arena, sizeof(*e));
    bool is_given;

    e->feed = engine_feed(r->config->engine);
    e->source.fill = fill;
    e->source.user = e;
    e->source.at = &e->at;
    if (!read_filter(r, &e->source.filter) || !stream_resumes(r, &is_given, &e->at)) {
        return;
    }
    if (!is_given) {
        e->at = feed_head(e->feed);
    }
    stream_start(r, &e->source);
}
