/*
 * json_span.c - see json_span.h.
 *
 * The text is valid JSON, so a value's end is found by its first character: a
 * string ends at the first quote that is not escaped, a container at the bracket
 * that closes it, anything else at the first delimiter. Every step is bounded by
 * the span's end all the same: a bug elsewhere must not become a read past it.
 */
#include "base/json_span.h"

#include <assert.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && is_blank(*at)) {
        at++;
    }
    return at;
}

/* Is the character at `at` escaped: an odd number of backslashes before it? */
static bool is_escaped(const char *first, const char *at)
{
    const char *slash = at;

    while (slash > first && slash[-1] == '\\') {
        slash--;
    }
    return (at - slash) % 2 != 0;
}

/* at: the opening quote. Just behind the closing one. */
static const char *skip_string(const char *at, const char *end)
{
    const char *first = at + 1;
    const char *quote = first;

    while (quote < end) {
        quote = memchr(quote, '"', (size_t)(end - quote));
        if (quote == NULL) {
            break;
        }
        if (!is_escaped(first, quote)) {
            return quote + 1;
        }
        quote++;
    }
    return end;
}

static const char *skip_container(const char *at, const char *end)
{
    size_t depth = 0;

    while (at < end) {
        char c = *at;

        if (c == '"') {
            at = skip_string(at, end);
            continue;
        }
        at++;
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            depth--;
            if (depth == 0) {
                break;
            }
        }
    }
    return at;
}

static const char *skip_word(const char *at, const char *end)
{
    while (at < end && !is_blank(*at) && *at != ',' && *at != ']' && *at != '}') {
        at++;
    }
    return at;
}

/* at: a value's first character. Just behind its last. */
static const char *skip_value(const char *at, const char *end)
{
    if (at == end) {
        return end;
    }
    if (*at == '"') {
        return skip_string(at, end);
    }
    if (*at == '{' || *at == '[') {
        return skip_container(at, end);
    }
    return skip_word(at, end);
}

struct json_span json_span_of(const char *text, size_t n)
{
    const char *at = text;
    const char *end = text + n;

    at = skip_blanks(at, end);
    while (end > at && is_blank(end[-1])) {
        end--;
    }
    return at == end ? JSON_SPAN_NONE : (struct json_span){at, (size_t)(end - at)};
}

enum json_kind json_span_kind(struct json_span value)
{
    if (value.at == NULL || value.n == 0) {
        return JSON_KIND_NONE;
    }
    switch (*value.at) {
    case 'n':
        return JSON_KIND_NULL;
    case 'f':
        return JSON_KIND_FALSE;
    case 't':
        return JSON_KIND_TRUE;
    case '"':
        return JSON_KIND_STRING;
    case '[':
        return JSON_KIND_ARRAY;
    case '{':
        return JSON_KIND_OBJECT;
    default:
        return JSON_KIND_NUMBER;
    }
}

struct json_walk json_walk_of(struct json_span value)
{
    enum json_kind kind = json_span_kind(value);

    if ((kind != JSON_KIND_ARRAY && kind != JSON_KIND_OBJECT) || value.n < 2) {
        return (struct json_walk){NULL, NULL, false};
    }
    return (struct json_walk){value.at + 1, value.at + value.n - 1,
                              kind == JSON_KIND_OBJECT};
}

bool json_walk_next(struct json_walk *w, struct json_span *name, struct json_span *value)
{
    const char *at = skip_blanks(w->at, w->end);
    const char *first;

    if (at < w->end && *at == ',') {
        at = skip_blanks(at + 1, w->end);
    }
    if (at == w->end) {
        w->at = at;
        return false;
    }
    if (w->is_object) {
        first = at;
        at = skip_string(at, w->end);
        if (name != NULL) {
            *name = (struct json_span){first, (size_t)(at - first)};
        }
        at = skip_blanks(at, w->end);
        at = at < w->end ? skip_blanks(at + 1, w->end) : at; /* The colon. */
    } else if (name != NULL) {
        *name = JSON_SPAN_NONE;
    }
    first = at;
    w->at = skip_value(at, w->end);
    *value = (struct json_span){first, (size_t)(w->at - first)};
    return true;
}

struct json_span json_span_member(struct json_span object, const char *name, size_t n)
{
    struct json_walk w = json_walk_of(object);
    struct json_span found;
    struct json_span value;

    if (!w.is_object) {
        return JSON_SPAN_NONE;
    }
    while (json_walk_next(&w, &found, &value)) {
        if (json_span_is_text(found, name, n)) {
            return value;
        }
    }
    return JSON_SPAN_NONE;
}

struct json_span json_span_element(struct json_span array, int64_t index)
{
    struct json_walk w = json_walk_of(array);
    struct json_span value;

    if (json_span_kind(array) != JSON_KIND_ARRAY) {
        return JSON_SPAN_NONE;
    }
    if (index < 0) {
        int64_t n = (int64_t)json_span_count(array);

        if (index < -n) {
            return JSON_SPAN_NONE;
        }
        index += n;
    }
    while (json_walk_next(&w, NULL, &value)) {
        if (index == 0) {
            return value;
        }
        index--;
    }
    return JSON_SPAN_NONE;
}

size_t json_span_count(struct json_span value)
{
    struct json_walk w = json_walk_of(value);
    struct json_span each;
    size_t n = 0;

    while (json_walk_next(&w, NULL, &each)) {
        n++;
    }
    return n;
}

/* ---- characters ----------------------------------------------------------- */

static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    return (unsigned)((c | 0x20) - 'a') + 10U;
}

/* at: the first of four hex digits; at most 0xffff. */
static unsigned hex4(const char *at)
{
    return (hex_value(at[0]) << 12) | (hex_value(at[1]) << 8) | (hex_value(at[2]) << 4) |
           hex_value(at[3]);
}

static size_t utf8_write(unsigned code, char out[static 4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0U | (code >> 6));
        out[1] = (char)(0x80U | (code & 0x3fU));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0U | (code >> 12));
        out[1] = (char)(0x80U | ((code >> 6) & 0x3fU));
        out[2] = (char)(0x80U | (code & 0x3fU));
        return 3;
    }
    out[0] = (char)(0xf0U | (code >> 18));
    out[1] = (char)(0x80U | ((code >> 12) & 0x3fU));
    out[2] = (char)(0x80U | ((code >> 6) & 0x3fU));
    out[3] = (char)(0x80U | (code & 0x3fU));
    return 4;
}

/* *at: behind "\u". A pair of surrogates is one character. */
static unsigned read_unicode(const char **at, const char *end)
{
    unsigned code;

    if (end - *at < 4) {
        *at = end;
        return 0xfffd;
    }
    code = hex4(*at);
    *at += 4;
    if (code >= 0xd800 && code < 0xdc00 && end - *at >= 6) {
        code = 0x10000U + ((code - 0xd800U) << 10) + ((hex4(*at + 2) - 0xdc00U) & 0x3ffU);
        *at += 6;
    }
    return code;
}

/* *at: a backslash. The character it stands for, in UTF-8. */
static size_t read_escape(const char **at, const char *end, char out[static 4])
{
    static const char letters[] = "bfnrt";
    static const char meant[] = "\b\f\n\r\t";
    const char *letter;

    (*at)++;
    if (*at == end) {
        return 0;
    }
    if (**at == 'u') {
        (*at)++;
        return utf8_write(read_unicode(at, end), out);
    }
    letter = strchr(letters, **at);
    out[0] = letter != NULL && *letter != '\0' ? meant[letter - letters] : **at;
    (*at)++;
    return 1;
}

/* The run of plain characters at `at`. */
static size_t plain_run(const char *at, const char *end)
{
    const char *slash = memchr(at, '\\', (size_t)(end - at));

    return (size_t)((slash != NULL ? slash : end) - at);
}

void json_span_unescape(struct json_span string, struct buf *out)
{
    const char *at = string.at + 1;
    const char *end = string.at + string.n - 1;

    assert(json_span_kind(string) == JSON_KIND_STRING && string.n >= 2);
    while (at < end) {
        size_t n = plain_run(at, end);
        char one[4];

        buf_add(out, at, n);
        at += n;
        if (at < end) {
            n = read_escape(&at, end, one);
            buf_add(out, one, n);
        }
    }
}

bool json_span_is_text(struct json_span string, const char *text, size_t n)
{
    const char *at;
    const char *end;

    if (json_span_kind(string) != JSON_KIND_STRING || string.n < 2) {
        return false;
    }
    at = string.at + 1;
    end = string.at + string.n - 1;
    while (at < end) {
        size_t run = plain_run(at, end);
        char one[4];
        const char *piece = at;

        if (run > 0) {
            at += run;
        } else {
            run = read_escape(&at, end, one);
            piece = one;
        }
        if (run > n || memcmp(piece, text, run) != 0) {
            return false;
        }
        text += run;
        n -= run;
    }
    return n == 0;
}

bool json_span_int(struct json_span number, int64_t *out)
{
    size_t i = 0;
    uint64_t value = 0;
    bool is_negative;
    uint64_t most;

    if (json_span_kind(number) != JSON_KIND_NUMBER) {
        return false;
    }
    is_negative = number.at[0] == '-';
    most = is_negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    i = is_negative ? 1 : 0;
    if (i == number.n) {
        return false;
    }
    for (; i < number.n; i++) {
        unsigned digit = (unsigned)(unsigned char)number.at[i] - '0';

        if (digit > 9 || value > (most - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    if (is_negative) {
        *out = value == 0 ? 0 : -(int64_t)(value - 1) - 1;
    } else {
        *out = (int64_t)value;
    }
    return true;
}
