/*
 * sagas_read.c - one saga, its journal, its calls: from the store, without the engine.
 *
 * Only a GET that waits asks the engine, and only to be told when to look again.
 */
#include <inttypes.h>
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/call_json.h"
#include "adminapi/handlers.h"
#include "adminapi/page.h"
#include "adminapi/preference.h"
#include "adminapi/saga_answer.h"
#include "adminapi/saga_json.h"
#include "adminapi/sagas_follow.h"
#include "adminapi/stream.h"
#include "adminapi/submit.h"
#include "base/json.h"

#define PAGE_BYTES (4U * 1024 * 1024) /* A page of calls ends early beyond this. */

/* ---- GET /v1/sagas/{id}
 * ------------------------------------------------------------------ */

struct look { /* What finish needs; in the request's arena. */
    uint32_t wait_s;
    bool has_wait;
};

/* Does the client have this already? */
static bool is_known(struct request *r, uint64_t revision)
{
    return r->headers.if_none_match != NULL &&
           preference_has_tag(r->headers.if_none_match, saga_answer_tag(r, revision),
                              true);
}

static void answer_look(struct request *r, const struct look *look, const struct view *v)
{
    if (is_known(r, v->state->turn)) {
        answer_empty(r, 304);
        answer_header(r, "ETag",
                      arena_printf(r->arena, "W/\"r%" PRIu64 "\"", v->state->turn));
    } else {
        saga_answer_with(r, 200, v, false);
    }
    preference_applied(r, look->has_wait, look->wait_s);
}

static void looked(struct request *r)
{
    struct view v;

    if (r->command.problem != PROBLEM_NONE) {
        saga_answer_problem(r, NULL);
        return;
    }
    if (saga_answer_view(r, r->parameters[0], &v)) {
        answer_look(r, r->more, &v);
    }
}

/* With If-None-Match: until it has changed. Without: until it is over. */
static void watch(struct request *r, const struct look *look, const struct view *v)
{
    struct command *c = &r->command;

    c->kind = COMMAND_WATCH;
    c->watch_id = r->parameters[0];
    c->wait = r->headers.if_none_match != NULL ? COMMAND_WAIT_CHANGE : COMMAND_WAIT_END;
    c->wait_revision = v->state->turn;
    c->wait_ms = look->wait_s * 1000;
    submit_command(r, looked);
}

void sagas_show(struct request *r)
{
    struct look *look = arena_take(r->arena, sizeof(*look));
    struct view v;
    bool is_settled;

    r->more = look;
    look->has_wait = preference_wait(r->headers.prefer, &look->wait_s);
    if (!saga_answer_view(r, r->parameters[0], &v)) {
        return;
    }
    /* What was asked for is there already, or will never come. */
    is_settled = saga_is_final(v.state) ||
                 (r->headers.if_none_match != NULL && !is_known(r, v.state->turn));
    if (look->wait_s > 0 && !is_settled) {
        watch(r, look, &v);
        return;
    }
    answer_look(r, look, &v);
}

/* ---- GET /v1/sagas/{id}/at/{turn}
 * ------------------------------------------------------------- */

void sagas_at(struct request *r)
{
    struct err_info info = {.text = ""};
    struct store_saga row;
    struct view v;
    uint64_t turn;
    enum err e = ERR_NOT_FOUND;

    if (!saga_answer_find(r, &row)) {
        return;
    }
    if (page_number(r->parameters[1], &turn) && turn > 0) {
        e = view_read(r->reader, r->registry, r->parameters[0], turn, r->arena, &v,
                      &info);
    }
    if (e == ERR_OK) {
        saga_answer_with(r, 200, &v, false);
    } else if (e == ERR_NOT_FOUND) {
        answer_refuse(r, PROBLEM_NOT_FOUND, "The saga '%s' has no turn '%s'",
                      r->parameters[0], r->parameters[1]);
    } else {
        answer_failure(r, e, &info);
    }
}

/* ---- GET /v1/sagas/{id}/journal
 * -------------------------------------------------------------- */

struct journal {
    struct request *r;
    const struct definition *definition;
    struct json_out o;
    size_t limit;
    size_t n;
    uint64_t last;
    bool has_more;
};

static bool put_turn(void *user, const struct store_turn *turn)
{
    struct journal *j = user;

    if (j->n == j->limit) {
        j->has_more = true;
        return false;
    }
    saga_json_turn(&j->o, j->definition, turn, j->r->arena);
    j->last = turn->turn;
    j->n++;
    return true;
}

void sagas_journal(struct request *r)
{
    struct journal j = {.r = r};
    const struct registry_entry *entry;
    struct err_info info = {.text = ""};
    struct store_saga row;
    struct page page;
    enum err e;

    if (stream_is_wanted(r)) {
        sagas_follow(r);
        return;
    }
    if (!page_read(r, true, &page) || !saga_answer_find(r, &row)) {
        return;
    }
    e = registry_find(r->registry, row.definition, &entry, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    j.definition = entry->definition;
    j.limit = page.limit;
    answer_json(r, 200, &j.o);
    json_open_object(&j.o);
    json_key(&j.o, "items");
    json_open_array(&j.o);
    e = store_scan_turns(r->reader, row.num, page.after_number + 1, page.limit + 1,
                         put_turn, &j, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    page_close(r, &j.o, j.has_more ? arena_printf(r->arena, "%" PRIu64, j.last) : NULL);
}

/* ---- GET /v1/sagas/{id}/calls
 * ----------------------------------------------------------------- */

static bool read_calls(struct request *r, struct view *v, struct view_call **calls,
                       size_t *n)
{
    struct err_info info = {.text = ""};
    enum err e;

    if (!saga_answer_view(r, r->parameters[0], v)) {
        return false;
    }
    e = view_read_calls(r->reader, r->registry, v, r->arena, calls, n, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
    }
    return e == ERR_OK;
}

void sagas_calls(struct request *r)
{
    struct view_call *calls;
    struct json_out o;
    struct page page;
    struct view v;
    size_t n;
    size_t i;

    if (!page_read(r, true, &page) || !read_calls(r, &v, &calls, &n)) {
        return;
    }
    answer_json(r, 200, &o);
    json_open_object(&o);
    json_key(&o, "items");
    json_open_array(&o);
    i = page.after_number < n ? (size_t)page.after_number : n;
    for (size_t put = 0; i < n && put < page.limit && r->answer.body.n < PAGE_BYTES;
         i++, put++) {
        call_json_write(&o, &v, &calls[i], r->arena);
    }
    page_close(r, &o, i < n ? arena_printf(r->arena, "%zu", i) : NULL);
}

void sagas_call(struct request *r)
{
    struct view_call *calls;
    struct json_out o;
    struct view v;
    uint64_t number;
    size_t n;

    if (!read_calls(r, &v, &calls, &n)) {
        return;
    }
    if (!page_number(r->parameters[1], &number) || number < 1 || number > n) {
        answer_refuse(r, PROBLEM_NOT_FOUND, "The saga '%s' has no call '%s'",
                      r->parameters[0], r->parameters[1]);
        return;
    }
    answer_json(r, 200, &o);
    call_json_write(&o, &v, &calls[number - 1], r->arena);
}
