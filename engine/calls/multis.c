/* multis.c - see multis.h. */
#include "engine/calls/multis.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"

#define EVENTS_MAX 256 /* Taken from the kernel at once; the rest comes next time. */
#define NEVER UINT64_MAX

/* MAXCONNECTS: open connections a handle keeps. Fewer than the calls in flight and each
 * ending call would close one (68 instead of 16 us a call, performance.md). */
#define KEPT_CONNECTIONS (MULTIS_CALLS_EACH + MULTIS_CALLS_EACH / 4)

struct multi {
    struct multis *all;
    CURLM *handle;
    unsigned n;           /* Transfers in it. */
    uint64_t timer_at_us; /* Monotonic; 0 now, NEVER none. */
};

struct watch { /* Of one file descriptor; the index is its number. */
    struct multi *multi;
    uint32_t wanted;     /* What curl waits for: EPOLLIN, EPOLLOUT. */
    uint32_t registered; /* What epoll was told; 0: not at all. */
    bool is_ours;        /* Opened by multis_open_socket(): its closing will be seen. */
};

struct multis {
    multis_ended ended;
    void *user;
    int epoll_fd;
    int wake_fd;
    atomic_bool is_woken; /* wake_fd was written and not read yet. Any thread. */
    unsigned n_in_flight;
    unsigned n_multis;
    struct multi multis[MULTIS_MAX];
    size_t n_watches;
    struct watch *watches;
    int n_events; /* Taken by multis_wait(), not yet looked at. */
    struct epoll_event events[EVENTS_MAX];
};

/* ---- epoll --------------------------------------------------------------------------
 */

static struct watch *watch_of(struct multis *m, int fd)
{
    size_t at = (size_t)fd;

    assert(fd >= 0);
    if (at >= m->n_watches) {
        size_t n = m->n_watches > 0 ? m->n_watches : 64;

        while (n <= at) {
            n *= 2;
        }
        m->watches = mem_grow(m->watches, n * sizeof(m->watches[0]));
        memset(&m->watches[m->n_watches], 0, (n - m->n_watches) * sizeof(m->watches[0]));
        m->n_watches = n;
    }
    return &m->watches[at];
}

/* Tell the kernel. A descriptor that was closed behind our back is not an error: the
 * kernel has forgotten it, and so do we. */
static void tell(struct multis *m, int fd, uint32_t events)
{
    struct watch *w = watch_of(m, fd);
    struct epoll_event ev = {.events = events, .data = {.fd = fd}};
    int op = events == 0          ? EPOLL_CTL_DEL
             : w->registered != 0 ? EPOLL_CTL_MOD
                                  : EPOLL_CTL_ADD;

    if (epoll_ctl(m->epoll_fd, op, fd, &ev) != 0) {
        if (op == EPOLL_CTL_MOD && errno == ENOENT) {
            (void)epoll_ctl(m->epoll_fd, EPOLL_CTL_ADD, fd, &ev);
        } else if (op == EPOLL_CTL_ADD && errno == EEXIST) {
            (void)epoll_ctl(m->epoll_fd, EPOLL_CTL_MOD, fd, &ev);
        }
    }
    w->registered = events;
}

/* CURLMOPT_SOCKETFUNCTION: what curl waits for on a socket has changed. */
static int socket_changed(CURL *easy, curl_socket_t fd, int what, void *user,
                          void *socket_user)
{
    struct multi *multi = user;
    struct multis *m = multi->all;
    struct watch *w = watch_of(m, fd);

    (void)easy;
    (void)socket_user;
    w->multi = multi;
    w->wanted = 0;
    if (what == CURL_POLL_IN || what == CURL_POLL_INOUT) {
        w->wanted |= EPOLLIN;
    }
    if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT) {
        w->wanted |= EPOLLOUT;
    }
    /* An idle connection of ours stays registered for EPOLLIN: the next call on it will
     * want just that, and if the peer closes it, take_event() takes it out. */
    if (w->wanted == w->registered ||
        (w->wanted == 0 && w->is_ours && w->registered == EPOLLIN)) {
        return 0;
    }
    if (w->wanted != 0 || w->registered != 0) {
        tell(m, fd, w->wanted);
    }
    return 0;
}

curl_socket_t multis_open_socket(struct multis *m, const struct curl_sockaddr *address)
{
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

    if (fd < 0) {
        return CURL_SOCKET_BAD;
    }
    *watch_of(m, fd) = (struct watch){.is_ours = true};
    return fd;
}

int multis_close_socket(struct multis *m, curl_socket_t fd)
{
    *watch_of(m, fd) = (struct watch){0}; /* close() takes it out of the epoll. */
    return close(fd);
}

/* ---- driving ------------------------------------------------------------------------
 */

/* CURLMOPT_TIMERFUNCTION */
static int timer_changed(CURLM *handle, long timeout_ms, void *user)
{
    struct multi *multi = user;

    (void)handle;
    if (timeout_ms < 0) {
        multi->timer_at_us = NEVER;
    } else if (timeout_ms == 0) {
        multi->timer_at_us = 0;
    } else {
        multi->timer_at_us = clk_mono_us() + (uint64_t)timeout_ms * 1000U;
    }
    return 0;
}

static void act(struct multi *multi, curl_socket_t fd, int what)
{
    int n_running;
    int n_left;
    CURLMcode result = curl_multi_socket_action(multi->handle, fd, what, &n_running);
    CURLMsg *message;

    assert(result == CURLM_OK); /* Others mean that we misuse it. */
    while ((message = curl_multi_info_read(multi->handle, &n_left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            multi->all->ended(multi->all->user, message->easy_handle,
                              message->data.result);
        }
    }
}

void multis_run_timers(struct multis *m)
{
    uint64_t now_us = 0; /* Read only when some timer is not due at once. */

    for (unsigned i = 0; i < m->n_multis; i++) {
        struct multi *multi = &m->multis[i];

        if (multi->timer_at_us == NEVER) {
            continue;
        }
        if (multi->timer_at_us > 0 && now_us == 0) {
            now_us = clk_mono_us();
        }
        if (multi->timer_at_us <= now_us) {
            multi->timer_at_us = NEVER; /* curl sets the next one. */
            act(multi, CURL_SOCKET_TIMEOUT, 0);
        }
    }
}

static void drain_wake(struct multis *m)
{
    uint64_t count;
    ssize_t n = read(m->wake_fd, &count, sizeof(count));

    (void)n; /* EAGAIN: somebody was quicker; there is nothing to lose. */
    /* Read first: who wakes us from here on writes again. What was brought before is
     * seen by whoever looks for it after this. */
    (void)atomic_exchange(&m->is_woken, false);
}

static void take_event(struct multis *m, const struct epoll_event *event)
{
    int fd = event->data.fd;
    struct watch *w = watch_of(m, fd);
    int what = 0;

    if (fd == m->wake_fd) {
        drain_wake(m);
        return;
    }
    if (w->wanted == 0) { /* An idle connection; curl will see by itself that it ended. */
        if (w->registered != 0) {
            tell(m, fd, 0);
        }
        return;
    }
    what |= (event->events & EPOLLIN) != 0 ? CURL_CSELECT_IN : 0;
    what |= (event->events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0;
    what |= (event->events & (EPOLLERR | EPOLLHUP)) != 0 ? CURL_CSELECT_ERR : 0;
    act(w->multi, fd, what);
}

static void take_in(struct multis *m, int timeout_ms)
{
    int n = epoll_wait(m->epoll_fd, m->events, EVENTS_MAX, timeout_ms);

    assert(n >= 0 || errno == EINTR);
    m->n_events = n > 0 ? n : 0;
}

void multis_run(struct multis *m)
{
    int n;

    multis_run_timers(m);
    if (m->n_events == 0) {
        take_in(m, 0);
    }
    n = m->n_events;
    m->n_events = 0;
    for (int i = 0; i < n; i++) {
        take_event(m, &m->events[i]);
    }
}

/* Milliseconds until the earliest timer, rounded up: woken too early, curl would only
 * ask again. */
static int until_timer_ms(const struct multis *m, int timeout_ms)
{
    uint64_t earliest_us = NEVER;
    uint64_t now_us;
    uint64_t left_ms;

    for (unsigned i = 0; i < m->n_multis; i++) {
        if (m->multis[i].timer_at_us < earliest_us) {
            earliest_us = m->multis[i].timer_at_us;
        }
    }
    if (earliest_us == NEVER || earliest_us == 0 || timeout_ms == 0) {
        return earliest_us == 0 ? 0 : timeout_ms;
    }
    now_us = clk_mono_us();
    if (earliest_us <= now_us) {
        return 0;
    }
    left_ms = (earliest_us - now_us + 999) / 1000;
    if (timeout_ms >= 0 && left_ms > (uint64_t)timeout_ms) {
        return timeout_ms;
    }
    return left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

void multis_wait(struct multis *m, int timeout_ms)
{
    int wait_ms = m->n_events > 0 ? 0 : until_timer_ms(m, timeout_ms);

    if (wait_ms != 0) {
        take_in(m, wait_ms);
    }
}

void multis_wake(struct multis *m)
{
    const uint64_t one = 1;
    ssize_t n;

    if (atomic_exchange(&m->is_woken, true)) {
        return; /* Somebody did, and it was not seen yet: under load, most of the time. */
    }
    n = write(m->wake_fd, &one, sizeof(one));
    (void)n; /* EAGAIN: 2^64 - 2 wakes are pending, which is a wake. */
}

/* ---- transfers ----------------------------------------------------------------------
 */

static bool open_multi(struct multis *m)
{
    struct multi *multi = &m->multis[m->n_multis];
    CURLM *handle = curl_multi_init();

    if (handle == NULL) {
        return false;
    }
    *multi = (struct multi){.all = m, .handle = handle, .timer_at_us = NEVER};
    if (curl_multi_setopt(handle, CURLMOPT_SOCKETFUNCTION, socket_changed) != CURLM_OK ||
        curl_multi_setopt(handle, CURLMOPT_SOCKETDATA, multi) != CURLM_OK ||
        curl_multi_setopt(handle, CURLMOPT_TIMERFUNCTION, timer_changed) != CURLM_OK ||
        curl_multi_setopt(handle, CURLMOPT_TIMERDATA, multi) != CURLM_OK ||
        curl_multi_setopt(handle, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING) !=
            CURLM_OK ||
        curl_multi_setopt(handle, CURLMOPT_MAXCONNECTS, (long)KEPT_CONNECTIONS) !=
            CURLM_OK) {
        curl_multi_cleanup(handle);
        return false;
    }
    m->n_multis++;
    return true;
}

/* Among as many handles as the load needs, the one with the fewest. At low load that is
 * always the first, where the warm connections are. */
static struct multi *pick(struct multis *m)
{
    unsigned n_needed = m->n_in_flight / MULTIS_CALLS_EACH + 1;
    struct multi *best;

    if (n_needed > MULTIS_MAX) {
        n_needed = MULTIS_MAX;
    }
    if (n_needed > m->n_multis && !open_multi(m)) {
        n_needed = m->n_multis; /* The first was opened at creation. */
    }
    best = &m->multis[0];
    for (unsigned i = 1; i < n_needed; i++) {
        if (m->multis[i].n < best->n) {
            best = &m->multis[i];
        }
    }
    return best;
}

bool multis_add(struct multis *m, CURL *easy, unsigned *index_out)
{
    struct multi *multi = pick(m);

    if (curl_multi_add_handle(multi->handle, easy) != CURLM_OK) {
        return false;
    }
    multi->n++;
    m->n_in_flight++;
    *index_out = (unsigned)(multi - m->multis);
    return true;
}

void multis_remove(struct multis *m, CURL *easy, unsigned index)
{
    struct multi *multi = &m->multis[index];
    CURLMcode result = curl_multi_remove_handle(multi->handle, easy);

    assert(result == CURLM_OK);
    multi->n--;
    m->n_in_flight--;
}

/* ---- lifetime ------------------------------------------------------------------------
 */

enum err multis_create(multis_ended ended, void *user, struct multis **out,
                       struct err_info *info)
{
    struct multis *m = mem_alloc(sizeof(*m));
    bool is_open;

    m->ended = ended;
    m->user = user;
    m->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    m->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    is_open = m->epoll_fd >= 0 && m->wake_fd >= 0 && open_multi(m);
    if (!is_open) {
        multis_destroy(m);
        return err_set(info, ERR_IO, "cannot set up outgoing calls: %s", strerror(errno));
    }
    tell(m, m->wake_fd, EPOLLIN);
    *out = m;
    return ERR_OK;
}

void multis_destroy(struct multis *m)
{
    if (m == NULL) {
        return;
    }
    for (unsigned i = 0; i < m->n_multis; i++) {
        (void)curl_multi_cleanup(m->multis[i].handle); /* Closes kept connections. */
    }
    if (m->wake_fd >= 0) {
        (void)close(m->wake_fd);
    }
    if (m->epoll_fd >= 0) {
        (void)close(m->epoll_fd);
    }
    free(m->watches);
    free(m);
}
