/* listener.c - see listener.h. */
#include "programs/sagad/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

struct listener {
    struct MHD_Daemon *daemon;
    listener_answer answer;
    void *user;
};

struct exchange { /* One request while its body comes in. */
    struct buf body;
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status,
                             const struct buf *body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(body->n, body->bytes, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    if (response == NULL) {
        return MHD_NO;
    }
    result = MHD_add_response_header(response, "Content-Type", "application/json");
    if (result == MHD_YES) {
        result = MHD_queue_response(connection, status, response);
    }
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer(struct listener *l, struct MHD_Connection *connection,
                              struct listener_request *request)
{
    enum MHD_Result result;
    struct buf out;
    unsigned status;

    request->key =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Idempotency-Key");
    request->action_key =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Saga-Action-Key");
    buf_init(&out, LISTENER_BODY_MAX);
    status = l->answer(l->user, request, &out);
    buf_add_char(&out, '\n');
    result = reply(connection, status, &out);
    buf_done(&out);
    return result;
}

/* MHD's own shape: called first without, then with each piece of the body, then done. */
static enum MHD_Result handle(void *user, struct MHD_Connection *connection,
                              const char *url, const char *method, const char *version,
                              const char *piece, size_t *piece_n, void **memory)
{
    struct exchange *x = *memory;
    struct listener_request request = {.method = method, .path = url};

    (void)version; /* HTTP/1.1 is all that curl is told to speak. */
    if (x == NULL) {
        x = mem_alloc(sizeof(*x));
        buf_init(&x->body, LISTENER_BODY_MAX);
        *memory = x;
        return MHD_YES;
    }
    if (*piece_n > 0) {
        buf_add(&x->body, piece, *piece_n);
        *piece_n = 0;
        return MHD_YES;
    }
    request.body = buf_text(&x->body);
    request.body_n = x->body.n;
    return answer(user, connection, &request);
}

static void forget(void *user, struct MHD_Connection *connection, void **memory,
                   enum MHD_RequestTerminationCode code)
{
    struct exchange *x = *memory;

    (void)user;
    (void)connection;
    (void)code; /* Whatever the reason, the memory goes. */
    if (x != NULL) {
        buf_done(&x->body);
        free(x);
        *memory = NULL;
    }
}

enum err listener_start(unsigned port, listener_answer answer_with, void *user,
                        struct listener **out, struct err_info *info)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct listener *l = mem_alloc(sizeof(*l));

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    l->answer = answer_with;
    l->user = user;
    l->daemon =
        MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, 0, NULL, NULL,
                         handle, l, MHD_OPTION_SOCK_ADDR, &at,
                         MHD_OPTION_NOTIFY_COMPLETED, forget, NULL, MHD_OPTION_END);
    if (l->daemon == NULL) {
        free(l);
        return err_set(info, ERR_IO, "cannot listen on 127.0.0.1:%u: %s", port,
                       strerror(errno));
    }
    *out = l;
    return ERR_OK;
}

unsigned listener_port(const struct listener *l)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_BIND_PORT);

    return info != NULL ? info->port : 0;
}

void listener_stop(struct listener *l)
{
    if (l != NULL) {
        MHD_stop_daemon(l->daemon);
        free(l);
    }
}
