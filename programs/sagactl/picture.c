/* picture.c - `sagactl definition graph FILE` and `diff FILE OTHER`, offline. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "definitions/diff.h"
#include "definitions/graph.h"
#include "programs/sagactl/author.h"
#include "programs/sagactl/ctl.h"

#define OUT_MAX ((size_t)16 * 1024 * 1024)
#define ARENA_CHUNK 16384
#define SHOWN_MAX 300 /* Characters of a value; -o json has all of it. */

/* ---- graph
 * -------------------------------------------------------------------------------- */

static bool read_form(const struct ctl *ctl, enum graph_form *form)
{
    const char *as = ctl_value(ctl, "as");

    *form = GRAPH_MERMAID;
    if (as == NULL || strcmp(as, "mermaid") == 0) {
        return true;
    }
    if (strcmp(as, "dot") == 0) {
        *form = GRAPH_DOT;
        return true;
    }
    ctl_say("--as %s is neither mermaid nor dot", as);
    return false;
}

int definition_graph(struct ctl *ctl)
{
    struct author_file file;
    enum graph_form form;
    enum exit_code code;
    struct buf out;

    if (!read_form(ctl, &form)) {
        return EXIT_USAGE;
    }
    code = author_open(ctl->word, &file);
    if (code == EXIT_OK) {
        buf_init(&out, OUT_MAX);
        graph_write(file.definition, form, &out);
        (void)fputs(buf_text(&out), stdout);
        buf_done(&out);
    }
    author_close(&file);
    return (int)code;
}

/* ---- diff
 * ----------------------------------------------------------------------------------- */

static void put_value(struct buf *out, const char *title, const char *value)
{
    if (value == NULL) {
        return;
    }
    buf_printf(out, "    %s ", title);
    if (strlen(value) > SHOWN_MAX) {
        struct buf cut;

        buf_init(&cut, SHOWN_MAX);
        buf_add(&cut, value, SHOWN_MAX);
        output_escape(buf_text(&cut), out);
        buf_add_text(out, " …");
        buf_done(&cut);
    } else {
        output_escape(value, out);
    }
    buf_add_char(out, '\n');
}

static void print_change(struct buf *out, const struct diff_change *c)
{
    buf_printf(out, "  %s%s%s %s\n", c->step != NULL ? c->step : "",
               c->step != NULL && c->field != NULL ? " " : "",
               c->field != NULL ? c->field : "", diff_kind_name(c->kind));
    put_value(out, c->kind == DIFF_MOVED ? "was behind" : "was", c->before);
    put_value(out, c->kind == DIFF_MOVED ? "is behind" : "is", c->after);
}

static void print_diff(struct buf *out, const struct diff_report *r)
{
    if (r->n_changes == 0) {
        buf_add_text(out, "nothing changes\n");
        return;
    }
    buf_add_text(out, "for sagas that start from now on:\n");
    for (size_t i = 0; i < r->n_changes; i++) {
        print_change(out, &r->changes[i]);
    }
    buf_add_text(out, "for sagas that run now:\n");
    for (size_t i = 0; i < r->n_running; i++) {
        buf_add_text(out, "  ");
        output_escape(r->running[i], out);
        buf_add_char(out, '\n');
    }
}

static void put_json_value(struct json_out *o, const char *name, const char *value,
                           bool is_moved)
{
    json_key(o, name);
    if (value == NULL || is_moved) {
        json_text(o, value);
    } else {
        json_raw(o, json_span_of(value, strlen(value)));
    }
}

static void put_diff(struct buf *out, const struct diff_report *r)
{
    struct json_out o;

    json_out_init(&o, out);
    json_open_object(&o);
    json_key(&o, "changes");
    json_open_array(&o);
    for (size_t i = 0; i < r->n_changes; i++) {
        const struct diff_change *c = &r->changes[i];

        json_open_object(&o);
        json_put(&o, "kind", diff_kind_name(c->kind));
        json_put(&o, "step", c->step);
        json_put(&o, "field", c->field);
        put_json_value(&o, "before", c->before, c->kind == DIFF_MOVED);
        put_json_value(&o, "after", c->after, c->kind == DIFF_MOVED);
        json_close_object(&o);
    }
    json_close_array(&o);
    json_key(&o, "running");
    json_open_array(&o);
    for (size_t i = 0; i < r->n_running; i++) {
        json_text(&o, r->running[i]);
    }
    json_close_array(&o);
    json_close_object(&o);
    buf_add_char(out, '\n');
}

static void diff(const struct ctl *ctl, const struct author_file *from,
                 const struct author_file *to)
{
    struct arena *keep = arena_create(ARENA_CHUNK);
    struct diff_report report;
    struct buf out;

    buf_init(&out, OUT_MAX);
    diff_definitions(from->definition, to->definition, keep, &report);
    if (ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL) {
        put_diff(&out, &report);
    } else {
        print_diff(&out, &report);
    }
    (void)fputs(buf_text(&out), stdout);
    buf_done(&out);
    arena_destroy(keep);
}

int definition_diff(struct ctl *ctl)
{
    struct author_file from;
    struct author_file to;
    enum exit_code code = author_open(ctl->word, &from);
    enum exit_code to_code = author_open(ctl->args.words[ctl->args.n_words - 1], &to);

    code = code == EXIT_OK ? to_code : code;
    if (code == EXIT_OK) {
        diff(ctl, &from, &to);
    }
    author_close(&to);
    author_close(&from);
    return (int)code;
}
