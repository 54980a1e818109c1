#include "definitions/render.h"

#include <check.h>
#include <string.h>

#include "base/limits.h"
#include "tests/support/definition_world.h"
#include "tests/support/suite.h"

static struct arena *arena;
static struct definition *d;
static struct err_info info;
static struct render_request request;

static struct json_span step_span(void *user, uint16_t step)
{
    const char *const *steps = user;

    return steps[step] != NULL ? json_span_of(steps[step], strlen(steps[step]))
                               : JSON_SPAN_NONE;
}

/* Make text the definition of the test; what was before goes. */
static void begin(const char *text)
{
    definition_destroy(d);
    arena_destroy(arena);
    d = world_compile(text);
    arena = arena_create(4096);
}

/* A scope over texts: steps by number, NULL where a step has not run. */
static struct render_scope scope_of(const char *input, const char **steps)
{
    return (struct render_scope){.input = json_span_of(input, strlen(input)),
                                 .vars = JSON_SPAN_TEXT("{\"shop\":\"s-1\"}"),
                                 .saga = JSON_SPAN_TEXT("{\"id\":\"g\"}"),
                                 .step = step_span,
                                 .user = steps};
}

static enum err render_action(const char *call, const char *input)
{
    static const char *none[4];
    struct render_scope scope = scope_of(input, none);
    char text[8192];

    (void)snprintf(text, sizeof(text),
                   "{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"call\":%s,\"compensate\":"
                   "null}]}",
                   call);
    begin(text);
    return render_call(d, 1, CALL_ACTION, &scope, arena, &request, &info);
}

START_TEST(test_a_request_is_made_of_its_templates)
{
    ck_assert_int_eq(
        render_action(
            "{\"service\":\"s\",\"method\":\"PUT\",\"url\":\"/o/${ .input.id }\","
            "\"query\":{\"a b\":\"${ .input.t }\",\"n\":1.10,\"y\":true},"
            "\"headers\":{\"X-Shop\":\"${ .vars.shop }\",\"X-Saga\":"
            "\"${ .saga.id }\"},\"body\":{\"amount\":\"${ .input.amount }\"}}",
            "{\"id\":\"a/b\",\"t\":\"x&y=z\",\"amount\":19.99}"),
        ERR_OK);
    ck_assert_str_eq(request.url, "/o/a%2Fb?a%20b=x%26y%3Dz&n=1.10&y=true");
    ck_assert_uint_eq(request.n_headers, 2);
    ck_assert_str_eq(request.headers[0].name, "X-Shop");
    ck_assert_str_eq(request.headers[0].value, "s-1");
    ck_assert_str_eq(request.headers[1].value, "g");
    ck_assert_str_eq(request.body, "{\"amount\":19.99}");
    ck_assert_uint_eq(request.body_n, strlen(request.body));
    ck_assert_str_eq(request.call->method, "PUT");
}
END_TEST

START_TEST(test_a_query_goes_behind_the_one_in_the_url)
{
    ck_assert_int_eq(render_action("{\"service\":\"s\",\"url\":\"/a?x=1\",\"query\":"
                                   "{\"y\":\"\"}}",
                                   "{}"),
                     ERR_OK);
    ck_assert_str_eq(request.url, "/a?x=1&y=");
    ck_assert_ptr_null(request.body);
}
END_TEST

START_TEST(test_digits_of_the_input_are_in_the_body_as_they_came)
{
    ck_assert_int_eq(render_action("{\"service\":\"s\",\"url\":\"/a\",\"body\":"
                                   "\"${ .input }\"}",
                                   "{\"a\":19.99,\"b\":9007199254740993,\"c\":1.10,"
                                   "\"d\":100.00}"),
                     ERR_OK);
    ck_assert_str_eq(request.body,
                     "{\"a\":19.99,\"b\":9007199254740993,\"c\":1.10,\"d\":100.00}");
}
END_TEST

START_TEST(test_a_line_break_cannot_get_into_a_header)
{
    ck_assert_int_eq(
        render_action("{\"service\":\"s\",\"url\":\"/a\",\"headers\":{\"X-A\":"
                      "\"v ${ .input.v }\"}}",
                      "{\"v\":\"x\\r\\nEvil: 1\"}"),
        ERR_INVALID);
    ck_assert_str_eq(info.text,
                     "headers/X-A of 'a': the value has a control character in it");
}
END_TEST

START_TEST(test_a_failing_expression_is_named_with_its_part)
{
    ck_assert_int_eq(
        render_action("{\"service\":\"s\",\"url\":\"/a/${ .input.missing }\"}", "{}"),
        ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(info.text, "url of 'a': ${ .input.missing } gave null"));
}
END_TEST

START_TEST(test_a_request_over_the_limit_is_refused)
{
    struct buf input;

    buf_init(&input, 4 * LIMIT_RENDERED_BYTES);
    buf_add_text(&input, "{\"t\":\"");
    for (size_t i = 0; i < LIMIT_RENDERED_BYTES / 2 + 10; i++) {
        buf_add_char(&input, 'x');
    }
    buf_add_text(&input, "\"}");
    ck_assert_int_eq(render_action("{\"service\":\"s\",\"url\":\"/a\",\"body\":["
                                   "\"${ .input.t }\",\"<${ .input.t }>\"]}",
                                   buf_text(&input)),
                     ERR_LIMIT);
    buf_done(&input);
}
END_TEST

static uint64_t hash_of(const char *call)
{
    ck_assert_int_eq(render_action(call, "{\"id\":1}"), ERR_OK);
    return request.hash;
}

START_TEST(test_the_hash_is_of_everything_that_must_not_change)
{
    static const char *const others[] = {
        "{\"service\":\"t\",\"url\":\"/a\",\"headers\":{\"X\":\"1\"},\"body\":1}",
        "{\"service\":\"s\",\"url\":\"/b\",\"headers\":{\"X\":\"1\"},\"body\":1}",
        "{\"service\":\"s\",\"url\":\"/a\",\"headers\":{\"Y\":\"1\"},\"body\":1}",
        "{\"service\":\"s\",\"url\":\"/a\",\"headers\":{\"X\":\"2\"},\"body\":1}",
        "{\"service\":\"s\",\"url\":\"/a\",\"headers\":{\"X\":\"1\"},\"body\":2}",
        "{\"service\":\"s\",\"url\":\"/a\",\"headers\":{\"X\":\"1\"}}",
        "{\"service\":\"s\",\"url\":\"/a\",\"body\":1}",
        "{\"method\":\"PUT\",\"service\":\"s\",\"url\":\"/a\",\"body\":1}",
    };
    const uint64_t first = hash_of(
        "{\"service\":\"s\",\"url\":\"/a\",\"headers\":{\"X\":\"1\"},\"body\":1}");

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        ck_assert_msg(hash_of(others[i]) != first, "same hash: %s", others[i]);
    }
    ck_assert_uint_ne(hash_of(others[6]), hash_of(others[7]));
    /* Retry and time-outs are not part of it. */
    ck_assert_uint_eq(
        hash_of("{\"service\":\"s\",\"url\":\"/a\",\"headers\":{\"X\":\"1\"},"
                "\"body\":\"${ .input.id }\",\"timeout\":\"1s\"}"),
        first);
}
END_TEST

START_TEST(test_compensations_see_answers_errors_and_items)
{
    const char *steps[] = {NULL, "{\"outcome\":\"succeeded\",\"body\":{\"id\":\"p-1\"}}",
                           NULL};
    struct render_scope scope = scope_of("{}", steps);

    begin(
        "{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"call\":\"PUT http://127.0.0.1/a\","
        "\"compensate\":{\"url\":\"http://127.0.0.1/${ .steps.a.body.id }\",\"body\":"
        "{\"why\":\"${ .error.status }\"}}},{\"id\":\"b\",\"forEach\":\"${ .input.x }\","
        "\"call\":\"PUT http://127.0.0.1/${ .item.id }/${ .index }\",\"compensate\":"
        "null}]}");
    scope.error = JSON_SPAN_TEXT("{\"step\":\"b\",\"status\":503}");
    scope.item = JSON_SPAN_TEXT("{\"id\":\"i\"}");
    scope.index = JSON_SPAN_TEXT("7");
    ck_assert_int_eq(render_call(d, 1, CALL_COMPENSATION, &scope, arena, &request, &info),
                     ERR_OK);
    ck_assert_str_eq(request.url, "http://127.0.0.1/p-1");
    ck_assert_str_eq(request.body, "{\"why\":503}");
    ck_assert_int_eq(render_call(d, 2, CALL_ACTION, &scope, arena, &request, &info),
                     ERR_OK);
    ck_assert_str_eq(request.url, "http://127.0.0.1/i/7");
}
END_TEST

START_TEST(test_output_and_conditions_are_evaluated_over_answers)
{
    const char *steps[] = {NULL, "{\"outcome\":\"succeeded\",\"body\":{\"id\":10.50}}"};
    struct render_scope scope = scope_of("{}", steps);
    struct json_span out;
    bool is_true;

    begin("{\"name\":\"x\",\"key\":\"k-${ .input.n }\",\"steps\":[{\"id\":"
          "\"a\",\"when\":\"${ .input.go }\",\"wait\":\"1s\"}],\"output\":"
          "{\"id\":\"${ .steps.a.body.id? }\"}}");
    ck_assert_int_eq(render_template(d, d->output, &scope, arena, &out, &info), ERR_OK);
    ck_assert_str_eq(out.at, "{\"id\":10.50}");
    ck_assert_int_eq(
        render_condition(d, d->steps[1].when, &scope, arena, &is_true, &info), ERR_OK);
    ck_assert(!is_true);
    scope.input = JSON_SPAN_TEXT("{\"go\":0,\"n\":5}");
    ck_assert_int_eq(
        render_condition(d, d->steps[1].when, &scope, arena, &is_true, &info), ERR_OK);
    ck_assert(is_true);
    ck_assert_int_eq(render_template(d, d->key, &scope, arena, &out, &info), ERR_OK);
    ck_assert_str_eq(out.at, "k-5");
}
END_TEST

START_TEST(test_rendering_twice_gives_the_same)
{
    uint64_t first = hash_of("{\"service\":\"s\",\"url\":\"/${ .input.id }\"}");

    ck_assert_uint_eq(hash_of("{\"service\":\"s\",\"url\":\"/${ .input.id }\"}"), first);
}
END_TEST

START_TEST(test_a_time_is_a_utc_text_or_milliseconds)
{
    static const struct {
        const char *json;
        int64_t ms;
    } all[] = {
        {"0", 0},
        {"1700000000000", 1700000000000},
        {"-1", -1},
        {"1.5", -1},
        {"1e3", -1},
        {"\"1970-01-01T00:00:01Z\"", 1000},
        {"\"1970-01-01T00:00:01\\u005a\"", 1000},
        {"\"tomorrow\"", -1},
        {"null", -1},
        {"true", -1},
        {"[0]", -1},
        {"{}", -1},
    };

    static const char *none[4];
    char input[64];

    begin("{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"wait\":{\"until\":\"${ .input.t "
          "}\"}}]}");
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        struct render_scope scope;
        int64_t ms = -1;

        (void)snprintf(input, sizeof(input), "{\"t\":%s}", all[i].json);
        scope = scope_of(input, none);
        ck_assert_int_eq(render_until(d, 1, &scope, arena, &ms, &info),
                         all[i].ms < 0 ? ERR_INVALID : ERR_OK);
        ck_assert_int_eq(ms, all[i].ms);
    }
}
END_TEST

START_TEST(test_a_header_has_no_control_character_of_any_kind)
{
    static const char *const call = "{\"service\":\"s\",\"url\":\"/a\",\"headers\":"
                                    "{\"X-A\":\"${ .input.v }\"}}";

    ck_assert_int_eq(render_action(call, "{\"v\":\"a\\u007fb\"}"), ERR_INVALID);
    ck_assert_int_eq(render_action(call, "{\"v\":\"\\t\"}"), ERR_INVALID);
    ck_assert_int_eq(render_action(call, "{\"v\":null}"), ERR_INVALID);
    ck_assert(strncmp(info.text, "headers/X-A of 'a': ", 20) == 0);
    ck_assert_int_eq(render_action(call, "{\"v\":\"\"}"), ERR_OK);
    ck_assert_str_eq(request.headers[0].value, "");
    ck_assert_int_eq(render_action(call, "{\"v\":\"caf\\u00e9 ~\"}"), ERR_OK);
}
END_TEST

START_TEST(test_what_cannot_be_rendered_gives_no_value)
{
    static const char *none[4];
    struct render_scope scope = scope_of("{\"n\":5}", none);
    struct json_span out = JSON_SPAN_NONE;
    bool is_true = false;

    begin("{\"name\":\"x\",\"steps\":[{\"id\":\"a\",\"when\":\"${ .input.n.x "
          "}\",\"wait\":\"1s\"},"
          "{\"id\":\"b\",\"when\":\"${ .input.n == 6 }\",\"wait\":\"1s\"}]}");
    ck_assert_int_eq(render_expr(d, d->steps[1].when, &scope, arena, &out, &info),
                     ERR_INVALID);
    ck_assert_ptr_null(out.at);
    ck_assert_int_eq(render_condition(d, d->steps[1].when, &scope, arena, &is_true, NULL),
                     ERR_INVALID);
    is_true = true;
    ck_assert_int_eq(
        render_condition(d, d->steps[2].when, &scope, arena, &is_true, &info), ERR_OK);
    ck_assert(!is_true);
}
END_TEST

START_TEST(test_the_parts_of_a_call_that_fail_are_named)
{
    ck_assert_int_eq(render_action("{\"service\":\"s\",\"url\":\"/a\",\"query\":{\"q\":"
                                   "\"<${ .input.v }>\"}}",
                                   "{}"),
                     ERR_INVALID);
    ck_assert_msg(strncmp(info.text, "query/q of 'a': ", 16) == 0, "%s", info.text);
    ck_assert_int_eq(render_action("{\"service\":\"s\",\"url\":\"/a\",\"body\":"
                                   "\"${ .input.v.x.y | keys }\"}",
                                   "{}"),
                     ERR_INVALID);
    ck_assert_msg(strncmp(info.text, "body of 'a': ", 13) == 0, "%s", info.text);
}
END_TEST

int main(void)
{
    return suite_main("render", test_a_request_is_made_of_its_templates,
                      test_a_query_goes_behind_the_one_in_the_url,
                      test_digits_of_the_input_are_in_the_body_as_they_came,
                      test_a_line_break_cannot_get_into_a_header,
                      test_a_failing_expression_is_named_with_its_part,
                      test_a_request_over_the_limit_is_refused,
                      test_the_hash_is_of_everything_that_must_not_change,
                      test_compensations_see_answers_errors_and_items,
                      test_output_and_conditions_are_evaluated_over_answers,
                      test_rendering_twice_gives_the_same,
                      test_a_time_is_a_utc_text_or_milliseconds,
                      test_a_header_has_no_control_character_of_any_kind,
                      test_what_cannot_be_rendered_gives_no_value,
                      test_the_parts_of_a_call_that_fail_are_named);
}
