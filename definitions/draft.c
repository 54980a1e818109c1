/* draft.c - numbering; see draft.h. */
#include "definitions/draft.h"

#include <string.h>

/* A step with none or several of call, parallel … is an error; it is numbered as a call
 * all the same, so that what refers to it is judged. */
static enum plan_kind kind_of(const struct draft_step *step)
{
    if (step->sequence.n > 0) {
        return PLAN_SEQUENCE;
    }
    if (step->parallel.n > 0) {
        return PLAN_PARALLEL;
    }
    if (step->wait != NULL) {
        return step->wait->signal != NULL ? PLAN_SIGNAL : PLAN_TIMER;
    }
    return step->child != NULL ? PLAN_CHILD : PLAN_CALL;
}

static const struct draft_steps *children_of(const struct draft_step *step)
{
    return step->kind == PLAN_SEQUENCE ? &step->sequence : &step->parallel;
}

static size_t count_steps(const struct draft_step *step)
{
    size_t n = 1;

    for (size_t i = 0; i < step->sequence.n; i++) {
        n += count_steps(step->sequence.items[i]);
    }
    for (size_t i = 0; i < step->parallel.n; i++) {
        n += count_steps(step->parallel.items[i]);
    }
    return n;
}

static uint32_t sum_capped(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

static uint32_t leaf_width(const struct draft_step *step)
{
    return step->each != NULL && step->each->concurrent > 0 ? step->each->concurrent : 1;
}

/* Recursion as deep as the parser let steps nest: LIMIT_DEPTH. */
static void number(struct draft *d, struct draft_step *step, struct draft_step *parent)
{
    const struct draft_steps *children;

    step->kind = kind_of(step);
    step->parent = parent;
    step->depth = parent == NULL ? 0 : (uint16_t)(parent->depth + 1);
    step->number = d->n_nodes;
    d->nodes[d->n_nodes] = step;
    d->n_nodes++;
    if (step->is_pivot && d->pivot == NULL) {
        d->pivot = step;
    }
    children = children_of(step);
    step->width = children->n > 0 ? 0 : leaf_width(step);
    for (size_t i = 0; i < children->n; i++) {
        struct draft_step *child = children->items[i];

        child->next = i + 1 < children->n ? children->items[i + 1] : NULL;
        number(d, child, step);
        if (step->kind == PLAN_PARALLEL) {
            step->width = sum_capped(step->width, child->width);
        } else if (child->width > step->width) {
            step->width = child->width;
        }
    }
    step->end = d->n_nodes;
}

void draft_number(struct draft *d, struct arena *scratch)
{
    d->nodes = arena_take(scratch, count_steps(&d->root) * sizeof(struct draft_step *));
    d->n_nodes = 0;
    d->pivot = NULL;
    number(d, &d->root, NULL);
}

struct draft_step *draft_step_of(const struct draft *d, const char *id)
{
    for (uint16_t i = 1; i < d->n_nodes; i++) {
        if (d->nodes[i]->id != NULL && strcmp(d->nodes[i]->id, id) == 0) {
            return d->nodes[i];
        }
    }
    return NULL;
}

bool draft_is_after_pivot(const struct draft *d, const struct draft_step *step)
{
    return d->pivot != NULL && step->number >= d->pivot->end;
}
