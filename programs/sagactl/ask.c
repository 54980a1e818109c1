/* ask.c - see ask.h. */
#include "programs/sagactl/ask.h"

#include <stdio.h>
#include <unistd.h>

#include "base/ids.h"
#include "base/limits.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"

#define KEY_BYTES 16

enum exit_code ask_get(const struct ctl *ctl, const char *path, struct client_answer *a)
{
    return fault_ask(ctl, &(struct client_request){.method = "GET", .path = path}, a,
                     NULL);
}

enum exit_code ask_post(const struct ctl *ctl, const char *path, const char *body,
                        struct client_answer *a)
{
    const char *key = command_takes(ctl->command, "idempotency-key")
                          ? ctl_value(ctl, "idempotency-key")
                          : NULL;
    char own_key[2 * KEY_BYTES + 1];

    ids_random_hex(own_key, KEY_BYTES);
    return fault_ask(ctl,
                     &(struct client_request){.method = "POST",
                                              .path = path,
                                              .body = body,
                                              .key = key != NULL ? key : own_key},
                     a, NULL);
}

enum exit_code ask_tree(const struct client_answer *a, json_t **out)
{
    if (json_read(buf_text(&a->body), a->body.n, out, NULL) != ERR_OK) {
        ctl_say("the server's answer is not JSON");
        return EXIT_FAILED;
    }
    return EXIT_OK;
}

bool ask_print_json(const struct ctl *ctl, const struct client_answer *a)
{
    const enum output_format format = ctl->output.format;

    if (format != OUTPUT_JSON && format != OUTPUT_JSONL) {
        return false;
    }
    output_json(json_span_of(buf_text(&a->body), a->body.n), format == OUTPUT_JSONL);
    return true;
}

enum exit_code ask_read_option(const struct ctl *ctl, const char *option, struct buf *out)
{
    const char *given = ctl_value(ctl, option);
    json_t *parsed = NULL;
    struct json_span value;
    struct err_info info;

    if (given[0] == '@') {
        return fault_read_json(given + 1, out, &value);
    }
    buf_add_text(out, given);
    if (json_read(buf_text(out), out->n, &parsed, &info) != ERR_OK) {
        ctl_say("--%s is not valid JSON: %s", option, info.text);
        return EXIT_INVALID;
    }
    json_decref(parsed);
    return EXIT_OK;
}

enum exit_code ask_put_option(const struct ctl *ctl, const char *option,
                              const char *member, struct json_out *o)
{
    enum exit_code code;
    struct buf text;

    if (ctl_value(ctl, option) == NULL) {
        return EXIT_OK;
    }
    buf_init(&text, LIMIT_BODY_BYTES);
    code = ask_read_option(ctl, option, &text);
    if (code == EXIT_OK) {
        json_key(o, member);
        json_raw(o, json_span_of(buf_text(&text), text.n));
    }
    buf_done(&text);
    return code;
}

enum exit_code ask_ready(const struct ctl *ctl)
{
    if (args_has(&ctl->args, "yes") ||
        (isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0)) {
        return EXIT_OK;
    }
    ctl_say("nobody can be asked here: say --yes%s",
            command_takes(ctl->command, "preview") ? ", or --preview to only look" : "");
    return EXIT_USAGE;
}

enum exit_code ask_person(const struct ctl *ctl, const char *question)
{
    char answer[16] = "";

    if (args_has(&ctl->args, "yes")) {
        return EXIT_OK;
    }
    fprintf(stderr, "%s [y/N] ", question);
    if (fgets(answer, sizeof(answer), stdin) == NULL ||
        (answer[0] != 'y' && answer[0] != 'Y')) {
        ctl_say("nothing done");
        return EXIT_FAILED;
    }
    return EXIT_OK;
}
