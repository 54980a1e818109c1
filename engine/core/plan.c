/*
 * plan.c - see plan.h. Pure: a plan is only looked at. Each rule that the core leans on
 * is a line here, so that a bug in the compiler of definitions stops at the door.
 */
#include "engine/core/plan.h"

static bool is_container(const struct plan_node *node)
{
    return node->kind == PLAN_SEQUENCE || node->kind == PLAN_PARALLEL;
}

/* ---- the tree ------------------------------------------------------------------ */

/* Pre-order: a subtree is a run of numbers, its parts follow each other without gaps. */
static bool is_linked(const struct plan *plan, uint16_t i)
{
    const struct plan_node *node = &plan->nodes[i];
    uint16_t parent_end;

    if (node->end <= i || node->end > plan->n_nodes) {
        return false;
    }
    if (is_container(node)) {
        if (node->end == i + 1 || node->first != i + 1) {
            return false;
        }
    } else if (node->first != PLAN_NONE || node->end != i + 1) {
        return false;
    }
    if (i == 0) {
        return node->parent == PLAN_NONE && node->next == PLAN_NONE &&
               node->end == plan->n_nodes && node->kind == PLAN_SEQUENCE;
    }
    if (node->parent >= i || !is_container(&plan->nodes[node->parent])) {
        return false;
    }
    parent_end = plan->nodes[node->parent].end;
    return node->end <= parent_end &&
           node->next == (node->end < parent_end ? node->end : PLAN_NONE) &&
           (node->next == PLAN_NONE || plan->nodes[node->next].parent == node->parent);
}

static bool is_shallow(const struct plan *plan)
{
    uint16_t depth[LIMIT_STEPS + 1] = {0};

    for (uint16_t i = 1; i < plan->n_nodes; i++) {
        depth[i] = (uint16_t)(depth[plan->nodes[i].parent] + 1);
        if (depth[i] > LIMIT_DEPTH) {
            return false;
        }
    }
    return true;
}

/* Children have higher numbers than their parent: one pass from the end. */
static bool is_width_right(const struct plan *plan)
{
    uint32_t width[LIMIT_STEPS + 1] = {0};

    for (uint16_t i = plan->n_nodes; i-- > 0;) {
        const struct plan_node *node = &plan->nodes[i];
        uint32_t *parent = i > 0 ? &width[node->parent] : NULL;

        if (!is_container(node)) {
            width[i] = node->each != PLAN_NONE ? node->each_concurrent : 1;
        }
        if (width[i] > LIMIT_WIDTH) {
            return false;
        }
        if (parent == NULL) {
            continue;
        }
        if (plan->nodes[node->parent].kind == PLAN_PARALLEL) {
            *parent += width[i];
        } else if (width[i] > *parent) {
            *parent = width[i];
        }
    }
    return plan->width == width[0];
}

/* ---- pivots ---------------------------------------------------------------------- */

static bool is_pivot_right(const struct plan *plan, uint16_t i, bool holds_pivot)
{
    const struct plan_node *node = &plan->nodes[i];

    if (node->holds_pivot != holds_pivot) {
        return false;
    }
    if (node->kind == PLAN_PARALLEL && holds_pivot) {
        return false;
    }
    return !node->is_pivot || ((node->kind == PLAN_CALL || node->kind == PLAN_CHILD) &&
                               node->each == PLAN_NONE && node->undo != PLAN_UNDO_CALL &&
                               !node->is_optional);
}

/* At most one pivot, in sequences only. */
static bool are_pivots_right(const struct plan *plan)
{
    bool holds[LIMIT_STEPS + 1] = {false};
    unsigned n = 0;

    for (uint16_t i = plan->n_nodes; i-- > 0;) {
        const struct plan_node *node = &plan->nodes[i];

        holds[i] = holds[i] || node->is_pivot;
        n += node->is_pivot ? 1U : 0U;
        if (!is_pivot_right(plan, i, holds[i])) {
            return false;
        }
        if (holds[i] && i > 0) {
            holds[node->parent] = true;
        }
    }
    return n <= 1;
}

/* ---- one node --------------------------------------------------------------------- */

static bool is_call_right(const struct plan_call *call)
{
    return !call->is_present ||
           (call->timeout_ms > 0 && call->retry.jitter_permille <= 1000 &&
            call->retry.backoff_permille >= 1000);
}

static bool are_calls_right(const struct plan_node *node)
{
    bool has_undo_call = node->undo == PLAN_UNDO_CALL;

    if (!is_call_right(&node->action) || !is_call_right(&node->confirm) ||
        !is_call_right(&node->compensation)) {
        return false;
    }
    return node->action.is_present == (node->kind == PLAN_CALL) &&
           (!node->confirm.is_present || node->kind == PLAN_CALL) &&
           node->compensation.is_present == has_undo_call &&
           (!has_undo_call || node->kind == PLAN_CALL || node->kind == PLAN_CHILD) &&
           (node->undo != PLAN_UNDO_CHILD || node->kind == PLAN_CHILD) &&
           (!node->undo_reads_answer || has_undo_call);
}

static bool is_leaf_right(const struct plan_node *node)
{
    if (is_container(node)) {
        return node->each == PLAN_NONE && !node->is_optional;
    }
    if (node->each == PLAN_NONE) {
        return true;
    }
    return (node->kind == PLAN_CALL || node->kind == PLAN_CHILD) &&
           node->each_concurrent >= 1 && node->each_concurrent <= 64 &&
           node->items_max >= 1 && node->items_max <= LIMIT_ITEMS;
}

bool plan_is_sound(const struct plan *plan)
{
    uint16_t n_each = 0;

    if (plan->n_nodes < 1 || plan->n_nodes > LIMIT_STEPS + 1) {
        return false;
    }
    for (uint16_t i = 0; i < plan->n_nodes; i++) {
        const struct plan_node *node = &plan->nodes[i];

        if (!is_linked(plan, i) || !are_calls_right(node) || !is_leaf_right(node)) {
            return false;
        }
        if (node->each != PLAN_NONE) {
            if (node->each != n_each) {
                return false;
            }
            n_each++;
        }
    }
    return plan->n_each == n_each && is_shallow(plan) && are_pivots_right(plan) &&
           is_width_right(plan);
}
