/* conformance_request.c - see conformance.h. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "definitions/render.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/conformance.h"
#include "programs/sagactl/ctl.h"

#define HEADER_FILE_MAX 65536
#define HEADERS_MAX ARGS_MAX

static enum exit_code usage(const char *wants)
{
    ctl_say("conformance needs %s", wants);
    return EXIT_USAGE;
}

static enum exit_code check_step(struct conformance_source *s)
{
    const struct definition *d = s->file.definition;
    const char *step = ctl_value(s->ctl, "step");

    s->step = definition_step_of(d, step);
    if (s->step == PLAN_NONE || d->steps[s->step].action == NULL) {
        ctl_say("%s has no step '%s' that makes a call", d->name, step);
        return EXIT_USAGE;
    }
    if (d->steps[s->step].compensation == NULL) {
        ctl_say("step '%s' has no compensation: there is nothing to promise about it",
                step);
        return EXIT_USAGE;
    }
    if (d->steps[s->step].each != NULL) {
        ctl_say("step '%s' has items: give its requests with --action and --compensation",
                step);
        return EXIT_USAGE;
    }
    s->step_name = step;
    return EXIT_OK;
}

static enum exit_code open_definition(struct conformance_source *s)
{
    enum exit_code code;

    if (ctl_value(s->ctl, "step") == NULL) {
        return usage("--step STEP with --definition");
    }
    s->has_file = true;
    code = author_open(ctl_value(s->ctl, "definition"), &s->file);
    code = code == EXIT_OK ? check_step(s) : code;
    if (code == EXIT_OK && s->input_text.at == NULL) {
        s->input_text = s->file.definition->input_example;
        code = s->input_text.at != NULL
                   ? EXIT_OK
                   : usage("--input FILE: the definition has no input.example");
    }
    return code;
}

enum exit_code conformance_open(const struct ctl *ctl, struct conformance_source *s)
{
    enum exit_code code;
    enum exit_code answers_code;
    enum exit_code vars_code;

    *s = (struct conformance_source){.ctl = ctl, .step_name = "step"};
    code = author_read(ctl, "input", &s->input, &s->input_text);
    answers_code = author_read(ctl, "answers", &s->answers, &s->answers_text);
    vars_code = author_read(ctl, "vars", &s->vars, &s->vars_text);
    code = code == EXIT_OK ? answers_code : code;
    code = code == EXIT_OK ? vars_code : code;
    if (code != EXIT_OK) {
        return code;
    }
    if (ctl_value(ctl, "definition") != NULL) {
        return open_definition(s);
    }
    if (ctl_value(ctl, "action") == NULL || ctl_value(ctl, "compensation") == NULL) {
        return usage("--action CALL and --compensation CALL, or --definition FILE and "
                     "--step STEP");
    }
    return EXIT_OK;
}

void conformance_close(struct conformance_source *s)
{
    if (s->has_file) {
        author_close(&s->file);
    }
    buf_done(&s->input);
    buf_done(&s->answers);
    buf_done(&s->vars);
}

/* ---- from the options ------------------------------------------------------------- */

/* "POST /charges" */
static bool split_call(const char *text, struct arena *a, struct conformance_request *out,
                       struct err_info *info)
{
    const char *blank = strchr(text, ' ');

    if (blank == NULL || blank == text || blank[1] != '/') {
        (void)err_set(info, ERR_INVALID, "'%s' is not like 'POST /charges'", text);
        return false;
    }
    out->method = arena_copy(a, text, (size_t)(blank - text));
    out->path = arena_text(a, blank + 1);
    return true;
}

static bool read_body(const struct ctl *ctl, const char *option, struct arena *a,
                      struct conformance_request *out, struct err_info *info)
{
    struct buf text;
    bool is_read = true;

    if (ctl_value(ctl, option) == NULL) {
        return true;
    }
    buf_init(&text, LIMIT_BODY_BYTES);
    if (ask_read_option(ctl, option, &text) != EXIT_OK) {
        (void)err_set(info, ERR_INVALID, "--%s cannot be used", option);
        is_read = false;
    } else {
        out->body = arena_copy(a, buf_text(&text), text.n);
    }
    buf_done(&text);
    return is_read;
}

static bool from_options(const struct conformance_source *s, bool is_action,
                         struct arena *a, struct conformance_request *out,
                         struct err_info *info)
{
    const bool has_own_body =
        !is_action && ctl_value(s->ctl, "compensation-body") != NULL;

    return split_call(ctl_value(s->ctl, is_action ? "action" : "compensation"), a, out,
                      info) &&
           read_body(s->ctl, has_own_body ? "compensation-body" : "body", a, out, info);
}

/* ---- from a definition ------------------------------------------------------------ */

struct scope_user {
    const struct conformance_source *source;
    struct json_span answer;
    struct arena *arena;
};

/* What a step before it was answered: the first of its answers in --answers, or 200 {}.
 */
static struct json_span other_answer(const struct conformance_source *s, uint16_t step,
                                     struct arena *a)
{
    const char *id = s->file.definition->steps[step].id;
    const char *name = arena_printf(a, "%s.action", id != NULL ? id : "");
    struct json_span given =
        json_span_element(json_span_member(s->answers_text, name, strlen(name)), 0);
    struct json_span status = json_span_member(given, "status", strlen("status"));
    struct json_span body = json_span_member(given, "body", strlen("body"));
    const char *text;

    text = arena_printf(
        a,
        "{\"outcome\":\"succeeded\",\"status\":%.*s,\"headers\":{},"
        "\"body\":%.*s,\"attempts\":1}",
        status.at != NULL ? (int)status.n : 3, status.at != NULL ? status.at : "200",
        body.at != NULL ? (int)body.n : 2, body.at != NULL ? body.at : "{}");
    return json_span_of(text, strlen(text));
}

static struct json_span find_answer(void *user, uint16_t step)
{
    const struct scope_user *u = user;

    if (step == u->source->step) {
        return u->answer.at != NULL
                   ? u->answer
                   : JSON_SPAN_TEXT(
                         "{\"outcome\":\"unknown\",\"status\":null,\"headers\":{},"
                         "\"body\":null,\"attempts\":1}");
    }
    return other_answer(u->source, step, u->arena);
}

/* An absolute URL counts with its path: the test is of the URL given. */
static const char *path_of(const char *url)
{
    const char *slashes = strstr(url, "://");
    const char *path = slashes != NULL ? strchr(slashes + 3, '/') : url;

    return path != NULL ? path : "/";
}

static bool from_definition(const struct conformance_source *s, enum call_kind call,
                            struct scope_user *user, const char *saga,
                            struct conformance_request *out, struct err_info *info)
{
    struct arena *a = user->arena;
    const struct definition *d = s->file.definition;
    const char *text =
        arena_printf(a,
                     "{\"id\":\"%s\",\"key\":null,\"definition\":\"%s\",\"version\":1,"
                     "\"startedAt\":\"2026-01-01T00:00:00.000Z\"}",
                     saga, d->name);
    const struct render_scope scope = {
        .input = s->input_text,
        .vars = s->vars_text.at != NULL ? s->vars_text : JSON_SPAN_TEXT("{}"),
        .saga = json_span_of(text, strlen(text)),
        .error = JSON_SPAN_TEXT("{\"step\":\"conformance\",\"outcome\":\"rejected\","
                                "\"status\":409,\"detail\":\"a conformance test\"}"),
        .step = find_answer,
        .user = user,
    };
    struct render_request made;

    if (render_call(d, s->step, call, &scope, a, &made, info) != ERR_OK) {
        return false;
    }
    out->method = made.call->method;
    out->path = path_of(made.url);
    out->body = made.body != NULL ? arena_copy(a, made.body, made.body_n) : NULL;
    for (size_t i = 0; i < made.n_headers; i++) {
        out->headers[out->n_headers++] =
            arena_printf(a, "%s: %s", made.headers[i].name, made.headers[i].value);
    }
    return true;
}

/* --header: a line, or @FILE with lines, which other users of the machine do not see. */
static bool put_headers(const struct ctl *ctl, struct arena *a,
                        struct conformance_request *out, struct err_info *info)
{
    const char *given[ARGS_MAX];
    const size_t n = args_values(&ctl->args, "header", given, ARGS_MAX);

    for (size_t i = 0; i < n; i++) {
        const char *at = given[i];
        struct buf text;
        bool is_read = true;

        buf_init(&text, HEADER_FILE_MAX);
        if (at[0] == '@') {
            is_read = file_read(at + 1, &text, info) == ERR_OK;
            at = buf_text(&text);
        }
        while (is_read && *at != '\0' && out->n_headers < HEADERS_MAX) {
            const size_t length = strcspn(at, "\r\n");

            if (length > 0) {
                out->headers[out->n_headers++] = arena_copy(a, at, length);
            }
            at += length;
            at += strspn(at, "\r\n");
        }
        buf_done(&text);
        if (!is_read) {
            return false;
        }
    }
    return true;
}

bool conformance_make(const struct conformance_source *s, enum call_kind call,
                      const char *saga, struct json_span answer, struct arena *a,
                      struct conformance_request *out, struct err_info *info)
{
    struct scope_user user = {s, answer, a};
    size_t room = HEADERS_MAX + CONFORMANCE_ROOM;

    if (s->has_file) {
        room += definition_call_of(s->file.definition, s->step, call)->n_headers;
    }
    *out = (struct conformance_request){.method = NULL};
    out->headers = arena_take(a, room * sizeof(out->headers[0]));
    return put_headers(s->ctl, a, out, info) &&
           (s->has_file ? from_definition(s, call, &user, saga, out, info)
                        : from_options(s, call == CALL_ACTION, a, out, info));
}
