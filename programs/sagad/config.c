/* config.c - see config.h. The layers, lowest first. */
#include "programs/sagad/config.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "programs/sagad/config_check.h"
#include "programs/sagad/config_members.h"
#include "programs/sagad/config_read.h"
#include "programs/sagad/telemetry.h"

#define FILE_MAX (4 * 1024 * 1024)
#define DEFAULT_FILE "sagad.json"
#define ARENA_CHUNK 16384

/* ---- places and problems -------------------------------------------------------- */

void config_add_place(struct config *c, const struct config_place *place)
{
    if (c->n_places == c->room_places) {
        c->room_places = c->room_places * 2 + 64;
        c->places = mem_grow(c->places, c->room_places * sizeof(c->places[0]));
    }
    c->places[c->n_places] = *place;
    c->n_places++;
}

const struct config_place *config_place_of(const struct config *c, const char *pointer)
{
    for (size_t i = c->n_places; i > 0; i--) {
        if (strcmp(c->places[i - 1].pointer, pointer) == 0) {
            return &c->places[i - 1];
        }
    }
    return NULL;
}

const char *config_source(const struct config *c, const struct config_place *place)
{
    if (place == NULL) {
        return "default";
    }
    switch (place->origin) {
    case CONFIG_DEFAULT:
        return "default";
    case CONFIG_FILE:
        return arena_printf(c->arena, "%s:%u:%u", c->file, place->line, place->column);
    case CONFIG_ENVIRONMENT:
        return arena_printf(c->arena, "environment %s", place->via);
    case CONFIG_FLAG:
        return arena_printf(c->arena, "flag --%s", place->via);
    case CONFIG_DEV:
        return "--dev";
    }
    return "default";
}

/* The place of the value, or of the nearest one around it. */
static const struct config_place *nearest_place(const struct config *c,
                                                const char *pointer)
{
    char *path = mem_text(pointer);
    const struct config_place *place = config_place_of(c, path);

    while (place == NULL && strrchr(path, '/') != NULL) {
        *strrchr(path, '/') = '\0';
        place = config_place_of(c, path);
    }
    free(path);
    return place;
}

void config_problem(struct config *c, const char *pointer, const char *fmt, ...)
{
    const struct config_place *place = nearest_place(c, pointer);
    struct config_problem *p;
    char detail[ERR_TEXT_MAX];
    va_list args;

    if (c->n_problems == CONFIG_PROBLEMS_MAX) {
        return; /* Enough to work on. */
    }
    va_start(args, fmt);
    (void)vsnprintf(detail, sizeof(detail), fmt, args); /* Cut, not fail. */
    va_end(args);
    p = &c->problems[c->n_problems];
    c->n_problems++;
    p->pointer = arena_text(c->arena, pointer);
    p->detail = arena_text(c->arena, detail);
    p->source = place == NULL && c->file != NULL ? c->file : config_source(c, place);
}

void config_print_problems(const struct config *c)
{
    for (size_t i = 0; i < c->n_problems; i++) {
        const struct config_problem *p = &c->problems[i];

        fprintf(stderr, "sagad: %s: %s%s%s\n", p->source, p->pointer,
                p->pointer[0] != '\0' ? ": " : "", p->detail);
    }
}

/* ---- layers --------------------------------------------------------------------- */

/* Set a leaf of the fixed tree from texts of a flag or a variable. */
static void set_leaf(struct config *c, const struct config_member *row,
                     const struct config_place *place, const struct config_texts *texts)
{
    if (place != NULL) {
        config_add_place(c, place);
    }
    if (row->kind == CONFIG_TEXTS) {
        *(struct config_texts *)((char *)c + row->offset) = *texts;
        return;
    }
    assert(texts->n == 1);
    if (!config_set(row, c, texts->items[0])) {
        assert(place != NULL); /* Presets are well formed. */
        config_problem(c, place->pointer, "'%s' is not %s", texts->items[0],
                       config_wanted(row));
    }
}

static struct config_texts one_text(struct config *c, const char *text)
{
    struct config_texts texts = {.items = arena_take(c->arena, sizeof(char *)), .n = 1};

    texts.items[0] = text;
    return texts;
}

static void set_default(void *user, const struct config_member *row, const char *pointer)
{
    struct config *c = user;

    (void)pointer; /* A default has no place. */
    if (row->preset != NULL) {
        struct config_texts texts = one_text(c, row->preset);

        set_leaf(c, row, NULL, &texts);
    }
}

/* "/limits/maxBody" -> "SAGAD_LIMITS_MAX_BODY" */
static const char *variable_of(struct config *c, const char *pointer)
{
    char name[128] = "SAGAD";
    size_t n = strlen(name);

    for (; *pointer != '\0' && n + 2 < sizeof(name); pointer++) {
        if (*pointer == '/') {
            name[n++] = '_';
            continue;
        }
        if (isupper((unsigned char)*pointer)) {
            name[n++] = '_';
        }
        name[n++] = (char)toupper((unsigned char)*pointer);
    }
    name[n] = '\0';
    return arena_text(c->arena, name);
}

/* "a,b" as two texts; an empty variable is an empty list. */
static struct config_texts split(struct config *c, const char *list)
{
    struct config_texts texts = {.n = 0};

    texts.items = arena_take(c->arena, (strlen(list) + 1) * sizeof(char *));
    while (*list != '\0') {
        size_t n = strcspn(list, ",");

        texts.items[texts.n++] = arena_copy(c->arena, list, n);
        list += n + (list[n] == ',' ? 1 : 0);
    }
    return texts;
}

static void set_from_environment(void *user, const struct config_member *row,
                                 const char *pointer)
{
    struct config *c = user;
    const char *name = variable_of(c, pointer);
    const char *value = getenv(name);
    struct config_texts texts;

    if (value == NULL) {
        return;
    }
    value = arena_text(c->arena, value);
    texts = row->kind == CONFIG_TEXTS ? split(c, value) : one_text(c, value);
    set_leaf(c, row,
             &(struct config_place){.pointer = arena_text(c->arena, pointer),
                                    .origin = CONFIG_ENVIRONMENT,
                                    .via = name},
             &texts);
}

/* The variables that every OpenTelemetry SDK knows; sagad's own is stronger. */
static void set_from_otel(struct config *c)
{
    const struct config_place *place = config_place_of(c, "/telemetry/otlp");
    const char *name;
    bool is_whole;
    const char *url = telemetry_variable(&is_whole, &name);

    if (url == NULL || (place != NULL && place->origin == CONFIG_ENVIRONMENT)) {
        return;
    }
    config_add_place(c, &(struct config_place){.pointer = "/telemetry/otlp",
                                               .origin = CONFIG_ENVIRONMENT,
                                               .via = name});
    c->telemetry.otlp = arena_text(c->arena, url);
    c->telemetry.is_whole = is_whole;
}

struct flag_layer {
    struct config *c;
    const struct args *args;
};

/* "/log/level" -> "log-level", the flag that sets it. */
static void set_from_flag(void *user, const struct config_member *row,
                          const char *pointer)
{
    struct flag_layer *layer = user;
    struct config *c = layer->c;
    char *flag = arena_text(c->arena, pointer + 1);
    struct config_texts texts;

    for (char *at = flag; *at != '\0'; at++) {
        *at = *at == '/' ? '-' : *at;
    }
    texts.items = arena_take(c->arena, ARGS_MAX * sizeof(char *));
    texts.n = args_values(layer->args, flag, texts.items, ARGS_MAX);
    if (texts.n > 0) {
        set_leaf(c, row,
                 &(struct config_place){.pointer = arena_text(c->arena, pointer),
                                        .origin = CONFIG_FLAG,
                                        .via = flag},
                 &texts);
    }
}

static void read_file(struct config *c, const struct args *args)
{
    const char *path = args_value(args, "config");
    struct err_info info = {.text = ""};
    struct buf text;
    json_t *parsed;

    path = path != NULL ? path : getenv("SAGAD_CONFIG");
    if (path == NULL && access(DEFAULT_FILE, F_OK) != 0) {
        return;
    }
    c->file = arena_text(c->arena, path != NULL ? path : DEFAULT_FILE);
    buf_init(&text, FILE_MAX);
    if (file_read(c->file, &text, &info) != ERR_OK) {
        config_problem(c, "", "%s", info.text);
    } else if (json_read(buf_text(&text), text.n, &parsed, &info) != ERR_OK) {
        config_problem(c, "", "not valid JSON: %s", info.text);
    } else {
        json_decref(parsed);
        c->text = json_span_of(arena_copy(c->arena, buf_text(&text), text.n), text.n);
        config_read(c);
    }
    buf_done(&text);
}

/* --dev: what a developer wants who has set nothing. */
static void apply_dev(struct config *c)
{
    struct config_place place = {.origin = CONFIG_DEV};
    const char **allow;

    if (config_place_of(c, "/store") == NULL) {
        place.pointer = "/store";
        config_add_place(c, &place);
        c->store = "sqlite:(temporary)";
        c->is_temporary = true;
    }
    allow = arena_take(c->arena, (c->egress_allow.n + 1) * sizeof(char *));
    for (size_t i = 0; i < c->egress_allow.n; i++) {
        allow[i] = c->egress_allow.items[i];
    }
    allow[c->egress_allow.n] = "127.0.0.1";
    c->egress_allow.items = allow;
    c->egress_allow.n++;
    place.pointer = "/egress/allow";
    config_add_place(c, &place);
}

struct config *config_load(const struct args *args)
{
    struct config *c = mem_alloc(sizeof(*c));
    struct flag_layer flags = {.c = c, .args = args};

    c->arena = arena_create(ARENA_CHUNK);
    c->vars = JSON_SPAN_TEXT("{}");
    config_each_leaf(set_default, c);
    read_file(c, args);
    config_each_leaf(set_from_environment, c);
    set_from_otel(c);
    config_each_leaf(set_from_flag, &flags);
    c->is_insecure = args_has(args, "insecure");
    c->is_dev = args_has(args, "dev");
    if (c->is_dev) {
        apply_dev(c);
    }
    config_check(c);
    return c;
}

void config_destroy(struct config *c)
{
    if (c == NULL) {
        return;
    }
    arena_destroy(c->arena);
    free(c->places);
    free(c);
}

const struct config_service *config_service_of(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->services.n; i++) {
        if (strcmp(config_service_at(c, i)->name, name) == 0) {
            return config_service_at(c, i);
        }
    }
    return NULL;
}

const struct config_secret *config_secret_of(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->secrets.n; i++) {
        if (strcmp(config_secret_at(c, i)->name, name) == 0) {
            return config_secret_at(c, i);
        }
    }
    return NULL;
}

const char *config_store_path(const struct config *c)
{
    const char *colon = strchr(c->store, ':');

    return colon != NULL ? colon + 1 : c->store;
}
