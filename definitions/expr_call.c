/* expr_call.c - calls: plain functions, and the filters that evaluate their argument
 * themselves; see expr_functions.h. */
#include "definitions/expr_eval.h"

#include "definitions/expr_functions.h"
#include "definitions/expr_order.h"
#include <assert.h>

/* ---- select, first, last --------------------------------------------------- */

struct passing {
    struct expr_sink sink;
    struct expr_value *in;
    struct expr_sink *out;
    bool is_done;
};

static enum expr_flow select_take(struct expr_sink *self, struct expr_run *r,
                                  struct expr_value *v)
{
    struct passing *p = (struct passing *)self;

    return expr_is_true(v) ? p->out->take(p->out, r, p->in) : EXPR_GO_ON;
}

static enum expr_flow visit_select(struct expr_run *r, const struct expr_node *argument,
                                   struct expr_value *in, struct expr_sink *out)
{
    struct passing p = {.sink = {select_take}, .in = in, .out = out};

    return expr_visit(r, argument, in, &p.sink);
}

static enum expr_flow first_take(struct expr_sink *self, struct expr_run *r,
                                 struct expr_value *v)
{
    struct passing *p = (struct passing *)self;
    const enum expr_flow flow = p->out->take(p->out, r, v);

    if (flow != EXPR_GO_ON) {
        return flow;
    }
    p->is_done = true;
    return EXPR_ENOUGH;
}

static enum expr_flow visit_first(struct expr_run *r, const struct expr_node *argument,
                                  struct expr_value *in, struct expr_sink *out)
{
    struct passing p = {.sink = {first_take}, .in = in, .out = out};
    const enum expr_flow flow = expr_visit(r, argument, in, &p.sink);

    return flow == EXPR_ENOUGH && p.is_done ? EXPR_GO_ON : flow;
}

/* ---- results that are kept ------------------------------------------------- */

struct keeping {
    struct expr_sink sink;
    struct expr_value *kept; /* The last one; NULL: none came. */
    size_t n;
    bool wants_one; /* Stop behind the first. */
};

static enum expr_flow keep_take(struct expr_sink *self, struct expr_run *r,
                                struct expr_value *v)
{
    struct keeping *k = (struct keeping *)self;

    (void)r;
    k->kept = v;
    k->n++;
    return k->wants_one ? EXPR_ENOUGH : EXPR_GO_ON;
}

static enum expr_flow visit_last(struct expr_run *r, const struct expr_node *node,
                                 struct expr_value *in, struct expr_sink *out)
{
    struct keeping k = {.sink = {keep_take}};
    const enum expr_flow flow = expr_visit(r, node->left, in, &k.sink);

    if (flow != EXPR_GO_ON) {
        return flow;
    }
    if (k.kept == NULL) { /* jq's versions disagree. */
        r->at = node;
        expr_fail_fatal(r, "last(...) has no result to take");
    }
    return expr_give(r, out, k.kept);
}

struct collecting {
    struct expr_sink sink;
    struct expr_value *array;
};

static enum expr_flow collect_take(struct expr_sink *self, struct expr_run *r,
                                   struct expr_value *v)
{
    struct collecting *c = (struct collecting *)self;

    return expr_array_add(r, c->array, v) ? EXPR_GO_ON : EXPR_FAILED;
}

/* [ f ] for one input; NULL: failed. */
static struct expr_value *results_of(struct expr_run *r, const struct expr_node *f,
                                     struct expr_value *in)
{
    struct collecting c = {.sink = {collect_take}, .array = expr_array(r, 0)};

    return expr_visit(r, f, in, &c.sink) == EXPR_GO_ON ? c.array : NULL;
}

/* [ .[] | f ] */
static struct expr_value *map(struct expr_run *r, const struct expr_node *f,
                              struct expr_value *in)
{
    struct collecting c = {.sink = {collect_take}, .array = expr_array(r, 0)};

    if (!expr_iterate(r, in) || !expr_spend(r, in->n)) {
        return NULL;
    }
    for (size_t i = 0; i < in->n; i++) {
        if (expr_visit(r, f, expr_item(in, i), &c.sink) != EXPR_GO_ON) {
            return NULL;
        }
    }
    return c.array;
}

/* ---- map_values ------------------------------------------------------------ */

/* The first result of f; *out NULL: there is none. False: failed. */
static bool first_of(struct expr_run *r, const struct expr_node *f, struct expr_value *in,
                     struct expr_value **out)
{
    struct keeping k = {.sink = {keep_take}, .wants_one = true};

    if (expr_visit(r, f, in, &k.sink) == EXPR_FAILED) {
        return false;
    }
    *out = k.kept;
    return true;
}

static struct expr_value *map_object(struct expr_run *r, const struct expr_node *f,
                                     const struct expr_value *in)
{
    struct expr_value *made = expr_object(r, in->n);

    for (size_t i = 0; i < in->n; i++) {
        const struct expr_member *m = &in->members[i];
        struct expr_value *v;

        if (!first_of(r, f, m->value, &v) ||
            (v != NULL && !expr_object_set(r, made, m->name, m->n, v))) {
            return NULL;
        }
    }
    return made;
}

static struct expr_value *map_values(struct expr_run *r, const struct expr_node *node,
                                     struct expr_value *in)
{
    struct expr_value *made;

    if (!expr_iterate(r, in) || !expr_spend(r, in->n)) {
        return NULL;
    }
    if (in->kind == JSON_KIND_OBJECT) {
        return map_object(r, node->left, in);
    }
    made = expr_array(r, in->n);
    for (size_t i = 0; i < in->n; i++) {
        struct expr_value *v;

        if (!first_of(r, node->left, in->items[i], &v)) {
            return NULL;
        }
        if (v == NULL) { /* jq 1.6 drops the wrong ones. */
            r->at = node;
            expr_fail_fatal(
                r, "map_values gives no result for an element; to leave elements "
                   "out of an array, use map");
        }
        if (v == NULL || !expr_array_add(r, made, v)) {
            return NULL;
        }
    }
    return made;
}

/* ---- any, all -------------------------------------------------------------- */

/* Stops at the first element that decides. */
static struct expr_value *any_or_all(struct expr_run *r, const struct expr_node *node,
                                     struct expr_value *in, bool decides)
{
    if (!expr_iterate(r, in) || !expr_spend(r, in->n)) {
        return NULL;
    }
    for (size_t i = 0; i < in->n; i++) {
        struct keeping k = {.sink = {keep_take}};

        if (expr_visit(r, node->left, expr_item(in, i), &k.sink) != EXPR_GO_ON) {
            return NULL;
        }
        if (k.n != 1) { /* jq's versions disagree. */
            r->at = node;
            expr_fail_fatal(
                r, "the condition of %s gives %zu results for one element, not one",
                node->function->name, k.n);
            return NULL;
        }
        if (expr_is_true(k.kept) == decides) {
            return expr_bool(r, decides);
        }
    }
    return expr_bool(r, !decides);
}

/* ---- sort_by, with_entries ------------------------------------------------- */

static struct expr_value *sort_by(struct expr_run *r, const struct expr_node *node,
                                  struct expr_value *in)
{
    struct expr_value *sorted;
    struct expr_ranked *all;
    char shown[EXPR_SHOWN_MAX];

    if (in->kind != JSON_KIND_ARRAY) {
        expr_fail(r, "sort_by needs an array, not %s", expr_describe(r, in, shown));
        return NULL;
    }
    if (!expr_open(r, in)) {
        return NULL;
    }
    all = arena_take(r->scratch, in->n * sizeof(*all));
    for (size_t i = 0; i < in->n; i++) {
        all[i] =
            (struct expr_ranked){results_of(r, node->left, in->items[i]), in->items[i]};
        if (all[i].rank == NULL) {
            return NULL;
        }
    }
    r->at = node;
    if (!expr_sort(r, all, in->n)) {
        return NULL;
    }
    sorted = expr_array(r, in->n);
    for (size_t i = 0; i < in->n; i++) {
        if (!expr_array_add(r, sorted, all[i].item)) {
            return NULL;
        }
    }
    return sorted;
}

static struct expr_value *with_entries(struct expr_run *r, const struct expr_node *node,
                                       struct expr_value *in)
{
    struct expr_value *entries = expr_to_entries(r, in, NULL);
    struct expr_value *mapped = entries == NULL ? NULL : map(r, node->left, entries);

    r->at = node;
    return mapped == NULL ? NULL : expr_from_entries(r, mapped, NULL);
}

/* ---- calls ----------------------------------------------------------------- */

struct calling {
    struct expr_sink sink;
    const struct expr_node *node;
    struct expr_value *in;
    struct expr_sink *out;
};

static enum expr_flow argument_take(struct expr_sink *self, struct expr_run *r,
                                    struct expr_value *v)
{
    struct calling *c = (struct calling *)self;

    r->at = c->node;
    return expr_give(r, c->out, c->node->function->call(r, c->in, v));
}

static enum expr_flow visit_plain(struct expr_run *r, const struct expr_node *node,
                                  struct expr_value *in, struct expr_sink *out)
{
    struct calling c = {.sink = {argument_take}, .node = node, .in = in, .out = out};

    if (node->left == NULL) {
        return expr_give(r, out, node->function->call(r, in, NULL));
    }
    return expr_visit(r, node->left, in, &c.sink);
}

enum expr_flow expr_call_visit(struct expr_run *r, const struct expr_node *node,
                               struct expr_value *in, struct expr_sink *out)
{
    switch (node->function->filter) {
    case EXPR_FILTER_NONE:
        return visit_plain(r, node, in, out);
    case EXPR_FILTER_VALUES:
        return in->kind == JSON_KIND_NULL ? EXPR_GO_ON : out->take(out, r, in);
    case EXPR_FILTER_SELECT:
        return visit_select(r, node->left, in, out);
    case EXPR_FILTER_FIRST:
        return visit_first(r, node->left, in, out);
    case EXPR_FILTER_LAST:
        return visit_last(r, node, in, out);
    case EXPR_FILTER_MAP:
        return expr_give(r, out, map(r, node->left, in));
    case EXPR_FILTER_MAP_VALUES:
        return expr_give(r, out, map_values(r, node, in));
    case EXPR_FILTER_ANY:
        return expr_give(r, out, any_or_all(r, node, in, true));
    case EXPR_FILTER_ALL:
        return expr_give(r, out, any_or_all(r, node, in, false));
    case EXPR_FILTER_SORT_BY:
        return expr_give(r, out, sort_by(r, node, in));
    case EXPR_FILTER_WITH_ENTRIES:
        return expr_give(r, out, with_entries(r, node, in));
    }
    assert(false);
    return EXPR_FAILED;
}
