/*
 * service_parts.h - the inside of services, for service.c and service_write.c only.
 */
#ifndef CALLS_SERVICE_PARTS_H
#define CALLS_SERVICE_PARTS_H

#include "engine/calls/breaker.h"
#include "engine/calls/service.h"
#include "engine/calls/service_queue.h"

struct service {
    struct services *all; /* Borrowed: its owner. */
    struct service_config config;
    struct arena *texts; /* Owns config's texts. */
    struct breaker breaker;
    struct board_entry *entry; /* Of all->board. */
    const char *paused_by;     /* Who; the board's. NULL: nobody was named. */
    const char *held_by;
    struct line line;
    uint32_t in_flight;
    bool is_paused;
    bool is_missing;       /* Needed, but not configured: never put, or taken away. */
    bool is_kept;          /* Put since services_begin(). */
    bool is_origin;        /* Not configured: of an absolute URL's origin. */
    uint64_t tokens_milli; /* Calls the rate lets through now, in thousandths. */
    uint64_t refilled_ms;  /* When tokens_milli was true; 0: never asked. */
};

struct services {
    uint32_t calls_max;
    uint32_t in_flight;
    enum board_hold hold; /* Not none: nobody is granted anything. */
    bool is_crowded; /* Somebody waits for nothing but calls_max: no jumping the queue. */
    uint64_t wall_less_mono_ms; /* To show a monotonic time as one of the day. */
    struct queues *queues;
    struct board *board;
    size_t n;
    size_t room;
    size_t turn;              /* Whose turn it is, an index into by_name. */
    struct service **by_name; /* In order of name. */
};

#endif /* CALLS_SERVICE_PARTS_H */
