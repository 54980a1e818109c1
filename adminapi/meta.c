/*
 * meta.c - the daemon about itself: info, health, metrics, services, its own documents.
 *
 * /healthz never touches the store: a slow disk must not get the process killed.
 */
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/body.h"
#include "adminapi/door.h"
#include "adminapi/embedded.h"
#include "adminapi/handlers.h"
#include "adminapi/preference.h"
#include "adminapi/process.h"
#include "adminapi/submit.h"
#include "base/json.h"
#include "engine/run/engine.h"

#define DOORS_MAX 64 /* Listen addresses whose counters are shown. */

/* ---- documents
 * ------------------------------------------------------------------------- */

void meta_openapi(struct request *r)
{
    answer_fixed(r, "application/json", embedded_openapi_json,
                 embedded_openapi_json_bytes);
}

void meta_schema(struct request *r)
{
    answer_fixed(r, "application/schema+json", embedded_definition_schema_json,
                 embedded_definition_schema_json_bytes);
}

/* Only while everything is paused because of it (S96). */
static void put_restored(const struct request *r, struct json_out *o)
{
    const uint64_t made_ms = engine_restored_ms(r->config->engine);

    json_key(o, "restored");
    if (made_ms == 0) {
        json_nothing(o);
        return;
    }
    json_open_object(o);
    json_put_flag(o, "paused", true);
    json_put_time(o, "backupMadeAt", made_ms);
    json_close_object(o);
}

void meta_info(struct request *r)
{
    struct json_out o;

    answer_json(r, 200, &o);
    json_open_object(&o);
    json_put(&o, "name", "sagad");
    json_put(&o, "version", r->config->version);
    json_put(&o, "store", r->config->name_of_store);
    json_put_number(&o, "rulesVersion", SAGA_RULES_VERSION);
    json_put_number(&o, "maxBodyBytes", (int64_t)r->body.max);
    json_put_flag(&o, "draining", engine_is_draining(r->config->engine));
    put_restored(r, &o);
    json_key(&o, "links");
    json_open_object(&o);
    json_put(&o, "openapi", "/openapi.json");
    json_put(&o, "definitionSchema", "/schemas/definition.json");
    json_close_object(&o);
    json_close_object(&o);
}

/* ---- health
 * ------------------------------------------------------------------------------ */

static void put_status(struct json_out *o, const char *status)
{
    json_open_object(o);
    json_put(o, "status", status);
    json_close_object(o);
}

void meta_health(struct request *r)
{
    struct json_out o;

    if (!engine_is_alive(r->config->engine)) {
        answer_refuse(r, PROBLEM_STORE_UNAVAILABLE, "The engine's loop stands still");
        return;
    }
    answer_json(r, 200, &o);
    put_status(&o, "ok");
}

static void put_check(struct json_out *o, const char *name, bool is_ok)
{
    json_put(o, name, is_ok ? "ok" : "failed");
}

static void put_checks(struct request *r, struct json_out *o)
{
    struct err_info info = {.text = ""};
    struct store_numbers numbers;
    const enum err e = store_read_numbers(r->reader, &numbers, &info);

    json_key(o, "checks");
    json_open_object(o);
    put_check(o, "engine", engine_is_alive(r->config->engine));
    put_check(o, "ready", engine_is_ready(r->config->engine));
    put_check(o, "store", e == ERR_OK);
    json_put_flag(o, "draining", engine_is_draining(r->config->engine));
    put_restored(r, o);
    json_close_object(o);
}

static const char *why_not_ready(const struct engine *engine)
{
    if (engine_is_draining(engine)) {
        return "The daemon is stopping";
    }
    return engine_is_ready(engine) ? "The database was restored from a backup and "
                                     "everything is paused; an operator resumes it with "
                                     "POST /v1/resume"
                                   : "The engine is not ready yet, or no more";
}

void meta_ready(struct request *r)
{
    const struct engine *engine = r->config->engine;
    const bool is_verbose = target_find(&r->target, "verbose") != NULL;
    const bool is_draining = engine_is_draining(engine);
    struct json_out o;

    if (!is_draining && engine_is_ready(engine) && engine_restored_ms(engine) == 0) {
        answer_json(r, 200, &o);
        json_open_object(&o);
        json_put(&o, "status", "ready");
    } else {
        answer_refuse_open(r, is_draining ? PROBLEM_DRAINING : PROBLEM_STORE_UNAVAILABLE,
                           0, why_not_ready(engine), &o);
    }
    if (is_verbose) {
        put_checks(r, &o);
    }
    json_close_object(&o);
}

/* ---- numbers of the engine
 * ------------------------------------------------------------------ */

static void show_metrics(struct request *r)
{
    const struct counters *all[DOORS_MAX];
    struct json_out o;
    size_t n;

    if (answer_refused(r)) {
        return;
    }
    n = api_counters(r->door->api, all, DOORS_MAX);
    answer_json(r, 200, &o); /* For the buffer; what is written is text. */
    r->answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    buf_add_text(&r->answer.body, r->command.stats != NULL ? r->command.stats : "");
    counters_write(all, n, &r->answer.body);
    buf_printf(&r->answer.body,
               "# HELP sagad_build_info Which sagad this is.\n"
               "# TYPE sagad_build_info gauge\n"
               "sagad_build_info{version=\"%s\",store=\"%s\"} 1\n",
               r->config->version, r->config->name_of_store);
    process_metrics(&r->answer.body);
}

void meta_metrics(struct request *r)
{
    r->command.kind = COMMAND_STATS;
    submit_command(r, show_metrics);
}

static void show_services(struct request *r)
{
    const char *services = r->command.services;
    struct json_out o;

    if (answer_refused(r)) {
        return;
    }
    services = services != NULL ? services : "[]";
    answer_json(r, 200, &o);
    json_open_object(&o);
    json_key(&o, "items");
    json_raw(&o, json_span_of(services, strlen(services)));
    json_put(&o, "next", NULL);
    json_close_object(&o);
}

void meta_services(struct request *r)
{
    r->command.kind = COMMAND_STATS;
    submit_command(r, show_services);
}

/* ---- POST /v1/resume
 * ------------------------------------------------------------------------ */

static void resumed(struct request *r)
{
    struct json_out o;

    if (answer_refused(r)) {
        return;
    }
    answer_json(r, 200, &o);
    put_status(&o, "resumed");
    if (r->command.is_replayed) {
        answer_header(r, "Idempotency-Replayed", "true");
    }
}

void meta_resume(struct request *r)
{
    struct body_member m[] = {{.name = "reason"}};
    struct command *c = &r->command;

    c->kind = COMMAND_RELEASE;
    if (!body_read(r, false, m, 1)) {
        return;
    }
    c->reason = body_needed_text(r, &m[0]);
    if (!body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid") &&
        preference_replay(r)) {
        submit_command(r, resumed);
    }
}
