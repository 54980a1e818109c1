/* output.c - see output.h. */
#include "programs/sagactl/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define TEXT_MAX (1024 * 1024)
#define FIELD_WIDTH 12
#define ARENA_CHUNK 16384

bool output_format_of(const char *name, enum output_format *out)
{
    static const char *const names[] = {"table", "wide", "json", "jsonl", "name"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], name) == 0) {
            *out = (enum output_format)i;
            return true;
        }
    }
    return false;
}

void output_escape(const char *text, struct buf *out)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        unsigned char next = (unsigned char)text[1];

        if (c < 0x20 || c == 0x7f) {
            buf_printf(out, "\\u%04x", (unsigned)c);
        } else if (c == 0xc2 && next >= 0x80 && next < 0xa0) { /* C1 in UTF-8. */
            buf_printf(out, "\\u%04x", (unsigned)next);
            text++;
        } else {
            buf_add_char(out, *text);
        }
    }
}

/* Blanks outside strings go. */
static void put_line(struct json_span value)
{
    bool in_string = false;

    for (size_t i = 0; i < value.n; i++) {
        char c = value.at[i];

        if (in_string && c == '\\' && i + 1 < value.n) {
            (void)putchar(c);
            i++;
            c = value.at[i];
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
            continue;
        }
        (void)putchar(c);
    }
}

void output_json(struct json_span value, bool is_line)
{
    if (is_line) {
        put_line(value);
    } else {
        (void)fwrite(value.at, 1, value.n, stdout);
    }
    (void)putchar('\n');
}

/* ---- values --------------------------------------------------------------------- */

static const json_t *find(const json_t *object, const char *path)
{
    while (object != NULL && *path != '\0') {
        size_t n = strcspn(path, ".");
        char name[64];

        (void)snprintf(name, sizeof(name), "%.*s", (int)n, path);
        object = json_object_get(object, name);
        path += n + (path[n] == '.' ? 1 : 0);
    }
    return object;
}

static const char *escaped(const char *text, struct arena *a)
{
    struct buf out;
    const char *copy;

    buf_init(&out, TEXT_MAX);
    output_escape(text, &out);
    copy = arena_copy(a, buf_text(&out), out.n);
    buf_done(&out);
    return copy;
}

static const char *compact(const json_t *value, struct arena *a)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    const char *copy = text != NULL ? escaped(text, a) : "-";

    free(text);
    return copy;
}

/* ["retry","cancel"] reads better as a list of words. */
static const char *words_of(const json_t *array, struct arena *a)
{
    struct buf out;
    const json_t *element;
    const char *copy;
    size_t i;

    buf_init(&out, TEXT_MAX);
    json_array_foreach(array, i, element)
    {
        buf_add_text(&out, i > 0 ? ", " : "");
        output_escape(json_is_string(element) ? json_string_value(element)
                                              : compact(element, a),
                      &out);
    }
    copy = out.n > 0 ? arena_copy(a, buf_text(&out), out.n) : "-";
    buf_done(&out);
    return copy;
}

const char *output_value(const json_t *object, const char *path, struct arena *a)
{
    const json_t *value = find(object, path);

    if (value == NULL || json_is_null(value)) {
        return "-";
    }
    switch (json_typeof(value)) {
    case JSON_STRING:
        return json_string_length(value) > 0 ? escaped(json_string_value(value), a) : "-";
    case JSON_INTEGER:
        return arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    case JSON_REAL:
        return arena_printf(a, "%.1f", json_real_value(value)); /* Milliseconds. */
    case JSON_TRUE:
        return "yes";
    case JSON_FALSE:
        return "no";
    case JSON_ARRAY:
        return words_of(value, a);
    case JSON_OBJECT:
        return json_object_size(value) > 0 ? compact(value, a) : "-";
    case JSON_NULL:
        break;
    }
    return "-";
}

/* ---- tables --------------------------------------------------------------------- */

/* Characters, not bytes: what UTF-8 continues is not counted. */
static size_t width_of(const char *text)
{
    size_t n = 0;

    for (; *text != '\0'; text++) {
        n += ((unsigned char)*text & 0xc0U) != 0x80 ? 1 : 0;
    }
    return n;
}

static const char *colour_of(const char *word)
{
    static const struct {
        const char *word, *colour;
    } colours[] = {
        {"completed", "32"},   {"succeeded", "32"},    {"stuck", "1;31"},
        {"rejected", "31"},    {"unknown", "31"},      {"unsent", "31"},
        {"compensated", "33"}, {"compensating", "33"}, {"running", "36"},
        {"backing-off", "33"},
    };

    for (size_t i = 0; i < sizeof(colours) / sizeof(colours[0]); i++) {
        if (strcmp(colours[i].word, word) == 0) {
            return colours[i].colour;
        }
    }
    return NULL;
}

static void put_cell(const struct output *o, const char *text)
{
    const char *colour = o->is_coloured ? colour_of(text) : NULL;

    if (colour != NULL) {
        printf("\033[%sm%s\033[0m", colour, text);
    } else {
        (void)fputs(text, stdout);
    }
}

static bool is_shown(const struct output *o, const struct output_column *column)
{
    return !column->is_wide || o->format == OUTPUT_WIDE;
}

/* texts: rows of n texts; the first row is the titles. */
static void put_rows(const struct output *o, const struct output_column *columns,
                     size_t n, const char *const *texts, size_t n_rows)
{
    for (size_t row = 0; row < n_rows; row++) {
        size_t missing = 0; /* Blanks owed: none are put at the end of a line. */

        for (size_t i = 0; i < n; i++) {
            size_t widest = 0;
            const char *text = texts[row * n + i];

            if (!is_shown(o, &columns[i])) {
                continue;
            }
            for (size_t r = 0; r < n_rows; r++) {
                size_t width = width_of(texts[r * n + i]);

                widest = width > widest ? width : widest;
            }
            printf("%*s", (int)missing, "");
            put_cell(o, text);
            missing = widest - width_of(text) + 2;
        }
        (void)putchar('\n');
    }
}

void output_table(const struct output *o, const struct output_column *columns, size_t n,
                  const json_t *items)
{
    struct arena *a = arena_create(ARENA_CHUNK);
    size_t n_rows = json_array_size(items) + 1;
    const char **texts = arena_take(a, n_rows * n * sizeof(texts[0]));
    const json_t *item;
    size_t row;

    for (size_t i = 0; i < n; i++) {
        texts[i] = columns[i].title;
    }
    json_array_foreach(items, row, item)
    {
        for (size_t i = 0; i < n; i++) {
            texts[(row + 1) * n + i] = output_value(item, columns[i].path, a);
        }
    }
    put_rows(o, columns, n, texts, n_rows);
    arena_destroy(a);
}

void output_field(const struct output *o, const char *title, const char *value)
{
    if (value == NULL || strcmp(value, "-") == 0) {
        return;
    }
    printf("%-*s", FIELD_WIDTH, title);
    put_cell(o, value);
    (void)putchar('\n');
}
