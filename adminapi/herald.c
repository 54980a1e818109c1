/* herald.c - see herald.h. */
#include "adminapi/herald.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/thread.h"

#define PACE_MS 20       /* Between two looks. */
#define PRESENCE_MS 1000 /* Between two looks at who has hung up. */

enum place_state { PLACE_FREE, PLACE_BUSY, PLACE_WAITING };

struct herald_place {
    _Atomic int state;
    struct herald_want want;
    uint64_t at;
    uint64_t until_ms;
    bool is_gone;
    bool is_wanted; /* The herald's: within one look. */
};

struct herald {
    struct feed *feed;
    pthread_t thread;
    bool has_thread;
    int poke; /* eventfd */
    _Atomic bool is_stopping;
    _Atomic bool is_quitting;
    /* Until when the thread sleeps; UINT64_MAX while it looks around, when it must be
     * poked for anything new. */
    atomic_uint_fast64_t sleeps_until_ms;
    uint64_t seen;       /* The feed's events before this were looked at. */
    uint64_t present_ms; /* When hang-ups were looked for. */
    uint32_t places_max;
    struct herald_place *places;
    struct herald_place **waiting; /* places_max; the herald's, of one look. */
    uint32_t n_waiting;
};

static void poke(struct herald *h)
{
    const uint64_t one = 1;

    if (write(h->poke, &one, sizeof(one)) < 0) {
        assert(errno == EAGAIN || errno == EINTR); /* Full: it is awake already. */
    }
}

/* ---- places: the doors' threads ---------------------------------------------- */

struct herald_place *herald_open(struct herald *h, const struct herald_want *want)
{
    for (uint32_t i = 0; i < h->places_max; i++) {
        struct herald_place *place = &h->places[i];
        int expected = PLACE_FREE;

        if (atomic_load_explicit(&place->state, memory_order_relaxed) == PLACE_FREE &&
            atomic_compare_exchange_strong(&place->state, &expected, PLACE_BUSY)) {
            place->want = *want;
            place->at = 0;
            place->is_gone = false;
            place->is_wanted = false;
            feed_join(h->feed);
            return place;
        }
    }
    return NULL;
}

void herald_close(struct herald *h, struct herald_place *place)
{
    assert(atomic_load(&place->state) == PLACE_BUSY);
    feed_leave(h->feed);
    atomic_store(&place->state, PLACE_FREE);
}

void herald_wait(struct herald *h, struct herald_place *place, uint64_t at,
                 uint64_t until_ms)
{
    place->at = at;
    place->until_ms = until_ms;
    atomic_store(&place->state, PLACE_WAITING); /* Not ours any more. */
    /* Either the herald's next look sees the place, or this sees what the herald has
     * not: news, the end, a sleep that is too long. All in one order (seq_cst). What is
     * put into the feed after that wakes the herald, which sees that the place was
     * there before. */
    if (feed_head(h->feed) != at || atomic_load(&h->is_quitting) ||
        until_ms < atomic_load(&h->sleeps_until_ms)) {
        poke(h);
    }
}

bool herald_is_gone(const struct herald_place *place)
{
    return place->is_gone;
}

uint64_t herald_seen(const struct herald_place *place)
{
    return place->at;
}

bool herald_is_quitting(const struct herald *h)
{
    return atomic_load(&h->is_quitting);
}

void herald_quit(struct herald *h)
{
    atomic_store(&h->is_quitting, true);
    poke(h);
}

/* ---- a look around: the herald -------------------------------------------------- */

/* A place that begins to wait later than this is looked at the next time: what it may
 * have missed has poked the herald, or will. */
static void list_waiting(struct herald *h)
{
    h->n_waiting = 0;
    for (uint32_t i = 0; i < h->places_max; i++) {
        struct herald_place *place = &h->places[i];

        if (atomic_load(&place->state) == PLACE_WAITING) {
            place->is_wanted = false;
            h->waiting[h->n_waiting++] = place;
        }
    }
}

/* Everybody whose place is before `next` and to whom the event (NULL: any) matters. */
static void tell(struct herald *h, const struct feed_event *event, uint64_t next)
{
    for (uint32_t i = 0; i < h->n_waiting; i++) {
        struct herald_place *place = h->waiting[i];

        if (!place->is_wanted && place->at < next) {
            place->is_wanted = event == NULL || feed_matches(place->want.filter, event);
        }
    }
}

/* Which of the waiting places what is new in the feed concerns. */
static void look_for_news(struct herald *h)
{
    const uint64_t head = feed_head(h->feed);
    struct feed_room room;
    struct feed_event event;

    tell(h, NULL, h->seen); /* They wait since before the last look: let them look. */
    while (h->seen != head) {
        if (feed_read(h->feed, &h->seen, &room, &event) != RING_RECORD) {
            h->seen = head;
            tell(h, NULL, head);
            return;
        }
        tell(h, &event, h->seen);
    }
}

/* The peer has closed its side; a stream's client has nothing more to say. */
static bool has_hung_up(const struct herald_place *place)
{
    char byte;

    return recv(place->want.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void look_for_hang_ups(struct herald *h, uint64_t now_ms)
{
    if (now_ms - h->present_ms < PRESENCE_MS) {
        return;
    }
    h->present_ms = now_ms;
    for (uint32_t i = 0; i < h->n_waiting; i++) {
        struct herald_place *place = h->waiting[i];

        place->is_gone = has_hung_up(place);
        place->is_wanted |= place->is_gone;
    }
}

static void wake(struct herald_place *place)
{
    const struct herald_want want = place->want;

    atomic_store(&place->state, PLACE_BUSY);
    want.wake(want.user); /* The door may be gone after this. */
}

/* Wakes whom it concerns. When the next look is due if nothing happens; UINT64_MAX:
 * never. */
static uint64_t look_around(struct herald *h, uint64_t now_ms)
{
    const bool is_quitting = atomic_load(&h->is_quitting);
    uint64_t until_ms = UINT64_MAX;

    list_waiting(h);
    look_for_news(h);
    look_for_hang_ups(h, now_ms);
    for (uint32_t i = 0; i < h->n_waiting; i++) {
        struct herald_place *place = h->waiting[i];

        if (is_quitting || place->is_wanted || place->until_ms <= now_ms) {
            wake(place);
            continue;
        }
        place->at = h->seen; /* Looked at for it: it need not look itself. */
        until_ms = place->until_ms < until_ms ? place->until_ms : until_ms;
        if (h->present_ms + PRESENCE_MS < until_ms) {
            until_ms = h->present_ms + PRESENCE_MS;
        }
    }
    return until_ms;
}

/* ---- thread ----------------------------------------------------------------------- */

static void empty(int fd)
{
    uint64_t count;

    if (read(fd, &count, sizeof(count)) < 0) {
        assert(errno == EAGAIN || errno == EINTR); /* Nothing in it. */
    }
}

static void sleep_until(struct herald *h, uint64_t until_ms, uint64_t now_ms)
{
    const bool is_idle = until_ms == UINT64_MAX;
    const uint64_t left_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    struct pollfd fds[] = {{.fd = h->poke, .events = POLLIN},
                           {.fd = feed_fd(h->feed), .events = POLLIN}};

    (void)poll(fds, 2, is_idle ? -1 : (int)left_ms); /* Woken early: looks again. */
    empty(fds[0].fd);
    empty(fds[1].fd);
}

static void *herald_run(void *user)
{
    const struct timespec pace = {.tv_nsec = (long)PACE_MS * 1000 * 1000};
    struct herald *h = user;

    thread_set_name("sagad-herald");
    while (!atomic_load(&h->is_stopping)) {
        uint64_t now_ms;
        uint64_t until_ms;

        atomic_store(&h->sleeps_until_ms, UINT64_MAX);
        now_ms = clk_mono_ms();
        until_ms = look_around(h, now_ms);
        atomic_store(&h->sleeps_until_ms, until_ms);
        sleep_until(h, until_ms, now_ms);
        (void)nanosleep(&pace, NULL); /* Cut short: looks once more. */
    }
    return NULL;
}

static void herald_destroy(struct herald *h)
{
    if (h->poke >= 0) {
        (void)close(h->poke);
    }
    free(h->waiting);
    free(h->places);
    free(h);
}

enum err herald_start(struct feed *feed, uint32_t places_max, struct herald **out,
                      struct err_info *info)
{
    struct herald *h = mem_alloc(sizeof(*h));
    enum err e;

    h->feed = feed;
    h->seen = feed_head(feed);
    h->places_max = places_max;
    h->places = mem_alloc(places_max * sizeof(h->places[0]));
    h->waiting = mem_alloc(places_max * sizeof(h->waiting[0]));
    h->poke = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (h->poke < 0) {
        e = err_set(info, ERR_IO, "cannot make an event descriptor: %s", strerror(errno));
        goto fail;
    }
    if (pthread_create(&h->thread, NULL, herald_run, h) != 0) {
        e = err_set(info, ERR_IO, "cannot start the API's herald thread");
        goto fail;
    }
    h->has_thread = true;
    *out = h;
    return ERR_OK;
fail:
    herald_destroy(h);
    return e;
}

void herald_stop(struct herald *h)
{
    if (h == NULL) {
        return;
    }
    if (h->has_thread) {
        atomic_store(&h->is_stopping, true);
        poke(h);
        (void)pthread_join(h->thread, NULL); /* Fails only for a thread that is not. */
    }
    herald_destroy(h);
}
