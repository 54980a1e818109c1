/*
 * board.h - what keeps a service's calls waiting, written up for anybody to read.
 *
 * The services (service.h) are the engine thread's; it writes here what changes, and
 * readers on other threads look a service up by its name and wait for nobody. Each fact
 * is whole; several read together may be from just before and just after a change, so
 * they make sentences (engine/view/why.h) and decide nothing.
 *
 * Names of services and of operators stay for the board's life. Both come from the
 * configuration or from definitions, so they are few; they are searched one by one.
 */
#ifndef CALLS_BOARD_H
#define CALLS_BOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct board;
struct board_entry; /* One service's; never goes. */

enum board_breaker {
    BOARD_BREAKER_CLOSED,
    BOARD_BREAKER_OPEN, /* Until open_until_ms. */
    BOARD_BREAKER_HALF_OPEN,
    BOARD_BREAKER_HELD_OPEN, /* By held_by. */
};

struct board_facts {
    bool is_missing; /* The configuration has none of that name. */
    bool is_paused;
    const char *paused_by; /* NULL: nobody was named. The board's. */
    const char *held_by;
    enum board_breaker breaker;
    uint64_t open_until_ms; /* Monotonic. */
    uint32_t in_flight;
    uint32_t most; /* That may be in flight at once. */
    uint32_t queued;
    uint32_t rate_per_s; /* 0: no rate. */
    bool is_crowded;     /* As many calls are out, of all services, as may be. */
};

enum board_hold { /* Why no service at all is sent anything. */
                  BOARD_HOLD_NONE,
                  BOARD_HOLD_DRAINING,
                  BOARD_HOLD_RESTORED, /* From a backup; an operator lets it go on. */
                  BOARD_HOLD_DISK,     /* Nearly full. */
};

/* ---- the engine's thread -------------------------------------------------------- */

struct board *board_create(void);
void board_destroy(struct board *b); /* NULL is fine; readers are gone. */

/* The name's entry, made when there is none. */
struct board_entry *board_entry_of(struct board *b, const char *name);
/* facts->queued is not taken from here ... */
void board_put(struct board_entry *entry, const struct board_facts *facts);
/* ... but from this counter, which whoever keeps the line moves. */
atomic_uint_fast32_t *board_queued(struct board_entry *entry);
void board_put_hold(struct board *b, enum board_hold hold);
void board_put_crowded(struct board *b, bool is_crowded);
/* The same text, kept by the board; NULL stays NULL. */
const char *board_name(struct board *b, const char *name);

/* ---- any thread ------------------------------------------------------------------ */

/* False: no service of that name was ever heard of. */
bool board_read(const struct board *b, const char *name, struct board_facts *out);
enum board_hold board_hold_of(const struct board *b);

#endif /* CALLS_BOARD_H */
