/*
 * saga_tree.c - see saga_tree.h.
 *
 * Every open cell marks the way from its step up to node 0; then each node is looked at
 * once, the parts of a group before the group: O(steps + open cells).
 */
#include "engine/core/saga_tree.h"

#include <assert.h>
#include <string.h>

#include "engine/core/walk.h"

static bool has(const struct saga *s, enum saga_flag flag)
{
    return (s->flags & (uint32_t)flag) != 0;
}

/* Open and not settled: going forward, where a cell must be somewhere below. */
static bool is_open(const struct saga *s, uint16_t step)
{
    struct saga_record r = s->steps[step].record;

    return r.is_begun && r.outcome == OUTCOME_NONE;
}

/* ---- its place in the tree
 * -------------------------------------------------------------- */

/* Which part of each node the open cells are in: 0 none, else its number. */
struct places {
    uint16_t in[LIMIT_STEPS + 1];     /* SELF, if the node has a cell of its own. */
    uint16_t before[LIMIT_STEPS + 1]; /* The last one with a cell is_from_before(). */
};

#define SELF UINT16_MAX

/* What stands around an open cell has begun (unless after a backup, S96) and is not over:
 * not skipped, and going forward not settled. */
static bool is_around_sound(const struct saga *s, uint16_t step, bool is_forward)
{
    struct saga_record r = s->steps[step].record;

    if (is_forward) {
        return is_open(s, step);
    }
    return (r.is_begun || has(s, SAGA_FLAG_RESTORED)) && r.outcome != OUTCOME_SKIPPED;
}

/* One after the other: a sequence has cells in one of its parts only. That, and what is
 * open at once of a forEach, keeps the open cells within the plan's width. */
static bool enter_part(const struct plan *plan, struct places *p, uint16_t n,
                       uint16_t part)
{
    bool is_taken =
        p->in[n] != 0 && p->in[n] != part && plan->nodes[n].kind == PLAN_SEQUENCE;

    if (p->in[n] == SELF || is_taken) {
        return false;
    }
    p->in[n] = part;
    return true;
}

/* A child that was resolved by hand before anything was undone. After a backup, what
 * comes behind it in a sequence may have to be undone too, while it stands. */
static bool is_from_before(const struct saga *s, const struct saga_cell *c)
{
    return has(s, SAGA_FLAG_RESTORED) && c->call == CALL_COMPENSATION &&
           c->state == CELL_STUCK && c->reason == SAGA_REASON_CHILD;
}

static bool take_place(const struct saga *s, const struct plan *plan, struct places *p,
                       const struct saga_cell *c)
{
    const bool is_forward = s->state == SAGA_FORWARD;
    bool has_begun = s->steps[c->step].record.is_begun || has(s, SAGA_FLAG_RESTORED);
    uint16_t part = c->step;

    if (is_forward ? !is_open(s, c->step) : !has_begun) {
        return false;
    }
    for (uint16_t n = plan->nodes[part].parent; n != PLAN_NONE;
         part = n, n = plan->nodes[n].parent) {
        if (!is_around_sound(s, n, is_forward)) {
            return false;
        }
        if (is_from_before(s, c)) {
            p->before[n] = part > p->before[n] ? part : p->before[n];
        } else if (!enter_part(plan, p, n, part)) {
            return false;
        }
    }
    return true;
}

/* A cell of a group or of a whole forEach stands for all that is in it. */
static bool stand_alone(const struct saga *s, const struct plan *plan, struct places *p,
                        const struct saga_cell *c)
{
    const struct plan_node *node = &plan->nodes[c->step];

    if (c->item != SAGA_NO_ITEM) {
        return true;
    }
    if (p->in[c->step] != 0 ||
        (node->each != PLAN_NONE && s->eachs[node->each].n_open > 0)) {
        return false;
    }
    p->in[c->step] = SELF;
    return true;
}

static bool take_places(const struct saga *s, const struct plan *plan, struct places *p)
{
    memset(p->in, 0, plan->n_nodes * sizeof(p->in[0]));
    memset(p->before, 0, plan->n_nodes * sizeof(p->before[0]));
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (!take_place(s, plan, p, &s->cells[i])) {
            return false;
        }
    }
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (!stand_alone(s, plan, p, &s->cells[i])) {
            return false;
        }
    }
    return true;
}

/* ---- the tree as a whole
 * ------------------------------------------------------------------ */

/* Everything before the open part is settled, nothing behind it has begun. */
static bool is_sequence_sound(const struct saga *s, const struct plan *plan, uint16_t n)
{
    uint16_t c = plan->nodes[n].first;

    while (c != PLAN_NONE && s->steps[c].record.outcome != OUTCOME_NONE) {
        c = plan->nodes[c].next;
    }
    if (c == PLAN_NONE || !s->steps[c].record.is_begun) {
        return false;
    }
    for (c = plan->nodes[c].next; c != PLAN_NONE; c = plan->nodes[c].next) {
        if (s->steps[c].record.is_begun) {
            return false;
        }
    }
    return true;
}

static bool is_parallel_sound(const struct saga *s, const struct plan *plan, uint16_t n)
{
    bool has_open = false;

    for (uint16_t c = plan->nodes[n].first; c != PLAN_NONE; c = plan->nodes[c].next) {
        if (!s->steps[c].record.is_begun) {
            return false;
        }
        has_open = has_open || is_open(s, c);
    }
    return has_open;
}

/* Going forward, an open step has a cell, an open group an open part. */
static bool is_open_sound(const struct saga *s, const struct plan *plan,
                          const struct places *p, uint16_t n)
{
    const struct plan_node *node = &plan->nodes[n];

    if (p->in[n] == SELF) {
        return true;
    }
    switch (node->kind) {
    case PLAN_SEQUENCE:
        return is_sequence_sound(s, plan, n);
    case PLAN_PARALLEL:
        return is_parallel_sound(s, plan, n);
    case PLAN_CALL:
    case PLAN_TIMER:
    case PLAN_SIGNAL:
    case PLAN_CHILD:
        return node->each != PLAN_NONE && s->eachs[node->each].n_open > 0;
    }
    assert(false);
    return false;
}

static bool is_forward_sound(const struct saga *s, const struct plan *plan,
                             const struct places *p)
{
    for (uint16_t n = 0; n < s->n_nodes; n++) {
        const uint16_t parent = plan->nodes[n].parent;

        if (is_open(s, n) && !is_open_sound(s, plan, p, n)) {
            return false;
        }
        if (s->steps[n].record.is_begun && parent != PLAN_NONE &&
            !s->steps[parent].record.is_begun) {
            return false; /* Nothing begins before what it is in. */
        }
    }
    return true;
}

/* Has walk_undo() nothing to do at n, should it come there? The parts of a group stand in
 * `clean` already. */
static bool is_clean(const struct saga *s, const struct plan *plan, const bool *clean,
                     const struct places *p, uint16_t n)
{
    const struct plan_node *node = &plan->nodes[n];
    struct saga_record r = s->steps[n].record;
    bool is_group = node->first != PLAN_NONE;
    bool is_undoing = has(s, SAGA_FLAG_UNDOING);

    if ((!r.is_begun && !(is_undoing && has(s, SAGA_FLAG_RESTORED))) ||
        (is_group && r.outcome == OUTCOME_SKIPPED)) {
        return true;
    }
    if (node->each != PLAN_NONE) {
        const struct saga_each *e = &s->eachs[node->each];
        uint32_t back = is_undoing ? e->back : e->next;

        return p->in[n] == 0 && e->n_open == 0 &&
               (r.is_undone || (back == 0 && !walk_may_have_begun_more(s, plan, n)));
    }
    for (uint16_t c = node->first; c != PLAN_NONE; c = plan->nodes[c].next) {
        if (!clean[c]) {
            return false;
        }
    }
    return is_group || (p->in[n] == 0 && !saga_needs_undo(s, node, r));
}

/* The part of a sequence that the undoing is in; 0: in none. */
static uint16_t part_of(const struct places *p, uint16_t n)
{
    return p->in[n] != 0 ? p->in[n] : p->before[n];
}

/* Has walk_undo() come to n? Not while a sequence around it is in a later part. */
static bool is_reached(const struct plan *plan, const struct places *p, uint16_t n)
{
    uint16_t part = n;

    for (n = plan->nodes[n].parent; n != PLAN_NONE; part = n, n = plan->nodes[n].parent) {
        if (plan->nodes[n].kind == PLAN_SEQUENCE && part_of(p, n) != part) {
            return false;
        }
    }
    return true;
}

/* Going back, what stands behind the open part of a sequence is undone; before anything
 * is undone, it has not begun. */
static bool is_order_sound(const struct plan *plan, const bool *clean,
                           const struct places *p, uint16_t n)
{
    const uint16_t part = part_of(p, n);

    if (plan->nodes[n].kind != PLAN_SEQUENCE || part == 0 ||
        (p->in[n] == 0 && !is_reached(plan, p, n))) {
        return true;
    }
    for (uint16_t c = plan->nodes[part].next; c != PLAN_NONE; c = plan->nodes[c].next) {
        if (!clean[c]) {
            return false;
        }
    }
    return p->before[n] <= part;
}

static bool is_backward_sound(const struct saga *s, const struct plan *plan,
                              const struct places *p)
{
    bool clean[LIMIT_STEPS + 1];

    for (uint16_t n = s->n_nodes; n-- > 0;) {
        clean[n] = is_clean(s, plan, clean, p, n);
        if (!is_order_sound(plan, clean, p, n)) {
            return false;
        }
    }
    return true;
}

/* Before anything is undone, something is awaited: else its undoing would have begun. */
static bool is_barrier_sound(const struct saga *s)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].state != CELL_STUCK) {
            return true;
        }
    }
    return false;
}

bool saga_tree_is_sound(const struct saga *s, const struct plan *plan)
{
    struct places p;

    if (!take_places(s, plan, &p)) {
        return false;
    }
    if (s->state == SAGA_FORWARD) {
        return is_forward_sound(s, plan, &p);
    }
    return is_backward_sound(s, plan, &p) &&
           (has(s, SAGA_FLAG_UNDOING) || is_barrier_sound(s));
}
