/* server.c - see server.h. */
#include "adminapi/server.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adminapi/door.h"
#include "base/limits.h"
#include "base/mem.h"

#define PEM_MAX (256U * 1024)

struct api {
    struct api_config config;
    struct sweep *sweep;
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

unsigned api_port(const struct api *api, size_t i)
{
    assert(i < api->n_doors);
    return api->doors[i]->address.port;
}

/* The whole file as a text, owned. */
static enum err read_pem(const char *path, struct buf *out, struct err_info *info)
{
    FILE *file = fopen(path, "rb");
    char part[4096];
    size_t n;
    bool is_bad;

    if (file == NULL) {
        return err_set(info, ERR_IO, "cannot read %s: %s", path, strerror(errno));
    }
    do {
        n = fread(part, 1, sizeof(part), file);
        buf_add(out, part, n);
    } while (n > 0);
    is_bad = ferror(file) != 0;
    (void)fclose(file); /* Only read from. */
    if (is_bad || out->is_over || out->n == 0) {
        return err_set(info, ERR_IO, "%s is no PEM file", path);
    }
    return ERR_OK;
}

static enum err open_door(struct api *api, const char *listen, const struct door_tls *tls,
                          struct err_info *info)
{
    struct door *door = mem_alloc(sizeof(*door));

    door->config = &api->config;
    door->api = api;
    door->sweep = api->sweep;
    api->doors[api->n_doors++] = door;
    return door_open(door, listen, tls, info);
}

static enum err open_doors(struct api *api, struct err_info *info)
{
    const struct api_config *c = &api->config;
    struct buf cert;
    struct buf key;
    struct door_tls tls = {NULL, NULL};
    enum err e = ERR_OK;

    buf_init(&cert, PEM_MAX);
    buf_init(&key, PEM_MAX);
    if (c->tls_cert != NULL) {
        e = read_pem(c->tls_cert, &cert, info);
        if (e == ERR_OK) {
            e = read_pem(c->tls_key, &key, info);
        }
        tls = (struct door_tls){buf_text(&cert), buf_text(&key)};
    }
    for (size_t i = 0; i < c->n_listen && e == ERR_OK; i++) {
        e = open_door(api, c->listen[i], &tls, info);
    }
    buf_done(&cert);
    buf_done(&key);
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
    e = sweep_start((uint32_t)config->n_listen * (LIMIT_API_CONNECTIONS + 1), &api->sweep,
                    info);
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
    for (size_t i = api->n_doors; i > 0; i--) {
        door_close(api->doors[i - 1]);
    }
    sweep_stop(api->sweep);
    for (size_t i = 0; i < api->n_doors; i++) {
        free(api->doors[i]);
    }
    free(api);
}
