#include "base/ids.h"

#include <check.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "tests/support/suite.h"

#define IDS 20000
#define THREADS 4

struct id {
    char text[IDS_UUID_TEXT];
};

static uint64_t milliseconds_of(const char *id)
{
    uint64_t ms = 0;

    for (size_t i = 0; i < 13; i++) {
        if (id[i] != '-') {
            ms = ms * 16 + (uint64_t)(id[i] <= '9' ? id[i] - '0' : id[i] - 'a' + 10);
        }
    }
    return ms;
}

START_TEST(test_an_id_is_a_uuid_of_version_7)
{
    struct id id;

    ids_make(id.text);
    ck_assert_uint_eq(strlen(id.text), 36);
    ck_assert_uint_eq(strspn(id.text, "0123456789abcdef-"), 36);
    ck_assert_int_eq(id.text[8], '-');
    ck_assert_int_eq(id.text[13], '-');
    ck_assert_int_eq(id.text[14], '7');
    ck_assert_int_eq(id.text[18], '-');
    ck_assert_ptr_nonnull(strchr("89ab", id.text[19]));
    ck_assert_int_eq(id.text[23], '-');
    ck_assert(ids_is_valid(id.text));
}
END_TEST

START_TEST(test_an_id_holds_the_time_it_was_made)
{
    uint64_t before = clk_wall_ms();
    struct id id;

    ids_make(id.text);
    ck_assert_uint_ge(milliseconds_of(id.text), before);
    ck_assert_uint_le(milliseconds_of(id.text), clk_wall_ms() + 1);
}
END_TEST

START_TEST(test_ids_are_in_the_order_they_were_made)
{
    struct id last = {""};

    for (int i = 0; i < IDS; i++) {
        struct id id;

        ids_make(id.text);
        ck_assert_msg(strcmp(last.text, id.text) < 0, "%s after %s", id.text, last.text);
        last = id;
    }
}
END_TEST

static void *make_many(void *ids)
{
    struct id *each = ids;

    for (int i = 0; i < IDS; i++) {
        ids_make(each[i].text);
    }
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct id));
}

START_TEST(test_threads_never_make_the_same_id)
{
    struct id *ids = malloc(sizeof(struct id) * THREADS * IDS);
    pthread_t threads[THREADS];

    ck_assert_ptr_nonnull(ids);
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, make_many, ids + i * IDS), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    qsort(ids, THREADS * IDS, sizeof(struct id), compare);
    for (size_t i = 1; i < THREADS * IDS; i++) {
        ck_assert(memcmp(&ids[i - 1], &ids[i], 18) !=
                  0); /* Time and counter alone differ. */
    }
    free(ids);
}
END_TEST

START_TEST(test_an_id_of_a_client_has_few_kinds_of_characters)
{
    ck_assert(ids_is_valid("order-17_A.b~c"));
    ck_assert(!ids_is_valid(""));
    ck_assert(!ids_is_valid("a b"));
    ck_assert(!ids_is_valid("a/b"));
    ck_assert(!ids_is_valid("a%2fb"));
    ck_assert(!ids_is_valid("a\n"));
    ck_assert(!ids_is_valid("\xc3\xa9"));
}
END_TEST

START_TEST(test_an_id_of_a_client_has_at_most_128_characters)
{
    char id[IDS_ID_MAX + 2];

    memset(id, 'a', sizeof(id));
    id[IDS_ID_MAX + 1] = '\0';
    ck_assert(!ids_is_valid(id));
    id[IDS_ID_MAX] = '\0';
    ck_assert(ids_is_valid(id));
}
END_TEST

START_TEST(test_random_hex_differs_each_time)
{
    char one[65];
    char other[65];

    ids_random_hex(one, 32);
    ids_random_hex(other, 32);
    ck_assert_uint_eq(strlen(one), 64);
    ck_assert_uint_eq(strspn(one, "0123456789abcdef"), 64);
    ck_assert_str_ne(one, other);
}
END_TEST

int main(void)
{
    return suite_main(
        "ids", test_an_id_is_a_uuid_of_version_7, test_an_id_holds_the_time_it_was_made,
        test_ids_are_in_the_order_they_were_made, test_threads_never_make_the_same_id,
        test_an_id_of_a_client_has_few_kinds_of_characters,
        test_an_id_of_a_client_has_at_most_128_characters,
        test_random_hex_differs_each_time);
}
