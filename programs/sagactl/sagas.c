/* sagas.c - `sagactl list|get|why|journal|calls`. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/pages.h"
#include "programs/sagactl/show.h"
#include "programs/sagactl/wait.h"

#define PATH_MAX_BYTES 65536
#define COLUMNS(table) (table), sizeof(table) / sizeof((table)[0])

static const struct output_column saga_columns[] = {
    {"ID", "id", false},
    {"DEFINITION", "definition", false},
    {"STATUS", "status", false},
    {"KEY", "key", false},
    {"UPDATED", "updatedAt", false},
    {"PAUSED", "paused", true},
    {"VERSION", "version", true},
    {"STARTED", "startedAt", true},
    {"LABELS", "labels", true},
    {"STUCK STEP", "stuckStep", true},
};

static const struct output_column turn_columns[] = {
    {"TURN", "turn", false},       {"TIME", "time", false},
    {"EVENT", "event", false},     {"STEP", "step", false},
    {"ITEM", "item", true},        {"OPERATION", "operation", false},
    {"OUTCOME", "outcome", false}, {"ACTOR", "actor", true},
    {"REASON", "reason", true},    {"DETAIL", "detail", false},
};

static const struct output_column call_columns[] = {
    {"N", "n", false},
    {"STEP", "step", false},
    {"ITEM", "item", true},
    {"OPERATION", "operation", false},
    {"ATTEMPT", "attempt", false},
    {"OUTCOME", "outcome", false},
    {"HTTP", "response.status", false},
    {"MS", "timings.total", false},
    {"METHOD", "request.method", true},
    {"URL", "request.url", true},
    {"STARTED", "startedAt", true},
    {"DETAIL", "detail", false},
};

/* option's values as one query parameter, with commas between: comma means or. */
static void add_filter(const struct ctl *ctl, const char *option, const char *parameter,
                       struct buf *path)
{
    const char *values[ARGS_MAX];
    size_t n = args_values(&ctl->args, option, values, ARGS_MAX);

    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_add_char(path, ',');
        } else {
            buf_printf(path, "%c%s=", strchr(buf_text(path), '?') != NULL ? '&' : '?',
                       parameter);
        }
        for (const char *at = values[i]; *at != '\0'; at += at[0] == ',' ? 1 : 0) {
            char piece[512];
            size_t length = strcspn(at, ",");

            (void)snprintf(piece, sizeof(piece), "%.*s", (int)length, at);
            client_escape(piece, path);
            at += length;
            if (*at == ',') {
                buf_add_char(path, ',');
            }
        }
    }
}

static enum exit_code add_labels(const struct ctl *ctl, struct buf *path)
{
    const char *labels[ARGS_MAX];
    size_t n = args_values(&ctl->args, "label", labels, ARGS_MAX);

    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(labels[i], '=');
        char name[256];

        if (equals == NULL || equals == labels[i]) {
            ctl_say("--label %s is not NAME=VALUE", labels[i]);
            return EXIT_USAGE;
        }
        (void)snprintf(name, sizeof(name), "%.*s", (int)(equals - labels[i]), labels[i]);
        buf_printf(path, "%clabel.", strchr(buf_text(path), '?') != NULL ? '&' : '?');
        client_escape(name, path);
        buf_add_char(path, '=');
        client_escape(equals + 1, path);
    }
    return EXIT_OK;
}

int saga_list(struct ctl *ctl)
{
    struct pages pages = {.columns = saga_columns,
                          .n_columns = sizeof(saga_columns) / sizeof(saga_columns[0]),
                          .name = "id"};
    enum exit_code code;
    struct buf path;

    buf_init(&path, PATH_MAX_BYTES);
    buf_add_text(&path, "/v1/sagas");
    add_filter(ctl, "status", "status", &path);
    add_filter(ctl, "definition", "definition", &path);
    add_filter(ctl, "stuck-step", "stuckStep", &path);
    if (ctl_value(ctl, "key") != NULL) {
        buf_printf(&path, "%ckey=", strchr(buf_text(&path), '?') != NULL ? '&' : '?');
        client_escape(ctl_value(ctl, "key"), &path);
    }
    code = add_labels(ctl, &path);
    pages.path = buf_text(&path);
    if (code == EXIT_OK) {
        code = pages_print(ctl, &pages);
    }
    buf_done(&path);
    return (int)code;
}

static void path_of(const struct ctl *ctl, const char *rest, struct buf *path)
{
    buf_init(path, PATH_MAX_BYTES);
    buf_add_text(path, "/v1/sagas/");
    client_escape(ctl->word, path);
    buf_add_text(path, rest);
}

int saga_get(struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code;
    enum exit_code shown;
    uint64_t wait_ms = 0;
    bool is_waiting;
    struct buf path;

    code = wait_option(ctl, &is_waiting, &wait_ms);
    path_of(ctl, "", &path);
    client_answer_init(&a);
    if (code == EXIT_OK) {
        code = fault_ask(
            ctl, &(struct client_request){.method = "GET", .path = buf_text(&path)}, &a,
            NULL);
    } else {
        is_waiting = false;
    }
    if (code == EXIT_OK) {
        code = is_waiting ? wait_for_end(ctl, &a, wait_ms) : EXIT_OK;
        shown = show_saga(ctl, &a.body);
        code = code == EXIT_OK ? shown : code;
    }
    client_answer_done(&a);
    buf_done(&path);
    return (int)code;
}

/* A final saga has no `why`: its status is the whole story. */
static enum exit_code print_why(const struct ctl *ctl, const struct buf *body)
{
    struct json_span text;
    struct buf line;
    json_t *saga = NULL;
    const char *why;

    if (json_read(buf_text(body), body->n, &saga, NULL) != ERR_OK) {
        ctl_say("the server's answer is not JSON");
        return EXIT_FAILED;
    }
    text = json_span_of(buf_text(body), body->n);
    why = json_string_value(json_object_get(saga, "why"));
    buf_init(&line, 65536);
    if (ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL) {
        output_json(text, ctl->output.format == OUTPUT_JSONL);
    } else if (why != NULL && why[0] != '\0') {
        output_escape(why, &line);
        printf("%s\n", buf_text(&line));
    } else {
        printf("It is %s.\n", json_string_value(json_object_get(saga, "status")));
    }
    buf_done(&line);
    json_decref(saga);
    return EXIT_OK;
}

int saga_why(struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code;
    struct buf path;

    path_of(ctl, "", &path);
    client_answer_init(&a);
    code =
        fault_ask(ctl, &(struct client_request){.method = "GET", .path = buf_text(&path)},
                  &a, NULL);
    if (code == EXIT_OK) {
        code = print_why(ctl, &a.body);
    }
    client_answer_done(&a);
    buf_done(&path);
    return (int)code;
}

static int print_list(struct ctl *ctl, const char *rest, const char *name,
                      const struct output_column *columns, size_t n)
{
    struct pages pages = {.columns = columns, .n_columns = n, .name = name};
    enum exit_code code;
    struct buf path;

    path_of(ctl, rest, &path);
    pages.path = buf_text(&path);
    code = pages_print(ctl, &pages);
    buf_done(&path);
    return (int)code;
}

int saga_journal(struct ctl *ctl)
{
    return print_list(ctl, "/journal", "turn", COLUMNS(turn_columns));
}

int saga_calls(struct ctl *ctl)
{
    return print_list(ctl, "/calls", "n", COLUMNS(call_columns));
}
