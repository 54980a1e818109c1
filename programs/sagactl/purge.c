/* purge.c - `sagactl purge ID`. */
#include <stdio.h>

#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"

#define PATH_MAX_BYTES 8192

static void put_path(const struct ctl *ctl, struct buf *path)
{
    buf_add_text(path, "/v1/sagas/");
    client_escape(ctl->word, path);
    if (ctl_value(ctl, "reason") != NULL) {
        buf_add_text(path, "?reason=");
        client_escape(ctl_value(ctl, "reason"), path);
    }
}

static enum exit_code agree(const struct ctl *ctl)
{
    char question[256];
    enum exit_code code = ask_ready(ctl);

    if (code != EXIT_OK) {
        return code;
    }
    (void)snprintf(question, sizeof(question),
                   "purge saga %s, its children, journal and calls for good?", ctl->word);
    return ask_person(ctl, question);
}

static enum exit_code purge(const struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code;
    struct buf path;

    buf_init(&path, PATH_MAX_BYTES);
    put_path(ctl, &path);
    client_answer_init(&a);
    code = fault_ask(
        ctl, &(struct client_request){.method = "DELETE", .path = buf_text(&path)}, &a,
        NULL);
    client_answer_done(&a);
    buf_done(&path);
    return code;
}

int saga_purge(struct ctl *ctl)
{
    const enum output_format format = ctl->output.format;
    enum exit_code code = agree(ctl);

    if (code == EXIT_OK) {
        code = purge(ctl);
    }
    /* The API answers without a body: there is no JSON to show. */
    if (code == EXIT_OK && format == OUTPUT_NAME) {
        printf("%s\n", ctl->word);
    } else if (code == EXIT_OK && format != OUTPUT_JSON && format != OUTPUT_JSONL) {
        printf("purged\n");
    }
    return (int)code;
}
