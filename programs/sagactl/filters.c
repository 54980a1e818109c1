/* filters.c - see filters.h. */
#include "programs/sagactl/filters.h"

#include <stdio.h>
#include <string.h>

#include "programs/sagactl/ctl.h"

#define NAME_MAX_BYTES 256
#define VALUE_MAX_BYTES 65536

static const struct {
    const char *option;
    const char *parameter;
    bool is_list; /* Commas between values mean or, and stay commas. */
} filters[] = {
    {"status", "status", true},
    {"definition", "definition", true},
    {"key", "key", false},
    {"stuck-step", "stuckStep", true},
    {"stuck-operation", "stuckOperation", true},
    {"stuck-outcome", "stuckOutcome", true},
    {"error", "error", false},
    {"paused", "paused", false},
    {"started-after", "startedAfter", false},
    {"started-before", "startedBefore", false},
    {"updated-after", "updatedAfter", false},
    {"updated-before", "updatedBefore", false},
    {"origin", "origin", true},
    {"created-after", "createdAfter", false},
    {"created-before", "createdBefore", false},
};
#define N_FILTERS (sizeof(filters) / sizeof(filters[0]))

bool filters_are_given(const struct ctl *ctl)
{
    for (size_t i = 0; i < N_FILTERS; i++) {
        if (args_has(&ctl->args, filters[i].option)) {
            return true;
        }
    }
    return args_has(&ctl->args, "label");
}

/* An option's values with commas between. */
static void join(const struct ctl *ctl, const char *option, struct buf *out)
{
    const char *values[ARGS_MAX];
    size_t n = args_values(&ctl->args, option, values, ARGS_MAX);

    for (size_t i = 0; i < n; i++) {
        buf_add_text(out, i > 0 ? "," : "");
        buf_add_text(out, values[i]);
    }
}

static void put_name(struct buf *path, const char *parameter)
{
    buf_add_char(path, strchr(buf_text(path), '?') != NULL ? '&' : '?');
    client_escape(parameter, path);
    buf_add_char(path, '=');
}

void filters_put(struct buf *path, const char *parameter, const char *value)
{
    if (value != NULL) {
        put_name(path, parameter);
        client_escape(value, path);
    }
}

static void put_list(struct buf *path, const char *parameter, const char *joined)
{
    put_name(path, parameter);
    for (const char *at = joined; *at != '\0';) {
        size_t n = strcspn(at, ",");
        char piece[NAME_MAX_BYTES];

        (void)snprintf(piece, sizeof(piece), "%.*s", (int)n, at);
        client_escape(piece, path);
        at += n;
        if (*at == ',') {
            buf_add_char(path, ',');
            at++;
        }
    }
}

/* "team=core" into "label.team" and its value. */
static enum exit_code split_label(const char *label, char name[static NAME_MAX_BYTES],
                                  const char **value)
{
    const char *equals = strchr(label, '=');

    if (equals == NULL || equals == label) {
        ctl_say("--label %s is not NAME=VALUE", label);
        return EXIT_USAGE;
    }
    (void)snprintf(name, NAME_MAX_BYTES, "label.%.*s", (int)(equals - label), label);
    *value = equals + 1;
    return EXIT_OK;
}

/* Each filter that is given, to a path or to an object. */
static enum exit_code put_all(const struct ctl *ctl, struct buf *path, struct json_out *o)
{
    const char *labels[ARGS_MAX];
    size_t n_labels = args_values(&ctl->args, "label", labels, ARGS_MAX);
    struct buf value;

    buf_init(&value, VALUE_MAX_BYTES);
    for (size_t i = 0; i < N_FILTERS; i++) {
        buf_clear(&value);
        join(ctl, filters[i].option, &value);
        if (value.n == 0) {
            continue;
        }
        if (o != NULL) {
            json_put(o, filters[i].parameter, buf_text(&value));
        } else if (filters[i].is_list) {
            put_list(path, filters[i].parameter, buf_text(&value));
        } else {
            filters_put(path, filters[i].parameter, buf_text(&value));
        }
    }
    buf_done(&value);
    for (size_t i = 0; i < n_labels; i++) {
        char name[NAME_MAX_BYTES];
        const char *text = NULL;

        if (split_label(labels[i], name, &text) != EXIT_OK) {
            return EXIT_USAGE;
        }
        if (o != NULL) {
            json_put(o, name, text);
        } else {
            filters_put(path, name, text);
        }
    }
    return EXIT_OK;
}

enum exit_code filters_put_query(const struct ctl *ctl, struct buf *path)
{
    return put_all(ctl, path, NULL);
}

enum exit_code filters_put_object(const struct ctl *ctl, struct json_out *o)
{
    enum exit_code code;

    json_open_object(o);
    code = put_all(ctl, NULL, o);
    json_close_object(o);
    return code;
}
