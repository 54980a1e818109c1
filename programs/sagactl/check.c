/* check.c - `sagactl definition check FILE`: the checker of the daemon, offline. */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "definitions/scenario.h"
#include "programs/sagactl/author.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/place.h"

#define REPORT_MAX (1024 * 1024)

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

static enum exit_code check(const struct ctl *ctl, struct json_span text,
                            struct json_span vars)
{
    struct check_world world = {.is_dry_run = true}; /* Nothing is known of a daemon. */
    struct check_report *report = mem_alloc(sizeof(*report));
    struct definition *d = NULL;
    enum err e = definition_compile(text.at, text.n, &world, report, &d);

    if (e == ERR_OK) { /* A failing test is an error of the definition. */
        e = scenario_check(d, vars, report);
    }
    if (ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL) {
        print_json(ctl, text, report);
    } else {
        author_say_issues(ctl->word, text, "", report, true);
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
    struct json_span vars;
    struct buf file;
    struct buf given;
    enum exit_code code = author_read(ctl, "vars", &given, &vars);

    buf_init(&file, LIMIT_DEFINITION_BYTES);
    code = code == EXIT_OK ? fault_read_json(ctl->word, &file, &text) : code;
    if (code == EXIT_OK) {
        code = check(ctl, text, vars);
    }
    buf_done(&file);
    buf_done(&given);
    return (int)code;
}
