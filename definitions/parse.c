/* parse.c - the top of a definition; see parse.h. */
#include "definitions/parse.h"

#include <string.h>

#include "base/json.h"
#include "definitions/parse_read.h"
#include "definitions/parse_tests.h"

#define FIELD(name) offsetof(struct draft, name)
#define NOTIFY_MAX 8
#define LABEL_MAX 254 /* Bytes of one label as written, quotes apart. */

/* ---- labels, input, defaults ------------------------------------------------ */

static void parse_labels(struct parse *p, const struct place *at, const void *how,
                         void *into)
{
    struct json_walk walk = json_walk_of(at->value);
    struct json_span name;
    struct json_span value;

    if (!parse_is_kind(p, at, JSON_KIND_OBJECT)) {
        return;
    }
    if (json_span_count(at->value) > LIMIT_LABELS) {
        report_error(p->report, at, "out-of-range", "there are at most %d labels",
                     LIMIT_LABELS);
    }
    while (json_walk_next(&walk, &name, &value)) {
        const struct place *each = place_member(p->scratch, at, name, value);

        if (parse_is_kind(p, each, JSON_KIND_STRING) && value.n > LABEL_MAX + 2) {
            report_error(p->report, each, "out-of-range", "a label has at most %d bytes",
                         LABEL_MAX);
        }
    }
    parse_span(p, at, how, into);
}

static const struct member input_members[] = {
    {"schema", parse_object_span, NULL, offsetof(struct draft_input, schema), false},
    {"example", parse_span, NULL, offsetof(struct draft_input, example), false},
};
static const struct shape input_shape = SHAPE("input", input_members);

static const struct member default_members[] = {
    {"call", parse_defaults, NULL, offsetof(struct draft_defaults, call), false},
    {"compensate", parse_defaults, NULL, offsetof(struct draft_defaults, undo), false},
};
static const struct shape default_shape = SHAPE("defaults", default_members);

/* ---- notify ---------------------------------------------------------------- */

static void parse_on(struct parse *p, const struct place *at, const void *how, void *into)
{
    static const char *const words[] = {"completed", "compensated", "stuck", "resolved",
                                        NULL};
    static const struct parse_words rule = {words};
    static const enum saga_status statuses[] = {SAGA_STATUS_COMPLETED,
                                                SAGA_STATUS_COMPENSATED,
                                                SAGA_STATUS_STUCK, SAGA_STATUS_RESOLVED};
    struct json_walk walk = json_walk_of(at->value);
    uint32_t *out = into;
    struct json_span value;

    (void)how;
    if (!parse_is_kind(p, at, JSON_KIND_ARRAY)) {
        return;
    }
    for (size_t i = 0; json_walk_next(&walk, NULL, &value); i++) {
        const struct place *each = place_element(p->scratch, at, i, value);
        unsigned word = 0;
        uint32_t bit;

        parse_word(p, each, &rule, &word);
        bit = word != 0 ? 1U << statuses[word - 1] : 0;
        if ((*out & bit) != 0) {
            report_error(p->report, each, "duplicate-status", "this is listed already");
        }
        *out |= bit;
    }
}

static const struct parse_names secret_names = {true, "_-", "^[a-z][A-Za-z0-9_-]{0,62}$"};

#define NOTIFY(name) offsetof(struct draft_notify, name)
static const struct member notify_members[] = {
    {"url", parse_url, NULL, NOTIFY(url), true},
    {"on", parse_on, NULL, NOTIFY(on), false},
    {"secret", parse_name, &secret_names, NOTIFY(secret), false},
};
static const struct shape notify_shape = SHAPE("notify", notify_members);

/* into: the draft, of which it fills two fields. */
static void parse_notify(struct parse *p, const struct place *at, const void *how,
                         void *into)
{
    struct json_walk walk = json_walk_of(at->value);
    struct draft *d = into;
    size_t n = json_span_count(at->value);
    struct json_span value;

    (void)how;
    if (!parse_is_kind(p, at, JSON_KIND_ARRAY)) {
        return;
    }
    if (n > NOTIFY_MAX) {
        report_error(p->report, at, "out-of-range", "there are at most %d of them",
                     NOTIFY_MAX);
        return;
    }
    d->notify = arena_take(p->scratch, (n + 1) * sizeof(*d->notify));
    for (; json_walk_next(&walk, NULL, &value); d->n_notify++) {
        struct draft_notify *each = &d->notify[d->n_notify];

        each->at = place_element(p->scratch, at, d->n_notify, value);
        (void)parse_object(p, each->at, &notify_shape, each); /* Reported. */
        if (each->on == 0) {
            each->on = 1U << SAGA_STATUS_COMPLETED | 1U << SAGA_STATUS_COMPENSATED |
                       1U << SAGA_STATUS_STUCK;
        }
    }
}

/* ---- the whole -------------------------------------------------------------- */

static const struct parse_names definition_names = {false, "-", "^[a-z][a-z0-9-]{0,62}$"};
static const struct parse_range steps_range = {1, LIMIT_STEPS};

static const struct member top_members[] = {
    {"$schema", parse_text, NULL, FIELD(schema_name), false},
    {"name", parse_name, &definition_names, FIELD(name), true},
    {"description", parse_text, NULL, FIELD(description), false},
    {"labels", parse_labels, NULL, FIELD(labels), false},
    {"input", parse_shape, &input_shape, FIELD(input), false},
    {"key", parse_template, NULL, FIELD(key), false},
    {"unique", parse_flag, NULL, FIELD(is_unique), false},
    {"orderingKey", parse_template, NULL, FIELD(ordering_key), false},
    {"timeout", parse_duration, &parse_time_range, FIELD(timeout_ms), false},
    {"defaults", parse_shape, &default_shape, FIELD(defaults), false},
    {"steps", parse_steps, &steps_range, FIELD(root.sequence), true},
    {"output", parse_json, NULL, FIELD(output), false},
    {"notify", parse_notify, NULL, 0, false},
    {"tests", parse_tests, NULL, FIELD(tests), false},
};
static const struct shape top_shape = SHAPE("a definition", top_members);

static struct input_schema *compile_schema(struct parse *p, const struct place *top,
                                           struct json_span text)
{
    struct input_schema_error error = {"", "", ""};
    struct input_schema *schema = NULL;
    const struct place *at;
    json_t *json;

    if (json_read(text.at, text.n, &json, NULL) != ERR_OK) {
        return NULL; /* The whole text was accepted: out of memory at most. */
    }
    if (input_schema_compile(json, &schema, &error) != ERR_OK) {
        at = place_of(p->scratch, place_of(p->scratch, top, "input"), "schema");
        report_error(p->report, place_below(p->scratch, at, error.pointer),
                     "bad-input-schema", "%s", error.detail);
    }
    json_decref(json);
    return schema;
}

void parse_definition(struct json_span text, struct report *report, struct arena *keep,
                      struct arena *scratch, struct draft *out)
{
    struct parse p = {.report = report, .keep = keep, .scratch = scratch};
    struct place *top = arena_take(scratch, sizeof(*top));

    top->value = text;
    *out = (struct draft){.at = top, .root = {.at = top}};
    parse_call_init(&out->defaults.call, top);
    parse_call_init(&out->defaults.undo, top);
    if (!parse_object(&p, top, &top_shape, out)) {
        return;
    }
    if (out->input.schema.at != NULL) {
        out->input_schema = compile_schema(&p, top, out->input.schema);
    }
}
