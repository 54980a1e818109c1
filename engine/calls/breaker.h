/*
 * breaker.h - when a service that keeps failing is left alone (S50).
 *
 * Closed: calls go. `failures` faults within `window`: open, nothing goes for `open`
 * ms. Then half-open: one call, the probe, goes; it closes the breaker or opens it
 * again. An operator can hold it open or closed. Advisory and in memory only; times
 * are the caller's monotonic ms. The engine's thread.
 */
#ifndef CALLS_BREAKER_H
#define CALLS_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/calls/service.h"

/* What `failures` may ask for at most; sizes memory. */
#define BREAKER_FAILURES_MAX 1024

enum breaker_state { BREAKER_CLOSED, BREAKER_IS_OPEN, BREAKER_HALF_OPEN };

struct breaker {
    uint32_t failures_max; /* 0: never opens by itself. */
    uint32_t window_ms;
    uint32_t open_ms;

    enum service_breaker wanted; /* What an operator asked for. */
    enum breaker_state state;
    uint64_t since_ms; /* When it came to what is shown; 0: never left the first. */
    uint64_t open_until_ms;
    uint32_t
        older;     /* Open, half-open: calls still out that were sent before it opened. */
    uint32_t next; /* Where the next fault's time goes in failed_ms. */
    uint32_t n_failed;   /* Times kept, at most failures_max. */
    uint64_t *failed_ms; /* Owned: the latest faults, a ring. */
};

void breaker_init(struct breaker *b);
void breaker_done(struct breaker *b);

/* New limits (SIGHUP): what is open stays open. */
void breaker_limit(struct breaker *b, uint32_t failures, uint32_t window_ms,
                   uint32_t open_ms);
void breaker_want(struct breaker *b, enum service_breaker want, uint64_t mono_ms);

/* May a call go now? Changes nothing. */
bool breaker_allows(const struct breaker *b, uint64_t mono_ms);

/* A call goes, which breaker_allows() allowed: after an open time it is the probe. */
void breaker_sent(struct breaker *b, uint64_t mono_ms);

/* A call that was counted as sent did not go after all. */
void breaker_unsent(struct breaker *b);

/* A call ended; n_left others are still out. */
void breaker_ended(struct breaker *b, bool is_fault, uint32_t n_left, uint64_t mono_ms);

bool breaker_is_probing(const struct breaker *b);

/* When it will let a call through by itself; 0: it does now, or no time will help. */
uint64_t breaker_wake_at(const struct breaker *b);

/* Faults within the window. */
uint32_t breaker_failures(const struct breaker *b, uint64_t mono_ms);

/* As shown: an operator's wish before the state. */
enum breaker_state breaker_shown(const struct breaker *b);

#endif /* CALLS_BREAKER_H */
