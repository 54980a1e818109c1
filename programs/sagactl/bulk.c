/* bulk.c - `sagactl bulk ACTION`, `bulk list|show|cancel`. */
#include "programs/sagactl/bulk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "definitions/suggest.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/filters.h"
#include "programs/sagactl/pages.h"

#define PATH_MAX_BYTES 4096
#define BODY_MAX (2 * LIMIT_BODY_BYTES)
#define ID_MAX 136

static const struct output_column bulk_columns[] = {
    {"ID", "id", false},
    {"ACTION", "action", false},
    {"STATUS", "status", false},
    {"TOTAL", "total", false},
    {"DONE", "done", false},
    {"FAILED", "failed", false},
    {"STARTED", "startedAt", false},
    {"FILTER", "filter", true},
    {"ACTOR", "actor", true},
    {"REASON", "reason", true},
};

static const struct output_column item_columns[] = {
    {"ID", "id", false},
    {"STATUS", "status", false},
    {"CODE", "code", false},
};

static const struct output_column sample_columns[] = {
    {"ID", "id", false},
    {"DEFINITION", "definition", false},
    {"STATUS", "status", false},
    {"KEY", "key", false},
    {"UPDATED", "updatedAt", false},
};
#define COLUMNS(table) (table), sizeof(table) / sizeof((table)[0])

/* ---- starting one ---------------------------------------------------------------- */

static enum exit_code check_use(const struct ctl *ctl)
{
    static const char *const actions[] = {"retry", "cancel", "pause",  "resume",
                                          "close", "skip",   "resolve"};
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;

    suggest_begin(&s, ctl->word);
    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        suggest_offer(&s, actions[i]);
        if (strcmp(actions[i], ctl->word) == 0) {
            break;
        }
        if (i + 1 == sizeof(actions) / sizeof(actions[0])) {
            ctl_say("there is no bulk action '%s'%s", ctl->word, suggest_hint(&s, hint));
            return EXIT_USAGE;
        }
    }
    if (!filters_are_given(ctl)) {
        ctl_say("bulk needs a filter, like --status stuck: it says which sagas");
        return EXIT_USAGE;
    }
    if (ctl_value(ctl, "reason") == NULL) {
        ctl_say("bulk needs --reason TEXT");
        return EXIT_USAGE;
    }
    if (!args_has(&ctl->args, "preview") && ask_ready(ctl) != EXIT_OK) {
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

static enum exit_code make_body(const struct ctl *ctl, const char *confirm,
                                struct buf *body)
{
    enum exit_code code;
    struct json_out o;

    json_out_init(&o, body);
    json_open_object(&o);
    json_put(&o, "action", ctl->word);
    json_key(&o, "filter");
    code = filters_put_object(ctl, &o);
    json_put(&o, "reason", ctl_value(ctl, "reason"));
    if (ctl_value(ctl, "step") != NULL) {
        json_put(&o, "step", ctl_value(ctl, "step"));
    }
    if (ctl_value(ctl, "outcome") != NULL) {
        json_put(&o, "outcome", ctl_value(ctl, "outcome"));
    }
    if (code == EXIT_OK) {
        code = ask_put_option(ctl, "output", "output", &o);
    }
    if (code == EXIT_OK) {
        code = ask_put_option(ctl, "body", "body", &o);
    }
    if (confirm != NULL) {
        json_put(&o, "confirm", confirm);
    }
    json_close_object(&o);
    return code;
}

/* confirm: NULL: only ask how many there are. */
static enum exit_code send(const struct ctl *ctl, const char *confirm,
                           struct client_answer *a)
{
    enum exit_code code;
    struct buf body;

    buf_init(&body, BODY_MAX);
    code = make_body(ctl, confirm, &body);
    if (code == EXIT_OK && confirm != NULL) {
        code = ask_post(ctl, "/v1/bulk", buf_text(&body), a);
    } else if (code == EXIT_OK) {
        code =
            fault_ask(ctl,
                      &(struct client_request){
                          .method = "POST", .path = "/v1/bulk", .body = buf_text(&body)},
                      a, NULL);
    }
    buf_done(&body);
    return code;
}

static void show_sample(const json_t *found, FILE *to)
{
    const json_t *sample = json_object_get(found, "sample");
    const json_t *item;
    struct buf line;
    size_t i;

    json_array_foreach(sample, i, item)
    {
        struct arena *a = arena_create(4096);

        buf_init(&line, PATH_MAX_BYTES);
        if (json_is_string(item)) {
            output_escape(json_string_value(item), &line);
        }
        for (size_t k = 0; !json_is_string(item) &&
                           k < sizeof(sample_columns) / sizeof(sample_columns[0]);
             k++) {
            buf_printf(&line, "%s%s", k > 0 ? "  " : "",
                       output_value(item, sample_columns[k].path, a));
        }
        fprintf(to, "  %s\n", buf_text(&line));
        buf_done(&line);
        arena_destroy(a);
    }
}

static void show_found(const struct ctl *ctl, const json_t *found, FILE *to)
{
    const json_int_t count = json_integer_value(json_object_get(found, "count"));
    const size_t n = json_array_size(json_object_get(found, "sample"));

    fprintf(to, "%s: %" JSON_INTEGER_FORMAT " sagas%s\n", ctl->word, count,
            count == 0              ? ""
            : (json_int_t)n < count ? "; some of them:"
                                    : ":");
    show_sample(found, to);
}

static enum exit_code agree(const struct ctl *ctl, const json_t *found)
{
    const json_int_t count = json_integer_value(json_object_get(found, "count"));
    char question[128];

    show_found(ctl, found, stderr);
    (void)snprintf(question, sizeof(question), "%s %" JSON_INTEGER_FORMAT " sagas?",
                   ctl->word, count);
    return ask_person(ctl, question);
}

/* Its id: in the body, or at the end of Location. */
static void id_of(const struct client_answer *a, char id[static ID_MAX])
{
    const char *slash = strrchr(a->location, '/');
    json_t *bulk = NULL;
    const char *text = NULL;

    if (json_read(buf_text(&a->body), a->body.n, &bulk, NULL) == ERR_OK) {
        text = json_string_value(json_object_get(bulk, "id"));
    }
    text = text != NULL ? text : slash != NULL ? slash + 1 : "";
    (void)snprintf(id, ID_MAX, "%s", text);
    json_decref(bulk);
}

static enum exit_code carry_out(const struct ctl *ctl, const char *confirm)
{
    struct client_answer a;
    enum exit_code code;
    char id[ID_MAX];

    client_answer_init(&a);
    code = send(ctl, confirm, &a);
    if (code != EXIT_OK) {
        client_answer_done(&a);
        return code;
    }
    id_of(&a, id);
    if (id[0] == '\0') {
        ctl_say("the server does not say which bulk action this is");
        code = EXIT_FAILED;
    } else if (args_has(&ctl->args, "no-wait")) {
        if (!ask_print_json(ctl, &a)) {
            printf("%s\n", id);
        }
    } else {
        ctl_say("bulk action %s", id);
        code = bulk_follow(ctl, id, &a);
        code = code == EXIT_OK ? bulk_conclude(ctl, id, &a) : code;
    }
    client_answer_done(&a);
    return code;
}

static enum exit_code decide(const struct ctl *ctl, const struct client_answer *a)
{
    json_t *found = NULL;
    enum exit_code code = ask_tree(a, &found);
    const char *confirm;

    if (code != EXIT_OK) {
        return code;
    }
    confirm = json_string_value(json_object_get(found, "confirm"));
    if (args_has(&ctl->args, "preview")) {
        if (!ask_print_json(ctl, a)) {
            show_found(ctl, found, stdout);
        }
    } else if (json_integer_value(json_object_get(found, "count")) == 0) {
        ctl_say("no saga is like that; nothing done");
    } else if (confirm == NULL) {
        ctl_say("the server gives nothing to confirm with");
        code = EXIT_FAILED;
    } else {
        code = agree(ctl, found);
        code = code == EXIT_OK ? carry_out(ctl, confirm) : code;
    }
    json_decref(found);
    return code;
}

int bulk_start(struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code = check_use(ctl);

    if (code != EXIT_OK) {
        return (int)code;
    }
    client_answer_init(&a);
    code = send(ctl, NULL, &a);
    if (code == EXIT_OK) {
        code = decide(ctl, &a);
    }
    client_answer_done(&a);
    return (int)code;
}

/* ---- looking at one --------------------------------------------------------------- */

int bulk_list(struct ctl *ctl)
{
    const struct pages pages = {
        .path = "/v1/bulk",
        .columns = bulk_columns,
        .n_columns = sizeof(bulk_columns) / sizeof(bulk_columns[0]),
        .name = "id",
    };

    return (int)pages_print(ctl, &pages);
}

static void print_fields(const struct ctl *ctl, const json_t *bulk)
{
    static const char *const fields[][2] = {
        {"bulk", "id"},       {"action", "action"}, {"filter", "filter"},
        {"step", "step"},     {"actor", "actor"},   {"reason", "reason"},
        {"status", "status"}, {"total", "total"},   {"done", "done"},
        {"failed", "failed"},
    };
    struct arena *a = arena_create(4096);

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        output_field(&ctl->output, fields[i][0], output_value(bulk, fields[i][1], a));
    }
    if (json_array_size(json_object_get(bulk, "items")) > 0) {
        (void)putchar('\n');
        output_table(&ctl->output, COLUMNS(item_columns), json_object_get(bulk, "items"));
    }
    arena_destroy(a);
}

static enum exit_code show(const struct ctl *ctl, const struct client_answer *a)
{
    json_t *bulk = NULL;
    enum exit_code code = ask_tree(a, &bulk);

    if (code != EXIT_OK) {
        return code;
    }
    if (ctl->output.format == OUTPUT_NAME) {
        printf("%s\n", ctl->word);
    } else if (!ask_print_json(ctl, a)) {
        print_fields(ctl, bulk);
    }
    json_decref(bulk);
    return EXIT_OK;
}

int bulk_show(struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code;
    struct buf path;

    client_answer_init(&a);
    if (args_has(&ctl->args, "follow")) {
        code = bulk_follow(ctl, ctl->word, &a);
        code = code == EXIT_OK ? bulk_conclude(ctl, ctl->word, &a) : code;
    } else {
        buf_init(&path, PATH_MAX_BYTES);
        buf_add_text(&path, "/v1/bulk/");
        client_escape(ctl->word, &path);
        code = ask_get(ctl, buf_text(&path), &a);
        code = code == EXIT_OK ? show(ctl, &a) : code;
        buf_done(&path);
    }
    client_answer_done(&a);
    return (int)code;
}

int bulk_cancel(struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code;
    struct json_out o;
    struct buf body;
    struct buf path;

    buf_init(&body, BODY_MAX);
    buf_init(&path, PATH_MAX_BYTES);
    json_out_init(&o, &body);
    json_open_object(&o);
    if (ctl_value(ctl, "reason") != NULL) {
        json_put(&o, "reason", ctl_value(ctl, "reason"));
    }
    json_close_object(&o);
    buf_add_text(&path, "/v1/bulk/");
    client_escape(ctl->word, &path);
    buf_add_text(&path, "/cancel");
    client_answer_init(&a);
    code = ask_post(ctl, buf_text(&path), buf_text(&body), &a);
    if (code == EXIT_OK) {
        code = show(ctl, &a);
    }
    client_answer_done(&a);
    buf_done(&path);
    buf_done(&body);
    return (int)code;
}
