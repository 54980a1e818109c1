/* render.c - `sagactl definition render FILE --input FILE`: requests, not sent. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "definitions/rehearse.h"
#include "definitions/scenario.h"
#include "definitions/told.h"
#include "programs/sagactl/author.h"
#include "programs/sagactl/ctl.h"

#define OUT_MAX ((size_t)64 * 1024 * 1024)
#define ARENA_CHUNK 16384

struct printing {
    const struct author_file *file;
    bool is_json;
    unsigned n;
    struct buf out;
    struct json_out json;
};

/* S2: the saga's id is what a start will make it. */
static void put_key(const struct printing *p, const struct rehearse_call *call,
                    struct buf *out)
{
    buf_printf(out, "\"<saga>.%s", p->file->definition->steps[call->step].id);
    if (call->item != SAGA_NO_ITEM) {
        buf_printf(out, ".%" PRIu32, call->item);
    }
    buf_printf(out, ".%s\"", told_call(p->file->definition, call->step, call->call));
}

/* ---- for people ----------------------------------------------------------------------
 */

static void put_headers(struct buf *out, const struct render_request *request)
{
    for (size_t i = 0; i < request->n_headers; i++) {
        buf_printf(out, "    %s: ", request->headers[i].name);
        output_escape(request->headers[i].value, out);
        buf_add_char(out, '\n');
    }
}

static void print_request(struct printing *p, const struct rehearse_call *call)
{
    const struct render_request *request = call->request;
    struct buf *out = &p->out;

    buf_printf(out, "%u  %s", p->n, call->name);
    if (call->attempt > 1) {
        buf_printf(out, " attempt %" PRIu32, call->attempt);
    }
    if (request == NULL) {
        buf_printf(out, "\n    child saga %s %s\n",
                   p->file->definition->steps[call->step].child,
                   call->call == CALL_COMPENSATION ? "is taken back" : "is started");
        if (call->child_input.at != NULL) {
            buf_add_text(out, "    ");
            output_escape(call->child_input.at, out);
            buf_add_char(out, '\n');
        }
        return;
    }
    buf_printf(out, "\n    %s %s%s", request->call->method,
               request->call->service != NULL ? request->call->service : "",
               request->call->service != NULL ? " " : "");
    output_escape(request->url, out);
    buf_add_char(out, '\n');
    if (call->call != CALL_CONFIRM) {
        buf_add_text(out, "    Idempotency-Key: ");
        put_key(p, call, out);
        buf_add_char(out, '\n');
    }
    put_headers(out, request);
    if (request->body != NULL) {
        buf_add_text(out, "    ");
        output_escape(request->body, out);
        buf_add_char(out, '\n');
    }
}

/* ---- for programs
 * ---------------------------------------------------------------------- */

static void put_json_request(struct printing *p, const struct rehearse_call *call)
{
    const struct render_request *request = call->request;
    struct json_out *o = &p->json;
    struct buf key;

    json_put(o, "method", request->call->method);
    json_put(o, "service", request->call->service);
    json_put(o, "url", request->url);
    if (call->call != CALL_CONFIRM) {
        buf_init(&key, 1024);
        put_key(p, call, &key);
        json_put(o, "idempotencyKey", buf_text(&key));
        buf_done(&key);
    }
    json_key(o, "headers");
    json_open_object(o);
    for (size_t i = 0; i < request->n_headers; i++) {
        json_put(o, request->headers[i].name, request->headers[i].value);
    }
    json_close_object(o);
    json_key(o, "body");
    json_raw(o, request->body != NULL ? json_span_of(request->body, request->body_n)
                                      : JSON_SPAN_TEXT("null"));
}

static void put_json_call(struct printing *p, const struct rehearse_call *call)
{
    struct json_out *o = &p->json;

    json_open_object(o);
    json_put(o, "name", call->name);
    json_put_number(o, "attempt", call->attempt);
    json_put_number(o, "atMs", (int64_t)call->at_ms);
    if (call->request != NULL) {
        put_json_request(p, call);
    } else {
        json_put(o, "child", p->file->definition->steps[call->step].child);
        json_key(o, "input");
        json_raw(o, call->child_input.at != NULL ? call->child_input
                                                 : JSON_SPAN_TEXT("null"));
    }
    json_close_object(o);
}

static void take_call(void *user, const struct rehearse_call *call)
{
    struct printing *p = user;

    p->n++;
    if (p->is_json) {
        put_json_call(p, call);
    } else {
        print_request(p, call);
    }
}

/* ---- the command
 * ------------------------------------------------------------------------- */

static enum exit_code code_of(enum saga_status status)
{
    if (status == SAGA_STATUS_COMPLETED) {
        return EXIT_OK;
    }
    return status == SAGA_STATUS_COMPENSATED ? EXIT_COMPENSATED : EXIT_STUCK;
}

static void print_end(struct printing *p, const struct rehearse_end *end)
{
    struct json_out *o = &p->json;

    if (p->is_json) {
        json_close_array(o);
        json_put(o, "status", told_status(end->status));
        json_key(o, "output");
        json_raw(o, end->output.at != NULL ? end->output : JSON_SPAN_TEXT("null"));
        json_put(o, "outputError", end->output_error);
        json_put(o, "rest", end->rest);
        json_close_object(o);
        buf_add_char(&p->out, '\n');
    }
    (void)fputs(buf_text(&p->out), stdout);
    if (end->rest != NULL) {
        ctl_say("%s: %s", told_status(end->status), end->rest);
    } else if (end->output_error != NULL) {
        ctl_say("%s, without an output: %s", told_status(end->status), end->output_error);
    } else if (!p->is_json) {
        ctl_say("%s after %u requests; nothing was sent", told_status(end->status), p->n);
    }
}

static enum exit_code render(const struct ctl *ctl, const struct author_file *file,
                             const struct rehearse_script *given)
{
    struct arena *keep = arena_create(ARENA_CHUNK);
    struct rehearse_script script = *given;
    struct printing p = {.file = file};
    struct rehearse_end end;
    struct err_info info = {.text = ""};
    enum exit_code code = EXIT_INVALID;

    p.is_json = ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL;
    buf_init(&p.out, OUT_MAX);
    json_out_init(&p.json, &p.out);
    if (p.is_json) {
        json_open_object(&p.json);
        json_put(&p.json, "definition", file->definition->name);
        json_key(&p.json, "requests");
        json_open_array(&p.json);
    }
    script.on_call = take_call;
    script.user = &p;
    script.signals_come = true;
    if (rehearse(file->definition, &script, keep, &end, &info) != ERR_OK) {
        ctl_say("%s", info.text);
    } else {
        print_end(&p, &end);
        code = code_of(end.status);
    }
    buf_done(&p.out);
    arena_destroy(keep);
    return code;
}

/* The answers of a test, by themselves. */
static enum exit_code check_answers(const struct ctl *ctl, struct json_span answers)
{
    struct check_report *report;
    enum exit_code code = EXIT_OK;
    struct buf list;

    if (answers.at == NULL) {
        return EXIT_OK;
    }
    report = mem_alloc(sizeof(*report));
    buf_init(&list, LIMIT_BODY_BYTES + 128);
    buf_add_text(&list,
                 "[{\"name\":\"render\",\"input\":null,\"expect\":{},\"answers\":");
    buf_add(&list, answers.at, answers.n);
    buf_add_text(&list, "}]");
    if (scenario_read(json_span_of(buf_text(&list), list.n), report) != ERR_OK) {
        author_say_issues(ctl_value(ctl, "answers"), answers, "/0/answers", report,
                          false);
        code = EXIT_INVALID;
    }
    buf_done(&list);
    free(report);
    return code;
}

int definition_render(struct ctl *ctl)
{
    struct rehearse_script script = {.on_call = NULL};
    struct author_file file;
    struct buf input;
    struct buf answers;
    struct buf vars;
    enum exit_code code = author_open(ctl->word, &file);
    enum exit_code input_code = author_read(ctl, "input", &input, &script.input);
    enum exit_code answers_code = author_read(ctl, "answers", &answers, &script.answers);
    enum exit_code vars_code = author_read(ctl, "vars", &vars, &script.vars);

    code = code == EXIT_OK ? input_code : code;
    code = code == EXIT_OK ? answers_code : code;
    code = code == EXIT_OK ? vars_code : code;
    code = code == EXIT_OK ? check_answers(ctl, script.answers) : code;
    if (code == EXIT_OK && script.input.at == NULL) {
        script.input = file.definition->input_example;
        if (script.input.at == NULL) {
            ctl_say("--input FILE is needed: the definition has no input.example");
            code = EXIT_USAGE;
        }
    }
    if (code == EXIT_OK) {
        code = render(ctl, &file, &script);
    }
    buf_done(&vars);
    buf_done(&answers);
    buf_done(&input);
    author_close(&file);
    return (int)code;
}
