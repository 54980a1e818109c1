#include "base/buf.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

START_TEST(test_an_empty_buffer_is_an_empty_text)
{
    struct buf b;

    buf_init(&b, 10);
    ck_assert_str_eq(buf_text(&b), "");
    ck_assert(!b.is_over);
    buf_done(&b);
}
END_TEST

START_TEST(test_what_fits_exactly_is_kept)
{
    struct buf b;

    buf_init(&b, 5);
    buf_add_text(&b, "hello");
    ck_assert_str_eq(buf_text(&b), "hello");
    ck_assert(!b.is_over);
    buf_done(&b);
}
END_TEST

START_TEST(test_past_the_cap_bytes_are_dropped_and_remembered)
{
    struct buf b;

    buf_init(&b, 5);
    buf_add_text(&b, "hello!");
    buf_add_char(&b, '?');
    ck_assert_str_eq(buf_text(&b), "hello");
    ck_assert_uint_eq(b.n, 5);
    ck_assert(b.is_over);
    buf_done(&b);
}
END_TEST

START_TEST(test_clearing_forgets_the_overflow)
{
    struct buf b;

    buf_init(&b, 2);
    buf_add_text(&b, "abc");
    buf_clear(&b);
    ck_assert(!b.is_over);
    buf_add_text(&b, "de");
    ck_assert_str_eq(buf_text(&b), "de");
    buf_done(&b);
}
END_TEST

START_TEST(test_it_grows_through_many_additions)
{
    struct buf b;

    buf_init(&b, 100000);
    for (int i = 0; i < 10000; i++) {
        buf_add_text(&b, "0123456789");
    }
    ck_assert_uint_eq(b.n, 100000);
    ck_assert_uint_eq(strlen(buf_text(&b)), 100000);
    ck_assert_uint_le(b.room, 100001);
    ck_assert(!b.is_over);
    buf_done(&b);
}
END_TEST

START_TEST(test_a_long_formatted_text_arrives_whole)
{
    struct buf b;
    char text[2001];

    memset(text, 'y', 2000);
    text[2000] = '\0';
    buf_init(&b, 10000);
    buf_printf(&b, "<%s|%d>", text, 7);
    ck_assert_uint_eq(b.n, 2004);
    ck_assert_str_eq(buf_text(&b) + 2000, "y|7>");
    buf_done(&b);
}
END_TEST

START_TEST(test_bytes_may_hold_nul)
{
    struct buf b;

    buf_init(&b, 10);
    buf_add(&b, "a\0b", 3);
    ck_assert_uint_eq(b.n, 3);
    ck_assert_mem_eq(b.bytes, "a\0b", 4);
    buf_done(&b);
}
END_TEST

START_TEST(test_taken_bytes_belong_to_the_taker)
{
    struct buf b;
    size_t n;
    char *bytes;
    char *none;

    buf_init(&b, 10);
    buf_add_text(&b, "mine");
    bytes = buf_take(&b, &n);
    none = buf_take(&b, NULL);
    ck_assert_str_eq(bytes, "mine");
    ck_assert_uint_eq(n, 4);
    ck_assert_str_eq(none, "");
    ck_assert_uint_eq(b.n, 0);
    free(bytes);
    free(none);
    buf_done(&b);
}
END_TEST

int main(void)
{
    return suite_main(
        "buf", test_an_empty_buffer_is_an_empty_text, test_what_fits_exactly_is_kept,
        test_past_the_cap_bytes_are_dropped_and_remembered,
        test_clearing_forgets_the_overflow, test_it_grows_through_many_additions,
        test_a_long_formatted_text_arrives_whole, test_bytes_may_hold_nul,
        test_taken_bytes_belong_to_the_taker);
}
