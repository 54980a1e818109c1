#include "base/mem.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/suite.h"

START_TEST(test_a_new_block_is_zeros)
{
    char *block = mem_alloc(64);
    const char zeros[64] = {0};

    ck_assert_mem_eq(block, zeros, 64);
    free(block);
}
END_TEST

START_TEST(test_no_bytes_is_a_block_too)
{
    void *block = mem_alloc(0);

    ck_assert_ptr_nonnull(block);
    free(block);
}
END_TEST

START_TEST(test_growing_keeps_what_was_there)
{
    char *block = mem_grow(NULL, 4);

    memcpy(block, "abc", 4);
    block = mem_grow(block, 4096);
    ck_assert_str_eq(block, "abc");
    free(block);
}
END_TEST

START_TEST(test_a_copy_ends_with_a_nul)
{
    char *copy = mem_copy("abcdef", 3);

    ck_assert_str_eq(copy, "abc");
    free(copy);
}
END_TEST

START_TEST(test_no_text_stays_no_text)
{
    char *text = mem_text("x");

    ck_assert_ptr_null(mem_text(NULL));
    ck_assert_str_eq(text, "x");
    free(text);
}
END_TEST

int main(void)
{
    return suite_main("mem", test_a_new_block_is_zeros, test_no_bytes_is_a_block_too,
                      test_growing_keeps_what_was_there, test_a_copy_ends_with_a_nul,
                      test_no_text_stays_no_text);
}
