/* scenario.c - see scenario.h. */
#include "definitions/scenario.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "definitions/parse_tests.h"
#include "definitions/rehearse.h"
#include "definitions/told.h"

#define SENTENCE_MAX 2048
#define CALLS_MAX (256 * 1024)
#define ARENA_CHUNK 16384

struct running {
    const struct definition *d;
    struct arena *keep;
    struct scenario_result *out;
    struct buf calls; /* JSON array of names, as they are sent. */
    struct json_out list;
};

static struct json_span member(struct json_span object, const char *name)
{
    return json_span_member(object, name, strlen(name));
}

__attribute__((format(printf, 2, 3))) static void differs(struct running *t,
                                                          const char *fmt, ...)
{
    char sentence[SENTENCE_MAX];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(sentence, sizeof(sentence), fmt, args); /* Cut, not failed. */
    va_end(args);
    if (t->out->n_differences < SCENARIO_DIFFERENCES_MAX) {
        t->out->differences[t->out->n_differences] = arena_text(t->keep, sentence);
        t->out->n_differences++;
    }
}

static const char *text_of(struct running *t, struct json_span string)
{
    const char *kept;
    struct buf text;

    buf_init(&text, string.n);
    json_span_unescape(string, &text);
    kept = arena_copy(t->keep, buf_text(&text), text.n);
    buf_done(&text);
    return kept;
}

static void take_call(void *user, const struct rehearse_call *call)
{
    struct running *t = user;

    json_text(&t->list, call->name);
}

/* ---- comparing -----------------------------------------------------------------------
 */

static void compare_status(struct running *t, struct json_span wanted,
                           const struct rehearse_end *end)
{
    const char *status = told_status(end->status);

    if (wanted.at == NULL || json_span_is_text(wanted, status, strlen(status))) {
        return;
    }
    differs(t, "the saga is %s, not %s%s%s", status, text_of(t, wanted),
            end->rest != NULL ? ": " : "", end->rest != NULL ? end->rest : "");
}

/* Call number i, or "nothing more". */
static const char *call_at(struct running *t, struct json_span calls, size_t i)
{
    const struct json_span name = json_span_element(calls, (int64_t)i);

    return name.at != NULL ? text_of(t, name) : "nothing more";
}

static void compare_calls(struct running *t, struct json_span wanted,
                          const struct rehearse_end *end)
{
    const struct json_span made = {buf_text(&t->calls), t->calls.n};
    const size_t n = json_span_count(wanted);
    size_t i = 0;

    if (wanted.at == NULL || json_is_same(wanted, made)) {
        return;
    }
    while (i < n && json_is_same(json_span_element(wanted, (int64_t)i),
                                 json_span_element(made, (int64_t)i))) {
        i++;
    }
    differs(t, "call %zu is %s, not %s; the calls were %.1200s", i + 1,
            call_at(t, made, i), call_at(t, wanted, i), made.at);
    if (i == json_span_count(made) && end->rest != NULL) {
        differs(t, "it goes no further: %s", end->rest);
    }
}

static void compare_output(struct running *t, struct json_span wanted,
                           const struct rehearse_end *end)
{
    const struct json_span output =
        end->output.at != NULL ? end->output : JSON_SPAN_TEXT("null");

    if (wanted.at == NULL) {
        return;
    }
    if (end->output_error != NULL) {
        differs(t, "the output could not be made: %s", end->output_error);
    } else if (!json_is_same(wanted, output)) {
        differs(t, "the output is %.*s, not %.*s", (int)(output.n < 700 ? output.n : 700),
                output.at, (int)(wanted.n < 700 ? wanted.n : 700), wanted.at);
    }
}

/* ---- names that mean nothing
 * -------------------------------------------------------------- */

static bool has_call(const struct definition *d, uint16_t step, const char *word)
{
    const struct plan_node *node = &d->plan->nodes[step];

    if (strcmp(word, "signal") == 0) {
        return node->kind == PLAN_SIGNAL;
    }
    if (strcmp(word, "saga") == 0) {
        return node->kind == PLAN_CHILD;
    }
    if (strcmp(word, "callback") == 0) {
        return node->action.callback_ms != 0;
    }
    if (strcmp(word, "confirm") == 0) {
        return node->confirm.is_present;
    }
    return strcmp(word, "action") == 0 ? node->kind == PLAN_CALL
                                       : node->undo != PLAN_UNDO_NONE;
}

/* An answer to a call that the definition does not have would never be used. */
static void check_name(struct running *t, struct json_span quoted)
{
    const char *name = text_of(t, quoted);
    const size_t n = strcspn(name, "[.");
    const char *word = strrchr(name, '.');
    const uint16_t step = definition_step_of(t->d, arena_copy(t->keep, name, n));

    if (step == PLAN_NONE) {
        differs(t, "there is no step '%.*s' to answer for", (int)n, name);
    } else if (word != NULL && !has_call(t->d, step, word + 1)) {
        differs(t, "%s is answered, but '%.*s' has no such call", name, (int)n, name);
    } else if (name[n] == '[' && t->d->plan->nodes[step].each == PLAN_NONE) {
        differs(t, "%s is answered, but '%.*s' has no items", name, (int)n, name);
    }
}

static void check_names(struct running *t, struct json_span answers)
{
    struct json_walk walk = json_walk_of(answers);
    struct json_span name;
    struct json_span list;

    while (json_walk_next(&walk, &name, &list)) {
        check_name(t, name);
    }
}

/* ---- one test
 * ------------------------------------------------------------------------------ */

static void compare(struct running *t, struct json_span test,
                    const struct rehearse_end *end)
{
    const struct json_span expected = member(test, "expect");

    compare_status(t, member(expected, "status"), end);
    compare_calls(t, member(expected, "calls"), end);
    compare_output(t, member(expected, "output"), end);
}

void scenario_run(const struct definition *d, struct json_span tests, size_t index,
                  struct json_span vars, struct arena *keep, struct scenario_result *out)
{
    const struct json_span test = json_span_element(tests, (int64_t)index);
    struct running t = {.d = d, .keep = keep, .out = out};
    const struct rehearse_script script = {.input = member(test, "input"),
                                           .vars = vars,
                                           .answers = member(test, "answers"),
                                           .on_call = take_call,
                                           .user = &t};
    struct rehearse_end end;
    struct err_info info = {""};

    *out = (struct scenario_result){.index = index,
                                    .name = text_of(&t, member(test, "name"))};
    buf_init(&t.calls, CALLS_MAX);
    json_out_init(&t.list, &t.calls);
    json_open_array(&t.list);
    check_names(&t, script.answers);
    if (rehearse(d, &script, keep, &end, &info) != ERR_OK) {
        differs(&t, "it cannot start: %s", info.text);
    } else if (t.calls.is_over) {
        differs(&t, "it makes more calls than a test can list");
    } else {
        json_close_array(&t.list);
        compare(&t, test, &end);
    }
    buf_done(&t.calls);
}

/* ---- lists
 * ---------------------------------------------------------------------------------- */

enum err scenario_read(struct json_span tests, struct check_report *report)
{
    struct arena *scratch = arena_create(ARENA_CHUNK);
    const struct place whole = {.value = tests};
    struct json_span kept;
    struct report said;
    struct parse p = {.report = &said, .keep = scratch, .scratch = scratch};

    report_init(&said, report);
    parse_tests(&p, &whole, NULL, &kept);
    arena_destroy(scratch);
    return report->n_errors == 0 ? ERR_OK : ERR_INVALID;
}

static void add_failure(struct check_report *report, const struct scenario_result *r)
{
    struct check_issue *issue;

    report->n_errors++;
    if (report->n == CHECK_ISSUES_MAX) {
        return;
    }
    issue = &report->issues[report->n];
    report->n++;
    *issue = (struct check_issue){.is_error = true};
    (void)snprintf(issue->code, sizeof(issue->code), "test-failed");
    (void)snprintf(issue->pointer, sizeof(issue->pointer), "/tests/%zu", r->index);
    (void)snprintf(issue->detail, sizeof(issue->detail),
                   "the test '%.100s' fails: %.250s", r->name, r->differences[0]);
}

enum err scenario_check(const struct definition *d, struct json_span vars,
                        struct check_report *report)
{
    const size_t n = json_span_count(d->tests);
    struct arena *keep = arena_create(ARENA_CHUNK);
    size_t n_failed = 0;

    for (size_t i = 0; i < n; i++) {
        struct scenario_result result;

        scenario_run(d, d->tests, i, vars, keep, &result);
        if (result.n_differences > 0) {
            add_failure(report, &result);
            n_failed++;
        }
        arena_reset(keep);
    }
    arena_destroy(keep);
    return n_failed == 0 ? ERR_OK : ERR_INVALID;
}
