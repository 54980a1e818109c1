/* contract_store.c - one suite for every backend of store.h (architecture.md, 10). */
#include <stdlib.h>

#include "base/log.h"
#include "tests/contract/contract.h"

int main(void)
{
    SRunner *runner = srunner_create(contract_sagas_suite());
    int n_failed;

    log_init(LOG_PLAIN, LOG_ERROR);
    srunner_add_suite(runner, contract_lists_suite());
    srunner_add_suite(runner, contract_filters_suite());
    srunner_add_suite(runner, contract_stuck_suite());
    srunner_add_suite(runner, contract_pages_suite());
    srunner_add_suite(runner, contract_rows_suite());
    srunner_add_suite(runner, contract_audit_suite());
    srunner_add_suite(runner, contract_purge_suite());
    srunner_add_suite(runner, contract_notify_suite());
    srunner_add_suite(runner, contract_bulk_suite());
    srunner_add_suite(runner, contract_definitions_suite());
    srunner_add_suite(runner, contract_writer_suite());
    srunner_add_suite(runner, contract_copy_suite());
    srunner_add_suite(runner, contract_sqlite_suite());
    srunner_add_suite(runner, contract_plans_suite());
    srunner_run_all(runner, CK_NORMAL);
    n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
