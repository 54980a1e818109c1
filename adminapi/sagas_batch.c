/*
 * sagas_batch.c - POST /v1/sagas:batch: up to a thousand starts in one request.
 *
 * Each is checked and answered by sagas_start.c as if it had come alone, the request
 * being lent to one after the other; what it would have been answered is kept as its
 * item. Those that are in order go to the engine as one command.
 */
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/body.h"
#include "adminapi/handlers.h"
#include "adminapi/preference.h"
#include "adminapi/saga_answer.h"
#include "adminapi/sagas_start.h"
#include "adminapi/submit.h"
#include "base/json.h"

#define SAGAS_MAX 1000

struct item {
    struct command *start;        /* The engine's to answer; NULL: refused here. */
    void *more;                   /* sagas_start.c's. */
    struct request_fault *faults; /* Shown if the engine refuses it. */
    int status;
    struct json_span answer; /* A saga, or a problem. */
};

/* What finish needs; in the request's arena. */
struct batch {
    struct item *items;
    size_t n;
    struct command *starts;
    size_t n_starts;
};

/* The request as a start finds it: nothing said yet. */
static void lend(struct request *r, const struct command *command)
{
    r->command = *command;
    r->faults = NULL;
    r->faults_end = &r->faults;
    r->answer.status = 0;
    r->answer.n_headers = 0;
    buf_clear(&r->answer.body);
}

static void keep_answer(struct request *r, struct item *item)
{
    const struct buf *body = &r->answer.body;

    item->status = r->answer.status;
    item->answer = json_span_of(arena_copy(r->arena, buf_text(body), body->n), body->n);
}

/* ---- the answer
 * ------------------------------------------------------------------------------- */

static void answer_items(struct request *r, const struct batch *b)
{
    const struct command none = {.problem = PROBLEM_NONE};
    struct json_out o;

    lend(r, &none);
    answer_json(r, 207, &o);
    json_open_object(&o);
    json_key(&o, "items");
    json_open_array(&o);
    for (size_t i = 0; i < b->n; i++) {
        json_open_object(&o);
        json_put_number(&o, "status", b->items[i].status);
        json_key(&o, b->items[i].status < 300 ? "saga" : "problem");
        json_raw(&o, b->items[i].answer);
        json_close_object(&o);
    }
    json_close_array(&o);
    json_close_object(&o);
}

static void started(struct request *r)
{
    const struct batch *b = r->more;

    if (r->command.problem != PROBLEM_NONE) {
        saga_answer_problem(r, NULL);
        return;
    }
    for (size_t i = 0; i < b->n; i++) {
        struct item *item = &b->items[i];

        if (item->start != NULL) {
            lend(r, item->start);
            r->more = item->more;
            r->faults = item->faults;
            sagas_start_finish(r);
            keep_answer(r, item);
        }
    }
    answer_items(r, b);
}

/* ---- the request
 * --------------------------------------------------------------------------------- */

static bool read_item(struct request *r, struct json_span text)
{
    if (json_span_kind(text) != JSON_KIND_OBJECT) {
        answer_fault(r, "", "type", "A start is an object");
        return !body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid");
    }
    return sagas_start_read(r, text);
}

/* whole: the request's command, for its Idempotency-Key. */
static void take_item(struct request *r, struct batch *b, const struct command *whole,
                      struct json_span text)
{
    const struct command mine = {
        .arena = r->arena, .actor = r->actor, .request_id = r->request_id};
    struct item *item = &b->items[b->n];

    lend(r, &mine);
    preference_replay_part(r, whole, b->n, text);
    b->n++;
    if (!read_item(r, text)) {
        keep_answer(r, item);
        return;
    }
    item->start = &b->starts[b->n_starts++];
    *item->start = r->command;
    item->more = r->more;
    item->faults = r->faults;
}

static void take_items(struct request *r, struct batch *b, struct json_span sagas)
{
    const struct command whole = r->command;
    struct json_walk walk = json_walk_of(sagas);
    const size_t n = json_span_count(sagas);
    struct json_span text;

    b->items = arena_take(r->arena, n * sizeof(*b->items));
    b->starts = arena_take(r->arena, n * sizeof(*b->starts));
    while (json_walk_next(&walk, NULL, &text)) {
        take_item(r, b, &whole, text);
    }
}

/* False: answered. */
static bool read_batch(struct request *r, struct batch *b, const struct body_member *m)
{
    const size_t n = json_span_count(m->value);

    if (m->value.at == NULL) {
        answer_fault(r, "", "required", "The member 'sagas' is required");
    } else if (json_span_kind(m->value) != JSON_KIND_ARRAY || n == 0 || n > SAGAS_MAX) {
        body_fault(r, m, "type", "It is an array of 1 to 1000 starts");
    }
    if (body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid") ||
        !preference_replay(r)) {
        return false;
    }
    r->headers.prefer = NULL; /* A batch is not waited for. */
    take_items(r, b, m->value);
    return true;
}

void sagas_batch(struct request *r)
{
    struct body_member m = {.name = "sagas"};
    struct batch *b = arena_take(r->arena, sizeof(*b));

    if (!body_read(r, false, &m, 1) || !read_batch(r, b, &m)) {
        return;
    }
    if (b->n_starts == 0) {
        answer_items(r, b);
        return;
    }
    lend(r, &(struct command){
                .kind = COMMAND_STARTS,
                .of.starts = {.starts = b->starts, .n = b->n_starts},
            });
    r->more = b;
    submit_command(r, started);
}
