/*
 * sagas_send.c - what the world sends a saga: POST .../signals/{name} (S19) and
 * POST /v1/callbacks/{token} (S18). The body itself is the payload, any JSON.
 */
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/handlers.h"
#include "adminapi/preference.h"
#include "adminapi/saga_answer.h"
#include "adminapi/submit.h"
#include "base/json.h"

/* The whole body as one JSON value; absent when empty. False: answered. */
static bool read_payload(struct request *r, struct json_span *out)
{
    struct err_info info;

    *out = JSON_SPAN_NONE;
    if (r->body.n == 0) {
        return true;
    }
    if (json_accept(r->body.bytes, r->body.n, &info) != ERR_OK) {
        answer_refuse(r, PROBLEM_INVALID_JSON, "%s", info.text);
        return false;
    }
    *out = json_span_of(r->body.bytes, r->body.n);
    return true;
}

/* 202 with where to look; the saga itself is read there. */
static void taken(struct request *r)
{
    struct json_out o;

    if (r->command.problem != PROBLEM_NONE) {
        saga_answer_problem(r, NULL);
        return;
    }
    answer_json(r, 202, &o);
    json_open_object(&o);
    json_put_flag(&o, "accepted", true);
    if (r->command.kind == COMMAND_SIGNAL) {
        json_put(&o, "id", r->command.saga.id);
    }
    json_close_object(&o);
    if (r->command.is_replayed) {
        answer_header(r, "Idempotency-Replayed", "true");
    }
}

void sagas_signal(struct request *r)
{
    struct command *c = &r->command;

    c->kind = COMMAND_SIGNAL;
    c->of.signal =
        (struct command_signal){.id = r->parameters[0], .name = r->parameters[1]};
    if (read_payload(r, &c->of.signal.body) && preference_replay(r)) {
        submit_command(r, taken);
    }
}

void sagas_callback(struct request *r)
{
    struct command *c = &r->command;

    c->kind = COMMAND_CALLBACK;
    c->of.callback = (struct command_callback){.token = r->parameters[0]};
    if (read_payload(r, &c->of.callback.body)) {
        submit_command(r, taken);
    }
}
