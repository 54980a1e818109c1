/*
 * bulk_start.c - POST /v1/bulk: one action on every saga that a filter finds.
 *
 * Twice: the first answer says how many sagas match, shows some, and gives a token; the
 * same request with the token as `confirm` starts it (ADR 0031). Whether the action is
 * legal is the core's to say, saga by saga.
 */
#include <inttypes.h>
#include <string.h>

#include "adminapi/act_given.h"
#include "adminapi/answer.h"
#include "adminapi/bulk_confirm.h"
#include "adminapi/bulk_json.h"
#include "adminapi/bulk_match.h"
#include "adminapi/handlers.h"
#include "adminapi/preference.h"
#include "adminapi/saga_answer.h"
#include "adminapi/submit.h"
#include "base/ids.h"

#define MORE_PART 10 /* A tenth more may match when it is confirmed. */

enum member {
    M_ACTION,
    M_FILTER,
    M_REASON,
    M_CONFIRM,
    M_STEP,
    M_OUTPUT,
    M_OUTCOME,
    M_BODY,
    MEMBERS
};

static const char *const member_names[MEMBERS] = {
    [M_ACTION] = "action",   [M_FILTER] = "filter", [M_REASON] = "reason",
    [M_CONFIRM] = "confirm", [M_STEP] = "step",     [M_OUTPUT] = "output",
    [M_OUTCOME] = "outcome", [M_BODY] = "body"};

struct shape { /* What an action takes beside action, filter, reason, confirm. */
    const char *name;
    enum saga_event_kind kind;
    bool has[MEMBERS];
    bool needs_step;
};

static const struct shape shapes[] = {
    {.name = "retry", .kind = SAGA_EV_RETRY, .has = {[M_STEP] = true}},
    {.name = "skip",
     .kind = SAGA_EV_SKIP,
     .has = {[M_STEP] = true, [M_OUTPUT] = true},
     .needs_step = true},
    {.name = "resolve",
     .kind = SAGA_EV_RESOLVE,
     .has = {[M_STEP] = true, [M_OUTCOME] = true, [M_BODY] = true},
     .needs_step = true},
    {.name = "close", .kind = SAGA_EV_CLOSE},
    {.name = "cancel", .kind = SAGA_EV_CANCEL},
    {.name = "pause", .kind = SAGA_EV_PAUSE},
    {.name = "resume", .kind = SAGA_EV_RESUME},
};
#define N_SHAPES (sizeof(shapes) / sizeof(shapes[0]))

/* ---- what is asked
 * ----------------------------------------------------------------------------- */

static const struct shape *read_action(struct request *r, const struct body_member *m)
{
    const char *name = body_needed_text(r, m);

    if (name == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < N_SHAPES; i++) {
        if (strcmp(shapes[i].name, name) == 0) {
            return &shapes[i];
        }
    }
    body_fault(r, m, "enum",
               "It must be retry, skip, resolve, close, cancel, pause or resume");
    return NULL;
}

static void read_what(struct request *r, const struct shape *shape,
                      const struct body_member all[static MEMBERS])
{
    struct act_asked *act = &r->command.of.bulk.act;

    act->action = shape->kind;
    for (size_t i = M_STEP; i < MEMBERS; i++) {
        if (all[i].value.at != NULL && !shape->has[i]) {
            body_fault(r, &all[i], "unknown-member", "The action has no such member");
        }
    }
    act->step = shape->needs_step ? body_needed_text(r, &all[M_STEP])
                                  : body_text(r, &all[M_STEP]);
    act_given_read(r, act,
                   &(struct act_given){.output = &all[M_OUTPUT],
                                       .outcome = &all[M_OUTCOME],
                                       .body = &all[M_BODY]});
}

static void note_fault(void *user, const char *name, const char *code, const char *detail)
{
    struct request *r = user;

    answer_fault(r, body_pointer(r, "/filter", name), code, "'%s' %s", name, detail);
}

/* An empty filter is every saga there is: that is not said by saying nothing. */
static void read_filter(struct request *r, const struct body_member *m,
                        struct saga_filter *filter)
{
    struct buf canonical;

    saga_filter_init(filter);
    if (m->value.at == NULL) {
        answer_fault(r, "", "required", "The member 'filter' is required");
    } else if (json_span_kind(m->value) != JSON_KIND_OBJECT) {
        body_fault(r, m, "type", "It must be an object: the list's parameters");
    } else if (json_span_count(m->value) == 0) {
        body_fault(r, m, "minProperties",
                   "It must name a condition; all that go on are {\"status\": "
                   "\"running,compensating,stuck\"}");
    } else if (saga_filter_read(filter, m->value, r->arena, note_fault, r)) {
        buf_init(&canonical, r->body.max * 2);
        json_canonical(m->value, &canonical);
        r->command.of.bulk.filter =
            arena_copy(r->arena, buf_text(&canonical), canonical.n);
        buf_done(&canonical);
    }
}

/* ---- whose sagas
 * ------------------------------------------------------------------------------- */

/* The filter's text with the token's definitions in it. */
static const char *narrowed(struct request *r)
{
    const char *filter = r->command.of.bulk.filter;
    const char *text;
    struct buf made;
    struct buf canonical;
    struct json_out o;

    buf_init(&made, r->body.max * 2 + 65536);
    buf_init(&canonical, r->body.max * 2 + 65536);
    buf_add(&made, filter, strlen(filter) - 1); /* Its brace; it has a member. */
    buf_add_text(&made, ",\"definition\":");
    json_out_init(&o, &made);
    json_open_array(&o);
    for (size_t i = 0; i < r->token->n_definitions; i++) {
        json_text(&o, r->token->definitions[i]);
    }
    json_close_array(&o);
    buf_add_char(&made, '}');
    json_canonical(json_span_of(buf_text(&made), made.n), &canonical);
    text = arena_copy(r->arena, buf_text(&canonical), canonical.n);
    buf_done(&made);
    buf_done(&canonical);
    return text;
}

/* A token of certain definitions acts on their sagas only. False: answered, 403. */
static bool narrow(struct request *r, struct saga_filter *filter)
{
    if (r->token == NULL || r->token->n_definitions == 0) {
        return true;
    }
    for (size_t i = 0; i < filter->store.n_definitions; i++) {
        if (!auth_may_start(r->token, filter->store.definitions[i])) {
            answer_refuse(r, PROBLEM_FORBIDDEN,
                          "The token is not for sagas of the definition '%s'",
                          filter->store.definitions[i]);
            return false;
        }
    }
    if (filter->store.n_definitions == 0) {
        filter->store.definitions = r->token->definitions;
        filter->store.n_definitions = r->token->n_definitions;
        r->command.of.bulk.filter = narrowed(r);
    }
    return true;
}

/* ---- the first answer
 * -------------------------------------------------------------------------- */

/* What matches now, and the token for it: members of an open object. */
static enum err put_match(struct request *r, const struct bulk_match *m,
                          struct json_out *o, struct err_info *info)
{
    struct command_bulk *b = &r->command.of.bulk;
    char id[IDS_UUID_TEXT];
    enum err e;

    ids_make(id);
    b->id = id;
    b->upto = m->upto;
    b->total = m->count;
    json_put_number(o, "count", (int64_t)b->total);
    json_key(o, "sample");
    json_open_array(o);
    e = saga_answer_rows(r, o, m->sample, m->n_sample, info);
    json_close_array(o);
    json_put(o, "confirm", bulk_confirm_write(b, r->arena));
    b->id = NULL;
    return e;
}

/* m->user: the sentence of a refusal, or NULL. */
static void answer_match(struct request *r, const struct bulk_match *m)
{
    struct err_info info = {.text = ""};
    struct json_out o;
    enum err e;

    if (m->user != NULL) {
        answer_refuse_open(r, PROBLEM_CONFIRM_REQUIRED, 0, m->user, &o);
    } else {
        answer_json(r, 200, &o);
        json_open_object(&o);
    }
    e = store_reader_begin(r->reader, &info);
    if (e == ERR_OK) {
        e = put_match(r, m, &o, &info);
        store_reader_end(r->reader);
    }
    json_close_object(&o);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
    }
}

/* Show what would have to be confirmed now; why: a sentence if that refuses a confirm. */
static void show_match(struct request *r, const struct saga_filter *filter,
                       const char *why)
{
    struct bulk_match *m = arena_take(r->arena, sizeof(*m));
    struct err_info info = {.text = ""};
    struct store_numbers numbers;
    const enum err e = store_read_numbers(r->reader, &numbers, &info);

    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    *m = (struct bulk_match){.filter = filter,
                             .upto = numbers.saga,
                             .sample_max = BULK_MATCH_SAMPLE,
                             .done = answer_match,
                             .user = why};
    bulk_match_start(r, m);
}

/* ---- the second
 * -------------------------------------------------------------------------------- */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Was the bulk action that is there started with this request? */
static bool is_same(const struct command_bulk *b, const struct store_bulk *row)
{
    const struct act_asked *act = &b->act;

    return act->action == row->action && strcmp(b->filter, row->filter) == 0 &&
           is_same_text(act->step, row->step) && act->is_applied == row->is_applied &&
           act->body.n == row->body.n &&
           (act->body.n == 0 || memcmp(act->body.at, row->body.at, act->body.n) == 0);
}

/* The one that this confirmation has started already, if it has. */
static bool is_started(struct request *r)
{
    struct err_info info = {.text = ""};
    struct store_bulk row;

    return store_find_bulk(r->reader, r->command.of.bulk.id, r->arena, &row, &info) ==
               ERR_OK &&
           is_same(&r->command.of.bulk, &row);
}

static void started(struct request *r)
{
    const struct command *c = &r->command;
    struct store_bulk b;
    struct json_out o;

    if (answer_refused(r)) {
        return;
    }
    if (!bulk_json_find(r, c->of.bulk.id, &b)) {
        return;
    }
    answer_json(r, 202, &o);
    json_open_object(&o);
    bulk_json_members(&o, &b);
    json_close_object(&o);
    answer_header(r, "Location", arena_printf(r->arena, "/v1/bulk/%s", b.id));
    if (c->is_replayed) {
        answer_header(r, "Idempotency-Replayed", "true");
    }
}

static void begin(struct request *r)
{
    if (preference_replay(r)) {
        submit_command(r, started);
    }
}

/* Fewer than were shown is fine, and so are a few more: sagas move all the time. */
static void compare(struct request *r, const struct bulk_match *m)
{
    struct command_bulk *b = &r->command.of.bulk;

    if (m->count > b->total + b->total / MORE_PART) {
        show_match(r, m->filter,
                   arena_printf(r->arena,
                                "%" PRIu64 " sagas match now, and %" PRIu64
                                " when you looked; look again",
                                m->count, b->total));
        return;
    }
    b->total = m->count;
    begin(r);
}

static void confirm_match(struct request *r, const struct saga_filter *filter,
                          const char *confirm)
{
    struct command_bulk *b = &r->command.of.bulk;
    struct bulk_match *m;

    if (!bulk_confirm_read(confirm, r->arena, b)) {
        show_match(r, filter, "The confirm is not one that was given here");
    } else if (is_started(r)) {
        begin(r);
    } else if (!bulk_confirm_fits(confirm, b, r->arena)) {
        show_match(r, filter,
                   "The confirm is not of this action and filter, or from before a "
                   "restart; look at what is shown here and confirm that");
    } else {
        m = arena_take(r->arena, sizeof(*m));
        *m = (struct bulk_match){.filter = filter, .upto = b->upto, .done = compare};
        bulk_match_start(r, m);
    }
}

/* ---- both
 * --------------------------------------------------------------------------------------
 */

/* False: answered. */
static bool read_request(struct request *r, struct body_member all[static MEMBERS],
                         struct saga_filter *filter)
{
    struct act_asked *act = &r->command.of.bulk.act;
    const struct shape *shape;

    for (size_t i = 0; i < MEMBERS; i++) {
        all[i] = (struct body_member){.name = member_names[i]};
    }
    if (!body_read(r, false, all, MEMBERS)) {
        return false;
    }
    shape = read_action(r, &all[M_ACTION]);
    if (shape != NULL) {
        read_what(r, shape, all);
    }
    r->command.reason = body_needed_text(r, &all[M_REASON]);
    read_filter(r, &all[M_FILTER], filter);
    if (r->faults == NULL && act->step != NULL && filter->store.n_definitions == 0) {
        answer_fault(r, "/filter", "definition",
                     "A step is one of a definition: name that, too");
    }
    return !body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid");
}

void bulk_start(struct request *r)
{
    struct body_member all[MEMBERS];
    struct saga_filter *filter = arena_take(r->arena, sizeof(*filter));
    const char *confirm;

    r->command.kind = COMMAND_BULK;
    r->command.of.bulk =
        (struct command_bulk){.act = {.item = SAGA_NO_ITEM, .body = JSON_SPAN_NONE}};
    if (!read_request(r, all, filter)) {
        return;
    }
    confirm = body_text(r, &all[M_CONFIRM]);
    if (body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid") ||
        !narrow(r, filter)) {
        return;
    }
    if (confirm == NULL) {
        show_match(r, filter, NULL);
    } else {
        confirm_match(r, filter, confirm);
    }
}
