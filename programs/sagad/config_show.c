/* config_show.c - config_show(): each value, as the table sees it, and its origin. */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/units.h"
#include "definitions/pointer.h"
#include "programs/sagad/config.h"
#include "programs/sagad/config_members.h"

#define VALUE_COLUMN 52

struct shower {
    const struct config *c;
    struct buf *out;
    char pointer[POINTER_MAX];
    char path[POINTER_MAX]; /* The same with dots, for reading. */
};

static void show_members(struct shower *s, const struct config_members *members,
                         const void *from);

static void line(struct shower *s, const char *value)
{
    const struct config_place *place = config_place_of(s->c, s->pointer);
    size_t before = s->out->n;
    size_t width;

    buf_printf(s->out, "%s = %s", s->path, value);
    width = s->out->n - before;
    buf_printf(s->out, "%*s(%s)\n",
               width < VALUE_COLUMN ? (int)(VALUE_COLUMN - width) : 2, "",
               config_source(s->c, place));
}

/* Names that servers put secrets under. */
static bool sounds_secret(const char *name)
{
    static const char *const parts[] = {"auth",  "cookie", "key",
                                        "token", "secret", "pass"};
    char lower[64];
    size_t n = strlen(name) < sizeof(lower) - 1 ? strlen(name) : sizeof(lower) - 1;

    for (size_t i = 0; i < n; i++) {
        lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i]);
    }
    lower[n] = '\0';
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (strstr(lower, parts[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static void show_text(struct shower *s, const char *text)
{
    struct buf quoted;

    if (text == NULL) {
        return; /* Not set, and nothing stands in for it. */
    }
    buf_init(&quoted, 64 * 1024);
    json_put_text(&quoted, text, strlen(text));
    line(s, buf_text(&quoted));
    buf_done(&quoted);
}

static void show_texts(struct shower *s, const struct config_texts *texts)
{
    struct buf list;
    struct json_out o;

    buf_init(&list, 64 * 1024);
    json_out_init(&o, &list);
    json_open_array(&o);
    for (size_t i = 0; i < texts->n; i++) {
        json_text(&o, texts->items[i]);
    }
    json_close_array(&o);
    line(s, buf_text(&list));
    buf_done(&list);
}

static void show_number(struct shower *s, const struct config_member *row,
                        const uint64_t *value)
{
    char text[UNITS_TEXT_MAX];
    struct buf shown;

    if (*value == 0 && row->preset == NULL && row->kind != CONFIG_WORD) {
        return; /* Not set: no rate, no breaker, keys kept for ever. */
    }
    buf_init(&shown, UNITS_TEXT_MAX * 2);
    if (row->kind == CONFIG_SIZE) {
        units_put_size(*value, text);
        buf_add_text(&shown, text);
    } else if (row->kind == CONFIG_DURATION) {
        units_put_duration(*value, text);
        buf_add_text(&shown, text);
    } else if (row->kind == CONFIG_WORD) {
        buf_add_text(&shown, row->words[*value]);
    } else {
        buf_printf(&shown, "%llu%s", (unsigned long long)*value,
                   row->kind == CONFIG_RATE ? "/s" : "");
    }
    line(s, buf_text(&shown));
    buf_done(&shown);
}

static void show_json(struct shower *s, const struct json_span *value)
{
    struct buf text;

    buf_init(&text, value->n + 1);
    json_canonical(*value, &text);
    line(s, buf_text(&text));
    buf_done(&text);
}

static size_t enter(struct shower *s, const char *name, size_t *path_before)
{
    *path_before = strlen(s->path);
    (void)snprintf(s->path + *path_before, sizeof(s->path) - *path_before, "%s%s",
                   *path_before > 0 ? "." : "", name); /* Cut, not fail: it is shown. */
    return pointer_push(s->pointer, name, strlen(name));
}

static void leave(struct shower *s, size_t pointer_before, size_t path_before)
{
    s->pointer[pointer_before] = '\0';
    s->path[path_before] = '\0';
}

/* A mere text stands for its member: shown in one line, hidden where its name says so. */
static bool show_plain(struct shower *s, const struct config_member *row,
                       const char *name, const void *entry)
{
    const struct config_member *plain;
    const char *text;

    if (row->plain == NULL) {
        return false;
    }
    plain = config_member_of(row->inner, row->plain, strlen(row->plain));
    text = *(const char *const *)((const char *)entry + plain->offset);
    if (text == NULL) {
        return false;
    }
    if (sounds_secret(name)) {
        line(s, "(hidden)");
    } else {
        show_text(s, text);
    }
    return true;
}

static void show_entries(struct shower *s, const struct config_member *row,
                         const struct config_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++) {
        const char *entry = (const char *)entries->items + i * row->entry_bytes;
        const char *name = *(const char *const *)entry;
        char number[UNITS_TEXT_MAX];
        size_t path_before;
        size_t before;

        if (row->kind == CONFIG_LIST) {
            units_put_size(i, number);
            number[strcspn(number, "B")] = '\0';
            name = number;
        }
        before = enter(s, name, &path_before);
        if (!show_plain(s, row, name, entry)) {
            show_members(s, row->inner, entry);
        }
        leave(s, before, path_before);
    }
}

static void show_member(struct shower *s, const struct config_member *row,
                        const void *from)
{
    const void *field = (const char *)from + row->offset;

    if (row->is_secret) {
        line(s, "(hidden)");
        return;
    }
    switch (row->kind) {
    case CONFIG_TEXT:
        show_text(s, *(const char *const *)field);
        return;
    case CONFIG_TEXTS:
        show_texts(s, field);
        return;
    case CONFIG_SIZE:
    case CONFIG_DURATION:
    case CONFIG_RATE:
    case CONFIG_COUNT:
    case CONFIG_WORD:
        show_number(s, row, field);
        return;
    case CONFIG_JSON:
        show_json(s, field);
        return;
    case CONFIG_OBJECT:
        show_members(s, row->inner, from);
        return;
    case CONFIG_NAMED:
    case CONFIG_LIST:
        show_entries(s, row, field);
        return;
    }
}

static void show_members(struct shower *s, const struct config_members *members,
                         const void *from)
{
    for (size_t i = 0; i < members->n; i++) {
        size_t path_before;
        size_t before = enter(s, members->rows[i].name, &path_before);

        show_member(s, &members->rows[i], from);
        leave(s, before, path_before);
    }
}

void config_show(const struct config *c, struct buf *out)
{
    struct shower s = {.c = c, .out = out};

    show_members(&s, &config_members_all, c);
}
