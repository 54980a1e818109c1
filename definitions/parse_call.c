/*
 * parse_call.c - calls: `call`, `compensate`, `confirm` and their defaults; see
 * parse_read.h.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "definitions/parse_read.h"

#define FIELD(name) offsetof(struct draft_call, name)

/* ---- retry ---------------------------------------------------------------- */

/* Beyond LIMIT_ATTEMPTS the saga is stuck anyway. */
static const struct parse_range attempts_range = {1, LIMIT_ATTEMPTS};
static const struct parse_range backoff_range = {1000, 100 * 1000};
static const struct parse_range jitter_range = {0, 1000};

static void parse_attempts(struct parse *p, const struct place *at, const void *how,
                           void *into)
{
    uint64_t *out = into;
    uint32_t attempts = 0;

    (void)how;
    if (json_span_is_text(at->value, "unlimited", strlen("unlimited"))) {
        *out = 0;
        return;
    }
    parse_whole(p, at, &attempts_range, &attempts);
    if (attempts != 0) {
        *out = attempts;
    }
}

#define RETRY(field) offsetof(struct draft_retry, v[field])
static const struct member retry_members[] = {
    {"maxAttempts", parse_attempts, NULL, RETRY(DRAFT_ATTEMPTS), false},
    {"delay", parse_duration, &parse_call_range, RETRY(DRAFT_DELAY), false},
    {"backoff", parse_permille, &backoff_range, RETRY(DRAFT_BACKOFF), false},
    {"maxDelay", parse_duration, &parse_call_range, RETRY(DRAFT_DELAY_MAX), false},
    {"maxElapsed", parse_duration, &parse_time_range, RETRY(DRAFT_ELAPSED), false},
    {"jitter", parse_permille, &jitter_range, RETRY(DRAFT_JITTER), false},
};
static const struct shape retry_shape = SHAPE("retry", retry_members);

static void parse_retry(struct parse *p, const struct place *at, const void *how,
                        void *into)
{
    struct draft_retry *retry = into;

    (void)how;
    if (json_span_kind(at->value) == JSON_KIND_NUMBER) {
        parse_attempts(p, at, NULL, &retry->v[DRAFT_ATTEMPTS]);
    } else {
        (void)parse_object(p, at, &retry_shape, retry);
    }
}

/* ---- statuses ------------------------------------------------------------- */

/* A call's own and its defaults' fit into one table. */
#define STATUSES_MAX (PLAN_STATUS_RULES_MAX / 2)

static bool parse_status(struct parse *p, const struct place *at, uint16_t *out)
{
    static const struct parse_range codes = {100, 599};
    static const char *const classes[] = {"2xx", "3xx", "4xx", "5xx"};
    uint32_t code = 0;

    for (uint16_t i = 0; i < 4; i++) {
        if (json_span_is_text(at->value, classes[i], 3)) {
            *out = (uint16_t)(i + 2);
            return true;
        }
    }
    if (json_span_kind(at->value) == JSON_KIND_STRING) {
        report_error(p->report, at, "bad-value",
                     "a status is a code or one of 2xx, 3xx, 4xx, 5xx");
        return false;
    }
    parse_whole(p, at, &codes, &code);
    *out = (uint16_t)code;
    return code != 0;
}

static void add_status(struct parse *p, const struct place *at, uint16_t status,
                       enum plan_meaning meaning, struct plan_statuses *out)
{
    for (uint16_t i = 0; i < out->n; i++) {
        if (out->rules[i].status == status) {
            report_error(p->report, at, "duplicate-status", "%.*s is listed already",
                         (int)at->value.n, at->value.at);
            return;
        }
    }
    if (out->n == STATUSES_MAX) {
        report_error(p->report, at, "out-of-range", "at most %d statuses may be listed",
                     STATUSES_MAX);
        return;
    }
    out->rules[out->n].status = status;
    out->rules[out->n].meaning = meaning;
    out->n++;
}

/* how: enum plan_meaning. */
static void parse_status_list(struct parse *p, const struct place *at, const void *how,
                              void *into)
{
    const enum plan_meaning *meaning = how;
    struct json_walk walk = json_walk_of(at->value);
    struct json_span value;

    if (!parse_is_kind(p, at, JSON_KIND_ARRAY)) {
        return;
    }
    for (size_t i = 0; json_walk_next(&walk, NULL, &value); i++) {
        const struct place *each = place_element(p->scratch, at, i, value);
        uint16_t status;

        if (parse_status(p, each, &status)) {
            add_status(p, each, status, *meaning, into);
        }
    }
}

static const enum plan_meaning success = PLAN_SUCCESS;
static const enum plan_meaning retryable = PLAN_RETRYABLE;
static const enum plan_meaning rejected = PLAN_REJECTED;

static const struct member status_members[] = {
    {"success", parse_status_list, &success, 0, false},
    {"retryable", parse_status_list, &retryable, 0, false},
    {"rejected", parse_status_list, &rejected, 0, false},
};
static const struct shape status_shape = SHAPE("statuses", status_members);

static void parse_not_applied(struct parse *p, const struct place *at, const void *how,
                              void *into)
{
    (void)how;
    parse_status_list(p, at, &rejected, into);
    if (json_span_kind(at->value) == JSON_KIND_ARRAY && json_span_count(at->value) == 0) {
        report_error(p->report, at, "out-of-range", "this must list at least one status");
    }
}

/* ---- headers, query, redact ------------------------------------------------ */

#define PAIRS_MAX 100 /* Servers take no more headers than that. */

static bool is_token(const char *name)
{
    static const char letters[] = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return *name != '\0' && strspn(name, letters) == strlen(name);
}

static bool is_repeated(const struct draft_pairs *pairs, const char *name)
{
    for (size_t i = 0; i < pairs->n; i++) {
        if (strcasecmp(pairs->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static struct draft_pair *add_pair(struct parse *p, struct draft_pairs *pairs,
                                   const struct place *at)
{
    struct draft_pair *pair = &pairs->items[pairs->n];

    pairs->n++;
    pair->at = at;
    pair->name = arena_text(p->keep, at->name);
    return pair;
}

static void parse_header(struct parse *p, const struct place *at,
                         struct draft_pairs *pairs)
{
    const struct template *value = NULL;

    parse_template(p, at, NULL, &value);
    if (!is_token(at->name)) {
        report_error(p->report, at, "bad-header",
                     "'%.80s' cannot be the name of a header", at->name);
    } else if (is_repeated(pairs, at->name)) {
        report_error(p->report, at, "duplicate-header",
                     "'%.80s' is set twice; case does not matter in names", at->name);
    } else if (value != NULL) {
        add_pair(p, pairs, at)->value = value;
    }
}

/* Numbers and booleans are sent as they are written. */
static void parse_parameter(struct parse *p, const struct place *at,
                            struct draft_pairs *pairs)
{
    struct template_error error;
    struct template *t;
    const char *text = at->value.at;
    size_t n = at->value.n;

    switch (json_span_kind(at->value)) {
    case JSON_KIND_STRING:
        text = parse_string(p, at, p->scratch, &n);
        break;
    case JSON_KIND_NUMBER:
    case JSON_KIND_TRUE:
    case JSON_KIND_FALSE:
        break;
    case JSON_KIND_NONE:
    case JSON_KIND_NULL:
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT:
        report_error(p->report, at, "wrong-type",
                     "a query value is a string, a number or a boolean");
        return;
    }
    if (template_compile_text(p->keep, text, n, &t, &error) != ERR_OK) {
        report_error(p->report, at, "bad-expression", "%.255s (column %u)", error.detail,
                     error.column);
        return;
    }
    add_pair(p, pairs, at)->value = t;
}

/* Names are data here: // begins no comment. */
static void
parse_pairs(struct parse *p, const struct place *at, struct draft_pairs *pairs,
            void (*parse_one)(struct parse *, const struct place *, struct draft_pairs *))
{
    struct json_walk walk = json_walk_of(at->value);
    struct json_span name;
    struct json_span value;

    if (!parse_is_kind(p, at, JSON_KIND_OBJECT)) {
        return;
    }
    if (json_span_count(at->value) > PAIRS_MAX) {
        report_error(p->report, at, "out-of-range", "there are at most %d of them",
                     PAIRS_MAX);
        return;
    }
    pairs->items =
        arena_take(p->scratch, (json_span_count(at->value) + 1) * sizeof(*pairs->items));
    while (json_walk_next(&walk, &name, &value)) {
        parse_one(p, place_member(p->scratch, at, name, value), pairs);
    }
}

static void parse_headers(struct parse *p, const struct place *at, const void *how,
                          void *into)
{
    (void)how;
    parse_pairs(p, at, into, parse_header);
}

static void parse_query(struct parse *p, const struct place *at, const void *how,
                        void *into)
{
    (void)how;
    parse_pairs(p, at, into, parse_parameter);
}

static bool is_redact_path(const char *text)
{
    static const char *const starts[] = {"request.body", "request.headers",
                                         "response.body", "response.headers"};

    for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
        size_t n = strlen(starts[i]);

        if (strncmp(text, starts[i], n) == 0 &&
            (text[n] == '\0' || (text[n] == '.' && text[n + 1] != '\0'))) {
            return true;
        }
    }
    return false;
}

static void parse_redact(struct parse *p, const struct place *at, const void *how,
                         void *into)
{
    struct json_walk walk = json_walk_of(at->value);
    struct draft_names *names = into;
    struct json_span value;

    (void)how;
    if (!parse_is_kind(p, at, JSON_KIND_ARRAY)) {
        return;
    }
    names->items =
        arena_take(p->keep, (json_span_count(at->value) + 1) * sizeof(*names->items));
    for (size_t i = 0; json_walk_next(&walk, NULL, &value); i++) {
        const struct place *each = place_element(p->scratch, at, i, value);
        size_t n;
        const char *text = parse_string(p, each, p->keep, &n);

        if (text != NULL && !is_redact_path(text)) {
            report_error(p->report, each, "bad-value",
                         "a path begins with request.body, request.headers, "
                         "response.body or response.headers");
        } else if (text != NULL) {
            names->items[names->n] = text;
            names->n++;
        }
    }
}

/* ---- calls ---------------------------------------------------------------- */

static const char *const methods[] = {"GET",   "HEAD",   "POST", "PUT",
                                      "PATCH", "DELETE", NULL};
static const struct parse_words method_words = {methods};
static const char *const only_get[] = {"GET", NULL};
static const struct parse_words get_words = {only_get};
static const struct parse_names service_names = {true, "_-",
                                                 "^[a-z][A-Za-z0-9_-]{0,62}$"};

static void parse_method(struct parse *p, const struct place *at, const void *how,
                         void *into)
{
    const struct parse_words *words = how;
    const char **out = into;
    unsigned word = 0;

    parse_word(p, at, words, &word);
    if (word != 0) {
        *out = words->words[word - 1];
    }
}

static const struct member callback_members[] = {
    {"timeout", parse_duration, &parse_call_range, FIELD(callback_ms), true},
};
static const struct shape callback_shape = SHAPE("callback", callback_members);

#define COMMON_MEMBERS(words)                                                     \
    {"service", parse_name, &service_names, FIELD(service), false},               \
        {"method", parse_method, &(words), FIELD(method), false},                 \
        {"url", parse_url, NULL, FIELD(url), true},                               \
        {"query", parse_query, NULL, FIELD(query), false},                        \
        {"headers", parse_headers, NULL, FIELD(headers), false},                  \
        {"timeout", parse_duration, &parse_call_range, FIELD(timeout_ms), false}, \
    {                                                                             \
        "retry", parse_retry, NULL, FIELD(retry), false                           \
    }

static const struct member call_members[] = {
    COMMON_MEMBERS(method_words),
    {"body", parse_json, NULL, FIELD(body), false},
    {"statuses", parse_shape, &status_shape, FIELD(statuses), false},
    {"rejectWhen", parse_expression, NULL, FIELD(reject_when), false},
    {"retryWhen", parse_expression, NULL, FIELD(retry_when), false},
    {"redact", parse_redact, NULL, FIELD(redact), false},
    {"callback", parse_shape, &callback_shape, 0, false},
};
static const struct shape call_shape = SHAPE("a call", call_members);

static const struct member confirm_members[] = {
    COMMON_MEMBERS(get_words),
    {"appliedWhen", parse_expression, NULL, FIELD(applied_when), false},
    {"notApplied", parse_not_applied, NULL, FIELD(not_applied), false},
    {"notAppliedWhen", parse_expression, NULL, FIELD(not_applied_when), false},
};
static const struct shape confirm_shape = SHAPE("confirm", confirm_members);

static const struct member default_members[] = {
    {"timeout", parse_duration, &parse_call_range, FIELD(timeout_ms), false},
    {"retry", parse_retry, NULL, FIELD(retry), false},
    {"headers", parse_headers, NULL, FIELD(headers), false},
    {"statuses", parse_shape, &status_shape, FIELD(statuses), false},
};
static const struct shape default_shape = SHAPE("defaults of calls", default_members);

void parse_call_init(struct draft_call *call, const struct place *at)
{
    *call = (struct draft_call){.at = at};
    for (size_t i = 0; i < DRAFT_RETRY_FIELDS; i++) {
        call->retry.v[i] = DRAFT_UNSET;
    }
}

/* "METHOD url" */
static void parse_short_call(struct parse *p, const struct place *at,
                             const struct parse_words *words, struct draft_call *call)
{
    size_t n = 0;
    const char *text = parse_string(p, at, p->scratch, &n);

    for (size_t i = 0; words->words[i] != NULL; i++) {
        size_t length = strlen(words->words[i]);

        if (strncmp(text, words->words[i], length) == 0 && text[length] == ' ' &&
            strchr(" \t\r\n", text[length + 1]) == NULL) {
            call->method = words->words[i];
            call->url = parse_url_text(p, at, text + length + 1, n - length - 1);
            return;
        }
    }
    report_error(p->report, at, "bad-value",
                 "a call in short is \"METHOD url\" with %s and one space",
                 words == &get_words ? "GET" : "GET, HEAD, POST, PUT, PATCH or DELETE");
}

static void parse_any_call(struct parse *p, const struct place *at,
                           const struct shape *shape, const struct parse_words *words,
                           struct draft_call **out)
{
    struct draft_call *call = arena_take(p->scratch, sizeof(*call));

    parse_call_init(call, at);
    if (json_span_kind(at->value) == JSON_KIND_STRING) {
        parse_short_call(p, at, words, call);
        *out = call;
    } else if (parse_object(p, at, shape, call)) {
        *out = call;
    }
}

void parse_call(struct parse *p, const struct place *at, const void *how, void *into)
{
    (void)how;
    parse_any_call(p, at, &call_shape, &method_words, into);
}

void parse_confirm(struct parse *p, const struct place *at, const void *how, void *into)
{
    (void)how;
    parse_any_call(p, at, &confirm_shape, &get_words, into);
}

void parse_undo(struct parse *p, const struct place *at, const void *how, void *into)
{
    struct draft_undo *undo = into;

    (void)how;
    if (json_span_kind(at->value) == JSON_KIND_NULL) {
        undo->is_null = true;
    } else {
        parse_any_call(p, at, &call_shape, &method_words, &undo->call);
    }
}

void parse_defaults(struct parse *p, const struct place *at, const void *how, void *into)
{
    struct draft_call *call = into;

    (void)how;
    call->at = at;
    (void)parse_object(p, at, &default_shape, call); /* Reported. */
}
