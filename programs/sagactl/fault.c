/* fault.c - see fault.h. */
#include "programs/sagactl/fault.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/limits.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/place.h"

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* By the problem's code where several share a status. */
static enum exit_code code_of(long status, const char *code)
{
    static const struct {
        const char *problem;
        enum exit_code code;
    } known[] = {
        {"definition-invalid", EXIT_INVALID}, {"input-invalid", EXIT_INVALID},
        {"invalid-json", EXIT_INVALID},       {"idempotency-key-reused", EXIT_CONFLICT},
        {"body-too-large", EXIT_INVALID},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(known[i].problem, code) == 0) {
            return known[i].code;
        }
    }
    switch (status) {
    case 401:
    case 403:
        return EXIT_NOT_ALLOWED;
    case 404:
    case 410:
        return EXIT_NOT_FOUND;
    case 409:
    case 412:
        return EXIT_CONFLICT;
    default:
        return EXIT_FAILED;
    }
}

static void say_error(const json_t *error, const struct fault_file *file)
{
    const char *pointer = text_of(error, "pointer");
    const char *detail = text_of(error, "detail");
    size_t n = file != NULL ? strlen(file->prefix) : 0;
    struct file_place place;

    if (file != NULL && strncmp(pointer, file->prefix, n) == 0 &&
        (pointer[n] == '/' || pointer[n] == '\0')) {
        (void)place_find(file->text, pointer + n, &place); /* The nearest will do. */
        ctl_say("%s:%u:%u: %s%s%s", file->path, place.line, place.column, pointer,
                pointer[0] != '\0' ? ": " : "", detail);
    } else {
        ctl_say("%s: %s", pointer[0] != '\0' ? pointer : "the request", detail);
    }
}

static void say_allowed(const json_t *allowed)
{
    struct buf list;
    const json_t *word;
    size_t i;

    if (json_array_size(allowed) == 0) {
        return;
    }
    buf_init(&list, 4096);
    json_array_foreach(allowed, i, word)
    {
        const char *text = json_string_value(word);

        buf_printf(&list, "%s%s", i > 0 ? ", " : "", text != NULL ? text : "?");
    }
    ctl_say("possible now: %s", buf_text(&list));
    buf_done(&list);
}

/* What to do about a problem, by its code. */
static const char *hint_of(const char *code)
{
    static const char *const hints[][2] = {
        {"definition-invalid",
         "the same without a server: sagactl definition check FILE"},
        {"input-invalid", "what it takes: sagactl definition get NAME"},
        {"not-found", "what there is: sagactl list, sagactl definition list"},
        {"method-not-allowed", "is sagad older than this sagactl? See: sagactl version"},
        {"idempotency-key-reused", "this key was used for something else: take another"},
        {"request-in-progress", "the same request is still being carried out: try again"},
        {"purged", "what was done to it: sagactl audit --subject ID"},
        {"precondition-failed", "somebody was faster: look again, then repeat"},
        {"call-in-flight", "a call is out: try again when it is answered"},
        {"stale-revision", "look at the saga again: sagactl get ID"},
        {"preview-stale", "it has moved since: look again with --preview"},
        {"confirm-required", "what was confirmed is no longer so: look again"},
        {"unauthorized", "set SAGAD_TOKEN or --token-file"},
        {"forbidden", "take a token that has this role: sagactl token create"},
        {"draining", "sagad is being stopped"},
        {"disk-full", "sagad's disk is full: nothing new until there is room"},
        {"body-too-large", "send less, or raise limits.maxBody in sagad's configuration"},
    };

    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (strcmp(hints[i][0], code) == 0) {
            return hints[i][1];
        }
    }
    return NULL;
}

static void say_what_to_try(const struct client_answer *a, const char *code,
                            const json_t *problem)
{
    const char *other = text_of(problem, "sagaId");

    if (strcmp(code, "key-conflict") == 0 && other[0] != '\0') {
        ctl_say("the other saga: sagactl get %s", other);
    } else if (hint_of(code) != NULL) {
        ctl_say("%s", hint_of(code));
    } else if (a->status == 401) {
        ctl_say("%s", hint_of("unauthorized"));
    }
    if ((a->status == 503 || a->status == 429) && a->server_wait_s[0] != '\0') {
        ctl_say("try again in %s s", a->server_wait_s);
    }
}

/* Its detail, unless that is its first error, which is told below with its place. */
static const char *heading_of(const json_t *problem)
{
    const json_t *errors = json_object_get(problem, "errors");
    const char *first = text_of(json_array_get(errors, 0), "detail");
    const char *detail = text_of(problem, "detail");
    const bool is_first = first[0] != '\0' && strstr(detail, first) != NULL;

    return detail[0] != '\0' && !is_first ? detail : text_of(problem, "title");
}

static enum exit_code report(const struct client_answer *a, const struct fault_file *file)
{
    json_t *problem = NULL;
    enum exit_code code;
    const json_t *error;
    size_t i;

    if (json_read(buf_text(&a->body), a->body.n, &problem, NULL) != ERR_OK ||
        !json_is_object(problem)) {
        ctl_say("the server answered %ld, and not as sagad does", a->status);
        json_decref(problem);
        return code_of(a->status, "");
    }
    ctl_say("%s", heading_of(problem));
    json_array_foreach(json_object_get(problem, "errors"), i, error)
    {
        say_error(error, file);
    }
    say_allowed(json_object_get(problem, "allowed"));
    say_what_to_try(a, text_of(problem, "code"), problem);
    code = code_of(a->status, text_of(problem, "code"));
    json_decref(problem);
    return code;
}

enum exit_code fault_of_sending(const struct ctl *ctl, enum err e,
                                const struct err_info *info)
{
    ctl_say("%s", info->text);
    if (e == ERR_BUSY) {
        return EXIT_INTERRUPTED;
    }
    ctl_say("is sagad running at %s? See --server and SAGAD_SERVER",
            client_server(ctl->client));
    return EXIT_UNREACHABLE;
}

enum exit_code fault_ask(const struct ctl *ctl, const struct client_request *r,
                         struct client_answer *a, const struct fault_file *file)
{
    struct err_info info = {.text = ""};
    enum err e = client_send(ctl->client, r, a, &info);

    if (e != ERR_OK) {
        return fault_of_sending(ctl, e, &info);
    }
    return (a->status >= 200 && a->status < 300) || a->status == 304 ? EXIT_OK
                                                                     : report(a, file);
}

enum exit_code fault_read_json(const char *path, struct buf *out, struct json_span *text)
{
    const char *shown = strcmp(path, "-") == 0 ? "stdin" : path;
    struct err_info info = {.text = ""};
    unsigned line;
    unsigned column;
    int n = 0;
    json_t *value;

    if (file_read(path, out, &info) != ERR_OK) {
        ctl_say("%s", info.text);
        return EXIT_FAILED;
    }
    if (json_read(buf_text(out), out->n, &value, &info) != ERR_OK) {
        if (sscanf(info.text, "line %u column %u: %n", &line, &column, &n) == 2 &&
            n > 0) {
            ctl_say("%s:%u:%u: not valid JSON: %s", shown, line, column, info.text + n);
        } else {
            ctl_say("%s: not valid JSON: %s", shown, info.text);
        }
        return EXIT_INVALID;
    }
    json_decref(value);
    *text = json_span_of(buf_text(out), out->n);
    return EXIT_OK;
}
