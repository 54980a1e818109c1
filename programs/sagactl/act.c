/* act.c - `sagactl retry|skip|resolve|close|cancel|pause|resume ID`. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/units.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/preview.h"
#include "programs/sagactl/show.h"
#include "programs/sagactl/wait.h"

#define KEY_BYTES 16
#define PATH_MAX_BYTES 4096

static bool is_action(const struct ctl *ctl, const char *name)
{
    return strcmp(ctl->command->name, name) == 0;
}

/* Those that cannot be taken back by the opposite command. */
static bool is_grave(const struct ctl *ctl)
{
    return is_action(ctl, "skip") || is_action(ctl, "resolve") ||
           is_action(ctl, "close") || is_action(ctl, "cancel");
}

static bool is_preview(const struct ctl *ctl)
{
    return args_has(&ctl->args, "preview");
}

static enum exit_code usage(const char *command, const char *wants)
{
    ctl_say("%s needs %s", command, wants);
    return EXIT_USAGE;
}

static enum exit_code check_options(const struct ctl *ctl)
{
    const char *outcome = ctl_value(ctl, "outcome");
    uint64_t number;

    if (is_preview(ctl) && args_has(&ctl->args, "wait")) {
        ctl_say("--preview does nothing, so there is nothing to --wait for");
        return EXIT_USAGE;
    }
    if (is_grave(ctl) && !is_preview(ctl) && ctl_value(ctl, "reason") == NULL) {
        return usage(ctl->command->name, "--reason TEXT");
    }
    if ((is_action(ctl, "skip") || is_action(ctl, "resolve")) &&
        ctl_value(ctl, "step") == NULL) {
        return usage(ctl->command->name, "--step STEP");
    }
    if (is_action(ctl, "resolve") &&
        (outcome == NULL ||
         (strcmp(outcome, "applied") != 0 && strcmp(outcome, "not-applied") != 0))) {
        return usage("resolve", "--outcome applied or --outcome not-applied");
    }
    if (ctl_value(ctl, "item") != NULL &&
        !units_read_count(ctl_value(ctl, "item"), &number)) {
        return usage("--item", "a number");
    }
    if (ctl_value(ctl, "revision") != NULL &&
        !units_read_count(ctl_value(ctl, "revision"), &number)) {
        return usage("--revision", "a number");
    }
    return EXIT_OK;
}

/* A member whose value is JSON given as an option: itself, or @FILE. */
static enum exit_code put_json(const struct ctl *ctl, const char *name,
                               struct json_out *o)
{
    const char *given = ctl_value(ctl, name);
    enum exit_code code = EXIT_OK;
    struct json_span value = JSON_SPAN_NONE;
    struct err_info info;
    struct buf text;

    if (given == NULL) {
        return EXIT_OK;
    }
    buf_init(&text, LIMIT_BODY_BYTES);
    if (given[0] == '@') {
        code = fault_read_json(given + 1, &text, &value);
    } else {
        json_t *parsed = NULL;

        buf_add_text(&text, given);
        value = json_span_of(buf_text(&text), text.n);
        if (json_read(buf_text(&text), text.n, &parsed, &info) != ERR_OK) {
            ctl_say("--%s is not valid JSON: %s", name, info.text);
            code = EXIT_INVALID;
        }
        json_decref(parsed);
    }
    if (code == EXIT_OK) {
        json_key(o, name);
        json_raw(o, value);
    }
    buf_done(&text);
    return code;
}

static void put_number(const struct ctl *ctl, const char *name, struct json_out *o)
{
    uint64_t number;

    if (ctl_value(ctl, name) != NULL && units_read_count(ctl_value(ctl, name), &number)) {
        json_put_number(o, name, (int64_t)number);
    }
}

static void put_text(const struct ctl *ctl, const char *name, struct json_out *o)
{
    if (ctl_value(ctl, name) != NULL) {
        json_put(o, name, ctl_value(ctl, name));
    }
}

static enum exit_code make_body(const struct ctl *ctl, const char *token,
                                struct buf *body)
{
    enum exit_code code;
    struct json_out o;

    json_out_init(&o, body);
    json_open_object(&o);
    put_text(ctl, "step", &o);
    put_number(ctl, "item", &o);
    put_text(ctl, "outcome", &o);
    put_text(ctl, "reason", &o);
    put_number(ctl, "revision", &o);
    if (token[0] != '\0') {
        json_put(&o, "preview", token);
    }
    code = put_json(ctl, "output", &o);
    if (code == EXIT_OK) {
        code = put_json(ctl, "body", &o);
    }
    json_close_object(&o);
    return code;
}

static void put_path(const struct ctl *ctl, const char *query, struct buf *path)
{
    buf_add_text(path, "/v1/sagas/");
    client_escape(ctl->word, path);
    buf_printf(path, "/%s%s", ctl->command->name, query);
}

/* ---- preview
 * ------------------------------------------------------------------------- */

static enum exit_code ask_preview(const struct ctl *ctl, struct client_answer *a)
{
    enum exit_code code;
    struct buf body;
    struct buf path;

    buf_init(&body, 2 * LIMIT_BODY_BYTES);
    buf_init(&path, PATH_MAX_BYTES);
    put_path(ctl, "?preview=true", &path);
    code = make_body(ctl, "", &body);
    if (code == EXIT_OK) {
        code = fault_ask(ctl,
                         &(struct client_request){.method = "POST",
                                                  .path = buf_text(&path),
                                                  .body = buf_text(&body)},
                         a, NULL);
    }
    buf_done(&path);
    buf_done(&body);
    return code;
}

static enum exit_code show_preview(const struct ctl *ctl)
{
    const enum output_format format = ctl->output.format;
    struct client_answer a;
    enum exit_code code;

    client_answer_init(&a);
    code = ask_preview(ctl, &a);
    if (code == EXIT_OK && (format == OUTPUT_JSON || format == OUTPUT_JSONL)) {
        output_json(json_span_of(buf_text(&a.body), a.body.n), format == OUTPUT_JSONL);
    } else if (code == EXIT_OK) {
        code = preview_show(&a.body, stdout, NULL);
    }
    client_answer_done(&a);
    return code;
}

static bool is_asked_for(const struct ctl *ctl)
{
    return is_grave(ctl) && !args_has(&ctl->args, "yes") && isatty(STDIN_FILENO) != 0 &&
           isatty(STDERR_FILENO) != 0; /* A script has said what it wants by calling. */
}

/* What it brings about, then the question; a token that may not read is only asked.
 * EXIT_OK: do it. */
static enum exit_code agree(const struct ctl *ctl, struct buf *token)
{
    char answer[16] = "";
    struct client_answer a;
    enum exit_code code;

    client_answer_init(&a);
    code = ask_preview(ctl, &a);
    if (code == EXIT_OK) {
        code = preview_show(&a.body, stderr, token);
    } else if (a.status == 403) {
        code = EXIT_OK;
    }
    client_answer_done(&a);
    if (code != EXIT_OK) {
        return code;
    }
    fprintf(stderr, "%s saga %s? [y/N] ", ctl->command->name, ctl->word);
    if (fgets(answer, sizeof(answer), stdin) == NULL ||
        (answer[0] != 'y' && answer[0] != 'Y')) {
        ctl_say("nothing done");
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

/* ---- the action
 * ---------------------------------------------------------------------- */

static enum exit_code send_action(const struct ctl *ctl, const struct buf *body,
                                  struct client_answer *a)
{
    const char *key = ctl_value(ctl, "idempotency-key");
    char own_key[2 * KEY_BYTES + 1];
    enum exit_code code;
    struct buf path;

    ids_random_hex(own_key, KEY_BYTES);
    buf_init(&path, PATH_MAX_BYTES);
    put_path(ctl, "", &path);
    code = fault_ask(ctl,
                     &(struct client_request){.method = "POST",
                                              .path = buf_text(&path),
                                              .body = buf_text(body),
                                              .key = key != NULL ? key : own_key},
                     a, NULL);
    buf_done(&path);
    if (code == EXIT_OK && a->status == 202) {
        ctl_say("noted: it takes effect when the pivot step settles");
    }
    return code;
}

static enum exit_code carry_out(struct ctl *ctl, const char *token)
{
    struct client_answer a;
    uint64_t wait_ms = 0;
    bool is_waiting = false;
    struct buf body;
    enum exit_code code = wait_option(ctl, &is_waiting, &wait_ms);

    if (code != EXIT_OK) {
        return code;
    }
    buf_init(&body, 2 * LIMIT_BODY_BYTES);
    client_answer_init(&a);
    code = make_body(ctl, token, &body);
    if (code == EXIT_OK) {
        code = send_action(ctl, &body, &a);
    }
    if (code == EXIT_OK) {
        enum exit_code ended = is_waiting ? wait_for_end(ctl, &a, wait_ms) : EXIT_OK;

        code = show_saga(ctl, &a.body);
        code = ended != EXIT_OK ? ended : code;
    }
    client_answer_done(&a);
    buf_done(&body);
    return code;
}

int saga_act(struct ctl *ctl)
{
    enum exit_code code = check_options(ctl);
    struct buf token;

    if (code != EXIT_OK || is_preview(ctl)) {
        return (int)(code != EXIT_OK ? code : show_preview(ctl));
    }
    buf_init(&token, PATH_MAX_BYTES);
    if (is_asked_for(ctl)) {
        code = agree(ctl, &token);
    }
    if (code == EXIT_OK) {
        code = carry_out(ctl, buf_text(&token));
    }
    buf_done(&token);
    return (int)code;
}
