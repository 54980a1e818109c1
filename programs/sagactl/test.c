/* test.c - `sagactl definition test FILE`: the scenarios of a definition, offline. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "definitions/scenario.h"
#include "programs/sagactl/author.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"

#define OUT_MAX ((size_t)16 * 1024 * 1024)
#define ARENA_CHUNK 16384
#define SUFFIX ".json"

struct run {
    const struct ctl *ctl;
    const struct definition *definition;
    struct json_span vars;
    bool is_json;
    size_t n;
    size_t n_failed;
    struct buf out;
    struct json_out json;
};

static void print_one(struct run *r, const char *path, const struct scenario_result *t)
{
    buf_printf(&r->out, "%s %s: ", t->n_differences == 0 ? "ok  " : "FAIL", path);
    output_escape(t->name, &r->out);
    buf_add_char(&r->out, '\n');
    for (size_t i = 0; i < t->n_differences; i++) {
        buf_add_text(&r->out, "       ");
        output_escape(t->differences[i], &r->out);
        buf_add_char(&r->out, '\n');
    }
}

static void put_one(struct run *r, const char *path, const struct scenario_result *t)
{
    json_open_object(&r->json);
    json_put(&r->json, "file", path);
    json_put(&r->json, "name", t->name);
    json_put_flag(&r->json, "passed", t->n_differences == 0);
    json_key(&r->json, "differences");
    json_open_array(&r->json);
    for (size_t i = 0; i < t->n_differences; i++) {
        json_text(&r->json, t->differences[i]);
    }
    json_close_array(&r->json);
    json_close_object(&r->json);
}

static void run_list(struct run *r, const char *path, struct json_span tests)
{
    const size_t n = json_span_count(tests);
    struct arena *keep = arena_create(ARENA_CHUNK);

    for (size_t i = 0; i < n; i++) {
        struct scenario_result result;

        scenario_run(r->definition, tests, i, r->vars, keep, &result);
        r->n++;
        r->n_failed += result.n_differences > 0 ? 1 : 0;
        if (r->is_json) {
            put_one(r, path, &result);
        } else {
            print_one(r, path, &result);
        }
        arena_reset(keep);
    }
    arena_destroy(keep);
}

/* NAME.tests.json beside NAME.json; "" where there is none. */
static void find_beside(const char *path, struct buf *out)
{
    const size_t n = strlen(path);
    const size_t end = strlen(SUFFIX);

    if (n <= end || strcmp(path + n - end, SUFFIX) != 0) {
        return;
    }
    buf_add(out, path, n - end);
    buf_add_text(out, ".tests" SUFFIX);
    if (access(buf_text(out), F_OK) != 0) {
        buf_clear(out);
    }
}

static enum exit_code run_beside(struct run *r, const char *path)
{
    struct check_report *report = mem_alloc(sizeof(*report));
    struct json_span tests;
    struct buf bytes;
    enum exit_code code;

    buf_init(&bytes, LIMIT_DEFINITION_BYTES);
    code = fault_read_json(path, &bytes, &tests);
    if (code == EXIT_OK && scenario_read(tests, report) != ERR_OK) {
        author_say_issues(path, tests, "", report, false);
        code = EXIT_INVALID;
    }
    if (code == EXIT_OK) {
        run_list(r, path, tests);
    }
    buf_done(&bytes);
    free(report);
    return code;
}

static enum exit_code print_all(struct run *r)
{
    if (r->is_json) {
        json_close_array(&r->json);
        json_put_number(&r->json, "passed", (int64_t)(r->n - r->n_failed));
        json_put_number(&r->json, "failed", (int64_t)r->n_failed);
        json_close_object(&r->json);
        buf_add_char(&r->out, '\n');
    }
    (void)fputs(buf_text(&r->out), stdout);
    if (r->n == 0) {
        ctl_say("%s: there are no tests: write `tests`, or a file NAME.tests.json beside",
                r->ctl->word);
    } else {
        ctl_say("%s: %zu of %zu tests failed", r->ctl->word, r->n_failed, r->n);
    }
    return r->n_failed == 0 ? EXIT_OK : EXIT_FAILED;
}

static enum exit_code run_all(const struct ctl *ctl, const struct author_file *file,
                              struct json_span vars)
{
    struct run r = {.ctl = ctl, .definition = file->definition, .vars = vars};
    enum exit_code code = EXIT_OK;
    struct buf beside;

    r.is_json = ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL;
    buf_init(&r.out, OUT_MAX);
    buf_init(&beside, 4096);
    json_out_init(&r.json, &r.out);
    if (r.is_json) {
        json_open_object(&r.json);
        json_put(&r.json, "definition", file->definition->name);
        json_key(&r.json, "tests");
        json_open_array(&r.json);
    }
    run_list(&r, file->path, file->definition->tests);
    find_beside(file->path, &beside);
    if (beside.n > 0) {
        code = run_beside(&r, buf_text(&beside));
    }
    if (code == EXIT_OK) {
        code = print_all(&r);
    }
    buf_done(&beside);
    buf_done(&r.out);
    return code;
}

int definition_test(struct ctl *ctl)
{
    struct author_file file;
    struct json_span vars;
    struct buf bytes;
    enum exit_code code = author_open(ctl->word, &file);
    enum exit_code vars_code = author_read(ctl, "vars", &bytes, &vars);

    code = code == EXIT_OK ? vars_code : code;
    if (code == EXIT_OK) {
        code = run_all(ctl, &file, vars);
    }
    buf_done(&bytes);
    author_close(&file);
    return (int)code;
}
