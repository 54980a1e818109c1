/* contract_definitions.c - the contract: definitions, their versions and flags. */
#include "base/buf.h"
#include "tests/contract/contract.h"

/* "order 2 of 2", "order 1 of 2 paused" */
static const char *told(const struct store_definition *d)
{
    return arena_printf(contract_arena, "%s %u of %u%s%s", d->name, d->version,
                        d->current, d->is_paused ? " paused" : "",
                        d->is_archived ? " archived" : "");
}

static const char *find(const char *name, uint32_t version)
{
    struct store_definition d;
    const enum err e = store_find_definition(contract_reader, name, version,
                                             contract_arena, &d, &contract_info);

    return e == ERR_OK ? told(&d) : err_name(e);
}

static bool tell(void *user, const struct store_definition *d)
{
    struct buf *b = user;

    buf_add_text(b, b->n == 0 ? "" : ", ");
    buf_add_text(b, told(d));
    return true;
}

static const char *scanned(const char *after, size_t most)
{
    struct buf b;
    const char *words;

    buf_init(&b, 4096);
    ck_assert_int_eq(
        store_scan_definitions(contract_reader, after, most, tell, &b, &contract_info),
        ERR_OK);
    words = arena_text(contract_arena, buf_text(&b));
    buf_done(&b);
    return words;
}

static const char *versions(const char *name, uint32_t before, size_t most)
{
    struct buf b;
    const char *words;

    buf_init(&b, 4096);
    ck_assert_int_eq(store_scan_versions(contract_reader, name, before, most, tell, &b,
                                         &contract_info),
                     ERR_OK);
    words = arena_text(contract_arena, buf_text(&b));
    buf_done(&b);
    return words;
}

static void add_flags(const char *name, bool is_paused, bool is_archived)
{
    struct store_definition *d =
        &store_batch_add(&contract_batch, STORE_DEFINITION_FLAGS)->of.definition;

    d->name = name;
    d->is_paused = is_paused;
    d->is_archived = is_archived;
}

START_TEST(test_definition_is_read_as_it_was_written)
{
    struct store_definition d;

    contract_commit_definitions();
    ck_assert_int_eq(store_find_definition(contract_reader, "order", 1, contract_arena,
                                           &d, &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(d.num, 1);
    ck_assert_str_eq(d.name, "order");
    ck_assert_uint_eq(d.version, 1);
    ck_assert_str_eq(d.hash, "hash of order 1");
    ck_assert_str_eq(d.content, "content of order 1");
    ck_assert_uint_eq(d.created_ms, 1001);
    ck_assert_uint_eq(d.current, 2);
    ck_assert(!d.is_paused && !d.is_archived);
    ck_assert_ptr_null(d.children);
}
END_TEST

START_TEST(test_versions_of_children_are_read_as_they_were_written)
{
    struct store_definition d;

    contract_add_definition(1, "order", 1);
    contract_batch.first->of.definition.children = "{\"pay\":3}";
    contract_commit();
    ck_assert_int_eq(store_find_definition(contract_reader, "order", 0, contract_arena,
                                           &d, &contract_info),
                     ERR_OK);
    ck_assert_str_eq(d.children, "{\"pay\":3}");
    ck_assert_int_eq(
        store_find_definition_num(contract_reader, 1, contract_arena, &d, &contract_info),
        ERR_OK);
    ck_assert_str_eq(d.children, "{\"pay\":3}");
}
END_TEST

START_TEST(test_version_zero_is_the_current_one)
{
    struct store_definition *d;

    contract_commit_definitions();
    ck_assert_str_eq(find("order", 0), "order 2 of 2");
    d = &store_batch_add(&contract_batch, STORE_DEFINITION_USE)->of.definition;
    d->name = "order";
    d->version = 1;
    contract_commit();
    ck_assert_str_eq(find("order", 0), "order 1 of 1");
    ck_assert_str_eq(find("order", 2), "order 2 of 1");
    ck_assert_str_eq(find("order", 3), "not found");
    ck_assert_str_eq(find("nothing", 0), "not found");
}
END_TEST

START_TEST(test_definition_never_used_has_no_current_version)
{
    struct store_definition *d =
        &store_batch_add(&contract_batch, STORE_DEFINITION)->of.definition;

    *d = (struct store_definition){
        .num = 1, .name = "draft", .version = 1, .hash = "h", .content = "c"};
    contract_commit();
    ck_assert_str_eq(find("draft", 0), "not found");
    ck_assert_str_eq(find("draft", 1), "draft 1 of 0");
    ck_assert_str_eq(scanned(NULL, 9), "");
}
END_TEST

START_TEST(test_definition_is_found_by_number_and_by_content)
{
    struct store_definition d;

    contract_commit_definitions();
    ck_assert_int_eq(
        store_find_definition_num(contract_reader, 3, contract_arena, &d, &contract_info),
        ERR_OK);
    ck_assert_str_eq(told(&d), "refund 1 of 1");
    ck_assert_int_eq(
        store_find_definition_num(contract_reader, 4, contract_arena, &d, &contract_info),
        ERR_NOT_FOUND);
    ck_assert_int_eq(store_find_definition_hash(contract_reader, "order",
                                                "hash of order 1", contract_arena, &d,
                                                &contract_info),
                     ERR_OK);
    ck_assert_str_eq(told(&d), "order 1 of 2");
    ck_assert_int_eq(store_find_definition_hash(contract_reader, "refund",
                                                "hash of order 1", contract_arena, &d,
                                                &contract_info),
                     ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_of_equal_contents_the_newest_version_is_found)
{
    struct store_definition *to;
    struct store_definition d;

    contract_commit_definitions();
    to = &store_batch_add(&contract_batch, STORE_DEFINITION)->of.definition;
    *to = (struct store_definition){.num = 4,
                                    .name = "order",
                                    .version = 3,
                                    .hash = "hash of order 1",
                                    .content = "content of order 1"};
    contract_commit();
    ck_assert_int_eq(store_find_definition_hash(contract_reader, "order",
                                                "hash of order 1", contract_arena, &d,
                                                &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(d.version, 3);
}
END_TEST

START_TEST(test_flags_are_of_the_name)
{
    contract_commit_definitions();
    add_flags("order", true, false);
    contract_commit();
    ck_assert_str_eq(find("order", 1), "order 1 of 2 paused");
    ck_assert_str_eq(find("order", 2), "order 2 of 2 paused");
    ck_assert_str_eq(find("refund", 1), "refund 1 of 1");
    add_flags("order", false, true);
    contract_commit();
    ck_assert_str_eq(find("order", 0), "order 2 of 2 archived");
}
END_TEST

START_TEST(test_flags_of_an_unknown_name_are_refused)
{
    add_flags("nothing", true, true);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
}
END_TEST

START_TEST(test_version_that_is_there_is_refused)
{
    contract_commit_definitions();
    contract_add_definition(9, "order", 2);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    contract_add_definition(3, "order", 3);
    ck_assert_int_eq(contract_try_commit(), ERR_CONFLICT);
    ck_assert_str_eq(find("order", 3), "not found");
}
END_TEST

START_TEST(test_scan_gives_current_versions_by_name)
{
    contract_commit_definitions();
    contract_add_definition(4, "alpha", 7);
    contract_commit();
    ck_assert_str_eq(scanned(NULL, 9), "alpha 7 of 7, order 2 of 2, refund 1 of 1");
    ck_assert_str_eq(scanned(NULL, 1), "alpha 7 of 7");
    ck_assert_str_eq(scanned("alpha", 1), "order 2 of 2");
    ck_assert_str_eq(scanned("order", 9), "refund 1 of 1");
    ck_assert_str_eq(scanned("refund", 9), "");
    ck_assert_str_eq(scanned(NULL, 0), "");
}
END_TEST

START_TEST(test_versions_come_newest_first)
{
    contract_commit_definitions();
    contract_add_definition(4, "order", 3);
    contract_commit();
    ck_assert_str_eq(versions("order", 0, 9), "order 3 of 3, order 2 of 3, order 1 of 3");
    ck_assert_str_eq(versions("order", 0, 1), "order 3 of 3");
    ck_assert_str_eq(versions("order", 3, 1), "order 2 of 3");
    ck_assert_str_eq(versions("order", 1, 9), "");
    ck_assert_str_eq(versions("nothing", 0, 9), "");
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_definition_is_read_as_it_was_written);
    tcase_add_test(t, test_versions_of_children_are_read_as_they_were_written);
    tcase_add_test(t, test_version_zero_is_the_current_one);
    tcase_add_test(t, test_definition_never_used_has_no_current_version);
    tcase_add_test(t, test_definition_is_found_by_number_and_by_content);
    tcase_add_test(t, test_of_equal_contents_the_newest_version_is_found);
    tcase_add_test(t, test_flags_are_of_the_name);
    tcase_add_test(t, test_flags_of_an_unknown_name_are_refused);
    tcase_add_test(t, test_version_that_is_there_is_refused);
    tcase_add_test(t, test_scan_gives_current_versions_by_name);
    tcase_add_test(t, test_versions_come_newest_first);
}

Suite *contract_definitions_suite(void)
{
    return contract_suite("definitions", add_tests);
}
