/* Tests of definitions/blame.h: the sentence of a failed expression, in every place that
 * one may stand in, and what it may not show. */
#include "definitions/blame.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"
#include "definitions/render.h"
#include "tests/support/definition_world.h"
#include "tests/support/suite.h"

/* What is rendered of the definition. */
enum what { CALL, UNDO, CONFIRM, WHEN, ITEMS, UNTIL, SIGNAL, INPUT, KEY, LINE, OUTPUT };
enum { VERDICT_OF_CALL = OUTPUT + 1, VERDICT_OF_CONFIRM, NOTIFY };

#define STEP(members)                                                                    \
    "{\"name\":\"x\",\"steps\":[{\"id\":\"first\",\"call\":\"GET http://127.0.0.1/f\"}," \
    "{\"id\":\"it\"," members "}]}"
#define AROUND(members) \
    "{\"name\":\"x\"," members ",\"steps\":[{\"id\":\"it\",\"wait\":\"1s\"}]}"
#define OF_CALL(members)                                              \
    STEP("\"call\":{\"service\":\"payments\",\"url\":\"/a\"," members \
         "},\"compensate\":null")

static struct arena *arena;

static struct json_span step_span(void *user, uint16_t step)
{
    (void)user;
    return step == 1 ? JSON_SPAN_TEXT("{\"outcome\":\"succeeded\",\"status\":200,"
                                      "\"headers\":{\"set-cookie\":\"c-secret\"},"
                                      "\"body\":{\"iban\":\"DE-secret\",\"n\":\"x\","
                                      "\"all\":[{\"iban\":\"DE-secret\"}]}}")
                     : JSON_SPAN_NONE;
}

static struct render_scope scope_of(const char *item)
{
    struct render_scope scope = {
        .input = JSON_SPAN_TEXT("{\"a\":5,\"list\":[1,2,3],\"card\":\"4111-secret\"}"),
        .vars = JSON_SPAN_TEXT("{}"),
        .saga = JSON_SPAN_TEXT("{\"id\":\"g\"}"),
        .response = JSON_SPAN_TEXT("{\"status\":200,\"headers\":{},\"body\":"
                                   "{\"iban\":\"DE-secret\"}}"),
        .signal = JSON_SPAN_TEXT("{\"by\":\"ada\"}"),
        .error = JSON_SPAN_TEXT("{\"step\":\"first\"}"),
        .step = step_span};

    if (item != NULL) {
        scope.item = JSON_SPAN_TEXT("{\"iban\":\"DE-secret\"}");
        scope.index = json_span_of(item, strlen(item));
    }
    return scope;
}

static enum err ask_step(const struct definition *d, unsigned what,
                         const struct render_scope *scope, struct err_info *info)
{
    const struct definition_step *step = &d->steps[2];
    struct json_span out;
    int64_t ms;
    bool yes;

    switch (what) {
    case WHEN:
        return render_condition(d, step->when, scope, arena, &yes, info);
    case ITEMS:
        return render_items(d, 2, scope, arena, &out, info);
    case UNTIL:
        return render_until(d, 2, scope, arena, &ms, info);
    case SIGNAL:
        return render_condition(d, step->reject_when, scope, arena, &yes, info);
    case INPUT:
        return render_template(d, step->child_input, scope, arena, &out, info);
    case VERDICT_OF_CALL:
        return render_condition(d,
                                step->action->reject_when != NULL
                                    ? step->action->reject_when
                                    : step->action->retry_when,
                                scope, arena, &yes, info);
    default:
        return render_condition(d,
                                step->confirm->applied_when != NULL
                                    ? step->confirm->applied_when
                                    : step->confirm->not_applied_when,
                                scope, arena, &yes, info);
    }
}

static enum err ask(const struct definition *d, unsigned what,
                    const struct render_scope *scope, struct err_info *info)
{
    struct render_request request;
    struct json_span out;

    switch (what) {
    case CALL:
        return render_call(d, 2, CALL_ACTION, scope, arena, &request, info);
    case UNDO:
        return render_call(d, 2, CALL_COMPENSATION, scope, arena, &request, info);
    case CONFIRM:
        return render_call(d, 2, CALL_CONFIRM, scope, arena, &request, info);
    case KEY:
        return render_template(d, d->key, scope, arena, &out, info);
    case LINE:
        return render_template(d, d->ordering_key, scope, arena, &out, info);
    case OUTPUT:
        return render_template(d, d->output, scope, arena, &out, info);
    case NOTIFY:
        return render_template(d, d->notify[0].url, scope, arena, &out, info);
    default:
        return ask_step(d, what, scope, info);
    }
}

/* The sentence of the failure. item: NULL, or its number. */
static const char *said(const char *text, unsigned what, const char *item)
{
    struct definition *d = world_compile(text);
    const struct render_scope scope = scope_of(item);
    static struct err_info info;

    arena_destroy(arena);
    arena = arena_create(4096);
    info.text[0] = '\0';
    ck_assert_int_eq(ask(d, what, &scope, &info), ERR_INVALID);
    definition_destroy(d);
    return info.text;
}

#define NO_MEMBERS "at column 10: number (5) has no members to take string (\"b\") from"
#define BAD "${ .input.a.b }"
#define BAD_SAID "${ .input.a.b } " NO_MEMBERS

static const struct place {
    const char *definition;
    unsigned what;
    const char *item;
    const char *said;
} places[] = {
    {OF_CALL("\"body\":1,\"query\":{\"page\":\"" BAD "\"}"), CALL, NULL,
     "query/page of 'it': " BAD_SAID},
    {OF_CALL("\"headers\":{\"X-Shop\":\"" BAD "\"}"), CALL, NULL,
     "headers/X-Shop of 'it': " BAD_SAID},
    {OF_CALL("\"body\":{\"lines\":[1,{\"n\":\"" BAD "\"}]}"), CALL, NULL,
     "body/lines/1/n of 'it': " BAD_SAID},
    {OF_CALL("\"body\":\"" BAD "\""), CALL, NULL, "body of 'it': " BAD_SAID},
    {STEP("\"call\":\"PUT http://127.0.0.1/a/" BAD "\",\"compensate\":null"), CALL, NULL,
     "url of 'it': " BAD_SAID},
    {STEP("\"call\":\"PUT http://127.0.0.1/a/${ .input.none }\",\"compensate\":null"),
     CALL, NULL,
     "url of 'it': ${ .input.none } gave null; a text needs a string, a number or a "
     "boolean"},
    {STEP("\"call\":\"PUT http://127.0.0.1/a/${ .input.list[:0] | join(\\\"\\\") }\","
          "\"compensate\":null"),
     CALL, NULL,
     "url of 'it': ${ .input.list[:0] | join(\"\") } gave \"\"; a URL needs more than "
     "nothing, '.' or '..'"},
    {STEP("\"call\":\"POST http://127.0.0.1/a\",\"compensate\":\"DELETE "
          "http://127.0.0.1/a/" BAD "\""),
     UNDO, NULL, "url of the compensation of 'it': " BAD_SAID},
    {STEP("\"forEach\":\"${ .input.list }\",\"call\":\"POST http://127.0.0.1/a\","
          "\"compensate\":{\"service\":\"payments\",\"url\":\"/a\",\"body\":"
          "{\"x\":\"" BAD "\"}}"),
     UNDO, "7", "body/x of the compensation of item 7 of 'it': " BAD_SAID},
    {STEP("\"call\":\"POST http://127.0.0.1/a\",\"compensate\":null,\"confirm\":"
          "\"GET http://127.0.0.1/a/" BAD "\""),
     CONFIRM, NULL, "url of the confirm of 'it': " BAD_SAID},
    {STEP("\"when\":\"" BAD "\",\"wait\":\"1s\""), WHEN, NULL, "when of 'it': " BAD_SAID},
    {STEP("\"when\":\"${ .input.list[] }\",\"wait\":\"1s\""), WHEN, NULL,
     "when of 'it': ${ .input.list[] } at column 13: it gives more than one result; put "
     "[ ] around it for an array, or first( )"},
    {STEP("\"forEach\":\"" BAD "\",\"call\":\"GET http://127.0.0.1/a\""), ITEMS, NULL,
     "forEach of 'it': " BAD_SAID},
    {STEP("\"forEach\":\"${ .input.a }\",\"call\":\"GET http://127.0.0.1/a\""), ITEMS,
     NULL, "forEach of 'it': ${ .input.a } gave 5; forEach needs an array"},
    {STEP("\"forEach\":\"${ .input.none }\",\"call\":\"GET http://127.0.0.1/a\""), ITEMS,
     NULL, "forEach of 'it': ${ .input.none } gave null; forEach needs an array"},
    {STEP("\"forEach\":{\"in\":\"${ .input.list }\",\"maxItems\":2},\"call\":"
          "\"GET http://127.0.0.1/a\""),
     ITEMS, NULL,
     "forEach of 'it': ${ .input.list } gave [1,2,3]; maxItems is 2, these are 3"},
    {STEP("\"wait\":{\"until\":\"" BAD "\"}"), UNTIL, NULL,
     "wait/until of 'it': " BAD_SAID},
    {STEP("\"wait\":{\"until\":\"${ .input.card }\"}"), UNTIL, NULL,
     "wait/until of 'it': ${ .input.card } gave \"4111-secret\"; a time is a UTC text "
     "like 2026-01-31T08:00:00Z, or whole milliseconds since 1970"},
    {STEP("\"wait\":{\"signal\":\"go\",\"timeout\":\"1s\",\"rejectWhen\":"
          "\"${ .signal.by.x }\"}"),
     SIGNAL, NULL,
     "wait/rejectWhen of 'it': ${ .signal.by.x } at column 12: string (\"ada\") has no "
     "members to take string (\"x\") from"},
    {STEP("\"saga\":{\"definition\":\"refund\",\"input\":{\"of\":\"" BAD "\"}}"), INPUT,
     NULL, "saga/input/of of 'it': " BAD_SAID},
    {OF_CALL("\"rejectWhen\":\"${ .response.status.x }\""), VERDICT_OF_CALL, NULL,
     "rejectWhen of 'it': ${ .response.status.x } at column 18: number (200) has no "
     "members to take string (\"x\") from"},
    {OF_CALL("\"retryWhen\":\"${ .response.status.x }\""), VERDICT_OF_CALL, "3",
     "retryWhen of item 3 of 'it': ${ .response.status.x } at column 18: number (200) "
     "has no members to take string (\"x\") from"},
    {STEP("\"call\":\"POST "
          "http://127.0.0.1/a\",\"compensate\":null,\"confirm\":{\"service\":"
          "\"payments\",\"url\":\"/a\",\"appliedWhen\":\"${ .response.status.x }\"}"),
     VERDICT_OF_CONFIRM, NULL,
     "appliedWhen of the confirm of 'it': ${ .response.status.x } at column 18: number "
     "(200) has no members to take string (\"x\") from"},
    {STEP("\"call\":\"POST "
          "http://127.0.0.1/a\",\"compensate\":null,\"confirm\":{\"service\":"
          "\"payments\",\"url\":\"/a\",\"notAppliedWhen\":\"${ .response.status.x }\"}"),
     VERDICT_OF_CONFIRM, NULL,
     "notAppliedWhen of the confirm of 'it': ${ .response.status.x } at column 18: "
     "number (200) has no members to take string (\"x\") from"},
    {AROUND("\"key\":\"k-" BAD "\""), KEY, NULL, "key: " BAD_SAID},
    {AROUND("\"orderingKey\":\"" BAD "\""), LINE, NULL, "orderingKey: " BAD_SAID},
    {AROUND("\"output\":{\"of\":[\"" BAD "\"]}"), OUTPUT, NULL, "output/of/0: " BAD_SAID},
    {AROUND("\"notify\":[{\"url\":\"https://api.example.com/" BAD "\",\"on\":"
            "[\"stuck\"]}]"),
     NOTIFY, NULL, "the url of notify: " BAD_SAID},
};

START_TEST(test_a_failure_names_place_expression_and_value)
{
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        ck_assert_str_eq(said(places[i].definition, places[i].what, places[i].item),
                         places[i].said);
    }
}
END_TEST

#define REDACTED(path, body) OF_CALL("\"redact\":[\"" path "\"],\"body\":" body)
#define SECOND(first, second)                                                          \
    "{\"name\":\"x\",\"steps\":[{\"id\":\"first\",\"call\":{\"service\":\"payments\"," \
    "\"url\":\"/f\"" first "},\"compensate\":null},{\"id\":\"it\"," second "}]}"
#define IBAN_OF_FIRST ",\"redact\":[\"response.body.iban\"]"

static const struct secret {
    const char *definition;
    unsigned what;
    const char *item;
    bool is_shown;
} secrets[] = {
    /* Its own request's redacted part, what is in it, and what it is in. */
    {REDACTED("request.body.card", "{\"card\":\"${ .input.card.x }\"}"), CALL, NULL,
     false},
    {REDACTED("request.body.card", "{\"card\":{\"no\":[\"${ .input.card.x }\"]}}"), CALL,
     NULL, false},
    {REDACTED("request.body.cards.no", "{\"cards\":[{\"no\":\"${ .input.card.x }\"}]}"),
     CALL, NULL, false},
    {REDACTED("request.body.pay.card", "{\"pay\":\"${ .input.card.x }\"}"), CALL, NULL,
     false},
    {REDACTED("request.body", "\"${ .input.card.x }\""), CALL, NULL, false},
    {REDACTED("request.body.card", "{\"other\":\"${ .input.card.x }\"}"), CALL, NULL,
     true},
    {REDACTED("request.body.card", "{\"cardNo\":\"${ .input.card.x }\"}"), CALL, NULL,
     true},
    /* Headers: redacted, or secret by their names. */
    {OF_CALL("\"redact\":[\"request.headers.X-Pan\"],\"headers\":{\"x-pan\":"
             "\"${ .input.card.x }\"}"),
     CALL, NULL, false},
    {OF_CALL("\"headers\":{\"Authorization\":\"Bearer ${ .input.card.x }\"}"), CALL, NULL,
     false},
    {OF_CALL("\"headers\":{\"X-Shop\":\"${ .input.card.x }\"}"), CALL, NULL, true},
    /* Answers, wherever they are read. */
    {SECOND(IBAN_OF_FIRST, "\"wait\":{\"until\":\"${ .steps.first.body.iban }\"}"), UNTIL,
     NULL, false},
    {SECOND(IBAN_OF_FIRST, "\"when\":\"${ .steps.first.body.iban.x }\",\"wait\":\"1s\""),
     WHEN, NULL, false},
    {SECOND(IBAN_OF_FIRST,
            "\"when\":\"${ .steps.first | .body.iban | fromjson }\",\"wait\":\"1s\""),
     WHEN, NULL, false},
    {SECOND(IBAN_OF_FIRST,
            "\"call\":\"GET http://127.0.0.1/${ .steps.first.body.all }\""),
     CALL, NULL, false},
    {SECOND(IBAN_OF_FIRST, "\"forEach\":\"${ .steps.first.body }\",\"call\":"
                           "\"GET http://127.0.0.1/a\""),
     ITEMS, NULL, false},
    {SECOND(IBAN_OF_FIRST, "\"forEach\":\"${ .steps.first.body.all }\",\"call\":"
                           "\"GET http://127.0.0.1/${ .item.iban.x }\""),
     CALL, "0", false},
    {SECOND("", "\"when\":\"${ .steps.first.headers[\\\"set-cookie\\\"].x }\","
                "\"wait\":\"1s\""),
     WHEN, NULL, false},
    {SECOND("", "\"when\":\"${ .steps.first.body.iban.x }\",\"wait\":\"1s\""), WHEN, NULL,
     true},
    {SECOND("", "\"forEach\":\"${ .steps.first.body.all }\",\"call\":"
                "\"GET http://127.0.0.1/${ .item.iban.x }\""),
     CALL, "0", true},
    /* The answer that is judged. */
    {OF_CALL("\"redact\":[\"response.body.iban\"],\"rejectWhen\":"
             "\"${ .response.body.iban.x }\""),
     VERDICT_OF_CALL, NULL, false},
    {OF_CALL("\"rejectWhen\":\"${ .response.body.iban.x }\""), VERDICT_OF_CALL, NULL,
     true},
};

START_TEST(test_a_failure_shows_nothing_that_is_hidden)
{
    for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
        const char *text = said(secrets[i].definition, secrets[i].what, secrets[i].item);
        const bool is_shown = strstr(text, "secret") != NULL;

        ck_assert_msg(is_shown == secrets[i].is_shown, "%zu: %s", i, text);
        ck_assert_msg(is_shown != (strstr(text, EXPR_HIDDEN) != NULL), "%zu: %s", i,
                      text);
        ck_assert_ptr_nonnull(strstr(text, "'it': ${ "));
    }
}
END_TEST

START_TEST(test_a_long_place_is_cut_before_the_step)
{
    const char *text = said(
        OF_CALL("\"body\":{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\":\"" BAD "\"}"),
        CALL, NULL);

    ck_assert_ptr_nonnull(strstr(text, "aaa of 'it': " BAD_SAID));
}
END_TEST

int main(void)
{
    return suite_main("blame", test_a_failure_names_place_expression_and_value,
                      test_a_failure_shows_nothing_that_is_hidden,
                      test_a_long_place_is_cut_before_the_step);
}
