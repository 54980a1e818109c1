/* The expressions of tests/oracle/meanings.txt: what each gives, and that it does so, or
 * ends for lack of steps, parts or levels, however few there are. The oracle holds the
 * same file to jq. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "definitions/expr_eval.h"
#include "definitions/expr_parse.h"
#include "tests/support/suite.h"

#define TEXT_MAX ((size_t)64 * 1024)

struct meaning {
    char kind[16];
    char *expression;
    char *expected;
    int line;
};

struct meanings {
    FILE *file;
    int line;
    char text[TEXT_MAX];
    char document[TEXT_MAX];
};

static struct meanings all; /* Each test runs in a process of its own. */

static struct json_span whole(void)
{
    return json_span_of(all.document, strlen(all.document));
}

static struct json_span member(void *user, const char *name, size_t n)
{
    (void)user;
    return json_span_member(whole(), name, n);
}

static struct json_span step(void *user, const char *id, size_t n)
{
    (void)user;
    return json_span_member(json_span_member(whole(), "steps", 5), id, n);
}

static const struct expr_root root = {.member = member, .step = step};

static void open_meanings(void)
{
    json_init();
    all.file = fopen("tests/oracle/meanings.txt", "r");
    ck_assert_msg(all.file != NULL, "run from the root of the tree");
}

/* The next case; false behind the last. Keeps the documents it passes. */
static bool next_meaning(struct meanings *m, struct meaning *out)
{
    while (fgets(m->text, sizeof(m->text), m->file) != NULL) {
        char *arrow = strstr(m->text, "  =>  ");
        char *blanks = strstr(m->text, "  ");

        m->line++;
        m->text[strcspn(m->text, "\n")] = '\0';
        if (m->text[0] == '\0' || m->text[0] == '#') {
            continue;
        }
        ck_assert_msg(blanks != NULL, "line %d is no case", m->line);
        if (strncmp(m->text, "document", 8) == 0) {
            (void)snprintf(m->document, sizeof(m->document), "%s", blanks + 2);
            continue;
        }
        ck_assert_msg(arrow != NULL, "line %d has no =>", m->line);
        (void)snprintf(out->kind, sizeof(out->kind), "%.*s", (int)(blanks - m->text),
                       m->text);
        *arrow = '\0';
        out->expression = arrow == blanks ? arrow : blanks + 2;
        out->expected = arrow + 6;
        out->line = m->line;
        return true;
    }
    (void)fclose(m->file);
    return false;
}

static struct expr *compile(struct arena *a, const struct meaning *m,
                            struct err_info *info)
{
    struct expr *e = NULL;
    unsigned column;

    if (expr_compile(a, m->expression, strlen(m->expression), &e, &column, info) !=
        ERR_OK) {
        return NULL;
    }
    return e;
}

static bool is_same_json(const char *a, const char *b)
{
    json_t *left = json_loads(a, JSON_DECODE_ANY, NULL);
    json_t *right = json_loads(b, JSON_DECODE_ANY, NULL);
    const bool is_same = left != NULL && json_equal(left, right) != 0;

    json_decref(left);
    json_decref(right);
    return is_same || strcmp(a, b) == 0;
}

static void judge(const struct meaning *m, struct arena *a)
{
    struct err_info info = {{0}};
    struct expr *e = compile(a, m, &info);
    struct buf out;

    buf_init(&out, EXPR_RESULT_MAX);
    if (e != NULL && expr_eval(e, &root, a, &out, &info) == ERR_OK) {
        ck_assert_msg(strcmp(m->kind, "value") == 0 &&
                          is_same_json(buf_text(&out), m->expected),
                      "line %d: %s\n  gives    %s\n  and not  %s", m->line, m->expression,
                      buf_text(&out), m->expected);
    } else {
        ck_assert_msg(strcmp(m->kind, "value") != 0 &&
                          (strcmp(m->kind, "refused") == 0) == (e == NULL) &&
                          strstr(info.text, m->expected) != NULL,
                      "line %d: %s\n  fails with  %s\n  and not     %s", m->line,
                      m->expression, info.text, m->expected);
    }
    buf_done(&out);
}

START_TEST(test_each_expression_means_what_is_written)
{
    struct arena *a = arena_create(4096);
    struct meaning m;

    open_meanings();
    while (next_meaning(&all, &m)) {
        judge(&m, a);
        arena_reset(a);
    }
    arena_destroy(a);
}
END_TEST

/* ---- budgets ----------------------------------------------------------------- */

struct printed {
    struct expr_sink sink;
    struct buf out;
};

static enum expr_flow print_take(struct expr_sink *self, struct expr_run *r,
                                 struct expr_value *v)
{
    struct printed *p = (struct printed *)self;

    if (!expr_print(r, v, false, &p->out)) {
        return EXPR_FAILED;
    }
    buf_add_char(&p->out, '\n');
    return EXPR_GO_ON;
}

/* All results of e within `steps`; gives what is left of them. */
static size_t run(const struct expr *e, struct arena *a, size_t steps, struct expr_run *r,
                  struct buf *out)
{
    struct printed p = {.sink = {print_take}};

    arena_reset(a);
    *r = (struct expr_run){.e = e, .root = &root, .scratch = a, .steps_left = steps};
    buf_init(&p.out, EXPR_RESULT_MAX);
    r->has_failed =
        expr_visit(r, e->top, expr_origin(r, EXPR_ORIGIN_ROOT), &p.sink) != EXPR_GO_ON;
    *out = p.out;
    return r->steps_left;
}

/* Less than it takes: the sentence about steps. As much: what the whole budget gives. */
static void starve(const struct meaning *m, const struct expr *e, struct arena *a)
{
    struct expr_run full;
    struct expr_run r;
    struct buf expected;
    struct buf out;
    const size_t needed = EXPR_STEPS_MAX - run(e, a, EXPR_STEPS_MAX, &full, &expected);

    for (size_t steps = 0; steps <= needed; steps++) {
        (void)run(e, a, steps, &r, &out);
        if (steps < needed) {
            ck_assert_msg(r.has_failed && r.is_fatal &&
                              strstr(r.failure.text, "it takes more than") != NULL,
                          "line %d: %s takes %zu steps, and with %zu it says '%s'",
                          m->line, m->expression, needed, steps, r.failure.text);
        } else {
            ck_assert_str_eq(r.failure.text, full.failure.text);
            ck_assert_str_eq(buf_text(&out), buf_text(&expected));
        }
        buf_done(&out);
    }
    buf_done(&expected);
}

START_TEST(test_with_too_few_steps_each_expression_says_so_and_nothing_else)
{
    struct arena *compiled = arena_create(4096);
    struct arena *a = arena_create(4096);
    struct meaning m;

    open_meanings();
    while (next_meaning(&all, &m)) {
        struct err_info info;
        const struct expr *e = compile(compiled, &m, &info);

        if (e != NULL) {
            starve(&m, e, a);
        }
        arena_reset(compiled);
    }
    arena_destroy(compiled);
    arena_destroy(a);
}
END_TEST

/* ---- parts and levels ---------------------------------------------------------- */

/* Parsed with so many parts and levels used up before; gives how many are, after. */
static bool parse(const struct meaning *m, struct arena *a, size_t n_nodes,
                  unsigned depth, struct expr_parser *p, struct err_info *info)
{
    arena_reset(a);
    *p = (struct expr_parser){
        .arena = a, .info = info, .n_nodes = n_nodes, .depth = depth};
    expr_scan_init(&p->scan, m->expression, strlen(m->expression));
    return expr_parse(p) != NULL;
}

START_TEST(test_with_too_few_parts_each_expression_is_refused_so)
{
    struct arena *a = arena_create(4096);
    struct expr_parser p;
    struct err_info info;
    struct meaning m;

    open_meanings();
    while (next_meaning(&all, &m)) {
        const bool is_fine = parse(&m, a, 0, 0, &p, &info);
        const size_t needed = p.n_nodes;

        for (size_t parts = 0; parts < needed; parts++) {
            ck_assert(!parse(&m, a, EXPR_NODES_MAX - parts, 0, &p, &info));
            ck_assert_msg(!is_fine || strstr(info.text, "more than 1000 parts") != NULL,
                          "line %d: %s", m.line, info.text);
        }
        ck_assert(parse(&m, a, EXPR_NODES_MAX - needed, 0, &p, &info) == is_fine);
    }
    arena_destroy(a);
}
END_TEST

START_TEST(test_with_too_few_levels_each_expression_is_refused_so)
{
    struct arena *a = arena_create(4096);
    struct expr_parser p;
    struct err_info info;
    struct meaning m;

    open_meanings();
    while (next_meaning(&all, &m)) {
        unsigned levels = 0;

        if (!parse(&m, a, 0, 0, &p, &info)) {
            continue;
        }
        ck_assert_uint_eq(p.depth, 0); /* As many left as entered. */
        while (!parse(&m, a, 0, EXPR_DEPTH_MAX - levels, &p, &info)) {
            ck_assert_msg(strstr(info.text, "nested deeper than 64") != NULL,
                          "line %d: %s", m.line, info.text);
            levels++;
        }
    }
    arena_destroy(a);
}
END_TEST

int main(void)
{
    return suite_main("expr_meanings", test_each_expression_means_what_is_written,
                      test_with_too_few_steps_each_expression_says_so_and_nothing_else,
                      test_with_too_few_parts_each_expression_is_refused_so,
                      test_with_too_few_levels_each_expression_is_refused_so);
}
