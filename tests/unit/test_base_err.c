#include "base/err.h"

#include <check.h>
#include <string.h>

#include "tests/support/suite.h"

START_TEST(test_a_failure_is_its_code_and_one_sentence)
{
    struct err_info info;

    ck_assert_int_eq(err_set(&info, ERR_IO, "read %s: %s", "a.db", "no space"), ERR_IO);
    ck_assert_str_eq(info.text, "read a.db: no space");
}
END_TEST

START_TEST(test_a_long_sentence_is_cut_and_not_a_failure)
{
    struct err_info info;
    char text[2 * ERR_TEXT_MAX];

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    ck_assert_int_eq(err_set(&info, ERR_INVALID, "%s", text), ERR_INVALID);
    ck_assert_uint_eq(strlen(info.text), ERR_TEXT_MAX - 1);
}
END_TEST

START_TEST(test_nobody_has_to_want_the_sentence)
{
    ck_assert_int_eq(err_set(NULL, ERR_BUSY, "busy"), ERR_BUSY);
}
END_TEST

START_TEST(test_every_code_has_a_name)
{
    ck_assert_str_eq(err_name(ERR_OK), "ok");
    ck_assert_str_eq(err_name(ERR_NOT_FOUND), "not found");
    ck_assert_str_eq(err_name(ERR_IO), "input/output error");
}
END_TEST

int main(void)
{
    return suite_main("err", test_a_failure_is_its_code_and_one_sentence,
                      test_a_long_sentence_is_cut_and_not_a_failure,
                      test_nobody_has_to_want_the_sentence, test_every_code_has_a_name);
}
