/*
 * expr_eval.h - running a tree: every part hands its results on, one by one.
 *
 * Inside of the expr modules only. jq's expressions give any number of results, so
 * a part does not return them: it calls a sink for each. The sink says whether to go
 * on. The stack this takes is bounded by the number of nodes (EXPR_NODES_MAX), since
 * the language has no recursion.
 */
#ifndef DEFINITIONS_EXPR_EVAL_H
#define DEFINITIONS_EXPR_EVAL_H

#include <stdbool.h>

#include "definitions/expr_node.h"
#include "definitions/expr_run.h"
#include "definitions/expr_value.h"

enum expr_flow {
    EXPR_GO_ON,
    EXPR_ENOUGH, /* Who asked for this has all it wants (first, map_values). */
    EXPR_FAILED, /* r->failure says why. */
};

struct expr_sink {
    /* v is never NULL. self: the sink, first member of what the taker needs. */
    enum expr_flow (*take)(struct expr_sink *self, struct expr_run *r,
                           struct expr_value *v);
};

/* Each result of node for this input goes to the sink. */
enum expr_flow expr_visit(struct expr_run *r, const struct expr_node *node,
                          struct expr_value *in, struct expr_sink *out);

/* A function with its argument; in expr_call.c. */
enum expr_flow expr_call_visit(struct expr_run *r, const struct expr_node *node,
                               struct expr_value *in, struct expr_sink *out);

/* Hand v on; NULL means that making it failed. */
static inline enum expr_flow expr_give(struct expr_run *r, struct expr_sink *out,
                                       struct expr_value *v)
{
    return v == NULL ? EXPR_FAILED : out->take(out, r, v);
}

#endif /* DEFINITIONS_EXPR_EVAL_H */
