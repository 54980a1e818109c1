/*
 * definitions.c - reading definitions, and what changes how a name stands: which version
 * is current, paused, archived. Storing one is definitions_put.c.
 */
#include <inttypes.h>
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/body.h"
#include "adminapi/definition_json.h"
#include "adminapi/handlers.h"
#include "adminapi/page.h"
#include "adminapi/preference.h"
#include "adminapi/scope.h"
#include "adminapi/submit.h"
#include "base/json.h"

/* ---- one
 * ------------------------------------------------------------------------------- */

/* version 0: the current one. False: answered. */
static bool find(struct request *r, uint32_t version, struct store_definition *out)
{
    struct err_info info = {.text = ""};
    const enum err e =
        store_find_definition(r->reader, r->parameters[0], version, r->arena, out, &info);

    if (e == ERR_NOT_FOUND) {
        answer_refuse(r, PROBLEM_NOT_FOUND,
                      version == 0 ? "There is no definition '%s'"
                                   : "There is no such version of the definition '%s'",
                      r->parameters[0]);
    } else if (e != ERR_OK) {
        answer_failure(r, e, &info);
    }
    return e == ERR_OK;
}

static void put_tag(struct request *r, const struct store_definition *d)
{
    answer_header(r, "ETag", arena_printf(r->arena, "\"%s\"", d->hash));
}

static void answer_one(struct request *r, const struct store_definition *d)
{
    struct json_out o;

    if (r->headers.if_none_match != NULL &&
        preference_has_tag(r->headers.if_none_match, d->hash, true)) {
        answer_empty(r, 304);
    } else {
        answer_json(r, 200, &o);
        json_open_object(&o);
        definition_json_members(&o, d, true);
        json_close_object(&o);
    }
    put_tag(r, d);
}

void definitions_show(struct request *r)
{
    struct store_definition d;

    if (find(r, 0, &d)) {
        answer_one(r, &d);
    }
}

void definitions_version(struct request *r)
{
    struct store_definition d;
    uint64_t version;

    if (!page_number(r->parameters[1], &version) || version < 1 || version > UINT32_MAX) {
        answer_refuse(r, PROBLEM_NOT_FOUND, "There is no version '%s'", r->parameters[1]);
        return;
    }
    if (find(r, (uint32_t)version, &d)) {
        answer_one(r, &d);
    }
}

/* ---- lists
 * ----------------------------------------------------------------------------- */

struct list {
    const struct request *r;
    struct json_out o;
    struct arena *arena;
    size_t limit;
    size_t n;
    const char *last_name;
    uint32_t last_version;
    bool has_more;
};

static bool put_definition(void *user, const struct store_definition *d)
{
    struct list *list = user;

    if (!scope_has(list->r, d->name)) {
        return true;
    }
    if (list->n == list->limit) {
        list->has_more = true;
        return false;
    }
    json_open_object(&list->o);
    definition_json_members(&list->o, d, false);
    json_close_object(&list->o);
    list->last_name = arena_text(list->arena, d->name);
    list->last_version = d->version;
    list->n++;
    return true;
}

static void open_list(struct request *r, const struct page *page, struct list *out)
{
    *out = (struct list){.r = r, .arena = r->arena, .limit = page->limit};
    answer_json(r, 200, &out->o);
    json_open_object(&out->o);
    json_key(&out->o, "items");
    json_open_array(&out->o);
}

void definitions_list(struct request *r)
{
    struct err_info info = {.text = ""};
    struct list list;
    struct page page;
    enum err e;

    if (!page_read(r, false, &page)) {
        return;
    }
    open_list(r, &page, &list);
    e = store_scan_definitions(r->reader, page.after,
                               scope_is_limited(r) ? SIZE_MAX : page.limit + 1,
                               put_definition, &list, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    page_close(r, &list.o, list.has_more ? list.last_name : NULL);
}

void definitions_versions(struct request *r)
{
    struct err_info info = {.text = ""};
    struct store_definition current;
    struct list list;
    struct page page;
    enum err e;

    if (!page_read(r, true, &page) || !find(r, 0, &current)) {
        return;
    }
    open_list(r, &page, &list);
    e = store_scan_versions(r->reader, r->parameters[0], (uint32_t)page.after_number,
                            page.limit + 1, put_definition, &list, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    page_close(r, &list.o,
               list.has_more ? arena_printf(r->arena, "%u", (unsigned)list.last_version)
                             : NULL);
}

/* ---- changes
 * ------------------------------------------------------------------------------ */

static void changed(struct request *r)
{
    const struct command *c = &r->command;
    struct store_definition d;
    struct json_out o;

    if (answer_refused(r)) {
        return;
    }
    if (!find(r, 0, &d)) {
        return;
    }
    answer_json(r, 200, &o);
    json_open_object(&o);
    definition_json_members(&o, &d, false);
    json_close_object(&o);
    put_tag(r, &d);
    if (c->is_replayed) {
        answer_header(r, "Idempotency-Replayed", "true");
    }
}

void definitions_use(struct request *r)
{
    struct body_member version = {.name = "version"};
    struct store_definition d;
    struct command *c = &r->command;
    int64_t number = 0;

    if (!body_read(r, false, &version, 1)) {
        return;
    }
    if (!body_whole(r, &version, 1, &number) && version.value.at == NULL) {
        answer_fault(r, "", "required", "The member 'version' is required");
    }
    if (body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid")) {
        return;
    }
    if (number > UINT32_MAX) {
        answer_refuse(r, PROBLEM_NOT_FOUND, "There is no such version");
        return;
    }
    if (!find(r, (uint32_t)number, &d)) {
        return;
    }
    c->kind = COMMAND_DEFINITION_USE;
    c->of.definition.name = r->parameters[0];
    c->of.definition.version = (uint32_t)number;
    submit_command(r, changed);
}

/* The flags are written together: what is not asked for stays as it is. */
static void flag(struct request *r, const struct store_definition *d, bool is_paused,
                 bool is_archived)
{
    struct command *c = &r->command;

    c->kind = COMMAND_DEFINITION_FLAGS;
    c->of.definition.name = arena_text(r->arena, d->name);
    c->of.definition.is_paused = is_paused;
    c->of.definition.is_archived = is_archived;
    submit_command(r, changed);
}

static void set_paused(struct request *r, bool is_paused)
{
    struct body_member reason = {.name = "reason"};
    struct store_definition d;

    if (!body_read(r, true, &reason, 1)) {
        return;
    }
    r->command.reason = body_text(r, &reason);
    if (body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid") ||
        !find(r, 0, &d) || !preference_replay(r)) {
        return;
    }
    flag(r, &d, is_paused, d.is_archived);
}

void definitions_pause(struct request *r)
{
    set_paused(r, true);
}

void definitions_resume(struct request *r)
{
    set_paused(r, false);
}

struct running {
    const char *name;
    uint64_t n;
};

static bool add_running(void *user, const char *definition, enum saga_status status,
                        uint64_t n)
{
    struct running *running = user;
    const bool is_open = status == SAGA_STATUS_RUNNING || status == SAGA_STATUS_STUCK ||
                         status == SAGA_STATUS_COMPENSATING;

    if (is_open && strcmp(definition, running->name) == 0) {
        running->n += n;
    }
    return true;
}

void definitions_archive(struct request *r)
{
    struct running running = {.name = r->parameters[0]};
    struct err_info info = {.text = ""};
    struct store_definition d;
    struct json_out o;
    enum err e;

    if (!find(r, 0, &d)) {
        return;
    }
    e = store_scan_counts(r->reader, add_running, &running, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    if (running.n > 0) {
        answer_refuse_open(r, PROBLEM_INVALID_STATE, 0,
                           arena_printf(r->arena,
                                        "%" PRIu64
                                        " unfinished saga%s of '%s': archive it "
                                        "when all are final",
                                        running.n, running.n == 1 ? "" : "s", d.name),
                           &o);
        json_close_object(&o);
        return;
    }
    flag(r, &d, d.is_paused, true);
}
