/*
 * limits.h - every limit of the house, with its unit and its reason.
 *
 * A limit that an operator may change stands in the configuration with the value
 * here as its default. What full means is said where the limit is used: 413, 429
 * or 503 at the door, `stuck` with the reason for a saga (S52, S53).
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

/* Definitions */
#define LIMIT_STEPS \
    500                /* Steps of a definition; state of 500 steps stays under 1.5 kB. */
#define LIMIT_DEPTH 16 /* Nesting of steps; bounds every walk's recursion. */
#define LIMIT_BRANCHES 64 /* Branches of a parallel. */
#define LIMIT_WIDTH \
    1024 /* Calls one saga may have open at once; sizes a turn's scratch. */
#define LIMIT_ITEMS 10000        /* Items of a forEach. */
#define LIMIT_ITEMS_DEFAULT 1000 /* maxItems when a definition names none. */
#define LIMIT_RUNS 1024          /* Runs of equal items in one saga's state (S53). */
#define LIMIT_SIGNALS_KEPT 16    /* Signals of one name kept for later waits (S19). */
#define LIMIT_SIGNALS_ALL 512    /* Of all names of a saga: 5 kB of its state. */
#define LIMIT_SIGNAL_NAMES 255   /* Different signal names of one definition. */
#define LIMIT_REPLAYS_PRUNED 256 /* Idempotency records that one commit drops. */
#define LIMIT_STUCK_ERROR 256    /* Bytes of a stuck saga's error kept for searching. */
#define LIMIT_LABELS 16          /* Labels of a definition or saga. */
#define LIMIT_DEFINITION_BYTES (1024 * 1024)

/* Bodies */
#define LIMIT_BODY_BYTES (1024 * 1024) /* A request to the API (413). */
#define LIMIT_ANSWER_KEPT (256 * 1024) /* Answer bytes kept (bodyTruncated). */
#define LIMIT_ANSWER_READ \
    (1024 * 1024) /* Answer bytes read where an expression reads them. */
#define LIMIT_RENDERED_BYTES (1024 * 1024) /* One rendered request. */
#define LIMIT_ANSWER_HEADERS (16 * 1024)   /* Answer header bytes kept. */

/* The engine */
#define LIMIT_STATE_BYTES \
    65536                      /* Encoded state: 1,024 runs and as many open calls fit. */
#define LIMIT_INBOX 8192       /* Commands waiting for the engine thread (503). */
#define LIMIT_BATCH_TURNS 1024 /* Turns of one commit; bounds a loop's work. */
#define LIMIT_EVENTS 200000    /* Turns of one saga (S53). */
#define LIMIT_ATTEMPTS 100000  /* Attempts of one saga (S53). */
#define LIMIT_SAGA_BYTES (256LL * 1024 * 1024) /* Journal bytes of one saga (S53). */
#define LIMIT_ACTIVE_SAGAS \
    200000 /* Sagas neither final nor asleep; more starts are 503. */
#define LIMIT_CALLS_IN_FLIGHT 1000   /* Calls out at once, all services. */
#define LIMIT_SERVICE_CONCURRENT 100 /* maxConcurrent of a service that names none. */
#define LIMIT_GRACE_MS \
    (24LL * 3600 * 1000) /* Of one downtime, given to deadlines (S43). */
#define LIMIT_NEAR_MS \
    60000 /* A saga due later than this sleeps on disk, not in memory. */
#define LIMIT_FEED_BYTES \
    (2 * 1024 * 1024) /* Events kept for who follows: some 20,000; a power of two. */

/* The front door */
#define LIMIT_API_CONNECTIONS 4096
#define LIMIT_API_PER_ADDRESS 2048
#define LIMIT_API_HEADER_BYTES 16384
#define LIMIT_HEADERS_MS 10000 /* Absolute time for a request's headers. */
#define LIMIT_BODY_MS 30000    /* Absolute time for a request's body. */
#define LIMIT_WAIT_S 60        /* Longest Prefer: wait. */
#define LIMIT_API_STREAMS \
    1024 /* Streams of events open at once (503): a quarter of the connections. */
#define LIMIT_STREAM_QUIET_MS 15000 /* A comment after so long: proxies see life. */
#define LIMIT_PAGE 50               /* Items of a list by default. */
#define LIMIT_PAGE_MAX 500

#endif /* BASE_LIMITS_H */
