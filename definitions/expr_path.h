/*
 * expr_path.h - steps of a path, and plain paths without a tree.
 *
 * Inside of the expr modules only.
 */
#ifndef DEFINITIONS_EXPR_PATH_H
#define DEFINITIONS_EXPR_PATH_H

#include <stdbool.h>

#include "definitions/expr_node.h"
#include "definitions/expr_value.h"

/* v[key]; NULL: it failed. */
struct expr_value *expr_path_index(struct expr_run *r, struct expr_value *v,
                                   struct expr_value *key);

/* v[from:to]; null stands for an end that is not written. */
struct expr_value *expr_path_slice(struct expr_run *r, struct expr_value *v,
                                   const struct expr_value *from,
                                   const struct expr_value *to);

/* Fill in e->keys when its tree is a plain path from the root, e->otherwise when
 * it is one with a literal behind //. */
void expr_path_compile(struct arena *a, struct expr *e);

/* What a plain path finds. False: it fails or needs the tree; evaluate that. */
bool expr_path_find(const struct expr *e, const struct expr_root *root,
                    struct json_span *out);

#endif /* DEFINITIONS_EXPR_PATH_H */
