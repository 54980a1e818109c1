/*
 * expr_run.h - one evaluation: its budget, its failure, its memory.
 *
 * Inside of the expr modules only. Everything made during an evaluation comes from
 * the scratch arena and is paid for: a part evaluated, an element read, compared or
 * added costs a step, a text a step per EXPR_BYTES_PER_STEP bytes. So the budget bounds
 * time and memory.
 */
#ifndef DEFINITIONS_EXPR_RUN_H
#define DEFINITIONS_EXPR_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "definitions/expr.h"
#include "definitions/expr_node.h"

#define EXPR_BYTES_PER_STEP 64       /* Of a text that is made or looked through. */
#define EXPR_BYTES_PER_SCAN_STEP 256 /* Of JSON that is passed over. */

struct expr_run {
    const struct expr *e;
    const struct expr_root *root;
    struct arena *scratch;
    const struct expr_node *at; /* What is being computed: where a failure points. */
    size_t steps_left;
    bool has_failed;
    bool is_fatal; /* Neither ? nor anything else catches it. */
    bool is_asked; /* Whether values may be shown has been asked: is_hidden. */
    bool is_hidden;
    struct err_info failure;
};

/* Take n steps from the budget; false (and failed) when they are not there. */
MUST_CHECK bool expr_spend(struct expr_run *r, size_t n);

/* Same, for a text of n bytes, which must not exceed EXPR_RESULT_MAX. */
MUST_CHECK bool expr_spend_bytes(struct expr_run *r, size_t n);

/* Record a failure at r->at: the sentence gets expression and column in front, and the
 * expression's place once nothing has caught it. The first one stays. */
void expr_fail(struct expr_run *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A failure that nothing catches: the budget; and what jq, or some version of it, does
 * not call a failure, so that ? must not turn it into another meaning. */
void expr_fail_fatal(struct expr_run *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Bytes of n to show: at most max, and no half of a character. */
int expr_cut(const char *text, size_t n, size_t max);

/* May values not be shown in this run's sentences? */
bool expr_is_hidden(struct expr_run *r);

#define EXPR_TEXT_SHOWN 120 /* Bytes of an expression in a sentence. */
#define EXPR_SHOWN_MAX 80   /* Bytes of a described value and its NUL. */

/* A value for a sentence: kind and JSON, cut to fit: `the number 5`. Returns out. */
const char *expr_describe(struct expr_run *r, const struct expr_value *v,
                          char out[static EXPR_SHOWN_MAX]);

#endif /* DEFINITIONS_EXPR_RUN_H */
