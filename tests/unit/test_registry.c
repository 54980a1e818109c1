#include "engine/view/registry.h"

#include <check.h>
#include <string.h>

#include "base/json.h"
#include "engine/store/store_open.h"
#include "tests/support/suite.h"

struct shelf { /* A store with definitions, and a registry over it. */
    struct arena *arena;
    struct store *store;
    struct store_reader *reader;
    struct registry *registry;
    atomic_uint_fast64_t stamp;
};

static struct shelf shelf_open(void)
{
    struct shelf s = {.arena = arena_create(4096)};
    struct err_info info;

    json_init();
    ck_assert_int_eq(store_open_memory(&s.store, &info), ERR_OK);
    ck_assert_int_eq(store_reader_open(s.store, &s.reader, &info), ERR_OK);
    return s;
}

static void shelf_close(struct shelf *s)
{
    registry_destroy(s->registry);
    store_reader_close(s->reader);
    store_close(s->store);
    arena_destroy(s->arena);
}

static void commit(struct shelf *s, enum store_op_kind kind, struct store_definition row)
{
    struct store_batch batch = {.arena = s->arena};
    struct err_info info;

    store_batch_add(&batch, kind)->of.definition = row;
    ck_assert_int_eq(store_commit(s->store, &batch, &info), ERR_OK);
}

/* Version `version` of "one", as number num, made current. */
static void put(struct shelf *s, uint64_t num, uint32_t version, const char *content)
{
    commit(s, STORE_DEFINITION,
           (struct store_definition){.num = num,
                                     .name = "one",
                                     .version = version,
                                     .hash = version == 1 ? "h1" : "h2",
                                     .content = content,
                                     .created_ms = 1000 * num});
    commit(s, STORE_DEFINITION_USE,
           (struct store_definition){.name = "one", .version = version});
}

static const char content[] =
    "{\"name\":\"one\",\"steps\":[{\"id\":\"a\",\"call\":\"POST http://127.0.0.1/a\","
    "\"compensate\":null}]}";
static const char longer[] =
    "{\"name\":\"one\",\"steps\":[{\"id\":\"a\",\"call\":\"POST http://127.0.0.1/a\","
    "\"compensate\":null},{\"id\":\"b\",\"call\":\"POST http://127.0.0.1/b\","
    "\"compensate\":null}]}";

START_TEST(test_a_version_is_compiled_once_and_found_three_ways)
{
    struct shelf s = shelf_open();
    const struct registry_entry *by_num;
    const struct registry_entry *by_version;
    struct registry_name by_name;
    struct err_info info;

    put(&s, 1, 1, content);
    s.registry = registry_create(s.reader, &s.stamp);
    ck_assert_int_eq(registry_find(s.registry, 1, &by_num, &info), ERR_OK);
    ck_assert_int_eq(registry_find_version(s.registry, "one", 1, &by_version, &info),
                     ERR_OK);
    ck_assert_int_eq(registry_find_name(s.registry, "one", &by_name, &info), ERR_OK);
    ck_assert_ptr_eq(by_num, by_version);
    ck_assert_ptr_eq(by_num, by_name.current);
    ck_assert_str_eq(by_num->definition->steps[1].id, "a");
    ck_assert_str_eq(by_num->hash, "h1");
    ck_assert_uint_eq(by_num->created_ms, 1000);
    shelf_close(&s);
}
END_TEST

START_TEST(test_the_current_version_is_remembered_until_the_stamp_moves)
{
    struct shelf s = shelf_open();
    struct registry_name name;
    struct err_info info;

    put(&s, 1, 1, content);
    s.registry = registry_create(s.reader, &s.stamp);
    ck_assert_int_eq(registry_find_name(s.registry, "one", &name, &info), ERR_OK);
    put(&s, 2, 2, longer);
    commit(&s, STORE_DEFINITION_FLAGS,
           (struct store_definition){.name = "one", .is_paused = true});
    ck_assert_int_eq(registry_find_name(s.registry, "one", &name, &info), ERR_OK);
    ck_assert_uint_eq(name.current->version, 1);
    atomic_fetch_add(&s.stamp, 1);
    ck_assert_int_eq(registry_find_name(s.registry, "one", &name, &info), ERR_OK);
    ck_assert_uint_eq(name.current->version, 2);
    ck_assert(name.is_paused && !name.is_archived);
    shelf_close(&s);
}
END_TEST

START_TEST(test_what_is_not_there_is_not_found_and_not_remembered)
{
    struct shelf s = shelf_open();
    const struct registry_entry *entry;
    struct registry_name name;
    struct err_info info;

    s.registry = registry_create(s.reader, &s.stamp);
    ck_assert_int_eq(registry_find(s.registry, 1, &entry, &info), ERR_NOT_FOUND);
    ck_assert_int_eq(registry_find_name(s.registry, "one", &name, &info), ERR_NOT_FOUND);
    put(&s, 1, 1, content);
    ck_assert_int_eq(registry_find_name(s.registry, "one", &name, &info), ERR_OK);
    shelf_close(&s);
}
END_TEST

START_TEST(test_a_text_that_no_longer_compiles_says_so)
{
    struct shelf s = shelf_open();
    const struct registry_entry *entry;
    struct err_info info;

    put(&s, 1, 1, "{\"name\":\"one\",\"steps\":[]}");
    s.registry = registry_create(s.reader, &s.stamp);
    ck_assert_int_eq(registry_find(s.registry, 1, &entry, &info), ERR_INVALID);
    ck_assert_ptr_nonnull(
        strstr(info.text, "version 1 of definition 'one' no longer compiles: "));
    shelf_close(&s);
}
END_TEST

int main(void)
{
    return suite_main("registry", test_a_version_is_compiled_once_and_found_three_ways,
                      test_the_current_version_is_remembered_until_the_stamp_moves,
                      test_what_is_not_there_is_not_found_and_not_remembered,
                      test_a_text_that_no_longer_compiles_says_so);
}
