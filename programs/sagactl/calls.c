/* calls.c - `sagactl calls ID [N] [--curl]`. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/pages.h"

#define PATH_MAX_BYTES 4096
#define TEXT_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define ARENA_CHUNK 16384

static const struct output_column call_columns[] = {
    {"N", "n", false},
    {"STEP", "step", false},
    {"ITEM", "item", true},
    {"OPERATION", "operation", false},
    {"ATTEMPT", "attempt", false},
    {"OUTCOME", "outcome", false},
    {"HTTP", "response.status", false},
    {"MS", "timings.total", false},
    {"METHOD", "request.method", true},
    {"URL", "request.url", true},
    {"STARTED", "startedAt", true},
    {"DETAIL", "detail", false},
};

static const struct {
    const char *title, *path;
} fields[] = {
    {"call", "n"},
    {"turn", "turn"},
    {"step", "step"},
    {"item", "item"},
    {"operation", "operation"},
    {"attempt", "attempt"},
    {"started", "startedAt"},
    {"ended", "endedAt"},
    {"outcome", "outcome"},
    {"detail", "detail"},
    {"ms", "timings.total"},
};

/* ---- one call on the screen ----------------------------------------------------- */

static char *text_of_body(const json_t *body)
{
    if (body == NULL || json_is_null(body)) {
        return NULL;
    }
    return json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
}

static void print_message(const json_t *message)
{
    struct buf line;
    char *body = text_of_body(json_object_get(message, "body"));
    const char *name;
    json_t *value;

    buf_init(&line, TEXT_MAX_BYTES);
    json_object_foreach(json_object_get(message, "headers"), name, value)
    {
        const char *text = json_string_value(value);

        buf_add_text(&line, "  ");
        output_escape(name, &line);
        buf_add_text(&line, ": ");
        output_escape(text != NULL ? text : "", &line);
        buf_add_char(&line, '\n');
    }
    if (body != NULL) {
        buf_add_text(&line, "  ");
        output_escape(body, &line);
        buf_add_char(&line, '\n');
    }
    (void)fputs(buf_text(&line), stdout);
    free(body);
    buf_done(&line);
}

static void print_call(const struct ctl *ctl, const json_t *call)
{
    struct arena *a = arena_create(ARENA_CHUNK);
    const json_t *request = json_object_get(call, "request");
    const json_t *response = json_object_get(call, "response");

    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        output_field(&ctl->output, fields[i].title,
                     output_value(call, fields[i].path, a));
    }
    if (json_is_object(request)) {
        printf("\nrequest\n  %s %s\n", output_value(request, "method", a),
               output_value(request, "url", a));
        print_message(request);
    }
    if (json_is_object(response)) {
        printf("\nresponse\n  %s%s\n", output_value(response, "status", a),
               json_is_true(json_object_get(response, "bodyTruncated")) ? " (cut short)"
                                                                        : "");
        print_message(response);
    }
    arena_destroy(a);
}

/* ---- as curl -------------------------------------------------------------------- */

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f ||
            ((unsigned char)*text == 0xc2 && (unsigned char)text[1] < 0xa0)) {
            return false;
        }
    }
    return true;
}

/* One word for a shell: '...', or $'...' where there are control characters. */
static void put_word(struct buf *out, const char *text)
{
    const bool plain = is_plain(text);

    buf_add_text(out, plain ? "'" : "$'");
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;

        if (plain && c == '\'') {
            buf_add_text(out, "'\\''");
        } else if (!plain && (c < 0x20 || c >= 0x7f)) {
            buf_printf(out, "\\x%02x", (unsigned)c);
        } else if (!plain && (c == '\'' || c == '\\')) {
            buf_printf(out, "\\%c", *text);
        } else {
            buf_add_char(out, *text);
        }
    }
    buf_add_char(out, '\'');
}

static void put_curl(const json_t *request, struct buf *out)
{
    const char *method = json_string_value(json_object_get(request, "method"));
    const char *url = json_string_value(json_object_get(request, "url"));
    char *body = text_of_body(json_object_get(request, "body"));
    struct buf piece;
    const char *name;
    json_t *value;

    buf_init(&piece, TEXT_MAX_BYTES);
    buf_add_text(out, "curl -X ");
    put_word(out, method != NULL ? method : "GET");
    buf_add_char(out, ' ');
    put_word(out, url != NULL ? url : "");
    json_object_foreach(json_object_get(request, "headers"), name, value)
    {
        buf_clear(&piece);
        buf_printf(&piece, "%s: %s", name,
                   json_is_string(value) ? json_string_value(value) : "");
        buf_add_text(out, " \\\n  -H ");
        put_word(out, buf_text(&piece));
    }
    if (body != NULL) {
        buf_add_text(out, " \\\n  --data-binary ");
        put_word(out, body);
    }
    buf_add_char(out, '\n');
    free(body);
    buf_done(&piece);
}

static enum exit_code print_curl(const json_t *call)
{
    const json_t *request = json_object_get(call, "request");
    struct buf out;

    if (!json_is_object(request)) {
        ctl_say("this attempt sent no request");
        return EXIT_FAILED;
    }
    buf_init(&out, 4 * TEXT_MAX_BYTES);
    put_curl(request, &out);
    (void)fputs(buf_text(&out), stdout);
    buf_done(&out);
    return EXIT_OK;
}

/* ---- the command ---------------------------------------------------------------- */

static enum exit_code show_call(const struct ctl *ctl, const struct client_answer *a)
{
    json_t *call = NULL;
    enum exit_code code = ask_tree(a, &call);

    if (code != EXIT_OK) {
        return code;
    }
    if (args_has(&ctl->args, "curl")) {
        code = print_curl(call);
    } else if (ctl->output.format == OUTPUT_NAME) {
        printf("%" JSON_INTEGER_FORMAT "\n",
               json_integer_value(json_object_get(call, "n")));
    } else if (!ask_print_json(ctl, a)) {
        print_call(ctl, call);
    }
    json_decref(call);
    return code;
}

static enum exit_code one_call(const struct ctl *ctl, uint64_t n, struct buf *path)
{
    struct client_answer a;
    enum exit_code code;

    buf_printf(path, "/%" PRIu64, n);
    client_answer_init(&a);
    code = ask_get(ctl, buf_text(path), &a);
    if (code == EXIT_OK) {
        code = show_call(ctl, &a);
    }
    client_answer_done(&a);
    return code;
}

int saga_calls(struct ctl *ctl)
{
    const char *n = ctl_word(ctl, 1);
    struct pages pages = {.columns = call_columns,
                          .n_columns = sizeof(call_columns) / sizeof(call_columns[0]),
                          .name = "n"};
    enum exit_code code;
    uint64_t number = 0;
    struct buf path;

    if (n != NULL && !units_read_count(n, &number)) {
        ctl_say("the call's number is not '%s'; see: sagactl calls ID", n);
        return EXIT_USAGE;
    }
    if (n == NULL && args_has(&ctl->args, "curl")) {
        ctl_say("--curl needs the number of an attempt: sagactl calls ID N --curl");
        return EXIT_USAGE;
    }
    buf_init(&path, PATH_MAX_BYTES);
    buf_add_text(&path, "/v1/sagas/");
    client_escape(ctl->word, &path);
    buf_add_text(&path, "/calls");
    pages.path = buf_text(&path);
    code = n != NULL ? one_call(ctl, number, &path) : pages_print(ctl, &pages);
    buf_done(&path);
    return (int)code;
}
