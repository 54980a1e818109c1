/* feed.c - see feed.h. */
#include "engine/run/feed.h"

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/varint.h"

struct feed {
    struct ring *ring;
    int fd; /* eventfd */
    atomic_uint n_listeners;
    uint8_t scratch[RING_RECORD_MAX]; /* The engine thread's. */
};

enum err feed_create(struct feed **out, struct err_info *info)
{
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct feed *f;

    if (fd < 0) {
        return err_set(info, ERR_IO, "cannot make an event descriptor: %s",
                       strerror(errno));
    }
    f = mem_alloc(sizeof(*f));
    f->fd = fd;
    /* Microseconds: fewer words are written than microseconds pass. */
    f->ring = ring_create(LIMIT_FEED_BYTES, clk_wall_ms() * 1000);
    *out = f;
    return ERR_OK;
}

void feed_destroy(struct feed *f)
{
    if (f == NULL) {
        return;
    }
    (void)close(f->fd);
    ring_destroy(f->ring);
    free(f);
}

/* ---- a record ---------------------------------------------------------------------- */

/* A length, which is 0 for no text, the bytes and a NUL. */
static void put_text(struct varint_out *o, const char *text)
{
    if (text == NULL) {
        varint_put(o, 0);
    } else {
        varint_put_bytes(o, text, strlen(text) + 1);
    }
}

static const char *next_text(struct varint_in *in)
{
    size_t n;
    const uint8_t *bytes = varint_next_bytes(in, &n);

    if (bytes == NULL || n == 0) {
        return NULL;
    }
    if (bytes[n - 1] != '\0') {
        in->is_bad = true;
        return NULL;
    }
    return (const char *)bytes;
}

/* A number below n. */
static uint64_t next_of(struct varint_in *in, uint64_t n)
{
    const uint64_t v = varint_next(in);

    in->is_bad |= v >= n;
    return in->is_bad ? 0 : v;
}

void feed_put(struct feed *f, const struct feed_event *event)
{
    struct varint_out o = {f->scratch, f->scratch + sizeof(f->scratch), false};

    varint_put(&o, event->saga);
    varint_put(&o, event->version);
    varint_put(&o, (uint64_t)event->status);
    varint_put(&o, event->is_paused ? 1 : 0);
    varint_put(&o, event->revision);
    varint_put(&o, (uint64_t)event->event);
    varint_put(&o, event->at_ms);
    put_text(&o, event->saga_id);
    put_text(&o, event->definition);
    put_text(&o, event->step);
    put_text(&o, event->key);
    assert(!o.is_over); /* Ids, names and keys are far shorter. */
    ring_put(f->ring, f->scratch, (size_t)(o.at - f->scratch));
}

/* False: bytes that are no event; a place that a client made up. */
static bool decode(const struct feed_room *room, size_t n, struct feed_event *out)
{
    struct varint_in in = {(const uint8_t *)room->bytes, (const uint8_t *)room->bytes + n,
                           false};
    struct feed_event event = {.saga = varint_next(&in)};

    event.version = (uint32_t)next_of(&in, (uint64_t)UINT32_MAX + 1);
    event.status = (enum saga_status)next_of(&in, SAGA_STATUSES);
    event.is_paused = next_of(&in, 2) == 1;
    event.revision = varint_next(&in);
    event.event = (enum saga_event_kind)next_of(&in, SAGA_EVENTS);
    event.at_ms = varint_next(&in);
    event.saga_id = next_text(&in);
    event.definition = next_text(&in);
    event.step = next_text(&in);
    event.key = next_text(&in);
    *out = event;
    return !in.is_bad && in.at == in.end && event.saga_id != NULL &&
           event.definition != NULL;
}

enum ring_result feed_read(const struct feed *f, uint64_t *at, struct feed_room *room,
                           struct feed_event *out)
{
    uint64_t next = *at;
    size_t n;
    const enum ring_result result = ring_read(f->ring, &next, room->bytes, &n);

    if (result != RING_RECORD) {
        return result;
    }
    if (!decode(room, n, out)) {
        return RING_LOST;
    }
    *at = next;
    return RING_RECORD;
}

/* ---- listeners --------------------------------------------------------------------- */

uint64_t feed_head(const struct feed *f)
{
    return ring_head(f->ring);
}

/* Either this sees a listener, or the listener, counted in first, sees the new head: both
 * words are stored and loaded in one order (seq_cst). */
void feed_wake(struct feed *f)
{
    const uint64_t one = 1;

    if (atomic_load(&f->n_listeners) > 0 && write(f->fd, &one, sizeof(one)) < 0) {
        assert(errno == EAGAIN || errno == EINTR); /* Full: it is awake already. */
    }
}

void feed_join(struct feed *f)
{
    atomic_fetch_add(&f->n_listeners, 1);
}

void feed_leave(struct feed *f)
{
    atomic_fetch_sub(&f->n_listeners, 1);
}

int feed_fd(const struct feed *f)
{
    return f->fd;
}

static bool has_name(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return n == 0;
}

bool feed_matches(const struct feed_filter *filter, const struct feed_event *event)
{
    if (filter->statuses != 0 && (filter->statuses & (1U << event->status)) == 0) {
        return false;
    }
    if (filter->saga_id != NULL && strcmp(filter->saga_id, event->saga_id) != 0) {
        return false;
    }
    return has_name(filter->definitions, filter->n_definitions, event->definition) &&
           has_name(filter->scope, filter->n_scope, event->definition);
}
