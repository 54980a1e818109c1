/*
 * calls_bench - what one HTTP call costs the engine's thread.
 *
 *     calls_bench [in_flight [calls]]       (64 and 200,000 by default)
 *
 * A forked sink on loopback answers {"ok":true} to everything; the parent keeps so
 * many calls in flight through engine/calls and prints its own CPU time per call. Not a
 * test: it asserts no time.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clk.h"
#include "engine/calls/calls.h"

#define SINK_EVENTS 256

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             "Content-Length: 11\r\n\r\n{\"ok\":true}";

/* ---- the sink ------------------------------------------------------------------------
 */

static int listen_anywhere(unsigned *port_out)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int result;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    result = bind(fd, (struct sockaddr *)&at, sizeof(at));
    assert(result == 0);
    result = listen(fd, 4096);
    assert(result == 0);
    result = getsockname(fd, (struct sockaddr *)&at, &n);
    assert(result == 0);
    *port_out = ntohs(at.sin_port);
    return fd;
}

static void watch(int epoll_fd, int fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data = {.fd = fd}};
    int result = epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev);

    assert(result == 0);
}

/* A request of the bench is small and has a body that ends in '}': one read, one answer.
 */
static void serve(int fd)
{
    char bytes[4096];
    ssize_t n = read(fd, bytes, sizeof(bytes));

    if (n <= 0) {
        (void)close(fd);
        return;
    }
    n = send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
    assert(n == (ssize_t)sizeof(answer) - 1);
}

static void run_sink(int listener)
{
    struct epoll_event events[SINK_EVENTS];
    int epoll_fd = epoll_create1(0);

    watch(epoll_fd, listener);
    for (;;) {
        int n = epoll_wait(epoll_fd, events, SINK_EVENTS, -1);

        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            int on = 1;

            if (fd != listener) {
                serve(fd);
                continue;
            }
            fd = accept(listener, NULL, NULL);
            (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
            watch(epoll_fd, fd);
        }
    }
}

/* ---- the caller
 * ------------------------------------------------------------------------ */

struct bench {
    struct calls *calls;
    struct service *service;
    uint64_t n_sent;
    uint64_t n_ended;
    uint64_t n_bad;
    uint64_t n_wanted;
};

static void send_one(struct bench *b)
{
    static const struct service_header headers[] = {
        {"Idempotency-Key", "\"0192f0c1-7b1e-7c44-9e55-000000000001.payment.action\""},
        {"Saga-Id", "0192f0c1-7b1e-7c44-9e55-000000000001"},
        {"Saga-Step", "payment"},
        {"Saga-Operation", "action"},
        {"Saga-Attempt", "1"},
        {"Saga-Deadline", "1764000000000"},
        {"Saga-Definition", "order@1"},
        {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
    };
    static const char body[] =
        "{\"orderId\":\"o-1\",\"customer\":\"c-1\",\"amount\":19.99}";
    const struct call_request r = {
        .name = {.saga = b->n_sent, .turn = 1, .attempt = 1, .item = SAGA_NO_ITEM},
        .service = b->service,
        .method = "POST",
        .url = "/payments",
        .headers = headers,
        .n_headers = sizeof(headers) / sizeof(headers[0]),
        .body = body,
        .body_n = sizeof(body) - 1,
        .timeout_ms = 30000,
    };

    b->n_sent++;
    calls_send(b->calls, &r);
}

static void ended(void *user, const struct call_answer *a)
{
    struct bench *b = user;

    b->n_ended++;
    b->n_bad += a->facts.status == 200 && a->body_n == 11 ? 0 : 1;
    if (b->n_sent < b->n_wanted) {
        send_one(b);
    }
}

/* User and system time of this process, which has one thread. */
static uint64_t cpu_us(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u); /* Cannot fail. */
    return (uint64_t)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000U +
           (uint64_t)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void run(struct bench *b, unsigned in_flight)
{
    b->n_sent = 0;
    b->n_ended = 0;
    for (unsigned i = 0; i < in_flight && b->n_sent < b->n_wanted; i++) {
        send_one(b);
    }
    while (b->n_ended < b->n_wanted) {
        calls_wait(b->calls, 1000);
        calls_run(b->calls, ended, b);
    }
}

static void measure(unsigned port, unsigned in_flight, uint64_t n)
{
    char url[64];
    struct bench b = {.n_wanted = in_flight * 4};
    struct services *services = services_create(in_flight);
    struct egress *egress = NULL;
    const struct service_config config = {.name = "sink", .url = url};
    struct calls_config calls_config = {.user_agent = "sagad/bench",
                                        .calls_max = in_flight};
    uint64_t wall_us;
    uint64_t cpu;
    enum err err = egress_create(NULL, 0, &egress, NULL);

    assert(err == ERR_OK);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
    services_put(services, &config);
    b.service = services_find(services, "sink");
    calls_config.egress = egress;
    err = calls_create(&calls_config, &b.calls, NULL);
    assert(err == ERR_OK);
    run(&b, in_flight); /* Connections are made here. */
    b.n_wanted = n;
    wall_us = clk_mono_us();
    cpu = cpu_us();
    run(&b, in_flight);
    cpu = cpu_us() - cpu;
    wall_us = clk_mono_us() - wall_us;
    (void)printf("%u in flight: %.1f us CPU per call, %.0f calls/s, %llu of %llu bad\n",
                 in_flight, (double)cpu / (double)n, (double)n * 1e6 / (double)wall_us,
                 (unsigned long long)b.n_bad, (unsigned long long)n);
    calls_destroy(b.calls);
    services_destroy(services);
    egress_destroy(egress);
}

static unsigned long argument(int argc, char **argv, int i, unsigned long otherwise)
{
    return argc > i ? strtoul(argv[i], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    unsigned port;
    int listener = listen_anywhere(&port);
    struct rlimit files;
    pid_t sink;

    (void)getrlimit(RLIMIT_NOFILE, &files); /* As many sockets as the system lets us. */
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    sink = fork();
    if (sink == 0) {
        run_sink(listener);
    }
    (void)close(listener);
    measure(port, (unsigned)argument(argc, argv, 1, 64), argument(argc, argv, 2, 200000));
    (void)kill(sink, SIGKILL);
    (void)waitpid(sink, NULL, 0);
    return 0;
}
