/* scripted_server.c - see scripted_server.h. */
#include "tests/support/scripted_server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define CONNECTIONS_MAX 128
#define SCRIPTS_MAX 64
#define REQUEST_MAX 65536
#define BIG_BYTES (2 * 1024 * 1024)
#define HALF_BIG_BYTES (300 * 1024)

struct script {
    const char *name;
    const char *bytes;
    size_t n; /* 0: strlen(bytes) */
    enum script_end end;
};

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

static const struct script built_in[] = {
    {"ok", OK_HEAD "Content-Length: 11\r\n\r\n{\"ok\":true}", 0, SCRIPT_KEEP},
    {"http500", "HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n", 0, SCRIPT_KEEP},
    {"http422", "HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n", 0, SCRIPT_KEEP},
    {"http204", "HTTP/1.1 204 No Content\r\n\r\n", 0, SCRIPT_KEEP},
    {"http999", "HTTP/1.1 999 What\r\nContent-Length: 0\r\n\r\n", 0, SCRIPT_KEEP},
    {"redirect", "HTTP/1.1 307 Elsewhere\r\nLocation: /ok\r\nContent-Length: 0\r\n\r\n",
     0, SCRIPT_KEEP},
    {"close_after_request", "", 0, SCRIPT_CLOSE},
    {"rst_after_request", "", 0, SCRIPT_RESET},
    {"close_all", "", 0, SCRIPT_SHUT_ALL},
    {"hang", "", 0, SCRIPT_HANG},
    {"hang_mid_body", OK_HEAD "Content-Length: 100\r\n\r\n{\"a\":", 0, SCRIPT_HANG},
    {"partial_body", OK_HEAD "Content-Length: 100\r\n\r\n{\"a\":", 0, SCRIPT_CLOSE},
    {"rst_mid_body", OK_HEAD "Content-Length: 100\r\n\r\n{\"a\":", 0, SCRIPT_RESET},
    {"chunk_cut", OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n", 0,
     SCRIPT_CLOSE},
    {"chunked",
     OK_HEAD "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n"
             "X-Trailer: late\r\n\r\n",
     0, SCRIPT_KEEP},
    {"header_cut", "HTTP/1.1 200 OK\r\nConte", 0, SCRIPT_CLOSE},
    {"header_cut_after_line", "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\n", 0,
     SCRIPT_CLOSE},
    {"status_cut", "HTTP/1.1 200", 0, SCRIPT_CLOSE},
    {"no_length_cut_json", OK_HEAD "\r\n{\"a\":", 0, SCRIPT_CLOSE},
    {"no_length", OK_HEAD "\r\n{\"a\":1}", 0, SCRIPT_CLOSE},
    {"two_lengths", OK_HEAD "Content-Length: 2\r\nContent-Length: 5\r\n\r\nhello", 0,
     SCRIPT_CLOSE},
    {"same_length_twice", OK_HEAD "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 0,
     SCRIPT_KEEP},
    {"length_and_coding",
     OK_HEAD
     "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
     0, SCRIPT_CLOSE},
    {"garbage", "\x01\x02garbage\r\n\r\n", 0, SCRIPT_CLOSE},
    {"http09", "just some text", 0, SCRIPT_CLOSE},
    {"interim_then_ok",
     "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" OK_HEAD
     "Content-Length: 2\r\n\r\n{}",
     0, SCRIPT_KEEP},
    {"interim_only", "HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n", 0, SCRIPT_CLOSE},
    {"retry_after", "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n",
     0, SCRIPT_KEEP},
    {"cookie", OK_HEAD "Set-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}", 0, SCRIPT_KEEP},
    {"headers", OK_HEAD "X-One: a\r\nx-one: b\"c\r\nETag:\r\nContent-Length: 2\r\n\r\n{}",
     0, SCRIPT_KEEP},
};

#define BUILT_IN (sizeof(built_in) / sizeof(built_in[0]))

struct scripted_server {
    pthread_t thread;
    unsigned port;
    int listener;             /* Server's thread; -1 once closed. */
    int wake[2];              /* A byte: 'q' stop, 'r' release. */
    int fds[CONNECTIONS_MAX]; /* Server's thread. */
    bool is_held[CONNECTIONS_MAX];
    size_t n_fds;

    pthread_mutex_t mutex; /* Guards what follows. */
    struct script added[SCRIPTS_MAX];
    size_t n_added;
    bool refuses_next;
    unsigned n_connections;
    unsigned n_requests;
    char last[REQUEST_MAX];
    char shown[REQUEST_MAX]; /* Copy handed to the test. */
};

/* ---- sending ------------------------------------------------------------------------
 */

static void send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

        if (sent <= 0) {
            return; /* The other side has had enough, which scripts provoke. */
        }
        bytes += sent;
        n -= (size_t)sent;
    }
}

static void send_big(int fd, size_t n)
{
    static char block[65536];

    memset(block, 'x', sizeof(block));
    (void)snprintf(block, sizeof(block), "%sContent-Length: %zu\r\n\r\n", OK_HEAD, n);
    send_all(fd, block, strlen(block));
    memset(block, 'x', sizeof(block));
    while (n > 0) {
        size_t now = n < sizeof(block) ? n : sizeof(block);

        send_all(fd, block, now);
        n -= now;
    }
}

static void close_with_reset(int fd)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};

    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    (void)close(fd);
}

/* ---- requests ------------------------------------------------------------------------
 */

static size_t body_length(const char *head)
{
    for (const char *at = strstr(head, "\r\n"); at != NULL; at = strstr(at + 2, "\r\n")) {
        if (strncasecmp(at + 2, "content-length:", 15) == 0) {
            return strtoul(at + 17, NULL, 10);
        }
    }
    return 0;
}

/* One whole request; false: the connection ended, or it is not HTTP (TLS). */
static bool read_request(int fd, char *out)
{
    size_t n = 0;

    for (;;) {
        ssize_t got = read(fd, out + n, REQUEST_MAX - 1 - n);
        char *end;

        if (got <= 0) {
            return false;
        }
        n += (size_t)got;
        out[n] = '\0';
        if (out[0] < 'A' || out[0] > 'Z') {
            return false;
        }
        end = strstr(out, "\r\n\r\n");
        if (end != NULL && n >= (size_t)(end + 4 - out) + body_length(out)) {
            return true;
        }
    }
}

/* The last part of the path: "POST /a/b?c HTTP/1.1" -> "b" */
static void read_name(const char *request, char *out, size_t room)
{
    const char *path = strchr(request, ' ') + 1;
    const char *end = path + strcspn(path, " ?");
    const char *at = end;

    while (at > path && at[-1] != '/') {
        at--;
    }
    (void)snprintf(out, room, "%.*s", (int)(end - at), at);
}

static const struct script *find(const struct scripted_server *s, const char *name)
{
    for (size_t i = 0; i < s->n_added; i++) {
        if (strcmp(s->added[i].name, name) == 0) {
            return &s->added[i];
        }
    }
    for (size_t i = 0; i < BUILT_IN; i++) {
        if (strcmp(built_in[i].name, name) == 0) {
            return &built_in[i];
        }
    }
    return &built_in[0]; /* Any other path is fine with it. */
}

static void drop(struct scripted_server *s, size_t i)
{
    s->n_fds--;
    s->fds[i] = s->fds[s->n_fds];
    s->is_held[i] = s->is_held[s->n_fds];
}

static void finish(struct scripted_server *s, size_t i, enum script_end end)
{
    int fd = s->fds[i];

    switch (end) {
    case SCRIPT_KEEP:
    case SCRIPT_HANG:
        return;
    case SCRIPT_CLOSE:
        (void)close(fd);
        break;
    case SCRIPT_RESET:
        close_with_reset(fd);
        break;
    case SCRIPT_SHUT_ALL:
        (void)close(s->listener);
        s->listener = -1;
        (void)close(fd);
        break;
    }
    drop(s, i);
}

static void serve(struct scripted_server *s, size_t i)
{
    static char request[REQUEST_MAX]; /* One server's thread at a time uses it. */
    char name[128];
    struct script script;

    if (!read_request(s->fds[i], request)) {
        finish(s, i, SCRIPT_CLOSE);
        return;
    }
    read_name(request, name, sizeof(name));
    (void)pthread_mutex_lock(&s->mutex);
    s->n_requests++;
    memcpy(s->last, request, strlen(request) + 1);
    script = *find(s, name);
    (void)pthread_mutex_unlock(&s->mutex);
    if (strcmp(name, "hold") == 0) {
        s->is_held[i] = true;
        return;
    }
    if (strcmp(name, "big") == 0) {
        send_big(s->fds[i], BIG_BYTES);
    } else if (strcmp(name, "half_big") == 0) {
        send_big(s->fds[i], HALF_BIG_BYTES);
    } else if (strncmp(request, "HEAD ", 5) == 0) {
        send_all(s->fds[i], OK_HEAD "Content-Length: 11\r\n\r\n",
                 strlen(OK_HEAD "Content-Length: 11\r\n\r\n"));
    } else {
        send_all(s->fds[i], script.bytes, script.n > 0 ? script.n : strlen(script.bytes));
    }
    finish(s, i, script.end);
}

/* ---- the thread
 * ------------------------------------------------------------------------ */

static void take_connection(struct scripted_server *s)
{
    int fd = accept(s->listener, NULL, NULL);
    bool is_refused;

    if (fd < 0) {
        return;
    }
    (void)pthread_mutex_lock(&s->mutex);
    s->n_connections++;
    is_refused = s->refuses_next;
    s->refuses_next = false;
    (void)pthread_mutex_unlock(&s->mutex);
    if (is_refused || s->n_fds == CONNECTIONS_MAX) {
        (void)close(fd);
        return;
    }
    s->fds[s->n_fds] = fd;
    s->is_held[s->n_fds] = false;
    s->n_fds++;
}

static void answer_held(struct scripted_server *s)
{
    for (size_t i = 0; i < s->n_fds; i++) {
        if (s->is_held[i]) {
            s->is_held[i] = false;
            send_all(s->fds[i], built_in[0].bytes, strlen(built_in[0].bytes));
        }
    }
}

static void *run(void *user)
{
    struct scripted_server *s = user;
    struct pollfd polls[CONNECTIONS_MAX + 2];

    for (;;) {
        size_t n = s->n_fds;
        char what = '\0';

        polls[0] = (struct pollfd){.fd = s->wake[0], .events = POLLIN};
        polls[1] = (struct pollfd){.fd = s->listener, .events = POLLIN};
        for (size_t i = 0; i < n; i++) {
            polls[i + 2] = (struct pollfd){.fd = s->fds[i], .events = POLLIN};
        }
        (void)poll(polls, n + 2, -1);
        for (size_t i = n; i > 0; i--) { /* Downwards: serve() may move the last here. */
            if (polls[i + 1].revents != 0) {
                serve(s, i - 1);
            }
        }
        if (polls[1].revents != 0 && s->listener >= 0) {
            take_connection(s);
        }
        if (polls[0].revents != 0 && read(s->wake[0], &what, 1) == 1) {
            if (what == 'q') {
                return NULL;
            }
            answer_held(s);
        }
    }
}

struct scripted_server *scripted_server_start(void)
{
    struct scripted_server *s = mem_alloc(sizeof(*s));
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof(at);
    int result;

    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    result = bind(s->listener, (struct sockaddr *)&at, sizeof(at));
    assert(result == 0);
    result = listen(s->listener, 64);
    assert(result == 0);
    result = getsockname(s->listener, (struct sockaddr *)&at, &n);
    assert(result == 0);
    s->port = ntohs(at.sin_port);
    result = pipe(s->wake);
    assert(result == 0);
    result = pthread_mutex_init(&s->mutex, NULL);
    assert(result == 0);
    result = pthread_create(&s->thread, NULL, run, s);
    assert(result == 0);
    return s;
}

static void tell(struct scripted_server *s, char what)
{
    ssize_t n = write(s->wake[1], &what, 1);

    assert(n == 1);
}

void scripted_server_stop(struct scripted_server *s)
{
    tell(s, 'q');
    (void)pthread_join(s->thread, NULL);
    for (size_t i = 0; i < s->n_fds; i++) {
        (void)close(s->fds[i]);
    }
    if (s->listener >= 0) {
        (void)close(s->listener);
    }
    (void)close(s->wake[0]);
    (void)close(s->wake[1]);
    for (size_t i = 0; i < s->n_added; i++) {
        free((void *)(uintptr_t)s->added[i].name);
        free((void *)(uintptr_t)s->added[i].bytes);
    }
    (void)pthread_mutex_destroy(&s->mutex);
    free(s);
}

/* ---- the test's side
 * --------------------------------------------------------------------- */

unsigned scripted_server_port(const struct scripted_server *s)
{
    return s->port;
}

void scripted_server_add(struct scripted_server *s, const char *name, const char *bytes,
                         size_t n, enum script_end end)
{
    (void)pthread_mutex_lock(&s->mutex);
    assert(s->n_added < SCRIPTS_MAX);
    s->added[s->n_added++] = (struct script){
        .name = mem_text(name), .bytes = mem_copy(bytes, n), .n = n, .end = end};
    (void)pthread_mutex_unlock(&s->mutex);
}

void scripted_server_refuse_next(struct scripted_server *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    s->refuses_next = true;
    (void)pthread_mutex_unlock(&s->mutex);
}

void scripted_server_release(struct scripted_server *s)
{
    tell(s, 'r');
}

unsigned scripted_server_connections(struct scripted_server *s)
{
    unsigned n;

    (void)pthread_mutex_lock(&s->mutex);
    n = s->n_connections;
    (void)pthread_mutex_unlock(&s->mutex);
    return n;
}

unsigned scripted_server_requests(struct scripted_server *s)
{
    unsigned n;

    (void)pthread_mutex_lock(&s->mutex);
    n = s->n_requests;
    (void)pthread_mutex_unlock(&s->mutex);
    return n;
}

const char *scripted_server_last_request(struct scripted_server *s)
{
    (void)pthread_mutex_lock(&s->mutex);
    memcpy(s->shown, s->last, sizeof(s->shown));
    (void)pthread_mutex_unlock(&s->mutex);
    return s->shown;
}
