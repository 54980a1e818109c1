/*
 * service.h - the services of the configuration and who may call them when.
 *
 * For each service: where it is, what is added to its calls, and its limits
 * (concurrency, rate, breaker, pause), which are advisory and in memory only (S50).
 * A call that gets no slot waits here, in order, and is granted later, services taking
 * turns, compensations and operators' calls not starved by actions (S51). Absolute URLs
 * have a service of their own per origin, made when first seen.
 *
 * Owned by the engine thread. Names and texts are copied in.
 */
#ifndef CALLS_SERVICE_H
#define CALLS_SERVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "engine/calls/board.h"
#include "engine/core/saga.h"

struct services;
struct service;

struct service_header {
    const char *name;
    const char *value;
};

struct service_config {
    const char *name;
    const char *url;                      /* Base URL, no trailing slash needed. */
    const struct service_header *headers; /* Sent with each call; may hold secrets. */
    size_t n_headers;
    size_t n_plain_headers; /* The first so many hold no secret and may be shown. */
    const char *bearer;     /* Secret's value, or NULL. */
    /* TLS, texts of PEM files: so a reload that brings other ones brings new connections,
     * and never half of a pair. */
    const char *ca_pem;             /* NULL: the system's. */
    const char *cert_pem, *key_pem; /* Client certificate; NULL none. */
    uint32_t concurrent_max;        /* 0: LIMIT_SERVICE_CONCURRENT. */
    uint32_t rate_per_s;            /* 0: no rate. */
    uint64_t keys_kept_ms;          /* 0: for ever (S2). */
    uint32_t breaker_failures;      /* 0: no breaker. */
    uint32_t breaker_window_ms;
    uint32_t breaker_open_ms;
};

struct services *services_create(uint32_t calls_max);
void services_destroy(struct services *s); /* NULL is fine. */

/* maxCallsInFlight; calls out beyond it are not cut. */
void services_limit(struct services *s, uint32_t calls_max);

/* Add or replace by name (SIGHUP). Limits take effect at once; queues are kept. */
void services_put(struct services *s, const struct service_config *config);
/* Around the services_put() of all that there are: at the end, those that were put before
 * and not now are configured no more, like one that never was. */
void services_begin(struct services *s);
void services_end(struct services *s);

void services_each(const struct services *s,
                   void (*each)(void *user, const struct service *service), void *user);

/* By name, or NULL. */
struct service *services_find(struct services *s, const char *name);
/* By name; one that was never put is made and grants nothing until it is (a saga from
 * before needs it): who asks stands in its line. */
struct service *services_need(struct services *s, const char *name);
bool service_is_missing(const struct service *s);
/* The service of an absolute URL's origin; made when absent. NULL: not http or https. */
struct service *services_of_url(struct services *s, const char *url);
/* The configured service whose base URL the absolute url is or continues, the longest if
 * there are several, with what follows it (borrowed from url); NULL: none. */
struct service *services_with_base(const struct services *s, const char *url,
                                   const char **rest);

const char *service_name(const struct service *s);
const struct service_config *service_config_of(const struct service *s);

/* Who wants a slot. */
struct service_waiter {
    uint64_t saga;
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    bool is_urgent; /* An operator asked. */
};

/* Ask for a slot at now_ms (monotonic). Granted: the slot is the caller's until
 * service_release(). Otherwise the waiter stands in the queue, once, and the reason is
 * told. first_due_ms and wall_ms: for keysKept, when first_due_ms is not 0. */
enum saga_slot service_ask(struct service *s, const struct service_waiter *w,
                           uint64_t mono_ms, uint64_t wall_ms, uint64_t first_due_ms);

/* Give a slot back without a call (a grant that came to nothing). */
void service_release(struct service *s);
/* The call ended: gives the slot back and feeds the breaker. */
void service_ended(struct service *s, bool is_fault, uint64_t mono_ms);
/* Is the service's breaker half-open with this one call out? */
bool service_is_probing(const struct service *s);

/* Take a saga's waiters out of all queues (it went back, was closed). */
void services_forget(struct services *s, uint64_t saga);

/* The next waiter whose slot is granted now, already counted in flight; false when none
 * can be. Services take turns. */
bool services_next(struct services *s, uint64_t mono_ms, struct service_waiter *out,
                   struct service **service_out);

/* Held: nobody is granted anything, everybody stands in line. */
void services_set_hold(struct services *s, enum board_hold hold);

/* What readers on other threads may ask; as long as the services. */
const struct board *services_board(const struct services *s);

/* Monotonic time at which services_next() may have something without any call ending
 * (rate, breaker), 0 if never. */
uint64_t services_wake_at(const struct services *s);

/* Calls that stand in line for a slot, of all services. */
uint32_t services_queued(const struct services *s);

/* Operator: "open", "closed", "auto"; pause and resume. actor: who, for others to read;
 * NULL: nobody is named. */
void service_set_paused(struct service *s, bool is_paused, const char *actor);
enum service_breaker {
    SERVICE_BREAKER_AUTO,
    SERVICE_BREAKER_OPEN,
    SERVICE_BREAKER_CLOSED
};
void service_set_breaker(struct service *s, enum service_breaker want, const char *actor,
                         uint64_t mono_ms);

/* What the clocks say, now and then: monotonic times are shown as times of the day. */
void services_set_clock(struct services *s, uint64_t mono_ms, uint64_t wall_ms);

/* The API's service object appended to out; for each service, in order of name. */
void service_write(const struct service *s, uint64_t mono_ms, struct json_out *out);
void services_write(const struct services *s, uint64_t mono_ms, struct json_out *out);
/* Prometheus lines: sagad_calls_in_flight, sagad_breaker_open. */
void services_metrics(const struct services *s, struct buf *out);

#endif /* CALLS_SERVICE_H */
