/* Tests of base/units.h: amounts as people write them. */
#include "base/units.h"

#include "tests/support/suite.h"

START_TEST(test_durations_are_read_in_each_unit)
{
    uint64_t ms = 0;

    ck_assert(units_read_duration("500ms", &ms) && ms == 500);
    ck_assert(units_read_duration("30s", &ms) && ms == 30000);
    ck_assert(units_read_duration("15m", &ms) && ms == 900000);
    ck_assert(units_read_duration("48h", &ms) && ms == 172800000);
    ck_assert(units_read_duration("7d", &ms) && ms == 604800000);
    ck_assert(units_read_duration("0s", &ms) && ms == 0);
}
END_TEST

START_TEST(test_sizes_are_read_in_each_unit)
{
    uint64_t bytes = 0;

    ck_assert(units_read_size("17", &bytes) && bytes == 17);
    ck_assert(units_read_size("17B", &bytes) && bytes == 17);
    ck_assert(units_read_size("1kB", &bytes) && bytes == 1000);
    ck_assert(units_read_size("1KiB", &bytes) && bytes == 1024);
    ck_assert(units_read_size("2MiB", &bytes) && bytes == 2097152);
    ck_assert(units_read_size("1GiB", &bytes) && bytes == 1073741824);
}
END_TEST

START_TEST(test_what_is_not_an_amount_is_refused_and_leaves_the_result)
{
    static const char *const wrong[] = {
        "",
        "s",
        "1.5s",
        "-1s",
        "1 s",
        "1S",
        "1sm",
        " 1s",
        "99999999999999999999s",
        "9223372036854775807d",
    };
    uint64_t ms = 7;

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        ck_assert_msg(!units_read_duration(wrong[i], &ms), "%s", wrong[i]);
    }
    ck_assert_uint_eq(ms, 7);
}
END_TEST

START_TEST(test_rates_are_by_the_second)
{
    uint64_t n = 0;

    ck_assert(units_read_rate("200/s", &n) && n == 200);
    ck_assert(!units_read_rate("200", &n));
    ck_assert(!units_read_rate("200/m", &n));
    ck_assert(units_read_count("12", &n) && n == 12);
    ck_assert(!units_read_count("12s", &n));
}
END_TEST

START_TEST(test_amounts_are_written_in_the_largest_unit_that_holds_them)
{
    char text[UNITS_TEXT_MAX];

    units_put_duration(90000, text);
    ck_assert_str_eq(text, "90s");
    units_put_duration(3600000, text);
    ck_assert_str_eq(text, "1h");
    units_put_duration(0, text);
    ck_assert_str_eq(text, "0ms");
    units_put_size(1048576, text);
    ck_assert_str_eq(text, "1MiB");
    units_put_size(1000, text);
    ck_assert_str_eq(text, "1000B");
}
END_TEST

int main(void)
{
    return suite_main("units", test_durations_are_read_in_each_unit,
                      test_sizes_are_read_in_each_unit,
                      test_what_is_not_an_amount_is_refused_and_leaves_the_result,
                      test_rates_are_by_the_second,
                      test_amounts_are_written_in_the_largest_unit_that_holds_them);
}
