/* definitions.c - `sagactl definition apply|list|get`. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/units.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/pages.h"
#include "programs/sagactl/place.h"

#define PATH_MAX_BYTES 4096
#define ARENA_CHUNK 4096

static const struct output_column definition_columns[] = {
    {"NAME", "name", false},     {"VERSION", "version", false},
    {"PAUSED", "paused", false}, {"CREATED", "createdAt", false},
    {"ETAG", "hash", true},
};

static void say_warnings(const json_t *answer, const struct fault_file *file)
{
    const json_t *warning;
    size_t i;

    json_array_foreach(json_object_get(answer, "warnings"), i, warning)
    {
        const char *pointer = json_string_value(json_object_get(warning, "pointer"));
        const char *detail = json_string_value(json_object_get(warning, "detail"));
        struct file_place place;

        (void)place_find(file->text, pointer != NULL ? pointer : "", &place);
        ctl_say("%s:%u:%u: warning: %s", file->path, place.line, place.column,
                detail != NULL ? detail : "?");
    }
}

static enum exit_code print_applied(const struct ctl *ctl, const struct client_answer *a,
                                    const struct fault_file *file)
{
    struct arena *arena = arena_create(ARENA_CHUNK);
    json_t *answer = NULL;
    enum exit_code code = EXIT_OK;

    if (json_read(buf_text(&a->body), a->body.n, &answer, NULL) != ERR_OK) {
        ctl_say("the server's answer is not JSON");
        code = EXIT_FAILED;
    } else if (ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL) {
        output_json(json_span_of(buf_text(&a->body), a->body.n),
                    ctl->output.format == OUTPUT_JSONL);
    } else if (ctl->output.format == OUTPUT_NAME) {
        printf("%s\n", output_value(answer, "name", arena));
    } else if (args_has(&ctl->args, "dry-run")) {
        printf("%s: nothing is wrong\n", output_value(answer, "name", arena));
    } else {
        printf("%s version %s %s\n", output_value(answer, "name", arena),
               output_value(answer, "version", arena),
               a->status == 201 ? "stored" : "is there already");
    }
    say_warnings(answer, file);
    json_decref(answer);
    arena_destroy(arena);
    return code;
}

static enum exit_code apply(const struct ctl *ctl, const struct fault_file *file)
{
    struct json_span name = json_span_member(file->text, "name", strlen("name"));
    struct client_answer a;
    struct buf unescaped;
    struct buf path;
    enum exit_code code;

    if (json_span_kind(name) != JSON_KIND_STRING) {
        ctl_say("%s:1:1: a definition has a name", file->path);
        return EXIT_INVALID;
    }
    buf_init(&unescaped, PATH_MAX_BYTES);
    buf_init(&path, 4 * PATH_MAX_BYTES);
    json_span_unescape(name, &unescaped);
    buf_add_text(&path, "/v1/definitions/");
    client_escape(buf_text(&unescaped), &path);
    if (args_has(&ctl->args, "dry-run")) {
        buf_add_text(&path, "?dryRun=true");
    }
    client_answer_init(&a);
    code = fault_ask(ctl,
                     &(struct client_request){
                         .method = "PUT", .path = buf_text(&path), .body = file->text.at},
                     &a, file);
    if (code == EXIT_OK) {
        code = print_applied(ctl, &a, file);
    }
    client_answer_done(&a);
    buf_done(&path);
    buf_done(&unescaped);
    return code;
}

int definition_apply(struct ctl *ctl)
{
    struct fault_file file = {.path = ctl->word, .prefix = ""};
    enum exit_code code;
    struct buf text;

    buf_init(&text, LIMIT_DEFINITION_BYTES);
    code = fault_read_json(ctl->word, &text, &file.text);
    if (code == EXIT_OK) {
        code = apply(ctl, &file);
    }
    buf_done(&text);
    return (int)code;
}

int definition_list(struct ctl *ctl)
{
    struct pages pages = {
        .path = "/v1/definitions",
        .columns = definition_columns,
        .n_columns = sizeof(definition_columns) / sizeof(definition_columns[0]),
        .name = "name",
    };

    return (int)pages_print(ctl, &pages);
}

static enum exit_code print_definition(const struct ctl *ctl, const struct buf *body)
{
    struct json_span text;
    struct json_span content;
    json_t *answer = NULL;

    if (json_read(buf_text(body), body->n, &answer, NULL) != ERR_OK) {
        ctl_say("the server's answer is not JSON");
        return EXIT_FAILED;
    }
    text = json_span_of(buf_text(body), body->n);
    content = json_span_member(text, "definition", strlen("definition"));
    if (ctl->output.format == OUTPUT_NAME) {
        printf("%s\n", json_string_value(json_object_get(answer, "name")));
    } else if (ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL) {
        output_json(text, ctl->output.format == OUTPUT_JSONL);
    } else {
        output_json(content.at != NULL ? content : text, false);
    }
    json_decref(answer);
    return EXIT_OK;
}

int definition_get(struct ctl *ctl)
{
    const char *version = ctl_value(ctl, "definition-version");
    struct client_answer a;
    enum exit_code code;
    uint64_t number;
    struct buf path;

    if (version != NULL && !units_read_count(version, &number)) {
        ctl_say("--definition-version %s is not a number", version);
        return EXIT_USAGE;
    }
    buf_init(&path, PATH_MAX_BYTES);
    buf_add_text(&path, "/v1/definitions/");
    client_escape(ctl->word, &path);
    if (version != NULL) {
        buf_printf(&path, "/versions/%s", version);
    }
    client_answer_init(&a);
    code =
        fault_ask(ctl, &(struct client_request){.method = "GET", .path = buf_text(&path)},
                  &a, NULL);
    if (code == EXIT_OK) {
        code = print_definition(ctl, &a.body);
    }
    client_answer_done(&a);
    buf_done(&path);
    return (int)code;
}
