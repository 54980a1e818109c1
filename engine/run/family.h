/*
 * family.h - sagas that are steps of others (S33).
 *
 * A child is started, cancelled, taken back, paused and resumed by turns of its parent,
 * and tells its parent how it ended, each time in the transaction of the turn that says
 * so (follow.h). The child of a step, or of an item, is the last one started there.
 *
 * The input of a child is rendered while the core asks for it, in the parent's scope:
 * absent it is {}. It must fit the child's schema, and the child's key must render; else
 * the parent's step is stuck. A unique key that another saga holds refuses the step.
 * Engine thread only.
 */
#ifndef RUN_FAMILY_H
#define RUN_FAMILY_H

#include "definitions/render.h"
#include "engine/core/saga.h"
#include "engine/view/record.h"

struct engine;
struct oracle;
struct registry_entry;
struct resident;

struct family_child { /* Ready to be started. */
    const struct registry_entry *entry;
    const char *key; /* NULL none. */
    struct json_span input;
};

/* What the parent's step would start. Everything in out lives in the filling batch's
 * arena or the registry. ERR_INVALID: it cannot be, info says why. n_more: children that
 * this turn has rendered already. */
MUST_CHECK enum err family_render(struct engine *e, const struct resident *r,
                                  const struct saga_question *q,
                                  const struct render_scope *scope, uint32_t n_more,
                                  struct family_child *out, struct err_info *info);

/* An effect that concerns a child or the parent. record: of the turn, still borrowed. */
void family_carry_out(struct engine *e, struct resident *r, const struct oracle *o,
                      const struct saga_effect *fx, const struct record *record);

/* A pause or its end goes on to the children that are open. */
void family_pass_on(struct engine *e, const struct resident *r,
                    const struct record *record);

/* The child r stands in its parent from now on. */
void family_take_place(struct engine *e, const struct resident *r);

#endif /* RUN_FAMILY_H */
