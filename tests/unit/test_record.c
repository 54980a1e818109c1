#include "engine/view/record.h"

#include <check.h>
#include <string.h>

#include "tests/support/suite.h"

static const int64_t answers[] = {0, 1, -1, 1732451923000, INT64_MIN, INT64_MAX};
static const struct record_send sends[] = {
    {1, SAGA_NO_ITEM, CALL_ACTION, 1, 0x0123456789abcdefU, 3},
    {500, 9999, CALL_COMPENSATION, UINT32_MAX, UINT64_MAX, UINT64_MAX},
};
static const struct record_take takes[] = {{3, 7}, {4, UINT64_MAX}};

/* Everything a record can say. */
static struct record everything(void)
{
    return (struct record){
        .event = {.kind = SAGA_EV_ANSWERED,
                  .now_ms = 1732451923123,
                  .step = 2,
                  .item = SAGA_NO_ITEM,
                  .call = CALL_ACTION,
                  .turn = 4,
                  .outcome = OUTCOME_UNKNOWN,
                  .may_retry = true},
        .answers = answers,
        .n_answers = sizeof(answers) / sizeof(answers[0]),
        .sends = sends,
        .n_sends = sizeof(sends) / sizeof(sends[0]),
        .takes = takes,
        .n_takes = sizeof(takes) / sizeof(takes[0]),
        .http_status = 503,
        .headers = "{\"a\":\"b\"}",
        .body = "a\0b",
        .body_n = 3,
        .is_truncated = true,
        .detail = "timed out",
        .started_ms = 1732451923000,
        .timings_us = {0, 1, -1, INT32_MAX, 250000},
        .actor = "ops",
        .reason = "",
        .request_id = "r-1",
        .output = "{}",
        .output_error = "no such member",
        .note = "the cancel came too late",
        .notify_error = "a webhook is not sent",
    };
}

static struct record nothing(void)
{
    return (struct record){
        .event = {.kind = SAGA_EV_WAKE, .step = PLAN_NONE, .item = SAGA_NO_ITEM}};
}

static void encode(const struct record *r, struct buf *out)
{
    buf_init(out, 1 << 20);
    record_encode(r, out);
    ck_assert(!out->is_over);
}

START_TEST(test_a_full_record_reads_back)
{
    const struct record r = everything();
    struct arena *a = arena_create(4096);
    struct buf bytes;
    struct record back;

    encode(&r, &bytes);
    ck_assert(record_decode(bytes.bytes, bytes.n, a, &back));
    ck_assert_int_eq(back.event.kind, SAGA_EV_ANSWERED);
    ck_assert_uint_eq(back.event.turn, 4);
    ck_assert_uint_eq(back.event.step, 2);
    ck_assert_uint_eq(back.n_answers, r.n_answers);
    ck_assert_mem_eq(back.answers, answers, sizeof(answers));
    ck_assert_uint_eq(back.n_sends, 2);
    ck_assert_uint_eq(back.sends[0].item, SAGA_NO_ITEM);
    ck_assert_uint_eq(back.sends[0].hash, 0x0123456789abcdefU);
    ck_assert_uint_eq(back.sends[0].address, 3);
    ck_assert_uint_eq(back.sends[1].step, 500);
    ck_assert_uint_eq(back.sends[1].item, 9999);
    ck_assert_int_eq(back.sends[1].call, CALL_COMPENSATION);
    ck_assert_uint_eq(back.sends[1].attempt, UINT32_MAX);
    ck_assert_uint_eq(back.sends[1].hash, UINT64_MAX);
    ck_assert_uint_eq(back.n_takes, 2);
    ck_assert_uint_eq(back.takes[0].step, 3);
    ck_assert_uint_eq(back.takes[1].turn, UINT64_MAX);
    buf_done(&bytes);
    arena_destroy(a);
}
END_TEST

START_TEST(test_the_texts_of_a_record_read_back)
{
    const struct record r = everything();
    struct arena *a = arena_create(4096);
    struct buf bytes;
    struct record back;

    encode(&r, &bytes);
    ck_assert(record_decode(bytes.bytes, bytes.n, a, &back));
    ck_assert_int_eq(back.http_status, 503);
    ck_assert_str_eq(back.headers, r.headers);
    ck_assert_uint_eq(back.body_n, 3);
    ck_assert_mem_eq(back.body, "a\0b", 4);
    ck_assert(back.is_truncated);
    ck_assert_str_eq(back.detail, "timed out");
    ck_assert_uint_eq(back.started_ms, r.started_ms);
    ck_assert_mem_eq(back.timings_us, r.timings_us, sizeof(r.timings_us));
    ck_assert_str_eq(back.actor, "ops");
    ck_assert_str_eq(back.reason, "");
    ck_assert_str_eq(back.request_id, "r-1");
    ck_assert_str_eq(back.output, "{}");
    ck_assert_str_eq(back.output_error, "no such member");
    ck_assert_str_eq(back.note, "the cancel came too late");
    ck_assert_str_eq(back.notify_error, "a webhook is not sent");
    buf_done(&bytes);
    arena_destroy(a);
}
END_TEST

START_TEST(test_what_is_absent_stays_absent_and_costs_nothing)
{
    const struct record r = nothing();
    struct arena *a = arena_create(4096);
    struct buf bytes;
    struct record back;

    encode(&r, &bytes);
    ck_assert_uint_le(bytes.n, 16);
    ck_assert(record_decode(bytes.bytes, bytes.n, a, &back));
    ck_assert_uint_eq(back.n_answers + back.n_sends + back.n_takes, 0);
    ck_assert_int_eq(back.http_status, 0);
    ck_assert_int_eq(back.timings_us[4], -1);
    ck_assert(!back.is_truncated);
    ck_assert_ptr_null(back.headers);
    ck_assert_ptr_null(back.body);
    ck_assert_ptr_null(back.detail);
    ck_assert_ptr_null(back.actor);
    ck_assert_ptr_null(back.reason);
    ck_assert_ptr_null(back.request_id);
    ck_assert_ptr_null(back.output);
    ck_assert_ptr_null(back.output_error);
    ck_assert_ptr_null(back.note);
    ck_assert_ptr_null(back.notify_error);
    buf_done(&bytes);
    arena_destroy(a);
}
END_TEST

START_TEST(test_one_text_alone_is_not_taken_for_another)
{
    struct arena *a = arena_create(4096);

    for (int which = 0; which < 9; which++) {
        struct record r = nothing();
        const char **texts[] = {&r.headers,      &r.detail,     &r.actor,
                                &r.reason,       &r.request_id, &r.output,
                                &r.output_error, &r.note,       &r.notify_error};
        struct record back;
        struct buf bytes;

        *texts[which] = "x";
        encode(&r, &bytes);
        ck_assert(record_decode(bytes.bytes, bytes.n, a, &back));
        r = back;
        for (int i = 0; i < 9; i++) {
            ck_assert_int_eq(*texts[i] != NULL, i == which);
        }
        buf_done(&bytes);
    }
    arena_destroy(a);
}
END_TEST

START_TEST(test_an_empty_body_is_not_no_body)
{
    struct record r = nothing();
    struct arena *a = arena_create(4096);
    struct buf bytes;
    struct record back;

    r.body = "";
    encode(&r, &bytes);
    ck_assert(record_decode(bytes.bytes, bytes.n, a, &back));
    ck_assert_ptr_nonnull(back.body);
    ck_assert_uint_eq(back.body_n, 0);
    buf_done(&bytes);
    arena_destroy(a);
}
END_TEST

START_TEST(test_a_record_cut_short_or_with_more_behind_it_is_none)
{
    const struct record r = everything();
    struct arena *a = arena_create(4096);
    struct buf bytes;
    struct record back;

    encode(&r, &bytes);
    for (size_t n = 0; n < bytes.n; n++) {
        char *cut = arena_copy(a, bytes.bytes, n); /* ASan sees reads past its end. */

        ck_assert(!record_decode(cut, n, a, &back));
    }
    buf_add_char(&bytes, 0);
    ck_assert(!record_decode(bytes.bytes, bytes.n, a, &back));
    buf_done(&bytes);
    arena_destroy(a);
}
END_TEST

START_TEST(test_a_damaged_byte_never_reads_outside)
{
    const struct record r = everything();
    struct arena *a = arena_create(4096);
    struct buf bytes;
    struct record back;

    encode(&r, &bytes);
    for (size_t i = 0; i < bytes.n; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.bytes[i] = (char)(bytes.bytes[i] ^ (1 << bit));
            if (record_decode(bytes.bytes, bytes.n, a, &back) && back.note != NULL) {
                ck_assert_uint_le(strlen(back.note), bytes.n);
            }
            bytes.bytes[i] = (char)(bytes.bytes[i] ^ (1 << bit));
            arena_reset(a);
        }
    }
    buf_done(&bytes);
    arena_destroy(a);
}
END_TEST

START_TEST(test_a_text_with_a_nul_inside_is_refused)
{
    struct record r = nothing();
    struct arena *a = arena_create(4096);
    struct buf bytes;
    struct record back;

    r.note = "xyz";
    encode(&r, &bytes);
    bytes.bytes[bytes.n - 3] = '\0';
    ck_assert(!record_decode(bytes.bytes, bytes.n, a, &back));
    buf_done(&bytes);
    arena_destroy(a);
}
END_TEST

START_TEST(test_a_newer_form_is_refused)
{
    const struct record r = nothing();
    struct arena *a = arena_create(4096);
    struct buf bytes;
    struct record back;

    encode(&r, &bytes);
    bytes.bytes[0] = 2;
    ck_assert(!record_decode(bytes.bytes, bytes.n, a, &back));
    buf_done(&bytes);
    arena_destroy(a);
}
END_TEST

START_TEST(test_a_record_larger_than_the_buffer_is_noticed)
{
    const struct record r = everything();
    struct buf bytes;

    buf_init(&bytes, 100);
    record_encode(&r, &bytes);
    ck_assert(bytes.is_over);
    buf_done(&bytes);
}
END_TEST

int main(void)
{
    return suite_main(
        "record", test_a_full_record_reads_back, test_the_texts_of_a_record_read_back,
        test_what_is_absent_stays_absent_and_costs_nothing,
        test_one_text_alone_is_not_taken_for_another, test_an_empty_body_is_not_no_body,
        test_a_text_with_a_nul_inside_is_refused,
        test_a_record_cut_short_or_with_more_behind_it_is_none,
        test_a_damaged_byte_never_reads_outside, test_a_newer_form_is_refused,
        test_a_record_larger_than_the_buffer_is_noticed);
}
