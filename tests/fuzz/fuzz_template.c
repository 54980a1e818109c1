/* A template is refused, or compiles and renders; what it renders is a text without a NUL
 * (as a URL: of ASCII where values stand), or JSON, and the same the next time. The first
 * byte says which: t text, u URL, else JSON. */
#include "tests/fuzz/document.h"

#include <assert.h>
#include <stdint.h>

#include "base/arena.h"
#include "definitions/template.h"

#define ROOM (4 * (size_t)EXPR_RESULT_MAX)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static enum err compile(struct arena *a, char kind, const struct document *d,
                        struct template **out)
{
    struct template_error error = {"", 0};
    char pointer[256] = "";
    enum err err;

    if (kind == 't') {
        err = template_compile_text(a, d->text, d->n, out, &error);
    } else if (kind == 'u') {
        err = template_compile_url(a, d->text, d->n, out, &error);
    } else if (!json_is_valid(d->text, d->n)) {
        return ERR_INVALID;
    } else {
        err = template_compile_json(a, json_span_of(d->text, d->n), out, pointer, &error);
    }
    assert(err == ERR_OK || error.detail[0] != '\0');
    return err;
}

static void render_twice(const struct template *t, char kind, struct document *d)
{
    const struct expr_root root = document_root(d);
    struct arena *scratch = arena_create(4096);
    struct err_info info = {""};
    struct buf once;
    struct buf twice;
    enum err err;

    buf_init(&once, ROOM);
    buf_init(&twice, ROOM);
    err = template_render(t, &root, scratch, &once, &info);
    assert(template_render(t, &root, scratch, &twice, &info) == err);
    if (err == ERR_OK) {
        assert(once.n == twice.n &&
               memcmp(buf_text(&once), buf_text(&twice), once.n) == 0);
        assert(kind == 't' || kind == 'u' || once.is_over ||
               json_is_valid(buf_text(&once), once.n));
    } else {
        assert(info.text[0] != '\0');
    }
    buf_done(&once);
    buf_done(&twice);
    arena_destroy(scratch);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct document d;
    struct arena *a;
    struct template *t;

    if (n == 0) {
        return 0;
    }
    d = document_of(bytes + 1, n - 1);
    a = arena_create(4096);
    if (compile(a, (char)bytes[0], &d, &t) == ERR_OK) {
        render_twice(t, (char)bytes[0], &d);
    }
    arena_destroy(a);
    return 0;
}
