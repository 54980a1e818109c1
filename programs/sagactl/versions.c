/* versions.c - `sagactl definition versions|use|pause|resume|archive`. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/units.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/pages.h"

#define PATH_MAX_BYTES 4096
#define BODY_MAX_BYTES 65536

static const struct output_column version_columns[] = {
    {"NAME", "name", false},        {"VERSION", "version", false},
    {"CURRENT", "current", false},  {"CREATED", "createdAt", false},
    {"ARCHIVED", "archived", true}, {"ETAG", "hash", true},
};

static void path_of(const struct ctl *ctl, const char *rest, struct buf *path)
{
    buf_init(path, PATH_MAX_BYTES);
    buf_add_text(path, "/v1/definitions/");
    client_escape(ctl->word, path);
    buf_add_text(path, rest);
}

int definition_versions(struct ctl *ctl)
{
    struct pages pages = {.columns = version_columns,
                          .n_columns =
                              sizeof(version_columns) / sizeof(version_columns[0]),
                          .name = "version"};
    enum exit_code code;
    struct buf path;

    path_of(ctl, "/versions", &path);
    pages.path = buf_text(&path);
    code = pages_print(ctl, &pages);
    buf_done(&path);
    return (int)code;
}

/* Data for who asked for it; otherwise a sentence. */
static void tell(const struct ctl *ctl, const struct client_answer *a,
                 const char *sentence)
{
    if (a->body.n > 0 && ask_print_json(ctl, a)) {
        return;
    }
    if (ctl->output.format == OUTPUT_NAME) {
        printf("%s\n", ctl->word);
    } else {
        printf("%s %s\n", ctl->word, sentence);
    }
}

int definition_use(struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code;
    uint64_t version;
    char body[64];
    char sentence[64];
    struct buf path;

    if (!units_read_count(ctl_word(ctl, 1), &version)) {
        ctl_say("the version is a number, not '%s'", ctl_word(ctl, 1));
        return EXIT_USAGE;
    }
    (void)snprintf(body, sizeof(body), "{\"version\":%" PRIu64 "}", version);
    (void)snprintf(sentence, sizeof(sentence), "starts with version %" PRIu64, version);
    path_of(ctl, "/current", &path);
    client_answer_init(&a);
    code = fault_ask(
        ctl,
        &(struct client_request){.method = "PUT", .path = buf_text(&path), .body = body},
        &a, NULL);
    if (code == EXIT_OK) {
        tell(ctl, &a, sentence);
    }
    client_answer_done(&a);
    buf_done(&path);
    return (int)code;
}

int definition_hold(struct ctl *ctl)
{
    const bool is_pause = strcmp(ctl->command->name, "definition pause") == 0;
    struct client_answer a;
    enum exit_code code;
    struct json_out o;
    struct buf body;
    struct buf path;

    buf_init(&body, BODY_MAX_BYTES);
    json_out_init(&o, &body);
    json_open_object(&o);
    if (ctl_value(ctl, "reason") != NULL) {
        json_put(&o, "reason", ctl_value(ctl, "reason"));
    }
    json_close_object(&o);
    path_of(ctl, is_pause ? "/pause" : "/resume", &path);
    client_answer_init(&a);
    code = ask_post(ctl, buf_text(&path), buf_text(&body), &a);
    if (code == EXIT_OK) {
        tell(ctl, &a, is_pause ? "takes no new sagas" : "takes new sagas again");
    }
    client_answer_done(&a);
    buf_done(&path);
    buf_done(&body);
    return (int)code;
}

int definition_archive(struct ctl *ctl)
{
    struct client_answer a;
    enum exit_code code;
    struct buf path;

    path_of(ctl, "", &path);
    client_answer_init(&a);
    code = fault_ask(
        ctl, &(struct client_request){.method = "DELETE", .path = buf_text(&path)}, &a,
        NULL);
    if (code == EXIT_OK) {
        tell(ctl, &a, "is archived");
    }
    client_answer_done(&a);
    buf_done(&path);
    return (int)code;
}
