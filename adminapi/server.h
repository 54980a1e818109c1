/*
 * server.h - the HTTP API: listens, answers, asks the engine (http-api.md).
 *
 * One libmicrohttpd daemon, one thread, for each listen address, in poll mode: its epoll
 * mode stands still at 128 ready connections (performance.md). Each has its own reader of
 * the store and its own compiled definitions, and nothing is shared but the engine's
 * inbox. A request that needs the engine is suspended before its command is handed over;
 * the engine thread resumes it.
 *
 * Everything in api_config is borrowed until api_stop(). api_stop() comes before
 * engine_stop(): what still waits is answered 503 `draining`.
 */
#ifndef ADMINAPI_SERVER_H
#define ADMINAPI_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "adminapi/auth.h"
#include "base/err.h"
#include "definitions/definition.h"
#include "engine/run/engine.h"
#include "engine/store/store.h"

struct api_config {
    const char *const *listen; /* "127.0.0.1:8080", "[::1]:0"; port 0: any. */
    size_t n_listen;
    /* The first of n_listen sockets that listen already, one behind the other (socket
     * activation): used instead of `listen`, and closed by the API. 0: none. */
    int first_fd;
    bool is_insecure;  /* --insecure: other addresses than loopback without TLS. */
    uint32_t body_max; /* Bytes; 0: LIMIT_BODY_BYTES. */
    struct store *store;
    struct engine *engine;
    const struct check_world *world;
    /* The tokens in force, asked at each request (a reload changes them); what it gives
     * stays until api_stop(). None: this machine may do everything; the caller warns. */
    const struct auth_tokens *(*tokens)(void *user);
    void *tokens_user;
    const char *version;       /* "0.1.0" */
    const char *name_of_store; /* "sqlite", "memory" */
    const char *vars; /* JSON object text: the configuration's vars; NULL: none. */
    /* Texts of PEM files, borrowed for api_start() only; NULL: plain HTTP. */
    const char *tls_cert, *tls_key;
};

struct api_changes { /* What a reload may change beside the tokens. */
    uint32_t body_max;
    const char *tls_cert, *tls_key; /* As above; NULL: they stay. */
};

struct api;

/* Listens and answers from here on. ERR_INVALID: an address that is none, or may not be
 * listened on; ERR_BUSY: it is taken; ERR_IO. */
MUST_CHECK enum err api_start(const struct api_config *config, struct api **out,
                              struct err_info *info);

/* For requests and connections from here on. ERR_INVALID: the certificate or key is no
 * good, and nothing has changed. */
MUST_CHECK enum err api_reload(struct api *api, const struct api_changes *changes,
                               struct err_info *info);

/* The address that listen[i] is bound to, "127.0.0.1:8080", and its port. */
const char *api_address(const struct api *api, size_t i);
unsigned api_port(const struct api *api, size_t i);

void api_stop(struct api *api); /* NULL is fine. */

#endif /* ADMINAPI_SERVER_H */
