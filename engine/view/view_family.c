/* view_family.c - see view_family.h. */
#include "engine/view/view_family.h"

/* The child at (step, item); a stuck one is kept before others. */
static void see_child(struct store_reader *r, const struct view *v, uint16_t step,
                      uint32_t item, struct view_step *out, struct arena *a)
{
    struct store_saga child;
    struct err_info info;

    if (store_find_child(r, v->row.num, step, item, a, &child, &info) != ERR_OK ||
        (out->child != NULL && child.status != SAGA_STATUS_STUCK)) {
        return;
    }
    out->child = child.id;
    out->child_item = item;
    out->child_status = child.status;
    out->child_stuck_step = child.stuck_step;
}

/* Items: of those open, which are few. */
static void see_children(struct store_reader *r, const struct view *v, uint16_t step,
                         struct view_step *out, struct arena *a)
{
    if (v->definition->plan->nodes[step].each == PLAN_NONE) {
        if (v->state->steps[step].attempts > 0) {
            see_child(r, v, step, SAGA_NO_ITEM, out, a);
        }
        return;
    }
    for (uint16_t i = 0; i < v->state->n_cells; i++) {
        const struct saga_cell *c = &v->state->cells[i];

        if (c->step == step && c->item != SAGA_NO_ITEM &&
            (out->child == NULL || out->child_status != SAGA_STATUS_STUCK)) {
            see_child(r, v, step, c->item, out, a);
        }
    }
}

static bool see_holder(void *user, const struct store_saga *row)
{
    struct store_saga *holder = user;

    *holder = *row;
    holder->id = NULL; /* Borrowed for this call only: read again by number. */
    return false;
}

static void find_holder(struct store_reader *r, struct view *v, struct arena *a)
{
    struct store_saga holder = {.num = 0};
    struct err_info info;

    if (v->row.ordering_key != NULL &&
        store_scan_line(r, v->definition->name, v->row.ordering_key, 1, see_holder,
                        &holder, &info) == ERR_OK &&
        holder.num != 0 && holder.num != v->row.num &&
        store_find_saga_num(r, holder.num, a, &holder, &info) == ERR_OK) {
        v->holder = holder.id;
        v->holder_status = holder.status;
        v->holder_stuck_step = holder.stuck_step;
    }
}

void view_family(struct store_reader *r, struct view *v, struct view_step *steps,
                 struct arena *a)
{
    const struct plan *plan = v->definition->plan;

    if (v->state->state == SAGA_LINED_UP) {
        find_holder(r, v, a);
    }
    for (uint16_t i = 1; i < plan->n_nodes; i++) {
        if (plan->nodes[i].kind == PLAN_CHILD) {
            see_children(r, v, i, &steps[i], a);
        }
    }
}
