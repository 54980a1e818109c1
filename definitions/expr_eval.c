/* expr_eval.c - see expr_eval.h. */
#include "definitions/expr_eval.h"

#include <assert.h>

#include "definitions/expr_functions.h"
#include "definitions/expr_math.h"
#include "definitions/expr_path.h"
#include "definitions/expr_string.h"

/* What most sinks need: who evaluates, on what, for whom. */
struct step {
    struct expr_sink sink;
    const struct expr_node *node;
    struct expr_value *in;
    struct expr_sink *out;
    struct expr_value *kept; /* The operand that came first. */
};

static struct step step_of(const struct expr_node *node, struct expr_value *in,
                           struct expr_sink *out)
{
    return (struct step){.node = node, .in = in, .out = out};
}

/* ---- pipe, comma, alternative, try ----------------------------------------- */

static enum expr_flow pipe_take(struct expr_sink *self, struct expr_run *r,
                                struct expr_value *v)
{
    struct step *s = (struct step *)self;

    return expr_visit(r, s->node->right, v, s->out);
}

static enum expr_flow visit_pipe(struct expr_run *r, const struct expr_node *node,
                                 struct expr_value *in, struct expr_sink *out)
{
    struct step s = step_of(node, in, out);

    s.sink.take = pipe_take;
    return expr_visit(r, node->left, in, &s.sink);
}

static enum expr_flow visit_comma(struct expr_run *r, const struct expr_node *node,
                                  struct expr_value *in, struct expr_sink *out)
{
    const enum expr_flow flow = expr_visit(r, node->left, in, out);

    return flow == EXPR_GO_ON ? expr_visit(r, node->right, in, out) : flow;
}

struct passing {
    struct expr_sink sink;
    struct expr_sink *out;
    bool has_passed;   /* Alternative: a result that is neither null nor false. */
    bool failed_below; /* Try: the failure is not in its body. */
};

static enum expr_flow alternative_take(struct expr_sink *self, struct expr_run *r,
                                       struct expr_value *v)
{
    struct passing *p = (struct passing *)self;

    if (!expr_is_true(v)) {
        return EXPR_GO_ON;
    }
    p->has_passed = true;
    return p->out->take(p->out, r, v);
}

static enum expr_flow visit_alternative(struct expr_run *r, const struct expr_node *node,
                                        struct expr_value *in, struct expr_sink *out)
{
    struct passing p = {.sink = {alternative_take}, .out = out};
    const enum expr_flow flow = expr_visit(r, node->left, in, &p.sink);

    if (flow != EXPR_GO_ON || p.has_passed) {
        return flow;
    }
    return expr_visit(r, node->right, in, out);
}

static enum expr_flow try_take(struct expr_sink *self, struct expr_run *r,
                               struct expr_value *v)
{
    struct passing *p = (struct passing *)self;
    const enum expr_flow flow = p->out->take(p->out, r, v);

    p->failed_below = flow == EXPR_FAILED; /* And nothing comes behind a failure. */
    return flow;
}

/* Take back a failure; false: nothing takes this one back. */
static bool catch_failure(struct expr_run *r)
{
    if (r->is_fatal) {
        return false;
    }
    r->has_failed = false;
    r->failure.text[0] = '\0';
    return true;
}

static enum expr_flow visit_try(struct expr_run *r, const struct expr_node *node,
                                struct expr_value *in, struct expr_sink *out)
{
    struct passing p = {.sink = {try_take}, .out = out};
    const enum expr_flow flow = expr_visit(r, node->left, in, &p.sink);

    if (flow == EXPR_FAILED && !p.failed_below && catch_failure(r)) {
        return EXPR_GO_ON;
    }
    return flow;
}

/* ---- paths ----------------------------------------------------------------- */

/* What `?` behind a step of a path makes of a failure in that step. */
static enum expr_flow give_step(struct expr_run *r, const struct expr_node *node,
                                struct expr_value *v, struct expr_sink *out)
{
    if (v == NULL && node->is_optional && catch_failure(r)) {
        return EXPR_GO_ON;
    }
    return expr_give(r, out, v);
}

/* s->kept is the key. */
static enum expr_flow index_target_take(struct expr_sink *self, struct expr_run *r,
                                        struct expr_value *v)
{
    struct step *s = (struct step *)self;

    r->at = s->node;
    return give_step(r, s->node, expr_path_index(r, v, s->kept), s->out);
}

static enum expr_flow index_key_take(struct expr_sink *self, struct expr_run *r,
                                     struct expr_value *v)
{
    struct step *s = (struct step *)self;
    struct step target = step_of(s->node, s->in, s->out);

    target.sink.take = index_target_take;
    target.kept = v;
    return expr_visit(r, s->node->left, s->in, &target.sink);
}

static enum expr_flow visit_index(struct expr_run *r, const struct expr_node *node,
                                  struct expr_value *in, struct expr_sink *out)
{
    struct step s = step_of(node, in, out);

    s.sink.take = index_key_take;
    return expr_visit(r, node->right, in, &s.sink);
}

struct slicing {
    struct expr_sink sink;
    const struct expr_node *node;
    struct expr_value *in;
    struct expr_sink *out;
    struct expr_value *from;
    struct expr_value *to;
};

static enum expr_flow slice_target_take(struct expr_sink *self, struct expr_run *r,
                                        struct expr_value *v)
{
    struct slicing *s = (struct slicing *)self;

    r->at = s->node;
    return give_step(r, s->node, expr_path_slice(r, v, s->from, s->to), s->out);
}

static enum expr_flow slice_to_take(struct expr_sink *self, struct expr_run *r,
                                    struct expr_value *v)
{
    struct slicing s = *(struct slicing *)self;

    s.sink.take = slice_target_take;
    s.to = v;
    return expr_visit(r, s.node->left, s.in, &s.sink);
}

static enum expr_flow slice_from_take(struct expr_sink *self, struct expr_run *r,
                                      struct expr_value *v)
{
    struct slicing s = *(struct slicing *)self;

    s.sink.take = slice_to_take;
    s.from = v;
    if (s.node->other == NULL) {
        return expr_give(r, &s.sink, expr_null(r));
    }
    return expr_visit(r, s.node->other, s.in, &s.sink);
}

static enum expr_flow visit_slice(struct expr_run *r, const struct expr_node *node,
                                  struct expr_value *in, struct expr_sink *out)
{
    struct slicing s = {.sink = {slice_from_take}, .node = node, .in = in, .out = out};

    if (node->right == NULL) {
        return expr_give(r, &s.sink, expr_null(r));
    }
    return expr_visit(r, node->right, in, &s.sink);
}

static enum expr_flow each_take(struct expr_sink *self, struct expr_run *r,
                                struct expr_value *v)
{
    struct step *s = (struct step *)self;

    r->at = s->node;
    if (!expr_iterate(r, v)) {
        return give_step(r, s->node, NULL, s->out);
    }
    for (size_t i = 0; i < v->n; i++) {
        /* Paid one by one: [.[] + .[] + .[]] goes over them again and again. */
        const enum expr_flow flow =
            expr_spend(r, 1) ? s->out->take(s->out, r, expr_item(v, i)) : EXPR_FAILED;

        if (flow != EXPR_GO_ON) {
            return flow;
        }
    }
    return EXPR_GO_ON;
}

static enum expr_flow visit_each(struct expr_run *r, const struct expr_node *node,
                                 struct expr_value *in, struct expr_sink *out)
{
    struct step s = step_of(node, in, out);

    s.sink.take = each_take;
    return expr_visit(r, node->left, in, &s.sink);
}

/* ---- operators ------------------------------------------------------------- */

static enum expr_flow truth_take(struct expr_sink *self, struct expr_run *r,
                                 struct expr_value *v)
{
    struct step *s = (struct step *)self;

    return expr_give(r, s->out, expr_bool(r, expr_is_true(v)));
}

static enum expr_flow logic_take(struct expr_sink *self, struct expr_run *r,
                                 struct expr_value *v)
{
    struct step *s = (struct step *)self;
    const bool decides = s->node->kind == EXPR_OR;
    struct step right = step_of(s->node, s->in, s->out);

    if (expr_is_true(v) == decides) {
        return expr_give(r, s->out, expr_bool(r, decides));
    }
    right.sink.take = truth_take;
    return expr_visit(r, s->node->right, s->in, &right.sink);
}

static struct expr_value *compared(struct expr_run *r, enum expr_operator op,
                                   struct expr_value *a, struct expr_value *b)
{
    int c;

    if (!expr_compare(r, a, b, &c)) {
        return NULL;
    }
    return expr_bool(r, (c == 0 && (op == EXPR_EQUAL || op == EXPR_LESS_EQUAL ||
                                    op == EXPR_MORE_EQUAL)) ||
                            (c < 0 && (op == EXPR_LESS || op == EXPR_LESS_EQUAL)) ||
                            (c > 0 && (op == EXPR_MORE || op == EXPR_MORE_EQUAL)) ||
                            (c != 0 && op == EXPR_UNEQUAL));
}

/* s->kept is the right operand: jq evaluates it first. */
static enum expr_flow left_take(struct expr_sink *self, struct expr_run *r,
                                struct expr_value *v)
{
    struct step *s = (struct step *)self;

    r->at = s->node;
    return expr_give(r, s->out,
                     s->node->kind == EXPR_COMPARE
                         ? compared(r, s->node->op, v, s->kept)
                         : expr_math(r, s->node->op, v, s->kept));
}

static enum expr_flow right_take(struct expr_sink *self, struct expr_run *r,
                                 struct expr_value *v)
{
    struct step *s = (struct step *)self;
    struct step left = step_of(s->node, s->in, s->out);

    left.sink.take = left_take;
    left.kept = v;
    return expr_visit(r, s->node->left, s->in, &left.sink);
}

static enum expr_flow negate_take(struct expr_sink *self, struct expr_run *r,
                                  struct expr_value *v)
{
    struct step *s = (struct step *)self;

    r->at = s->node;
    return expr_give(r, s->out, expr_negate(r, v));
}

static enum expr_flow if_take(struct expr_sink *self, struct expr_run *r,
                              struct expr_value *v)
{
    struct step *s = (struct step *)self;

    return expr_visit(r, expr_is_true(v) ? s->node->right : s->node->other, s->in,
                      s->out);
}

static enum expr_flow visit_operator(struct expr_run *r, const struct expr_node *node,
                                     struct expr_value *in, struct expr_sink *out)
{
    struct step s = step_of(node, in, out);

    if (node->kind == EXPR_COMPARE || node->kind == EXPR_MATH) {
        s.sink.take = right_take;
        return expr_visit(r, node->right, in, &s.sink);
    }
    s.sink.take = node->kind == EXPR_NEGATE ? negate_take
                  : node->kind == EXPR_IF   ? if_take
                                            : logic_take;
    return expr_visit(r, node->left, in, &s.sink);
}

/* ---- [ ], { }, "\( )" ------------------------------------------------------ */

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

static enum expr_flow visit_array(struct expr_run *r, const struct expr_node *node,
                                  struct expr_value *in, struct expr_sink *out)
{
    struct collecting c = {.sink = {collect_take}, .array = expr_array(r, 0)};

    if (node->left != NULL) {
        const enum expr_flow flow = expr_visit(r, node->left, in, &c.sink);

        if (flow != EXPR_GO_ON) {
            return flow;
        }
    }
    return expr_give(r, out, c.array);
}

/* The parts of { } or of a text, chosen one by one; the last choice makes the value. */
struct choosing {
    struct expr_sink sink;
    const struct expr_node *node;
    struct expr_value *in;
    struct expr_sink *out;
    struct expr_value **chosen; /* One for each part. */
    size_t i;                   /* The part that is being chosen. */
};

static struct expr_value *object_of(struct expr_run *r, const struct choosing *c)
{
    struct expr_value *object = expr_object(r, c->node->n_parts / 2);

    for (size_t i = 0; i < c->node->n_parts; i += 2) {
        const struct expr_value *key = c->chosen[i];

        if (!expr_object_set(r, object, key->bytes, key->n, c->chosen[i + 1])) {
            return NULL;
        }
    }
    return object;
}

static enum expr_flow choose_member(struct expr_run *r, const struct choosing *from)
{
    struct choosing c = *from;
    const struct expr_node *part;

    if (c.i == c.node->n_parts) {
        r->at = c.node;
        return expr_give(r, c.out, object_of(r, &c));
    }
    part = c.node->parts[c.i];
    if (part == NULL) { /* { name } */
        r->at = c.node->parts[c.i - 1];
        return expr_give(r, &c.sink, expr_path_index(r, c.in, c.chosen[c.i - 1]));
    }
    return expr_visit(r, part, c.in, &c.sink);
}

/* jq: a key is looked at when its value is there. */
static bool is_name(struct expr_run *r, const struct choosing *c)
{
    const struct expr_value *key = c->chosen[c->i - 1];
    char shown[EXPR_SHOWN_MAX];

    if (key->kind == JSON_KIND_STRING) {
        return true;
    }
    r->at = c->node->parts[c->i - 1];
    expr_fail(r, "the name of a member must be a string, not %s",
              expr_describe(r, key, shown));
    return false;
}

static enum expr_flow member_take(struct expr_sink *self, struct expr_run *r,
                                  struct expr_value *v)
{
    struct choosing c = *(struct choosing *)self;

    c.chosen[c.i] = v;
    if (c.i % 2 == 1 && !is_name(r, &c)) {
        return EXPR_FAILED;
    }
    c.i++;
    return choose_member(r, &c);
}

static struct expr_value *format(struct expr_run *r, const struct expr_node *node,
                                 struct expr_value *v)
{
    return node->function == NULL ? expr_to_string(r, v, NULL)
                                  : node->function->call(r, v, NULL);
}

/* From the last part to the first: jq's order when parts have several results. */
static enum expr_flow choose_piece(struct expr_run *r, const struct choosing *from)
{
    struct choosing c = *from;
    const struct expr_node *part;

    if (c.i == 0) {
        r->at = c.node;
        return expr_give(r, c.out, expr_sum(r, c.chosen, c.node->n_parts));
    }
    part = c.node->parts[c.i - 1];
    if (part->kind == EXPR_LITERAL && part->value->kind == JSON_KIND_STRING &&
        part->column == c.node->column) { /* Text of the string itself. */
        c.chosen[c.i - 1] = part->value;
        c.i--;
        return choose_piece(r, &c);
    }
    return expr_visit(r, part, c.in, &c.sink);
}

static enum expr_flow piece_take(struct expr_sink *self, struct expr_run *r,
                                 struct expr_value *v)
{
    struct choosing c = *(struct choosing *)self;

    r->at = c.node;
    c.i--;
    c.chosen[c.i] = format(r, c.node, v);
    return c.chosen[c.i] == NULL ? EXPR_FAILED : choose_piece(r, &c);
}

static enum expr_flow visit_parts(struct expr_run *r, const struct expr_node *node,
                                  struct expr_value *in, struct expr_sink *out)
{
    const bool is_object = node->kind == EXPR_OBJECT;
    struct choosing c = {.sink = {is_object ? member_take : piece_take},
                         .node = node,
                         .in = in,
                         .out = out,
                         .i = is_object ? 0 : node->n_parts};

    if (!expr_spend(r, node->n_parts / 4)) {
        return EXPR_FAILED;
    }
    c.chosen = arena_take(r->scratch, node->n_parts * sizeof(struct expr_value *));
    return is_object ? choose_member(r, &c) : choose_piece(r, &c);
}

enum expr_flow expr_visit(struct expr_run *r, const struct expr_node *node,
                          struct expr_value *in, struct expr_sink *out)
{
    r->at = node;
    if (node->kind != EXPR_IDENTITY && node->kind != EXPR_LITERAL && !expr_spend(r, 1)) {
        return EXPR_FAILED;
    }
    switch (node->kind) {
    case EXPR_IDENTITY:
        return out->take(out, r, in);
    case EXPR_LITERAL:
        return out->take(out, r, node->value);
    case EXPR_INDEX:
        return visit_index(r, node, in, out);
    case EXPR_SLICE:
        return visit_slice(r, node, in, out);
    case EXPR_EACH:
        return visit_each(r, node, in, out);
    case EXPR_TRY:
        return visit_try(r, node, in, out);
    case EXPR_PIPE:
        return visit_pipe(r, node, in, out);
    case EXPR_COMMA:
        return visit_comma(r, node, in, out);
    case EXPR_ALTERNATIVE:
        return visit_alternative(r, node, in, out);
    case EXPR_OR:
    case EXPR_AND:
    case EXPR_COMPARE:
    case EXPR_MATH:
    case EXPR_NEGATE:
    case EXPR_IF:
        return visit_operator(r, node, in, out);
    case EXPR_ARRAY:
        return visit_array(r, node, in, out);
    case EXPR_OBJECT:
    case EXPR_TEXT:
        return visit_parts(r, node, in, out);
    case EXPR_CALL:
        return expr_call_visit(r, node, in, out);
    }
    assert(false);
    return EXPR_FAILED;
}
