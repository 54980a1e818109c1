/* start.c - `sagactl start DEFINITION`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ids.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/units.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/show.h"
#include "programs/sagactl/wait.h"

#define KEY_BYTES 16

/* --label NAME=VALUE as members of an object. */
static enum exit_code put_labels(const struct ctl *ctl, struct json_out *o)
{
    const char *labels[ARGS_MAX];
    size_t n = args_values(&ctl->args, "label", labels, ARGS_MAX);

    if (n == 0) {
        return EXIT_OK;
    }
    json_key(o, "labels");
    json_open_object(o);
    for (size_t i = 0; i < n; i++) {
        const char *equals = strchr(labels[i], '=');
        char name[256];

        if (equals == NULL || equals == labels[i]) {
            ctl_say("--label %s is not NAME=VALUE", labels[i]);
            return EXIT_USAGE;
        }
        (void)snprintf(name, sizeof(name), "%.*s", (int)(equals - labels[i]), labels[i]);
        json_put(o, name, equals + 1);
    }
    json_close_object(o);
    return EXIT_OK;
}

static enum exit_code make_body(const struct ctl *ctl, struct json_span input,
                                struct buf *body)
{
    const char *version = ctl_value(ctl, "definition-version");
    enum exit_code code;
    struct json_out o;
    uint64_t number;

    json_out_init(&o, body);
    json_open_object(&o);
    json_put(&o, "definition", ctl->word);
    if (version != NULL) {
        if (!units_read_count(version, &number)) {
            ctl_say("--definition-version %s is not a number", version);
            return EXIT_USAGE;
        }
        json_put_number(&o, "version", (int64_t)number);
    }
    if (ctl_value(ctl, "id") != NULL) {
        json_put(&o, "id", ctl_value(ctl, "id"));
    }
    if (ctl_value(ctl, "wait-for") != NULL) {
        json_put(&o, "waitFor", ctl_value(ctl, "wait-for"));
    }
    code = put_labels(ctl, &o);
    json_key(&o, "input");
    json_raw(&o, input);
    json_close_object(&o);
    return code;
}

/* The saga goes to stdout also when the wait ran out: its id is what one needs then. */
static enum exit_code send_start(const struct ctl *ctl, const struct buf *body,
                                 const struct fault_file *file)
{
    const char *key = ctl_value(ctl, "idempotency-key");
    char own_key[2 * KEY_BYTES + 1];
    struct client_answer a;
    enum exit_code code;
    enum exit_code shown;
    uint64_t wait_ms = 0;
    bool is_waiting;

    code = wait_option(ctl, &is_waiting, &wait_ms);
    if (code != EXIT_OK) {
        return code;
    }
    ids_random_hex(own_key, KEY_BYTES); /* curl may send a request twice by itself. */
    client_answer_init(&a);
    code = fault_ask(ctl,
                     &(struct client_request){
                         .method = "POST",
                         .path = "/v1/sagas",
                         .body = buf_text(body),
                         .key = key != NULL ? key : own_key,
                         .prefer = ctl_value(ctl, "wait-for") != NULL ? "wait=30" : NULL,
                     },
                     &a, file);
    if (code == EXIT_OK) {
        code = is_waiting ? wait_for_end(ctl, &a, wait_ms) : EXIT_OK;
        shown = show_saga(ctl, &a.body);
        code = code == EXIT_OK ? shown : code;
    }
    client_answer_done(&a);
    return code;
}

int saga_start(struct ctl *ctl)
{
    const char *path = ctl_value(ctl, "input");
    struct json_span input = JSON_SPAN_TEXT("{}");
    struct fault_file file = {.path = path, .prefix = "/input"};
    enum exit_code code = EXIT_OK;
    struct buf text;
    struct buf body;

    buf_init(&text, LIMIT_BODY_BYTES * 16);
    buf_init(&body, LIMIT_BODY_BYTES * 17);
    if (path != NULL) {
        code = fault_read_json(path, &text, &input);
        file.text = input;
        file.path = strcmp(path, "-") == 0 ? "stdin" : path;
    }
    if (code == EXIT_OK) {
        code = make_body(ctl, input, &body);
    }
    if (code == EXIT_OK) {
        code = send_start(ctl, &body, path != NULL ? &file : NULL);
    }
    buf_done(&body);
    buf_done(&text);
    return (int)code;
}
