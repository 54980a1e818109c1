/* check.c - `sagactl definition check FILE`: the checker of the daemon, offline. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "definitions/definition.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/place.h"

#define REPORT_MAX (1024 * 1024)

static void say_issues(const char *path, struct json_span text,
                       const struct check_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct check_issue *issue = &report->issues[i];
        struct file_place place;

        (void)place_find(text, issue->pointer, &place); /* The nearest will do. */
        ctl_say("%s:%u:%u: %s: %s (%s)", path, place.line, place.column,
                issue->is_error ? "error" : "warning", issue->detail, issue->pointer);
    }
}

static void put_issue(struct json_out *o, struct json_span text,
                      const struct check_issue *issue)
{
    struct file_place place;

    (void)place_find(text, issue->pointer, &place); /* The nearest will do. */
    json_open_object(o);
    json_put(o, "severity", issue->is_error ? "error" : "warning");
    json_put(o, "code", issue->code);
    json_put(o, "pointer", issue->pointer);
    json_put_number(o, "line", place.line);
    json_put_number(o, "column", place.column);
    json_put(o, "detail", issue->detail);
    json_close_object(o);
}

static void print_json(const struct ctl *ctl, struct json_span text,
                       const struct check_report *report)
{
    struct json_out o;
    struct buf out;

    buf_init(&out, REPORT_MAX);
    json_out_init(&o, &out);
    json_open_object(&o);
    json_put(&o, "file", ctl->word);
    json_put_number(&o, "errors", (int64_t)report->n_errors);
    json_key(&o, "issues");
    json_open_array(&o);
    for (size_t i = 0; i < report->n; i++) {
        put_issue(&o, text, &report->issues[i]);
    }
    json_close_array(&o);
    json_close_object(&o);
    printf("%s\n", buf_text(&out));
    buf_done(&out);
}

static enum exit_code check(const struct ctl *ctl, struct json_span text)
{
    struct check_world world = {.is_dry_run = true}; /* Nothing is known of a daemon. */
    struct check_report *report = mem_alloc(sizeof(*report));
    struct definition *d = NULL;
    enum err e = definition_compile(text.at, text.n, &world, report, &d);

    if (ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL) {
        print_json(ctl, text, report);
    } else {
        say_issues(ctl->word, text, report);
        if (e == ERR_OK && ctl->output.format == OUTPUT_NAME) {
            printf("%s\n", d->name);
        } else if (e == ERR_OK) {
            printf("%s: %s is a sound definition\n", ctl->word, d->name);
        } else {
            ctl_say("%s: %zu errors", ctl->word, report->n_errors);
        }
    }
    definition_destroy(d);
    free(report);
    return e == ERR_OK ? EXIT_OK : EXIT_INVALID;
}

int definition_check(struct ctl *ctl)
{
    struct json_span text = JSON_SPAN_NONE;
    enum exit_code code;
    struct buf file;

    buf_init(&file, LIMIT_DEFINITION_BYTES);
    code = fault_read_json(ctl->word, &file, &text);
    if (code == EXIT_OK) {
        code = check(ctl, text);
    }
    buf_done(&file);
    return (int)code;
}
