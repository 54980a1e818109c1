/* parse_read.c - the walker and the readers of single values; see parse_read.h. */
#include "definitions/parse_read.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "definitions/suggest.h"

/* Ten years: a wait beyond that is a slip, and sums of times stay far from overflow. */
const struct parse_range parse_time_range = {1, (uint64_t)3650 * 24 * 3600 * 1000};
const struct parse_range parse_call_range = {1, (uint64_t)45 * 24 * 3600 * 1000};
const struct parse_names parse_id_names = {true, "_", "^[a-z][A-Za-z0-9_]{0,62}$"};

/* ---- objects -------------------------------------------------------------- */

static const char *kind_name(enum json_kind kind)
{
    static const char *const names[] = {
        [JSON_KIND_NONE] = "nothing",    [JSON_KIND_NULL] = "null",
        [JSON_KIND_FALSE] = "a boolean", [JSON_KIND_TRUE] = "a boolean",
        [JSON_KIND_NUMBER] = "a number", [JSON_KIND_STRING] = "a string",
        [JSON_KIND_ARRAY] = "an array",  [JSON_KIND_OBJECT] = "an object",
    };

    return names[kind];
}

bool parse_is_kind(struct parse *p, const struct place *at, enum json_kind kind)
{
    enum json_kind found = json_span_kind(at->value);

    if (found == kind) {
        return true;
    }
    report_error(p->report, at, "wrong-type", "this must be %s, not %s", kind_name(kind),
                 kind_name(found));
    return false;
}

static const struct member *member_of(const struct shape *shape, const char *name)
{
    for (size_t i = 0; i < shape->n; i++) {
        if (strcmp(shape->members[i].name, name) == 0) {
            return &shape->members[i];
        }
    }
    return NULL;
}

static void report_unknown(struct parse *p, const struct place *at,
                           const struct shape *shape)
{
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;

    suggest_begin(&s, at->name);
    for (size_t i = 0; i < shape->n; i++) {
        suggest_offer(&s, shape->members[i].name);
    }
    report_error(p->report, at, "unknown-member", "%s has no member '%.80s'%s",
                 shape->what, at->name, suggest_hint(&s, hint));
}

static void report_missing(struct parse *p, const struct place *at,
                           const struct shape *shape)
{
    for (size_t i = 0; i < shape->n; i++) {
        const char *name = shape->members[i].name;

        if (shape->members[i].is_required &&
            json_span_member(at->value, name, strlen(name)).at == NULL) {
            report_error(p->report, at, "missing-member", "%s needs '%s'", shape->what,
                         name);
        }
    }
}

bool parse_object(struct parse *p, const struct place *at, const struct shape *shape,
                  void *into)
{
    struct json_walk walk = json_walk_of(at->value);
    struct json_span name;
    struct json_span value;

    if (!parse_is_kind(p, at, JSON_KIND_OBJECT)) {
        return false;
    }
    while (json_walk_next(&walk, &name, &value)) {
        const struct place *below = place_member(p->scratch, at, name, value);
        const struct member *m = member_of(shape, below->name);

        if (strncmp(below->name, "//", 2) == 0) {
            continue;
        }
        if (m == NULL) {
            report_unknown(p, below, shape);
        } else {
            m->read(p, below, m->how, (char *)into + m->offset);
        }
    }
    report_missing(p, at, shape);
    return true;
}

void parse_shape(struct parse *p, const struct place *at, const void *how, void *into)
{
    (void)parse_object(p, at, how, into); /* What is wrong has been reported. */
}

/* ---- strings -------------------------------------------------------------- */

const char *parse_string(struct parse *p, const struct place *at, struct arena *a,
                         size_t *n_out)
{
    struct buf text;
    const char *copy;

    if (!parse_is_kind(p, at, JSON_KIND_STRING)) {
        return NULL;
    }
    buf_init(&text, at->value.n);
    json_span_unescape(at->value, &text);
    copy = arena_copy(a, buf_text(&text), text.n);
    *n_out = text.n;
    buf_done(&text);
    return copy;
}

void parse_text(struct parse *p, const struct place *at, const void *how, void *into)
{
    const char **out = into;
    size_t n;
    const char *text = parse_string(p, at, p->keep, &n);

    (void)how;
    if (text != NULL) {
        *out = text;
    }
}

void parse_anything(struct parse *p, const struct place *at, const void *how, void *into)
{
    (void)p;
    (void)at;
    (void)how;
    (void)into;
}

static bool is_name(const char *text, const struct parse_names *rule)
{
    size_t n = strlen(text);

    if (n == 0 || n > 63 || text[0] < 'a' || text[0] > 'z') {
        return false;
    }
    for (size_t i = 1; i < n; i++) {
        char c = text[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                         (rule->has_capitals && c >= 'A' && c <= 'Z');

        if (!is_letter && strchr(rule->marks, c) == NULL) {
            return false;
        }
    }
    return true;
}

void parse_name(struct parse *p, const struct place *at, const void *how, void *into)
{
    const struct parse_names *rule = how;
    const char **out = into;
    size_t n;
    const char *text = parse_string(p, at, p->keep, &n);

    if (text == NULL) {
        return;
    }
    if (!is_name(text, rule)) {
        report_error(p->report, at, "bad-value", "'%.80s' does not match %s", text,
                     rule->says);
        return;
    }
    *out = text;
}

static void report_word(struct parse *p, const struct place *at, const char *text,
                        const struct parse_words *rule)
{
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;
    struct buf all;

    buf_init(&all, 200);
    suggest_begin(&s, text);
    for (size_t i = 0; rule->words[i] != NULL; i++) {
        buf_printf(&all, "%s%s", i > 0 ? ", " : "", rule->words[i]);
        suggest_offer(&s, rule->words[i]);
    }
    report_error(p->report, at, "bad-value", "'%.80s' is none of %s%s", text,
                 buf_text(&all), suggest_hint(&s, hint));
    buf_done(&all);
}

void parse_word(struct parse *p, const struct place *at, const void *how, void *into)
{
    const struct parse_words *rule = how;
    unsigned *out = into;
    size_t n;
    const char *text = parse_string(p, at, p->scratch, &n);

    if (text == NULL) {
        return;
    }
    for (unsigned i = 0; rule->words[i] != NULL; i++) {
        if (strcmp(rule->words[i], text) == 0) {
            *out = i + 1;
            return;
        }
    }
    report_word(p, at, text, rule);
}

/* ---- numbers and flags ----------------------------------------------------- */

void parse_flag(struct parse *p, const struct place *at, const void *how, void *into)
{
    bool *out = into;
    enum json_kind kind = json_span_kind(at->value);

    (void)how;
    if (kind == JSON_KIND_TRUE || kind == JSON_KIND_FALSE) {
        *out = kind == JSON_KIND_TRUE;
    } else {
        (void)parse_is_kind(p, at, JSON_KIND_TRUE); /* Says that it is not. */
    }
}

void parse_whole(struct parse *p, const struct place *at, const void *how, void *into)
{
    const struct parse_range *range = how;
    uint32_t *out = into;
    int64_t value;

    if (!parse_is_kind(p, at, JSON_KIND_NUMBER)) {
        return;
    }
    if (!json_span_int(at->value, &value)) {
        report_error(p->report, at, "wrong-type", "this must be a whole number");
        return;
    }
    if (value < 0 || (uint64_t)value < range->least || (uint64_t)value > range->most) {
        report_error(p->report, at, "out-of-range",
                     "this must be from %" PRIu64 " to %" PRIu64, range->least,
                     range->most);
        return;
    }
    *out = (uint32_t)value;
}

void parse_permille(struct parse *p, const struct place *at, const void *how, void *into)
{
    const struct parse_range *range = how;
    uint64_t *out = into;
    json_t *number = NULL;
    double thousandths;

    if (!parse_is_kind(p, at, JSON_KIND_NUMBER) ||
        json_read(at->value.at, at->value.n, &number, NULL) != ERR_OK) {
        return;
    }
    thousandths = json_number_value(number) * 1000.0;
    json_decref(number);
    if (!(thousandths >= (double)range->least && thousandths <= (double)range->most)) {
        report_error(p->report, at, "out-of-range",
                     "this must be from %" PRIu64 " to %" PRIu64, range->least / 1000,
                     range->most / 1000);
        return;
    }
    *out = (uint64_t)(thousandths + 0.5);
}

bool parse_duration_text(const char *text, uint64_t *ms)
{
    static const struct {
        const char *name;
        uint64_t ms;
    } units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
    uint64_t value = 0;
    size_t i = 0;

    if (text[0] < '1' || text[0] > '9') {
        return false;
    }
    for (; text[i] >= '0' && text[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');

        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
        if (strcmp(text + i, units[u].name) == 0 && value <= UINT64_MAX / units[u].ms) {
            *ms = value * units[u].ms;
            return true;
        }
    }
    return false;
}

void parse_duration(struct parse *p, const struct place *at, const void *how, void *into)
{
    const struct parse_range *range = how;
    uint64_t *out = into;
    uint64_t ms;
    size_t n;
    const char *text = parse_string(p, at, p->scratch, &n);

    if (text == NULL) {
        return;
    }
    if (!parse_duration_text(text, &ms)) {
        report_error(p->report, at, "bad-duration",
                     "'%.80s' is not a duration; write 500ms, 30s, 15m, 48h or 7d", text);
        return;
    }
    if (ms < range->least || ms > range->most) {
        report_error(p->report, at, "out-of-range", "this must be at most %" PRIu64 "d",
                     range->most / 86400000);
        return;
    }
    *out = ms;
}

/* ---- expressions, templates, JSON ------------------------------------------ */

const struct expr *parse_expression_text(struct parse *p, const struct place *at,
                                         const char *text, size_t n)
{
    struct err_info info = {""};
    unsigned column = 1;
    const char *inside;
    size_t inside_n;
    struct expr *e;

    if (!template_is_expression(text, n, &inside, &inside_n)) {
        report_error(p->report, at, "bad-expression",
                     "this must be one expression, \"${ … }\" and nothing else");
        return NULL;
    }
    if (expr_compile(p->keep, inside, inside_n, &e, &column, &info) != ERR_OK) {
        report_error(p->report, at, "bad-expression", "%.250s (column %zu)", info.text,
                     (size_t)(inside - text) + column);
        return NULL;
    }
    return e;
}

void parse_expression(struct parse *p, const struct place *at, const void *how,
                      void *into)
{
    const struct expr **out = into;
    const struct expr *e;
    size_t n = 0;
    const char *text = parse_string(p, at, p->scratch, &n);

    (void)how;
    e = text != NULL ? parse_expression_text(p, at, text, n) : NULL;
    if (e != NULL) {
        *out = e;
    }
}

static void report_template(struct parse *p, const struct place *at,
                            const struct template_error *error)
{
    report_error(p->report, at, "bad-expression", "%.255s (column %u)", error->detail,
                 error->column);
}

void parse_template(struct parse *p, const struct place *at, const void *how, void *into)
{
    const struct template **out = into;
    struct template_error error;
    struct template *t;
    size_t n = 0;
    const char *text = parse_string(p, at, p->scratch, &n);

    (void)how;
    if (text == NULL) {
        return;
    }
    if (n == 0) {
        report_error(p->report, at, "bad-value", "this must not be empty");
    } else if (template_compile_text(p->keep, text, n, &t, &error) != ERR_OK) {
        report_template(p, at, &error);
    } else {
        *out = t;
    }
}

const struct template *parse_url_text(struct parse *p, const struct place *at,
                                      const char *text, size_t n)
{
    struct template_error error;
    struct template *t;

    if (n == 0) {
        report_error(p->report, at, "bad-value", "this must not be empty");
        return NULL;
    }
    if (template_compile_url(p->keep, text, n, &t, &error) != ERR_OK) {
        report_template(p, at, &error);
        return NULL;
    }
    return t;
}

void parse_url(struct parse *p, const struct place *at, const void *how, void *into)
{
    const struct template **out = into;
    const struct template *t;
    size_t n = 0;
    const char *text = parse_string(p, at, p->scratch, &n);

    (void)how;
    t = text != NULL ? parse_url_text(p, at, text, n) : NULL;
    if (t != NULL) {
        *out = t;
    }
}

void parse_json(struct parse *p, const struct place *at, const void *how, void *into)
{
    const struct template **out = into;
    char pointer[POINTER_MAX] = "";
    struct template_error error;
    struct template *t;

    (void)how;
    if (template_compile_json(p->keep, at->value, &t, pointer, &error) != ERR_OK) {
        report_template(p, place_below(p->scratch, at, pointer), &error);
    } else {
        *out = t;
    }
}

void parse_span(struct parse *p, const struct place *at, const void *how, void *into)
{
    struct json_span *out = into;

    (void)p;
    (void)how;
    *out = at->value;
}

void parse_object_span(struct parse *p, const struct place *at, const void *how,
                       void *into)
{
    if (parse_is_kind(p, at, JSON_KIND_OBJECT)) {
        parse_span(p, at, how, into);
    }
}
