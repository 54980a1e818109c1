/* outbox.c - see outbox.h. */
#include "engine/run/outbox.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/calls/sign.h"
#include "engine/run/state.h"

enum {
    PER_ORIGIN = 8,         /* In flight to one origin. */
    IN_FLIGHT = 64,         /* In flight in all. */
    TIMEOUT_MS = 15000,     /* What Standard Webhooks recommends. */
    DELAY_MS = 5000,        /* Before the second attempt, at most; then doubled ... */
    DELAY_MAX_MS = 3600000, /* ... up to this. */
    GIVE_UP_MS = 24 * 3600 * 1000,
    OWN_HEADERS = 3,
    ARENA_BYTES = 64 * 1024
};

struct slot {        /* A webhook in flight, or whose end is not on disk yet. */
    uint64_t num;    /* 0: free. */
    uint64_t origin; /* Hash of its text. */
    uint64_t saga;
    uint64_t since_ms;        /* When it was put on its way. */
    uint32_t attempts;        /* Before this one, */
    uint32_t attempts_before; /* and of these before since_ms. */
    uint64_t settled_seq;     /* The batch that says how it ended; 0: in flight. */
};

struct outbox {
    struct slot slots[IN_FLIGHT];
    bool is_stirred;     /* There may be something to send. */
    uint64_t look_at_ms; /* Wall; or when this comes. 0: never. */
    uint64_t wrote_seq;  /* The last batch with a new row. */
    char *last_origin;   /* Owned; origins take turns when there is no room for all. */
    struct arena *arena; /* Of one look or one answer. */
};

struct outbox *outbox_create(void)
{
    struct outbox *o = mem_alloc(sizeof(*o));

    o->is_stirred = true; /* Whatever an earlier process left. */
    o->arena = arena_create(ARENA_BYTES);
    return o;
}

void outbox_destroy(struct outbox *o)
{
    if (o != NULL) {
        arena_destroy(o->arena);
        free(o->last_origin);
        free(o);
    }
}

/* ---- slots ------------------------------------------------------------------------ */

static uint64_t origin_hash(const char *origin)
{
    return hash_bytes(origin, strlen(origin));
}

/* num 0: a free one. NULL: there is none. */
static struct slot *slot_of(struct outbox *o, uint64_t num)
{
    for (size_t i = 0; i < IN_FLIGHT; i++) {
        if (o->slots[i].num == num) {
            return &o->slots[i];
        }
    }
    return NULL;
}

static size_t in_use(const struct outbox *o, const char *origin)
{
    const uint64_t hash = origin == NULL ? 0 : origin_hash(origin);
    size_t n = 0;

    for (size_t i = 0; i < IN_FLIGHT; i++) {
        n += o->slots[i].num != 0 && (origin == NULL || o->slots[i].origin == hash);
    }
    return n;
}

void outbox_wrote(struct engine *e)
{
    e->outbox->wrote_seq = e->batch_seq;
}

void outbox_committed(struct engine *e, uint64_t seq)
{
    struct outbox *o = e->outbox;

    for (size_t i = 0; i < IN_FLIGHT; i++) {
        struct slot *s = &o->slots[i];

        if (s->settled_seq != 0 && s->settled_seq <= seq) {
            *s = (struct slot){.num = 0};
            o->is_stirred = true;
        }
    }
    o->is_stirred = o->is_stirred || o->wrote_seq >= seq;
}

void outbox_again(struct engine *e, uint64_t num)
{
    struct slot *s = slot_of(e->outbox, num);

    store_batch_add(&engine_batch(e)->ops, STORE_NOTIFY_AGAIN)->of.notify =
        (struct store_notify){.num = num, .since_ms = e->now_ms};
    outbox_wrote(e);
    if (s != NULL) { /* What is under way counts, and is tried again as the first. */
        s->since_ms = e->now_ms;
        s->attempts_before = s->attempts;
    }
}

/* ---- what came of it -------------------------------------------------------------- */

/* Full jitter: receivers that were away are not met by all at once. */
static uint64_t due_at(const struct slot *s, uint64_t now_ms, uint64_t not_before_ms)
{
    const uint32_t n_before = s->attempts - s->attempts_before;
    uint64_t most_ms = DELAY_MAX_MS;
    uint64_t due_ms;

    if (n_before < 10) { /* 5 s * 2^10 is more than an hour. */
        most_ms = (uint64_t)DELAY_MS << n_before;
    }
    most_ms = most_ms < DELAY_MAX_MS ? most_ms : DELAY_MAX_MS;
    due_ms = now_ms + 1 + hash_mix(s->num, s->attempts) % most_ms;
    not_before_ms =
        not_before_ms < now_ms + DELAY_MAX_MS ? not_before_ms : now_ms + DELAY_MAX_MS;
    return due_ms > not_before_ms ? due_ms : not_before_ms;
}

struct end {                /* Of an attempt. */
    long status;            /* 0: no answer, or not even sent. */
    uint64_t not_before_ms; /* Wall, as the receiver asked; 0: it did not. */
    const char *why;        /* It did not deliver; NULL: it did. */
};

/* due_ms: of the next attempt, if it goes on waiting. */
static void note(struct engine *e, struct slot *s, enum store_notify_status status,
                 uint64_t due_ms, const struct end *end)
{
    struct store_batch *ops = &engine_batch(e)->ops;

    store_batch_add(ops, STORE_NOTIFY_TRIED)->of.notify =
        (struct store_notify){.num = s->num,
                              .due_ms = due_ms,
                              .attempts = s->attempts + 1,
                              .status = status,
                              .ended_ms = status == STORE_NOTIFY_WAITING ? 0 : e->now_ms,
                              .http_status = (uint32_t)end->status,
                              .error = arena_text(ops->arena, end->why)};
    s->settled_seq = e->batch_seq;
}

/* Of the saga that it tells about; NULL: not known. */
static const char *saga_of(struct engine *e, const struct slot *s)
{
    struct store_saga row;
    struct err_info info;

    return store_find_saga_num(engine_reader(e), s->saga, e->outbox->arena, &row,
                               &info) == ERR_OK
               ? row.id
               : NULL;
}

static void say(struct engine *e, enum log_level level, const char *what,
                const struct slot *s, const struct end *end)
{
    log_say(level, what, LOG_TEXT("sagaId", saga_of(e, s)),
            LOG_NUMBER("attempt", s->attempts + 1), LOG_NUMBER("httpStatus", end->status),
            LOG_TEXT("detail", end->why));
}

static void give_up(struct engine *e, struct slot *s, const struct end *end)
{
    say(e, LOG_WARNING, "a webhook was given up", s, end);
    e->metrics.webhooks[METRICS_WEBHOOK_GIVEN_UP]++;
    note(e, s, STORE_NOTIFY_FAILED, 0, end);
}

static void try_again(struct engine *e, struct slot *s, const struct end *end)
{
    uint64_t due_ms = due_at(s, e->now_ms, end->not_before_ms);

    if (due_ms > s->since_ms + GIVE_UP_MS) {
        give_up(e, s, end);
        return;
    }
    say(e, LOG_INFO, "a webhook will be tried again", s, end);
    e->metrics.webhooks[METRICS_WEBHOOK_RETRIED]++;
    note(e, s, STORE_NOTIFY_WAITING, due_ms, end);
}

void outbox_take(struct engine *e, const struct call_answer *a)
{
    struct slot *s = slot_of(e->outbox, a->name.notify);
    struct end end = {.status = a->facts.headers_complete ? a->facts.status : 0,
                      .not_before_ms = a->facts.retry_after_ms,
                      .why = a->detail};

    assert(s != NULL && s->settled_seq == 0);
    if (end.status >= 200 && end.status < 300) {
        e->metrics.webhooks[METRICS_WEBHOOK_DELIVERED]++;
        end.why = NULL;
        note(e, s, STORE_NOTIFY_DELIVERED, 0, &end);
    } else if (end.status == 410) {
        end.why = "its receiver wants no more";
        give_up(e, s, &end);
    } else {
        if (end.why[0] == '\0') {
            end.why =
                arena_printf(e->outbox->arena, "its receiver answered %ld", end.status);
        }
        try_again(e, s, &end);
    }
    arena_reset(e->outbox->arena);
}

/* ---- sending ---------------------------------------------------------------------- */

struct look { /* At one origin. */
    struct engine *e;
    struct store_notify found[PER_ORIGIN];
    size_t n;
    size_t n_max;
};

/* Rows come by due time: the first one that is not due ends the look. */
static bool look_at_row(void *user, const struct store_notify *row)
{
    struct look *look = user;
    struct outbox *o = look->e->outbox;
    struct store_notify *kept;

    if (slot_of(o, row->num) != NULL) {
        return true;
    }
    if (row->due_ms > look->e->now_ms) {
        if (o->look_at_ms == 0 || row->due_ms < o->look_at_ms) {
            o->look_at_ms = row->due_ms;
        }
        return false;
    }
    if (look->n == look->n_max) {
        return false; /* A slot that comes free stirs us. */
    }
    kept = &look->found[look->n++];
    *kept = *row;
    kept->id = arena_text(o->arena, row->id);
    kept->url = arena_text(o->arena, row->url);
    kept->secret = arena_text(o->arena, row->secret);
    return true;
}

/* A configured service is called as such, with what its configuration adds; any other
 * receiver must be allowed by egress.allow, as every absolute URL. */
static void aim(struct engine *e, const struct store_notify *row, struct call_request *q)
{
    const char *rest;
    struct service *service = services_with_base(e->config.services, row->url, &rest);

    q->is_absolute = service == NULL;
    q->service =
        service != NULL ? service : services_of_url(e->config.services, row->url);
    q->url = service != NULL ? rest : row->url;
    assert(q->service != NULL); /* notify.c looked at its URL. */
}

/* False: there is no such secret, or it is none for webhooks; never sent unsigned. */
static bool sign(struct engine *e, const struct store_notify *row,
                 const struct store_bytes *body, char out[static SIGN_TEXT_MAX])
{
    const struct sign_message m = {
        .id = row->id, .at_s = e->now_ms / 1000, .body = body->at, .body_n = body->n};
    const char *secret =
        e->config.secret != NULL ? e->config.secret(e->config.user, row->secret) : NULL;

    return secret != NULL && sign_webhook(secret, &m, out);
}

static void post(struct engine *e, const struct store_notify *row,
                 const struct store_bytes *body, const char *signature)
{
    struct service_header headers[OWN_HEADERS] = {
        {"webhook-id", row->id},
        {"webhook-timestamp",
         arena_printf(e->outbox->arena, "%" PRIu64, e->now_ms / 1000)},
        {"webhook-signature", signature}};
    struct call_request q = {.name = {.notify = row->num, .item = (uint32_t)row->num},
                             .method = "POST",
                             .headers = headers,
                             .n_headers = signature != NULL ? 3 : 2,
                             .body = body->at,
                             .body_n = body->n,
                             .content_type = "application/cloudevents+json",
                             .timeout_ms = TIMEOUT_MS};

    aim(e, row, &q);
    calls_send(e->calls, &q);
}

static void start(struct engine *e, const char *origin, const struct store_notify *row)
{
    struct slot *s = slot_of(e->outbox, 0);
    char signature[SIGN_TEXT_MAX];
    struct store_bytes body;
    struct err_info info;

    if (store_read_notify_body(engine_reader(e), row->num, e->outbox->arena, &body,
                               &info) != ERR_OK) {
        engine_fail(e, &info);
        return;
    }
    assert(s != NULL); /* look_at_origin() counted. */
    *s = (struct slot){.num = row->num,
                       .origin = origin_hash(origin),
                       .saga = row->saga,
                       .since_ms = row->since_ms,
                       .attempts = row->attempts,
                       .attempts_before = row->attempts_before};
    if (row->secret == NULL) {
        post(e, row, &body, NULL);
    } else if (sign(e, row, &body, signature)) {
        post(e, row, &body, signature);
    } else {
        const struct end end = {
            .why = arena_printf(e->outbox->arena,
                                "the configuration has no webhook secret '%s'",
                                row->secret)};

        try_again(e, s, &end);
    }
}

static enum err look_at_origin(struct engine *e, const char *origin,
                               struct err_info *info)
{
    struct outbox *o = e->outbox;
    const size_t n_own = in_use(o, origin);
    const size_t n_room = IN_FLIGHT - in_use(o, NULL);
    struct look look = {.e = e};
    enum err err;

    if (n_own >= PER_ORIGIN || n_room == 0) {
        return ERR_OK;
    }
    look.n_max = PER_ORIGIN - n_own < n_room ? PER_ORIGIN - n_own : n_room;
    err = store_scan_notify(engine_reader(e), origin, n_own + look.n_max + 1, look_at_row,
                            &look, info);
    for (size_t i = 0; err == ERR_OK && i < look.n; i++) {
        start(e, origin, &look.found[i]);
    }
    if (look.n > 0) {
        free(o->last_origin);
        o->last_origin = mem_text(origin);
    }
    return err;
}

/* Origins above `after` up to `last` (NULL: to the end). */
static enum err look_at_origins(struct engine *e, const char *after, const char *last,
                                struct err_info *info)
{
    enum err err = ERR_OK;
    const char *origin = after;

    while (err == ERR_OK) {
        err = store_next_notify_origin(engine_reader(e), origin, e->outbox->arena,
                                       &origin, info);
        if (err == ERR_OK && last != NULL && strcmp(origin, last) > 0) {
            return ERR_OK;
        }
        if (err == ERR_OK) {
            err = look_at_origin(e, origin, info);
        }
    }
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static bool may_send(const struct engine *e)
{
    return e->is_recovered && !e->is_disk_full && !restore_is_holding(e) &&
           !atomic_load(&e->is_draining);
}

void outbox_send_due(struct engine *e)
{
    struct outbox *o = e->outbox;
    const char *begin;
    struct err_info info;
    enum err err;

    if (!may_send(e) ||
        (!o->is_stirred && (o->look_at_ms == 0 || o->look_at_ms > e->now_ms))) {
        return;
    }
    o->is_stirred = false;
    o->look_at_ms = 0;
    begin = arena_text(o->arena, o->last_origin);
    err = look_at_origins(e, begin, NULL, &info);
    if (err == ERR_OK && begin != NULL) {
        err = look_at_origins(e, NULL, begin, &info);
    }
    if (err != ERR_OK) {
        engine_fail(e, &info);
    }
    arena_reset(o->arena);
}

uint64_t outbox_wake_at(const struct engine *e)
{
    return may_send(e) ? e->outbox->look_at_ms : 0;
}
