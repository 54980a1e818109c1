#include "base/arena.h"

#include <check.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/suite.h"

START_TEST(test_every_block_is_zeroed_and_aligned)
{
    struct arena *a = arena_create(100);

    for (size_t n = 0; n < 200; n++) {
        char *block = arena_take(a, n);
        const char zeros[200] = {0};

        ck_assert_uint_eq((uintptr_t)block % _Alignof(max_align_t), 0);
        ck_assert(memcmp(block, zeros, n) == 0);
        memset(block, 0xff, n);
    }
    arena_destroy(a);
}
END_TEST

START_TEST(test_blocks_do_not_touch_each_other)
{
    struct arena *a = arena_create(64);
    char *first = arena_text(a, "first");
    char *second = arena_take(a, 1000);
    char *third = arena_text(a, "third");

    memset(second, 'x', 1000);
    ck_assert_str_eq(first, "first");
    ck_assert_str_eq(third, "third");
    arena_destroy(a);
}
END_TEST

START_TEST(test_a_reset_arena_hands_out_zeros_again)
{
    struct arena *a = arena_create(64);
    char *block;

    memset(arena_take(a, 40), 0xff, 40);
    memset(arena_take(a, 4000), 0xff, 4000);
    arena_reset(a);
    ck_assert_uint_eq(arena_used(a), 0);
    block = arena_take(a, 40);
    ck_assert_int_eq(block[0] | block[39], 0);
    ck_assert_uint_eq(arena_used(a), 40);
    arena_destroy(a);
}
END_TEST

START_TEST(test_a_reset_arena_uses_its_first_memory_again)
{
    struct arena *a = arena_create(64);
    char *first = arena_take(a, 40);

    (void)arena_take(a, 4000); /* A second chunk. */
    arena_reset(a);
    ck_assert_ptr_eq(arena_take(a, 40), first);
    arena_destroy(a);
}
END_TEST

START_TEST(test_copies_end_with_a_nul)
{
    struct arena *a = arena_create(64);

    ck_assert_str_eq(arena_copy(a, "abcdef", 3), "abc");
    ck_assert_str_eq(arena_printf(a, "%s-%d", "n", 12), "n-12");
    ck_assert_ptr_null(arena_text(a, NULL));
    arena_destroy(a);
    arena_destroy(NULL);
}
END_TEST

START_TEST(test_texts_are_joined_up_to_the_null)
{
    struct arena *a = arena_create(64);

    ck_assert_str_eq(arena_join(a, "s-1", ".", "", "pay", NULL), "s-1.pay");
    ck_assert_str_eq(arena_join(a, "alone", NULL), "alone");
    arena_destroy(a);
}
END_TEST

START_TEST(test_numbers_are_written_in_decimal)
{
    struct arena *a = arena_create(64);

    ck_assert_str_eq(arena_number(a, 0), "0");
    ck_assert_str_eq(arena_number(a, 1000), "1000");
    ck_assert_str_eq(arena_number(a, UINT64_MAX), "18446744073709551615");
    arena_destroy(a);
}
END_TEST

int main(void)
{
    return suite_main(
        "arena", test_every_block_is_zeroed_and_aligned,
        test_blocks_do_not_touch_each_other, test_a_reset_arena_hands_out_zeros_again,
        test_a_reset_arena_uses_its_first_memory_again, test_copies_end_with_a_nul,
        test_texts_are_joined_up_to_the_null, test_numbers_are_written_in_decimal);
}
