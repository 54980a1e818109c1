/*
 * definitions_put.c - PUT /v1/definitions/{name}: check, and store what is new.
 *
 * The checker says everything at once: errors refuse with a list, warnings travel with
 * the answer. A definition's own tests are run; one that fails refuses it too. Whether
 * the content is new and the conditions hold is decided by the engine, where no other
 * change can come between.
 */
#include <stdlib.h>
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/definition_json.h"
#include "adminapi/handlers.h"
#include "adminapi/submit.h"
#include "base/json.h"
#include "base/mem.h"
#include "definitions/scenario.h"

struct put { /* What finish needs; in the request's arena. */
    const char *hash;
    const char *warnings; /* JSON array text. */
    const char *children; /* JSON object text; NULL: none without a version. */
};

/* ---- query and conditions ------------------------------------------------------------
 */

/* ?name=true|false; false: answered. */
static bool read_flag(struct request *r, const char *name, bool *out)
{
    const char *text = target_find(&r->target, name);

    if (text == NULL) {
        return true;
    }
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST,
                      "The query parameter '%s' is true or false", name);
        return false;
    }
    *out = text[0] == 't';
    return true;
}

/* If-Match: one strong tag, without its quotes. False: answered. */
static bool read_conditions(struct request *r, struct command_definition *d)
{
    const char *match = r->headers.if_match;
    const char *none = r->headers.if_none_match;
    size_t n;

    if (none != NULL && strcmp(none, "*") != 0) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST, "If-None-Match can only be * here");
        return false;
    }
    d->if_absent = none != NULL;
    if (match == NULL) {
        return true;
    }
    n = strlen(match);
    if (strcmp(match, "*") != 0 && (n < 3 || match[0] != '"' || match[n - 1] != '"' ||
                                    strchr(match + 1, '"') != match + n - 1)) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST, "If-Match must be one quoted ETag");
        return false;
    }
    d->if_match = match[0] == '*' ? match : arena_copy(r->arena, match + 1, n - 2);
    return true;
}

/* If-Match: * asks that there is one at all: the engine compares hashes only. */
static bool resolve_star(struct request *r, struct command_definition *d)
{
    struct err_info info = {.text = ""};
    struct store_definition current;
    enum err e;

    if (d->if_match == NULL || strcmp(d->if_match, "*") != 0) {
        return true;
    }
    e = store_find_definition(r->reader, r->parameters[0], 0, r->arena, &current, &info);
    if (e == ERR_OK) {
        d->if_match = current.hash;
    } else if (e == ERR_NOT_FOUND) {
        answer_refuse(r, PROBLEM_PRECONDITION_FAILED, "There is no definition '%s'",
                      r->parameters[0]);
    } else {
        answer_failure(r, e, &info);
    }
    return e == ERR_OK;
}

/* ---- checking ------------------------------------------------------------------------
 */

static void add_faults(struct request *r, const struct check_report *report)
{
    for (size_t i = 0; i < report->n; i++) {
        const struct check_issue *issue = &report->issues[i];

        if (issue->is_error) {
            answer_fault(r, issue->pointer, issue->code, "%s", issue->detail);
        }
    }
}

static const char *issues_text(struct request *r, const struct check_report *report)
{
    struct buf text;
    struct json_out o;
    const char *made;

    buf_init(&text, CHECK_ISSUES_MAX * sizeof(struct check_issue) * 6);
    json_out_init(&o, &text);
    definition_json_issues(&o, report, false);
    made = arena_copy(r->arena, buf_text(&text), text.n);
    buf_done(&text);
    return made;
}

static void refuse_definition(struct request *r, const struct put *put)
{
    struct json_out o;

    answer_refuse_open(r, PROBLEM_DEFINITION_INVALID, 0,
                       arena_printf(r->arena, "%s: %s",
                                    r->faults->pointer[0] != '\0' ? r->faults->pointer
                                                                  : "The definition",
                                    r->faults->detail),
                       &o);
    json_key(&o, "warnings");
    json_raw(&o, json_span_of(put->warnings, strlen(put->warnings)));
    json_close_object(&o);
}

/* What this thread finds stored. */
struct stored {
    struct registry *registry;
    enum err failure; /* Of the store, the first; then nothing is judged. */
    struct err_info info;
};

/* version 0: the one that is current now. NULL: there is none, or it cannot be told. */
static const struct registry_entry *find_stored(struct stored *s, const char *name,
                                                uint32_t version)
{
    const struct registry_entry *entry = NULL;
    struct registry_name found;
    struct err_info info;
    enum err e;

    if (version != 0) {
        e = registry_find_version(s->registry, name, version, &entry, &info);
    } else {
        e = registry_find_name(s->registry, name, &found, &info);
        entry = e == ERR_OK ? found.current : NULL;
    }
    if ((e == ERR_IO || e == ERR_BUSY) && s->failure == ERR_OK) {
        s->failure = e;
        s->info = info;
    }
    return entry;
}

/* The checker's question about children. */
static const struct definition *stored_child(void *user, const char *name,
                                             uint32_t version)
{
    const struct registry_entry *entry = find_stored(user, name, version);

    return entry != NULL ? entry->definition : NULL;
}

static bool is_first_use(const struct definition *d, uint16_t step)
{
    for (uint16_t i = 1; i < step; i++) {
        if (d->steps[i].child != NULL && d->steps[i].child_version == 0 &&
            strcmp(d->steps[i].child, d->steps[step].child) == 0) {
            return false;
        }
    }
    return true;
}

/* S33: a child without a version is the one that is current now, as it was checked. */
static const char *children_text(struct request *r, struct stored *s,
                                 const struct definition *d)
{
    struct buf text;
    struct json_out o;
    const char *made;

    buf_init(&text, LIMIT_DEFINITION_BYTES);
    json_out_init(&o, &text);
    json_open_object(&o);
    for (uint16_t i = 1; i < d->plan->n_nodes; i++) {
        const struct definition_step *step = &d->steps[i];
        const struct registry_entry *child =
            step->child != NULL && step->child_version == 0 && is_first_use(d, i)
                ? find_stored(s, step->child, 0)
                : NULL;

        if (child != NULL) {
            json_put_number(&o, step->child, child->version);
        }
    }
    json_close_object(&o);
    made = text.n > 2 ? arena_copy(r->arena, buf_text(&text), text.n) : NULL;
    buf_done(&text);
    return made;
}

static struct json_span vars_of(const struct request *r)
{
    const char *vars = r->config->vars;

    return vars != NULL ? json_span_of(vars, strlen(vars)) : JSON_SPAN_NONE;
}

/* False: it has errors, or a test of its own fails, and the request was answered. */
static bool check(struct request *r, bool is_dry_run, struct put *put)
{
    struct check_world world = *r->config->world;
    struct stored stored = {.registry = r->registry};
    struct check_report *report = mem_alloc(sizeof(*report));
    struct definition *made = NULL;
    enum err e;

    world.is_dry_run = is_dry_run;
    world.child = stored_child;
    world.child_user = &stored;
    e = definition_compile(buf_text(&r->body), r->body.n, &world, report, &made);
    if (e == ERR_OK) {
        e = scenario_check(made, vars_of(r), report);
    }
    if (e != ERR_OK) {
        add_faults(r, report);
    } else if (strcmp(made->name, r->parameters[0]) != 0) {
        answer_fault(r, "/name", "name-mismatch",
                     "The definition is named '%s' and is put at '%s'", made->name,
                     r->parameters[0]);
    } else {
        put->hash = arena_text(r->arena, made->hash);
        put->children = children_text(r, &stored, made);
    }
    put->warnings = issues_text(r, report);
    definition_destroy(made);
    free(report);
    if (stored.failure != ERR_OK) {
        answer_failure(r, stored.failure, &stored.info);
        return false;
    }
    if (put->hash != NULL) {
        return true;
    }
    if (r->faults == NULL) {
        answer_fault(r, "", "invalid", "The definition cannot be compiled");
    }
    refuse_definition(r, put);
    return false;
}

/* ---- answers
 * ---------------------------------------------------------------------------- */

static void put_warnings(struct json_out *o, const struct put *put)
{
    json_key(o, "warnings");
    json_raw(o, json_span_of(put->warnings, strlen(put->warnings)));
}

static void answer_dry(struct request *r, const struct put *put)
{
    struct json_out o;

    answer_json(r, 200, &o);
    json_open_object(&o);
    json_put(&o, "name", r->parameters[0]);
    json_put(&o, "hash", put->hash);
    json_put_flag(&o, "dryRun", true);
    put_warnings(&o, put);
    json_close_object(&o);
}

static void stored(struct request *r)
{
    const struct command *c = &r->command;
    const struct put *put = r->more;
    struct store_definition d = c->definition;
    struct err_info info = {.text = ""};
    struct json_out o;
    enum err e;

    if (answer_refused(r)) {
        return;
    }
    /* Members that only readers fill: which version is current, and so on. */
    e = store_find_definition(r->reader, r->parameters[0], c->definition.version,
                              r->arena, &d, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    answer_json(r, c->is_new ? 201 : 200, &o);
    json_open_object(&o);
    definition_json_members(&o, &d, false);
    put_warnings(&o, put);
    json_close_object(&o);
    answer_header(r, "ETag", arena_printf(r->arena, "\"%s\"", put->hash));
    answer_header(r, "Location",
                  arena_printf(r->arena, "/v1/definitions/%s/versions/%u", d.name,
                               (unsigned)d.version));
}

/* ---- request
 * ------------------------------------------------------------------------------ */

/* Bad JSON is 400 like everywhere; the checker would call it one of its errors. */
static bool is_json(struct request *r)
{
    struct err_info info = {.text = ""};
    json_t *tree;

    if (r->body.n == 0) {
        answer_refuse(r, PROBLEM_INVALID_JSON,
                      "A definition is needed and the body is empty: line 1, column 1");
        return false;
    }
    if (json_read(buf_text(&r->body), r->body.n, &tree, &info) != ERR_OK) {
        answer_refuse(r, PROBLEM_INVALID_JSON, "%s", info.text);
        return false;
    }
    json_decref(tree);
    return true;
}

void definitions_put(struct request *r)
{
    struct command *c = &r->command;
    struct put *put = arena_take(r->arena, sizeof(*put));
    bool is_dry_run = false;
    bool is_active = true;

    if (!read_flag(r, "dryRun", &is_dry_run) || !read_flag(r, "activate", &is_active) ||
        !read_conditions(r, &c->of.definition) || !is_json(r) ||
        !check(r, is_dry_run, put) || !resolve_star(r, &c->of.definition)) {
        return;
    }
    if (is_dry_run) {
        answer_dry(r, put);
        return;
    }
    c->kind = COMMAND_DEFINITION_PUT;
    c->of.definition.name = r->parameters[0];
    c->of.definition.content = buf_text(&r->body);
    c->of.definition.hash = put->hash;
    c->of.definition.children = put->children;
    c->of.definition.makes_current = is_active;
    r->more = put;
    submit_command(r, stored);
}
