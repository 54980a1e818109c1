/*
 * document.h - the fuzzer's bytes as a text and the JSON document it is evaluated over.
 *
 * An input is the text, a line feed, and the document; without a line feed, or when what
 * follows is no JSON object, the document is {}. So a corpus can be read and written by
 * hand. Header only.
 */
#ifndef TESTS_FUZZ_DOCUMENT_H
#define TESTS_FUZZ_DOCUMENT_H

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "definitions/expr.h"

struct document {
    const char *text; /* Not NUL-ended. */
    size_t n;
    struct json_span whole;
};

static inline struct document document_of(const uint8_t *bytes, size_t n)
{
    struct document d = {(const char *)bytes, n, JSON_SPAN_TEXT("{}")};
    const char *line = n > 0 ? memchr(bytes, '\n', n) : NULL;
    size_t rest;

    if (line == NULL) {
        return d;
    }
    d.n = (size_t)(line - d.text);
    rest = n - d.n - 1;
    if (json_is_valid(line + 1, rest) &&
        json_span_kind(json_span_of(line + 1, rest)) == JSON_KIND_OBJECT) {
        d.whole = json_span_of(line + 1, rest);
    }
    return d;
}

static inline struct json_span document_member(void *user, const char *name, size_t n)
{
    const struct document *d = user;

    return json_span_member(d->whole, name, n);
}

static inline struct json_span document_step(void *user, const char *id, size_t n)
{
    const struct document *d = user;

    return json_span_member(json_span_member(d->whole, "steps", 5), id, n);
}

static inline struct expr_root document_root(struct document *d)
{
    return (struct expr_root){
        .member = document_member, .step = document_step, .user = d};
}

#endif /* TESTS_FUZZ_DOCUMENT_H */
