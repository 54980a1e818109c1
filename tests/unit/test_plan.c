/*
 * test_plan.c - plan_is_sound() refuses every plan that the core could not lean on.
 *
 * One sound plan with every kind of step, and what a compiler of definitions could get
 * wrong in it, one thing at a time.
 */
#include "engine/core/plan.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/story_plan.h"

enum { ROOT, A, SEQ, B, PAR, C, KYC, EACH, TIMER, PAY, KYB, NODES };

static const char text[] = "a@ (b [c kyc:child]) e#3 t:timer pay! kyb:child+";

static struct story_plan p;

static struct plan_node *node(int n)
{
    return &p.plan->nodes[n];
}

/* ---- the tree
 * ---------------------------------------------------------------------------- */

static void no_nodes(void)
{
    p.plan->n_nodes = 0;
}
static void too_many_nodes(void)
{
    p.plan->n_nodes = LIMIT_STEPS + 2;
}
static void an_end_before_its_beginning(void)
{
    node(A)->end = A;
}
static void an_end_behind_all(void)
{
    node(KYB)->end = NODES + 1;
}
static void a_group_of_nothing(void)
{
    node(PAR)->end = PAR + 1;
}
static void a_group_that_begins_elsewhere(void)
{
    node(PAR)->first = KYC;
}
static void a_leaf_with_parts(void)
{
    node(A)->first = SEQ;
}
static void a_leaf_that_spans_another(void)
{
    node(A)->end = SEQ + 1;
}
static void a_root_with_a_parent(void)
{
    node(ROOT)->parent = A;
}
static void a_root_with_a_sibling(void)
{
    node(ROOT)->next = A;
}
static void a_root_that_ends_early(void)
{
    node(ROOT)->end = KYB;
}
static void a_root_in_parallel(void)
{
    node(ROOT)->kind = PLAN_PARALLEL;
}
static void a_parent_behind_its_part(void)
{
    node(B)->parent = PAR;
}
static void a_parent_that_is_no_group(void)
{
    node(B)->parent = A;
}
static void a_part_that_outlasts_its_group(void)
{
    node(PAR)->end = EACH + 1;
}
static void a_sibling_that_is_skipped(void)
{
    node(A)->next = EACH;
}
static void a_sibling_of_another_parent(void)
{
    node(PAR)->parent = ROOT;
}
static void a_width_that_is_wrong(void)
{
    p.plan->width++;
}
static void a_count_of_for_each_that_is_wrong(void)
{
    p.plan->n_each++;
}
static void a_for_each_out_of_order(void)
{
    node(EACH)->each = 1;
}

/* ---- pivots
 * --------------------------------------------------------------------------------- */

static void a_pivot_unknown_to_its_group(void)
{
    node(ROOT)->holds_pivot = false;
}
static void a_pivot_in_parallel(void)
{
    node(PAY)->is_pivot = false;
    node(PAY)->holds_pivot = false;
    node(C)->is_pivot = true;
    node(C)->undo = PLAN_UNDO_NONE;
    node(C)->compensation.is_present = false;
    node(C)->holds_pivot = true;
    node(PAR)->holds_pivot = true;
    node(SEQ)->holds_pivot = true;
}
static void two_pivots(void)
{
    node(KYC)->holds_pivot = false;
    node(KYB)->is_pivot = true;
    node(KYB)->holds_pivot = true;
    node(KYB)->undo = PLAN_UNDO_NONE;
    node(KYB)->compensation.is_present = false;
}
static void a_pivot_that_only_waits(void)
{
    node(PAY)->is_pivot = false;
    node(PAY)->holds_pivot = false;
    node(TIMER)->is_pivot = true;
    node(TIMER)->holds_pivot = true;
}
static void a_pivot_of_items(void)
{
    node(PAY)->is_pivot = false;
    node(PAY)->holds_pivot = false;
    node(EACH)->is_pivot = true;
    node(EACH)->holds_pivot = true;
    node(EACH)->undo = PLAN_UNDO_NONE;
    node(EACH)->compensation.is_present = false;
}
static void a_pivot_that_is_taken_back(void)
{
    node(PAY)->undo = PLAN_UNDO_CALL;
    node(PAY)->compensation = node(A)->compensation;
}
static void an_optional_pivot(void)
{
    node(PAY)->is_optional = true;
}

/* ---- one node
 * --------------------------------------------------------------------------------- */

static void an_action_without_a_time_out(void)
{
    node(A)->action.timeout_ms = 0;
}
static void a_jitter_above_all(void)
{
    node(A)->confirm.retry.jitter_permille = 1001;
}
static void a_delay_that_shrinks(void)
{
    node(A)->compensation.retry.backoff_permille = 999;
}
static void a_call_without_an_action(void)
{
    node(A)->action.is_present = false;
}
static void a_timer_that_calls(void)
{
    node(TIMER)->action = node(A)->action;
}
static void a_confirm_of_a_child(void)
{
    node(KYC)->confirm = node(A)->confirm;
}
static void a_compensation_that_is_not_called(void)
{
    node(A)->undo = PLAN_UNDO_NONE;
}
static void a_timer_that_is_taken_back(void)
{
    node(TIMER)->undo = PLAN_UNDO_CALL;
    node(TIMER)->compensation = node(A)->compensation;
}
static void a_call_undone_as_a_child(void)
{
    node(PAY)->undo = PLAN_UNDO_CHILD;
}
static void an_answer_read_by_no_compensation(void)
{
    node(PAY)->undo_reads_answer = true;
}
static void a_group_of_items(void)
{
    node(PAR)->each = 0;
}
static void an_optional_group(void)
{
    node(PAR)->is_optional = true;
}
static void a_timer_for_each_item(void)
{
    node(EACH)->each = PLAN_NONE;
    node(TIMER)->each = 0;
    node(TIMER)->each_concurrent = 1;
    node(TIMER)->items_max = 1;
}
static void no_items_at_once(void)
{
    node(EACH)->each_concurrent = 0;
}
static void too_many_items_at_once(void)
{
    node(EACH)->each_concurrent = 65;
}
static void no_items_at_all(void)
{
    node(EACH)->items_max = 0;
}
static void too_many_items(void)
{
    node(EACH)->items_max = LIMIT_ITEMS + 1;
}

static void (*const mistakes[])(void) = {
    no_nodes,
    too_many_nodes,
    an_end_before_its_beginning,
    an_end_behind_all,
    a_group_of_nothing,
    a_group_that_begins_elsewhere,
    a_leaf_with_parts,
    a_leaf_that_spans_another,
    a_root_with_a_parent,
    a_root_with_a_sibling,
    a_root_that_ends_early,
    a_root_in_parallel,
    a_parent_behind_its_part,
    a_parent_that_is_no_group,
    a_part_that_outlasts_its_group,
    a_sibling_that_is_skipped,
    a_sibling_of_another_parent,
    a_width_that_is_wrong,
    a_count_of_for_each_that_is_wrong,
    a_for_each_out_of_order,
    a_pivot_unknown_to_its_group,
    a_pivot_in_parallel,
    two_pivots,
    a_pivot_that_only_waits,
    a_pivot_of_items,
    a_pivot_that_is_taken_back,
    an_optional_pivot,
    an_action_without_a_time_out,
    a_jitter_above_all,
    a_delay_that_shrinks,
    a_call_without_an_action,
    a_timer_that_calls,
    a_confirm_of_a_child,
    a_compensation_that_is_not_called,
    a_timer_that_is_taken_back,
    a_call_undone_as_a_child,
    an_answer_read_by_no_compensation,
    a_group_of_items,
    an_optional_group,
    a_timer_for_each_item,
    no_items_at_once,
    too_many_items_at_once,
    no_items_at_all,
    too_many_items,
};
enum { MISTAKES = sizeof(mistakes) / sizeof(mistakes[0]) };

START_TEST(test_a_plan_with_one_mistake_is_refused)
{
    story_plan_init(&p, text);
    ck_assert_int_eq(p.plan->n_nodes, NODES);
    ck_assert(plan_is_sound(p.plan));
    mistakes[_i]();
    ck_assert(!plan_is_sound(p.plan));
}
END_TEST

START_TEST(test_a_child_with_a_compensation_of_its_own_and_a_pivot_child_are_sound)
{
    story_plan_init(&p, "a kyc:child+ kyb:child!");
    ck_assert(plan_is_sound(p.plan));
}
END_TEST

static void nest(char *to, int depth)
{
    for (int i = 0; i < depth; i++) {
        *to++ = '(';
    }
    *to++ = 'a';
    for (int i = 0; i < depth; i++) {
        *to++ = ')';
    }
    *to = '\0';
}

/* Groups to LIMIT_DEPTH - 1 and the step in them. A plan of one more is made from it: the
 * innermost group's step becomes a group too. */
START_TEST(test_a_plan_may_be_as_deep_as_the_limit_and_no_deeper)
{
    char deep[2 * LIMIT_DEPTH + 2];
    struct plan *plan;
    struct plan_node *last;

    nest(deep, LIMIT_DEPTH - 1);
    story_plan_init(&p, deep);
    ck_assert(plan_is_sound(p.plan));
    plan =
        realloc(p.plan, sizeof(*plan) + (p.plan->n_nodes + 1U) * sizeof(plan->nodes[0]));
    ck_assert_ptr_nonnull(plan);
    p.plan = plan;
    last = &plan->nodes[plan->n_nodes];
    *last = last[-1];
    last->parent = (uint16_t)(plan->n_nodes - 1);
    last[-1] = last[-2];
    last[-1].parent = (uint16_t)(plan->n_nodes - 2);
    last[-1].first = plan->n_nodes;
    plan->n_nodes++;
    for (uint16_t i = 0; i < plan->n_nodes; i++) {
        plan->nodes[i].end = plan->n_nodes;
    }
    ck_assert(!plan_is_sound(plan));
}
END_TEST

START_TEST(test_a_plan_may_have_as_many_calls_at_once_as_the_limit_and_no_more)
{
    char wide[512] = "([";
    size_t n = 2;

    for (int i = 0; i < LIMIT_WIDTH / 64; i++) {
        n += (size_t)snprintf(wide + n, sizeof(wide) - n, "s%d#64 ", i);
    }
    snprintf(wide + n, sizeof(wide) - n, "] b)");
    story_plan_init(&p, wide);
    ck_assert_int_eq(p.plan->width, LIMIT_WIDTH);
    ck_assert(plan_is_sound(p.plan));
    p.plan->nodes[1].kind = PLAN_PARALLEL; /* b beside them. */
    p.plan->width++;
    ck_assert(!plan_is_sound(p.plan));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tcase = tcase_create("plan");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, test_a_plan_with_one_mistake_is_refused, 0, MISTAKES);
    tcase_add_test(
        tcase, test_a_child_with_a_compensation_of_its_own_and_a_pivot_child_are_sound);
    tcase_add_test(tcase, test_a_plan_may_be_as_deep_as_the_limit_and_no_deeper);
    tcase_add_test(tcase,
                   test_a_plan_may_have_as_many_calls_at_once_as_the_limit_and_no_more);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
