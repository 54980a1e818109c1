/* server.c - see server.h. */
#include "adminapi/server.h"

#include <assert.h>
#include <stdlib.h>

#include "adminapi/door.h"
#include "adminapi/herald.h"
#include "adminapi/tls.h"
#include "base/limits.h"
#include "base/mem.h"

struct api {
    struct api_config config;
    struct sweep *sweep;
    struct herald *herald;
    size_t n_doors;
    struct door *doors[]; /* n_doors */
};

size_t api_counters(const struct api *api, const struct counters **out, size_t most)
{
    size_t n = 0;

    while (n < api->n_doors && n < most) {
        out[n] = &api->doors[n]->counters;
        n++;
    }
    return n;
}

const char *api_address(const struct api *api, size_t i)
{
    assert(i < api->n_doors);
    return api->doors[i]->address.text;
}

unsigned api_port(const struct api *api, size_t i)
{
    assert(i < api->n_doors);
    return api->doors[i]->address.port;
}

static enum err open_door(struct api *api, size_t i, struct err_info *info)
{
    struct door *door = mem_alloc(sizeof(*door));

    door->config = &api->config;
    door->api = api;
    door->sweep = api->sweep;
    atomic_store(&door->body_max, api->config.body_max);
    door->herald = api->herald;
    api->doors[api->n_doors++] = door;
    door->address.fd = api->config.first_fd != 0 ? api->config.first_fd + (int)i : -1;
    return door_open(door, api->config.listen[i], api->config.tls_cert != NULL, info);
}

static enum err open_doors(struct api *api, struct err_info *info)
{
    const struct api_config *c = &api->config;
    enum err e = ERR_OK;

    if (c->tls_cert != NULL) {
        e = tls_set(c->tls_cert, c->tls_key, info);
    }
    for (size_t i = 0; i < c->n_listen && e == ERR_OK; i++) {
        e = open_door(api, i, info);
    }
    /* They are in GnuTLS's hands now, and not ours to keep. */
    api->config.tls_cert = NULL;
    api->config.tls_key = NULL;
    return e;
}

enum err api_reload(struct api *api, const struct api_changes *changes,
                    struct err_info *info)
{
    enum err e = ERR_OK;

    if (changes->tls_cert != NULL) {
        e = tls_set(changes->tls_cert, changes->tls_key, info);
    }
    for (size_t i = 0; i < api->n_doors && e == ERR_OK; i++) {
        atomic_store(&api->doors[i]->body_max, changes->body_max);
    }
    return e;
}

enum err api_start(const struct api_config *config, struct api **out,
                   struct err_info *info)
{
    struct api *api;
    enum err e;

    if ((config->tls_cert == NULL) != (config->tls_key == NULL)) {
        return err_set(info, ERR_INVALID, "TLS needs both a certificate and a key");
    }
    if (config->n_listen == 0) {
        return err_set(info, ERR_INVALID, "there is no address to listen on");
    }
    api = mem_alloc(sizeof(*api) + config->n_listen * sizeof(api->doors[0]));
    api->config = *config;
    if (config->body_max == 0) {
        api->config.body_max = LIMIT_BODY_BYTES;
    }
    e = sweep_start((uint32_t)config->n_listen * (LIMIT_API_CONNECTIONS + 1), &api->sweep,
                    info);
    if (e == ERR_OK) {
        e = herald_start(engine_feed(config->engine), LIMIT_API_STREAMS, &api->herald,
                         info);
    }
    if (e == ERR_OK) {
        e = open_doors(api, info);
    }
    if (e != ERR_OK) {
        api_stop(api);
        return e;
    }
    *out = api;
    return ERR_OK;
}

void api_stop(struct api *api)
{
    if (api == NULL) {
        return;
    }
    if (api->herald != NULL) {
        herald_quit(api->herald); /* Streams end. */
    }
    for (size_t i = api->n_doors; i > 0; i--) {
        door_close(api->doors[i - 1]);
    }
    herald_stop(api->herald);
    sweep_stop(api->sweep);
    tls_forget();
    for (size_t i = 0; i < api->n_doors; i++) {
        free(api->doors[i]);
    }
    free(api);
}
