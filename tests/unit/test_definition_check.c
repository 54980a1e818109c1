/*
 * test_definition_check.c - a corpus of definitions with something wrong.
 *
 * tests/corpus/definitions/expected.txt lists every issue of every file there, in the
 * order in which it must be reported: name, error or warning, code, JSON Pointer
 * ("(whole)" for the definition itself).
 */
#include <check.h>
#include <dirent.h>

#include "base/buf.h"
#include "definitions/definition.h"
#include "tests/support/definition_world.h"
#include "tests/support/suite.h"

#define CORPUS "tests/corpus/definitions"

static struct definition *children[5];
static struct check_report report;

static void make_children(void)
{
    children[0] = world_compile("{\"name\":\"child\",\"steps\":[{\"id\":\"a\","
                                "\"wait\":\"1s\"}]}");
    children[1] = world_compile("{\"name\":\"looper\",\"steps\":[{\"id\":\"a\",\"saga\":"
                                "{\"definition\":\"bad\"}}]}");
    children[2] =
        world_compile("{\"name\":\"pivoted\",\"steps\":[{\"id\":\"a\",\"pivot\":"
                      "true,\"call\":\"POST http://127.0.0.1/a\"}]}");
    children[3] = world_compile("{\"name\":\"ordered\",\"orderingKey\":\"${ .input.x }\","
                                "\"steps\":[{\"id\":\"a\",\"wait\":\"1s\"}]}");
}

static void drop_children(void)
{
    for (size_t i = 0; i < 4; i++) {
        definition_destroy(children[i]);
    }
}

static void compile_text(const char *text, size_t n)
{
    struct check_world world = world_of(children);
    struct definition *d = NULL;
    enum err e;

    e = definition_compile(text, n, &world, &report, &d);
    ck_assert_int_eq(e, report.n_errors > 0 ? ERR_INVALID : ERR_OK);
    definition_destroy(d);
}

/* All issues of one file, in the form of expected.txt. */
static void put_issues(const char *name, struct buf *out)
{
    char path[512];
    size_t n;
    char *text;

    (void)snprintf(path, sizeof(path), CORPUS "/%s.json", name);
    text = world_read_file(path, &n);
    compile_text(text, n);
    free(text);
    for (size_t i = 0; i < report.n; i++) {
        const struct check_issue *issue = &report.issues[i];

        buf_printf(out, "%s %s %s %s\n", name, issue->is_error ? "error" : "warning",
                   issue->code, issue->pointer[0] != '\0' ? issue->pointer : "(whole)");
    }
}

/* The lines from `at` on that begin with name and a blank. */
static size_t lines_of(const char *at, const char *name)
{
    size_t length = strlen(name);
    size_t n = 0;

    while (strncmp(at + n, name, length) == 0 && at[n + length] == ' ') {
        n += strcspn(at + n, "\n") + 1;
    }
    return n;
}

START_TEST(test_each_file_of_the_corpus_has_exactly_the_issues_listed_for_it)
{
    size_t n;
    char *expected = world_read_file(CORPUS "/expected.txt", &n);
    const char *at = expected;

    make_children();
    while (*at != '\0') {
        char name[128];
        size_t length;
        char *lines;
        struct buf found;

        ck_assert_int_eq(sscanf(at, "%127s", name), 1);
        length = lines_of(at, name);
        lines = mem_copy(at, length);
        buf_init(&found, 65536);
        put_issues(name, &found);
        ck_assert_str_eq(buf_text(&found), lines);
        buf_done(&found);
        free(lines);
        at += length;
    }
    drop_children();
    free(expected);
}
END_TEST

START_TEST(test_every_file_of_the_corpus_is_listed)
{
    size_t n;
    char *expected = world_read_file(CORPUS "/expected.txt", &n);
    DIR *dir = opendir(CORPUS);
    size_t files = 0;

    ck_assert_ptr_nonnull(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char line[300];
        char *end = strstr(entry->d_name, ".json");

        if (end == NULL) {
            continue;
        }
        *end = '\0';
        (void)snprintf(line, sizeof(line), "%s ", entry->d_name);
        ck_assert_msg(strstr(expected, line) != NULL, "%s is not listed", entry->d_name);
        files++;
    }
    (void)closedir(dir);
    free(expected);
    ck_assert_uint_ge(files, 80);
}
END_TEST

static const struct check_issue *only_issue(const char *text)
{
    compile_text(text, strlen(text));
    ck_assert_uint_eq(report.n, 1);
    return &report.issues[0];
}

START_TEST(test_an_unknown_member_gets_a_suggestion)
{
    const struct check_issue *issue = only_issue(
        "{\"name\":\"bad\",\"timout\":\"1s\",\"steps\":[{\"id\":\"a\",\"wait\":"
        "\"1s\"}]}");

    ck_assert_str_eq(issue->detail,
                     "a definition has no member 'timout'; did you mean 'timeout'?");
}
END_TEST

START_TEST(test_an_unknown_step_gets_a_suggestion)
{
    const struct check_issue *issue =
        only_issue("{\"name\":\"bad\",\"steps\":[{\"id\":\"payment\",\"wait\":\"1s\"}],"
                   "\"output\":\"${ .steps.paymnet.outcome }\"}");

    ck_assert_str_eq(issue->detail,
                     "there is no step 'paymnet'; did you mean 'payment'?");
}
END_TEST

/* The one issue of a definition whose compensation has this expression for its body. */
static const char *said_of_undo(const char *expression)
{
    static char text[512];

    (void)snprintf(
        text, sizeof(text),
        "{\"name\":\"bad\",\"steps\":[{\"id\":\"a\",\"call\":{\"service\":"
        "\"payments\",\"url\":\"/a\"},\"compensate\":{\"service\":\"payments\","
        "\"url\":\"/b\",\"body\":\"${ %s }\"}}]}",
        expression);
    return only_issue(text)->detail;
}

START_TEST(test_misspelt_members_of_saga_and_error_get_a_suggestion)
{
    static const char *const saga[][2] = {{"ids", "id"},
                                          {"kye", "key"},
                                          {"definitions", "definition"},
                                          {"versoin", "version"},
                                          {"startdAt", "startedAt"}};
    static const char *const error[][2] = {{"stepp", "step"},
                                           {"outcom", "outcome"},
                                           {"staus", "status"},
                                           {"details", "detail"}};
    char path[64];
    char said[128];

    for (size_t i = 0; i < sizeof(saga) / sizeof(saga[0]); i++) {
        (void)snprintf(path, sizeof(path), ".saga.%s", saga[i][0]);
        (void)snprintf(said, sizeof(said), ".saga has no '%s'; did you mean '%s'?",
                       saga[i][0], saga[i][1]);
        ck_assert_str_eq(said_of_undo(path), said);
    }
    for (size_t i = 0; i < sizeof(error) / sizeof(error[0]); i++) {
        (void)snprintf(path, sizeof(path), ".error.%s", error[i][0]);
        (void)snprintf(said, sizeof(said), ".error has no '%s'; did you mean '%s'?",
                       error[i][0], error[i][1]);
        ck_assert_str_eq(said_of_undo(path), said);
    }
    ck_assert_str_eq(said_of_undo(".error | .reason // null"), ".error has no 'reason'");
}
END_TEST

START_TEST(test_an_unknown_service_is_a_warning_in_a_dry_run)
{
    static const char text[] =
        "{\"name\":\"bad\",\"steps\":[{\"id\":\"a\",\"call\":{\"service\":\"paymets\","
        "\"url\":\"/a\"},\"compensate\":null}]}";
    struct check_world world = world_of(NULL);
    struct definition *d = NULL;

    world.is_dry_run = true;
    ck_assert_int_eq(definition_compile(text, strlen(text), &world, &report, &d), ERR_OK);
    definition_destroy(d);
    ck_assert_uint_eq(report.n, 1);
    ck_assert_str_eq(report.issues[0].code, "unknown-service");
    ck_assert(!report.issues[0].is_error);
    ck_assert_str_eq(report.issues[0].detail,
                     "the daemon knows no service 'paymets'; did "
                     "you mean 'payments'?");
}
END_TEST

START_TEST(test_comments_are_allowed_where_there_is_no_payload)
{
    static const char text[] =
        "{\"//\":\"top\",\"name\":\"good\",\"steps\":[{\"//why\":1,\"id\":\"a\",\"call\":"
        "{\"// x\":{},\"service\":\"payments\",\"url\":\"/a\",\"retry\":{\"//\":0}},"
        "\"compensate\":null}]}";

    compile_text(text, strlen(text));
    ck_assert_uint_eq(report.n, 0);
}
END_TEST

START_TEST(test_an_answer_behind_a_condition_may_be_read_behind_the_same_condition)
{
    static const char text[] =
        "{\"name\":\"good\",\"steps\":[{\"id\":\"a\",\"when\":\"${ .input.x }\",\"wait\":"
        "\"1s\"},{\"id\":\"b\",\"when\":\"${ .input.x }\",\"call\":{\"service\":"
        "\"payments\",\"url\":\"/a\",\"body\":\"${ .steps.a.body "
        "}\"},\"compensate\":null},"
        "{\"id\":\"c\",\"call\":{\"service\":\"payments\",\"url\":\"/a\",\"body\":"
        "\"${ .steps.a.body // 1 }\"},\"compensate\":null}]}";

    compile_text(text, strlen(text));
    ck_assert_uint_eq(report.n, 0);
}
END_TEST

START_TEST(test_more_errors_than_fit_are_counted)
{
    struct buf text;

    buf_init(&text, 1 << 20);
    buf_add_text(&text,
                 "{\"name\":\"bad\",\"steps\":[{\"id\":\"a\",\"call\":{\"service\":"
                 "\"payments\",\"url\":\"/a\",\"method\":\"DELETE\"}}]");
    for (int i = 0; i < 150; i++) {
        buf_printf(&text, ",\"x%d\":1", i);
    }
    buf_add_text(&text, "}");
    compile_text(buf_text(&text), text.n);
    buf_done(&text);
    ck_assert_uint_eq(report.n, CHECK_ISSUES_MAX);
    ck_assert_uint_eq(report.n_errors, 150);
    for (size_t i = 0; i < report.n; i++) { /* The warning made way. */
        ck_assert(report.issues[i].is_error);
    }
}
END_TEST

START_TEST(test_a_definition_beyond_the_limit_is_refused_unread)
{
    const size_t n = LIMIT_DEFINITION_BYTES + 1;
    char *text = mem_alloc(n);

    memset(text, ' ', n);
    compile_text(text, n);
    free(text);
    ck_assert_str_eq(report.issues[0].code, "too-large");
}
END_TEST

int main(void)
{
    return suite_main(
        "definition_check",
        test_each_file_of_the_corpus_has_exactly_the_issues_listed_for_it,
        test_every_file_of_the_corpus_is_listed, test_an_unknown_member_gets_a_suggestion,
        test_an_unknown_step_gets_a_suggestion,
        test_misspelt_members_of_saga_and_error_get_a_suggestion,
        test_an_unknown_service_is_a_warning_in_a_dry_run,
        test_comments_are_allowed_where_there_is_no_payload,
        test_an_answer_behind_a_condition_may_be_read_behind_the_same_condition,
        test_more_errors_than_fit_are_counted,
        test_a_definition_beyond_the_limit_is_refused_unread);
}
