/* sweep.c - see sweep.h. */
#include "adminapi/sweep.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/queue.h"
#include "base/thread.h"

#define TICK_MS 1000
#define LINGERERS_MAX 64
#define LINGER_MS 3000
#define LINGER_BYTES (8 * 1024 * 1024)

enum place_state { PLACE_FREE, PLACE_OPEN, PLACE_CUTTING };

struct sweep_place {
    _Atomic int state;
    _Atomic int phase;
    _Atomic uint32_t moves; /* Raised by each sweep_move. */
    int fd;

    /* The sweeper's: as it saw the place last. */
    uint32_t seen_moves;
    bool has_begun;    /* Bytes of the next request have come. */
    uint64_t bytes;    /* Received by then. */
    uint64_t since_ms; /* Monotonic. */
};

struct lingerer {
    int fd; /* Ours: a duplicate. */
    uint64_t until_ms;
    size_t n_bytes;
};

struct sweep {
    pthread_t thread;
    bool has_thread;
    int wake[2]; /* A pipe. */
    _Atomic bool is_stopping;
    _Atomic uint32_t n_open;
    struct queue *lingerers;              /* Of struct lingerer, moved to the sweeper. */
    struct lingerer *held[LINGERERS_MAX]; /* The sweeper's. */
    size_t n_held;
    uint32_t places_max;
    struct sweep_place *places;
};

static void wake_up(void *user)
{
    struct sweep *s = user;

    /* A full pipe has woken it already. */
    if (write(s->wake[1], "w", 1) < 0) {
        assert(errno == EAGAIN || errno == EINTR);
    }
}

/* ---- places: the daemons' threads ------------------------------------------- */

struct sweep_place *sweep_open(struct sweep *s, int fd)
{
    for (uint32_t i = 0; i < s->places_max; i++) {
        struct sweep_place *place = &s->places[i];
        int expected = PLACE_FREE;

        if (atomic_load_explicit(&place->state, memory_order_relaxed) != PLACE_FREE ||
            !atomic_compare_exchange_strong(&place->state, &expected, PLACE_CUTTING)) {
            continue;
        }
        place->fd = fd;
        atomic_store(&place->phase, SWEEP_HEADERS);
        atomic_fetch_add(&place->moves, 1);
        atomic_store(&place->state, PLACE_OPEN);
        if (atomic_fetch_add(&s->n_open, 1) == 0) {
            wake_up(s);
        }
        return place;
    }
    return NULL;
}

void sweep_move(struct sweep_place *place, enum sweep_phase phase)
{
    atomic_store_explicit(&place->phase, (int)phase, memory_order_relaxed);
    atomic_fetch_add_explicit(&place->moves, 1, memory_order_release);
}

void sweep_close(struct sweep *s, struct sweep_place *place)
{
    int expected = PLACE_OPEN;

    /* The sweeper holds it for the time of one system call. */
    while (!atomic_compare_exchange_weak(&place->state, &expected, PLACE_FREE)) {
        assert(expected != PLACE_FREE);
        expected = PLACE_OPEN;
        (void)sched_yield();
    }
    atomic_fetch_sub(&s->n_open, 1);
}

void sweep_linger(struct sweep *s, const struct sweep_place *place)
{
    const int fd = fcntl(place->fd, F_DUPFD_CLOEXEC, 3);
    struct lingerer *l;

    if (fd < 0) {
        return; /* Out of descriptors: the peer may miss the refusal. */
    }
    l = mem_alloc(sizeof(*l));
    *l = (struct lingerer){.fd = fd, .until_ms = clk_mono_ms() + LINGER_MS};
    if (queue_push(s->lingerers, l) != ERR_OK) {
        (void)close(fd);
        free(l);
    }
}

/* ---- deadlines: the sweeper --------------------------------------------------- */

static uint64_t bytes_received(int fd)
{
    struct tcp_info info;
    socklen_t n = sizeof(info);

    memset(&info, 0, sizeof(info));
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &n) != 0) {
        return 0;
    }
    return info.tcpi_bytes_received;
}

/* True when the place has overstayed. It is held (PLACE_CUTTING): fd is good. */
static bool is_overdue(struct sweep_place *place, uint64_t now_ms)
{
    const uint32_t moves = atomic_load_explicit(&place->moves, memory_order_acquire);
    const enum sweep_phase phase =
        (enum sweep_phase)atomic_load_explicit(&place->phase, memory_order_relaxed);

    if (moves != place->seen_moves) {
        place->seen_moves = moves;
        place->since_ms = now_ms;
        place->has_begun = false;
        place->bytes = phase == SWEEP_HEADERS ? bytes_received(place->fd) : 0;
        return false;
    }
    switch (phase) {
    case SWEEP_WORK:
        return false;
    case SWEEP_BODY:
        return now_ms - place->since_ms >= LIMIT_BODY_MS;
    case SWEEP_HEADERS:
        if (!place->has_begun && bytes_received(place->fd) != place->bytes) {
            place->has_begun = true;
            place->since_ms = now_ms;
        }
        return place->has_begun && now_ms - place->since_ms >= LIMIT_HEADERS_MS;
    }
    return false;
}

static void look_at(struct sweep_place *place, uint64_t now_ms)
{
    int expected = PLACE_OPEN;

    if (atomic_load_explicit(&place->state, memory_order_relaxed) != PLACE_OPEN ||
        !atomic_compare_exchange_strong(&place->state, &expected, PLACE_CUTTING)) {
        return;
    }
    if (is_overdue(place, now_ms)) {
        (void)shutdown(place->fd, SHUT_RDWR); /* Closed by the peer already: fine. */
    }
    atomic_store(&place->state, PLACE_OPEN);
}

static void look_at_all(struct sweep *s, uint64_t now_ms)
{
    for (uint32_t i = 0; i < s->places_max; i++) {
        look_at(&s->places[i], now_ms);
    }
}

/* ---- lingering: the sweeper --------------------------------------------------- */

static void take_lingerers(struct sweep *s)
{
    void *item;

    while (s->n_held < LINGERERS_MAX && queue_take(s->lingerers, &item, 1) == 1) {
        s->held[s->n_held++] = item;
    }
}

/* False: there is nothing more to wait for. */
static bool drain(struct lingerer *l)
{
    char scratch[16384];
    ssize_t n;

    do {
        n = recv(l->fd, scratch, sizeof(scratch), MSG_DONTWAIT);
        l->n_bytes += n > 0 ? (size_t)n : 0;
    } while (n > 0 && l->n_bytes < LINGER_BYTES);
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

static void drain_all(struct sweep *s, uint64_t now_ms)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->n_held; i++) {
        struct lingerer *l = s->held[i];

        if (now_ms < l->until_ms && drain(l)) {
            s->held[kept++] = l;
            continue;
        }
        (void)close(l->fd);
        free(l);
    }
    s->n_held = kept;
}

/* ---- thread --------------------------------------------------------------------- */

static void sleep_until_woken(struct sweep *s)
{
    struct pollfd fds[LINGERERS_MAX + 1];
    const bool is_idle = s->n_held == 0 && atomic_load(&s->n_open) == 0;
    char scratch[64];

    fds[0] = (struct pollfd){.fd = s->wake[0], .events = POLLIN};
    for (size_t i = 0; i < s->n_held; i++) {
        fds[i + 1] = (struct pollfd){.fd = s->held[i]->fd, .events = POLLIN};
    }
    if (poll(fds, (nfds_t)(s->n_held + 1), is_idle ? -1 : TICK_MS) <= 0) {
        return;
    }
    if (fds[0].revents != 0) {
        while (read(s->wake[0], scratch, sizeof(scratch)) > 0) {
        }
    }
}

static void *sweep_run(void *user)
{
    struct sweep *s = user;
    uint64_t looked_ms = 0;

    thread_set_name("sagad-sweep");
    while (!atomic_load(&s->is_stopping)) {
        uint64_t now_ms;

        sleep_until_woken(s);
        now_ms = clk_mono_ms();
        take_lingerers(s);
        drain_all(s, now_ms);
        if (now_ms - looked_ms >= TICK_MS) {
            look_at_all(s, now_ms);
            looked_ms = now_ms;
        }
    }
    take_lingerers(s);
    drain_all(s, UINT64_MAX);
    return NULL;
}

static void sweep_destroy(struct sweep *s)
{
    for (size_t i = 0; i < 2; i++) {
        if (s->wake[i] >= 0) {
            (void)close(s->wake[i]);
        }
    }
    queue_destroy(s->lingerers);
    free(s->places);
    free(s);
}

static enum err open_pipe(int ends[2], struct err_info *info)
{
    if (pipe(ends) != 0) {
        return err_set(info, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    }
    for (size_t i = 0; i < 2; i++) {
        if (fcntl(ends[i], F_SETFD, FD_CLOEXEC) != 0 ||
            fcntl(ends[i], F_SETFL, O_NONBLOCK) != 0) {
            return err_set(info, ERR_IO, "cannot set up a pipe: %s", strerror(errno));
        }
    }
    return ERR_OK;
}

enum err sweep_start(uint32_t places_max, struct sweep **out, struct err_info *info)
{
    struct sweep *s = mem_alloc(sizeof(*s));
    enum err e;

    s->wake[0] = -1;
    s->wake[1] = -1;
    s->places_max = places_max;
    s->places = mem_alloc(places_max * sizeof(s->places[0]));
    e = open_pipe(s->wake, info);
    if (e != ERR_OK) {
        goto fail;
    }
    s->lingerers = queue_create(LINGERERS_MAX, wake_up, s);
    if (pthread_create(&s->thread, NULL, sweep_run, s) != 0) {
        e = err_set(info, ERR_IO, "cannot start the API's sweeper thread");
        goto fail;
    }
    s->has_thread = true;
    *out = s;
    return ERR_OK;
fail:
    sweep_destroy(s);
    return e;
}

void sweep_stop(struct sweep *s)
{
    if (s == NULL) {
        return;
    }
    if (s->has_thread) {
        atomic_store(&s->is_stopping, true);
        wake_up(s);
        (void)pthread_join(s->thread, NULL); /* Fails only for a thread that is not. */
    }
    sweep_destroy(s);
}
