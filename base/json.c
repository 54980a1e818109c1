/* json.c - see json.h. */
#include "base/json.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/json_check.h"
#include "base/mem.h"
#include "base/utf8.h"

/* ---- reading -------------------------------------------------------------- */

void json_init(void)
{
    /* A text that does not fit into memory must not be taken for one that is no JSON. */
    json_set_alloc_funcs(mem_alloc, free);
    json_object_seed(0); /* From the system's random source. */
}

struct place {
    unsigned line;
    unsigned column;
};

/* Is the text nested deeper than the house allows? Counted before parsing, so
 * that the parser's recursion is bounded by us and not by the sender. Works on any
 * bytes: in a text that is not JSON the answer does not matter. */
static bool is_too_deep(const char *text, size_t n, struct place *where)
{
    unsigned depth = 0;
    bool in_string = false;

    *where = (struct place){1, 0};
    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        where->column++;
        if (c == '\n') {
            where->line++;
            where->column = 0;
        } else if (c == '"') {
            in_string = !in_string;
        } else if (in_string) {
            if (c == '\\' && i + 1 < n && text[i + 1] != '\n') {
                i++;
                where->column++;
            }
        } else if (c == '[' || c == '{') {
            depth++;
            if (depth > JSON_DEPTH_MAX) {
                return true;
            }
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return false;
}

/* jansson quotes the sender's bytes; a sentence has no control characters. */
static void clean(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f) {
            *text = '?';
        }
    }
}

/* jansson's sentence with the place in front; the one that names an option of its
 * own is put in the house's words. */
static enum err refuse(json_error_t *error, struct err_info *info)
{
    enum json_error_code code = json_error_code(error);
    const char *why = error->text;

    if (code == json_error_out_of_memory) {
        return err_set(info, ERR_NOMEM, "out of memory reading JSON");
    }
    if (code == json_error_null_character || code == json_error_null_byte_in_key) {
        why = "\\u0000 is not allowed in a string";
    }
    clean(error->text);
    return err_set(info, ERR_INVALID, "line %d column %d: %s", error->line, error->column,
                   why);
}

enum err json_read(const char *text, size_t n, json_t **out, struct err_info *info)
{
    struct place where;
    json_error_t error;
    json_t *value;

    if (is_too_deep(text, n, &where)) {
        return err_set(info, ERR_INVALID,
                       "line %u column %u: nested deeper than %d objects and arrays",
                       where.line, where.column, JSON_DEPTH_MAX);
    }
    value = json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (value == NULL) {
        return refuse(&error, info);
    }
    *out = value;
    return ERR_OK;
}

enum err json_accept(const char *text, size_t n, struct err_info *info)
{
    json_t *value;
    enum err e;

    if (json_check(text, n)) {
        return ERR_OK;
    }
    e = json_read(text, n, &value, info);
    if (e == ERR_OK) {
        json_decref(value);
    }
    return e;
}

bool json_is_valid(const char *text, size_t n)
{
    return json_accept(text, n, NULL) == ERR_OK;
}

/* ---- the canonical form ---------------------------------------------------- */

struct member {
    size_t name_at; /* In the names of its object; then name is set from it. */
    const char *name;
    size_t name_n;
    struct json_span value;
};

static void put_canonical(struct json_span value, struct buf *out);

static int compare_names(const void *a, const void *b)
{
    const struct member *left = a;
    const struct member *right = b;
    size_t n = left->name_n < right->name_n ? left->name_n : right->name_n;
    int order = n > 0 ? memcmp(left->name, right->name, n) : 0;

    if (order != 0) {
        return order;
    }
    return (left->name_n > right->name_n) - (left->name_n < right->name_n);
}

/* The members in the order of their unescaped names; names holds the names. */
static void sort_members(struct json_span object, struct member *members, size_t n,
                         struct buf *names)
{
    struct json_walk w = json_walk_of(object);

    for (size_t i = 0; i < n; i++) {
        struct json_span name;

        (void)json_walk_next(&w, &name, &members[i].value); /* n were counted. */
        members[i].name_at = names->n;
        json_span_unescape(name, names);
        members[i].name_n = names->n - members[i].name_at;
    }
    for (size_t i = 0; i < n; i++) {
        members[i].name = buf_text(names) + members[i].name_at;
    }
    qsort(members, n, sizeof(members[0]), compare_names);
}

static void put_object(struct json_span object, struct buf *out)
{
    size_t n = json_span_count(object);
    struct member *members = mem_alloc(n * sizeof(members[0]));
    struct buf names;

    buf_init(&names, object.n);
    sort_members(object, members, n, &names);
    buf_add_char(out, '{');
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_add_char(out, ',');
        }
        json_put_text(out, members[i].name, members[i].name_n);
        buf_add_char(out, ':');
        put_canonical(members[i].value, out);
    }
    buf_add_char(out, '}');
    buf_done(&names);
    free(members);
}

static void put_array(struct json_span array, struct buf *out)
{
    struct json_walk w = json_walk_of(array);
    struct json_span value;
    bool is_first = true;

    buf_add_char(out, '[');
    while (json_walk_next(&w, NULL, &value)) {
        if (!is_first) {
            buf_add_char(out, ',');
        }
        put_canonical(value, out);
        is_first = false;
    }
    buf_add_char(out, ']');
}

static void put_string(struct json_span string, struct buf *out)
{
    struct buf text;

    buf_init(&text, string.n);
    json_span_unescape(string, &text);
    json_put_text(out, buf_text(&text), text.n);
    buf_done(&text);
}

/* Calls itself through put_object() and put_array(), at most JSON_DEPTH_MAX deep. */
static void put_canonical(struct json_span value, struct buf *out)
{
    switch (json_span_kind(value)) {
    case JSON_KIND_OBJECT:
        put_object(value, out);
        return;
    case JSON_KIND_ARRAY:
        put_array(value, out);
        return;
    case JSON_KIND_STRING:
        put_string(value, out);
        return;
    case JSON_KIND_NONE:
    case JSON_KIND_NULL:
    case JSON_KIND_FALSE:
    case JSON_KIND_TRUE:
    case JSON_KIND_NUMBER:
        buf_add(out, value.at, value.n);
        return;
    }
}

void json_canonical(struct json_span text, struct buf *out)
{
    put_canonical(json_span_of(text.at, text.n), out);
}

bool json_is_same(struct json_span a, struct json_span b)
{
    struct buf left;
    struct buf right;
    bool is_same;

    if (a.n == b.n && (a.n == 0 || memcmp(a.at, b.at, a.n) == 0)) {
        return true;
    }
    buf_init(&left, a.n); /* The canonical form is never longer. */
    buf_init(&right, b.n);
    json_canonical(a, &left);
    json_canonical(b, &right);
    assert(!left.is_over && !right.is_over);
    is_same = left.n == right.n && strcmp(buf_text(&left), buf_text(&right)) == 0;
    buf_done(&left);
    buf_done(&right);
    return is_same;
}

/* ---- numbers and strings ---------------------------------------------------- */

#define REAL_TEXT_MAX 40

/* Digits, signs and 'e' stay; whatever else is there is the locale's point. */
static void put_with_point(struct buf *b, const char *text)
{
    size_t n = strspn(text, "0123456789+-e");

    buf_add(b, text, n);
    text += n;
    if (*text != '\0') {
        buf_add_char(b, '.');
        text += strcspn(text, "0123456789");
        buf_add_text(b, text);
    }
}

void json_put_real(struct buf *b, double value)
{
    const double whole_max = 9007199254740992.0; /* 2^53: each whole number is exact. */
    char text[REAL_TEXT_MAX];

    if (!isfinite(value)) {
        buf_add_text(b, "null"); /* JSON has no word for it. */
        return;
    }
    if (value > -whole_max && value < whole_max && (double)(int64_t)value == value &&
        (value != 0.0 || !signbit(value))) {
        buf_printf(b, "%" PRId64, (int64_t)value);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(text, sizeof(text), "%.*g", precision, value); /* At most 24. */
        if (strtod(text, NULL) == value) {
            break; /* 17 always reads back. */
        }
    }
    put_with_point(b, text);
}

/* The run of characters that stand for themselves inside quotes. */
static size_t plain_run(const char *text, size_t n)
{
    size_t i = 0;

    while (i < n) {
        unsigned char c = (unsigned char)text[i];
        size_t length = 1;

        if (c < 0x20 || c == '"' || c == '\\') {
            break;
        }
        if (c >= 0x80) {
            length = utf8_length(text + i, n - i);
            if (length == 0) {
                break;
            }
        }
        i += length;
    }
    return i;
}

static void put_escaped(struct buf *b, unsigned char c)
{
    static const char meant[] = "\b\f\n\r\t\"\\";
    static const char letters[] = "bfnrt\"\\";
    const char *found = c != 0 ? strchr(meant, c) : NULL;

    if (c >= 0x80) {
        buf_add_text(b, "\xef\xbf\xbd"); /* U+FFFD */
    } else if (found != NULL) {
        buf_add_char(b, '\\');
        buf_add_char(b, letters[found - meant]);
    } else {
        buf_printf(b, "\\u%04x", c);
    }
}

void json_put_text(struct buf *b, const char *text, size_t n)
{
    buf_add_char(b, '"');
    while (n > 0) {
        size_t run = plain_run(text, n);

        buf_add(b, text, run);
        if (run < n) {
            put_escaped(b, (unsigned char)text[run]);
            run++;
        }
        text += run;
        n -= run;
    }
    buf_add_char(b, '"');
}

/* ---- writer ------------------------------------------------------------------ */

void json_out_init(struct json_out *o, struct buf *buf)
{
    *o = (struct json_out){.buf = buf};
}

/* Before a value or a name. */
static void put_comma(struct json_out *o)
{
    if (o->wants_comma) {
        buf_add_char(o->buf, ',');
    }
    o->wants_comma = true;
}

static void open_with(struct json_out *o, char bracket)
{
    put_comma(o);
    buf_add_char(o->buf, bracket);
    o->wants_comma = false;
}

static void close_with(struct json_out *o, char bracket)
{
    buf_add_char(o->buf, bracket);
    o->wants_comma = true;
}

void json_open_object(struct json_out *o)
{
    open_with(o, '{');
}

void json_close_object(struct json_out *o)
{
    close_with(o, '}');
}

void json_open_array(struct json_out *o)
{
    open_with(o, '[');
}

void json_close_array(struct json_out *o)
{
    close_with(o, ']');
}

void json_key(struct json_out *o, const char *name)
{
    put_comma(o);
    json_put_text(o->buf, name, strlen(name));
    buf_add_char(o->buf, ':');
    o->wants_comma = false;
}

void json_text(struct json_out *o, const char *text)
{
    if (text == NULL) {
        json_nothing(o);
    } else {
        json_text_n(o, text, strlen(text));
    }
}

void json_text_n(struct json_out *o, const char *text, size_t n)
{
    put_comma(o);
    json_put_text(o->buf, text, n);
}

void json_number(struct json_out *o, int64_t value)
{
    put_comma(o);
    buf_printf(o->buf, "%" PRId64, value);
}

void json_flag(struct json_out *o, bool value)
{
    put_comma(o);
    buf_add_text(o->buf, value ? "true" : "false");
}

void json_nothing(struct json_out *o)
{
    put_comma(o);
    buf_add_text(o->buf, "null");
}

void json_time(struct json_out *o, uint64_t wall_ms)
{
    char text[CLK_TEXT_MAX];

    if (wall_ms == 0) {
        json_nothing(o);
        return;
    }
    clk_to_text(wall_ms, text);
    json_text(o, text);
}

void json_raw(struct json_out *o, struct json_span value)
{
    if (value.at == NULL) {
        json_nothing(o); /* No value: the writer must still write one. */
        return;
    }
    put_comma(o);
    buf_add(o->buf, value.at, value.n);
}

void json_put(struct json_out *o, const char *name, const char *text)
{
    json_key(o, name);
    json_text(o, text);
}

void json_put_number(struct json_out *o, const char *name, int64_t value)
{
    json_key(o, name);
    json_number(o, value);
}

void json_put_flag(struct json_out *o, const char *name, bool value)
{
    json_key(o, name);
    json_flag(o, value);
}

void json_put_time(struct json_out *o, const char *name, uint64_t wall_ms)
{
    json_key(o, name);
    json_time(o, wall_ms);
}
