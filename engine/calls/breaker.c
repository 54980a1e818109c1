/* breaker.c - see breaker.h. */
#include "engine/calls/breaker.h"

#include <assert.h>
#include <stdlib.h>

#include "base/mem.h"

void breaker_init(struct breaker *b)
{
    *b = (struct breaker){0};
}

void breaker_done(struct breaker *b)
{
    free(b->failed_ms);
    b->failed_ms = NULL;
}

static void enter(struct breaker *b, enum breaker_state state, uint64_t mono_ms)
{
    b->state = state;
    b->since_ms = mono_ms;
}

static void forget_faults(struct breaker *b)
{
    b->next = 0;
    b->n_failed = 0;
}

void breaker_limit(struct breaker *b, uint32_t failures, uint32_t window_ms,
                   uint32_t open_ms)
{
    if (failures > BREAKER_FAILURES_MAX) {
        failures = BREAKER_FAILURES_MAX;
    }
    b->window_ms = window_ms;
    b->open_ms = open_ms;
    if (failures == b->failures_max) {
        return;
    }
    forget_faults(b);
    b->failures_max = failures;
    free(b->failed_ms);
    b->failed_ms = NULL;
    if (failures > 0) {
        b->failed_ms = mem_alloc(failures * sizeof(b->failed_ms[0]));
    } else {
        b->state = BREAKER_CLOSED;
    }
}

void breaker_want(struct breaker *b, enum service_breaker want, uint64_t mono_ms)
{
    const enum breaker_state before = breaker_shown(b);

    b->wanted = want;
    b->state = BREAKER_CLOSED;
    forget_faults(b);
    if (breaker_shown(b) != before) {
        b->since_ms = mono_ms;
    }
}

bool breaker_allows(const struct breaker *b, uint64_t mono_ms)
{
    switch (b->wanted) {
    case SERVICE_BREAKER_OPEN:
        return false;
    case SERVICE_BREAKER_CLOSED:
        return true;
    case SERVICE_BREAKER_AUTO:
        break;
    }
    switch (b->state) {
    case BREAKER_CLOSED:
        return true;
    case BREAKER_IS_OPEN:
        return mono_ms >= b->open_until_ms;
    case BREAKER_HALF_OPEN:
        return false; /* The probe is out. */
    }
    assert(false);
    return false;
}

void breaker_sent(struct breaker *b, uint64_t mono_ms)
{
    if (b->wanted == SERVICE_BREAKER_AUTO && b->state == BREAKER_IS_OPEN) {
        enter(b, BREAKER_HALF_OPEN, mono_ms);
    }
}

void breaker_unsent(struct breaker *b)
{
    if (b->state == BREAKER_HALF_OPEN) {
        b->state = BREAKER_IS_OPEN; /* Its time is up already: the next one probes. */
    }
}

static void open_up(struct breaker *b, uint32_t n_left, uint64_t mono_ms)
{
    enter(b, BREAKER_IS_OPEN, mono_ms);
    b->open_until_ms = mono_ms + b->open_ms;
    b->older = n_left;
    forget_faults(b);
}

static void count_fault(struct breaker *b, uint32_t n_left, uint64_t mono_ms)
{
    uint64_t oldest;

    b->failed_ms[b->next] = mono_ms;
    b->next = (b->next + 1) % b->failures_max;
    if (b->n_failed < b->failures_max) {
        b->n_failed++;
    }
    if (b->n_failed < b->failures_max) {
        return;
    }
    oldest = b->failed_ms[b->next];
    if (mono_ms - oldest <= b->window_ms) {
        open_up(b, n_left, mono_ms);
    }
}

/* Which call ended is not told. A good answer is good news whoever brought it. A fault
 * may be an older call's time-out, and as long as one is out it is taken for that: the
 * probe's own verdict then comes with a later end, and meanwhile nothing goes. */
static void judge_probe(struct breaker *b, bool is_fault, uint32_t n_left,
                        uint64_t mono_ms)
{
    if (!is_fault) {
        enter(b, BREAKER_CLOSED, mono_ms);
        forget_faults(b);
    } else if (b->older > 0 && n_left > 0) {
        b->older--;
    } else {
        open_up(b, n_left, mono_ms);
    }
}

void breaker_ended(struct breaker *b, bool is_fault, uint32_t n_left, uint64_t mono_ms)
{
    if (b->failures_max == 0 || b->wanted != SERVICE_BREAKER_AUTO) {
        return;
    }
    switch (b->state) {
    case BREAKER_CLOSED:
        if (is_fault) {
            count_fault(b, n_left, mono_ms);
        }
        return;
    case BREAKER_IS_OPEN:
        if (b->older > 0) {
            b->older--;
        }
        return;
    case BREAKER_HALF_OPEN:
        judge_probe(b, is_fault, n_left, mono_ms);
        return;
    }
}

bool breaker_is_probing(const struct breaker *b)
{
    return b->wanted == SERVICE_BREAKER_AUTO && b->state == BREAKER_HALF_OPEN;
}

uint64_t breaker_wake_at(const struct breaker *b)
{
    bool is_timed = b->wanted == SERVICE_BREAKER_AUTO && b->state == BREAKER_IS_OPEN;

    return is_timed ? b->open_until_ms : 0;
}

uint32_t breaker_failures(const struct breaker *b, uint64_t mono_ms)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < b->n_failed; i++) {
        n += mono_ms - b->failed_ms[i] <= b->window_ms ? 1 : 0;
    }
    return n;
}

enum breaker_state breaker_shown(const struct breaker *b)
{
    switch (b->wanted) {
    case SERVICE_BREAKER_OPEN:
        return BREAKER_IS_OPEN;
    case SERVICE_BREAKER_CLOSED:
        return BREAKER_CLOSED;
    case SERVICE_BREAKER_AUTO:
        break;
    }
    return b->state;
}
