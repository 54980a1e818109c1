/*
 * why_parts.h - the inside of why.h, for why.c and why_service.c only.
 */
#ifndef VIEW_WHY_PARTS_H
#define VIEW_WHY_PARTS_H

#include "engine/view/why.h"

struct why {
    const struct view *v;
    const struct saga *s;
    const struct plan *plan;
    const struct why_now *now;
    struct arena *a;
};

/* "4 s", rounded up: never sooner than said. */
const char *why_for_long(const struct why *w, uint64_t ms);

/* "10:02:03Z", rounded up likewise; with the date when it is not near. */
const char *why_at_time(const struct why *w, uint64_t wall_ms);

struct why_wanted {      /* A call that stands in a service's line. */
    const char *what;    /* "'payment'", "the compensation of 'payment'" */
    const char *service; /* NULL: an absolute URL's. */
    enum saga_slot slot; /* Why it was sent there, when it was. */
};

/* What is in its way now, as the board has it; else what was then. */
const char *why_service(const struct why *w, const struct why_wanted *c);

/* "; sagad is stopping, ..." while no service is sent anything; "" else. */
const char *why_engine_holds(const struct why *w);

#endif /* VIEW_WHY_PARTS_H */
