/*
 * suite.h - run the tests of one file.
 *
 * For files whose tests need no fixture and no loop: main() lists them and returns
 * what this gives. Each test runs in a process of its own (Check's default), so
 * that a failed assert() of the house fails one test and not the file.
 */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

/* tests: as START_TEST names them. The exit status of the program. */
static inline int suite_run(const char *name, const TTest *const *tests, size_t n)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    SRunner *runner = srunner_create(suite);
    int failed;

    for (size_t i = 0; i < n; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* suite_main("buf", test_one, test_other) */
#define suite_main(name, ...)                              \
    suite_run((name), (const TTest *const[]){__VA_ARGS__}, \
              sizeof((const TTest *const[]){__VA_ARGS__}) / sizeof(const TTest *))

#endif /* TESTS_SUPPORT_SUITE_H */
