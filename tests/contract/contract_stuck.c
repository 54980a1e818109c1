/* contract_stuck.c - the contract: what stuck sagas are stuck at, found and grouped. */
#include "base/buf.h"
#include "engine/store/store_stuck.h"
#include "tests/contract/contract.h"

#define CALL(call) (1U << CALL_##call)
#define OUTCOME(outcome) (1U << OUTCOME_##outcome)

static void stick(struct store_saga *s, const char *step, enum call_kind call,
                  enum outcome outcome)
{
    s->status = SAGA_STATUS_STUCK;
    s->stuck_step = step;
    s->stuck_call = call;
    s->stuck_outcome = outcome;
    s->stuck_ms = 100 - s->num;
    s->stuck_error =
        arena_printf(contract_batch.arena, "Saga %u: 50%% of_it", (unsigned)s->num);
}

/*
 *  1 order   pay action rejected          4 refund  pay action rejected
 *  2 order   pay action unknown           5 order   pay action unknown
 *  3 order   pay compensation unknown     6 order   as a whole
 *  7 order   running                      8 order   ship action unknown
 */
static void commit_eight(void)
{
    static const uint64_t definitions[] = {1, 2, 1, 3, 1, 1, 1, 2};
    static const char *const steps[] = {"pay", "pay", "pay", "pay",
                                        "pay", NULL,  NULL,  "ship"};
    static const enum call_kind calls[] = {CALL_ACTION, CALL_ACTION, CALL_COMPENSATION,
                                           CALL_ACTION, CALL_ACTION, CALL_ACTION,
                                           CALL_ACTION, CALL_ACTION};
    static const enum outcome outcomes[] = {
        OUTCOME_REJECTED, OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, OUTCOME_REJECTED,
        OUTCOME_UNKNOWN,  OUTCOME_NONE,    OUTCOME_NONE,    OUTCOME_UNKNOWN};

    contract_commit_definitions();
    for (unsigned i = 0; i < 8; i++) {
        struct store_saga *s = contract_add_saga(i + 1, definitions[i]);

        if (i != 6) {
            stick(s, steps[i], calls[i], outcomes[i]);
        }
    }
    contract_commit();
}

static const char *list(const struct store_filter *filter)
{
    return contract_list(filter, 0, 100);
}

START_TEST(test_list_by_what_is_stuck_and_how)
{
    commit_eight();
    ck_assert_str_eq(list(&(struct store_filter){.stuck_calls = CALL(ACTION)}),
                     "8 5 4 2 1");
    ck_assert_str_eq(
        list(&(struct store_filter){.stuck_calls = CALL(COMPENSATION) | CALL(CONFIRM)}),
        "3");
    ck_assert_str_eq(list(&(struct store_filter){.stuck_outcomes = OUTCOME(UNKNOWN)}),
                     "8 5 3 2");
    ck_assert_str_eq(list(&(struct store_filter){.stuck_calls = CALL(ACTION),
                                                 .stuck_outcomes = OUTCOME(REJECTED)}),
                     "4 1");
    ck_assert_str_eq(list(&(struct store_filter){.stuck_calls = CALL(ACTION),
                                                 .started_before_ms = 5,
                                                 .stuck_error = "x",
                                                 .statuses = 1U << SAGA_STATUS_RUNNING}),
                     "");
    ck_assert_str_eq(
        contract_list(&(struct store_filter){.stuck_calls = CALL(ACTION)}, 5, 2), "4 2");
}
END_TEST

START_TEST(test_list_of_one_group)
{
    static const char *const order[] = {"order", "order"};
    static const char *const steps[] = {"pay", "ship", "pay"};

    commit_eight();
    ck_assert_str_eq(list(&(struct store_filter){.definitions = order,
                                                 .n_definitions = 1,
                                                 .stuck_steps = steps,
                                                 .n_stuck_steps = 1,
                                                 .stuck_calls = CALL(ACTION),
                                                 .stuck_outcomes = OUTCOME(UNKNOWN)}),
                     "5 2");
    ck_assert_str_eq(
        list(&(struct store_filter){.definitions = order,
                                    .n_definitions = 2,
                                    .stuck_steps = steps,
                                    .n_stuck_steps = 3,
                                    .stuck_calls = CALL(ACTION) | CALL(COMPENSATION),
                                    .stuck_outcomes = OUTCOME(UNKNOWN),
                                    .stuck_error = "a 3"}),
        "3");
}
END_TEST

START_TEST(test_list_by_a_part_of_the_error)
{
    static const char *const steps[] = {"pay"};

    commit_eight();
    ck_assert_str_eq(list(&(struct store_filter){.stuck_error = "sAGA 5: 50%"}), "5");
    ck_assert_str_eq(list(&(struct store_filter){.stuck_error = "% of_IT"}),
                     "8 6 5 4 3 2 1");
    ck_assert_str_eq(list(&(struct store_filter){.stuck_error = "ofXit"}), "");
    ck_assert_str_eq(list(&(struct store_filter){.stuck_error = "it",
                                                 .stuck_outcomes = OUTCOME(REJECTED)}),
                     "4 1");
    ck_assert_str_eq(list(&(struct store_filter){.stuck_error = "saga",
                                                 .stuck_steps = steps,
                                                 .n_stuck_steps = 1,
                                                 .started_after_ms = 1}),
                     "5 4 3 2 1");
}
END_TEST

START_TEST(test_list_forgets_what_is_stuck_no_more)
{
    commit_eight();
    (void)contract_add_update(5, SAGA_STATUS_COMPENSATING);
    contract_commit();
    ck_assert_str_eq(list(&(struct store_filter){.stuck_outcomes = OUTCOME(UNKNOWN)}),
                     "8 3 2");
    stick(contract_add_update(7, SAGA_STATUS_STUCK), "ship", CALL_CONFIRM,
          OUTCOME_UNKNOWN);
    contract_commit();
    ck_assert_str_eq(list(&(struct store_filter){.stuck_outcomes = OUTCOME(UNKNOWN)}),
                     "8 7 3 2");
}
END_TEST

static bool tell_group(void *user, const struct store_stuck_group *g)
{
    struct buf *words = user;

    buf_printf(words, "%s%s", words->n > 0 ? ", " : "", g->definition);
    if (g->step != NULL) {
        buf_printf(words, " %s %d %d", g->step, (int)g->call, (int)g->outcome);
    }
    buf_printf(words, " x%u since %u", (unsigned)g->n, (unsigned)g->oldest_ms);
    return true;
}

static const char *groups(const char *definition, size_t most)
{
    struct buf words;
    const char *told;

    buf_init(&words, 4096);
    ck_assert_int_eq(store_scan_stuck(contract_reader, definition, most, tell_group,
                                      &words, &contract_info),
                     ERR_OK);
    told = arena_text(contract_arena, buf_text(&words));
    buf_done(&words);
    return told;
}

START_TEST(test_groups_come_largest_first_then_by_their_words)
{
    commit_eight();
    ck_assert_str_eq(groups(NULL, 9),
                     "order pay 0 4 x2 since 95, order x1 since 94, "
                     "order pay 0 2 x1 since 99, order pay 2 4 x1 since 97, "
                     "order ship 0 4 x1 since 92, refund pay 0 2 x1 since 96");
    ck_assert_str_eq(groups(NULL, 1), "order pay 0 4 x2 since 95");
    ck_assert_str_eq(groups("refund", 9), "refund pay 0 2 x1 since 96");
    ck_assert_str_eq(groups("nobody", 9), "");
    ck_assert_str_eq(groups(NULL, 0), "");
}
END_TEST

static bool tell_id(void *user, const struct store_saga *s)
{
    buf_printf(user, "%s%u", ((struct buf *)user)->n > 0 ? " " : "", (unsigned)s->num);
    return true;
}

static const char *alike(const struct store_stuck_group *g, size_t most)
{
    struct buf words;
    const char *told;

    buf_init(&words, 4096);
    ck_assert_int_eq(
        store_scan_stuck_sagas(contract_reader, g, most, tell_id, &words, &contract_info),
        ERR_OK);
    told = arena_text(contract_arena, buf_text(&words));
    buf_done(&words);
    return told;
}

START_TEST(test_sagas_of_a_group_come_newest_first)
{
    struct store_stuck_group g = {.definition = "order",
                                  .step = "pay",
                                  .call = CALL_ACTION,
                                  .outcome = OUTCOME_UNKNOWN};

    commit_eight();
    ck_assert_str_eq(alike(&g, 9), "5 2");
    ck_assert_str_eq(alike(&g, 1), "5");
    g.definition = "refund";
    ck_assert_str_eq(alike(&g, 9), "");
    g.outcome = OUTCOME_REJECTED;
    ck_assert_str_eq(alike(&g, 9), "4");
    ck_assert_str_eq(alike(&(struct store_stuck_group){.definition = "order"}, 9), "6");
}
END_TEST

START_TEST(test_oldest_stuck_is_that_of_now)
{
    uint64_t oldest_ms = 77;

    contract_commit_definitions();
    ck_assert_int_eq(store_oldest_stuck(contract_reader, &oldest_ms, &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(oldest_ms, 0);
    stick(contract_add_saga(1, 1), "pay", CALL_ACTION, OUTCOME_UNKNOWN);
    stick(contract_add_saga(2, 1), "pay", CALL_ACTION, OUTCOME_UNKNOWN);
    contract_commit();
    ck_assert_int_eq(store_oldest_stuck(contract_reader, &oldest_ms, &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(oldest_ms, 98);
    (void)contract_add_update(2, SAGA_STATUS_RUNNING);
    contract_commit();
    ck_assert_int_eq(store_oldest_stuck(contract_reader, &oldest_ms, &contract_info),
                     ERR_OK);
    ck_assert_uint_eq(oldest_ms, 99);
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_list_by_what_is_stuck_and_how);
    tcase_add_test(t, test_list_of_one_group);
    tcase_add_test(t, test_list_by_a_part_of_the_error);
    tcase_add_test(t, test_list_forgets_what_is_stuck_no_more);
    tcase_add_test(t, test_groups_come_largest_first_then_by_their_words);
    tcase_add_test(t, test_sagas_of_a_group_come_newest_first);
    tcase_add_test(t, test_oldest_stuck_is_that_of_now);
}

Suite *contract_stuck_suite(void)
{
    return contract_suite("stuck", add_tests);
}
