/* contract_support.c - see contract.h. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "engine/store/store_page.h"
#include "tests/contract/contract.h"

#define WORDS_MAX 65536

struct store *contract_store;
struct store_reader *contract_reader;
struct arena *contract_arena;
struct store_batch contract_batch;
struct err_info contract_info;

static char folder[64];
static char path[80];

/* ---- fixtures ------------------------------------------------------------------- */

static void begin(void)
{
    contract_arena = arena_create(4096);
    contract_batch = (struct store_batch){.arena = arena_create(4096)};
}

static void open_reader(void)
{
    ck_assert_msg(store_reader_open(contract_store, &contract_reader, &contract_info) ==
                      ERR_OK,
                  "%s", contract_info.text);
}

void contract_open_memory(void)
{
    begin();
    ck_assert_int_eq(store_open_memory(&contract_store, &contract_info), ERR_OK);
    open_reader();
}

void contract_make_folder(void)
{
    begin();
    (void)snprintf(folder, sizeof(folder), "/tmp/sagad-contract-XXXXXX"); /* Fits. */
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/saga.db", folder); /* Fits. */
}

void contract_remove_folder(void)
{
    DIR *d = opendir(folder);
    const struct dirent *entry;

    if (d != NULL) {
        while ((entry = readdir(d)) != NULL) {
            (void)unlinkat(dirfd(d), entry->d_name, 0); /* . and .. stay. */
        }
        (void)closedir(d);
        (void)rmdir(folder);
    }
    arena_destroy(contract_batch.arena);
    arena_destroy(contract_arena);
}

const char *contract_path(void)
{
    return path;
}

const char *contract_beside(const char *ending)
{
    return arena_printf(contract_arena, "%s%s", path, ending);
}

enum err contract_open_at(struct store **out, bool is_dev)
{
    const struct store_sqlite_options options = {.is_dev = is_dev, .reserve_bytes = 4096};

    return store_open_sqlite(path, &options, out, &contract_info);
}

void contract_open_here(void)
{
    ck_assert_msg(contract_open_at(&contract_store, false) == ERR_OK, "%s",
                  contract_info.text);
    open_reader();
}

void contract_open_sqlite(void)
{
    contract_make_folder();
    contract_open_here();
}

void contract_reopen(void)
{
    store_reader_close(contract_reader);
    store_close(contract_store);
    contract_open_here();
}

void contract_close(void)
{
    store_reader_close(contract_reader);
    store_close(contract_store);
    contract_reader = NULL;
    contract_store = NULL;
    contract_remove_folder();
}

Suite *contract_suite(const char *name, contract_fill fill)
{
    Suite *suite = suite_create(name);
    TCase *memory = tcase_create("memory");
    TCase *sqlite = tcase_create("sqlite");

    tcase_add_checked_fixture(memory, contract_open_memory, contract_close);
    tcase_add_checked_fixture(sqlite, contract_open_sqlite, contract_close);
    fill(memory);
    fill(sqlite);
    suite_add_tcase(suite, memory);
    suite_add_tcase(suite, sqlite);
    return suite;
}

/* ---- writing ---------------------------------------------------------------------- */

enum err contract_try_commit(void)
{
    const enum err e = store_commit(contract_store, &contract_batch, &contract_info);

    store_tidy(contract_store);
    store_batch_clear(&contract_batch);
    return e;
}

void contract_commit(void)
{
    ck_assert_msg(contract_try_commit() == ERR_OK, "%s", contract_info.text);
}

void contract_add_definition(uint64_t num, const char *name, uint32_t version)
{
    struct store_definition *d =
        &store_batch_add(&contract_batch, STORE_DEFINITION)->of.definition;

    d->num = num;
    d->name = name;
    d->version = version;
    d->hash = arena_printf(contract_batch.arena, "hash of %s %u", name, version);
    d->content = arena_printf(contract_batch.arena, "content of %s %u", name, version);
    d->created_ms = 1000 + num;
    d = &store_batch_add(&contract_batch, STORE_DEFINITION_USE)->of.definition;
    d->name = name;
    d->version = version;
}

struct store_saga *contract_add_saga(uint64_t num, uint64_t definition)
{
    struct store_op *op = store_batch_add(&contract_batch, STORE_SAGA_INSERT);
    struct store_saga *s = &op->of.saga.row;

    op->of.saga.input = (struct store_bytes){"{}", 2};
    s->num = num;
    s->id = arena_printf(contract_batch.arena, "saga-%llu", (unsigned long long)num);
    s->definition = definition;
    s->started_ms = 1000 * num;
    s->updated_ms = 1000 * num;
    return s;
}

struct store_saga *contract_add_update(uint64_t num, enum saga_status status)
{
    struct store_saga *s =
        &store_batch_add(&contract_batch, STORE_SAGA_UPDATE)->of.saga.row;

    s->num = num;
    s->status = status;
    return s;
}

void contract_add_turn(uint64_t saga, uint64_t turn, const char *state)
{
    struct store_turn *t = &store_batch_add(&contract_batch, STORE_TURN)->of.turn;

    t->saga = saga;
    t->turn = turn;
    t->at_ms = 100 * turn;
    t->event = SAGA_EV_ANSWERED;
    t->state = (struct store_bytes){state, strlen(state)};
}

void contract_commit_definitions(void)
{
    contract_add_definition(1, "order", 1);
    contract_add_definition(2, "order", 2);
    contract_add_definition(3, "refund", 1);
    contract_commit();
}

/* ---- reading, in words --------------------------------------------------------------
 */

static const char *words_of(struct buf *b)
{
    const char *words = arena_text(contract_arena, buf_text(b));

    buf_done(b);
    return words;
}

static bool add_saga_num(void *user, const struct store_saga *s)
{
    struct buf *b = user;

    buf_printf(b, b->n == 0 ? "%llu" : " %llu", (unsigned long long)s->num);
    return true;
}

static const char *nums(enum err e, struct buf *b)
{
    ck_assert_msg(e == ERR_OK, "%s", contract_info.text);
    return words_of(b);
}

static const char *whole_list(const struct store_filter *filter, uint64_t before,
                              size_t most)
{
    struct buf b;

    buf_init(&b, WORDS_MAX);
    return nums(store_scan_sagas(contract_reader, filter, before, most, add_saga_num, &b,
                                 &contract_info),
                &b);
}

const char *contract_pages(const struct store_filter *filter, uint64_t before,
                           size_t most, uint64_t stretch)
{
    struct store_page page = {
        .filter = filter, .before_num = before, .most = most, .stretch = stretch};
    struct buf b;
    enum err e;

    buf_init(&b, WORDS_MAX);
    do {
        uint64_t below = 0;
        const size_t n_before = b.n;

        e = store_scan_page(contract_reader, &page, add_saga_num, &b, &below,
                            &contract_info);
        for (size_t i = n_before; i < b.n; i++) {
            page.most -= buf_text(&b)[i] == ' ' || i == 0 ? 1 : 0;
        }
        page.before_num = below;
    } while (e == ERR_OK && page.before_num != 0 && page.most > 0);
    return nums(e, &b);
}

/* A list in pages of a few numbers each is the same list. */
const char *contract_list(const struct store_filter *filter, uint64_t before, size_t most)
{
    static const struct store_filter all = {0};
    const char *list = whole_list(filter, before, most);

    if (filter == NULL) {
        filter = &all;
    }
    ck_assert_str_eq(contract_pages(filter, before, most, 1), list);
    ck_assert_str_eq(contract_pages(filter, before, most, 3), list);
    ck_assert_str_eq(contract_pages(filter, before, most, 0), list);
    return list;
}

const char *contract_awake(uint64_t after, size_t most)
{
    struct buf b;

    buf_init(&b, WORDS_MAX);
    return nums(
        store_scan_awake(contract_reader, after, most, add_saga_num, &b, &contract_info),
        &b);
}

const char *contract_due(uint64_t until_ms, size_t most)
{
    return contract_due_behind(0, 0, until_ms, most);
}

const char *contract_due_behind(uint64_t after_ms, uint64_t after_num, uint64_t until_ms,
                                size_t most)
{
    const struct store_due due = {after_ms, after_num, until_ms};
    struct buf b;

    buf_init(&b, WORDS_MAX);
    return nums(
        store_scan_due(contract_reader, &due, most, add_saga_num, &b, &contract_info),
        &b);
}

const char *contract_line(const char *name, const char *ordering_key)
{
    struct buf b;

    buf_init(&b, WORDS_MAX);
    return nums(store_scan_line(contract_reader, name, ordering_key, 99, add_saga_num, &b,
                                &contract_info),
                &b);
}

static const char *status_name(enum saga_status status)
{
    static const char *const names[] = {
#define X(name, text) text,
        SAGA_STATUS_MAP(X)
#undef X
    };

    return names[status];
}

static bool add_count(void *user, const char *definition_name, enum saga_status status,
                      uint64_t n)
{
    struct buf *b = user;

    buf_printf(b, "%s%s %s %llu", b->n == 0 ? "" : ", ", definition_name,
               status_name(status), (unsigned long long)n);
    return true;
}

const char *contract_counts(void)
{
    struct buf b;

    buf_init(&b, WORDS_MAX);
    return nums(store_scan_counts(contract_reader, add_count, &b, &contract_info), &b);
}

const char *contract_text(struct store_bytes bytes)
{
    return bytes.at == NULL ? "(null)" : arena_copy(contract_arena, bytes.at, bytes.n);
}

static bool add_turn(void *user, const struct store_turn *t)
{
    struct buf *b = user;

    buf_printf(b, "%s%llu %s", b->n == 0 ? "" : ", ", (unsigned long long)t->turn,
               contract_text(t->state));
    return true;
}

const char *contract_turns(uint64_t saga, uint64_t from, size_t most)
{
    struct buf b;

    buf_init(&b, WORDS_MAX);
    return nums(
        store_scan_turns(contract_reader, saga, from, most, add_turn, &b, &contract_info),
        &b);
}
