#include "engine/view/docs.h"

#include <check.h>

#include "tests/support/suite.h"
#include "tests/support/told.h"

#define PAY                                                                         \
    "{\"id\":\"pay\",\"call\":{\"url\":\"http://127.0.0.1/pay\",\"body\":{\"a\":"   \
    "\"${ .input.amount }\"}},\"compensate\":{\"url\":\"http://127.0.0.1/refund\"," \
    "\"body\":{\"charge\":\"${ .steps.pay.body.id }\",\"why\":\"${ .error }\"}}}"
#define SHIP                                                                 \
    "{\"id\":\"ship\",\"call\":{\"url\":\"http://127.0.0.1/ship\",\"body\":" \
    "{\"pay\":\"${ .steps.pay }\"}}}"
#define ONE                                                                  \
    "{\"name\":\"one\",\"steps\":[" PAY "," SHIP "],\"output\":{\"p\":\"${ " \
    ".steps.pay.body.id }\",\"s\":\"${ .steps.ship.outcome }\"}}"

static const char input[] = "{\"amount\":19.99}";

static void assert_body(const struct told *t, size_t n, const char *body)
{
    ck_assert_uint_eq(t->n_sent, n);
    ck_assert_uint_eq(t->sent[n - 1].body_n, strlen(body));
    ck_assert_mem_eq(t->sent[n - 1].body, body, strlen(body));
}

/* .steps.<id> as it stands between turns; NULL: has not run. */
static const char *shown(struct told *t, const char *id)
{
    struct render_scope scope;
    struct json_span json;

    docs_scope(t->docs, &t->saga, (struct docs_place){0, SAGA_NO_ITEM, CALL_ACTION},
               &scope);
    json = scope.step(scope.user, told_step(t, id));
    return json.at != NULL ? arena_copy(t->arena, json.at, json.n) : NULL;
}

START_TEST(test_an_answer_is_seen_by_the_call_it_leads_to)
{
    struct told *t = told_begin(ONE, input);

    assert_body(t, 1, "{\"a\":19.99}");
    ck_assert_ptr_null(shown(t, "pay"));
    told_answer(t, "pay", 201, "{ \"id\": \"ch_1\" }");
    assert_body(
        t, 2,
        "{\"pay\":{\"outcome\":\"succeeded\",\"status\":201,\"headers\":{\"server\":"
        "\"test\"},\"body\":{ \"id\": \"ch_1\" },\"attempts\":1}}");
    told_end(t);
}
END_TEST

START_TEST(test_answers_are_seen_by_later_turns_and_the_output)
{
    struct told *t = told_begin(ONE, input);
    struct arena *a = t->arena;
    struct store_turn row;
    struct record r;

    told_answer(t, "pay", 200, "{\"id\":9007199254740993}");
    told_answer(t, "ship", 200, NULL);
    ck_assert_int_eq(t->saga.state, SAGA_COMPLETED);
    ck_assert_int_eq(store_last_turn(t->reader, 1, a, &row, NULL), ERR_OK);
    ck_assert(record_decode(row.data.at, row.data.n, a, &r));
    ck_assert_str_eq(r.output, "{\"p\":9007199254740993,\"s\":\"succeeded\"}");
    told_end(t);
}
END_TEST

START_TEST(test_a_body_that_is_not_json_is_text_and_an_empty_one_null)
{
    struct told *t = told_begin(ONE, input);

    told_answer(t, "pay", 200, "say \"hi\"");
    ck_assert_str_eq(shown(t, "pay"),
                     "{\"outcome\":\"succeeded\",\"status\":200,\"headers\":{\"server\":"
                     "\"test\"},\"body\":\"say \\\"hi\\\"\",\"attempts\":1}");
    told_answer(t, "ship", 204, NULL);
    ck_assert_ptr_nonnull(strstr(shown(t, "ship"), "\"body\":null"));
    told_end(t);
}
END_TEST

START_TEST(test_what_nothing_reads_is_not_kept)
{
    struct told *t = told_begin(ONE, input);
    size_t before;
    struct docs_answer answer;

    told_answer(t, "pay", 200, "{\"id\":1}");
    ck_assert(docs_answer_of(t->docs, told_step(t, "pay"), SAGA_NO_ITEM, &answer));
    before = docs_bytes(t->docs);
    told_answer(t, "ship", 200, "{\"tracking\":\"never read, only its outcome\"}");
    ck_assert(!docs_answer_of(t->docs, told_step(t, "ship"), SAGA_NO_ITEM, &answer));
    ck_assert_uint_le(docs_bytes(t->docs) - before, 1024); /* The JSON that was shown. */
    told_end(t);
}
END_TEST

START_TEST(test_a_compensation_sees_its_own_answer_and_the_error)
{
    struct told *t = told_begin(ONE, input);

    told_answer(t, "pay", 200, "{\"id\":\"ch_1\"}");
    told_answer(t, "ship", 409, "{\"no\":1}");
    assert_body(
        t, 3,
        "{\"charge\":\"ch_1\",\"why\":{\"step\":\"ship\",\"outcome\":\"rejected\","
        "\"status\":409,\"detail\":null}}");
    told_end(t);
}
END_TEST

START_TEST(test_a_repeated_compensation_renders_the_same)
{
    struct told *t = told_begin(ONE, input);

    told_answer(t, "pay", 200, "{\"id\":\"ch_1\"}");
    told_answer(t, "ship", 409, NULL);
    told_answer(t, "pay", 503, "{\"id\":\"other\"}");
    told_wake(t);
    ck_assert_uint_eq(t->n_sent, 4);
    ck_assert_uint_eq(t->sent[3].hash, t->sent[2].hash);
    told_end(t);
}
END_TEST

START_TEST(test_a_cancel_and_a_deadline_are_errors_without_a_step)
{
    struct told *t = told_begin(ONE, input);
    struct record late;

    told_answer(t, "pay", 200, "{\"id\":1}");
    late = told_answer_of(t, "ship", 200, NULL);
    ck_assert_int_eq(told_command(t, SAGA_EV_CANCEL, NULL, NULL), SAGA_APPLIED);
    ck_assert_int_eq(told_turn(t, late), SAGA_APPLIED);
    assert_body(t, 3,
                "{\"charge\":1,\"why\":{\"step\":null,\"outcome\":\"cancelled\","
                "\"status\":null,\"detail\":\"because\"}}");
    told_end(t);
}
END_TEST

START_TEST(test_a_turn_that_is_not_applied_leaves_nothing)
{
    struct told *t = told_begin(ONE, input);
    struct record late = told_answer_of(t, "pay", 200, "{\"id\":1}");

    late.event.turn = 7; /* Another attempt's name. */
    ck_assert_int_eq(told_turn(t, late), SAGA_LATE);
    ck_assert_ptr_null(shown(t, "pay"));
    told_answer(t, "pay", 200, "{\"id\":2}");
    ck_assert_ptr_nonnull(strstr(shown(t, "pay"), "\"body\":{\"id\":2}"));
    told_end(t);
}
END_TEST

/* ---- by hand, by confirm, by nothing
 * ------------------------------------------------------ */

#define FRAIL                                                                           \
    "{\"name\":\"frail\",\"steps\":[{\"id\":\"a\",\"onUnknown\":\"stop\",\"call\":"     \
    "{\"url\":\"http://127.0.0.1/a\",\"retry\":1},\"confirm\":%s,\"compensate\":null}," \
    "{\"id\":\"b\",\"call\":{\"url\":\"http://127.0.0.1/b\",\"body\":\"${ .steps.a "    \
    "}\"},"                                                                             \
    "\"compensate\":null}]}"

START_TEST(test_the_answer_of_an_applied_confirm_becomes_the_steps)
{
    char text[1024];
    struct told *t;
    struct record r;

    (void)snprintf(text, sizeof(text), FRAIL, "{\"url\":\"http://127.0.0.1/c\"}");
    t = told_begin(text, input);
    told_answer(t, "a", 500, "{\"id\":\"wrong\"}");
    r = told_answer_of(t, "a", 200, "{\"id\":\"confirmed\"}");
    r.event.confirm = SAGA_CONFIRM_APPLIED;
    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
    assert_body(
        t, 3,
        "{\"outcome\":\"succeeded\",\"status\":200,\"headers\":{\"server\":\"test\"},"
        "\"body\":{\"id\":\"confirmed\"},\"attempts\":1}");
    told_end(t);
}
END_TEST

static struct told *stuck_at_a(char *text, size_t room)
{
    const char *confirm = ",\"confirm\":%s";
    char *at;
    struct told *t;

    (void)snprintf(text, room, "%s", FRAIL);
    at = strstr(text, confirm);
    memmove(at, at + strlen(confirm), strlen(at + strlen(confirm)) + 1);
    t = told_begin(text, input);
    told_answer(t, "a", 0, NULL);
    ck_assert(saga_is_stuck(&t->saga));
    return t;
}

START_TEST(test_what_an_operator_gives_is_the_steps_body)
{
    char text[1024];
    struct told *t = stuck_at_a(text, sizeof(text));

    ck_assert_int_eq(told_command(t, SAGA_EV_RESOLVE, "a", "{\"id\":\"hand\"}"),
                     SAGA_APPLIED);
    assert_body(t, 2,
                "{\"outcome\":\"succeeded\",\"status\":null,\"headers\":{},\"body\":"
                "{\"id\":\"hand\"},\"attempts\":1}");
    told_end(t);
}
END_TEST

START_TEST(test_a_step_skipped_by_an_operator_has_the_output_given)
{
    char text[1024];
    struct told *t = stuck_at_a(text, sizeof(text));

    ck_assert_int_eq(told_command(t, SAGA_EV_SKIP, "a", "[1]"), SAGA_APPLIED);
    assert_body(t, 2,
                "{\"outcome\":\"skipped\",\"status\":null,\"headers\":{},\"body\":[1],"
                "\"attempts\":1}");
    told_end(t);
}
END_TEST

#define WHEN                                                                        \
    "{\"name\":\"when\",\"steps\":[{\"id\":\"a\",\"when\":\"${ .input.wants }\","   \
    "\"call\":{\"url\":\"http://127.0.0.1/a\"},\"compensate\":null},{\"id\":\"b\"," \
    "\"call\":{\"url\":\"http://127.0.0.1/b\",\"body\":{\"a\":\"${ .steps.a // "    \
    "\\\"none\\\" }\"}},"                                                           \
    "\"compensate\":null}]}"

START_TEST(test_a_step_passed_over_by_its_when_is_null_in_the_same_turn)
{
    struct told *t = told_begin(WHEN, "{\"wants\":false}");

    assert_body(t, 1, "{\"a\":\"none\"}");
    ck_assert_str_eq(shown(t, "a"), "null");
    told_end(t);
}
END_TEST

/* ---- items and signals
 * ------------------------------------------------------------------- */

#define EACH                                                                            \
    "{\"name\":\"each\",\"steps\":[{\"id\":\"m\",\"optional\":true,\"forEach\":"        \
    "{\"in\":\"${ .input.to "                                                           \
    "}\",\"maxConcurrent\":2},\"call\":{\"url\":\"http://127.0.0.1/m\","                \
    "\"body\":[\"${ .item }\",\"${ .index "                                             \
    "}\"]},\"compensate\":null},{\"id\":\"b\",\"call\":"                                \
    "{\"url\":\"http://127.0.0.1/b\",\"body\":\"${ (.steps.m // []) | map(.body) }\"}," \
    "\"compensate\":null}]}"

#define BACK                                                                          \
    "{\"name\":\"each\",\"steps\":[{\"id\":\"m\",\"forEach\":{\"in\":\"${ .input.to " \
    "}\","                                                                            \
    "\"maxConcurrent\":2},\"call\":{\"url\":\"http://127.0.0.1/m\",\"retry\":1},"     \
    "\"compensate\":{\"url\":\"http://127.0.0.1/u\",\"body\":"                        \
    "\"${ .steps.m | map(.body) }\"}}]}"

static void answer_item(struct told *t, uint32_t item, int status, const char *body)
{
    const enum outcome failure = status < 500 ? OUTCOME_REJECTED : OUTCOME_UNKNOWN;
    const enum outcome outcome = status < 300 ? OUTCOME_SUCCEEDED : failure;
    const struct saga_cell *c = saga_cell_of(&t->saga, 1, item);
    struct record r = {.http_status = status,
                       .body = body,
                       .body_n = strlen(body),
                       .event = {.kind = SAGA_EV_ANSWERED,
                                 .step = 1,
                                 .item = item,
                                 .call = CALL_ACTION,
                                 .outcome = outcome}};

    ck_assert_ptr_nonnull(c);
    r.event.turn = c->due_turn;
    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
}

START_TEST(test_items_are_an_array_in_their_order_with_null_for_the_ignored)
{
    struct told *t = told_begin(EACH, "{\"to\":[\"x\",\"y\",\"z\"]}");

    assert_body(t, 2, "[\"y\",1]");
    answer_item(t, 1, 200, "\"second\"");
    assert_body(t, 3, "[\"z\",2]");
    answer_item(t, 2, 400, "\"refused\"");
    ck_assert_ptr_null(shown(t, "m"));
    answer_item(t, 0, 200, "\"first\"");
    assert_body(t, 4, "[\"first\",\"second\",null]");
    ck_assert_str_eq(
        shown(t, "m"),
        "[{\"outcome\":\"succeeded\",\"status\":200,\"headers\":{},\"body\":"
        "\"first\",\"attempts\":1},{\"outcome\":\"succeeded\",\"status\":200,"
        "\"headers\":{},\"body\":\"second\",\"attempts\":1},null]");
    told_end(t);
}
END_TEST

START_TEST(test_an_item_resolved_by_hand_is_seen_in_the_same_turn)
{
    struct told *t = told_begin(BACK, "{\"to\":[\"x\",\"y\"]}");
    struct record r = {.event = {.kind = SAGA_EV_RESOLVE, .step = 1, .is_applied = true},
                       .body = "5",
                       .body_n = 1};

    answer_item(t, 1, 200, "1");
    answer_item(t, 0, 500, "");
    assert_body(t, 3, "[null,1]");
    ck_assert_int_eq(saga_cell_of(&t->saga, 1, 0)->reason, SAGA_REASON_NO_ANSWER);
    (void)shown(t, "m"); /* Built once more, from what is kept. */
    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
    assert_body(t, 4, "[5,1]");
    told_end(t);
}
END_TEST

#define WAIT                                                                             \
    "{\"name\":\"wait\",\"steps\":[{\"id\":\"a\",\"call\":{\"url\":\"http://127.0.0.1/"  \
    "a\"},"                                                                              \
    "\"compensate\":null},{\"id\":\"w\",\"wait\":{\"signal\":\"ok\",\"timeout\":\"1h\"}" \
    "},"                                                                                 \
    "{\"id\":\"b\",\"call\":{\"url\":\"http://127.0.0.1/b\",\"body\":\"${ "              \
    ".steps.w.body }\"},"                                                                \
    "\"compensate\":null}]}"

static void signal_ok(struct told *t, const char *body)
{
    struct record r = {
        .event = {.kind = SAGA_EV_SIGNALLED, .step = PLAN_NONE, .item = SAGA_NO_ITEM},
        .body = body,
        .body_n = strlen(body)};

    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
}

START_TEST(test_a_signal_that_was_awaited_is_the_waits_body)
{
    struct told *t = told_begin(WAIT, input);

    told_answer(t, "a", 200, NULL);
    signal_ok(t, "{\"by\":\"ann\"}");
    assert_body(t, 2, "{\"by\":\"ann\"}");
    told_end(t);
}
END_TEST

START_TEST(test_a_signal_that_came_early_is_kept_for_its_wait)
{
    struct told *t = told_begin(WAIT, input);

    signal_ok(t, "{\"by\":\"bob\"}");
    ck_assert_uint_eq(docs_signal(t->docs, t->saga.turn).n, 12);
    told_answer(t, "a", 200, NULL);
    assert_body(t, 2, "{\"by\":\"bob\"}");
    ck_assert_ptr_null(docs_signal(t->docs, 2).at);
    ck_assert_ptr_nonnull(strstr(shown(t, "w"), "\"body\":{\"by\":\"bob\"}"));
    told_end(t);
}
END_TEST

#define CALLBACK                                                                        \
    "{\"name\":\"back\",\"steps\":[{\"id\":\"a\",\"call\":{\"url\":\"http://127.0.0.1/" \
    "a\","                                                                              \
    "\"callback\":{\"timeout\":\"1h\"}},\"compensate\":null},{\"id\":\"b\",\"call\":"   \
    "{\"url\":\"http://127.0.0.1/b\",\"body\":[\"${ .steps.a.status }\","               \
    "\"${ .steps.a.body }\"]},\"compensate\":null}]}"

static void call_back(struct told *t, const char *body)
{
    struct record r = told_answer_of(t, "a", 200, body);

    r.event.kind = SAGA_EV_CALLED_BACK;
    r.http_status = 0;
    r.headers = NULL;
    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
}

START_TEST(test_a_callbacks_body_is_the_steps_whichever_comes_first)
{
    struct told *t = told_begin(CALLBACK, input);

    told_answer(t, "a", 202, "\"accepted\"");
    call_back(t, "{\"done\":1}");
    assert_body(t, 2, "[202,{\"done\":1}]");
    told_end(t);
    t = told_begin(CALLBACK, input);
    call_back(t, "{\"done\":1}");
    told_answer(t, "a", 202, "\"accepted\"");
    assert_body(t, 2, "[202,{\"done\":1}]");
    told_end(t);
}
END_TEST

START_TEST(test_the_saga_names_itself)
{
    struct told *t = told_begin(ONE, input);
    struct render_scope scope;

    docs_scope(t->docs, &t->saga, (struct docs_place){0, SAGA_NO_ITEM, CALL_ACTION},
               &scope);
    ck_assert_str_eq(
        arena_copy(t->arena, scope.saga.at, scope.saga.n),
        "{\"id\":\"s-1\",\"key\":\"k\\\"1\",\"definition\":\"one\",\"version\":1,"
        "\"startedAt\":\"2025-11-24T16:00:00.000Z\"}");
    ck_assert_ptr_null(scope.item.at);
    ck_assert_ptr_null(scope.error.at);
    told_end(t);
}
END_TEST

int main(void)
{
    return suite_main("docs", test_an_answer_is_seen_by_the_call_it_leads_to,
                      test_answers_are_seen_by_later_turns_and_the_output,
                      test_a_body_that_is_not_json_is_text_and_an_empty_one_null,
                      test_what_nothing_reads_is_not_kept,
                      test_a_compensation_sees_its_own_answer_and_the_error,
                      test_a_repeated_compensation_renders_the_same,
                      test_a_cancel_and_a_deadline_are_errors_without_a_step,
                      test_a_turn_that_is_not_applied_leaves_nothing,
                      test_the_answer_of_an_applied_confirm_becomes_the_steps,
                      test_what_an_operator_gives_is_the_steps_body,
                      test_a_step_skipped_by_an_operator_has_the_output_given,
                      test_a_step_passed_over_by_its_when_is_null_in_the_same_turn,
                      test_items_are_an_array_in_their_order_with_null_for_the_ignored,
                      test_an_item_resolved_by_hand_is_seen_in_the_same_turn,
                      test_a_signal_that_was_awaited_is_the_waits_body,
                      test_a_signal_that_came_early_is_kept_for_its_wait,
                      test_a_callbacks_body_is_the_steps_whichever_comes_first,
                      test_the_saga_names_itself);
}
