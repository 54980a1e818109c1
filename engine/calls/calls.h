/*
 * calls.h - HTTP calls out, many at a time, in the engine's own thread.
 *
 * libcurl multi handles (performance.md: several of them beyond 256 calls), driven by
 * calls_wait(), which is also where the engine sleeps. A call is given over complete and
 * comes back once, as an answer: what happened on the wire, not what it means
 * (verdict.h). Option set, address check and caps of security.md are built in.
 *
 * Engine thread only, except calls_wake().
 */
#ifndef CALLS_CALLS_H
#define CALLS_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "engine/calls/egress.h"
#include "engine/calls/service.h"
#include "engine/core/saga.h"
#include "engine/core/verdict.h"

struct calls;

/* The attempt's name (S16) and whose it is; calls only carries it. */
struct call_name {
    uint64_t saga;
    uint64_t turn;
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    uint32_t attempt;
    bool in_doubt;   /* It repeats an attempt in doubt. */
    uint64_t notify; /* A webhook's number; then it is no saga's attempt. 0: it is. */
};

struct call_request {
    struct call_name name;
    struct service *service; /* Borrowed; outlives the call. */
    bool is_absolute;        /* url is whole; else it follows ... */
    const char *base_url;    /* ... this, or, NULL, the service's of now. */
    const char *method;      /* All texts and the body are copied. */
    const char *url;
    const struct service_header *headers; /* All of them: definition's and sagad's. */
    size_t n_headers;
    const char *body; /* NULL none. */
    size_t body_n;
    const char *content_type; /* Of the body; NULL: application/json. */
    uint32_t timeout_ms;
    bool reads_answer; /* Read up to LIMIT_ANSWER_READ; else LIMIT_ANSWER_KEPT. */
};

struct call_timings { /* ms, -1 when it did not come so far. */
    double dns, connect, tls, first_byte, total;
};

struct call_answer {
    struct call_name name;
    struct service *service;
    const char *url; /* It was sent to; "" if it has none. */
    struct verdict_facts facts;
    bool is_probe;
    uint64_t started_ms; /* Wall. */
    uint64_t ended_ms;
    const char *headers; /* JSON object text, names in lower case; "{}" if none. */
    const char *body;    /* What was kept, up to the cap; borrowed, as all texts. */
    size_t body_n;
    bool is_truncated;  /* The kept body is not all of it. */
    const char *detail; /* curl's or our words on a failure; "" else. */
    struct call_timings timings;
};

/* Call once, before any thread: gives libcurl memory that cannot run out (mem.h). An
 * option that it cannot copy would look like a request that cannot be made, for which a
 * saga turns back. False: libcurl does not start. */
bool calls_init_library(void);

struct calls_config {
    const struct egress *egress; /* Borrowed. */
    const char *user_agent;      /* "sagad/1.2" */
    uint32_t calls_max;
    uint32_t connect_timeout_ms; /* 0: 10 s. */
};

MUST_CHECK enum err calls_create(const struct calls_config *config, struct calls **out,
                                 struct err_info *info);
void calls_destroy(struct calls *c); /* Cuts what is in flight; NULL is fine. */
void calls_set_egress(struct calls *c, const struct egress *egress);

/* Hand one call over. Never fails: what cannot be sent comes back as an answer with
 * request_bytes 0. */
void calls_send(struct calls *c, const struct call_request *r);

/* Move everything on without waiting, then give each ended call to `ended`, which may
 * call calls_send(). The answer is borrowed for the call. */
void calls_run(struct calls *c, void (*ended)(void *user, const struct call_answer *a),
               void *user);

/* Sleep until there is something for calls_run(), calls_wake(), or timeout_ms. */
void calls_wait(struct calls *c, int timeout_ms);

/* From any thread: end the sleep. */
void calls_wake(struct calls *c);

uint32_t calls_in_flight(const struct calls *c);

/* Wall time at which the attempt times out at the latest, 0 if it is not in flight. */
uint64_t calls_ends_at(const struct calls *c, uint64_t saga, uint16_t step,
                       uint32_t item);

#endif /* CALLS_CALLS_H */
