/* service.c - see service.h. Who waits is in service_queue.c, when a failing service is
 * left alone in breaker.c; here they meet the limits. */
#include "engine/calls/service.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "engine/calls/origin.h"
#include "engine/calls/service_parts.h"

#define CLOCK_OFF_MS 1000U    /* As far as the clocks may run apart, unshown. */
#define TEXTS_CHUNK_BYTES 512 /* Most services' texts fit one chunk. */

struct services *services_create(uint32_t calls_max)
{
    struct services *s = mem_alloc(sizeof(*s));

    s->calls_max = calls_max > 0 ? calls_max : LIMIT_CALLS_IN_FLIGHT;
    s->queues = queues_create();
    s->board = board_create();
    return s;
}

static void wipe(const char *secret) /* It is ours; NULL is fine. */
{
    sodium_memzero((char *)(uintptr_t)secret, secret != NULL ? strlen(secret) : 0);
}

static void forget_texts(struct service *s)
{
    wipe(s->config.bearer);
    wipe(s->config.key_pem);
    for (size_t i = 0; i < s->config.n_headers; i++) {
        wipe(s->config.headers[i].value);
    }
    arena_destroy(s->texts);
}

static void service_destroy(struct service *s)
{
    breaker_done(&s->breaker);
    forget_texts(s);
    free(s);
}

void services_destroy(struct services *s)
{
    if (s == NULL) {
        return;
    }
    queues_destroy(s->queues);
    for (size_t i = 0; i < s->n; i++) {
        service_destroy(s->by_name[i]);
    }
    free(s->by_name);
    board_destroy(s->board);
    free(s);
}

/* S51: where there are others, one service never holds more than three quarters of all
 * places, whatever its maxConcurrent: a dead one must not stop the rest. */
static uint32_t share_of(const struct services *all)
{
    return all->n > 1 ? all->calls_max - all->calls_max / 4 : all->calls_max;
}

/* Tells the board how it stands now; after whatever changed it. */
static void tell(const struct service *s)
{
    static const enum board_breaker breakers[] = {
        [BREAKER_CLOSED] = BOARD_BREAKER_CLOSED,
        [BREAKER_IS_OPEN] = BOARD_BREAKER_OPEN,
        [BREAKER_HALF_OPEN] = BOARD_BREAKER_HALF_OPEN,
    };
    const uint32_t share = share_of(s->all);
    const struct board_facts facts = {
        .is_missing = s->is_missing,
        .is_paused = s->is_paused,
        .paused_by = s->paused_by,
        .held_by = s->held_by,
        .breaker = s->breaker.wanted == SERVICE_BREAKER_OPEN
                       ? BOARD_BREAKER_HELD_OPEN
                       : breakers[breaker_shown(&s->breaker)],
        .open_until_ms = s->breaker.open_until_ms,
        .in_flight = s->in_flight,
        .most = share < s->config.concurrent_max ? share : s->config.concurrent_max,
        .rate_per_s = s->config.rate_per_s,
    };

    board_put(s->entry, &facts);
    board_put_crowded(s->all->board, s->all->in_flight >= s->all->calls_max);
}

/* ---- the list -------------------------------------------------------------------- */

/* Where name is, or would go. */
static size_t place_of(const struct services *s, const char *name, bool *is_there)
{
    size_t low = 0;
    size_t high = s->n;

    *is_there = false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(s->by_name[middle]->config.name, name);

        if (order == 0) {
            *is_there = true;
            return middle;
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct service *services_find(struct services *s, const char *name)
{
    bool is_there;
    size_t place = place_of(s, name, &is_there);

    return is_there ? s->by_name[place] : NULL;
}

static struct service *insert(struct services *s, size_t place, const char *name)
{
    struct service *added = mem_alloc(sizeof(*added));

    if (s->n == s->room) {
        s->room = s->room > 0 ? s->room * 2 : 16;
        s->by_name = mem_grow(s->by_name, s->room * sizeof(struct service *));
    }
    memmove(&s->by_name[place + 1], &s->by_name[place],
            (s->n - place) * sizeof(struct service *));
    s->by_name[place] = added;
    s->n++;
    added->all = s;
    breaker_init(&added->breaker);
    added->entry = board_entry_of(s->board, name);
    added->line.shown_n = board_queued(added->entry);
    return added;
}

static struct service_header *copy_headers(struct arena *texts,
                                           const struct service_config *from)
{
    struct service_header *to = arena_take(texts, (from->n_headers + 1) * sizeof(*to));

    for (size_t i = 0; i < from->n_headers; i++) {
        to[i].name = arena_text(texts, from->headers[i].name);
        to[i].value = arena_text(texts, from->headers[i].value);
    }
    return to;
}

/* The old texts go only after the new ones are made: config may point into them. */
static void set_config(struct service *s, const struct service_config *from)
{
    struct arena *texts = arena_create(TEXTS_CHUNK_BYTES);
    struct service_config to = *from;
    bool is_new_rate = s->config.rate_per_s != from->rate_per_s;

    to.name = arena_text(texts, from->name);
    to.url = arena_text(texts, from->url);
    to.headers = copy_headers(texts, from);
    to.bearer = arena_text(texts, from->bearer);
    to.ca_pem = arena_text(texts, from->ca_pem);
    to.cert_pem = arena_text(texts, from->cert_pem);
    to.key_pem = arena_text(texts, from->key_pem);
    if (to.concurrent_max == 0) {
        to.concurrent_max = LIMIT_SERVICE_CONCURRENT;
    }
    forget_texts(s);
    s->texts = texts;
    s->config = to;
    breaker_limit(&s->breaker, to.breaker_failures, to.breaker_window_ms,
                  to.breaker_open_ms);
    if (is_new_rate) {
        s->tokens_milli = (uint64_t)to.rate_per_s * 1000U;
    }
    tell(s);
}

void services_limit(struct services *s, uint32_t calls_max)
{
    s->calls_max = calls_max > 0 ? calls_max : LIMIT_CALLS_IN_FLIGHT;
}

void services_put(struct services *s, const struct service_config *config)
{
    bool is_there;
    size_t place = place_of(s, config->name, &is_there);
    struct service *service =
        is_there ? s->by_name[place] : insert(s, place, config->name);

    service->is_missing = false;
    service->is_kept = true;
    set_config(service, config);
}

void services_begin(struct services *s)
{
    for (size_t i = 0; i < s->n; i++) {
        s->by_name[i]->is_kept = false;
    }
}

/* Its calls that are out end as they would have; its texts are wiped, what an operator
 * said of it is forgotten, and it grants nothing any more. */
static void take_away(struct service *s)
{
    s->is_missing = true;
    s->is_paused = false;
    s->paused_by = NULL;
    s->held_by = NULL;
    breaker_want(&s->breaker, SERVICE_BREAKER_AUTO, 0);
    set_config(s, &(struct service_config){.name = s->config.name, .url = s->config.url});
}

void services_end(struct services *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct service *service = s->by_name[i];

        if (!service->is_kept && !service->is_origin && !service->is_missing) {
            take_away(service);
        }
    }
}

void services_each(const struct services *s,
                   void (*each)(void *user, const struct service *service), void *user)
{
    for (size_t i = 0; i < s->n; i++) {
        each(user, s->by_name[i]);
    }
}

struct service *services_need(struct services *s, const char *name)
{
    bool is_there;
    size_t place = place_of(s, name, &is_there);

    if (!is_there) {
        insert(s, place, name)->is_missing = true;
        set_config(s->by_name[place], &(struct service_config){.name = name, .url = ""});
    }
    return s->by_name[place];
}

bool service_is_missing(const struct service *s)
{
    return s->is_missing;
}

struct service *services_of_url(struct services *s, const char *url)
{
    char name[ORIGIN_TEXT_MAX];
    struct origin origin;
    bool is_there;
    size_t place;

    if (!origin_of_url(url, &origin)) {
        return NULL;
    }
    origin_to_text(&origin, name);
    place = place_of(s, name, &is_there);
    if (!is_there) {
        const struct service_config config = {.name = name, .url = name};

        set_config(insert(s, place, name), &config);
        s->by_name[place]->is_origin = true;
    }
    return s->by_name[place];
}

/* How much of url is base, its trailing slashes aside; 0: it is not its beginning. */
static size_t base_length(const char *base, const char *url)
{
    size_t n = strlen(base);

    while (n > 0 && base[n - 1] == '/') {
        n--;
    }
    return strncmp(url, base, n) == 0 && strchr("/?", url[n]) != NULL ? n : 0;
}

struct service *services_with_base(const struct services *s, const char *url,
                                   const char **rest)
{
    struct service *found = NULL;
    size_t longest = 0;

    for (size_t i = 0; i < s->n; i++) {
        struct service *service = s->by_name[i];
        size_t n = service->is_origin || service->is_missing
                       ? 0
                       : base_length(service->config.url, url);

        if (n > longest) {
            longest = n;
            found = service;
        }
    }
    if (found != NULL) {
        *rest = url + longest;
    }
    return found;
}

const char *service_name(const struct service *s)
{
    return s->config.name;
}

const struct service_config *service_config_of(const struct service *s)
{
    return &s->config;
}

/* ---- the rate: a bucket of one second's worth -------------------------------------- */

static void refill(struct service *s, uint64_t mono_ms)
{
    uint64_t rate = s->config.rate_per_s; /* Thousandths of a call per ms, too. */
    uint64_t full = rate * 1000U;
    uint64_t passed_ms = mono_ms > s->refilled_ms ? mono_ms - s->refilled_ms : 0;

    if (passed_ms >= 1000 || s->tokens_milli + passed_ms * rate > full) {
        s->tokens_milli = full;
    } else {
        s->tokens_milli += passed_ms * rate;
    }
    s->refilled_ms = mono_ms;
}

static bool has_token(struct service *s, uint64_t mono_ms)
{
    if (s->config.rate_per_s == 0) {
        return true;
    }
    refill(s, mono_ms);
    return s->tokens_milli >= 1000;
}

static uint64_t token_at(const struct service *s)
{
    uint64_t rate = s->config.rate_per_s;

    if (rate == 0 || s->tokens_milli >= 1000) {
        return 0;
    }
    return s->refilled_ms + (1000 - s->tokens_milli + rate - 1) / rate;
}

/* ---- slots ------------------------------------------------------------------------ */

static bool is_full(const struct service *s)
{
    return s->in_flight >= s->config.concurrent_max || s->in_flight >= share_of(s->all);
}

/* Everything but calls_max. The gravest reason is the one told. */
static enum saga_slot own_limits(struct service *s, uint64_t mono_ms)
{
    if (s->is_missing) {
        return SAGA_SLOT_MISSING;
    }
    if (s->is_paused || s->all->hold != BOARD_HOLD_NONE) {
        return SAGA_SLOT_PAUSED;
    }
    if (!breaker_allows(&s->breaker, mono_ms)) {
        return SAGA_SLOT_BREAKER;
    }
    if (is_full(s)) {
        return SAGA_SLOT_FULL;
    }
    return has_token(s, mono_ms) ? SAGA_SLOT_GRANTED : SAGA_SLOT_RATE;
}

static void take_slot(struct service *s, uint64_t mono_ms)
{
    s->in_flight++;
    s->all->in_flight++;
    if (s->config.rate_per_s > 0) {
        s->tokens_milli -= 1000;
    }
    breaker_sent(&s->breaker, mono_ms);
    tell(s);
}

enum saga_slot service_ask(struct service *s, const struct service_waiter *w,
                           uint64_t mono_ms, uint64_t wall_ms, uint64_t first_due_ms)
{
    struct services *all = s->all;
    enum saga_slot slot;

    if (first_due_ms != 0 && s->config.keys_kept_ms != 0 &&
        wall_ms > first_due_ms + s->config.keys_kept_ms) {
        return SAGA_SLOT_KEY_EXPIRED;
    }
    slot = own_limits(s, mono_ms);
    if (slot == SAGA_SLOT_GRANTED && all->in_flight >= all->calls_max) {
        all->is_crowded = true;
    }
    /* Who stands in line goes first, here and where only calls_max is waited for. */
    if (slot == SAGA_SLOT_GRANTED && (all->is_crowded || s->line.n > 0)) {
        slot = SAGA_SLOT_FULL;
    }
    if (slot == SAGA_SLOT_GRANTED) {
        take_slot(s, mono_ms);
    } else {
        queues_add(all->queues, &s->line, w);
    }
    return slot;
}

static void free_slot(struct service *s)
{
    assert(s->in_flight > 0);
    assert(s->all->in_flight > 0);
    s->in_flight--;
    s->all->in_flight--;
}

void service_release(struct service *s)
{
    free_slot(s);
    breaker_unsent(&s->breaker);
    if (s->config.rate_per_s > 0) {
        s->tokens_milli += 1000; /* refill() cuts it to a full bucket. */
    }
    tell(s);
}

void service_ended(struct service *s, bool is_fault, uint64_t mono_ms)
{
    free_slot(s);
    breaker_ended(&s->breaker, is_fault, s->in_flight, mono_ms);
    tell(s);
}

bool service_is_probing(const struct service *s)
{
    return breaker_is_probing(&s->breaker);
}

void services_forget(struct services *s, uint64_t saga)
{
    queues_forget(s->queues, saga);
}

bool services_next(struct services *s, uint64_t mono_ms, struct service_waiter *out,
                   struct service **service_out)
{
    bool has_waiters = queues_length(s->queues) > 0;

    if (has_waiters && s->in_flight >= s->calls_max) {
        return false;
    }
    for (size_t i = 0; has_waiters && i < s->n; i++) {
        size_t at = (s->turn + i) % s->n;
        struct service *service = s->by_name[at];

        if (service->line.n > 0 && own_limits(service, mono_ms) == SAGA_SLOT_GRANTED) {
            bool was_taken = queues_take(s->queues, &service->line, out);

            assert(was_taken);
            take_slot(service, mono_ms);
            s->turn = (at + 1) % s->n;
            *service_out = service;
            return true;
        }
    }
    s->is_crowded = false; /* There is room, and nobody who could use it. */
    return false;
}

void services_set_hold(struct services *s, enum board_hold hold)
{
    s->hold = hold;
    board_put_hold(s->board, hold);
}

const struct board *services_board(const struct services *s)
{
    return s->board;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    if (a == 0 || b == 0) {
        return a == 0 ? b : a;
    }
    return a < b ? a : b;
}

uint64_t services_wake_at(const struct services *s)
{
    uint64_t at_ms = 0;

    if (s->hold != BOARD_HOLD_NONE || s->in_flight >= s->calls_max) {
        return 0; /* Only a call's end helps. */
    }
    for (size_t i = 0; i < s->n; i++) {
        const struct service *service = s->by_name[i];
        uint64_t open_ms = breaker_wake_at(&service->breaker);
        uint64_t token_ms = token_at(service);

        if (service->line.n == 0 || service->is_paused || service->is_missing ||
            is_full(service) ||
            (open_ms == 0 && !breaker_allows(&service->breaker, UINT64_MAX))) {
            continue;
        }
        /* Both have to be over; nothing at all: it is ready now. */
        at_ms = earlier(at_ms, open_ms > token_ms ? open_ms
                               : token_ms > 0     ? token_ms
                                                  : 1);
    }
    return at_ms;
}

/* Read one after the other the clocks differ by a little more or less each time; a moment
 * that was told once stays what it was until one of them is set. */
void services_set_clock(struct services *s, uint64_t mono_ms, uint64_t wall_ms)
{
    const uint64_t before_ms = mono_ms + s->wall_less_mono_ms;
    const uint64_t off_ms =
        before_ms > wall_ms ? before_ms - wall_ms : wall_ms - before_ms;

    if (off_ms > CLOCK_OFF_MS) {
        s->wall_less_mono_ms = wall_ms - mono_ms;
    }
}

/* ---- operators --------------------------------------------------------------------- */

void service_set_paused(struct service *s, bool is_paused, const char *actor)
{
    s->is_paused = is_paused;
    s->paused_by = is_paused ? board_name(s->all->board, actor) : NULL;
    tell(s);
}

void service_set_breaker(struct service *s, enum service_breaker want, const char *actor,
                         uint64_t mono_ms)
{
    breaker_want(&s->breaker, want, mono_ms);
    s->held_by = want == SERVICE_BREAKER_AUTO ? NULL : board_name(s->all->board, actor);
    tell(s);
}

uint32_t services_queued(const struct services *s)
{
    return queues_length(s->queues);
}
