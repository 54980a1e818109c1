/* services.c - `sagactl service list|pause|resume|breaker`, `sagactl engine resume`. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/pages.h"

#define PATH_MAX_BYTES 4096
#define BODY_MAX_BYTES 65536

static const struct output_column service_columns[] = {
    {"NAME", "name", false},          {"BREAKER", "breaker.state", false},
    {"SINCE", "breaker.since", true}, {"FAILURES", "breaker.failures", true},
    {"PAUSED", "paused", false},      {"IN FLIGHT", "inFlight", false},
    {"QUEUED", "queued", false},      {"AT MOST", "maxConcurrent", true},
    {"RATE", "rate", true},           {"URL", "url", true},
};
#define N_COLUMNS (sizeof(service_columns) / sizeof(service_columns[0]))

int service_list(struct ctl *ctl)
{
    const struct pages pages = {.path = "/v1/services",
                                .columns = service_columns,
                                .n_columns = N_COLUMNS,
                                .name = "name"};

    return (int)pages_print(ctl, &pages);
}

static enum exit_code print_service(const struct ctl *ctl, const struct buf *body)
{
    json_t *service = NULL;
    json_t *row;

    if (ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL) {
        output_json(json_span_of(buf_text(body), body->n),
                    ctl->output.format == OUTPUT_JSONL);
        return EXIT_OK;
    }
    if (json_read(buf_text(body), body->n, &service, NULL) != ERR_OK) {
        ctl_say("the server's answer is not JSON");
        return EXIT_FAILED;
    }
    if (ctl->output.format == OUTPUT_NAME) {
        printf("%s\n", json_string_value(json_object_get(service, "name")));
    } else {
        row = json_array();
        (void)json_array_append(row, service); /* Fails only without memory. */
        output_table(&ctl->output, service_columns, N_COLUMNS, row);
        json_decref(row);
    }
    json_decref(service);
    return EXIT_OK;
}

static void make_body(const struct ctl *ctl, const char *state, struct buf *body)
{
    struct json_out o;

    json_out_init(&o, body);
    json_open_object(&o);
    if (state != NULL) {
        json_put(&o, "state", state);
    }
    if (ctl_value(ctl, "reason") != NULL) {
        json_put(&o, "reason", ctl_value(ctl, "reason"));
    }
    json_close_object(&o);
}

/* state: what the breaker is to be; NULL: the command has none. */
static enum exit_code change(const struct ctl *ctl, const char *state)
{
    const char *verb = strchr(ctl->command->name, ' ') + 1;
    struct client_answer a;
    enum exit_code code;
    struct buf body;
    struct buf path;

    buf_init(&path, PATH_MAX_BYTES);
    buf_init(&body, BODY_MAX_BYTES);
    client_answer_init(&a);
    buf_add_text(&path, "/v1/services/");
    client_escape(ctl->word, &path);
    buf_printf(&path, "/%s", verb);
    make_body(ctl, state, &body);
    code = ask_post(ctl, buf_text(&path), buf_text(&body), &a);
    if (code == EXIT_OK) {
        code = print_service(ctl, &a.body);
    }
    client_answer_done(&a);
    buf_done(&body);
    buf_done(&path);
    return code;
}

int service_act(struct ctl *ctl)
{
    return (int)change(ctl, NULL);
}

int service_breaker(struct ctl *ctl)
{
    const char *state = ctl_word(ctl, 1);

    if (strcmp(state, "open") != 0 && strcmp(state, "closed") != 0 &&
        strcmp(state, "auto") != 0) {
        ctl_say("a breaker is to be open, closed or auto, not '%s'", state);
        return EXIT_USAGE;
    }
    return (int)change(ctl, state);
}

int engine_resume(struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code;
    struct buf body;

    if (ctl_value(ctl, "reason") == NULL) {
        ctl_say("engine resume needs --reason TEXT");
        return EXIT_USAGE;
    }
    code = ask_ready(ctl);
    if (code == EXIT_OK) {
        code = ask_person(ctl, "Make calls again, with what this backup knows?");
    }
    if (code != EXIT_OK) {
        return (int)code;
    }
    buf_init(&body, BODY_MAX_BYTES);
    client_answer_init(&a);
    make_body(ctl, NULL, &body);
    code = ask_post(ctl, "/v1/resume", buf_text(&body), &a);
    if (code == EXIT_OK && !ask_print_json(ctl, &a)) {
        printf("The engine goes on.\n");
    }
    client_answer_done(&a);
    buf_done(&body);
    return (int)code;
}
