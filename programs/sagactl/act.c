/* act.c - `sagactl retry|skip|resolve|close|cancel|pause|resume ID`. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/units.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/preview.h"
#include "programs/sagactl/show.h"
#include "programs/sagactl/wait.h"

#define PATH_MAX_BYTES 4096

static bool is_action(const struct ctl *ctl, const char *name)
{
    return strcmp(ctl->command->name, name) == 0;
}

/* Those that cannot be taken back by the opposite command: they are asked about. */
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
    return is_grave(ctl) && !is_preview(ctl) ? ask_ready(ctl) : EXIT_OK;
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
    code = ask_put_option(ctl, "output", "output", &o);
    if (code == EXIT_OK) {
        code = ask_put_option(ctl, "body", "body", &o);
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

/* ---- preview ------------------------------------------------------------------ */

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

/* What it brings about, then the question; a token that may not read is only asked.
 * EXIT_OK: do it. */
static enum exit_code agree(const struct ctl *ctl, struct buf *token)
{
    char question[256];
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
    (void)snprintf(question, sizeof(question), "%s saga %s?", ctl->command->name,
                   ctl->word);
    return ask_person(ctl, question);
}

/* ---- the action --------------------------------------------------------------- */

static enum exit_code send_action(const struct ctl *ctl, const struct buf *body,
                                  struct client_answer *a)
{
    enum exit_code code;
    struct buf path;

    buf_init(&path, PATH_MAX_BYTES);
    put_path(ctl, "", &path);
    code = ask_post(ctl, buf_text(&path), buf_text(body), a);
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
    if (is_grave(ctl) && !args_has(&ctl->args, "yes")) {
        code = agree(ctl, &token);
    }
    if (code == EXIT_OK) {
        code = carry_out(ctl, buf_text(&token));
    }
    buf_done(&token);
    return (int)code;
}
