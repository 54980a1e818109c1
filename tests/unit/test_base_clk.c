#include "base/clk.h"

#include <check.h>

#include "tests/support/suite.h"

static void check_text(uint64_t wall_ms, const char *expected)
{
    char text[CLK_TEXT_MAX];
    uint64_t back = 1;

    clk_to_text(wall_ms, text);
    ck_assert_str_eq(text, expected);
    ck_assert_msg(clk_from_text(text, &back), "%s", text);
    ck_assert_uint_eq(back, wall_ms);
}

static void check_read(const char *text, uint64_t expected)
{
    uint64_t wall_ms = 1;

    ck_assert_msg(clk_from_text(text, &wall_ms), "%s was refused", text);
    ck_assert_msg(wall_ms == expected, "%s gave %llu", text, (unsigned long long)wall_ms);
}

static void check_refused(const char *text)
{
    uint64_t wall_ms = 77;

    ck_assert_msg(!clk_from_text(text, &wall_ms), "%s was taken", text);
    ck_assert_uint_eq(wall_ms, 77);
}

START_TEST(test_a_time_is_written_in_utc_and_read_back)
{
    check_text(0, "1970-01-01T00:00:00.000Z");
    check_text(951782400000, "2000-02-29T00:00:00.000Z");
    check_text(1709210096789, "2024-02-29T12:34:56.789Z");
    check_text(4107542399999, "2100-02-28T23:59:59.999Z");
    check_text(4107542400000, "2100-03-01T00:00:00.000Z");
    check_text(253402300799999, "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(test_each_day_of_four_centuries_reads_back)
{
    for (uint64_t day = 0; day < 146097; day++) {
        char text[CLK_TEXT_MAX];
        uint64_t back = 1;

        clk_to_text(day * 86400000, text);
        ck_assert(clk_from_text(text, &back));
        ck_assert_uint_eq(back, day * 86400000);
    }
}
END_TEST

START_TEST(test_a_time_after_the_year_9999_is_its_last_moment)
{
    char text[CLK_TEXT_MAX];

    clk_to_text(UINT64_MAX, text);
    ck_assert_str_eq(text, "9999-12-31T23:59:59.999Z");
}
END_TEST

START_TEST(test_an_offset_moves_the_time_to_utc)
{
    check_read("2024-02-29T13:34:56.789+01:00", 1709210096789);
    check_read("2024-02-29T07:04:56.789-05:30", 1709210096789);
    check_read("2024-03-01T00:34:56.789+12:00", 1709210096789);
    check_read("1970-01-01T00:30:00+00:30", 0);
}
END_TEST

START_TEST(test_none_to_nine_decimals_are_read_and_cut_to_milliseconds)
{
    check_read("1970-01-01T00:00:01Z", 1000);
    check_read("1970-01-01T00:00:01.5Z", 1500);
    check_read("1970-01-01t00:00:01.123456789z", 1123);
    check_read("1970-01-01T00:00:01.9999Z", 1999);
}
END_TEST

START_TEST(test_a_leap_second_is_the_next_minute)
{
    check_read("2016-12-31T23:59:60Z", 1483228800000);
}
END_TEST

START_TEST(test_what_is_not_rfc_3339_is_refused)
{
    const char *const texts[] = {"",
                                 "2024-02-29",
                                 "2024-02-29T12:34:56",
                                 "2024-02-29 12:34:56Z",
                                 "2023-02-29T12:34:56Z",
                                 "2100-02-29T12:34:56Z",
                                 "2024-13-01T00:00:00Z",
                                 "2024-00-01T00:00:00Z",
                                 "2024-04-31T00:00:00Z",
                                 "2024-02-29T24:00:00Z",
                                 "2024-02-29T12:60:00Z",
                                 "2024-02-29T12:34:61Z",
                                 "2024-02-29T12:34:56.Z",
                                 "2024-02-29T12:34:56.1234567890Z",
                                 "2024-02-29T12:34:56+1:00",
                                 "2024-02-29T12:34:56+24:00",
                                 "2024-02-29T12:34:56+01:60",
                                 "2024-02-29T12:34:56Zx",
                                 "24-02-29T12:34:56Z",
                                 "2024-2-29T12:34:56Z"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        check_refused(texts[i]);
    }
}
END_TEST

START_TEST(test_before_1970_is_refused)
{
    check_refused("1969-12-31T23:59:59.999Z");
    check_refused("1970-01-01T00:00:00+00:01");
    check_refused("0000-01-01T00:00:00Z");
    check_refused("0001-01-01T00:00:00Z");
}
END_TEST

START_TEST(test_monotonic_time_does_not_go_back)
{
    uint64_t last = clk_mono_us();

    for (int i = 0; i < 1000; i++) {
        uint64_t now = clk_mono_us();

        ck_assert_uint_ge(now, last);
        last = now;
    }
    ck_assert_uint_le(last / 1000, clk_mono_ms());
}
END_TEST

START_TEST(test_wall_time_is_this_century)
{
    ck_assert_uint_gt(clk_wall_ms(), 946684800000);
    ck_assert_uint_lt(clk_wall_ms(), 4102444800000);
}
END_TEST

int main(void)
{
    return suite_main("clk", test_a_time_is_written_in_utc_and_read_back,
                      test_each_day_of_four_centuries_reads_back,
                      test_a_time_after_the_year_9999_is_its_last_moment,
                      test_an_offset_moves_the_time_to_utc,
                      test_none_to_nine_decimals_are_read_and_cut_to_milliseconds,
                      test_a_leap_second_is_the_next_minute,
                      test_what_is_not_rfc_3339_is_refused, test_before_1970_is_refused,
                      test_monotonic_time_does_not_go_back,
                      test_wall_time_is_this_century);
}
