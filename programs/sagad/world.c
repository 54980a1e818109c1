/* world.c - see world.h. */
#include "programs/sagad/world.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "definitions/suggest.h"

static const struct config *current(void *user)
{
    return atomic_load(&((struct world *)user)->config);
}

static bool has_service(void *user, const char *name)
{
    return config_service_of(current(user), name) != NULL;
}

static bool has_var(void *user, const char *name)
{
    return json_span_member(current(user)->vars, name, strlen(name)).at != NULL;
}

static bool has_secret(void *user, const char *name)
{
    return config_secret_of(current(user), name) != NULL;
}

static bool may_call(void *user, const char *host)
{
    return egress_allows_host(((struct world *)user)->egress, host);
}

/* What declares that a participant keeps Idempotency-Keys is how long it does. A service
 * that there is not has an error of its own. */
static bool is_repeatable(void *user, const char *name)
{
    const struct config_service *service = config_service_of(current(user), name);

    return service == NULL || service->keys_kept_ms != 0;
}

/* What stands behind the host of a URL: ":8080/path", "/path" or nothing. */
static uint32_t port_of(const char *rest, bool is_plain)
{
    uint32_t port = 0;

    if (rest[0] != ':') {
        return is_plain ? 80 : 443;
    }
    for (const char *at = rest + 1; isdigit((unsigned char)*at) && port <= 65535; at++) {
        port = port * 10 + (uint32_t)(*at - '0');
    }
    return port;
}

/* Is this base URL (config_check() saw it) there? */
static bool is_at(const char *url, const struct check_origin *origin)
{
    const bool is_plain = strncasecmp(url, "http://", 7) == 0;
    const char *host = strstr(url, "://") + 3;
    const size_t n = host[0] == '[' ? strcspn(++host, "]") : strcspn(host, ":/");
    const char *rest = host + n + (host[n] == ']' ? 1 : 0);

    return is_plain == origin->is_plain && port_of(rest, is_plain) == origin->port &&
           strlen(origin->host) == n && strncasecmp(host, origin->host, n) == 0;
}

static const char *service_at(void *user, const struct check_origin *origin)
{
    const struct config *c = current(user);

    for (size_t i = 0; i < c->services.n; i++) {
        if (is_at(config_service_at(c, i)->url, origin)) {
            return config_service_at(c, i)->name;
        }
    }
    return NULL;
}

/* Vars are not suggested: their names are not kept unescaped. */
static const char *nearest(void *user, const char *kind, const char *name)
{
    const struct config *c = current(user);
    struct suggest s;

    suggest_begin(&s, name);
    for (size_t i = 0; strcmp(kind, "service") == 0 && i < c->services.n; i++) {
        suggest_offer(&s, config_service_at(c, i)->name);
    }
    for (size_t i = 0; strcmp(kind, "secret") == 0 && i < c->secrets.n; i++) {
        suggest_offer(&s, config_secret_at(c, i)->name);
    }
    return s.best;
}

void world_init(struct world *w, const struct config *config, const struct egress *egress)
{
    atomic_init(&w->config, config);
    w->egress = egress;
    w->check = (struct check_world){
        .has_service = has_service,
        .has_var = has_var,
        .has_secret = has_secret,
        .may_call = may_call,
        .is_repeatable = is_repeatable,
        .service_at = service_at,
        .nearest = nearest,
        .user = w,
    };
}
