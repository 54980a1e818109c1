#include "engine/view/why.h"

#include <check.h>

#include "tests/support/suite.h"
#include "tests/support/told.h"

#define ORDER                                                                      \
    "{\"name\":\"order\",\"steps\":[{\"id\":\"pay\",\"call\":{\"url\":"            \
    "\"http://127.0.0.1/pay\",\"timeout\":\"10s\",\"retry\":3,\"body\":{\"a\":"    \
    "\"${ .input.amount "                                                          \
    "}\"}},\"compensate\":{\"url\":\"http://127.0.0.1/refund\",\"body\":"          \
    "{\"of\":\"${ .steps.pay.body.id }\",\"error\":\"${ .error.step }\"}}},"       \
    "{\"id\":\"both\",\"parallel\":[{\"id\":\"mail\",\"optional\":true,\"call\":{" \
    "\"url\":"                                                                     \
    "\"http://127.0.0.1/"                                                          \
    "mail\"},\"compensate\":null},{\"id\":\"ship\",\"call\":{\"url\":"             \
    "\"http://127.0.0.1/ship\"},\"compensate\":null}]}],\"output\":{\"id\":"       \
    "\"${ .steps.pay.body.id }\"}}"

static const char input[] = "{\"amount\":19.99}";

static struct view view_of(struct told *t, uint64_t turn)
{
    struct err_info info = {""};
    struct view v;
    enum err e = view_read(t->reader, t->registry, "s-1", turn, t->arena, &v, &info);

    ck_assert_msg(e == ERR_OK, "%s", info.text);
    return v;
}

static const struct view_step *step_of(const struct told *t, const struct view *v,
                                       const char *id)
{
    return &v->steps[told_step(t, id)];
}

static struct told *completed(void)
{
    struct told *t = told_begin(ORDER, input);

    t->now_ms += 1000;
    told_answer(t, "pay", 201, "{\"id\":\"ch_1\"}");
    t->now_ms += 1000;
    told_answer(t, "mail", 400, "{\"no\":true}");
    t->now_ms += 1000;
    told_answer(t, "ship", 200, "{}");
    return t;
}

START_TEST(test_a_completed_saga_shows_times_outputs_and_its_own_output)
{
    struct told *t = completed();
    const struct view v = view_of(t, 0);
    const struct view_step *pay = step_of(t, &v, "pay");

    ck_assert_int_eq(v.row.status, SAGA_STATUS_COMPLETED);
    ck_assert_uint_eq(v.row.ended_ms, TOLD_START_MS + 3000);
    ck_assert_uint_eq(v.row.updated_ms, TOLD_START_MS + 3000);
    ck_assert_str_eq(v.output, "{\"id\":\"ch_1\"}");
    ck_assert_ptr_null(v.why);
    ck_assert_str_eq(pay->status, "succeeded");
    ck_assert_uint_eq(pay->attempts, 1);
    ck_assert_uint_eq(pay->started_ms, TOLD_START_MS);
    ck_assert_uint_eq(pay->ended_ms, TOLD_START_MS + 1000);
    ck_assert(pay->has_output && !pay->has_error);
    ck_assert_int_eq(pay->output.http_status, 201);
    ck_assert_str_eq(pay->output.body, "{\"id\":\"ch_1\"}");
    ck_assert(pay->output.is_json);
    told_end(t);
}
END_TEST

START_TEST(test_a_group_begins_with_its_first_part_and_ends_with_its_last)
{
    struct told *t = completed();
    const struct view v = view_of(t, 0);
    const struct view_step *both = step_of(t, &v, "both");

    ck_assert_str_eq(both->status, "succeeded");
    ck_assert_uint_eq(both->started_ms, TOLD_START_MS + 1000);
    ck_assert_uint_eq(both->ended_ms, TOLD_START_MS + 3000);
    told_end(t);
}
END_TEST

START_TEST(test_an_ignored_step_keeps_its_last_error)
{
    struct told *t = completed();
    const struct view v = view_of(t, 0);
    const struct view_step *mail = step_of(t, &v, "mail");

    ck_assert_str_eq(mail->status, "ignored");
    ck_assert(mail->has_error && !mail->has_output);
    ck_assert_int_eq(mail->error_outcome, OUTCOME_REJECTED);
    ck_assert_int_eq(mail->error_status, 400);
    told_end(t);
}
END_TEST

START_TEST(test_a_saga_is_seen_as_it_was_after_an_earlier_turn)
{
    struct told *t = completed();
    const struct view v = view_of(t, 2);

    ck_assert_int_eq(v.row.status, SAGA_STATUS_RUNNING);
    ck_assert_uint_eq(v.row.ended_ms, 0);
    ck_assert_uint_eq(v.state->turn, 2);
    ck_assert_ptr_null(v.output);
    ck_assert_str_eq(step_of(t, &v, "mail")->status, "running");
    ck_assert_str_eq(step_of(t, &v, "both")->status, "running");
    told_end(t);
}
END_TEST

START_TEST(test_a_turn_or_saga_that_is_not_there_is_not_found)
{
    struct told *t = told_begin(ORDER, input);
    struct err_info info = {""};
    struct view v;

    ck_assert_int_eq(view_read(t->reader, t->registry, "s-1", 9, t->arena, &v, &info),
                     ERR_NOT_FOUND);
    ck_assert_str_eq(info.text, "saga 's-1' has no turn 9");
    ck_assert_int_eq(view_read(t->reader, t->registry, "s-2", 0, t->arena, &v, &info),
                     ERR_NOT_FOUND);
    told_end(t);
}
END_TEST

START_TEST(test_a_step_backing_off_shows_its_error_and_its_next_attempt)
{
    struct told *t = told_begin(ORDER, input);
    struct view v;
    const struct view_step *pay;

    v = view_of(t, 0);
    ck_assert_uint_eq(v.in_flight_until_ms, TOLD_START_MS + 10000);
    t->now_ms += 10000;
    told_answer(t, "pay", 0, NULL);
    v = view_of(t, 0);
    pay = step_of(t, &v, "pay");
    ck_assert_str_eq(pay->status, "backing-off");
    ck_assert(pay->in_doubt && pay->has_error);
    ck_assert_int_eq(pay->error_outcome, OUTCOME_UNKNOWN);
    ck_assert_int_eq(pay->error_status, 0);
    ck_assert_str_eq(pay->error_detail, "timed out waiting for the answer");
    ck_assert_uint_eq(pay->next_attempt_ms, saga_wake_at(&t->saga, t->definition->plan));
    ck_assert_uint_eq(pay->ended_ms, 0);
    ck_assert_uint_eq(v.in_flight_until_ms, 0);
    told_wake(t);
    told_answer(t, "pay", 200, "{\"id\":1}");
    v = view_of(t, 0);
    ck_assert(!step_of(t, &v, "pay")->has_error);
    ck_assert_uint_eq(step_of(t, &v, "pay")->attempts, 2);
    ck_assert_uint_eq(step_of(t, &v, "pay")->started_ms, TOLD_START_MS);
    told_end(t);
}
END_TEST

START_TEST(test_a_compensated_step_ends_when_it_is_compensated)
{
    struct told *t = told_begin(ORDER, input);
    struct view v;

    told_answer(t, "pay", 200, "{\"id\":1}");
    told_answer(t, "mail", 200, NULL);
    t->now_ms += 5000;
    told_answer(t, "ship", 422, NULL);
    v = view_of(t, 0);
    ck_assert_int_eq(v.row.status, SAGA_STATUS_COMPENSATING);
    ck_assert_str_eq(step_of(t, &v, "pay")->status, "compensating");
    ck_assert_uint_eq(step_of(t, &v, "pay")->ended_ms, 0);
    t->now_ms += 5000;
    told_answer(t, "pay", 200, NULL);
    v = view_of(t, 0);
    ck_assert_int_eq(v.row.status, SAGA_STATUS_COMPENSATED);
    ck_assert_str_eq(step_of(t, &v, "pay")->status, "compensated");
    ck_assert_uint_eq(step_of(t, &v, "pay")->ended_ms, TOLD_START_MS + 10000);
    ck_assert_str_eq(step_of(t, &v, "ship")->status, "rejected");
    ck_assert_int_eq(step_of(t, &v, "ship")->error_status, 422);
    ck_assert(step_of(t, &v, "pay")->has_output);
    told_end(t);
}
END_TEST

START_TEST(test_a_stuck_step_says_the_reason_and_what_failed)
{
    struct told *t = told_begin(ORDER, input);
    struct view v;

    told_answer(t, "pay", 200, "{\"nothing\":\"named id\"}");
    told_answer(t, "mail", 200, NULL);
    told_answer(t, "ship", 422, NULL);
    told_answer(t, "pay", 404, NULL);
    v = view_of(t, 0);
    ck_assert_int_eq(v.row.status, SAGA_STATUS_STUCK);
    ck_assert_str_eq(v.row.stuck_step, "pay");
    ck_assert_str_eq(step_of(t, &v, "pay")->status, "stuck");
    ck_assert_str_eq(step_of(t, &v, "pay")->error_detail, "it was refused");
    ck_assert_int_eq(step_of(t, &v, "pay")->error_status, 404);
    told_end(t);
}
END_TEST

#define DOUBTFUL                                                           \
    "{\"name\":\"doubtful\",\"steps\":[{\"id\":\"pay\",\"call\":{\"url\":" \
    "\"http://127.0.0.1/pay\",\"retry\":1},\"compensate\":{\"url\":"       \
    "\"http://127.0.0.1/refund/${ .steps.pay.body.id }\"}}]}"

START_TEST(test_what_keeps_a_compensation_from_being_sent_is_not_the_actions_failure)
{
    struct told *t = told_begin(DOUBTFUL, input);
    struct view v;
    const struct view_step *pay;

    told_answer(t, "pay", 503, "busy");
    v = view_of(t, 0);
    pay = step_of(t, &v, "pay");
    ck_assert_int_eq(v.row.status, SAGA_STATUS_STUCK);
    ck_assert_str_eq(pay->error_detail,
                     "its compensation reads an answer that may not exist");
    ck_assert_int_eq(pay->error_outcome, OUTCOME_NONE);
    ck_assert_int_eq(pay->error_status, 0);
    ck_assert_ptr_null(
        strstr(why_of(&v, &(struct why_now){.wall_ms = t->now_ms}, t->arena), "503"));
    told_end(t);
}
END_TEST

#define BAD                                                           \
    "{\"name\":\"bad\",\"steps\":[{\"id\":\"pay\",\"call\":{\"url\":" \
    "\"http://127.0.0.1/${ .input.amount.x }\"},\"compensate\":null}]}"

START_TEST(test_an_expression_that_failed_is_told_where_it_got_stuck)
{
    struct told *t = told_begin(BAD, input);
    const struct view v = view_of(t, 0);
    const struct view_step *pay = step_of(t, &v, "pay");

    ck_assert_str_eq(pay->status, "stuck");
    ck_assert_int_eq(pay->error_outcome, OUTCOME_NONE);
    ck_assert_ptr_nonnull(strstr(pay->error_detail, "its request cannot be rendered: "));
    ck_assert_ptr_nonnull(strstr(pay->error_detail, ".input.amount.x"));
    told_end(t);
}
END_TEST

START_TEST(test_who_paused_and_who_cancelled_is_shown)
{
    struct told *t = told_begin(ORDER, input);
    struct view v;

    ck_assert_int_eq(told_command(t, SAGA_EV_PAUSE, NULL, NULL), SAGA_APPLIED);
    v = view_of(t, 0);
    ck_assert(v.row.is_paused);
    ck_assert_str_eq(v.paused_by, "ops");
    ck_assert_int_eq(told_command(t, SAGA_EV_RESUME, NULL, NULL), SAGA_APPLIED);
    ck_assert_int_eq(told_command(t, SAGA_EV_CANCEL, NULL, NULL), SAGA_APPLIED);
    v = view_of(t, 0);
    ck_assert(!v.row.is_paused);
    ck_assert_ptr_null(v.paused_by);
    ck_assert_str_eq(v.cancelled_by, "ops");
    told_end(t);
}
END_TEST

START_TEST(test_a_start_is_viewed_from_memory_as_it_would_be_read)
{
    struct told *t = told_begin(ORDER, input);
    const struct view read = view_of(t, 0);
    struct store_saga row = read.row;
    uint8_t state[1024];
    size_t n = saga_encode(&t->saga, state, sizeof(state));
    struct view v;

    row.started_ms = t->now_ms;
    view_of_start(&row, t->definition, 1, read.input, state, n, t->arena, &v);
    ck_assert_str_eq(step_of(t, &v, "pay")->status, "running");
    ck_assert_uint_eq(step_of(t, &v, "pay")->started_ms, TOLD_START_MS);
    ck_assert_uint_eq(v.in_flight_until_ms, read.in_flight_until_ms);
    ck_assert_int_eq(v.row.status, SAGA_STATUS_RUNNING);
    ck_assert(!step_of(t, &v, "pay")->has_output);
    told_end(t);
}
END_TEST

START_TEST(test_a_journal_longer_than_a_page_is_read_to_its_end)
{
    struct told *t = told_begin(ORDER, input);
    struct view v;

    for (int i = 0; i < 400; i++) {
        ck_assert_int_eq(
            told_command(t, i % 2 == 0 ? SAGA_EV_PAUSE : SAGA_EV_RESUME, NULL, NULL),
            SAGA_APPLIED);
    }
    v = view_of(t, 0);
    ck_assert_uint_eq(v.state->turn, 401);
    v = view_of(t, 256);
    ck_assert_uint_eq(v.state->turn, 256);
    told_end(t);
}
END_TEST

/* ---- attempts
 * -------------------------------------------------------------------------- */

static struct view_call *calls_of(struct told *t, size_t expected)
{
    const struct view v = view_of(t, 0);
    struct err_info info = {""};
    struct view_call *calls;
    size_t n;
    enum err e = view_read_calls(t->reader, t->registry, &v, t->arena, &calls, &n, &info);

    ck_assert_msg(e == ERR_OK, "%s", info.text);
    ck_assert_uint_eq(n, expected);
    return calls;
}

static void assert_request(const struct view_call *c, const char *url, const char *body)
{
    ck_assert(c->has_request);
    ck_assert_str_eq(c->request.url, url);
    ck_assert_mem_eq(c->request.body, body, strlen(body));
}

START_TEST(test_every_attempt_is_listed_with_its_request_and_answer)
{
    struct told *t = told_begin(ORDER, input);
    const struct view_call *calls;

    told_answer(t, "pay", 503, "busy");
    told_wake(t);
    told_answer(t, "pay", 200, "{\"id\":7}");
    calls = calls_of(t, 4);
    ck_assert_uint_eq(calls[0].n, 1);
    ck_assert_uint_eq(calls[0].turn, 1);
    ck_assert_uint_eq(calls[0].attempt, 1);
    ck_assert_int_eq(calls[0].outcome, OUTCOME_UNKNOWN);
    ck_assert_int_eq(calls[0].http_status, 503);
    ck_assert_str_eq(calls[0].body, "busy");
    ck_assert_int_eq(calls[0].timings_us[4], 4);
    assert_request(&calls[0], "http://127.0.0.1/pay", "{\"a\":19.99}");
    ck_assert_uint_eq(calls[1].attempt, 2);
    ck_assert_int_eq(calls[1].outcome, OUTCOME_SUCCEEDED);
    assert_request(&calls[1], "http://127.0.0.1/pay", "{\"a\":19.99}");
    ck_assert(!calls[2].has_ended && calls[2].ended_ms == 0);
    ck_assert(calls[2].has_request);
    ck_assert_uint_eq(calls[2].step, told_step(t, "mail"));
    told_end(t);
}
END_TEST

START_TEST(test_a_compensation_is_rendered_with_the_documents_of_its_turn)
{
    struct told *t = told_begin(ORDER, input);
    const struct view_call *calls;

    told_answer(t, "pay", 200, "{\"id\":7}");
    told_answer(t, "ship", 422, NULL); /* The error's turn; mail is still in flight. */
    told_answer(t, "mail", 200, NULL);
    told_answer(t, "pay", 200, NULL);
    calls = calls_of(t, 4);
    ck_assert_int_eq(calls[3].call, CALL_COMPENSATION);
    assert_request(&calls[3], "http://127.0.0.1/refund", "{\"of\":7,\"error\":\"ship\"}");
    ck_assert_int_eq(calls[3].outcome, OUTCOME_SUCCEEDED);
    told_end(t);
}
END_TEST

START_TEST(test_a_lost_attempt_is_unknown_and_its_late_answer_is_kept_beside_it)
{
    struct told *t = told_begin(ORDER, input);
    struct record late = told_answer_of(t, "pay", 200, "{\"id\":8}");
    struct record lost = {.event = late.event};
    struct store_batch batch = {.arena = t->arena};
    const struct view_call *calls;
    struct store_op *op;
    struct buf data;

    lost.event.kind = SAGA_EV_LOST;
    lost.event.outcome = OUTCOME_UNKNOWN;
    lost.event.may_retry = true;
    lost.event.is_free = true;
    ck_assert_int_eq(told_turn(t, lost), SAGA_APPLIED);
    buf_init(&data, 4096);
    record_encode(&late, &data);
    op = store_batch_add(&batch, STORE_LATE);
    op->of.late = (struct store_late){.saga = 1,
                                      .turn = late.event.turn,
                                      .step = late.event.step,
                                      .item = late.event.item,
                                      .call = late.event.call,
                                      .at_ms = t->now_ms + 5,
                                      .data = {data.bytes, data.n}};
    told_commit(t, &batch);
    buf_done(&data);
    calls = calls_of(t, t->n_sent);
    ck_assert_int_eq(calls[0].outcome, OUTCOME_UNKNOWN);
    ck_assert(calls[0].is_late);
    ck_assert_int_eq(calls[0].http_status, 200);
    ck_assert_str_eq(calls[0].body, "{\"id\":8}");
    told_end(t);
}
END_TEST

#define EACH                                                                  \
    "{\"name\":\"each\",\"steps\":[{\"id\":\"m\",\"forEach\":\"${ .input.to " \
    "}\",\"call\":"                                                           \
    "{\"url\":\"http://127.0.0.1/m\",\"body\":\"${ .item }\"},\"compensate\":null}]}"

START_TEST(test_an_items_request_is_rendered_with_its_value)
{
    struct told *t = told_begin(EACH, "{\"to\":[\"x\",\"y\"]}");
    const struct view v = view_of(t, 0);
    const struct view_call *calls = calls_of(t, 1);

    assert_request(&calls[0], "http://127.0.0.1/m", "\"x\"");
    ck_assert_uint_eq(calls[0].item, 0);
    ck_assert_uint_eq(step_of(t, &v, "m")->items_total, 2);
    ck_assert_uint_eq(step_of(t, &v, "m")->items_settled, 0);
    told_end(t);
}
END_TEST

/* ---- many items
 * ------------------------------------------------------------------------ */

#define EACH_OF(id)                                                                   \
    "{\"id\":\"" id "\",\"forEach\":{\"in\":\"${ .input.to }\",\"maxConcurrent\":2}," \
    "\"call\":{\"url\":\"http://127.0.0.1/m\",\"body\":\"${ .item.x }\"},"            \
    "\"compensate\":null}"
#define MANY "{\"name\":\"many\",\"steps\":[" EACH_OF("m") "," EACH_OF("last") "]}"

static struct told *many(uint32_t n)
{
    static char text[1024];
    size_t used = (size_t)snprintf(text, sizeof(text), "{\"to\":[{}");

    for (uint32_t i = 1; i < n; i++) {
        used += (size_t)snprintf(text + used, sizeof(text) - used, ",{}");
    }
    (void)snprintf(text + used, sizeof(text) - used, "]}");
    return told_begin(MANY, text);
}

/* Each turn comes 10 ms after the one before: turn n, (n - 1) * 10 ms after the start. */
static uint64_t time_of(uint64_t turn)
{
    return TOLD_START_MS + (turn - 1) * 10;
}

START_TEST(test_among_many_items_each_turn_shows_what_was_so_then)
{
    const uint32_t n = 100;
    struct told *t = many(n);

    for (uint32_t i = 0; i < 2 * n; i++) {
        t->now_ms += 10;
        told_item_succeeds(t, i < n ? "m" : "last", i % n);
    }
    for (uint64_t turn = 1; turn <= 2 * n + 1; turn++) {
        const struct view v = view_of(t, turn);
        const struct view_step *m = step_of(t, &v, "m");
        const struct view_step *last = step_of(t, &v, "last");
        const bool is_over = turn > n;

        ck_assert_uint_eq(m->items_settled, is_over ? n : turn - 1);
        ck_assert_uint_eq(m->started_ms, TOLD_START_MS);
        ck_assert_uint_eq(m->ended_ms, is_over ? time_of(n + 1) : 0);
        ck_assert_uint_eq(last->items_settled, is_over ? turn - n - 1 : 0);
        ck_assert_uint_eq(last->started_ms, is_over ? time_of(n + 1) : 0);
        ck_assert_uint_eq(last->ended_ms, turn == 2 * n + 1 ? time_of(turn) : 0);
        ck_assert_uint_eq(v.row.updated_ms, time_of(turn));
    }
    told_end(t);
}
END_TEST

START_TEST(test_an_item_stuck_among_others_goes_on_telling_why)
{
    struct told *t = told_begin(MANY, "{\"to\":[\"no object\",{},{},{}]}");
    const struct view_step *m;
    struct view v;

    for (uint32_t i = 1; i < 4; i++) {
        told_item_succeeds(t, "m", i);
        v = view_of(t, 0);
        m = step_of(t, &v, "m");
        ck_assert_str_eq(m->status, "stuck");
        ck_assert_msg(strstr(m->error_detail, ".item.x") != NULL, "%s", m->error_detail);
    }
    told_end(t);
}
END_TEST

int main(void)
{
    return suite_main(
        "view", test_a_completed_saga_shows_times_outputs_and_its_own_output,
        test_a_group_begins_with_its_first_part_and_ends_with_its_last,
        test_an_ignored_step_keeps_its_last_error,
        test_a_saga_is_seen_as_it_was_after_an_earlier_turn,
        test_a_turn_or_saga_that_is_not_there_is_not_found,
        test_a_step_backing_off_shows_its_error_and_its_next_attempt,
        test_a_compensated_step_ends_when_it_is_compensated,
        test_a_stuck_step_says_the_reason_and_what_failed,
        test_an_expression_that_failed_is_told_where_it_got_stuck,
        test_what_keeps_a_compensation_from_being_sent_is_not_the_actions_failure,
        test_who_paused_and_who_cancelled_is_shown,
        test_a_start_is_viewed_from_memory_as_it_would_be_read,
        test_a_journal_longer_than_a_page_is_read_to_its_end,
        test_every_attempt_is_listed_with_its_request_and_answer,
        test_a_compensation_is_rendered_with_the_documents_of_its_turn,
        test_a_lost_attempt_is_unknown_and_its_late_answer_is_kept_beside_it,
        test_an_items_request_is_rendered_with_its_value,
        test_among_many_items_each_turn_shows_what_was_so_then,
        test_an_item_stuck_among_others_goes_on_telling_why);
}
