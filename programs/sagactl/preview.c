/* preview.c - see preview.h. */
#include "programs/sagactl/preview.h"

#include <stdlib.h>

#include "base/json.h"
#include "base/units.h"
#include "programs/sagactl/ctl.h"

#define LINE_MAX_BYTES 65536

static void put_text(struct buf *line, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    output_escape(text != NULL ? text : "", line);
}

static void put_request(struct buf *line, const json_t *request)
{
    const json_t *item = json_object_get(request, "item");

    put_text(line, request, "step");
    if (json_is_integer(item)) {
        buf_printf(line, "[%lld]", (long long)json_integer_value(item));
    }
    buf_add_text(line, ".");
    put_text(line, request, "operation");
    if (json_is_null(json_object_get(request, "method"))) {
        buf_add_text(line, "  (a child saga)");
        return;
    }
    buf_add_text(line, "  ");
    put_text(line, request, "method");
    buf_add_text(line, " ");
    put_text(line, request, "url");
    if (json_is_true(json_object_get(request, "holes"))) {
        buf_add_text(line, "  (reads an answer not given yet)");
    }
}

static void put_body(struct buf *line, const json_t *request)
{
    const json_t *body = json_object_get(request, "body");
    char *text;

    if (body == NULL || json_is_null(body)) {
        return;
    }
    text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);
    buf_add_text(line, "\n     ");
    output_escape(text != NULL ? text : "", line);
    free(text);
}

static void show_requests(const json_t *requests, FILE *to)
{
    const json_t *request;
    struct buf line;
    size_t i;

    json_array_foreach(requests, i, request)
    {
        buf_init(&line, 2 * LINE_MAX_BYTES);
        buf_printf(&line, "%3zu  ", i + 1);
        put_request(&line, request);
        put_body(&line, request);
        (void)fprintf(to, "%s\n", buf_text(&line));
        buf_done(&line);
    }
    if (i == 0) {
        (void)fprintf(to, "no request is sent\n");
    }
}

static void show_end(const json_t *preview, FILE *to)
{
    const json_t *worst = json_object_get(preview, "worstCase");
    const char *end = json_string_value(json_object_get(preview, "endsIn"));
    char longest[UNITS_TEXT_MAX] = "not known (a child)";
    struct buf line;

    buf_init(&line, LINE_MAX_BYTES);
    put_text(&line, preview, "rest");
    if (json_is_integer(worst)) {
        units_put_duration((uint64_t)json_integer_value(worst), longest);
    }
    (void)fprintf(to, "if all of it succeeds it ends in: %s%s%s\n",
                  end != NULL ? end : "?", line.n > 0 ? "; " : "", buf_text(&line));
    (void)fprintf(to, "at worst after: %s\n", longest);
    buf_done(&line);
}

enum exit_code preview_show(const struct buf *answer, FILE *to, struct buf *token)
{
    json_t *preview = NULL;
    const char *text;

    if (json_read(buf_text(answer), answer->n, &preview, NULL) != ERR_OK) {
        ctl_say("the server's answer is not JSON");
        return EXIT_FAILED;
    }
    show_requests(json_object_get(preview, "requests"), to);
    show_end(preview, to);
    text = json_string_value(json_object_get(preview, "preview"));
    if (token != NULL && text != NULL) {
        buf_add_text(token, text);
    }
    json_decref(preview);
    return EXIT_OK;
}
