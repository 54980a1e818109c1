/* saga_filter.c - see saga_filter.h. */
#include "engine/view/saga_filter.h"

#include <string.h>

#include "base/clk.h"
#include "engine/view/saga_text.h"

enum kind {
    KIND_STATUSES, /* From here to KIND_LIST: may have several values. */
    KIND_CALLS,
    KIND_OUTCOMES,
    KIND_LIST,
    KIND_ERROR,
    KIND_PAUSED,
    KIND_TIME,
    KIND_LABEL,
};

static const struct {
    const char *name;
    enum kind kind;
} parameters[] = {
    {"status", KIND_STATUSES},
    {"definition", KIND_LIST},
    {"stuckStep", KIND_LIST},
    {"stuckOperation", KIND_CALLS},
    {"stuckOutcome", KIND_OUTCOMES},
    {"error", KIND_ERROR},
    {"key", KIND_LIST},
    {"paused", KIND_PAUSED},
    {"startedAfter", KIND_TIME},
    {"startedBefore", KIND_TIME},
    {"updatedAfter", KIND_TIME},
    {"updatedBefore", KIND_TIME},
    {"label.", KIND_LABEL},
};
#define N_PARAMETERS (sizeof(parameters) / sizeof(parameters[0]))
#define LABEL_PREFIX 6 /* Bytes of "label." */

/* False: there is no such parameter. */
static bool kind_of(const char *name, enum kind *out)
{
    for (size_t i = 0; i < N_PARAMETERS; i++) {
        const bool is_label = parameters[i].kind == KIND_LABEL;

        if (is_label
                ? strncmp(name, "label.", LABEL_PREFIX) == 0 && name[LABEL_PREFIX] != '\0'
                : strcmp(name, parameters[i].name) == 0) {
            *out = parameters[i].kind;
            return true;
        }
    }
    return false;
}

void saga_filter_init(struct saga_filter *f)
{
    f->store = (struct store_filter){.label_names = f->label_names,
                                     .label_values = f->label_values};
}

bool saga_filter_knows(const char *name)
{
    enum kind kind;

    return kind_of(name, &kind);
}

bool saga_filter_is_list(const char *name)
{
    enum kind kind;

    return kind_of(name, &kind) && kind <= KIND_LIST;
}

/* ---- one parameter
 * ---------------------------------------------------------------------------- */

static const char *add_statuses(struct store_filter *f, const char *const *values,
                                size_t n)
{
    for (size_t i = 0; i < n; i++) {
        enum saga_status status;

        if (!saga_status_of_name(values[i], strlen(values[i]), &status)) {
            return "names a status that there is not";
        }
        f->statuses |= 1U << status;
    }
    return NULL;
}

/* The words of a list of the core as bits. */
static const char *add_words(uint32_t *out, const char *(*word_of)(unsigned),
                             unsigned n_words, const char *const *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned word = 0;

        while (word < n_words && strcmp(word_of(word), values[i]) != 0) {
            word++;
        }
        if (word == n_words) {
            return "has a word that there is not";
        }
        *out |= 1U << word;
    }
    return NULL;
}

static const char *call_word(unsigned call)
{
    return call_name_of((enum call_kind)call);
}

static const char *outcome_word(unsigned outcome)
{
    return outcome_name((enum outcome)outcome);
}

static const char *add_error(struct store_filter *f, const char *value)
{
    if (value[0] == '\0') {
        return "is empty";
    }
    f->stuck_error = value;
    return NULL;
}

static const char *add_list(struct store_filter *f, const char *name,
                            const char *const *values, size_t n)
{
    if (strcmp(name, "definition") == 0) {
        f->definitions = values;
        f->n_definitions = n;
    } else if (strcmp(name, "stuckStep") == 0) {
        f->stuck_steps = values;
        f->n_stuck_steps = n;
    } else {
        f->keys = values;
        f->n_keys = n;
    }
    return NULL;
}

/* After and before are exclusive, as the store takes them. */
static const char *add_time(struct store_filter *f, const char *name, const char *value)
{
    uint64_t at_ms;

    if (!clk_from_text(value, &at_ms)) {
        return "is not a time (RFC 3339)";
    }
    if (strcmp(name, "startedAfter") == 0) {
        f->started_after_ms = at_ms;
    } else if (strcmp(name, "startedBefore") == 0) {
        f->started_before_ms = at_ms;
    } else if (strcmp(name, "updatedAfter") == 0) {
        f->updated_after_ms = at_ms;
    } else {
        f->updated_before_ms = at_ms;
    }
    return NULL;
}

static const char *add_paused(struct store_filter *f, const char *value)
{
    if (strcmp(value, "true") == 0) {
        f->paused = 1;
    } else if (strcmp(value, "false") == 0) {
        f->paused = -1;
    } else {
        return "is true or false";
    }
    return NULL;
}

static const char *add_label(struct saga_filter *f, const char *name, const char *value)
{
    if (f->store.n_labels == SAGA_FILTER_LABELS) {
        return "is one label too many";
    }
    f->label_names[f->store.n_labels] = name;
    f->label_values[f->store.n_labels++] = value;
    return NULL;
}

const char *saga_filter_add(struct saga_filter *f, const char *name,
                            const char *const *values, size_t n)
{
    enum kind kind = KIND_LABEL;

    (void)kind_of(name, &kind); /* The caller has asked. */
    switch (kind) {
    case KIND_STATUSES:
        return add_statuses(&f->store, values, n);
    case KIND_CALLS:
        return add_words(&f->store.stuck_calls, call_word, CALLS, values, n);
    case KIND_OUTCOMES:
        return add_words(&f->store.stuck_outcomes, outcome_word, OUTCOMES, values, n);
    case KIND_ERROR:
        return add_error(&f->store, values[0]);
    case KIND_LIST:
        return add_list(&f->store, name, values, n);
    case KIND_PAUSED:
        return add_paused(&f->store, values[0]);
    case KIND_TIME:
        return add_time(&f->store, name, values[0]);
    case KIND_LABEL:
        return add_label(f, name + LABEL_PREFIX, values[0]);
    }
    return NULL;
}

/* ---- a JSON object
 * ---------------------------------------------------------------------------- */

struct reading {
    struct arena *arena;
    const char *values[SAGA_FILTER_VALUES];
    size_t n;
    const char *code; /* What is wrong; NULL: nothing. */
    const char *detail;
};

static void note(struct reading *g, const char *code, const char *detail)
{
    if (g->code == NULL) {
        g->code = code;
        g->detail = detail;
    }
}

static void add_value(struct reading *g, const char *value)
{
    if (value[0] == '\0') {
        note(g, "minLength", "has an empty value");
    } else if (g->n == SAGA_FILTER_VALUES) {
        note(g, "maxItems", "has too many values");
    } else {
        g->values[g->n++] = value;
    }
}

static const char *text_of(struct arena *a, struct json_span string)
{
    const char *made;
    struct buf text;

    buf_init(&text, string.n);
    json_span_unescape(string, &text);
    made = arena_copy(a, buf_text(&text), text.n);
    buf_done(&text);
    return made;
}

static void split(struct reading *g, const char *text)
{
    size_t n = strcspn(text, ",");

    add_value(g, arena_copy(g->arena, text, n));
    while (text[n] == ',') {
        text += n + 1;
        n = strcspn(text, ",");
        add_value(g, arena_copy(g->arena, text, n));
    }
}

static void read_elements(struct reading *g, struct json_span array)
{
    struct json_walk walk = json_walk_of(array);
    struct json_span value;

    while (json_walk_next(&walk, NULL, &value)) {
        if (json_span_kind(value) == JSON_KIND_STRING) {
            add_value(g, text_of(g->arena, value));
        } else {
            note(g, "type", "is a list of texts");
        }
    }
    if (g->n == 0) {
        note(g, "minItems", "has no value");
    }
}

static void read_value(struct reading *g, const char *name, struct json_span value)
{
    const bool is_list = saga_filter_is_list(name);
    const enum json_kind kind = json_span_kind(value);

    if (is_list && kind == JSON_KIND_ARRAY) {
        read_elements(g, value);
    } else if (strcmp(name, "paused") == 0 &&
               (kind == JSON_KIND_TRUE || kind == JSON_KIND_FALSE)) {
        add_value(g, kind == JSON_KIND_TRUE ? "true" : "false");
    } else if (kind != JSON_KIND_STRING) {
        note(g, "type", is_list ? "is a text or a list of texts" : "is a text");
    } else if (is_list) {
        split(g, text_of(g->arena, value));
    } else {
        g->values[g->n++] = text_of(g->arena, value);
    }
}

static void read_member(struct saga_filter *f, struct reading *g, const char *name,
                        struct json_span value)
{
    const char **kept;
    const char *wrong;

    if (!saga_filter_knows(name)) {
        note(g, "unknown-member", "is not a parameter of the list of sagas");
        return;
    }
    read_value(g, name, value);
    if (g->code == NULL) {
        kept = arena_take(g->arena, g->n * sizeof(*kept));
        memcpy(kept, g->values, g->n * sizeof(*kept));
        wrong = saga_filter_add(f, name, kept, g->n);
        if (wrong != NULL) {
            note(g, "enum", wrong);
        }
    }
}

bool saga_filter_read(struct saga_filter *f, struct json_span object, struct arena *a,
                      saga_filter_fault fault, void *user)
{
    struct json_walk walk = json_walk_of(object);
    struct json_span name;
    struct json_span value;
    bool is_good = true;

    while (json_walk_next(&walk, &name, &value)) {
        struct reading g = {.arena = a};
        const char *text = text_of(a, name);

        read_member(f, &g, text, value);
        if (g.code != NULL) {
            fault(user, text, g.code, g.detail);
            is_good = false;
        }
    }
    return is_good;
}

/* Enough for a row that did pass: what an error says is not looked at again. */
static bool is_stuck_so(const struct store_filter *f, const struct store_saga *row)
{
    if (f->stuck_calls == 0 && f->stuck_outcomes == 0) {
        return f->stuck_error == NULL || row->stuck_ms != 0;
    }
    return row->stuck_ms != 0 && row->stuck_step != NULL &&
           (f->stuck_calls == 0 || (f->stuck_calls & (1U << row->stuck_call)) != 0) &&
           (f->stuck_outcomes == 0 ||
            (f->stuck_outcomes & (1U << row->stuck_outcome)) != 0);
}

bool saga_filter_passes(const struct saga_filter *f, const struct store_saga *row)
{
    const struct store_filter *s = &f->store;
    bool is_at_step = s->n_stuck_steps == 0;

    for (size_t i = 0; i < s->n_stuck_steps && !is_at_step; i++) {
        is_at_step =
            row->stuck_step != NULL && strcmp(row->stuck_step, s->stuck_steps[i]) == 0;
    }
    return is_at_step && (s->statuses == 0 || (s->statuses & (1U << row->status)) != 0) &&
           (s->paused == 0 || row->is_paused == (s->paused > 0)) && is_stuck_so(s, row);
}
