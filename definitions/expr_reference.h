/*
 * expr_reference.h - what an expression reads from the root.
 *
 * Inside of the expr modules only. Follows the tree with the path that each part
 * stands for, as far as it is known without data, and notes the path where it ends.
 */
#ifndef DEFINITIONS_EXPR_REFERENCE_H
#define DEFINITIONS_EXPR_REFERENCE_H

#include "base/arena.h"
#include "definitions/expr_node.h"

/* Fill in e->references. */
void expr_reference_compile(struct arena *a, struct expr *e);

#endif /* DEFINITIONS_EXPR_REFERENCE_H */
