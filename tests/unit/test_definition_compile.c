#include "definitions/definition.h"

#include <check.h>
#include <string.h>

#include "tests/support/definition_world.h"
#include "tests/support/suite.h"

/* A definition of these steps, everything of the language allowed. */
static struct definition *compile_steps(const char *steps)
{
    char text[8192];

    (void)snprintf(text, sizeof(text), "{\"name\":\"x\",\"steps\":[%s]}", steps);
    return world_compile(text);
}

static const struct plan_node *node_of(const struct definition *d, const char *id)
{
    uint16_t step = definition_step_of(d, id);

    ck_assert_uint_ne(step, PLAN_NONE);
    return &d->plan->nodes[step];
}

static struct definition *compile_sample(const char *name)
{
    char path[256];
    struct definition *d;
    size_t n;
    char *text;

    (void)snprintf(path, sizeof(path), "tests/corpus/samples/%s.json", name);
    text = world_read_file(path, &n);
    d = world_compile(text);
    free(text);
    ck_assert_str_eq(d->name, name);
    ck_assert(plan_is_sound(d->plan));
    return d;
}

START_TEST(test_the_samples_compile)
{
    static const char *const names[] = {"book-trip", "onboard-user", "order",
                                        "register-fanout", "signup"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        definition_destroy(compile_sample(names[i]));
    }
}
END_TEST

START_TEST(test_order_is_good_as_it_stands)
{
    const struct check_world nothing_known = {.user = NULL};
    static struct check_report report;
    struct definition *d;
    size_t n;
    char *text = world_read_file("tests/corpus/samples/order.json", &n);

    ck_assert_int_eq(definition_compile(text, n, &nothing_known, &report, &d), ERR_OK);
    ck_assert_uint_eq(report.n, 0);
    definition_destroy(d);
    free(text);
}
END_TEST

START_TEST(test_steps_are_numbered_in_pre_order)
{
    struct definition *d = compile_sample("book-trip");
    static const char *const ids[] = {"reserve", "flight",   "hotel",
                                      "car",     "approval", "payment"};
    const struct plan_node *nodes = d->plan->nodes;

    for (uint16_t i = 0; i < 6; i++) {
        ck_assert_uint_eq(definition_step_of(d, ids[i]), i + 1);
    }
    ck_assert_int_eq(nodes[0].kind, PLAN_SEQUENCE);
    ck_assert_int_eq(nodes[1].kind, PLAN_PARALLEL);
    ck_assert_uint_eq(nodes[1].first, 2);
    ck_assert_uint_eq(nodes[1].end, 4);
    ck_assert_uint_eq(nodes[1].next, 4);
    ck_assert_uint_eq(nodes[2].next, 3);
    ck_assert_uint_eq(nodes[3].next, PLAN_NONE);
    ck_assert_uint_eq(nodes[3].parent, 1);
    ck_assert_int_eq(nodes[5].kind, PLAN_SIGNAL);
    ck_assert_uint_eq(d->plan->width, 2);
    ck_assert_uint_eq(d->plan->timeout_ms, 3 * 24 * 3600 * 1000ULL);
    definition_destroy(d);
}
END_TEST

START_TEST(test_width_is_the_most_that_can_be_open_at_once)
{
    struct definition *d = compile_steps(
        "{\"id\":\"p\",\"parallel\":[{\"id\":\"a\",\"wait\":\"1s\"},{\"id\":\"s\","
        "\"steps\":[{\"id\":\"b\",\"wait\":\"1s\"},{\"id\":\"c\",\"forEach\":{\"in\":"
        "\"${ .input.x }\",\"maxConcurrent\":7},\"call\":\"PUT http://127.0.0.1/\","
        "\"compensate\":null}]}]}");

    ck_assert_uint_eq(d->plan->width, 8);
    ck_assert_uint_eq(node_of(d, "c")->each, 0);
    ck_assert_uint_eq(node_of(d, "c")->each_concurrent, 7);
    ck_assert_uint_eq(node_of(d, "c")->items_max, LIMIT_ITEMS_DEFAULT);
    ck_assert_uint_eq(d->plan->n_each, 1);
    definition_destroy(d);
}
END_TEST

#define CALL "\"call\":\"POST http://127.0.0.1/a\""

START_TEST(test_an_action_tries_four_times_and_a_compensation_for_a_day)
{
    struct definition *d = compile_steps("{\"id\":\"a\"," CALL
                                         ",\"compensate\":\"PUT http://127.0.0.1/a\"}");
    const struct plan_call *action = &node_of(d, "a")->action;
    const struct plan_call *undo = &node_of(d, "a")->compensation;

    ck_assert_uint_eq(action->retry.attempts_max, 4);
    ck_assert_uint_eq(action->retry.delay_ms, 500);
    ck_assert_uint_eq(action->retry.backoff_permille, 2000);
    ck_assert_uint_eq(action->retry.delay_max_ms, 30000);
    ck_assert_uint_eq(action->retry.jitter_permille, 1000);
    ck_assert_uint_eq(action->retry.elapsed_max_ms, 0);
    ck_assert_uint_eq(action->timeout_ms, 30000);
    ck_assert_uint_eq(undo->retry.attempts_max, 0);
    ck_assert_uint_eq(undo->retry.delay_max_ms, 600000);
    ck_assert_uint_eq(undo->retry.elapsed_max_ms, 86400000);
    ck_assert_int_eq(node_of(d, "a")->undo, PLAN_UNDO_CALL);
    definition_destroy(d);
}
END_TEST

START_TEST(test_behind_the_pivot_only_optional_steps_give_up_soon)
{
    struct definition *d = compile_steps(
        "{\"id\":\"p\",\"pivot\":true," CALL "},{\"id\":\"a\"," CALL
        "},{\"id\":\"o\",\"optional\":true," CALL "},{\"id\":\"r\",\"call\":{\"url\":"
        "\"http://127.0.0.1/\",\"retry\":5}}");

    ck_assert_uint_eq(node_of(d, "p")->action.retry.attempts_max, 4);
    ck_assert_int_eq(node_of(d, "p")->on_unknown, PLAN_ON_UNKNOWN_STOP);
    ck_assert_uint_eq(node_of(d, "a")->action.retry.attempts_max, 0);
    ck_assert_uint_eq(node_of(d, "a")->action.retry.elapsed_max_ms, 86400000);
    ck_assert_uint_eq(node_of(d, "o")->action.retry.attempts_max, 4);
    ck_assert_uint_eq(node_of(d, "r")->action.retry.attempts_max, 5);
    ck_assert_uint_eq(node_of(d, "r")->action.retry.elapsed_max_ms, 86400000);
    ck_assert(d->plan->nodes[0].holds_pivot);
    ck_assert(!node_of(d, "a")->holds_pivot);
    definition_destroy(d);
}
END_TEST

START_TEST(test_a_call_wins_over_defaults_member_by_member)
{
    struct definition *d = world_compile(
        "{\"name\":\"x\",\"defaults\":{\"call\":{\"timeout\":\"5s\",\"retry\":{"
        "\"maxAttempts\":9,\"delay\":\"2s\"},\"headers\":{\"X-A\":\"d\",\"X-B\":\"d\"},"
        "\"statuses\":{\"success\":[404],\"retryable\":[409]}}},\"steps\":[{\"id\":\"a\","
        "\"call\":{\"url\":\"http://127.0.0.1/\",\"retry\":{\"delay\":\"1s\"},"
        "\"headers\":{\"x-a\":\"own\"},\"statuses\":{\"rejected\":[404]}},"
        "\"compensate\":null}]}");
    const struct plan_call *action = &node_of(d, "a")->action;
    const struct definition_call *call = d->steps[1].action;

    ck_assert_uint_eq(action->timeout_ms, 5000);
    ck_assert_uint_eq(action->retry.attempts_max, 9);
    ck_assert_uint_eq(action->retry.delay_ms, 1000);
    ck_assert_uint_eq(call->n_headers, 2);
    ck_assert_str_eq(template_constant(call->headers[0].value), "own");
    ck_assert_str_eq(call->headers[1].name, "X-B");
    ck_assert_uint_eq(call->statuses.n, 2);
    ck_assert_uint_eq(call->statuses.rules[0].status, 404);
    ck_assert_int_eq(call->statuses.rules[0].meaning, PLAN_REJECTED);
    ck_assert_uint_eq(call->statuses.rules[1].status, 409);
    definition_destroy(d);
}
END_TEST

START_TEST(test_a_confirm_is_a_patient_get)
{
    struct definition *d = compile_sample("order");
    const struct plan_node *node = node_of(d, "payment");
    const struct definition_call *confirm = d->steps[1].confirm;

    ck_assert(node->confirm.is_present);
    ck_assert(node->confirm.is_safe);
    ck_assert_uint_eq(node->confirm.retry.attempts_max, 0);
    ck_assert_str_eq(confirm->method, "GET");
    ck_assert_uint_eq(confirm->not_applied.n, 1);
    ck_assert_uint_eq(confirm->not_applied.rules[0].status, 404);
    ck_assert(confirm->reads_answer); /* Its answer becomes the step's. */
    definition_destroy(d);
}
END_TEST

START_TEST(test_an_answer_that_is_read_must_be_json)
{
    struct definition *d = compile_steps(
        "{\"id\":\"a\"," CALL ",\"compensate\":null},{\"id\":\"b\"," CALL
        ",\"compensate\":null},{\"id\":\"c\",\"call\":{\"url\":\"http://127.0.0.1/\","
        "\"query\":{\"x\":\"${ .steps.a.body.id }\",\"y\":\"${ .steps.b.status }\"},"
        "\"rejectWhen\":\"${ .response.body.no }\"},\"compensate\":null}");

    ck_assert(d->steps[1].action->reads_answer);
    ck_assert(d->steps[1].is_read);
    ck_assert(!d->steps[2].action->reads_answer);
    ck_assert(d->steps[2].is_read);
    ck_assert(d->steps[3].action->reads_answer);
    ck_assert(!d->steps[3].is_read);
    definition_destroy(d);
}
END_TEST

START_TEST(test_a_verdict_on_the_status_needs_no_json)
{
    struct definition *d = compile_steps(
        "{\"id\":\"a\",\"call\":{\"url\":\"http://127.0.0.1/\",\"rejectWhen\":"
        "\"${ .response.status == 202 }\"},\"compensate\":null}");

    ck_assert(!d->steps[1].action->reads_answer);
    definition_destroy(d);
}
END_TEST

START_TEST(test_a_compensation_that_reads_its_own_answer_is_known)
{
    struct definition *d = compile_steps(
        "{\"id\":\"a\"," CALL ",\"compensate\":\"PUT http://127.0.0.1/"
        "${ .steps.a.body.id }\"},{\"id\":\"b\"," CALL ",\"compensate\":\"PUT "
        "http://127.0.0.1/${ .steps.a.body.id }/${ .steps.b.outcome }/"
        "${ .error.status }\"}");

    ck_assert(node_of(d, "a")->undo_reads_answer);
    ck_assert(!node_of(d, "b")->undo_reads_answer);
    definition_destroy(d);
}
END_TEST

START_TEST(test_waits_and_signals)
{
    struct definition *d = compile_steps(
        "{\"id\":\"a\",\"wait\":\"90s\"},{\"id\":\"b\",\"wait\":{\"until\":"
        "\"${ .input.t "
        "}\"}},{\"id\":\"c\",\"wait\":{\"signal\":\"go\",\"timeout\":\"1h\","
        "\"onTimeout\":\"continue\"}},{\"id\":\"d\",\"wait\":{\"signal\":\"stop\","
        "\"timeout\":\"1h\"}},{\"id\":\"e\",\"wait\":{\"signal\":\"go\",\"timeout\":"
        "\"1h\"}}");

    ck_assert_uint_eq(node_of(d, "a")->wait_ms, 90000);
    ck_assert_int_eq(node_of(d, "b")->kind, PLAN_TIMER);
    ck_assert_uint_eq(node_of(d, "b")->wait_ms, 0);
    ck_assert_ptr_nonnull(d->steps[2].until);
    ck_assert(node_of(d, "c")->timeout_goes_on);
    ck_assert(!node_of(d, "d")->timeout_goes_on);
    ck_assert_uint_eq(d->n_signals, 2);
    ck_assert_str_eq(d->signals[1], "stop");
    ck_assert_uint_eq(node_of(d, "e")->signal, 0);
    definition_destroy(d);
}
END_TEST

START_TEST(test_a_child_is_taken_back_unless_its_step_says_otherwise)
{
    struct definition *d = compile_steps(
        "{\"id\":\"a\",\"saga\":{\"definition\":\"child\",\"version\":3,\"input\":{\"n\":"
        "1.10}}},{\"id\":\"b\",\"saga\":{\"definition\":\"child\"},\"compensate\":null},"
        "{\"id\":\"c\",\"saga\":{\"definition\":\"child\"},\"compensate\":"
        "\"PUT http://127.0.0.1/\"}");

    ck_assert_int_eq(node_of(d, "a")->undo, PLAN_UNDO_CHILD);
    ck_assert_int_eq(node_of(d, "b")->undo, PLAN_UNDO_NONE);
    ck_assert_int_eq(node_of(d, "c")->undo, PLAN_UNDO_CALL);
    ck_assert_uint_eq(d->steps[1].child_version, 3);
    ck_assert_str_eq(template_constant(d->steps[1].child_input), "{\"n\":1.10}");
    definition_destroy(d);
}
END_TEST

START_TEST(test_versions_are_told_apart_by_canonical_content)
{
    struct definition *a =
        world_compile("{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"wait\":\"1s\"}]}");
    struct definition *b = world_compile(
        "{ \"steps\": [ { \"wait\": \"1s\", \"id\": \"a\" } ],\n \"name\": \"x\" }");
    struct definition *c =
        world_compile("{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"wait\":\"2s\"}]}");

    ck_assert_str_eq(a->hash, b->hash);
    ck_assert_str_ne(a->hash, c->hash);
    definition_destroy(a);
    definition_destroy(b);
    definition_destroy(c);
}
END_TEST

START_TEST(test_a_bent_plan_is_not_sound)
{
    struct definition *d = compile_sample("book-trip");
    struct plan_node *nodes = d->plan->nodes;

    nodes[2].end = 4;
    ck_assert(!plan_is_sound(d->plan));
    nodes[2].end = 3;
    nodes[2].next = PLAN_NONE;
    ck_assert(!plan_is_sound(d->plan));
    nodes[2].next = 3;
    d->plan->width = 1;
    ck_assert(!plan_is_sound(d->plan));
    d->plan->width = 2;
    nodes[2].is_pivot = true;
    ck_assert(!plan_is_sound(d->plan));
    nodes[2].is_pivot = false;
    nodes[6].holds_pivot = false;
    ck_assert(!plan_is_sound(d->plan));
    nodes[6].holds_pivot = true;
    nodes[2].compensation.is_present = false;
    ck_assert(!plan_is_sound(d->plan));
    nodes[2].compensation.is_present = true;
    ck_assert(plan_is_sound(d->plan));
    definition_destroy(d);
}
END_TEST

int main(void)
{
    return suite_main(
        "definition_compile", test_the_samples_compile, test_order_is_good_as_it_stands,
        test_steps_are_numbered_in_pre_order,
        test_width_is_the_most_that_can_be_open_at_once,
        test_an_action_tries_four_times_and_a_compensation_for_a_day,
        test_behind_the_pivot_only_optional_steps_give_up_soon,
        test_a_call_wins_over_defaults_member_by_member, test_a_confirm_is_a_patient_get,
        test_an_answer_that_is_read_must_be_json,
        test_a_verdict_on_the_status_needs_no_json,
        test_a_compensation_that_reads_its_own_answer_is_known, test_waits_and_signals,
        test_a_child_is_taken_back_unless_its_step_says_otherwise,
        test_versions_are_told_apart_by_canonical_content, test_a_bent_plan_is_not_sound);
}
