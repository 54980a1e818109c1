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

enum {
    IN_FIRST = 4096, /* Room of a connection; it grows. */
    EVENTS_MAX = 256,
    STALLED_US = 20 * 1000 * 1000,
    BODY_MAX = 256 * 1024,
    TICKS = 4096 /* Milliseconds that an answer may be delayed; a power of two. */
};

enum peer { PEER_LISTENER, PEER_SINK, PEER_CLIENT };

struct conn {
    enum peer peer;
    int fd;
    size_t n;
    uint64_t saga; /* CLIENT: the start whose answer is awaited, plus one; 0: idle. */
    struct conn *next_idle;
    struct conn *next_due; /* SINK: whose answer is due at the same time. */
    int status;            /* SINK: of the delayed answer. */
    size_t room;
    char *in;
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
    uint64_t n_refused_badly;
    uint64_t n_calls;
    uint64_t tick_ms;        /* Delayed answers up to here are out. */
    uint64_t random;         /* Of the delays. */
    struct conn *due[TICKS]; /* Delayed answers by their millisecond. */
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
    c->room = IN_FIRST;
    c->in = mem_alloc(c->room);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on,
                     sizeof(on)); /* A listener has none. */
    if (epoll_ctl(p->epoll, EPOLL_CTL_ADD, fd, &ev) != 0) {
        perror("epoll_ctl");
        exit(EXIT_FAILURE);
    }
    return c;
}

struct pump *pump_create(uint16_t *port)
{
    struct pump *p = mem_alloc(sizeof(*p));
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t n = sizeof(at);
    int on = 1; /* The one before may have been at this port. */
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    p->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0 || p->epoll < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0 || listen(fd, 1024) != 0 ||
        getsockname(fd, (struct sockaddr *)&at, &n) != 0) {
        perror("sink");
        free(p);
        return NULL;
    }
    p->listener = watch(p, fd, PEER_LISTENER);
    *port = ntohs(at.sin_port);
    return p;
}

void pump_destroy(struct pump *p)
{
    if (p == NULL) {
        return;
    }
    (void)close(p->listener->fd);
    (void)close(p->epoll);
    free(p->listener->in);
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
    while (n > 0 && c->fd >= 0) {
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

/* The saga's number from "Saga-Id: b-<n>-<process>". */
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

static void answer(const struct conn *c, int status)
{
    char text[128];
    int text_n = snprintf(text, sizeof(text),
                          "HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
                          "Content-Length: 11\r\n\r\n{\"ok\":true}",
                          status);

    put(c, text, (size_t)text_n);
}

/* xorshift: which of many waits how long matters to nobody, but shall not be a pattern.
 */
static uint64_t delay_ms(struct pump *p)
{
    const struct pump_config *k = &p->config;

    p->random ^= p->random << 13;
    p->random ^= p->random >> 7;
    p->random ^= p->random << 17;
    return k->delay_min_ms + p->random % (k->delay_max_ms - k->delay_min_ms + 1);
}

static void answer_due(struct pump *p, uint64_t now_ms)
{
    for (; p->tick_ms < now_ms; p->tick_ms++) {
        struct conn **at = &p->due[p->tick_ms % TICKS];

        while (*at != NULL) {
            struct conn *c = *at;

            *at = c->next_due;
            answer(c, c->status);
        }
    }
}

static void serve(struct pump *p, struct conn *c, size_t n)
{
    const int status = status_of(p, c, n);
    uint64_t saga = saga_of(c, n);

    p->n_calls++;
    if (is_last(p, c) && saga < p->n_started && p->sagas[saga].ended_us == 0) {
        p->sagas[saga].ended_us = clk_mono_us();
        p->n_ended++;
        p->moved_us = p->sagas[saga].ended_us;
    }
    if (p->config.delay_max_ms == 0) {
        answer(c, status);
        return;
    }
    c->status = status;
    n = (p->tick_ms + 1 + delay_ms(p)) % TICKS;
    c->next_due = p->due[n];
    p->due[n] = c;
}

/* ---- load
 * ---------------------------------------------------------------------------------- */

static void start_saga(struct pump *p)
{
    struct conn *c = p->idle;
    char body[BODY_MAX + 256];
    char head[512];
    char which[16] = "";
    int body_n;
    int head_n;

    if (p->config.definitions > 1) {
        (void)snprintf(which, sizeof(which), "%u",
                       (unsigned)(p->n_started % p->config.definitions));
    }
    body_n = snprintf(body, sizeof(body),
                      "{\"definition\":\"bench%s\",\"id\":\"b-%llu-%ld\",\"input\":{"
                      "\"id\":%llu,\"pad\":\"%s\"}}",
                      which, (unsigned long long)p->n_started, (long)getpid(),
                      (unsigned long long)p->n_started, p->body);
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

/* A refusal that says when to come again. */
static bool is_civil(const struct conn *c, size_t n)
{
    return (starts_with(c, "HTTP/1.1 429") || starts_with(c, "HTTP/1.1 503")) &&
           header(c->in, c->in + n, "Retry-After:") != NULL;
}

static void answered(struct pump *p, struct conn *c, size_t n)
{
    struct pump_saga *s = &p->sagas[c->saga - 1];

    p->moved_us = clk_mono_us();
    if (starts_with(c, "HTTP/1.1 20")) {
        s->accepted_us = p->moved_us;
    } else {
        p->n_refused++;
        p->n_ended++;
        p->n_refused_badly += is_civil(c, n) ? 0 : 1;
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
    if (p->config.delay_max_ms > 0) {
        c->fd = -1; /* Its answer may be under way yet: kept, which is little. */
        return;
    }
    free(c->in);
    free(c);
}

static void read_conn(struct pump *p, struct conn *c)
{
    ssize_t got;
    size_t n;

    if (c->n == c->room) {
        c->room *= 2;
        c->in = mem_grow(c->in, c->room);
    }
    got = recv(c->fd, c->in + c->n, c->room - c->n, 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
        drop(p, c);
        return;
    }
    c->n += got > 0 ? (size_t)got : 0;
    for (n = message_n(c); n > 0; n = message_n(c)) {
        if (c->peer == PEER_SINK) {
            serve(p, c, n);
        } else {
            answered(p, c, n);
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
        p->body = mem_alloc((pad < BODY_MAX ? pad : BODY_MAX) + 1);
        memset(p->body, 'x', pad < BODY_MAX ? pad : BODY_MAX);
        p->random = 88172645463325252U;
        p->tick_ms = clk_mono_us() / 1000;
    }
    connect_clients(p);
}

static int pause_ms(const struct pump_config *config)
{
    /* Waiting less than that would take a core from the daemon. */
    return config->rate_per_s > 0 || config->delay_max_ms > 0 ? 1 : 10;
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
        answer_due(p, now_us / 1000);
        n = epoll_wait(p->epoll, events, EVENTS_MAX, pause_ms(config));
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

uint64_t pump_refused_badly(const struct pump *p)
{
    return p->n_refused_badly;
}

uint64_t pump_calls(const struct pump *p)
{
    return p->n_calls;
}
