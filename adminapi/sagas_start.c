/*
 * sagas_start.c - POST /v1/sagas, the hot path.
 *
 * Of the body no tree is made, but of an input that has a schema to fit; the input goes
 * on as a piece of the body's own text. A new
 * saga is answered from the state that was just committed, without reading the store;
 * anything else (waited for, repeated) is read.
 */
#include "adminapi/sagas_start.h"

#include <assert.h>
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/body.h"
#include "adminapi/handlers.h"
#include "adminapi/preference.h"
#include "adminapi/saga_answer.h"
#include "adminapi/submit.h"
#include "base/clk.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/limits.h"
#include "definitions/render.h"
#include "engine/core/saga_code.h"

#define LABEL_BYTES 256 /* Of a label's name or value. */
#define KEY_BYTES 1024  /* Of a rendered key. */

/* M_WAIT_FOR is the last: starts that nobody waits for alone do not know it. */
enum member { M_DEFINITION, M_VERSION, M_ID, M_INPUT, M_LABELS, M_WAIT_FOR, MEMBERS };

#define MEMBER_NAMES                                                                \
    {                                                                               \
        [M_DEFINITION] = {.name = "definition"}, [M_VERSION] = {.name = "version"}, \
        [M_ID] = {.name = "id"}, [M_INPUT] = {.name = "input"},                     \
        [M_LABELS] = {.name = "labels"}, [M_WAIT_FOR] = {                           \
            .name = "waitFor"                                                       \
        }                                                                           \
    }

/* What finish needs; in the request's arena. */
struct start {
    const struct registry_entry *entry;
    struct json_span input;
    uint32_t wait_s;
    bool has_wait; /* Prefer: wait was given. */
};

/* ---- the body's members ---------------------------------------------------------------
 */

static void read_id(struct request *r, const struct body_member *m)
{
    const char *id = body_text(r, m);

    if (id == NULL) {
        return;
    }
    if (!ids_is_valid(id) || strcmp(id, ".") == 0 || strcmp(id, "..") == 0) {
        body_fault(r, m, "pattern",
                   "An id is 1 to 128 of A-Z a-z 0-9 . _ ~ - and not only dots");
        return;
    }
    r->command.of.start.id = id;
}

static bool is_label(struct json_span name, struct json_span value)
{
    return json_span_kind(value) == JSON_KIND_STRING && name.n > 2 &&
           name.n <= LABEL_BYTES + 2 && value.n <= LABEL_BYTES + 2;
}

static void read_labels(struct request *r, const struct body_member *m)
{
    struct json_walk walk = json_walk_of(m->value);
    struct json_span name;
    struct json_span value;

    if (m->value.at == NULL) {
        return;
    }
    if (json_span_kind(m->value) != JSON_KIND_OBJECT ||
        json_span_count(m->value) > LIMIT_LABELS) {
        body_fault(r, m, "type", "Labels are an object of at most 16 texts");
        return;
    }
    while (json_walk_next(&walk, &name, &value)) {
        if (!is_label(name, value)) {
            body_fault(r, m, "type",
                       "A label's name and value are texts of at most 256 bytes");
            return;
        }
    }
    r->command.of.start.labels = arena_copy(r->arena, m->value.at, m->value.n);
}

/* ---- the definition
 * --------------------------------------------------------------------- */

/* Why it takes no new saga; NULL: it does. The engine refuses, once it knows that the
 * start is not a repeated one. */
static const char *why_closed(struct request *r, const struct registry_name *name,
                              const char *text)
{
    if (!name->is_paused && !name->is_archived) {
        return NULL;
    }
    return arena_printf(r->arena, "The definition '%s' is %s", text,
                        name->is_archived ? "archived" : "paused: it takes no new sagas");
}

/* The version to start, or NULL: answered. */
static const struct registry_entry *find_definition(struct request *r, const char *text,
                                                    int64_t version)
{
    struct registry_name name;
    const struct registry_entry *entry;
    struct err_info info = {.text = ""};
    enum err e = registry_find_name(r->registry, text, &name, &info);

    if (e == ERR_OK) {
        r->command.of.start.closed = why_closed(r, &name, text);
    }
    entry = e == ERR_OK ? name.current : NULL;
    if (e == ERR_OK && version != 0) {
        e = version > UINT32_MAX
                ? ERR_NOT_FOUND
                : registry_find_version(r->registry, text, (uint32_t)version, &entry,
                                        &info);
    }
    if (e == ERR_OK && entry != NULL) {
        return entry;
    }
    if (e == ERR_OK || e == ERR_NOT_FOUND) {
        answer_refuse(r, PROBLEM_NOT_FOUND,
                      version != 0 ? "There is no definition '%s' with that version"
                                   : "There is no definition '%s'",
                      text);
    } else {
        answer_failure(r, e, &info);
    }
    return NULL;
}

/* ---- input and key
 * ------------------------------------------------------------------------ */

/* Looked for again, this time with room for what is said: the errors are rare and large.
 */
static void add_input_faults(struct request *r, const struct input_schema *schema,
                             const json_t *input)
{
    struct input_schema_error *errors =
        arena_take(r->arena, INPUT_SCHEMA_ERRORS_MAX * sizeof(*errors));
    size_t n = input_schema_check(schema, input, errors, INPUT_SCHEMA_ERRORS_MAX);

    n = n < INPUT_SCHEMA_ERRORS_MAX ? n : INPUT_SCHEMA_ERRORS_MAX;
    for (size_t i = 0; i < n; i++) {
        answer_fault(r, arena_printf(r->arena, "/input%s", errors[i].pointer),
                     errors[i].code, "%s", errors[i].detail);
    }
}

static void check_input(struct request *r, const struct start *start)
{
    const struct input_schema *schema = start->entry->definition->input_schema;
    json_t *input;

    if (schema == NULL) {
        return;
    }
    if (json_read(start->input.at, start->input.n, &input, NULL) != ERR_OK) {
        assert(false); /* It is a part of an accepted body. */
    }
    if (input_schema_check(schema, input, NULL, 0) > 0) {
        add_input_faults(r, schema, input);
    }
    json_decref(input);
}

/* What `.saga` is before there is one: no key, and an id only if the client gave it. */
static struct json_span saga_facts(struct request *r, const struct registry_entry *entry)
{
    struct buf text;
    struct json_out o;
    const char *made;
    size_t n;

    buf_init(&text, 4096);
    json_out_init(&o, &text);
    json_open_object(&o);
    if (r->command.of.start.id != NULL) {
        json_put(&o, "id", r->command.of.start.id);
    }
    json_put(&o, "definition", entry->definition->name);
    json_put_number(&o, "version", entry->version);
    json_put_time(&o, "startedAt", clk_wall_ms());
    json_close_object(&o);
    n = text.n;
    made = arena_copy(r->arena, buf_text(&text), n);
    buf_done(&text);
    return (struct json_span){made, n};
}

/* A rendered key in *out; a fault of the input if it cannot be made. */
static void render_key(struct request *r, const struct start *start,
                       const struct template *t, const char *code, const char **out)
{
    const char *vars = r->config->vars != NULL ? r->config->vars : "{}";
    struct render_scope scope = {.input = start->input,
                                 .vars = json_span_of(vars, strlen(vars)),
                                 .saga = saga_facts(r, start->entry)};
    struct err_info info = {.text = ""};
    struct json_span key;

    if (render_template(start->entry->definition, t, &scope, r->arena, &key, &info) !=
        ERR_OK) {
        answer_fault(r, "/input", code, "%s", info.text);
    } else if (key.n == 0 || key.n > KEY_BYTES || memchr(key.at, '\0', key.n) != NULL) {
        answer_fault(r, "/input", code, "The %s must have 1 to %d bytes", code,
                     KEY_BYTES);
    } else {
        *out = arena_copy(r->arena, key.at, key.n);
    }
}

static void make_keys(struct request *r, const struct start *start)
{
    const struct definition *d = start->entry->definition;
    struct command_start *c = &r->command.of.start;

    if (d->key != NULL) {
        render_key(r, start, d->key, "key", &c->key);
    }
    if (d->ordering_key != NULL) {
        render_key(r, start, d->ordering_key, "orderingKey", &c->ordering_key);
    }
}

/* Does the input fit the version that would be started, and give its keys? A start that
 * may be a repeated one is refused by the engine only, once it knows that it is not: the
 * saga may have been started under an earlier version (S7). False: answered. */
static bool check_start(struct request *r, const struct start *start)
{
    const char *misfit = "The input does not fit the definition's schema";

    check_input(r, start);
    if (r->faults == NULL) {
        misfit = "The saga's key cannot be made";
        make_keys(r, start);
    }
    if (r->faults == NULL) {
        return true;
    }
    if (r->command.of.start.id == NULL && r->headers.idempotency_key == NULL) {
        return !body_refuses(r, PROBLEM_INPUT_INVALID, misfit);
    }
    r->command.of.start.misfit = misfit;
    return true;
}

/* ---- waiting
 * ------------------------------------------------------------------------------- */

static bool read_wait(struct request *r, const struct body_member *m, struct start *start)
{
    struct command *c = &r->command;
    const char *step = body_text(r, m);

    start->has_wait = preference_wait(r->headers.prefer, &start->wait_s);
    if (step != NULL && definition_step_of(start->entry->definition, step) == PLAN_NONE) {
        body_fault(r, m, "unknown-step", "The definition has no such step");
    }
    if (body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid")) {
        return false;
    }
    if (step != NULL && !start->has_wait) {
        start->wait_s = LIMIT_WAIT_S; /* To name a step is to want to wait for it. */
    }
    if (start->wait_s > 0) {
        c->wait = step != NULL ? COMMAND_WAIT_STEP : COMMAND_WAIT_END;
        c->wait_step = step;
        c->wait_ms = start->wait_s * 1000;
    }
    return true;
}

/* ---- the answer
 * ------------------------------------------------------------------------------- */

static bool make_view(struct request *r, const struct start *start, struct view *out)
{
    const struct command *c = &r->command;
    struct store_saga row = c->saga;
    struct saga_brief brief;

    if (!c->is_new || c->state == NULL || c->wait != COMMAND_WAIT_NOT ||
        !saga_decode_brief(&brief, c->state, c->state_n) ||
        brief.state == SAGA_LINED_UP) { /* Whoever it waits for is in the store. */
        return saga_answer_view(r, c->saga.id, out);
    }
    row.definition_name = start->entry->definition->name;
    row.definition_version = start->entry->version;
    view_of_start(&row, start->entry->definition, start->entry->version, start->input,
                  c->state, c->state_n, r->arena, out);
    return true;
}

void sagas_start_finish(struct request *r)
{
    const struct command *c = &r->command;
    const struct start *start = r->more;
    struct view v;

    if (c->problem != PROBLEM_NONE) {
        saga_answer_problem(r, NULL);
        return;
    }
    if (!make_view(r, start, &v)) {
        return;
    }
    saga_answer_with(r, saga_is_final(v.state) ? 200 : 202, &v, false);
    answer_header(r, "Location", arena_printf(r->arena, "/v1/sagas/%s", v.row.id));
    preference_applied(r, start->has_wait, start->wait_s);
    if (c->is_replayed || !c->is_new) {
        answer_header(r, "Idempotency-Replayed", "true");
    }
}

/* ---- the request
 * --------------------------------------------------------------------------------- */

static bool is_traceparent(const char *text)
{
    static const char digits[] = "0123456789abcdef";

    return text != NULL && strlen(text) == 55 && strncmp(text, "00-", 3) == 0 &&
           strspn(text + 3, digits) == 32 && strspn(text + 36, digits) == 16 &&
           strspn(text + 53, digits) == 2 && text[35] == '-' && text[52] == '-' &&
           strspn(text + 3, "0") < 32 && strspn(text + 36, "0") < 16;
}

static void fill_start(struct request *r, const struct start *start)
{
    struct command *c = &r->command;

    c->kind = COMMAND_START;
    c->of.start.definition = start->entry->num;
    /* A copy: a request given up at the end outlives its door's definitions. */
    c->of.start.definition_name = arena_text(r->arena, start->entry->definition->name);
    c->of.start.is_unique = start->entry->definition->is_unique;
    c->of.start.input = start->input;
    if (is_traceparent(r->headers.traceparent)) {
        c->of.start.traceparent = r->headers.traceparent;
        c->of.start.tracestate = r->headers.tracestate;
    }
}

/* From the members to the start. False: answered. */
static bool read_start(struct request *r, struct body_member *m, struct start *start)
{
    const char *name = body_needed_text(r, &m[M_DEFINITION]);
    int64_t version = 0;

    (void)body_whole(r, &m[M_VERSION], 1, &version); /* Absent: 0, the current one. */
    r->command.of.start.pinned = (uint32_t)version;
    read_id(r, &m[M_ID]);
    read_labels(r, &m[M_LABELS]);
    if (body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid")) {
        return false;
    }
    if (!auth_may_start(r->token, name)) {
        answer_refuse(r, PROBLEM_FORBIDDEN, "The token '%s' may not start '%s'", r->actor,
                      name);
        return false;
    }
    start->entry = find_definition(r, name, version);
    if (start->entry == NULL) {
        return false;
    }
    start->input = m[M_INPUT].value.at != NULL ? m[M_INPUT].value : JSON_SPAN_TEXT("{}");
    return read_wait(r, &m[M_WAIT_FOR], start) && check_start(r, start) &&
           preference_replay(r);
}

/* Might the engine know it already, so that it is not refused but answered again (S7)?
 * What another request is about to start at this moment does not count. */
static bool may_be_repeated(struct request *r)
{
    const struct command_start *s = &r->command.of.start;
    struct store_saga row;
    struct err_info info;

    if (r->headers.idempotency_key != NULL || (s->is_unique && s->key != NULL)) {
        return true;
    }
    return s->id != NULL &&
           (store_find_saga(r->reader, s->id, r->arena, &row, &info) != ERR_NOT_FOUND ||
            store_find_purged(r->reader, s->id, &info) != ERR_NOT_FOUND);
}

/* Overload must not cost the engine: what it would refuse is refused here. True: it was.
 */
static bool refuse_when_full(struct request *r)
{
    const struct engine *engine = r->config->engine;
    const struct command_start *s = &r->command.of.start;
    const uint32_t full_at = engine_full_at(engine);

    if (full_at == 0 || engine_is_draining(engine) || s->closed != NULL ||
        s->misfit != NULL || may_be_repeated(r)) {
        return false;
    }
    answer_refuse(r, PROBLEM_OVERLOADED, ENGINE_FULL, full_at);
    return true;
}

void sagas_start(struct request *r)
{
    struct body_member m[MEMBERS] = MEMBER_NAMES;
    struct start *start = arena_take(r->arena, sizeof(*start));

    if (!body_read(r, false, m, MEMBERS) || !read_start(r, m, start)) {
        return;
    }
    fill_start(r, start);
    if (refuse_when_full(r)) {
        return;
    }
    r->more = start;
    submit_command(r, sagas_start_finish);
}

bool sagas_start_read(struct request *r, struct json_span text)
{
    struct body_member m[MEMBERS] = MEMBER_NAMES;
    struct start *start = arena_take(r->arena, sizeof(*start));

    body_take(r, text, m, M_WAIT_FOR);
    if (!read_start(r, m, start)) {
        return false;
    }
    fill_start(r, start);
    r->more = start;
    return true;
}
