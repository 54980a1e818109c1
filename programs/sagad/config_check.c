/* config_check.c - see config_check.h. */
#include "programs/sagad/config_check.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adminapi/auth.h"
#include "base/clk.h"
#include "base/hash.h"
#include "base/limits.h"
#include "base/units.h"
#include "definitions/pointer.h"
#include "definitions/suggest.h"
#include "engine/calls/egress.h"
#include "engine/run/retention.h"

/* ---- listen, store, limits ------------------------------------------------------ */

/* host:port or [v6]:port; *host_n counts the host without its brackets. */
static bool split_address(const char *address, const char **host, size_t *host_n)
{
    const char *colon = strrchr(address, ':');
    uint64_t port;

    if (colon == NULL || !units_read_count(colon + 1, &port) || port > 65535) {
        return false;
    }
    *host = address;
    *host_n = (size_t)(colon - address);
    if (address[0] == '[' && *host_n > 2 && colon[-1] == ']') {
        *host = address + 1;
        *host_n -= 2;
        return true;
    }
    return *host_n > 0 && memchr(address, ':', *host_n) == NULL;
}

static bool is_loopback(const char *host, size_t n)
{
    return (n > 4 && strncmp(host, "127.", 4) == 0) ||
           (n == 3 && strncmp(host, "::1", 3) == 0) ||
           (n == 9 && strncmp(host, "localhost", 9) == 0);
}

static void check_listen(struct config *c)
{
    bool is_covered = c->is_insecure || c->tls.cert != NULL;

    if (c->listen.n == 0) {
        config_problem(c, "/listen", "there must be an address to listen on");
    }
    for (size_t i = 0; i < c->listen.n; i++) {
        const char *address = c->listen.items[i];
        const char *host;
        size_t n;

        if (!split_address(address, &host, &n)) {
            config_problem(c, "/listen", "'%s' is not host:port or [v6]:port", address);
        } else if (!is_loopback(host, n) && !is_covered) {
            config_problem(c, "/listen",
                           "'%s' is not loopback: that needs tls, or --insecure where "
                           "something in front of sagad does it",
                           address);
        } else if (!is_loopback(host, n) && c->tokens.n == 0) {
            config_problem(c, "/listen",
                           "'%s' is not loopback: that needs tokens (sagactl token "
                           "create)",
                           address);
        }
    }
    if ((c->tls.cert == NULL) != (c->tls.key == NULL)) {
        config_problem(c, "/tls", "cert and key belong together");
    }
}

static void check_store(struct config *c)
{
    if (strncmp(c->store, "postgres", 8) == 0) {
        config_problem(c, "/store", "PostgreSQL is not supported yet");
    } else if (strncmp(c->store, "sqlite:", 7) != 0 || c->store[7] == '\0') {
        config_problem(c, "/store", "'%s' is not sqlite:PATH", c->store);
    }
}

static void check_range(struct config *c, const char *pointer, uint64_t value,
                        uint64_t most)
{
    if (value < 1 || value > most) {
        config_problem(c, pointer, "this must be between 1 and %llu",
                       (unsigned long long)most);
    }
}

#define BODY_MOST (64U * 1024 * 1024)
#define CALLS_MOST 100000
#define DRAIN_MOST_MS 86400000

static void check_limits(struct config *c)
{
    check_range(c, "/limits/maxBody", c->limits.body_max, BODY_MOST);
    check_range(c, "/limits/maxCallsInFlight", c->limits.calls_max, CALLS_MOST);
    check_range(c, "/limits/maxActiveSagas", c->limits.active_max, LIMIT_ACTIVE_SAGAS);
    if (c->drain_ms > DRAIN_MOST_MS) {
        config_problem(c, "/drainTimeout", "this must be at most a day");
    }
}

/* Nothing set means for ever; "0s" would mean the same and be meant otherwise. */
static void check_kept(struct config *c, const char *pointer, uint64_t kept_ms)
{
    if (kept_ms == 0 && config_place_of(c, pointer) != NULL) {
        config_problem(c, pointer,
                       "this must be more than nothing; leave it out to keep "
                       "them for ever");
    }
}

static void check_retention(struct config *c)
{
    check_kept(c, "/retention/completed", c->retention.completed_ms);
    check_kept(c, "/retention/compensated", c->retention.compensated_ms);
    check_kept(c, "/retention/resolved", c->retention.resolved_ms);
    check_kept(c, "/retention/idempotency", c->retention.idempotency_ms);
    if (c->retention.idempotency_ms != 0 &&
        c->retention.idempotency_ms < RETENTION_LEAST_MS) {
        config_problem(c, "/retention/idempotency", "this must be at least a day");
    }
}

/* ---- services ------------------------------------------------------------------- */

/* A pointer below a service's: "/services/NAME/rest". */
static const char *service_pointer(struct config *c, const struct config_service *s,
                                   const char *rest)
{
    char path[POINTER_MAX] = "/services";

    (void)pointer_push(path, s->name, strlen(s->name));
    return arena_printf(c->arena, "%s%s", path, rest);
}

static bool is_service_url(const char *url)
{
    const char *host = strstr(url, "://");

    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0) {
        return false;
    }
    host += 3;
    if (host[0] == '\0' || host[0] == '/' || host[0] == ':') {
        return false;
    }
    for (const char *at = host; *at != '\0'; at++) {
        if ((unsigned char)*at <= 0x20 || *at == 0x7f || strchr("?#@\\", *at) != NULL) {
            return false;
        }
    }
    return true;
}

static void check_secret_name(struct config *c, const char *pointer, const char *name)
{
    struct suggest s;
    char hint[SUGGEST_HINT_MAX];

    if (name == NULL || config_secret_of(c, name) != NULL) {
        return;
    }
    suggest_begin(&s, name);
    for (size_t i = 0; i < c->secrets.n; i++) {
        suggest_offer(&s, config_secret_at(c, i)->name);
    }
    config_problem(c, pointer, "there is no secret '%s'%s", name, suggest_hint(&s, hint));
}

static bool is_token(const char *name)
{
    size_t n = strspn(name, "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
                            "ABCDEFGHIJKLMNOPQRSTUVWXYZ");

    return n > 0 && name[n] == '\0';
}

/* sagad's own, or curl's. */
static bool is_reserved(const char *name)
{
    return strcasecmp(name, "host") == 0 || strncasecmp(name, "content-", 8) == 0 ||
           strcasecmp(name, "connection") == 0 || strncasecmp(name, "saga-", 5) == 0 ||
           strcasecmp(name, "idempotency-key") == 0 ||
           strcasecmp(name, "transfer-encoding") == 0;
}

static bool has_control(const char *value)
{
    for (; *value != '\0'; value++) {
        if (iscntrl((unsigned char)*value) != 0) {
            return true;
        }
    }
    return false;
}

static void check_headers(struct config *c, const struct config_service *s)
{
    for (size_t i = 0; i < s->headers.n; i++) {
        const struct config_header *h = config_header_at(s, i);
        char path[POINTER_MAX];
        int n = snprintf(path, sizeof(path), "%s", service_pointer(c, s, "/headers"));

        if (n < 0) {
            return;
        }
        (void)pointer_push(path, h->name, strlen(h->name));
        if (!is_token(h->name)) {
            config_problem(c, path, "'%s' is not a header name", h->name);
        } else if (is_reserved(h->name)) {
            config_problem(c, path, "%s is set by sagad itself", h->name);
        } else if ((h->value == NULL) == (h->secret == NULL)) {
            config_problem(c, path, "this must be a text, or {\"secret\": name}");
        } else if (h->value != NULL && has_control(h->value)) {
            config_problem(c, path, "a header's value has no control characters");
        }
        check_secret_name(c, path, h->secret);
    }
}

static void check_service(struct config *c, const struct config_service *s)
{
    if (s->url == NULL) {
        config_problem(c, service_pointer(c, s, ""), "a service needs a url");
    } else if (!is_service_url(s->url)) {
        config_problem(c, service_pointer(c, s, "/url"),
                       "this must be http:// or https://, a host, and maybe a path");
    }
    check_range(c, service_pointer(c, s, "/maxConcurrent"), s->concurrent_max,
                CALLS_MOST);
    if (s->rate_per_s > 1000000) {
        config_problem(c, service_pointer(c, s, "/rate"),
                       "this must be at most 1000000/s");
    }
    if (s->breaker_failures > 1000000 || s->breaker_window_ms > DRAIN_MOST_MS ||
        s->breaker_open_ms > DRAIN_MOST_MS) {
        config_problem(c, service_pointer(c, s, "/breaker"),
                       "at most 1000000 failures, and a day");
    }
    if ((s->tls.cert == NULL) != (s->tls.key == NULL)) {
        config_problem(c, service_pointer(c, s, "/tls"), "cert and key belong together");
    }
    check_secret_name(c, service_pointer(c, s, "/auth/bearer/secret"), s->bearer_secret);
    check_headers(c, s);
}

/* ---- secrets, egress, tokens ---------------------------------------------------- */

static void check_secrets(struct config *c)
{
    for (size_t i = 0; i < c->secrets.n; i++) {
        const struct config_secret *s = config_secret_at(c, i);
        char path[POINTER_MAX] = "/secrets";

        (void)pointer_push(path, s->name, strlen(s->name));
        if ((s->file == NULL) == (s->env == NULL)) {
            config_problem(c, path, "a secret is read from a \"file\" or from \"env\"");
        }
    }
}

static void check_egress(struct config *c)
{
    struct err_info info;
    struct egress *e = NULL;

    if (egress_create(c->egress_allow.items, c->egress_allow.n, &e, &info) != ERR_OK) {
        config_problem(c, "/egress/allow", "%s", info.text);
    }
    egress_destroy(e);
}

static void check_roles(struct config *c, const struct config_token *t, const char *path)
{
    if (t->roles.n == 0) {
        config_problem(c, path, "a token needs roles");
    }
    for (size_t i = 0; i < t->roles.n; i++) {
        if (auth_role_of(t->roles.items[i]) == AUTH_NONE) {
            config_problem(c, path,
                           "there is no role '%s': starter, reader, operator, "
                           "author, admin",
                           t->roles.items[i]);
        }
    }
}

static void check_tokens(struct config *c)
{
    for (size_t i = 0; i < c->tokens.n; i++) {
        const struct config_token *t = config_token_at(c, i);
        const char *path = arena_printf(c->arena, "/tokens/%zu", i);
        uint64_t expires_ms;

        if (t->name == NULL || t->name[0] == '\0') {
            config_problem(c, path, "a token needs a name");
        }
        if (t->hash == NULL || strlen(t->hash) != HASH_HEX - 1 ||
            strspn(t->hash, "0123456789abcdef") != HASH_HEX - 1) {
            config_problem(c, path,
                           "a token needs the hash that sagactl token create "
                           "printed");
        }
        if (t->expires != NULL && !clk_from_text(t->expires, &expires_ms)) {
            config_problem(c, path, "'%s' is not a time like 2027-01-01T00:00:00Z",
                           t->expires);
        }
        if (t->rate_per_s > 1000000) {
            config_problem(c, arena_printf(c->arena, "%s/rate", path),
                           "this must be at most 1000000/s");
        }
        check_roles(c, t, path);
    }
}

static void check_telemetry(struct config *c)
{
    if (c->telemetry.otlp != NULL && !is_service_url(c->telemetry.otlp)) {
        config_problem(c, "/telemetry/otlp",
                       "this must be http:// or https://, a host, and maybe a path");
    }
}

void config_check(struct config *c)
{
    check_listen(c);
    check_store(c);
    check_limits(c);
    check_retention(c);
    for (size_t i = 0; i < c->services.n; i++) {
        check_service(c, config_service_at(c, i));
    }
    check_secrets(c);
    check_egress(c);
    check_tokens(c);
    check_telemetry(c);
}
