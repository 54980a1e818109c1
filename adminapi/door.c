/* door.c - see door.h: libmicrohttpd's callbacks, and a daemon's life. */
#include "adminapi/door.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "adminapi/admit.h"
#include "adminapi/answer.h"
#include "adminapi/scope.h"
#include "adminapi/stream.h"
#include "adminapi/submit.h"
#include "adminapi/tls.h"
#include "base/clk.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"

#define IDLE_S                                                               \
    75U /* A connection on which nothing happens; sweep.h has the deadlines. \
         */
#define POOL_BYTES \
    (2U * LIMIT_API_HEADER_BYTES) /* Of a connection: half is for headers. */
#define SCRATCH_BYTES 16384
#define STREAMS_MS 1000  /* For streams to end; who does not read is cut off. */
#define PATIENCE_MS 5000 /* For commands that wait for nothing but a commit. */

/* ---- requests ---------------------------------------------------------------------- */

static struct request *take_request(struct door *door)
{
    struct request *r = door->spare;

    if (r != NULL) {
        door->spare = r->next_spare;
        return r;
    }
    assert(door->n_requests < sizeof(door->requests) / sizeof(door->requests[0]));
    r = request_create();
    r->door = door;
    r->config = door->config;
    r->reader = door->reader;
    r->registry = door->registry;
    r->index = door->n_requests++;
    atomic_store(&door->requests[r->index], r);
    return r;
}

static void count(struct door *door, const struct request *r)
{
    if (r->route != NULL && r->stream == NULL) { /* A stream takes as long as it likes. */
        counters_add(&door->counters, (size_t)(r->route - routes),
                     clk_mono_us() - r->started_us);
    }
}

static void give_back(struct door *door, struct request *r)
{
    r->peer->request = NULL;
    if (atomic_load(&door->requests[r->index]) == NULL) { /* It was abandoned. */
        if (submit_release(r)) {
            request_destroy(r);
        }
        return;
    }
    count(door, r);
    request_reset(r);
    r->next_spare = door->spare;
    door->spare = r;
}

/* ---- callbacks -----------------------------------------------------------------------
 */

static struct door_connection *connection_of(struct MHD_Connection *c)
{
    return MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

/* Leave decoding to target.c. */
static size_t keep_escapes(void *user, struct MHD_Connection *c, char *text)
{
    (void)user;
    (void)c;
    return strlen(text);
}

/* libmicrohttpd keeps a record of each query parameter in the connection's memory, and
 * gives a request with a thousand of them up without an answer. We read the query
 * ourselves: let it see one parameter, however many there are. The bytes are its own,
 * const only in the callback's type. */
static void hide_parameters(const char *target)
{
    char *at = (char *)(uintptr_t)strchr(target, '?');

    while (at != NULL) {
        at = strchr(at, '&');
        if (at != NULL) {
            *at = '.';
        }
    }
}

/* The request line was read: the only moment at which the target is whole. */
static void *on_target(void *user, const char *target, struct MHD_Connection *c)
{
    struct door *door = user;
    struct door_connection *peer = connection_of(c);
    struct request *r;

    if (peer == NULL) {
        return NULL;
    }
    if (peer->request != NULL) { /* libmicrohttpd gave the last one up without a word. */
        give_back(door, peer->request);
    }
    r = take_request(door);
    r->connection = c;
    r->peer = peer;
    r->raw_target = arena_text(r->arena, target);
    r->raw_target_at = target;
    hide_parameters(target);
    r->started_us = clk_mono_us();
    r->body.max = atomic_load(&door->body_max);
    peer->request = r;
    return r;
}

static enum MHD_Result refuse_early(struct request *r)
{
    sweep_move(r->peer->place, SWEEP_WORK);
    sweep_linger(r->door->sweep, r->peer->place);
    return answer_send(r);
}

static enum MHD_Result go_on(struct request *r)
{
    if (r->is_submitted) {
        r->is_submitted = false;
        if (atomic_load(&r->phase) != REQUEST_OURS) {
            answer_refuse(r, PROBLEM_DRAINING, "The daemon is stopping");
        } else if (r->answer.status == 0) {
            r->finish(r);
        }
    } else {
        sweep_move(r->peer->place, SWEEP_WORK);
        if (r->answer.status == 0 && r->body_n > r->body.max) {
            answer_refuse(r, PROBLEM_BODY_TOO_LARGE, "A body may have at most %zu bytes",
                          r->body.max);
        } else if (r->answer.status == 0 && scope_admits(r)) {
            r->route->handler(r);
        }
    }
    if (r->is_submitted) {
        return MHD_YES; /* Suspended: the engine may be at it already. */
    }
    return r->stream != NULL ? stream_send(r) : answer_send(r);
}

static enum MHD_Result on_access(void *user, struct MHD_Connection *c, const char *url,
                                 const char *method, const char *version,
                                 const char *upload, size_t *upload_n, void **state)
{
    struct request *r = *state;

    (void)user;
    (void)c;
    (void)url;
    if (r == NULL) {
        return MHD_NO;
    }
    if (!r->has_headers) {
        r->has_headers = true;
        sweep_move(r->peer->place, SWEEP_BODY);
        return admit_headers(r, method, version) ? refuse_early(r) : MHD_YES;
    }
    if (*upload_n > 0) {
        const size_t n = *upload_n;

        *upload_n = 0;
        return admit_body(r, upload, n) ? MHD_YES : MHD_NO;
    }
    return go_on(r);
}

static void on_completed(void *user, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode why)
{
    struct request *r = *state;

    (void)c;
    (void)why;
    if (r == NULL) {
        return;
    }
    sweep_move(r->peer->place, SWEEP_HEADERS);
    give_back(user, r);
    *state = NULL;
}

static void on_open(struct door *door, struct MHD_Connection *c, void **context)
{
    struct door_connection *peer = mem_alloc(sizeof(*peer));

    peer->is_local = listen_is_loopback(
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    peer->place = sweep_open(
        door->sweep,
        MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
    assert(peer->place != NULL); /* There are as many as connections. */
    *context = peer;
}

static void on_connection(void *user, struct MHD_Connection *c, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct door *door = user;
    struct door_connection *peer = *context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        on_open(door, c, context);
        return;
    }
    if (peer->request != NULL) {
        give_back(door, peer->request);
    }
    sweep_close(door->sweep, peer->place);
    free(peer);
    *context = NULL;
}

static void on_error(void *user, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

/* What a client did wrong, mostly: for debugging only. */
static void on_error(void *user, const char *fmt, va_list args)
{
    char text[512];

    (void)user;
    (void)vsnprintf(text, sizeof(text), fmt, args); /* Cut when too long. */
    log_say(LOG_DEBUG, "libmicrohttpd", LOG_TEXT("detail", text));
}

/* ---- a daemon's life
 * -------------------------------------------------------------------- */

static struct MHD_Daemon *start_daemon(struct door *door, bool has_tls)
{
    const unsigned flags = MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                           MHD_USE_ERROR_LOG | (has_tls ? (unsigned)MHD_USE_TLS : 0U);
    struct MHD_OptionItem secure[] = {
        {MHD_OPTION_HTTPS_CERT_CALLBACK, 0, tls_callback()},
        {MHD_OPTION_HTTPS_PRIORITIES, 0,
         (void *)(uintptr_t) "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"},
        {MHD_OPTION_END, 0, NULL}};

    /* What 0.9.7x refuses by itself in its strict mode (no Host, blanks in the request
     * line) it answers twice or not at all; the gate refuses it too, with a proper
     * answer. Later versions refuse more, and well. */
    const int strictness = admit_sees_lines() ? 0 : 1;

    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_access, door, MHD_OPTION_EXTERNAL_LOGGER, on_error, NULL,
        MHD_OPTION_LISTEN_SOCKET, door->address.fd, MHD_OPTION_STRICT_FOR_CLIENT,
        strictness, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_URI_LOG_CALLBACK, on_target, door, MHD_OPTION_NOTIFY_COMPLETED,
        on_completed, door, MHD_OPTION_NOTIFY_CONNECTION, on_connection, door,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)LIMIT_API_CONNECTIONS,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)LIMIT_API_PER_ADDRESS,
        MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)POOL_BYTES, MHD_OPTION_ARRAY, has_tls ? secure : &secure[2],
        MHD_OPTION_END);
}

enum err door_open(struct door *door, const char *listen, bool has_tls,
                   struct err_info *info)
{
    enum err e = store_reader_open(door->config->store, &door->reader, info);

    if (e != ERR_OK) {
        return e;
    }
    door->registry = registry_create(door->reader, engine_stamp(door->config->engine));
    door->stream_scratch = arena_create(SCRATCH_BYTES);
    ids_random_hex(door->id_prefix, 4);
    e = door->address.fd >= 0
            ? listen_adopt(door->address.fd, has_tls, door->config->is_insecure,
                           &door->address, info)
            : listen_open(listen, has_tls, door->config->is_insecure, &door->address,
                          info);
    if (e != ERR_OK) {
        return e;
    }
    door->daemon = start_daemon(door, has_tls);
    if (door->daemon == NULL) {
        (void)close(door->address.fd);
        return err_set(info, ERR_IO, "cannot serve HTTP at %s", door->address.text);
    }
    log_say(LOG_INFO, "listening", LOG_TEXT("address", door->address.text),
            LOG_NUMBER("port", door->address.port),
            LOG_TEXT("scheme", has_tls ? "https" : "http"));
    return ERR_OK;
}

/* Give back the connections of requests that the engine has. */
static void abandon(struct door *door, bool is_patient)
{
    for (size_t i = 0; i < sizeof(door->requests) / sizeof(door->requests[0]); i++) {
        struct request *r = atomic_load(&door->requests[i]);

        if (r == NULL || (is_patient && r->command.wait == COMMAND_WAIT_NOT)) {
            continue;
        }
        /* Taken off the list first: once abandoned it may be freed at any time. */
        atomic_store(&door->requests[i], NULL);
        if (!submit_abandon(r)) {
            atomic_store(&door->requests[i], r);
        }
    }
}

static void settle(struct door *door)
{
    const struct timespec moment = {.tv_sec = 0, .tv_nsec = 2 * 1000 * 1000};
    const uint64_t until_ms = clk_mono_ms() + PATIENCE_MS;
    const uint64_t streams_ms = clk_mono_ms() + STREAMS_MS;

    atomic_store(&door->is_stopping, true);
    while (atomic_load(&door->n_waiting) > 0 ||
           (atomic_load(&door->n_streams) > 0 && clk_mono_ms() < streams_ms)) {
        abandon(door, clk_mono_ms() < until_ms);
        (void)nanosleep(&moment, NULL); /* Woken early is fine. */
    }
}

void door_close(struct door *door)
{
    if (door->daemon != NULL) {
        const int fd = MHD_quiesce_daemon(door->daemon);

        settle(door);
        MHD_stop_daemon(door->daemon);
        (void)close(fd);
    }
    for (size_t i = 0; i < sizeof(door->requests) / sizeof(door->requests[0]); i++) {
        request_destroy(atomic_load(&door->requests[i]));
    }
    arena_destroy(door->stream_scratch);
    registry_destroy(door->registry);
    store_reader_close(door->reader);
}
