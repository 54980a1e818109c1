#include "definitions/explore.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "tests/support/definition_world.h"
#include "tests/support/suite.h"

#define FOLDER_PLANTED "tests/corpus/planted"
#define FOLDER_SAMPLES "tests/corpus/samples"

struct explored {
    struct definition *d;
    struct arena *keep;
    struct explore_report report;
};

static struct explored explore_text(const char *text, uint32_t states_max)
{
    struct explored x = {.d = world_compile(text), .keep = arena_create(4096)};

    explore(x.d, states_max, x.keep, &x.report);
    return x;
}

static struct explored explore_file(const char *folder, const char *name)
{
    char path[256];
    struct explored x;
    size_t n;
    char *text;

    (void)snprintf(path, sizeof(path), "%s/%s.json", folder, name);
    text = world_read_file(path, &n);
    x = explore_text(text, 0);
    free(text);
    return x;
}

static struct explored explore_steps(const char *steps)
{
    char text[8192];

    (void)snprintf(text, sizeof(text), "{\"name\":\"x\",\"steps\":[%s]}", steps);
    return explore_text(text, 0);
}

static void explored_done(struct explored *x)
{
    definition_destroy(x->d);
    arena_destroy(x->keep);
}

/* "not-undone:pay lost-answer:ship", in the order found. */
static const char *bad_of(const struct explored *x)
{
    static char text[1024];

    text[0] = '\0';
    for (size_t i = 0; i < x->report.n_bad; i++) {
        const size_t n = strlen(text);

        (void)snprintf(text + n, sizeof(text) - n, "%s%s:%s", i > 0 ? " " : "",
                       x->report.bad[i].code, x->d->steps[x->report.bad[i].step].id);
    }
    return text;
}

static bool can_end(const struct explored *x, enum saga_status status, const char *left)
{
    for (size_t i = 0; i < x->report.n_endings; i++) {
        const struct explore_ending *e = &x->report.endings[i];

        if (e->status == status && strcmp(e->left, left) == 0 && e->n_paths >= 1) {
            return true;
        }
    }
    return false;
}

static bool can_stick(const struct explored *x, const char *where)
{
    for (size_t i = 0; i < x->report.n_endings; i++) {
        const struct explore_ending *e = &x->report.endings[i];

        if (e->where != NULL && strcmp(e->where, where) == 0) {
            return true;
        }
    }
    return false;
}

#define LOST "unknown: it was applied, the answer was lost"

#define CALL(url) "\"call\":{\"service\":\"stock\",\"url\":\"" url "\"}"
#define UNDO(url) "\"compensate\":{\"service\":\"stock\",\"url\":\"" url "\"}"
#define STEP(id) "{\"id\":\"" id "\"," CALL("/" id) "," UNDO("/un-" id) "}"

/* ---- what it finds ---------------------------------------------------------------- */

START_TEST(test_the_samples_have_no_bad_path)
{
    static const char *const names[] = {"book-trip", "onboard-user", "order",
                                        "register-fanout", "signup"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct explored x = explore_file(FOLDER_SAMPLES, names[i]);

        ck_assert(x.report.is_complete);
        ck_assert_msg(x.report.n_bad == 0, "%s: %s", names[i], bad_of(&x));
        explored_done(&x);
    }
}
END_TEST

START_TEST(test_every_planted_bug_is_found_and_nothing_else)
{
    size_t n;
    char *expected = world_read_file(FOLDER_PLANTED "/expected.txt", &n);
    unsigned n_files = 0;
    char *rest = NULL;

    for (char *line = strtok_r(expected, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        char *blank = strchr(line, ' ');
        struct explored x;

        if (blank != NULL) {
            *blank = '\0';
        }
        x = explore_file(FOLDER_PLANTED, line);
        ck_assert(x.report.is_complete);
        ck_assert_msg(strcmp(bad_of(&x), blank != NULL ? blank + 1 : "") == 0, "%s: %s",
                      line, bad_of(&x));
        explored_done(&x);
        n_files++;
    }
    ck_assert_uint_ge(n_files, 10);
    free(expected);
}
END_TEST

START_TEST(test_a_story_is_the_shortest_way_there)
{
    static const char *const story[] = {
        "the saga starts",
        "pay.action: succeeded",
        "reserve.action: " LOST ", and no attempt is left",
        "pay.compensation: succeeded",
        "the saga is compensated; in the world: reserve",
    };
    struct explored x = explore_file(FOLDER_PLANTED, "missing-undo");

    ck_assert_uint_eq(x.report.n_bad, 1);
    ck_assert_uint_eq(x.report.bad[0].n_story, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_str_eq(x.report.bad[0].story[i], story[i]);
    }
    explored_done(&x);
}
END_TEST

START_TEST(test_a_story_says_how_conditions_and_items_went)
{
    struct explored x = explore_steps("{\"id\":\"a\",\"forEach\":\"${ .input.l }\"," CALL(
        "/a") "},"
              "{\"id\":\"b\",\"when\":\"${ .input.b }\"," CALL("/b") "}");

    ck_assert_str_eq(x.report.bad[0].story[0],
                     "the saga starts; a has 0 items; when of b: yes");
    ck_assert_str_eq(x.report.bad[1].story[0], "the saga starts; a has 1 item");
    ck_assert_str_eq(bad_of(&x), "not-undone:b not-undone:a");
    explored_done(&x);
}
END_TEST

START_TEST(test_nothing_to_undo_on_purpose_is_no_bad_path_but_is_told)
{
    struct explored x =
        explore_steps("{\"id\":\"mail\"," CALL("/m") ",\"compensate\":null}," STEP("b"));

    ck_assert_uint_eq(x.report.n_bad, 0);
    ck_assert(can_end(&x, SAGA_STATUS_COMPENSATED, "mail"));
    explored_done(&x);
}
END_TEST

START_TEST(test_a_call_that_reads_only_leaves_nothing_behind)
{
    struct explored x =
        explore_steps("{\"id\":\"look\",\"call\":\"GET http://127.0.0.1/x\"}," STEP("b"));

    ck_assert_uint_eq(x.report.n_bad, 0);
    ck_assert(can_end(&x, SAGA_STATUS_COMPLETED, "b"));
    explored_done(&x);
}
END_TEST

/* ---- what it looks at ---------------------------------------------------------------
 */

START_TEST(test_order_ends_in_every_way_that_it_can)
{
    struct explored x = explore_file(FOLDER_SAMPLES, "order");

    ck_assert(can_end(&x, SAGA_STATUS_COMPLETED, "payment, stock, shipment, receipt"));
    ck_assert(can_end(&x, SAGA_STATUS_COMPLETED, "payment, stock, shipment"));
    ck_assert(can_end(&x, SAGA_STATUS_COMPENSATED, ""));
    ck_assert(can_end(&x, SAGA_STATUS_RESOLVED, "payment, stock, shipment"));
    ck_assert(can_stick(
        &x,
        "shipment.action: its attempts ran out and nobody knows whether it took effect"));
    ck_assert(can_stick(&x, "stock.compensation: it was refused"));
    ck_assert(can_stick(&x, "payment.compensation: its attempts ran out"));
    ck_assert(!can_end(&x, SAGA_STATUS_COMPENSATED, "payment"));
    explored_done(&x);
}
END_TEST

START_TEST(test_conditions_go_both_ways_and_items_are_none_one_and_two)
{
    struct explored x = explore_steps("{\"id\":\"a\",\"when\":\"${ .input.a }\"," CALL(
        "/a") "," UNDO("/ua") "},"
                              "{\"id\":\"e\",\"forEach\":\"${ .input.e }\"," CALL(
                                  "/e") "," UNDO("/ue") "}");

    ck_assert(can_end(&x, SAGA_STATUS_COMPLETED, ""));
    ck_assert(can_end(&x, SAGA_STATUS_COMPLETED, "a"));
    ck_assert(can_end(&x, SAGA_STATUS_COMPLETED, "e[0]"));
    ck_assert(can_end(&x, SAGA_STATUS_COMPLETED, "a, e[0], e[1]"));
    ck_assert_uint_eq(x.report.n_bad, 0);
    explored_done(&x);
}
END_TEST

START_TEST(test_a_wait_is_signalled_rejected_and_times_out)
{
    struct explored x = explore_steps(
        STEP("a") ",{\"id\":\"w\",\"wait\":{\"signal\":\"go\",\"timeout\":\"1h\","
                  "\"rejectWhen\":\"${ .signal.no }\"}}");

    ck_assert(can_end(&x, SAGA_STATUS_COMPLETED, "a"));
    ck_assert(can_end(&x, SAGA_STATUS_COMPENSATED, ""));
    explored_done(&x);
}
END_TEST

START_TEST(test_a_child_is_taken_back_like_a_step)
{
    struct explored x =
        explore_steps("{\"id\":\"kyc\",\"saga\":{\"definition\":\"kyc\"}}," STEP("b"));

    ck_assert_uint_eq(x.report.n_bad, 0);
    ck_assert(can_end(&x, SAGA_STATUS_COMPLETED, "kyc, b"));
    ck_assert(can_stick(&x, "kyc.saga: its child saga was resolved by hand"));
    ck_assert(can_stick(&x, "kyc.compensation: its child saga was resolved by hand"));
    explored_done(&x);
}
END_TEST

START_TEST(test_a_pivot_in_doubt_is_never_taken_back)
{
    struct explored x = explore_steps(
        STEP("a") ",{\"id\":\"p\",\"pivot\":true," CALL("/p") "}," STEP("z"));

    ck_assert_uint_eq(x.report.n_bad, 0);
    ck_assert(can_stick(
        &x, "p.action: its attempts ran out and nobody knows whether it took effect"));
    ck_assert(can_stick(&x, "z.action: it was refused"));
    ck_assert(!can_end(&x, SAGA_STATUS_COMPENSATED, "p"));
    explored_done(&x);
}
END_TEST

START_TEST(test_a_confirm_that_denies_once_is_not_believed)
{
    struct explored x = explore_steps("{\"id\":\"p\",\"pivot\":true," CALL(
        "/p") ",\"confirm\":{\"service\":\"stock\","
              "\"url\":\"/p\",\"notApplied\":[404]}}");

    ck_assert_uint_eq(x.report.n_bad, 0);
    ck_assert(can_end(&x, SAGA_STATUS_COMPENSATED, ""));
    explored_done(&x);
}
END_TEST

/* ---- folding and limits ---------------------------------------------------------------
 */

static const char *ten_steps(void)
{
    static char text[8192];
    size_t n = 0;

    n += (size_t)snprintf(text, sizeof(text),
                          "{\"name\":\"x\",\"timeout\":\"1h\","
                          "\"steps\":[");
    for (int i = 0; i < 10; i++) {
        n += (size_t)snprintf(text + n, sizeof(text) - n,
                              "%s{\"id\":\"s%d\"," CALL("/a") "," UNDO("/b") "}",
                              i > 0 ? "," : "", i);
    }
    (void)snprintf(text + n, sizeof(text) - n, "]}");
    return text;
}

START_TEST(test_ten_steps_fold_into_few_states)
{
    struct explored x = explore_text(ten_steps(), 0);

    ck_assert(x.report.is_complete);
    ck_assert_uint_eq(x.report.n_bad, 0);
    ck_assert_uint_lt(x.report.n_states, 1000);
    ck_assert(x.report.n_paths > 1e20);
    explored_done(&x);
}
END_TEST

START_TEST(test_beyond_its_limit_it_says_that_it_has_not_seen_all)
{
    struct explored x = explore_text(ten_steps(), 50);

    ck_assert(!x.report.is_complete);
    ck_assert_uint_le(x.report.n_states, 50);
    explored_done(&x);
}
END_TEST

START_TEST(test_the_same_definition_gives_the_same_report)
{
    struct explored a = explore_file(FOLDER_SAMPLES, "book-trip");
    struct explored b = explore_file(FOLDER_SAMPLES, "book-trip");

    ck_assert_uint_eq(a.report.n_states, b.report.n_states);
    ck_assert_uint_eq(a.report.n_turns, b.report.n_turns);
    ck_assert(a.report.n_paths == b.report.n_paths);
    ck_assert_uint_eq(a.report.n_endings, b.report.n_endings);
    explored_done(&b);
    explored_done(&a);
}
END_TEST

int main(void)
{
    return suite_main("explore", test_the_samples_have_no_bad_path,
                      test_every_planted_bug_is_found_and_nothing_else,
                      test_a_story_is_the_shortest_way_there,
                      test_a_story_says_how_conditions_and_items_went,
                      test_nothing_to_undo_on_purpose_is_no_bad_path_but_is_told,
                      test_a_call_that_reads_only_leaves_nothing_behind,
                      test_order_ends_in_every_way_that_it_can,
                      test_conditions_go_both_ways_and_items_are_none_one_and_two,
                      test_a_wait_is_signalled_rejected_and_times_out,
                      test_a_child_is_taken_back_like_a_step,
                      test_a_pivot_in_doubt_is_never_taken_back,
                      test_a_confirm_that_denies_once_is_not_believed,
                      test_ten_steps_fold_into_few_states,
                      test_beyond_its_limit_it_says_that_it_has_not_seen_all,
                      test_the_same_definition_gives_the_same_report);
}
