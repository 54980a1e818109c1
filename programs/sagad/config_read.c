/* config_read.c - see config_read.h. */
#include "programs/sagad/config_read.h"

#include <assert.h>
#include <string.h>

#include "definitions/pointer.h"
#include "definitions/suggest.h"
#include "programs/sagad/config_members.h"

struct reader {
    struct config *c;
    char pointer[POINTER_MAX]; /* Of the value being read. */
};

static void read_value(struct reader *r, const struct config_member *row,
                       struct json_span value, void *target);
static void read_members(struct reader *r, const struct config_members *members,
                         struct json_span object, void *target);

/* Remember where the current value stands in the file. */
static void mark(struct reader *r, const char *at)
{
    struct config_place place = {
        .pointer = arena_text(r->c->arena, r->pointer), .origin = CONFIG_FILE, .line = 1};
    const char *line = r->c->text.at;

    for (const char *c = r->c->text.at; c < at; c++) {
        if (*c == '\n') {
            place.line++;
            line = c + 1;
        }
    }
    place.column = (unsigned)(at - line) + 1;
    config_add_place(r->c, &place);
}

static const char *text_of(struct reader *r, struct json_span string)
{
    struct buf text;
    const char *copy;

    buf_init(&text, string.n);
    json_span_unescape(string, &text);
    copy = arena_copy(r->c->arena, buf_text(&text), text.n);
    buf_done(&text);
    return copy;
}

static bool is_comment(const char *name)
{
    return name[0] == '/' && name[1] == '/';
}

static void read_leaf(struct reader *r, const struct config_member *row,
                      struct json_span value, void *target)
{
    enum json_kind kind = json_span_kind(value);
    bool takes_number = row->kind == CONFIG_COUNT || row->kind == CONFIG_SIZE;
    const char *text = NULL;

    if (kind == JSON_KIND_NUMBER && takes_number) {
        text = arena_copy(r->c->arena, value.at, value.n);
    } else if (kind == JSON_KIND_STRING && row->kind != CONFIG_COUNT) {
        text = text_of(r, value);
    }
    if (text == NULL || !config_set(row, target, text)) {
        config_problem(r->c, r->pointer, "this must be %s", config_wanted(row));
    }
}

static void read_texts(struct reader *r, struct json_span value,
                       struct config_texts *target)
{
    size_t n = json_span_count(value);
    struct json_walk w = json_walk_of(value);
    struct json_span element;

    if (json_span_kind(value) != JSON_KIND_ARRAY) {
        config_problem(r->c, r->pointer, "this must be a list of texts");
        return;
    }
    target->items = arena_take(r->c->arena, (n + 1) * sizeof(target->items[0]));
    target->n = 0;
    for (size_t i = 0; json_walk_next(&w, NULL, &element); i++) {
        size_t before = pointer_push_index(r->pointer, i);

        mark(r, element.at);
        if (json_span_kind(element) == JSON_KIND_STRING) {
            target->items[target->n++] = text_of(r, element);
        } else {
            config_problem(r->c, r->pointer, "this must be a text");
        }
        r->pointer[before] = '\0';
    }
}

/* The entry's presets, which an object that is not there would not set. */
static void preset(const struct config_members *members, void *target)
{
    for (size_t i = 0; i < members->n; i++) {
        const struct config_member *row = &members->rows[i];

        if (row->kind == CONFIG_OBJECT) {
            preset(row->inner, target);
        } else if (row->preset != NULL) {
            bool is_set = config_set(row, target, row->preset);

            assert(is_set); /* Presets are well formed. */
        }
    }
}

static void read_entry(struct reader *r, const struct config_member *row,
                       struct json_span value, void *entry)
{
    enum json_kind kind = json_span_kind(value);

    preset(row->inner, entry);
    if (kind == JSON_KIND_OBJECT) {
        read_members(r, row->inner, value, entry);
    } else if (kind == JSON_KIND_STRING && row->plain != NULL) {
        read_leaf(r, config_member_of(row->inner, row->plain, strlen(row->plain)), value,
                  entry);
    } else {
        config_problem(r->c, r->pointer, "this must be %s",
                       row->plain != NULL ? "a text or an object" : "an object");
    }
}

static void read_named(struct reader *r, const struct config_member *row,
                       struct json_span value, struct config_entries *target)
{
    size_t n = json_span_count(value);
    struct json_walk w = json_walk_of(value);
    struct json_span name_span;
    struct json_span inner;

    if (json_span_kind(value) != JSON_KIND_OBJECT) {
        config_problem(r->c, r->pointer, "this must be an object");
        return;
    }
    target->items = arena_take(r->c->arena, (n + 1) * row->entry_bytes);
    target->n = 0;
    while (json_walk_next(&w, &name_span, &inner)) {
        const char *name = text_of(r, name_span);
        char *entry = (char *)target->items + target->n * row->entry_bytes;
        size_t before;

        if (is_comment(name)) {
            continue;
        }
        before = pointer_push(r->pointer, name, strlen(name));
        mark(r, name_span.at);
        *(const char **)entry = name;
        target->n++;
        read_entry(r, row, inner, entry);
        r->pointer[before] = '\0';
    }
}

static void read_list(struct reader *r, const struct config_member *row,
                      struct json_span value, struct config_entries *target)
{
    size_t n = json_span_count(value);
    struct json_walk w = json_walk_of(value);
    struct json_span inner;

    if (json_span_kind(value) != JSON_KIND_ARRAY) {
        config_problem(r->c, r->pointer, "this must be a list of objects");
        return;
    }
    target->items = arena_take(r->c->arena, (n + 1) * row->entry_bytes);
    target->n = 0;
    for (size_t i = 0; json_walk_next(&w, NULL, &inner); i++) {
        size_t before = pointer_push_index(r->pointer, i);
        char *entry = (char *)target->items + target->n * row->entry_bytes;

        mark(r, inner.at);
        target->n++;
        read_entry(r, row, inner, entry);
        r->pointer[before] = '\0';
    }
}

static void read_object(struct reader *r, const struct config_members *members,
                        struct json_span value, void *target)
{
    if (json_span_kind(value) == JSON_KIND_OBJECT) {
        read_members(r, members, value, target);
    } else {
        config_problem(r->c, r->pointer, "this must be an object");
    }
}

static void read_value(struct reader *r, const struct config_member *row,
                       struct json_span value, void *target)
{
    void *field = (char *)target + row->offset;

    switch (row->kind) {
    case CONFIG_TEXT:
    case CONFIG_SIZE:
    case CONFIG_DURATION:
    case CONFIG_RATE:
    case CONFIG_COUNT:
    case CONFIG_WORD:
        read_leaf(r, row, value, target);
        return;
    case CONFIG_TEXTS:
        read_texts(r, value, field);
        return;
    case CONFIG_JSON:
        if (json_span_kind(value) == JSON_KIND_OBJECT) {
            *(struct json_span *)field = value;
        } else {
            config_problem(r->c, r->pointer, "this must be an object");
        }
        return;
    case CONFIG_OBJECT:
        read_object(r, row->inner, value, target);
        return;
    case CONFIG_NAMED:
        read_named(r, row, value, field);
        return;
    case CONFIG_LIST:
        read_list(r, row, value, field);
        return;
    }
}

static void refuse_unknown(struct reader *r, const struct config_members *members,
                           const char *name)
{
    struct suggest s;
    char hint[SUGGEST_HINT_MAX];

    suggest_begin(&s, name);
    for (size_t i = 0; i < members->n; i++) {
        suggest_offer(&s, members->rows[i].name);
    }
    config_problem(r->c, r->pointer, "there is no member '%s' here%s", name,
                   suggest_hint(&s, hint));
}

static void read_members(struct reader *r, const struct config_members *members,
                         struct json_span object, void *target)
{
    struct json_walk w = json_walk_of(object);
    struct json_span name_span;
    struct json_span value;

    while (json_walk_next(&w, &name_span, &value)) {
        const char *name = text_of(r, name_span);
        const struct config_member *row = config_member_of(members, name, strlen(name));
        size_t before;

        if (is_comment(name)) {
            continue;
        }
        before = pointer_push(r->pointer, name, strlen(name));
        mark(r, name_span.at);
        if (row == NULL) {
            refuse_unknown(r, members, name);
        } else {
            read_value(r, row, value, target);
        }
        r->pointer[before] = '\0';
    }
}

void config_read(struct config *c)
{
    struct reader r = {.c = c};

    if (json_span_kind(c->text) != JSON_KIND_OBJECT) {
        config_problem(c, "", "the configuration must be a JSON object");
        return;
    }
    read_members(&r, &config_members_all, c->text, c);
}
