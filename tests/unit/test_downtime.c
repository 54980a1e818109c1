#include "engine/view/downtime.h"

#include <check.h>
#include <stdlib.h>

#include "tests/support/suite.h"

static void assert_written(const struct downtimes *d, const char *wanted)
{
    char *text = downtimes_text(d);

    ck_assert_str_eq(text, wanted);
    free(text);
}

START_TEST(test_what_is_written_is_read)
{
    struct downtimes d = {.n = 0};

    assert_written(&d, "");
    downtimes_add(&d, 100, 150);
    downtimes_add(&d, 300, 301);
    assert_written(&d, "100-150,300-301");
    d.n = 0;
    downtimes_parse(&d, "100-150,300-301");
    assert_written(&d, "100-150,300-301");
}
END_TEST

START_TEST(test_text_is_read_as_far_as_it_makes_sense)
{
    static const char *const bad[] = {"7-9,",   "7-9,8",  "7-9,12-12",
                                      "7-9,-5", "7-9,xx", "7-9;10-20"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct downtimes d = {.n = 0};

        downtimes_parse(&d, bad[i]);
        assert_written(&d, "7-9");
    }
}
END_TEST

START_TEST(test_only_what_lies_behind_the_beginning_counts)
{
    struct downtimes d = {.n = 0};

    ck_assert_uint_eq(downtimes_since(&d, 5), 0);
    downtimes_add(&d, 100, 150);
    downtimes_add(&d, 300, 310);
    ck_assert_uint_eq(downtimes_since(&d, 0), 60);
    ck_assert_uint_eq(downtimes_since(&d, 120), 40);
    ck_assert_uint_eq(downtimes_since(&d, 150), 10);
    ck_assert_uint_eq(downtimes_since(&d, 310), 0);
    downtimes_add(&d, 400, 400); /* None. */
    ck_assert_uint_eq(d.n, 2);
}
END_TEST

START_TEST(test_a_full_list_forgets_the_oldest)
{
    struct downtimes d = {.n = 0};

    for (uint64_t i = 0; i <= DOWNTIMES_MAX; i++) {
        downtimes_add(&d, 10 * i, 10 * i + 1);
    }
    ck_assert_uint_eq(d.n, DOWNTIMES_MAX);
    ck_assert_uint_eq(d.all[0].from_ms, 10);
    ck_assert_uint_eq(d.all[d.n - 1].from_ms, (uint64_t)10 * DOWNTIMES_MAX);
}
END_TEST

int main(void)
{
    return suite_main("downtime", test_what_is_written_is_read,
                      test_text_is_read_as_far_as_it_makes_sense,
                      test_only_what_lies_behind_the_beginning_counts,
                      test_a_full_list_forgets_the_oldest);
}
