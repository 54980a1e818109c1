#include "base/hash.h"

#include <check.h>

#include "tests/support/suite.h"

START_TEST(test_a_content_hash_is_blake2b_256)
{
    char text[HASH_HEX];

    hash_content("abc", 3, text);
    ck_assert_str_eq(text,
                     "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
    hash_content("", 0, text);
    ck_assert_str_eq(text,
                     "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}
END_TEST

START_TEST(test_the_stored_hashes_never_change)
{
    ck_assert_uint_eq(hash_mix(0, 0), 0);
    ck_assert_uint_eq(hash_mix(0, 1),
                      UINT64_C(0xe220a8397b1dcdaf)); /* splitmix64, seed 0 */
    ck_assert_uint_eq(hash_mix(1, 2), UINT64_C(0xbeeb8da1658eec67));
    ck_assert_uint_eq(hash_bytes("", 0), hash_mix(UINT64_C(0xcbf29ce484222325), 0));
    ck_assert_uint_eq(hash_bytes("a", 1), hash_mix(UINT64_C(0xaf63dc4c8601ec8c), 1));
}
END_TEST

START_TEST(test_texts_are_hashed_with_their_lengths)
{
    static const char *const texts[] = {NULL, "", "a\xc3\xa4"};
    static const char *const others[] = {"", NULL, "a\xc3\xa4"};
    char text[HASH_HEX];
    char other[HASH_HEX];

    hash_texts(texts, 3, text); /* "-,0:,3:a\xc3\xa4," */
    ck_assert_str_eq(text,
                     "61e14fc03c7848d8b8b3037549a8ec2ff50e2c313b8b65bbe6f0aa89ade9e30a");
    hash_texts(others, 3, other);
    ck_assert_str_ne(text, other);
}
END_TEST

int main(void)
{
    return suite_main("hash", test_a_content_hash_is_blake2b_256,
                      test_the_stored_hashes_never_change,
                      test_texts_are_hashed_with_their_lengths);
}
