/*
 * template.c - see template.h.
 *
 * Every template is one flat list of pieces: literal bytes that are copied and
 * expressions that are evaluated, each with its way of being written. A JSON tree is no
 * exception: its brackets, names and constant values are literal bytes, so digits leave
 * as they stand in the definition and rendering never builds a tree.
 */
#include "definitions/template.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "definitions/pointer.h"
#include "definitions/template_scan.h"

enum template_mode {
    TEMPLATE_TEXT,      /* A string's characters, a number, a boolean. */
    TEMPLATE_URL,       /* The same, percent-encoded. */
    TEMPLATE_BASE,      /* The same, raw: an http(s) URL's beginning, from .vars. */
    TEMPLATE_JSON,      /* The value. */
    TEMPLATE_JSON_TEXT, /* The characters, inside of a JSON string. */
};

struct template
{
    const struct template_piece *pieces;
    size_t n;
    const char *constant; /* NULL: there is an expression in it. */
};

/* ---- building ------------------------------------------------------------- */

struct maker {
    struct arena *arena;
    struct template_piece *pieces;
    size_t n;
    size_t room;
    struct buf literal; /* Not yet a piece. */
    char pointer[POINTER_MAX];
    struct template_error *error;
};

static void maker_init(struct maker *m, struct arena *a, struct template_error *error)
{
    *m = (struct maker){.arena = a, .error = error};
    buf_init(&m->literal, SIZE_MAX / 4); /* Bounded by the definition's size. */
    error->detail[0] = '\0';
    error->column = 0;
}

static struct template_piece *add_piece(struct maker *m)
{
    struct template_piece *grown;

    if (m->n == m->room) {
        m->room = m->room == 0 ? 4 : m->room * 2;
        grown = arena_take(m->arena, m->room * sizeof(*grown));
        if (m->n > 0) {
            memcpy(grown, m->pieces, m->n * sizeof(*grown));
        }
        m->pieces = grown;
    }
    m->n++;
    return &m->pieces[m->n - 1];
}

static void end_literal(struct maker *m)
{
    struct template_piece *piece;

    if (m->literal.n == 0) {
        return;
    }
    piece = add_piece(m);
    piece->text = arena_copy(m->arena, buf_text(&m->literal), m->literal.n);
    piece->n = m->literal.n;
    buf_clear(&m->literal);
}

static struct template *finish(struct maker *m)
{
    struct template *t = arena_take(m->arena, sizeof(*t));

    end_literal(m);
    t->pieces = m->pieces;
    t->n = m->n;
    if (m->n == 0) {
        t->constant = "";
    } else if (m->n == 1 && m->pieces[0].e == NULL) {
        t->constant = m->pieces[0].text;
    }
    return t;
}

/* Only .vars, which operators write, and only a plain path. */
static bool is_base(const struct expr *e)
{
    const struct expr_reference *references;
    size_t n = expr_references(e, &references);

    return n == 1 && expr_is_path(e) && strcmp(references[0].root, "vars") == 0;
}

/* column: of the expression's first byte in the text, from 1. */
static enum err add_expression(struct maker *m, const struct scan_part *part,
                               enum template_mode mode)
{
    struct err_info info = {""};
    struct template_piece *piece;
    struct expr *e;
    unsigned column = 1;

    if (expr_compile(m->arena, part->text, part->n, &e, &column, &info) != ERR_OK) {
        m->error->column = part->column + column - 1;
        (void)snprintf(m->error->detail, sizeof(m->error->detail), "%.255s", info.text);
        return ERR_INVALID;
    }
    end_literal(m);
    piece = add_piece(m);
    piece->e = e;
    piece->pointer = arena_text(m->arena, m->pointer);
    if (mode == TEMPLATE_URL && m->n == 1 && is_base(e)) {
        mode = TEMPLATE_BASE;
    }
    piece->mode = mode;
    return ERR_OK;
}

/* Characters inside of a JSON string: json_put_text() without its quotes. */
static void put_escaped(struct buf *out, const char *text, size_t n)
{
    struct buf quoted;

    buf_init(&quoted, SIZE_MAX / 4);
    json_put_text(&quoted, text, n);
    buf_add(out, quoted.bytes + 1, quoted.n - 2);
    buf_done(&quoted);
}

static void add_literal(struct maker *m, const char *text, size_t n,
                        enum template_mode mode)
{
    if (mode == TEMPLATE_JSON_TEXT) {
        put_escaped(&m->literal, text, n);
    } else {
        buf_add(&m->literal, text, n);
    }
}

static enum err add_text(struct maker *m, const char *text, size_t n,
                         enum template_mode mode)
{
    struct scan scan = scan_of(text, n);
    struct scan_part part;
    enum err e = ERR_OK;

    while (e == ERR_OK && scan_next(&scan, &part)) {
        switch (part.kind) {
        case SCAN_LITERAL:
            add_literal(m, part.text, part.n, mode);
            break;
        case SCAN_EXPRESSION:
            e = add_expression(m, &part, mode);
            break;
        case SCAN_UNCLOSED:
            m->error->column = part.column;
            (void)snprintf(m->error->detail, sizeof(m->error->detail),
                           "'${' without its '}'; write '$${' for a literal '${'");
            e = ERR_INVALID;
            break;
        }
    }
    return e;
}

static enum err compile_text(struct arena *a, const char *text, size_t n,
                             struct template_error *error, struct maker *m,
                             enum template_mode mode)
{
    maker_init(m, a, error);
    return add_text(m, text, n, mode);
}

enum err template_compile_text(struct arena *a, const char *text, size_t n,
                               struct template **out, struct template_error *error)
{
    struct maker m;
    enum err e = compile_text(a, text, n, error, &m, TEMPLATE_TEXT);

    if (e == ERR_OK) {
        *out = finish(&m);
    }
    buf_done(&m.literal);
    return e;
}

enum err template_compile_url(struct arena *a, const char *text, size_t n,
                              struct template **out, struct template_error *error)
{
    struct maker m;
    enum err e = compile_text(a, text, n, error, &m, TEMPLATE_URL);

    if (e == ERR_OK) {
        *out = finish(&m);
    }
    buf_done(&m.literal);
    return e;
}

/* ---- JSON trees ----------------------------------------------------------- */

static enum err add_json(struct maker *m, struct json_span value);

static enum err add_string(struct maker *m, struct json_span value)
{
    const char *inside;
    size_t inside_n;
    struct buf text;
    enum err e;

    if (memchr(value.at, '$', value.n) == NULL &&
        memchr(value.at, '\\', value.n) == NULL) {
        buf_add(&m->literal, value.at, value.n);
        return ERR_OK;
    }
    buf_init(&text, value.n);
    json_span_unescape(value, &text);
    if (template_is_expression(buf_text(&text), text.n, &inside, &inside_n)) {
        e = add_text(m, buf_text(&text), text.n, TEMPLATE_JSON);
    } else {
        buf_add_char(&m->literal, '"');
        e = add_text(m, buf_text(&text), text.n, TEMPLATE_JSON_TEXT);
        buf_add_char(&m->literal, '"');
    }
    buf_done(&text);
    return e;
}

static size_t push_name(struct maker *m, struct json_span name)
{
    struct buf text;
    size_t before;

    buf_init(&text, name.n);
    json_span_unescape(name, &text);
    before = pointer_push(m->pointer, buf_text(&text), text.n);
    buf_done(&text);
    return before;
}

static enum err add_container(struct maker *m, struct json_span value)
{
    struct json_walk walk = json_walk_of(value);
    struct json_span name;
    struct json_span each;
    enum err e = ERR_OK;

    buf_add(&m->literal, value.at, 1);
    for (size_t i = 0; e == ERR_OK && json_walk_next(&walk, &name, &each); i++) {
        size_t before;

        if (i > 0) {
            buf_add_char(&m->literal, ',');
        }
        if (walk.is_object) {
            buf_add(&m->literal, name.at, name.n);
            buf_add_char(&m->literal, ':');
            before = push_name(m, name);
        } else {
            before = pointer_push_index(m->pointer, i);
        }
        e = add_json(m, each);
        if (e == ERR_OK) {
            m->pointer[before] = '\0';
        }
    }
    buf_add(&m->literal, value.at + value.n - 1, 1);
    return e;
}

/* The depth is json_read()'s, JSON_DEPTH_MAX at most. */
static enum err add_json(struct maker *m, struct json_span value)
{
    switch (json_span_kind(value)) {
    case JSON_KIND_STRING:
        return add_string(m, value);
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT:
        return add_container(m, value);
    case JSON_KIND_NONE:
    case JSON_KIND_NULL:
    case JSON_KIND_FALSE:
    case JSON_KIND_TRUE:
    case JSON_KIND_NUMBER:
        break;
    }
    buf_add(&m->literal, value.at, value.n);
    return ERR_OK;
}

enum err template_compile_json(struct arena *a, struct json_span value,
                               struct template **out, char pointer[256],
                               struct template_error *error)
{
    struct maker m;
    enum err e;

    maker_init(&m, a, error);
    e = add_json(&m, value);
    if (e == ERR_OK) {
        *out = finish(&m);
    } else {
        memcpy(pointer, m.pointer, sizeof(m.pointer));
    }
    buf_done(&m.literal);
    return e;
}

/* ---- rendering ------------------------------------------------------------ */

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '.' || c == '_' || c == '~';
}

void template_put_encoded(struct buf *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_unreserved(text[i])) {
            buf_add_char(out, text[i]);
        } else {
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)text[i]);
        }
    }
}

/* The value's characters into text: a string's own, else the JSON as written. */
static enum err to_text(const struct expr *e, const struct expr_root *root,
                        struct json_span value, struct buf *text, struct err_info *info)
{
    switch (json_span_kind(value)) {
    case JSON_KIND_STRING:
        json_span_unescape(value, text);
        return ERR_OK;
    case JSON_KIND_NUMBER:
    case JSON_KIND_FALSE:
    case JSON_KIND_TRUE:
        buf_add(text, value.at, value.n);
        return ERR_OK;
    case JSON_KIND_NONE:
    case JSON_KIND_NULL:
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT:
        break;
    }
    return expr_refuse(e, root, value, "a text needs a string, a number or a boolean",
                       info);
}

/* What operators write in .vars is trusted to be a place, not to be well spelled. */
static bool is_base_url(const char *text, size_t n)
{
    if (strncmp(text, "http://", 7) != 0 && strncmp(text, "https://", 8) != 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] <= 0x20 || text[i] >= 0x7f ||
            strchr("\\#@\"<>^`{|}", text[i]) != NULL) {
            return false;
        }
    }
    return true;
}

/* NULL: it is appended; else what it should have been. */
static const char *put_text(const struct template_piece *piece, const struct buf *text,
                            struct buf *out)
{
    const char *at = buf_text(text);

    switch ((enum template_mode)piece->mode) {
    case TEMPLATE_TEXT:
        buf_add(out, at, text->n);
        return NULL;
    case TEMPLATE_URL:
        if (text->n == 0 || strcmp(at, ".") == 0 || strcmp(at, "..") == 0) {
            return "a URL needs more than nothing, '.' or '..'";
        }
        template_put_encoded(out, at, text->n);
        return NULL;
    case TEMPLATE_BASE:
        if (!is_base_url(at, text->n)) {
            return "a URL begins with http:// or https://";
        }
        buf_add(out, at, text->n);
        return NULL;
    case TEMPLATE_JSON_TEXT:
        put_escaped(out, at, text->n);
        return NULL;
    case TEMPLATE_JSON:
        break;
    }
    assert(false);
    return NULL;
}

static enum err render_piece(const struct template_piece *piece,
                             const struct expr_root *root, struct arena *scratch,
                             struct buf *out, struct err_info *info)
{
    const char *wanted;
    struct json_span value;
    struct buf result;
    struct buf text;
    enum err e;

    if (piece->mode == TEMPLATE_JSON) {
        return expr_eval(piece->e, root, scratch, out, info);
    }
    buf_init(&result, EXPR_RESULT_MAX);
    buf_init(&text, EXPR_RESULT_MAX);
    e = expr_eval(piece->e, root, scratch, &result, info);
    if (e == ERR_OK) {
        value = json_span_of(buf_text(&result), result.n);
        e = to_text(piece->e, root, value, &text, info);
        wanted = e == ERR_OK ? put_text(piece, &text, out) : NULL;
        e = wanted != NULL ? expr_refuse(piece->e, root, value, wanted, info) : e;
    }
    buf_done(&result);
    buf_done(&text);
    return e;
}

enum err template_render(const struct template *t, const struct expr_root *root,
                         struct arena *scratch, struct buf *out, struct err_info *info)
{
    for (size_t i = 0; i < t->n && !out->is_over; i++) {
        const struct template_piece *piece = &t->pieces[i];
        enum err e = ERR_OK;

        if (piece->e == NULL) {
            buf_add(out, piece->text, piece->n);
        } else {
            e = render_piece(piece, root, scratch, out, info);
        }
        if (e != ERR_OK) {
            return e;
        }
    }
    if (out->is_over) {
        return err_set(info, ERR_LIMIT, "what is rendered is larger than %zu bytes",
                       out->max);
    }
    return ERR_OK;
}

/* ---- looking at one ------------------------------------------------------- */

void template_each(const struct template *t, template_each_expr each, void *user)
{
    for (size_t i = 0; i < t->n; i++) {
        if (t->pieces[i].e != NULL) {
            each(user, t->pieces[i].e);
        }
    }
}

const char *template_constant(const struct template *t)
{
    return t->constant;
}

size_t template_pieces(const struct template *t, const struct template_piece **out)
{
    *out = t->pieces;
    return t->n;
}

bool template_is_expression(const char *text, size_t n, const char **inside,
                            size_t *inside_n)
{
    struct scan scan = scan_of(text, n);
    struct scan_part part;

    if (!scan_next(&scan, &part) || part.kind != SCAN_EXPRESSION || scan.at != scan.end) {
        return false;
    }
    *inside = part.text;
    *inside_n = part.n;
    return true;
}
