/* check_children.c - steps that are sagas themselves (S33); see check.h. */
#include <string.h>

#include "definitions/check.h"

static const struct definition *child_of(const struct check *c, const char *name,
                                         uint32_t version)
{
    const struct check_world *w = c->world;

    return w->child(w->child_user != NULL ? w->child_user : w->user, name, version);
}

/* Children of children … of a stored definition. What is stored has no cycle of its
 * own, so the depth only bounds what older versions of each other may add up to. */
static bool reaches(const struct check *c, const struct definition *from,
                    const char *name, unsigned depth)
{
    if (depth > LIMIT_DEPTH) {
        return true;
    }
    for (uint16_t i = 1; i < from->plan->n_nodes; i++) {
        const struct definition_step *step = &from->steps[i];
        const struct definition *below;

        if (step->child == NULL) {
            continue;
        }
        if (strcmp(step->child, name) == 0) {
            return true;
        }
        below = child_of(c, step->child, step->child_version);
        if (below != NULL && reaches(c, below, name, depth + 1)) {
            return true;
        }
    }
    return false;
}

static void check_found(const struct check *c, const struct draft_step *step,
                        const struct definition *child)
{
    const struct place *at = place_of(c->scratch, step->child->at, "definition");
    bool is_settled = step->is_pivot || step->undo.is_null || step->undo.call != NULL;

    if (c->d->name != NULL && reaches(c, child, c->d->name, 1)) {
        report_error(c->report, at, "child-cycle",
                     "'%s' leads back to '%s', so it would never end", child->name,
                     c->d->name);
    }
    if (child->ordering_key != NULL) {
        report_error(c->report, at, "child-has-ordering-key",
                     "'%s' has an orderingKey; a child that waits for its turn would "
                     "block its parent",
                     child->name);
    }
    if (child->plan->nodes[0].holds_pivot && !is_settled) {
        report_error(c->report, at, "child-has-pivot",
                     "'%s' has a pivot and cannot be taken back behind it; this step "
                     "must be a pivot or say 'compensate'",
                     child->name);
    }
}

static void check_child(const struct check *c, const struct draft_step *step)
{
    const struct draft_child *child = step->child;
    const struct place *at = place_of(c->scratch, child->at, "definition");
    const struct definition *found;

    if (child->definition == NULL) {
        return;
    }
    if (c->d->name != NULL && strcmp(child->definition, c->d->name) == 0) {
        report_error(c->report, at, "child-cycle",
                     "a definition cannot be a child of itself");
        return;
    }
    if (c->world->child == NULL) {
        return;
    }
    found = child_of(c, child->definition, child->version);
    if (found == NULL) {
        check_unknown(c, at, "definition", child->definition);
    } else {
        check_found(c, step, found);
    }
}

void check_children(const struct check *c)
{
    for (uint16_t i = 1; i < c->d->n_nodes; i++) {
        if (c->d->nodes[i]->child != NULL) {
            check_child(c, c->d->nodes[i]);
        }
    }
}
