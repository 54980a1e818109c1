#include "definitions/diff.h"

#include <check.h>
#include <string.h>

#include "tests/support/definition_world.h"
#include "tests/support/suite.h"

/* Every change and every sentence, a line each. */
static char *diff(const char *from, const char *to)
{
    struct arena *keep = arena_create(4096);
    struct definition *a = world_compile(from);
    struct definition *b = world_compile(to);
    struct diff_report r;
    struct buf out;

    diff_definitions(a, b, keep, &r);
    buf_init(&out, 65536);
    for (size_t i = 0; i < r.n_changes; i++) {
        const struct diff_change *c = &r.changes[i];

        buf_printf(&out, "%s %s %s: %s -> %s\n", c->step != NULL ? c->step : "*",
                   c->field != NULL ? c->field : "*", diff_kind_name(c->kind),
                   c->before != NULL ? c->before : "-",
                   c->after != NULL ? c->after : "-");
    }
    for (size_t i = 0; i < r.n_running; i++) {
        buf_printf(&out, "now: %s\n", r.running[i]);
    }
    definition_destroy(a);
    definition_destroy(b);
    arena_destroy(keep);
    return buf_take(&out, NULL);
}

#define HAS(text, part) ck_assert_msg(strstr((text), (part)) != NULL, "%s", (text))
#define HAS_NOT(text, part) ck_assert_msg(strstr((text), (part)) == NULL, "%s", (text))

#define A \
    "{\"id\":\"a\",\"call\":{\"service\":\"stock\",\"url\":\"/a\",\"timeout\":\"5s\"}}"
#define B "{\"id\":\"b\",\"call\":\"POST http://127.0.0.1/b\",\"compensate\":null}"
#define C "{\"id\":\"c\",\"wait\":{\"signal\":\"go\",\"timeout\":\"1h\"}}"
#define STEPS(steps) "{\"name\":\"x\",\"steps\":[" steps "]}"

START_TEST(test_blanks_order_and_comments_change_nothing)
{
    char *said = diff("{\"name\":\"x\",\"//\":\"one\",\"steps\":[" A "]}",
                      "{ \"steps\": [ {\"call\":{\"url\":\"/a\",\"timeout\":\"5s\","
                      "\"service\":\"stock\"},\"id\":\"a\"} ], \"name\": \"x\" }");

    ck_assert_str_eq(said, "");
    free(said);
}
END_TEST

START_TEST(test_a_changed_member_is_told_with_both_values)
{
    char *said = diff(STEPS(A), STEPS("{\"id\":\"a\",\"call\":{\"service\":\"stock\","
                                      "\"url\":\"/a2\",\"timeout\":\"5s\"},"
                                      "\"optional\":true}"));

    HAS(said, "a call.url changed: \"/a\" -> \"/a2\"\n");
    HAS(said, "a optional added: - -> true\n");
    HAS_NOT(said, "timeout");
    HAS(said, "now: sagas running now keep the version");
    HAS(said, "now: they still make the call a.action, POST stock /a\n");
    free(said);
}
END_TEST

START_TEST(test_an_inserted_step_moves_nobody)
{
    char *said = diff(STEPS(A "," B), STEPS(A "," C "," B));

    HAS(said, "c * added: - -> {\"id\":\"c\"");
    HAS_NOT(said, "moved");
    HAS(said, "now: they do not know the signal 'go'\n");
    free(said);
}
END_TEST

START_TEST(test_a_removed_step_is_still_called_by_those_that_run)
{
    char *said = diff(STEPS(A "," B "," C), STEPS(A));

    HAS(said, "b * removed:");
    HAS(said, "now: they still make the call b.action, POST http://127.0.0.1/b\n");
    HAS(said, "now: they still take the signal 'go', which new sagas do not know\n");
    HAS_NOT(said, "a.action");
    free(said);
}
END_TEST

START_TEST(test_steps_that_change_places_are_told)
{
    char *said = diff(STEPS(A "," B), STEPS(B "," A));

    HAS(said, "a * moved: the start -> b\n");
    HAS(said, "b * moved: a -> the start\n");
    free(said);
}
END_TEST

START_TEST(test_keys_are_held_across_versions)
{
    char *said = diff("{\"name\":\"x\",\"key\":\"${ .input.a }\",\"timeout\":\"1h\","
                      "\"steps\":[" A "]}",
                      "{\"name\":\"x\",\"key\":\"${ .input.b }\",\"unique\":true,"
                      "\"steps\":[" A "]}");

    HAS(said, "* key changed:");
    HAS(said, "* unique added:");
    HAS(said, "* timeout removed:");
    HAS(said, "now: a key is held per definition, not per version");
    HAS(said, "now: they keep the deadline that they have\n");
    free(said);
}
END_TEST

int main(void)
{
    return suite_main("diff", test_blanks_order_and_comments_change_nothing,
                      test_a_changed_member_is_told_with_both_values,
                      test_an_inserted_step_moves_nobody,
                      test_a_removed_step_is_still_called_by_those_that_run,
                      test_steps_that_change_places_are_told,
                      test_keys_are_held_across_versions);
}
