/* Tests of programs/sagactl/sse.h: events, however their bytes are cut. */
#include "programs/sagactl/sse.h"

#include <string.h>

#include "tests/support/suite.h"

static struct buf bytes;
static struct sse_event event;

static void begin(void)
{
    buf_init(&bytes, 65536);
    sse_event_init(&event);
}

static void end(void)
{
    sse_event_done(&event);
    buf_done(&bytes);
}

START_TEST(test_an_event_is_there_once_its_blank_line_is)
{
    static const char text[] = "id: 7\nevent: turn\ndata: {\"a\":1}\n\n";

    begin();
    for (size_t i = 0; text[i + 1] != '\0'; i++) {
        buf_add_char(&bytes, text[i]);
        ck_assert(!sse_next(&bytes, &event));
    }
    buf_add_char(&bytes, '\n');
    ck_assert(sse_next(&bytes, &event));
    ck_assert_str_eq(event.id, "7");
    ck_assert_str_eq(event.name, "turn");
    ck_assert_str_eq(buf_text(&event.data), "{\"a\":1}");
    ck_assert_uint_eq(bytes.n, 0);
    end();
}
END_TEST

START_TEST(test_events_in_one_piece_come_one_by_one)
{
    begin();
    buf_add_text(&bytes, "event: a\ndata: 1\n\nevent: b\ndata: 2\n\ndata: 3");
    ck_assert(sse_next(&bytes, &event));
    ck_assert_str_eq(event.name, "a");
    ck_assert(sse_next(&bytes, &event));
    ck_assert_str_eq(event.name, "b");
    ck_assert_str_eq(event.id, "");
    ck_assert(!sse_next(&bytes, &event));
    buf_add_text(&bytes, "4\n\n");
    ck_assert(sse_next(&bytes, &event));
    ck_assert_str_eq(event.name, "message");
    ck_assert_str_eq(buf_text(&event.data), "34");
    end();
}
END_TEST

START_TEST(test_comments_are_passed)
{
    begin();
    buf_add_text(&bytes, ": still here\n\n:\n\ndata: x\n\n");
    ck_assert(sse_next(&bytes, &event));
    ck_assert_str_eq(buf_text(&event.data), "x");
    ck_assert(!sse_next(&bytes, &event));
    end();
}
END_TEST

START_TEST(test_lines_may_end_with_cr_and_lf_and_data_may_have_several)
{
    begin();
    buf_add_text(&bytes, "data: one\r\ndata:two\r\ndatum: no\r\n\r\nx");
    ck_assert(sse_next(&bytes, &event));
    ck_assert_str_eq(buf_text(&event.data), "one\ntwo");
    end();
}
END_TEST

START_TEST(test_an_event_without_data_has_its_name)
{
    begin();
    buf_add_text(&bytes, "event: end\n\n");
    ck_assert(sse_next(&bytes, &event));
    ck_assert_str_eq(event.name, "end");
    ck_assert_uint_eq(event.data.n, 0);
    end();
}
END_TEST

int main(void)
{
    return suite_main("sse", test_an_event_is_there_once_its_blank_line_is,
                      test_events_in_one_piece_come_one_by_one, test_comments_are_passed,
                      test_lines_may_end_with_cr_and_lf_and_data_may_have_several,
                      test_an_event_without_data_has_its_name);
}
