/* mock.c - see mock.h. */
#include "programs/sagad/mock.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "programs/sagad/listener.h"

struct mock {
    struct listener *listener;
};

static unsigned say_yes(void *user, const struct listener_request *request,
                        struct buf *out)
{
    (void)user;
    log_say(LOG_INFO, "mock participant called", LOG_TEXT("method", request->method),
            LOG_TEXT("path", request->path), LOG_TEXT("key", request->key),
            LOG_NUMBER("bytes", request->body_n));
    buf_add_text(out, "{\"ok\":true}");
    return 200;
}

enum err mock_start(unsigned port, struct mock **out, struct err_info *info)
{
    struct mock *m = mem_alloc(sizeof(*m));
    enum err e = ERR_IO;
    char address[32];

    if (port <= 65535) {
        e = listener_start(port, say_yes, NULL, &m->listener, info);
    }
    if (e != ERR_OK) {
        e = listener_start(0, say_yes, NULL, &m->listener, info);
    }
    if (e != ERR_OK) {
        free(m);
        return e;
    }
    (void)snprintf(address, sizeof(address), "127.0.0.1:%u", listener_port(m->listener));
    log_say(LOG_INFO, "mock participant listening", LOG_TEXT("address", address));
    *out = m;
    return ERR_OK;
}

void mock_stop(struct mock *m)
{
    if (m != NULL) {
        listener_stop(m->listener);
        free(m);
    }
}
