/* answer.c - see answer.h. */
#include "adminapi/answer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "adminapi/door.h"
#include "base/clk.h"
#include "base/log.h"

#define DETAIL_MAX 1024
#define RETRY_AFTER \
    "1" /* Seconds: full queues empty in less, a restart takes about that. */
#define REFUSALS_EVERY_MS 1000

void answer_header(struct request *r, const char *name, const char *value)
{
    assert(r->answer.n_headers < REQUEST_ANSWER_HEADERS);
    r->answer.headers[r->answer.n_headers].name = name;
    r->answer.headers[r->answer.n_headers].value = value;
    r->answer.n_headers++;
}

void answer_json(struct request *r, int status, struct json_out *o)
{
    buf_clear(&r->answer.body);
    r->answer.status = status;
    r->answer.content_type = "application/json";
    json_out_init(o, &r->answer.body);
}

void answer_fixed(struct request *r, const char *content_type, const char *bytes,
                  size_t n)
{
    r->answer.status = 200;
    r->answer.content_type = content_type;
    r->answer.fixed = bytes;
    r->answer.fixed_n = n;
}

void answer_empty(struct request *r, int status)
{
    buf_clear(&r->answer.body);
    r->answer.status = status;
    r->answer.content_type = NULL;
}

/* ---- problems ------------------------------------------------------------------ */

void answer_fault(struct request *r, const char *pointer, const char *code,
                  const char *fmt, ...)
{
    struct request_fault *fault = arena_take(r->arena, sizeof(*fault));
    char text[DETAIL_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args); /* Cut when too long. */
    va_end(args);
    fault->pointer = arena_text(r->arena, pointer);
    fault->code = arena_text(r->arena, code);
    fault->detail = arena_text(r->arena, text);
    *r->faults_end = fault;
    r->faults_end = &fault->next;
}

static void put_faults(struct request *r, struct json_out *o)
{
    if (r->faults == NULL) {
        return;
    }
    json_key(o, "errors");
    json_open_array(o);
    for (const struct request_fault *f = r->faults; f != NULL; f = f->next) {
        json_open_object(o);
        json_put(o, "pointer", f->pointer);
        json_put(o, "code", f->code);
        json_put(o, "detail", f->detail);
        json_close_object(o);
    }
    json_close_array(o);
}

/* A 503 comes by the thousand when it comes: of those one a second is said, with the
 * number of those left out since the last. */
static void log_refusal(struct request *r, enum problem p, int status, const char *detail)
{
    const uint64_t now_ms = clk_mono_ms();
    struct door *door = r->door;

    if (status == 503 && now_ms < door->refusals_quiet_until_ms) {
        door->n_refusals_unsaid++;
        return;
    }
    log_say(status == 503 ? LOG_WARNING : LOG_ERROR, "request refused",
            LOG_TEXT("requestId", r->request_id), LOG_TEXT("code", problem_code(p)),
            LOG_TEXT("detail", detail), LOG_NUMBER("httpStatus", status),
            LOG_NUMBER("leftOut", door->n_refusals_unsaid));
    door->n_refusals_unsaid = 0;
    if (status == 503) {
        door->refusals_quiet_until_ms = now_ms + REFUSALS_EVERY_MS;
    }
}

void answer_refuse_open(struct request *r, enum problem p, int status, const char *detail,
                        struct json_out *o)
{
    const int shown = status != 0 ? status : problem_status(p);
    char type[64];

    (void)snprintf(type, sizeof(type), "urn:sagad:problem:%s", problem_code(p));
    answer_json(r, shown, o);
    r->answer.content_type = "application/problem+json";
    json_open_object(o);
    json_put(o, "type", type);
    json_put(o, "title", problem_title(p));
    json_put_number(o, "status", shown);
    json_put(o, "detail", detail);
    json_put(o, "code", problem_code(p));
    json_put(o, "requestId", r->request_id);
    put_faults(r, o);
    if (shown == 429 || shown == 503) {
        answer_header(r, "Retry-After", RETRY_AFTER);
    }
    /* Probes ask again and again, and say what they saw themselves. */
    if (shown >= 500 && (r->route == NULL || r->route->role != AUTH_NONE)) {
        log_refusal(r, p, shown, detail);
    }
}

void answer_refuse(struct request *r, enum problem p, const char *fmt, ...)
{
    struct json_out o;
    char detail[DETAIL_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(detail, sizeof(detail), fmt, args); /* Cut when too long. */
    va_end(args);
    answer_refuse_open(r, p, 0, detail, &o);
    json_close_object(&o);
}

bool answer_refused(struct request *r)
{
    const struct command *c = &r->command;

    if (c->problem == PROBLEM_NONE) {
        return false;
    }
    answer_refuse(r, c->problem, "%s",
                  c->detail.text[0] != '\0' ? c->detail.text : problem_title(c->problem));
    return true;
}

void answer_failure(struct request *r, enum err e, const struct err_info *info)
{
    const char *detail = info->text[0] != '\0' ? info->text : err_name(e);

    switch (e) {
    case ERR_NOT_FOUND:
        answer_refuse(r, PROBLEM_NOT_FOUND, "%s", detail);
        return;
    case ERR_IO:
    case ERR_BUSY:
        answer_refuse(r, PROBLEM_STORE_UNAVAILABLE, "%s", detail);
        return;
    case ERR_OK:
    case ERR_NOMEM:
    case ERR_INVALID:
    case ERR_CONFLICT:
    case ERR_LIMIT:
        break;
    }
    answer_refuse(r, PROBLEM_INTERNAL, "%s", detail);
}

/* ---- out -------------------------------------------------------------------------- */

/* The library copies names and values; a header it does not take is a bug of ours. */
static void put_header(struct MHD_Response *response, const char *name, const char *value)
{
    const enum MHD_Result is_taken = MHD_add_response_header(response, name, value);

    assert(is_taken == MHD_YES);
}

static void put_headers(const struct request *r, struct MHD_Response *response)
{
    const struct answer *a = &r->answer;

    if (a->content_type != NULL) {
        put_header(response, "Content-Type", a->content_type);
    }
    put_header(response, "X-Request-Id", r->request_id);
    put_header(response, "X-Content-Type-Options", "nosniff");
    put_header(response, "Cache-Control", "no-store");
    for (size_t i = 0; i < a->n_headers; i++) {
        put_header(response, a->headers[i].name, a->headers[i].value);
    }
    if (a->is_closing) {
        put_header(response, "Connection", "close");
    }
}

enum MHD_Result answer_send_response(struct request *r, struct MHD_Response *response)
{
    enum MHD_Result result;

    if (response == NULL) {
        return MHD_NO; /* Closes the connection. */
    }
    put_headers(r, response);
    result = MHD_queue_response(r->connection, (unsigned)r->answer.status, response);
    MHD_destroy_response(response);
    return result;
}

enum MHD_Result answer_send(struct request *r)
{
    struct answer *a = &r->answer;

    assert(a->status != 0);
    if (a->body.is_over) {
        answer_refuse(r, PROBLEM_INTERNAL, "The answer is larger than it may be");
    }
    /* PERSISTENT: the bytes stay until the request is released, after they were sent. The
     * library promises not to write to them. */
    return answer_send_response(
        r, MHD_create_response_from_buffer(
               a->fixed != NULL ? a->fixed_n : a->body.n,
               (void *)(uintptr_t)(a->fixed != NULL ? a->fixed : buf_text(&a->body)),
               MHD_RESPMEM_PERSISTENT));
}
