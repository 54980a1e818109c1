/* signal.c - `sagactl signal ID NAME [--body JSON|@FILE]`. */
#include <stdio.h>

#include "base/limits.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"

#define PATH_MAX_BYTES 4096

int saga_signal(struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code = EXIT_OK;
    struct buf body;
    struct buf path;

    buf_init(&body, LIMIT_BODY_BYTES);
    buf_init(&path, PATH_MAX_BYTES);
    buf_add_text(&path, "/v1/sagas/");
    client_escape(ctl->word, &path);
    buf_add_text(&path, "/signals/");
    client_escape(ctl_word(ctl, 1), &path);
    if (ctl_value(ctl, "body") != NULL) {
        code = ask_read_option(ctl, "body", &body);
    }
    client_answer_init(&a);
    if (code == EXIT_OK) {
        code = ask_post(ctl, buf_text(&path), body.n > 0 ? buf_text(&body) : "{}", &a);
    }
    if (code == EXIT_OK && !ask_print_json(ctl, &a)) {
        printf("%s\n", ctl->output.format == OUTPUT_NAME ? ctl->word : "taken");
    }
    client_answer_done(&a);
    buf_done(&path);
    buf_done(&body);
    return (int)code;
}
