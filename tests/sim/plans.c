/* plans.c - see plans.h. */
#include "tests/sim/plans.h"

#include <assert.h>
#include <stdlib.h>

struct maker {
    struct sim_world *w;
    struct plan *plan;
    bool is_root, may_pivot;
    uint8_t n_signals;
};

static uint32_t between(struct sim_world *w, uint32_t low, uint32_t high)
{
    return low + (uint32_t)world_pick(w, high - low + 1);
}

static bool chance(struct sim_world *w, uint32_t percent)
{
    return world_pick(w, 100) < percent;
}

static struct plan_call call_of(struct sim_world *w, uint32_t attempts_max)
{
    return (struct plan_call){
        .retry = {.attempts_max = attempts_max,
                  .delay_ms = between(w, 1, 100),
                  .delay_max_ms = between(w, 100, 500),
                  .backoff_permille = between(w, 1000, 3000),
                  .jitter_permille = between(w, 0, 1000),
                  .elapsed_max_ms = chance(w, 30) ? between(w, 200, 4000) : 0},
        .timeout_ms = between(w, 50, 400),
        .is_present = true};
}

static struct plan_node *add(struct maker *m, enum plan_kind kind, uint16_t parent)
{
    struct plan_node *node = &m->plan->nodes[m->plan->n_nodes];

    *node = (struct plan_node){.kind = kind,
                               .parent = parent,
                               .first = PLAN_NONE,
                               .next = PLAN_NONE,
                               .end = (uint16_t)(m->plan->n_nodes + 1),
                               .each = PLAN_NONE,
                               .has_when = parent != PLAN_NONE && chance(m->w, 10)};
    m->plan->n_nodes++;
    return node;
}

static void make_undo(struct maker *m, struct plan_node *node)
{
    if (chance(m->w, 80)) {
        node->undo = PLAN_UNDO_CALL;
        node->compensation = call_of(m->w, chance(m->w, 60) ? 0 : between(m->w, 1, 4));
        node->undo_reads_answer = chance(m->w, 15);
    }
}

static void make_each(struct maker *m, struct plan_node *node)
{
    node->each = m->plan->n_each++;
    node->each_concurrent = between(m->w, 1, 3);
    node->items_max = SIM_ITEMS;
}

static void make_call(struct maker *m, uint16_t parent, bool may_pivot)
{
    struct plan_node *node = add(m, PLAN_CALL, parent);

    node->action = call_of(m->w, between(m->w, 1, 4));
    if (chance(m->w, 10)) {
        node->action.callback_ms = between(m->w, 50, 300);
    }
    if (chance(m->w, 30)) {
        node->confirm = call_of(m->w, between(m->w, 1, 3));
        node->confirm.is_safe = true;
    }
    node->on_unknown =
        chance(m->w, 10) ? PLAN_ON_UNKNOWN_STOP : PLAN_ON_UNKNOWN_COMPENSATE;
    if (may_pivot && m->may_pivot && chance(m->w, 25)) {
        node->is_pivot = true;
        m->may_pivot = false;
        return;
    }
    make_undo(m, node);
    node->action.is_safe = node->undo == PLAN_UNDO_NONE && chance(m->w, 30);
    node->is_optional = chance(m->w, 15);
    if (chance(m->w, 15)) {
        make_each(m, node);
    }
}

static void make_wait(struct maker *m, uint16_t parent)
{
    bool is_signal = chance(m->w, 60);
    struct plan_node *node = add(m, is_signal ? PLAN_SIGNAL : PLAN_TIMER, parent);

    node->wait_ms = is_signal || chance(m->w, 60) ? between(m->w, 1, 1500) : 0;
    if (is_signal) {
        node->signal = chance(m->w, 30) ? 0 : m->n_signals;
        m->n_signals++;
        node->timeout_goes_on = chance(m->w, 50);
        node->is_optional = chance(m->w, 20);
    }
}

static void make_child(struct maker *m, uint16_t parent, bool may_pivot)
{
    struct plan_node *node = add(m, PLAN_CHILD, parent);

    if (may_pivot && m->may_pivot && chance(m->w, 30)) {
        node->is_pivot = true;
        m->may_pivot = false;
        return;
    }
    if (chance(m->w, 70)) {
        node->undo = PLAN_UNDO_CHILD;
    } else if (chance(m->w, 60)) {
        node->undo = PLAN_UNDO_CALL;
        node->compensation = call_of(m->w, 0);
    }
    node->is_optional = chance(m->w, 10);
    if (chance(m->w, 20)) {
        make_each(m, node);
    }
}

static void make_step(struct maker *m, uint16_t parent, uint32_t depth, bool may_pivot);

static void make_list(struct maker *m, uint16_t n, uint32_t length, uint32_t depth,
                      bool may_pivot)
{
    uint16_t last = PLAN_NONE;

    for (uint32_t i = 0; i < length && m->plan->n_nodes < SIM_NODES - 3; i++) {
        uint16_t at = m->plan->n_nodes;

        make_step(m, n, depth, may_pivot);
        if (last == PLAN_NONE) {
            m->plan->nodes[n].first = at;
        } else {
            m->plan->nodes[last].next = at;
        }
        last = at;
    }
    m->plan->nodes[n].end = m->plan->n_nodes;
}

static void make_step(struct maker *m, uint16_t parent, uint32_t depth, bool may_pivot)
{
    uint32_t dice = between(m->w, 0, 99);
    uint16_t n = m->plan->n_nodes;

    if (depth < 3 && n < SIM_NODES - 6 && dice < 12) {
        (void)add(m, PLAN_PARALLEL, parent);
        make_list(m, n, between(m->w, 2, 3), depth + 1, false);
    } else if (depth < 3 && n < SIM_NODES - 6 && dice < 20) {
        (void)add(m, PLAN_SEQUENCE, parent);
        make_list(m, n, between(m->w, 1, 3), depth + 1, may_pivot);
    } else if (dice < 28) {
        make_wait(m, parent);
    } else if (dice < 36 && m->is_root) {
        make_child(m, parent, may_pivot);
    } else {
        make_call(m, parent, may_pivot);
    }
}

static void settle(struct plan *plan)
{
    uint32_t width[SIM_NODES] = {0};

    for (uint16_t i = plan->n_nodes; i-- > 0;) {
        struct plan_node *node = &plan->nodes[i];

        node->holds_pivot = node->holds_pivot || node->is_pivot;
        if (node->first == PLAN_NONE) {
            width[i] = node->each != PLAN_NONE ? node->each_concurrent : 1;
        }
        if (i == 0) {
            break;
        }
        if (node->holds_pivot) {
            plan->nodes[node->parent].holds_pivot = true;
        }
        if (plan->nodes[node->parent].kind == PLAN_PARALLEL) {
            width[node->parent] += width[i];
        } else if (width[i] > width[node->parent]) {
            width[node->parent] = width[i];
        }
    }
    plan->width = (uint16_t)width[0];
}

struct plan *plans_make(struct sim_world *w, bool is_root, bool may_pivot)
{
    struct maker m = {.w = w, .is_root = is_root, .may_pivot = may_pivot};

    m.plan = calloc(1, sizeof(*m.plan) + SIM_NODES * sizeof(m.plan->nodes[0]));
    assert(m.plan != NULL);
    (void)add(&m, PLAN_SEQUENCE, PLAN_NONE);
    make_list(&m, 0, between(w, 1, is_root ? 6 : 3), 1, true);
    m.plan->timeout_ms = chance(w, 30) ? between(w, 100, 3000) : 0;
    settle(m.plan);
    assert(plan_is_sound(m.plan));
    return m.plan;
}

uint16_t plans_of_child(const struct plan *plan, uint16_t step)
{
    const struct plan_node *node = &plan->nodes[step];

    return node->undo == PLAN_UNDO_CHILD ? 1 : 2;
}
