/* An expression is refused with a sentence and a place, or compiles; compiled it makes
 * one JSON value or says why not, and says the same again. */
#include "tests/fuzz/document.h"

#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "definitions/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void look_at_references(const struct expr *e)
{
    const struct expr_reference *all;
    const size_t n = expr_references(e, &all);

    for (size_t i = 0; i < n; i++) {
        assert(all[i].root != NULL && all[i].name != NULL && all[i].field != NULL);
        assert(all[i].field[0] == '\0' || strcmp(all[i].root, "steps") == 0);
    }
}

static enum err evaluate(const struct expr *e, struct document *d, struct buf *out,
                         struct err_info *info)
{
    const struct expr_root root = document_root(d);
    struct arena *scratch = arena_create(4096);
    enum err err;

    buf_init(out, EXPR_RESULT_MAX);
    info->text[0] = '\0';
    err = expr_eval(e, &root, scratch, out, info);
    arena_destroy(scratch);
    return err;
}

static void evaluate_twice(const struct expr *e, struct document *d)
{
    struct err_info info;
    struct err_info again;
    struct buf out;
    struct buf twice;
    const enum err err = evaluate(e, d, &out, &info);

    assert(evaluate(e, d, &twice, &again) == err);
    assert(out.n == twice.n && memcmp(buf_text(&out), buf_text(&twice), out.n) == 0);
    assert(strcmp(info.text, again.text) == 0);
    if (err == ERR_OK) {
        assert(!out.is_over && json_is_valid(buf_text(&out), out.n));
    } else {
        assert(err == ERR_INVALID && out.n == 0 && info.text[0] != '\0');
    }
    buf_done(&out);
    buf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct document d = document_of(bytes, n);
    struct arena *a = arena_create(4096);
    struct err_info info = {""};
    unsigned column = 0;
    struct expr *e;

    assert(expr_extent(d.text, d.n) <= d.n);
    if (expr_compile(a, d.text, d.n, &e, &column, &info) == ERR_OK) {
        assert(strlen(expr_text(e)) == d.n && memcmp(expr_text(e), d.text, d.n) == 0);
        look_at_references(e);
        evaluate_twice(e, &d);
    } else {
        assert(info.text[0] != '\0' && column <= d.n + 1);
    }
    arena_destroy(a);
    return 0;
}
