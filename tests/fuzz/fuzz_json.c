/* What json_check() takes json_read() takes, too; what that takes, the span functions
 * walk without leaving the text, and its canonical form is JSON again, its own canonical
 * form, and never longer. */
#include "base/json.h"
#include "base/json_check.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void canonical_twice(struct json_span text)
{
    struct buf once;
    struct buf twice;
    struct json_span span;

    buf_init(&once, text.n);
    buf_init(&twice, text.n);
    json_canonical(text, &once);
    assert(!once.is_over);
    assert(json_is_valid(buf_text(&once), once.n));
    span = json_span_of(buf_text(&once), once.n);
    json_canonical(span, &twice);
    assert(json_is_same(text, span));
    assert(once.n == twice.n);
    buf_done(&once);
    buf_done(&twice);
}

static void walk(struct json_span value)
{
    struct json_walk w = json_walk_of(value);
    struct json_span name;
    struct json_span each;
    int64_t i = 0;

    while (json_walk_next(&w, &name, &each)) {
        assert(json_span_kind(each) != JSON_KIND_NONE);
        assert(each.at > value.at && each.at + each.n < value.at + value.n);
        if (json_span_kind(value) == JSON_KIND_ARRAY && i < 4) {
            assert(json_span_element(value, i).at == each.at);
        }
        walk(each);
        i++;
    }
    assert((size_t)i == json_span_count(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *text = (const char *)bytes;
    json_t *tree = NULL;
    const enum err e = json_read(text, n, &tree, NULL);

    assert(!json_check(text, n) || e == ERR_OK);
    assert(json_is_valid(text, n) == (e == ERR_OK));
    json_decref(tree);
    if (json_is_valid(text, n)) {
        struct json_span span = json_span_of(text, n);

        walk(span);
        canonical_twice(span);
    }
    return 0;
}
