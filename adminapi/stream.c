/* stream.c - see stream.h. */
#include "adminapi/stream.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "adminapi/answer.h"
#include "adminapi/door.h"
#include "adminapi/herald.h"
#include "adminapi/page.h"
#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/run/engine.h"

#define TYPE "text/event-stream"
#define OUT_MAX (8U * 1024 * 1024) /* One fill: its last event may be a large one. */
#define BLOCK_BYTES 4096           /* For HTTP/1.0, which has no chunks. */
#define COMMENT ":\n\n"

struct stream {
    struct request *r;
    const struct stream_source *source;
    struct herald_place *place;       /* NULL: HEAD. */
    const struct auth_tokens *tokens; /* In force when r->token was last looked up. */
    struct buf out;
    size_t sent;
    uint64_t sent_ms; /* Monotonic: when the last bytes went. */
    bool is_over;
};

/* ---- what the request says ------------------------------------------------------- */

/* One media range of an Accept header. */
static bool is_event_stream(const char *range, size_t n)
{
    const size_t type_n = sizeof(TYPE) - 1;

    while (n > 0 && (*range == ' ' || *range == '\t')) {
        range++;
        n--;
    }
    return n >= type_n && strncasecmp(range, TYPE, type_n) == 0 &&
           (n == type_n || strchr(" \t;", range[type_n]) != NULL);
}

bool stream_is_wanted(const struct request *r)
{
    const char *at = r->headers.accept != NULL ? r->headers.accept : "";

    while (*at != '\0') {
        const size_t n = strcspn(at, ",");

        if (is_event_stream(at, n)) {
            return true;
        }
        at += n + (at[n] == ',' ? 1 : 0);
    }
    return false;
}

bool stream_resumes(struct request *r, bool *is_given_out, uint64_t *at_out)
{
    const char *id = r->headers.last_event_id;

    *is_given_out = id != NULL && id[0] != '\0';
    *at_out = 0;
    if (*is_given_out && !page_number(id, at_out)) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST,
                      "Last-Event-ID must be the id of an event of this stream");
        return false;
    }
    return true;
}

/* ---- events --------------------------------------------------------------------- */

void stream_open_event(struct buf *out, const char *name, uint64_t id)
{
    buf_printf(out, "id: %" PRIu64 "\nevent: %s\ndata: ", id, name);
}

void stream_close_event(struct buf *out)
{
    buf_add_text(out, "\n\n");
}

/* ---- waiting -------------------------------------------------------------------- */

/* On the herald's thread. */
static void wake(void *user)
{
    struct stream *s = user;
    struct door *door = s->r->door;

    MHD_resume_connection(s->r->connection);
    atomic_fetch_sub(&door->n_waiting, 1); /* The door may be gone after this. */
}

/* When the silence is over: a comment is due, or the token expires. */
static uint64_t wakes_at(const struct stream *s)
{
    const uint64_t quiet_ms = s->sent_ms + LIMIT_STREAM_QUIET_MS;
    const uint64_t wall_ms = clk_wall_ms();
    uint64_t expires_ms;

    if (s->r->token == NULL || s->r->token->expires_ms == 0) {
        return quiet_ms;
    }
    expires_ms = s->r->token->expires_ms;
    expires_ms = clk_mono_ms() + (expires_ms > wall_ms ? expires_ms - wall_ms : 0);
    return expires_ms < quiet_ms ? expires_ms : quiet_ms;
}

/* at: the feed's head before the source was asked. Nothing of s may be touched after. */
static void wait_for_news(struct stream *s, uint64_t at)
{
    struct herald *herald = s->r->door->herald;
    const uint64_t until_ms = wakes_at(s);

    buf_done(&s->out); /* A quiet stream holds no buffer. */
    buf_init(&s->out, OUT_MAX);
    atomic_fetch_add(&s->r->door->n_waiting, 1);
    MHD_suspend_connection(s->r->connection);
    herald_wait(herald, s->place, at, until_ms);
}

/* ---- may it go on? -------------------------------------------------------------- */

static bool has_same_scope(const struct api_token *a, const struct api_token *b)
{
    for (size_t i = 0; i < a->n_definitions; i++) {
        if (i >= b->n_definitions || strcmp(a->definitions[i], b->definitions[i]) != 0) {
            return false;
        }
    }
    return a->n_definitions == b->n_definitions;
}

/* The token as the configuration has it now: it may have expired, or gone. */
static bool is_still_allowed(struct stream *s)
{
    struct request *r = s->r;
    const struct auth_tokens *tokens = r->config->tokens(r->config->tokens_user);
    const struct api_token *token = NULL;

    if (tokens == s->tokens) {
        return r->token == NULL || r->token->expires_ms == 0 ||
               clk_wall_ms() < r->token->expires_ms;
    }
    s->tokens = tokens;
    switch (auth_check(tokens, r->headers.authorization, r->peer->is_local, clk_wall_ms(),
                       &token)) {
    case AUTH_ANONYMOUS:
        r->token = NULL;
        return true;
    case AUTH_KNOWN:
        if (r->token == NULL || !has_same_scope(r->token, token) ||
            !auth_may(token, r->route->role)) {
            return false; /* What it may see has changed: let it begin anew. */
        }
        r->token = token;
        return true;
    case AUTH_MISSING:
    case AUTH_WRONG:
        break;
    }
    return false;
}

/* ---- libmicrohttpd asks ---------------------------------------------------------- */

static ssize_t give(struct stream *s, char *to, size_t room)
{
    const size_t left = s->out.n - s->sent;
    const size_t n = left < room ? left : room;

    memcpy(to, s->out.bytes + s->sent, n);
    s->sent += n;
    s->sent_ms = clk_mono_ms();
    return (ssize_t)n;
}

/* The source's next events into the empty buffer. */
static enum stream_state fill(struct stream *s)
{
    struct arena *scratch = s->r->door->stream_scratch;
    enum stream_state state;

    buf_clear(&s->out);
    s->sent = 0;
    arena_reset(scratch);
    if (s->source->at != NULL && *s->source->at < herald_seen(s->place)) {
        *s->source->at = herald_seen(s->place);
    }
    state = s->source->fill(s->source->user, &s->out, scratch);
    return s->out.is_over ? STREAM_BROKEN : state;
}

static ssize_t on_room(void *user, uint64_t position, char *to, size_t room)
{
    struct stream *s = user;
    uint64_t at;

    (void)position;
    if (s->sent < s->out.n) {
        return give(s, to, room);
    }
    if (s->is_over || herald_is_quitting(s->r->door->herald) || !is_still_allowed(s)) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    if (herald_is_gone(s->place)) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    at = feed_head(engine_feed(s->r->config->engine));
    switch (fill(s)) {
    case STREAM_BROKEN:
        return MHD_CONTENT_READER_END_WITH_ERROR;
    case STREAM_OVER:
        s->is_over = true;
        break;
    case STREAM_IDLE:
    case STREAM_MORE:
        break;
    }
    if (s->out.n == 0 && clk_mono_ms() >= s->sent_ms + LIMIT_STREAM_QUIET_MS) {
        buf_add_text(&s->out, COMMENT);
    }
    if (s->out.n > 0) {
        return give(s, to, room);
    }
    if (s->is_over) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    wait_for_news(s, at);
    return 0;
}

/* ---- its life -------------------------------------------------------------------- */

static struct herald_place *take_place(struct stream *s)
{
    const struct herald_want want = {
        .filter = &s->source->filter,
        .fd = MHD_get_connection_info(s->r->connection, MHD_CONNECTION_INFO_CONNECTION_FD)
                  ->connect_fd,
        .wake = wake,
        .user = s};

    return herald_open(s->r->door->herald, &want);
}

void stream_start(struct request *r, const struct stream_source *source)
{
    struct stream *s = mem_alloc(sizeof(*s));

    s->r = r;
    s->source = source;
    s->tokens = r->config->tokens(r->config->tokens_user);
    s->sent_ms = clk_mono_ms();
    buf_init(&s->out, OUT_MAX);
    buf_add_text(&s->out, COMMENT); /* At once: the client sees that it stands. */
    r->stream = s;
    if (strcmp(r->method, "HEAD") != 0) {
        s->place = take_place(s);
        if (s->place == NULL) {
            r->stream = NULL;
            stream_destroy(s);
            answer_refuse(r, PROBLEM_OVERLOADED, "There are %d streams open already",
                          LIMIT_API_STREAMS);
            return;
        }
        atomic_fetch_add(&r->door->n_streams, 1);
    }
    answer_empty(r, 200);
    r->answer.content_type = TYPE;
    answer_header(r, "X-Accel-Buffering", "no"); /* nginx would keep it back. */
}

enum MHD_Result stream_send(struct request *r)
{
    /* The request outlives the response: it is given back when libmicrohttpd says that
     * the request is completed, which it does last. */
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, on_room, r->stream, NULL);

    return answer_send_response(r, response);
}

void stream_destroy(struct stream *s)
{
    if (s == NULL) {
        return;
    }
    if (s->place != NULL) {
        herald_close(s->r->door->herald, s->place);
        atomic_fetch_sub(&s->r->door->n_streams, 1);
    }
    buf_done(&s->out);
    free(s);
}
