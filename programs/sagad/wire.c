/* wire.c - see wire.h. */
#include "programs/sagad/wire.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adminapi/auth.h"
#include "adminapi/server.h"
#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/run/engine.h"
#include "engine/store/store_open.h"
#include "engine/view/registry.h"
#include "engine/view/saga_text.h"
#include "programs/sagad/control.h"
#include "programs/sagad/mock.h"
#include "programs/sagad/notify.h"
#include "programs/sagad/telemetry.h"
#include "programs/sagad/temporary.h"
#include "programs/sagad/used.h"
#include "programs/sagad/world.h"

/* Free disk space below which starts, and below which calls, are refused (S95). */
#define FREE_STARTS_BYTES (64ULL * 1024 * 1024)
#define FREE_CALLS_BYTES (24ULL * 1024 * 1024)

/* A configuration that is or was in force. Kept to the end: API threads may be reading
 * one that a reload has replaced, and reloads are rare. */
struct generation {
    struct wire *wire; /* Whose it is. */
    struct config *config;
    struct secrets *secrets; /* NULL once the engine's thread has them. */
    struct api_token *tokens;
    atomic_uint_fast64_t *paid_us; /* Of each token's rate. */
    struct auth_tokens in_force;   /* The same, as the API asks for them. */
    struct generation *before;
};

struct wire {
    struct generation *now;
    _Atomic(const struct auth_tokens *) tokens; /* Of now; API threads read it. */
    struct world world;
    const char *vars; /* Those of the start: sagas copy them, a reload leaves them. */
    struct egress *egress;
    struct store *store;
    struct store_reader *reader; /* For the summary. */
    struct otlp *otlp;           /* NULL: no telemetry. */
    struct trace_sampler sampler;
    struct engine *engine;
    struct secrets *secrets; /* In force; the engine's thread's. */
    unsigned n_sockets;      /* That systemd opened for the API. */
    struct api *api;
    struct control *control; /* NULL: of a temporary database there is none. */
    struct mock *mock;
    char folder[TEMPORARY_PATH_MAX]; /* Of a temporary database; "" none. */
};

static struct api_token *make_tokens(const struct config *c,
                                     atomic_uint_fast64_t *paid_us)
{
    struct api_token *tokens = mem_alloc((c->tokens.n + 1) * sizeof(tokens[0]));

    for (size_t i = 0; i < c->tokens.n; i++) {
        const struct config_token *t = config_token_at(c, i);

        tokens[i].name = t->name;
        tokens[i].hash = t->hash;
        tokens[i].definitions = t->definitions.items;
        tokens[i].n_definitions = t->definitions.n;
        for (size_t j = 0; j < t->roles.n; j++) {
            tokens[i].roles |= (uint32_t)auth_role_of(t->roles.items[j]);
        }
        tokens[i].rate_per_s = (uint32_t)t->rate_per_s;
        tokens[i].paid_us = &paid_us[i];
        if (t->expires != NULL) {
            bool is_time = clk_from_text(t->expires, &tokens[i].expires_ms);

            assert(is_time); /* config_check() saw to it. */
        }
    }
    return tokens;
}

static void add_generation(struct wire *w, struct config *config, struct secrets *secrets)
{
    struct generation *g = mem_alloc(sizeof(*g));

    g->wire = w;
    g->config = config;
    g->secrets = secrets;
    g->paid_us = mem_alloc((config->tokens.n + 1) * sizeof(g->paid_us[0]));
    g->tokens = make_tokens(config, g->paid_us);
    g->in_force = (struct auth_tokens){g->tokens, config->tokens.n};
    g->before = w->now;
    w->now = g;
    atomic_store(&w->tokens, &g->in_force);
    if (config->tokens.n == 0) {
        log_plain(LOG_WARNING, "no tokens: everybody on this machine may do everything");
    }
}

/* ---- store ---------------------------------------------------------------------- */

static enum err start_store(struct wire *w, struct err_info *info)
{
    const struct config *c = w->now->config;
    struct store_sqlite_options options = {.is_dev = c->is_temporary};
    const char *path = config_store_path(c);
    char temporary[TEMPORARY_PATH_MAX + 16];

    if (c->is_temporary) {
        enum err e = temporary_make(w->folder, info);

        if (e != ERR_OK) {
            return e;
        }
        (void)snprintf(temporary, sizeof(temporary), "%s/sagad.db", w->folder);
        path = temporary;
    }
    return store_open_sqlite(path, &options, &w->store, info);
}

/* ---- services -------------------------------------------------------------------- */

static void put_service(struct services *services, const struct config_service *s,
                        const struct secrets *secrets)
{
    struct service_header *headers = mem_alloc((s->headers.n + 1) * sizeof(headers[0]));
    size_t n;
    struct service_config config = {
        .name = s->name,
        .url = s->url,
        .headers = headers,
        .n_headers = s->headers.n,
        .bearer =
            s->bearer_secret != NULL ? secrets_value(secrets, s->bearer_secret) : NULL,
        .ca_pem = secrets_file(secrets, s->tls.ca),
        .cert_pem = secrets_file(secrets, s->tls.cert),
        .key_pem = secrets_file(secrets, s->tls.key),
        .concurrent_max = (uint32_t)s->concurrent_max,
        .rate_per_s = (uint32_t)s->rate_per_s,
        .keys_kept_ms = s->keys_kept_ms,
        .breaker_failures = (uint32_t)s->breaker_failures,
        .breaker_window_ms = (uint32_t)s->breaker_window_ms,
        .breaker_open_ms = (uint32_t)s->breaker_open_ms,
    };

    for (size_t i = 0; i < s->headers.n; i++) {
        const struct config_header *h = config_header_at(s, i);

        if (h->value != NULL) {
            headers[config.n_plain_headers++] =
                (struct service_header){h->name, h->value};
        }
    }
    n = config.n_plain_headers;
    for (size_t i = 0; i < s->headers.n; i++) {
        const struct config_header *h = config_header_at(s, i);

        if (h->value == NULL) {
            headers[n++] =
                (struct service_header){h->name, secrets_value(secrets, h->secret)};
        }
    }
    services_put(services, &config);
    free(headers);
}

/* On the engine's thread, or before there is one. */
static void put_services(struct services *services, void *user)
{
    struct generation *g = user;

    services_limit(services, (uint32_t)g->config->limits.calls_max);
    services_begin(services);
    for (size_t i = 0; i < g->config->services.n; i++) {
        put_service(services, config_service_at(g->config, i), g->secrets);
    }
    services_end(services);
    secrets_destroy(g->wire->secrets);
    g->wire->secrets = g->secrets;
    g->secrets = NULL;
}

/* On the engine's thread. */
static const char *secret_in_force(void *user, const char *name)
{
    return secrets_value(((const struct wire *)user)->secrets, name);
}

/* ---- engine ---------------------------------------------------------------------- */

static void feed_watchdog(void *user)
{
    (void)user;
    notify_send("WATCHDOG=1");
}

/* Fail-stop (S94): the last line, and nothing is sent any more. The next start recovers.
 */
static void fail_stop(void *user, const struct err_info *why)
{
    (void)user;
    log_say(LOG_ERROR, "stopped: the store failed", LOG_TEXT("detail", why->text));
    _exit(1);
}

static enum err start_engine(struct wire *w, struct err_info *info)
{
    const struct config *c = w->now->config;
    struct services *services = services_create((uint32_t)c->limits.calls_max);
    struct engine_config config = {
        .store = w->store,
        .services = services,
        .egress = w->egress,
        .otlp = w->otlp,
        .sampler = w->sampler,
        .vars = w->vars,
        .user_agent = "sagad/" SAGAD_VERSION,
        .alive_path = store_alive_path(w->store),
        .marker_path = c->is_temporary
                           ? NULL
                           : arena_printf(c->arena, "%s.turn", config_store_path(c)),
        .calls_max = (uint32_t)c->limits.calls_max,
        .active_max = (uint32_t)c->limits.active_max,
        .drain_ms = (uint32_t)c->drain_ms,
        .retention = {.kept_ms = {[SAGA_STATUS_COMPLETED] = c->retention.completed_ms,
                                  [SAGA_STATUS_COMPENSATED] = c->retention.compensated_ms,
                                  [SAGA_STATUS_RESOLVED] = c->retention.resolved_ms},
                      .records_ms = c->retention.idempotency_ms},
        .free_starts_bytes = FREE_STARTS_BYTES,
        .free_calls_bytes = FREE_CALLS_BYTES,
        .watchdog = feed_watchdog,
        .watchdog_ms = notify_watchdog_ms(),
        .failed = fail_stop,
        .secret = secret_in_force,
        .user = w,
    };

    put_services(services, w->now);
    return engine_start(&config, &w->engine, info);
}

/* ---- API ------------------------------------------------------------------------- */

static const struct auth_tokens *tokens_in_force(void *user)
{
    return atomic_load(&((struct wire *)user)->tokens);
}

/* As configured; where systemd opened the sockets, they say themselves where they are. */
static const char *const *listen_texts(const struct config *c, unsigned n_sockets)
{
    const char **texts;

    if (n_sockets == 0) {
        return c->listen.items;
    }
    texts = arena_take(c->arena, n_sockets * sizeof(texts[0]));
    for (unsigned i = 0; i < n_sockets; i++) {
        texts[i] = "";
    }
    return texts;
}

static enum err start_api(struct wire *w, struct err_info *info)
{
    const struct config *c = w->now->config;
    struct api_config config = {
        .listen = listen_texts(c, w->n_sockets),
        .n_listen = w->n_sockets > 0 ? w->n_sockets : c->listen.n,
        .first_fd = w->n_sockets > 0 ? NOTIFY_FIRST_FD : 0,
        .is_insecure = c->is_insecure,
        .body_max = (uint32_t)c->limits.body_max,
        .store = w->store,
        .engine = w->engine,
        .world = &w->world.check,
        .tokens = tokens_in_force,
        .tokens_user = w,
        .version = SAGAD_VERSION,
        .name_of_store = "sqlite",
        .vars = w->vars,
        .tls_cert = secrets_file(w->secrets, c->tls.cert),
        .tls_key = secrets_file(w->secrets, c->tls.key),
    };

    return api_start(&config, &w->api, info);
}

/* Where participants reach the daemon for callbacks: as told, or the first listener. */
static void open_engine(struct wire *w)
{
    const struct config *c = w->now->config;
    char url[512];
    const char *listen = w->n_sockets > 0 ? api_address(w->api, 0) : c->listen.items[0];
    const char *colon = strrchr(listen, ':');

    (void)snprintf(url, sizeof(url), "%s://%.*s:%u",
                   c->tls.cert != NULL ? "https" : "http",
                   colon != NULL ? (int)(colon - listen) : (int)strlen(listen), listen,
                   wire_port(w));
    engine_open(w->engine, c->public_url != NULL ? c->public_url : url);
}

/* Without it the daemon serves; only its backups must be made while it is stopped. */
static enum err start_control(struct wire *w, struct err_info *info)
{
    const char *path = config_store_path(w->now->config);
    enum err e = control_start(path, w->store, w->engine, &w->control, info);

    if (e == ERR_INVALID) {
        log_say(LOG_WARNING, "no backup while running", LOG_TEXT("detail", info->text));
        return ERR_OK;
    }
    return e;
}

static enum err start_all(struct wire *w, struct err_info *info)
{
    const struct config *c = w->now->config;
    enum err e =
        egress_create(c->egress_allow.items, c->egress_allow.n, &w->egress, info);

    if (e == ERR_OK) {
        world_init(&w->world, c, w->egress);
        e = start_store(w, info);
    }
    if (e == ERR_OK) {
        e = store_reader_open(w->store, &w->reader, info);
    }
    if (e == ERR_OK) {
        e = telemetry_start(c, &w->otlp, &w->sampler, info);
    }
    if (e == ERR_OK) {
        e = start_engine(w, info);
    }
    if (e == ERR_OK) {
        e = start_api(w, info);
    }
    if (e == ERR_OK && !c->is_temporary) {
        e = start_control(w, info);
    }
    if (e == ERR_OK) {
        open_engine(w);
    }
    if (e == ERR_OK && c->is_dev) {
        e = mock_start(wire_port(w) + 1, &w->mock, info);
    }
    return e;
}

enum err wire_start(struct config *config, struct secrets *secrets, struct wire **out,
                    struct err_info *info)
{
    struct wire *w = mem_alloc(sizeof(*w));
    enum err e;

    add_generation(w, config, secrets);
    w->n_sockets = notify_sockets();
    w->vars = arena_copy(config->arena, config->vars.at, config->vars.n);
    e = start_all(w, info);
    if (e != ERR_OK) {
        wire_stop(w);
        return e;
    }
    *out = w;
    return ERR_OK;
}

/* ---- reload ---------------------------------------------------------------------- */

/* Members that are read once. */
static const char *const fixed[] = {"listen",    "store",        "egress",
                                    "vars",      "drainTimeout", "publicUrl",
                                    "telemetry", "retention"};

static void log_what_waits(const struct config *old, const struct config *new)
{
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        size_t n = strlen(fixed[i]);
        struct json_span a = json_span_member(old->text, fixed[i], n);
        struct json_span b = json_span_member(new->text, fixed[i], n);

        if ((a.at == NULL) != (b.at == NULL) || (a.at != NULL && !json_is_same(a, b))) {
            log_say(LOG_WARNING, "reload: this setting waits for the next start",
                    LOG_TEXT("setting", fixed[i]));
        }
    }
}

/* One that unfinished sagas need is not taken away. */
static enum err check_removed(struct wire *w, const struct config *new,
                              struct err_info *info)
{
    const struct config *old = w->now->config;
    struct registry *registry = registry_create(w->reader, engine_stamp(w->engine));
    enum err e = ERR_OK;

    for (size_t i = 0; e == ERR_OK && i < old->services.n; i++) {
        const char *name = config_service_at(old, i)->name;
        bool is_used = false;

        if (config_service_of(new, name) != NULL) {
            continue;
        }
        e = used_by_unfinished(w->reader, registry, name, &is_used, info);
        if (e == ERR_OK && is_used) {
            e = err_set(info, ERR_CONFLICT,
                        "the service '%s' is missing, and unfinished sagas use it", name);
        }
    }
    registry_destroy(registry);
    return e;
}

static enum err reload_api(struct wire *w, const struct config *config,
                           const struct secrets *secrets, struct err_info *info)
{
    const struct api_changes changes = {
        .body_max = (uint32_t)config->limits.body_max,
        .tls_cert = secrets_file(secrets, config->tls.cert),
        .tls_key = secrets_file(secrets, config->tls.key)};

    return api_reload(w->api, &changes, info);
}

enum err wire_reload(struct wire *w, struct config *config, struct secrets *secrets,
                     struct err_info *info)
{
    const struct config *old = w->now->config;
    enum err e = check_removed(w, config, info);

    if (e == ERR_OK && (old->tls.cert == NULL) != (config->tls.cert == NULL)) {
        e = err_set(info, ERR_CONFLICT,
                    "tls cannot be switched on or off while the API listens");
    }
    if (e == ERR_OK) {
        e = reload_api(w, config, secrets, info);
    }
    if (e != ERR_OK) {
        secrets_destroy(secrets);
        config_destroy(config);
        return e;
    }
    log_what_waits(old, config);
    log_init((enum log_format)config->log_format, (enum log_level)config->log_level);
    add_generation(w, config, secrets);
    engine_reload(w->engine, put_services, w->now, (uint32_t)config->limits.active_max);
    atomic_store(&w->world.config, config);
    return ERR_OK;
}

/* ---- the rest -------------------------------------------------------------------- */

unsigned wire_port(const struct wire *w)
{
    return api_port(w->api, 0);
}

static bool add_count(void *user, const char *definition_name, enum saga_status status,
                      uint64_t n)
{
    uint64_t *counts = user;

    (void)definition_name; /* Summed over definitions. */
    counts[status] += n;
    return true;
}

void wire_log_summary(struct wire *w)
{
    uint64_t counts[SAGA_STATUSES] = {0};
    struct log_field fields[SAGA_STATUSES + 2];
    struct err_info info;

    if (store_scan_counts(w->reader, add_count, counts, &info) != ERR_OK) {
        log_say(LOG_ERROR, "summary: the store does not answer",
                LOG_TEXT("detail", info.text));
        return;
    }
    for (int i = 0; i < SAGA_STATUSES; i++) {
        fields[i] = LOG_NUMBER(saga_status_name((enum saga_status)i), counts[i]);
    }
    fields[SAGA_STATUSES] = LOG_TEXT("ready", engine_is_ready(w->engine) ? "yes" : "no");
    fields[SAGA_STATUSES + 1] =
        LOG_TEXT("draining", engine_is_draining(w->engine) ? "yes" : "no");
    log_line(LOG_INFO, "summary", fields, SAGA_STATUSES + 2);
}

void wire_drain(struct wire *w)
{
    engine_drain(w->engine);
}

void wire_stop(struct wire *w)
{
    struct generation *g;

    if (w == NULL) {
        return;
    }
    mock_stop(w->mock);
    api_stop(w->api);
    control_stop(w->control);
    engine_stop(w->engine);
    otlp_stop(w->otlp);
    secrets_destroy(w->secrets);
    store_reader_close(w->reader);
    store_close(w->store);
    egress_destroy(w->egress);
    for (g = w->now; g != NULL; g = w->now) {
        w->now = g->before;
        secrets_destroy(g->secrets);
        free(g->tokens);
        free(g->paid_us);
        config_destroy(g->config);
        free(g);
    }
    if (w->folder[0] != '\0') {
        temporary_remove(w->folder);
    }
    free(w);
}
