/* expr_reference.c - see expr_reference.h. */
#include "definitions/expr_reference.h"

#include <assert.h>
#include <string.h>

#include "definitions/expr_functions.h"

#define NAMES_MAX 3

/* The path a part stands for. names[0..n) are known; is_below: deeper than the names
 * that are reported; !is_rooted: a value made here, or one nobody asks about. */
struct trail {
    bool is_rooted;
    bool is_below;
    bool is_guarded;
    bool is_element;
    const char *names[NAMES_MAX];
    size_t n;
};

struct tracing {
    struct arena *arena;
    struct expr_reference *all;
    size_t n;
    size_t room;
    unsigned guards; /* // and ? around us. */
};

static const struct trail nowhere = {.is_rooted = false};

static struct trail trace(struct tracing *t, const struct expr_node *node,
                          struct trail in);

static bool is_same(const struct expr_reference *a, const struct expr_reference *b)
{
    return strcmp(a->root, b->root) == 0 && strcmp(a->name, b->name) == 0 &&
           strcmp(a->field, b->field) == 0 && a->is_guarded == b->is_guarded &&
           a->is_element == b->is_element;
}

static void note(struct tracing *t, const struct expr_reference *one)
{
    for (size_t i = 0; i < t->n; i++) {
        if (is_same(&t->all[i], one)) {
            return;
        }
    }
    if (t->n == t->room) {
        const size_t room = t->room * 2 + 4;
        struct expr_reference *all = arena_take(t->arena, room * sizeof(*all));

        if (t->n > 0) {
            memcpy(all, t->all, t->n * sizeof(*all));
        }
        t->all = all;
        t->room = room;
    }
    t->all[t->n] = *one;
    t->n++;
}

/* The path ends here: its value is used. */
static void use(struct tracing *t, struct trail path)
{
    const struct expr_reference one = {
        .root = path.n > 0 ? path.names[0] : "",
        .name = path.n > 1 ? path.names[1] : "",
        .field = path.n > 2 ? path.names[2] : "",
        .is_guarded = path.is_guarded || t->guards > 0,
        .is_element = path.is_element,
    };

    if (path.is_rooted) {
        note(t, &one);
    }
}

/* How many names of a path are reported. */
static size_t names_wanted(const struct trail *path)
{
    static const char *const of_two[] = {"vars", "response", "saga", "error"};

    if (path->n == 0) {
        return 1;
    }
    if (strcmp(path->names[0], "steps") == 0) {
        return 3;
    }
    for (size_t i = 0; i < sizeof(of_two) / sizeof(of_two[0]); i++) {
        if (strcmp(path->names[0], of_two[i]) == 0) {
            return 2;
        }
    }
    return 1;
}

static struct trail below(struct trail path, const char *name)
{
    if (!path.is_rooted || path.is_below) {
        return path;
    }
    if (path.n >= names_wanted(&path)) {
        path.is_below = true;
        return path;
    }
    path.names[path.n] = name;
    path.n++;
    return path;
}

/* Any element: the items of a forEach step are still that step. */
static struct trail any_element(struct tracing *t, struct trail path)
{
    if (!path.is_rooted || path.is_below || path.n >= names_wanted(&path)) {
        path.is_below = true;
        return path;
    }
    if (path.n == 2) {
        path.is_element = true;
        return path;
    }
    use(t, path); /* Which member of the root, of .steps or .vars: not known. */
    return nowhere;
}

static struct trail trace_index(struct tracing *t, const struct expr_node *node,
                                struct trail in)
{
    struct trail path = trace(t, node->left, in);
    const struct expr_value *key =
        node->right->kind == EXPR_LITERAL ? node->right->value : NULL;

    if (key != NULL && key->kind == JSON_KIND_STRING) {
        path = below(path, key->bytes);
    } else {
        if (key == NULL) {
            use(t, trace(t, node->right, in));
        }
        path = any_element(t, path);
    }
    path.is_guarded = path.is_guarded || node->is_optional;
    return path;
}

/* node is used as a whole. */
static void trace_use(struct tracing *t, const struct expr_node *node, struct trail in)
{
    if (node != NULL) {
        use(t, trace(t, node, in));
    }
}

static struct trail trace_slice(struct tracing *t, const struct expr_node *node,
                                struct trail in)
{
    struct trail path = trace(t, node->left, in);

    trace_use(t, node->right, in);
    trace_use(t, node->other, in);
    path.is_guarded = path.is_guarded || node->is_optional;
    return path;
}

static struct trail trace_guarded(struct tracing *t, const struct expr_node *node,
                                  struct trail in)
{
    struct trail path;

    t->guards++;
    path = trace(t, node, in);
    t->guards--;
    path.is_guarded = true;
    return path;
}

static struct trail trace_call(struct tracing *t, const struct expr_node *node,
                               struct trail in)
{
    switch (node->function->filter) {
    case EXPR_FILTER_VALUES:
        return in;
    case EXPR_FILTER_SELECT:
        trace_use(t, node->left, in);
        return in;
    case EXPR_FILTER_FIRST:
    case EXPR_FILTER_LAST:
        return trace(t, node->left, in);
    case EXPR_FILTER_MAP:
    case EXPR_FILTER_MAP_VALUES:
    case EXPR_FILTER_ANY:
    case EXPR_FILTER_ALL:
    case EXPR_FILTER_SORT_BY:
        use(t, in);
        trace_use(t, node->left, any_element(t, in));
        return nowhere;
    case EXPR_FILTER_WITH_ENTRIES:
        use(t, in);
        trace_use(t, node->left, nowhere);
        return nowhere;
    case EXPR_FILTER_NONE:
        use(t, in);
        trace_use(t, node->left, in);
        return nowhere;
    }
    assert(false);
    return nowhere;
}

/* { name } reads the input's member of that name. */
static void trace_parts(struct tracing *t, const struct expr_node *node, struct trail in)
{
    for (size_t i = 0; i < node->n_parts; i++) {
        const struct expr_node *part = node->parts[i];

        if (part != NULL) {
            trace_use(t, part, in);
        } else if (node->parts[i - 1]->kind == EXPR_LITERAL) {
            use(t, below(in, node->parts[i - 1]->value->bytes));
        } else {
            use(t, in);
        }
    }
}

static struct trail trace_alternative(struct tracing *t, const struct expr_node *node,
                                      struct trail in)
{
    use(t, trace_guarded(t, node->left, in));
    trace_use(t, node->right, in);
    return nowhere;
}

static struct trail trace(struct tracing *t, const struct expr_node *node,
                          struct trail in)
{
    switch (node->kind) {
    case EXPR_IDENTITY:
        return in;
    case EXPR_LITERAL:
        return nowhere;
    case EXPR_INDEX:
        return trace_index(t, node, in);
    case EXPR_SLICE:
        return trace_slice(t, node, in);
    case EXPR_EACH: {
        struct trail path = any_element(t, trace(t, node->left, in));

        path.is_guarded = path.is_guarded || node->is_optional;
        return path;
    }
    case EXPR_TRY:
        return trace_guarded(t, node->left, in);
    case EXPR_PIPE:
        return trace(t, node->right, trace(t, node->left, in));
    case EXPR_ALTERNATIVE:
        return trace_alternative(t, node, in);
    case EXPR_OBJECT:
    case EXPR_TEXT:
        trace_parts(t, node, in);
        return nowhere;
    case EXPR_CALL:
        return trace_call(t, node, in);
    case EXPR_COMMA:
    case EXPR_OR:
    case EXPR_AND:
    case EXPR_COMPARE:
    case EXPR_MATH:
    case EXPR_NEGATE:
    case EXPR_ARRAY:
    case EXPR_IF:
        trace_use(t, node->left, in);
        trace_use(t, node->right, in);
        trace_use(t, node->other, in);
        return nowhere;
    }
    assert(false);
    return nowhere;
}

void expr_reference_compile(struct arena *a, struct expr *e)
{
    struct tracing t = {.arena = a};
    const struct trail root = {.is_rooted = true};

    trace_use(&t, e->top, root);
    e->references = t.all;
    e->n_references = t.n;
}
