/* test_child_id.c - the ids of children (S33). */
#include "engine/view/child_id.h"

#include <check.h>
#include <string.h>

#include "base/ids.h"
#include "engine/core/saga.h"
#include "tests/support/suite.h"

static const char *id_of(struct arena *a, const char *parent, uint32_t item,
                         uint16_t generation)
{
    const struct child_place at = {
        .parent = parent, .step = "pay", .item = item, .generation = generation};

    return child_id(a, &at, false);
}

START_TEST(test_an_id_names_parent_step_item_and_generation)
{
    struct arena *a = arena_create(4096);

    ck_assert_str_eq(id_of(a, "a", SAGA_NO_ITEM, 1), "a.pay");
    ck_assert_str_eq(id_of(a, "a", SAGA_NO_ITEM, 2), "a.pay~2");
    ck_assert_str_eq(id_of(a, "a", 0, 1), "a.pay.0");
    ck_assert_str_eq(id_of(a, "a", 17, 3), "a.pay.17~3");
    arena_destroy(a);
}
END_TEST

START_TEST(test_an_id_too_long_becomes_a_hash_of_it)
{
    char longest[IDS_ID_MAX + 1];
    struct arena *a = arena_create(4096);
    const char *id;

    memset(longest, 'x', IDS_ID_MAX);
    longest[IDS_ID_MAX] = '\0';
    id = id_of(a, longest + 4, SAGA_NO_ITEM, 1);
    ck_assert_uint_eq(strlen(id), IDS_ID_MAX);
    ck_assert_str_eq(id + IDS_ID_MAX - 4, ".pay");
    id = id_of(a, longest + 3, SAGA_NO_ITEM, 1);
    ck_assert_uint_eq(strlen(id), strlen("child-") + 64);
    ck_assert(ids_is_valid(id));
    ck_assert_str_ne(id, id_of(a, longest + 2, SAGA_NO_ITEM, 1));
    ck_assert_str_ne(id, id_of(a, longest + 3, SAGA_NO_ITEM, 2));
    arena_destroy(a);
}
END_TEST

START_TEST(test_the_second_form_is_had_by_asking)
{
    const struct child_place at = {
        .parent = "a", .step = "pay", .item = SAGA_NO_ITEM, .generation = 1};
    struct arena *a = arena_create(4096);

    ck_assert_int_eq(strncmp(child_id(a, &at, true), "child-", 6), 0);
    arena_destroy(a);
}
END_TEST

int main(void)
{
    return suite_main("child_id", test_an_id_names_parent_step_item_and_generation,
                      test_an_id_too_long_becomes_a_hash_of_it,
                      test_the_second_form_is_had_by_asking);
}
