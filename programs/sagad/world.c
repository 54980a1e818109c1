/* world.c - see world.h. */
#include "programs/sagad/world.h"

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

/* The host of a base URL, without port and brackets; its length. */
static const char *host_of(const char *url, size_t *n)
{
    const char *host = strstr(url, "://") + 3; /* config_check() saw to it. */

    if (host[0] == '[') {
        host++;
        *n = strcspn(host, "]");
    } else {
        *n = strcspn(host, ":/");
    }
    return host;
}

static const char *service_at(void *user, const char *host)
{
    const struct config *c = current(user);

    for (size_t i = 0; i < c->services.n; i++) {
        size_t n;
        const char *own = host_of(config_service_at(c, i)->url, &n);

        if (strlen(host) == n && strncasecmp(own, host, n) == 0) {
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
        .service_at = service_at,
        .nearest = nearest,
        .user = w,
    };
}
