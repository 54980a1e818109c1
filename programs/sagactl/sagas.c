/* sagas.c - `sagactl list|get|why|journal|items`. */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/units.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/filters.h"
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

static const struct output_column item_columns[] = {
    {"ITEM", "item", false},
    {"STATUS", "status", false},
    {"ATTEMPTS", "attempts", false},
    {"IN DOUBT", "inDoubt", false},
    {"LAST ERROR", "lastError.detail", false},
    {"STARTED", "startedAt", true},
    {"ENDED", "endedAt", true},
};

int saga_list(struct ctl *ctl)
{
    struct pages pages = {.columns = saga_columns,
                          .n_columns = sizeof(saga_columns) / sizeof(saga_columns[0]),
                          .name = "id"};
    enum exit_code code;
    struct buf path;

    buf_init(&path, PATH_MAX_BYTES);
    buf_add_text(&path, "/v1/sagas");
    code = filters_put_query(ctl, &path);
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

/* As it was after a turn: nothing to wait for. */
static enum exit_code get_turn(const struct ctl *ctl, const char *turn)
{
    struct client_answer a;
    enum exit_code code;
    struct buf path;
    char rest[64];
    uint64_t number;

    if (!units_read_count(turn, &number) || args_has(&ctl->args, "wait")) {
        ctl_say("--turn takes a number, and no --wait");
        return EXIT_USAGE;
    }
    (void)snprintf(rest, sizeof(rest), "/at/%" PRIu64, number);
    path_of(ctl, rest, &path);
    client_answer_init(&a);
    code = ask_get(ctl, buf_text(&path), &a);
    if (code == EXIT_OK) {
        code = show_saga(ctl, &a.body);
    }
    client_answer_done(&a);
    buf_done(&path);
    return code;
}

int saga_get(struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code;
    enum exit_code shown;
    uint64_t wait_ms = 0;
    bool is_waiting;
    struct buf path;

    if (ctl_value(ctl, "turn") != NULL) {
        return (int)get_turn(ctl, ctl_value(ctl, "turn"));
    }
    code = wait_option(ctl, &is_waiting, &wait_ms);
    if (code != EXIT_OK) {
        return (int)code;
    }
    path_of(ctl, "", &path);
    client_answer_init(&a);
    code = ask_get(ctl, buf_text(&path), &a);
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

int saga_items(struct ctl *ctl)
{
    struct buf rest;
    int code;

    buf_init(&rest, PATH_MAX_BYTES);
    buf_add_text(&rest, "/steps/");
    client_escape(ctl_word(ctl, 1), &rest);
    buf_add_text(&rest, "/items");
    code = print_list(ctl, buf_text(&rest), "item", COLUMNS(item_columns));
    buf_done(&rest);
    return code;
}
