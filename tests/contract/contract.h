/*
 * contract.h - what the suites of the store's contract share.
 *
 * Each test runs on a new store with one reader, once for every backend; what it reads
 * is told in words ("3 2 1", "running 2 stuck 1") and compared as such. The globals
 * belong to the test at hand; Check runs each test in a process of its own.
 */
#ifndef TESTS_CONTRACT_CONTRACT_H
#define TESTS_CONTRACT_CONTRACT_H

#include <check.h>

#include "base/arena.h"
#include "engine/store/store.h"
#include "engine/store/store_open.h"

extern struct store *contract_store;
extern struct store_reader *contract_reader;
extern struct arena *contract_arena; /* Of the test: words and rows read. */
extern struct store_batch contract_batch;
extern struct err_info contract_info;

/* ---- fixtures ------------------------------------------------------------------- */

void contract_open_memory(void);
void contract_open_sqlite(void);
void contract_close(void);

/* The database's path; its folder is new, 0700, and goes away with the test. */
const char *contract_path(void);
const char *contract_beside(const char *ending); /* "<path>.lock" and so on. */
void contract_make_folder(void);                 /* Without opening a store. */
void contract_remove_folder(void);
enum err contract_open_at(struct store **out, bool is_dev);
void contract_open_here(void); /* SQLite: in the folder that is there. */
void contract_reopen(void);    /* SQLite: close and open again. */

/* The suite's tests on each backend. */
typedef void (*contract_fill)(TCase *tcase);
Suite *contract_suite(const char *name, contract_fill fill);

/* ---- writing ---------------------------------------------------------------------- */

void contract_commit(void);         /* Must be ERR_OK. */
enum err contract_try_commit(void); /* The result; contract_info says why. */

void contract_add_definition(uint64_t num, const char *name, uint32_t version);
/* A running saga "saga-<num>" of a definition, for the test to change. */
struct store_saga *contract_add_saga(uint64_t num, uint64_t definition);
struct store_saga *contract_add_update(uint64_t num, enum saga_status status);
void contract_add_turn(uint64_t saga, uint64_t turn, const char *state);

/* Definitions 1 order 1, 2 order 2 (current), 3 refund 1; committed. */
void contract_commit_definitions(void);

/* ---- reading, in words --------------------------------------------------------------
 */

/* "3 2 1": numbers of the sagas that pass. */
const char *contract_list(const struct store_filter *filter, uint64_t before,
                          size_t most);
/* The same in pages whose first stretch is so long and which have no time for a second.
 */
const char *contract_pages(const struct store_filter *filter, uint64_t before,
                           size_t most, uint64_t stretch);
const char *contract_awake(uint64_t after, size_t most);
const char *contract_due(uint64_t until_ms, size_t most);
const char *contract_due_behind(uint64_t after_ms, uint64_t after_num, uint64_t until_ms,
                                size_t most);
const char *contract_line(const char *name, const char *ordering_key);
/* "order running 2, order stuck 1" */
const char *contract_counts(void);
/* "1 one, 2 two": turns and states. */
const char *contract_turns(uint64_t saga, uint64_t from, size_t most);
/* Bytes as text; NULL bytes are "(null)". */
const char *contract_text(struct store_bytes bytes);

Suite *contract_sagas_suite(void);
Suite *contract_lists_suite(void);
Suite *contract_filters_suite(void);
Suite *contract_pages_suite(void);
Suite *contract_rows_suite(void);
Suite *contract_stuck_suite(void);
Suite *contract_audit_suite(void);
Suite *contract_purge_suite(void);
Suite *contract_notify_suite(void);
Suite *contract_bulk_suite(void);
Suite *contract_definitions_suite(void);
Suite *contract_writer_suite(void);
Suite *contract_copy_suite(void);
Suite *contract_sqlite_suite(void);
Suite *contract_plans_suite(void);

#endif /* TESTS_CONTRACT_CONTRACT_H */
