/*
 * json_span.h - values inside a JSON text, without a tree.
 *
 * A span is a borrowed piece of a text that json_read() has accepted; the
 * functions here rely on that and only walk. They allocate nothing. Numbers stay
 * text, so 19.99 and 9007199254740993 leave as they came.
 */
#ifndef BASE_JSON_SPAN_H
#define BASE_JSON_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct json_span {
    const char *at; /* NULL: there is no value. */
    size_t n;
};

#define JSON_SPAN_NONE ((struct json_span){NULL, 0})
#define JSON_SPAN_TEXT(literal) ((struct json_span){"" literal, sizeof(literal) - 1})

enum json_kind {
    JSON_KIND_NONE, /* No value. */
    JSON_KIND_NULL,
    JSON_KIND_FALSE,
    JSON_KIND_TRUE,
    JSON_KIND_NUMBER,
    JSON_KIND_STRING,
    JSON_KIND_ARRAY,
    JSON_KIND_OBJECT,
};

/* The value that fills text, blanks around it taken off. */
struct json_span json_span_of(const char *text, size_t n);

enum json_kind json_span_kind(struct json_span value);

/* Member of an object by its (unescaped) name; element of an array, negative
 * counts from the end. No such thing: a span with at == NULL. */
struct json_span json_span_member(struct json_span object, const char *name, size_t n);
struct json_span json_span_element(struct json_span array, int64_t index);

/* Number of members or elements; 0 for anything else. */
size_t json_span_count(struct json_span value);

struct json_walk {
    const char *at;
    const char *end;
    bool is_object;
};

/* Over an array or object; over anything else the walk is empty. */
struct json_walk json_walk_of(struct json_span value);

/* The next member (name: its quoted text) or element; false at the end. name
 * may be NULL. */
bool json_walk_next(struct json_walk *w, struct json_span *name, struct json_span *value);

/* A string's characters, unescaped, appended to out. */
void json_span_unescape(struct json_span string, struct buf *out);

/* Does the string equal n bytes of text once unescaped? */
bool json_span_is_text(struct json_span string, const char *text, size_t n);

/* An integer within int64 written without point or exponent; false otherwise. */
bool json_span_int(struct json_span number, int64_t *out);

#endif /* BASE_JSON_SPAN_H */
