#include "engine/view/saga_text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "definitions/told.h"
#include "tests/support/suite.h"

/* Steps: 1 pay, 2 both{3 mail, 4 ship}, 5 each (a forEach). */
static const char *const ids[] = {NULL, "pay", "both", "mail", "ship", "each"};

static struct plan *plan_new(void)
{
    static const struct plan_node nodes[] = {
        {.kind = PLAN_SEQUENCE,
         .parent = PLAN_NONE,
         .first = 1,
         .next = PLAN_NONE,
         .end = 6},
        {.kind = PLAN_CALL, .parent = 0, .first = PLAN_NONE, .next = 2, .end = 2},
        {.kind = PLAN_PARALLEL, .parent = 0, .first = 3, .next = 5, .end = 5},
        {.kind = PLAN_CALL, .parent = 2, .first = PLAN_NONE, .next = 4, .end = 4},
        {.kind = PLAN_CALL, .parent = 2, .first = PLAN_NONE, .next = PLAN_NONE, .end = 5},
        {.kind = PLAN_CALL, .parent = 0, .first = PLAN_NONE, .next = PLAN_NONE, .end = 6},
    };
    struct plan *plan = calloc(1, sizeof(*plan) + sizeof(nodes));

    plan->n_nodes = 6;
    plan->n_each = 1;
    plan->width = 4;
    memcpy(plan->nodes, nodes, sizeof(nodes));
    for (uint16_t i = 0; i < 6; i++) {
        plan->nodes[i].each = i == 5 ? 0 : PLAN_NONE;
        plan->nodes[i].undo =
            plan->nodes[i].kind == PLAN_CALL ? PLAN_UNDO_CALL : PLAN_UNDO_NONE;
        plan->nodes[i].items_max = 10;
        plan->nodes[i].each_concurrent = 2;
    }
    return plan;
}

static struct saga *saga_new(const struct plan *plan)
{
    struct saga *s = calloc(1, sizeof(*s));

    saga_init(s, plan);
    s->state = SAGA_FORWARD;
    s->turn = 4;
    return s;
}

static void open_cell(struct saga *s, uint16_t step, enum cell_state state,
                      enum call_kind call)
{
    s->steps[step].record.is_begun = 1;
    s->cells[s->n_cells++] = (struct saga_cell){
        .step = step, .item = SAGA_NO_ITEM, .state = state, .call = call, .attempts = 1};
}

START_TEST(test_every_number_has_a_word)
{
    for (unsigned i = 0; i < SAGA_STATES; i++) {
        ck_assert_uint_gt(strlen(saga_state_name((enum saga_state)i)), 0);
    }
    for (unsigned i = 0; i < SAGA_EVENTS; i++) {
        ck_assert_uint_gt(strlen(saga_event_name((enum saga_event_kind)i)), 0);
    }
    for (unsigned i = 0; i < SAGA_REASONS; i++) {
        ck_assert_uint_gt(strlen(told_reason((enum saga_reason)i)), 0);
    }
    ck_assert_str_eq(saga_status_name(SAGA_STATUS_COMPENSATING), "compensating");
    ck_assert_str_eq(cell_state_name(CELL_BACKING_OFF), "backing-off");
    ck_assert_str_eq(call_name_of(CALL_COMPENSATION), "compensation");
    ck_assert_str_eq(outcome_name(OUTCOME_IGNORED), "ignored");
}
END_TEST

START_TEST(test_a_status_is_found_by_its_whole_word_only)
{
    enum saga_status status = SAGA_STATUS_RUNNING;

    ck_assert(saga_status_of_name("stuck,x", 5, &status));
    ck_assert_int_eq(status, SAGA_STATUS_STUCK);
    ck_assert(!saga_status_of_name("stu", 3, &status));
    ck_assert(!saga_status_of_name("failed", 6, &status));
}
END_TEST

START_TEST(test_an_open_step_is_called_by_what_it_is_calling)
{
    static const char *const expected[CELL_STATES][CALLS] = {
        {"queued", "confirming", "compensating"},
        {"running", "confirming", "compensating"},
        {"backing-off", "confirming", "compensating"},
        {"waiting", "confirming", "compensating"},
        {"stuck", "stuck", "stuck"},
    };
    struct plan *plan = plan_new();

    for (unsigned state = 0; state < CELL_STATES; state++) {
        for (unsigned call = 0; call < CALLS; call++) {
            struct saga *s = saga_new(plan);

            open_cell(s, 1, (enum cell_state)state, (enum call_kind)call);
            ck_assert_str_eq(saga_step_status(s, plan, 1), expected[state][call]);
            free(s);
        }
    }
    free(plan);
}
END_TEST

START_TEST(test_a_settled_step_is_called_by_its_outcome)
{
    struct plan *plan = plan_new();
    struct saga *s = saga_new(plan);

    ck_assert_str_eq(saga_step_status(s, plan, 1), "pending");
    s->steps[1].record = (struct saga_record){.outcome = OUTCOME_UNKNOWN, .is_begun = 1};
    ck_assert_str_eq(saga_step_status(s, plan, 1), "unknown");
    s->steps[1].record.is_undone = 1;
    ck_assert_str_eq(saga_step_status(s, plan, 1), "compensated");
    free(s);
    free(plan);
}
END_TEST

START_TEST(test_a_group_is_called_by_its_parts)
{
    struct plan *plan = plan_new();
    struct saga *s = saga_new(plan);

    ck_assert_str_eq(saga_step_status(s, plan, 2), "pending");
    s->steps[2].record.is_begun = 1;
    open_cell(s, 3, CELL_WAITING, CALL_ACTION);
    ck_assert_str_eq(saga_step_status(s, plan, 2), "running");
    open_cell(s, 4, CELL_STUCK, CALL_ACTION);
    ck_assert_str_eq(saga_step_status(s, plan, 2), "stuck");
    s->n_cells = 0;
    s->state = SAGA_BACKWARD;
    s->steps[3].record = (struct saga_record){.outcome = OUTCOME_REJECTED, .is_begun = 1};
    s->steps[4].record = (struct saga_record){.outcome = OUTCOME_NONE, .is_begun = 1};
    ck_assert_str_eq(saga_step_status(s, plan, 2), "rejected");
    open_cell(s, 4, CELL_DUE, CALL_COMPENSATION);
    s->steps[4].record =
        (struct saga_record){.outcome = OUTCOME_SUCCEEDED, .is_begun = 1};
    ck_assert_str_eq(saga_step_status(s, plan, 2), "compensating");
    s->n_cells = 0;
    s->steps[3].record =
        (struct saga_record){.outcome = OUTCOME_SUCCEEDED, .is_begun = 1, .is_undone = 1};
    ck_assert_str_eq(saga_step_status(s, plan, 2), "compensating");
    s->steps[4].record.is_undone = 1;
    ck_assert_str_eq(saga_step_status(s, plan, 2), "compensated");
    free(s);
    free(plan);
}
END_TEST

START_TEST(test_an_item_is_called_by_its_run)
{
    struct plan *plan = plan_new();
    struct saga *s = saga_new(plan);

    s->steps[5].record.is_begun = 1;
    s->eachs[0] = (struct saga_each){.count = 4, .next = 3, .n_runs = 2, .n_open = 1};
    s->n_runs = 2;
    s->runs[0] = (struct saga_run){
        .record = {.outcome = OUTCOME_SUCCEEDED, .is_begun = 1}, .n = 2};
    s->runs[1] = (struct saga_run){.record = {.is_begun = 1}, .n = 1};
    open_cell(s, 5, CELL_BACKING_OFF, CALL_ACTION);
    s->cells[0].item = 2;
    ck_assert_str_eq(saga_item_status(s, plan, 5, 0), "succeeded");
    ck_assert_str_eq(saga_item_status(s, plan, 5, 2), "backing-off");
    ck_assert_str_eq(saga_item_status(s, plan, 5, 3), "pending");
    ck_assert_str_eq(saga_step_status(s, plan, 5), "running");
    free(s);
    free(plan);
}
END_TEST

START_TEST(test_a_saga_is_told_in_one_line_and_cut_to_fit)
{
    struct plan *plan = plan_new();
    struct saga *s = saga_new(plan);
    char text[120];
    char little[8];

    open_cell(s, 1, CELL_DUE, CALL_ACTION);
    s->cells[0].in_doubt = true;
    open_cell(s, 3, CELL_QUEUED, CALL_COMPENSATION);
    s->cells[1].attempts = 0;
    open_cell(s, 4, CELL_BACKING_OFF, CALL_ACTION);
    saga_describe(s, plan, ids, text, sizeof(text));
    ck_assert_str_eq(text,
                     "turn 4 running pay attempt 1 in doubt, mail compensation queued, "
                     "ship backing-off after attempt 1");
    saga_describe(s, plan, ids, little, sizeof(little));
    ck_assert_str_eq(little, "turn 4 ");
    free(s);
    free(plan);
}
END_TEST

int main(void)
{
    return suite_main("saga_text", test_every_number_has_a_word,
                      test_a_status_is_found_by_its_whole_word_only,
                      test_an_open_step_is_called_by_what_it_is_calling,
                      test_a_settled_step_is_called_by_its_outcome,
                      test_a_group_is_called_by_its_parts,
                      test_an_item_is_called_by_its_run,
                      test_a_saga_is_told_in_one_line_and_cut_to_fit);
}
