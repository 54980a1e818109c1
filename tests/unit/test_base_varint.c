#include "base/varint.h"

#include <check.h>

#include "tests/support/suite.h"

START_TEST(test_every_width_reads_back)
{
    for (unsigned shift = 0; shift < 64; shift++) {
        const uint64_t values[] = {UINT64_C(1) << shift, (UINT64_C(1) << shift) - 1};

        for (size_t i = 0; i < 2; i++) {
            uint8_t bytes[10];
            struct varint_out out = {bytes, bytes + sizeof(bytes), false};
            struct varint_in in;

            varint_put(&out, values[i]);
            ck_assert(!out.is_over);
            in = (struct varint_in){bytes, out.at, false};
            ck_assert_uint_eq(varint_next(&in), values[i]);
            ck_assert(!in.is_bad && in.at == in.end);
        }
    }
}
END_TEST

START_TEST(test_a_number_cut_short_is_bad_and_stays_bad)
{
    const uint8_t bytes[] = {0x80, 0x80};
    struct varint_in in = {bytes, bytes + 2, false};

    ck_assert_uint_eq(varint_next(&in), 0);
    ck_assert(in.is_bad);
    ck_assert_uint_eq(varint_next(&in), 0);
    ck_assert(in.is_bad);
}
END_TEST

START_TEST(test_a_number_of_eleven_bytes_is_bad)
{
    uint8_t bytes[11];
    struct varint_in in = {bytes, bytes + sizeof(bytes), false};

    memset(bytes, 0x80, sizeof(bytes));
    bytes[10] = 1;
    (void)varint_next(&in); /* Zero; what counts is that it is bad. */
    ck_assert(in.is_bad);
}
END_TEST

START_TEST(test_bytes_longer_than_what_is_left_are_bad)
{
    const uint8_t bytes[] = {4, 'a', 'b', 'c'};
    struct varint_in in = {bytes, bytes + sizeof(bytes), false};
    size_t n = 9;

    ck_assert_ptr_null(varint_next_bytes(&in, &n));
    ck_assert_uint_eq(n, 0);
    ck_assert(in.is_bad);
}
END_TEST

START_TEST(test_bytes_read_back)
{
    uint8_t bytes[8];
    struct varint_out out = {bytes, bytes + sizeof(bytes), false};
    struct varint_in in;
    size_t n = 0;

    varint_put_bytes(&out, "abc", 3);
    varint_put_bytes(&out, "", 0);
    in = (struct varint_in){bytes, out.at, false};
    ck_assert_mem_eq(varint_next_bytes(&in, &n), "abc", 3);
    ck_assert_uint_eq(n, 3);
    ck_assert_ptr_nonnull(varint_next_bytes(&in, &n));
    ck_assert_uint_eq(n, 0);
    ck_assert(!in.is_bad);
}
END_TEST

START_TEST(test_writing_past_the_end_is_remembered)
{
    uint8_t bytes[4];
    struct varint_out out = {bytes, bytes + sizeof(bytes), false};

    varint_put_bytes(&out, "abcd", 4);
    ck_assert(out.is_over);
}
END_TEST

int main(void)
{
    return suite_main("varint", test_every_width_reads_back,
                      test_a_number_cut_short_is_bad_and_stays_bad,
                      test_a_number_of_eleven_bytes_is_bad,
                      test_bytes_longer_than_what_is_left_are_bad, test_bytes_read_back,
                      test_writing_past_the_end_is_remembered);
}
