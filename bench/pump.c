/* pump.c - see pump.h. */
#include "bench/pump.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"

enum { IN_MAX = 64 * 1024, EVENTS_MAX = 256, STALLED_US = 20 * 1000 * 1000 };

enum peer { PEER_LISTENER, PEER_SINK, PEER_CLIENT };

struct conn {
    enum peer peer;
    int fd;
    size_t n;
    uint64_t saga; /* CLIENT: the start whose answer is awaited, plus one; 0: idle. */
    struct conn *next_idle;
    char in[IN_MAX];
};

struct pump {
    int epoll;
    struct conn *listener;
    struct conn *idle; /* Client connections with nothing to wait for. */
    struct conn *clients;
    unsigned n_clients;
    struct pump_config config;
    struct pump_saga *sagas;
    uint64_t n_started;
    uint64_t n_ended;
    uint64_t n_refused;
    uint64_t n_calls;
    uint64_t moved_us;
    char *body; /* The input's padding. */
};

static struct conn *watch(struct pump *p, int fd, enum peer peer)
{
    struct conn *c = mem_alloc(sizeof(*c));
    struct epoll_event ev = {.events = EPOLLIN, .data = {.ptr = c}};
    int on = 1;

    c->peer = peer;
    c->fd = fd;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
                     sizeof(on)); /* A listener has none. */
    if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
        perror("epoll_ctl");
        exit(EXIT_FAILURE);
    }
    return c;
}

struct pump *pump_create(uint16_t *port_out)
{
    struct pump *p = mem_alloc(sizeof(*p));
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0 || p->epoll < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 ||
        listen(fd, 1024) != 0 || getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
        perror("sink");
        free(p);
        return NULL;
    }
    p->listener = watch(p, fd, PEER_LISTENER);
    *port_out = ntohs(at.sin_port);
    return p;
}

void pump_destroy(struct pump *p)
{
    if (p == NULL) {
        return;
    }
    (void)close(p->listener->fd);
    (void)close(p->epoll);
    free(p->listener);
    free(p->sagas);
    free(p->body);
    free(p);
}

/* ---- a little HTTP
 * ----------------------------------------------------------------------- */

static const char *header(const char *head, const char *end, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = head; at < end; at++) {
        if (*at == '\n' && (size_t)(end - at) > n && strncasecmp(at + 1, name, n) == 0) {
            return at + 1 + n;
        }
    }
    return NULL;
}

/* Length of the first whole message in the buffer; 0: not there yet. */
static size_t message_n(const struct conn *c)
{
    const char *blank = memmem(c->in, c->n, "\r\n\r\n", 4);
    const char *length;
    size_t head_n;

    if (blank == NULL) {
        return 0;
    }
    head_n = (size_t)(blank - c->in) + 4;
    length = header(c->in, blank, "Content-Length:");
    head_n += length != NULL ? strtoul(length, NULL, 10) : 0;
    return head_n <= c->n ? head_n : 0;
}

static void take_off(struct conn *c, size_t n)
{
    memmove(c->in, c->in + n, c->n - n);
    c->n -= n;
}

static void put(const struct conn *c, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = send(c->fd, text, n, MSG_NOSIGNAL);

        if (done < 0 && errno == EAGAIN) {
            continue; /* Small messages on loopback: gone at once. */
        }
        if (done < 0) {
            perror("send");
            exit(EXIT_FAILURE);
        }
        text += done;
        n -= (size_t)done;
    }
}

/* ---- sink
 * --------------------------------------------------------------------------------- */

static bool starts_with(const struct conn *c, const char *text)
{
    return strncmp(c->in, text, strlen(text)) == 0;
}

/* The saga's number from "Saga-Id: b-<n>". */
static uint64_t saga_of(const struct conn *c, size_t n)
{
    const char *at = header(c->in, c->in + n, "Saga-Id: b-");

    return at != NULL ? strtoull(at, NULL, 10) : UINT64_MAX;
}

static bool is_first_attempt(const struct conn *c, size_t n)
{
    const char *at = header(c->in, c->in + n, "Saga-Attempt: ");

    return at != NULL && strtoul(at, NULL, 10) == 1;
}

static int status_of(const struct pump *p, const struct conn *c, size_t n)
{
    if (p->config.work == PUMP_SAGA3_FAIL && starts_with(c, "POST /c")) {
        return 409;
    }
    if (p->config.work == PUMP_SAGA3_RETRY && starts_with(c, "POST /b") &&
        is_first_attempt(c, n)) {
        return 503;
    }
    return 200;
}

static bool is_last(const struct pump *p, const struct conn *c)
{
    return starts_with(c, p->config.work == PUMP_SAGA3_FAIL ? "POST /undo-a" : "POST /c");
}

static void serve(struct pump *p, struct conn *c, size_t n)
{
    int status = status_of(p, c, n);
    uint64_t saga = saga_of(c, n);
    char text[128];
    int text_n = snprintf(text, sizeof(text),
                          "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
                          "Content-Length: 11\r\n\r\n{\"ok\":true}",
                          status);

    p->n_calls++;
    if (is_last(p, c) && saga < p->n_started && p->sagas[saga].ended_us == 0) {
        p->sagas[saga].ended_us = clk_mono_us();
        p->n_ended++;
        p->moved_us = p->sagas[saga].ended_us;
    }
    put(c, text, (size_t)text_n);
}

/* ---- load
 * ---------------------------------------------------------------------------------- */

static void start_saga(struct pump *p)
{
    struct conn *c = p->idle;
    char body[4096];
    char head[512];
    int body_n;
    int head_n;

    body_n = snprintf(
        body, sizeof(body),
        "{\"definition\":\"bench\",\"id\":\"b-%llu\",\"input\":{\"id\":%llu,\"pad\":"
        "\"%s\"}}",
        (unsigned long long)p->n_started, (unsigned long long)p->n_started, p->body);
    head_n = snprintf(head, sizeof(head),
                      "POST /v1/sagas HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
                      "application/json\r\nContent-Length: %d\r\n\r\n",
                      body_n);
    p->idle = c->next_idle;
    c->saga = p->n_started + 1;
    p->sagas[p->n_started] = (struct pump_saga){.started_us = clk_mono_us()};
    p->n_started++;
    put(c, head, (size_t)head_n);
    put(c, body, (size_t)body_n);
}

static void answered(struct pump *p, struct conn *c)
{
    struct pump_saga *s = &p->sagas[c->saga - 1];

    s->accepted_us = clk_mono_us();
    p->moved_us = s->accepted_us;
    if (!starts_with(c, "HTTP/1.1 20")) {
        p->n_refused++;
        p->n_ended++;
    }
    c->saga = 0;
    c->next_idle = p->idle;
    p->idle = c;
}

static bool may_start(const struct pump *p, uint64_t began_us, uint64_t n_before)
{
    const struct pump_config *k = &p->config;

    if (p->idle == NULL || p->n_started == k->sagas_max) {
        return false;
    }
    if (k->rate_per_s > 0) {
        double due = (double)(clk_mono_us() - began_us) / 1e6 * k->rate_per_s;

        return (double)(p->n_started - n_before) < due;
    }
    return p->n_started - p->n_ended < k->outstanding;
}

static void connect_clients(struct pump *p)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons(p->config.api_port)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (; p->n_clients < p->config.connections; p->n_clients++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        struct conn *c;

        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
            perror("connect");
            exit(EXIT_FAILURE);
        }
        (void)fcntl(fd, F_SETFL, O_NONBLOCK);
        c = watch(p, fd, PEER_CLIENT);
        c->next_idle = p->idle;
        p->idle = c;
    }
}

/* ---- the loop
 * ----------------------------------------------------------------------------------- */

static void drop(const struct pump *p, struct conn *c)
{
    if (c->peer == PEER_CLIENT) {
        fprintf(stderr, "the daemon closed a connection of the load generator\n");
        exit(EXIT_FAILURE);
    }
    (void)epoll_ctl(p->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    (void)close(c->fd);
    free(c);
}

static void read_conn(struct pump *p, struct conn *c)
{
    ssize_t got = recv(c->fd, c->in + c->n, IN_MAX - c->n, 0);
    size_t n;

    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        drop(p, c);
        return;
    }
    c->n += got > 0 ? (size_t)got : 0;
    for (n = message_n(c); n > 0; n = message_n(c)) {
        if (c->peer == PEER_SINK) {
            serve(p, c, n);
        } else {
            answered(p, c);
        }
        take_off(c, n);
    }
}

static void ready(struct pump *p, struct conn *c)
{
    if (c->peer == PEER_LISTENER) {
        int fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            (void)watch(p, fd, PEER_SINK);
        }
        return;
    }
    read_conn(p, c);
}

static void prepare(struct pump *p, const struct pump_config *config)
{
    size_t pad = config->body_bytes > 60 ? config->body_bytes - 60 : 1;

    p->config = *config;
    if (p->sagas == NULL) {
        p->sagas = mem_alloc(config->sagas_max * sizeof(p->sagas[0]));
        p->body = mem_alloc(pad + 1);
        memset(p->body, 'x', pad < 3800 ? pad : 3800);
    }
    connect_clients(p);
}

void pump_run(struct pump *p, const struct pump_config *config, uint64_t for_us,
              bool starts)
{
    uint64_t began_us = clk_mono_us();
    uint64_t n_before = p->n_started;
    struct epoll_event events[EVENTS_MAX];

    prepare(p, config);
    p->moved_us = began_us;
    for (;;) {
        uint64_t now_us = clk_mono_us();
        int n;

        if (for_us != 0
                ? now_us - began_us >= for_us
                : p->n_ended == p->n_started || now_us - p->moved_us > STALLED_US) {
            return;
        }
        while (starts && may_start(p, began_us, n_before)) {
            start_saga(p);
        }
        n = epoll_wait(p->epoll, events, EVENTS_MAX, config->rate_per_s > 0 ? 0 : 10);
        for (int i = 0; i < n; i++) {
            ready(p, events[i].data.ptr);
        }
    }
}

const struct pump_saga *pump_sagas(const struct pump *p, uint64_t *n_out)
{
    *n_out = p->n_started;
    return p->sagas;
}

uint64_t pump_ended(const struct pump *p)
{
    return p->n_ended;
}

uint64_t pump_refused(const struct pump *p)
{
    return p->n_refused;
}

uint64_t pump_calls(const struct pump *p)
{
    return p->n_calls;
}
