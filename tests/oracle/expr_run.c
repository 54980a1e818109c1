/*
 * expr_run.c - evaluates expressions from the standard input, for tests.
 *
 * Each line is an expression, a tab and a JSON object whose members are the members
 * of the root. Each answer is one line: "= " and the result, "! " and why it failed,
 * or "? " and why the expression or the object is refused. With --references each
 * line is an expression, and the answer lists what it reads. Ends with the input.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "definitions/expr.h"

#define LINE_MAX_BYTES (8 * 1024 * 1024)

struct document {
    struct json_span whole;
};

static struct json_span member(void *user, const char *name, size_t n)
{
    const struct document *d = user;

    return json_span_member(d->whole, name, n);
}

static struct json_span step(void *user, const char *id, size_t n)
{
    const struct document *d = user;

    return json_span_member(json_span_member(d->whole, "steps", 5), id, n);
}

/* One line on the output: no line break inside. */
static void answer(char kind, const char *text, size_t n)
{
    printf("%c ", kind);
    for (size_t i = 0; i < n; i++) {
        putchar(text[i] == '\n' ? ' ' : text[i]);
    }
    putchar('\n');
}

static void evaluate(const struct expr *e, struct document *d, struct arena *scratch)
{
    const struct expr_root root = {.member = member, .step = step, .user = d};
    struct err_info info = {{0}};
    struct buf out;

    buf_init(&out, EXPR_RESULT_MAX);
    if (expr_eval(e, &root, scratch, &out, &info) == ERR_OK) {
        answer('=', buf_text(&out), out.n);
    } else {
        answer('!', info.text, strlen(info.text));
    }
    buf_done(&out);
}

static void list_references(const struct expr *e)
{
    const struct expr_reference *all;
    const size_t n = expr_references(e, &all);

    printf("=");
    for (size_t i = 0; i < n; i++) {
        printf(" %s/%s/%s%s", all[i].root, all[i].name, all[i].field,
               all[i].is_guarded ? "?" : "");
    }
    printf("\n");
}

static void run_line(char *line, bool wants_references, struct arena *a)
{
    char *tab = strchr(line, '\t');
    struct document d = {.whole = JSON_SPAN_TEXT("{}")};
    struct err_info info = {{0}};
    struct expr *e;
    unsigned column = 0;
    char refusal[ERR_TEXT_MAX + 32];

    if (tab != NULL) {
        *tab = '\0';
        d.whole = json_span_of(tab + 1, strlen(tab + 1));
        if (!json_is_valid(tab + 1, strlen(tab + 1))) {
            answer('?', "the document is not JSON", 24);
            return;
        }
    }
    if (expr_compile(a, line, strlen(line), &e, &column, &info) != ERR_OK) {
        (void)snprintf(refusal, sizeof(refusal), "column %u: %s", column, info.text);
        answer('?', refusal, strlen(refusal));
        return;
    }
    if (wants_references) {
        list_references(e);
    } else {
        evaluate(e, &d, a);
    }
}

int main(int argc, char **argv)
{
    const bool wants_references = argc > 1 && strcmp(argv[1], "--references") == 0;
    struct arena *a = arena_create(64 * 1024);
    char *line = malloc(LINE_MAX_BYTES);

    json_init();
    while (line != NULL && fgets(line, LINE_MAX_BYTES, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        run_line(line, wants_references, a);
        arena_reset(a);
    }
    free(line);
    arena_destroy(a);
    return 0;
}
