#include "base/thread.h"

#include <check.h>
#include <pthread.h>
#include <sys/prctl.h>

#include "tests/support/suite.h"

static void *name_it(void *seen)
{
    thread_set_name("sagad-test");
    (void)prctl(PR_GET_NAME, seen);
    return NULL;
}

START_TEST(test_thread_names_itself_and_no_other)
{
    char before[16] = "";
    char after[16] = "";
    char seen[16] = "";
    pthread_t thread;

    (void)prctl(PR_GET_NAME, before);
    ck_assert_int_eq(pthread_create(&thread, NULL, name_it, seen), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    (void)prctl(PR_GET_NAME, after);
    ck_assert_str_eq(seen, "sagad-test");
    ck_assert_str_eq(after, before);
}
END_TEST

int main(void)
{
    return suite_main("thread", test_thread_names_itself_and_no_other);
}
