/* show.c - see show.h. */
#include "programs/sagactl/show.h"

#include <stdio.h>

#include "base/json.h"
#include "programs/sagactl/ctl.h"

#define ARENA_CHUNK 16384

static const struct output_column step_columns[] = {
    {"STEP", "id", false},
    {"STATUS", "status", false},
    {"ATTEMPTS", "attempts", false},
    {"IN DOUBT", "inDoubt", false},
    {"HTTP", "lastError.httpStatus", false},
    {"LAST ERROR", "lastError.detail", false},
    {"STARTED", "startedAt", true},
    {"ENDED", "endedAt", true},
};

static const struct {
    const char *title, *path;
} fields[] = {
    {"key", "key"},         {"labels", "labels"},     {"status", "status"},
    {"paused", "paused"},   {"why", "why"},           {"started", "startedAt"},
    {"ended", "endedAt"},   {"deadline", "deadline"}, {"output", "output"},
    {"actions", "actions"},
};

static void show_table(const struct ctl *ctl, const json_t *saga)
{
    const struct output *o = &ctl->output;
    struct arena *a = arena_create(ARENA_CHUNK);

    output_field(o, "saga", output_value(saga, "id", a));
    output_field(o, "definition",
                 arena_printf(a, "%s@%s", output_value(saga, "definition", a),
                              output_value(saga, "version", a)));
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const char *value = output_value(saga, fields[i].path, a);

        if (!json_is_false(json_object_get(saga, fields[i].path))) {
            output_field(o, fields[i].title, value);
        }
    }
    if (json_array_size(json_object_get(saga, "steps")) > 0) {
        (void)putchar('\n');
        output_table(o, step_columns, sizeof(step_columns) / sizeof(step_columns[0]),
                     json_object_get(saga, "steps"));
    }
    arena_destroy(a);
}

enum exit_code show_saga(const struct ctl *ctl, const struct buf *body)
{
    enum output_format format = ctl->output.format;
    json_t *saga = NULL;

    if (json_read(buf_text(body), body->n, &saga, NULL) != ERR_OK) {
        ctl_say("the server's answer is not JSON");
        return EXIT_FAILED;
    }
    if (format == OUTPUT_JSON || format == OUTPUT_JSONL) {
        output_json(json_span_of(buf_text(body), body->n), format == OUTPUT_JSONL);
    } else if (format == OUTPUT_NAME) {
        printf("%s\n", json_string_value(json_object_get(saga, "id")));
    } else {
        show_table(ctl, saga);
    }
    json_decref(saga);
    return EXIT_OK;
}
