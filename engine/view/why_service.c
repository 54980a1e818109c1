/* why_service.c - see why_parts.h: what keeps a call from its service. */
#include <inttypes.h>

#include "base/clk.h"
#include "engine/view/why_parts.h"

#define A_SECOND_MS 1000U
#define A_MINUTE_MS 60000U
#define AN_HOUR_MS (60U * A_MINUTE_MS)
#define A_DAY_MS (24U * AN_HOUR_MS)

const char *why_for_long(const struct why *w, uint64_t ms)
{
    if (ms < A_SECOND_MS) {
        return arena_printf(w->a, "%" PRIu64 " ms", ms);
    }
    if (ms < 2 * A_MINUTE_MS) {
        return arena_printf(w->a, "%" PRIu64 " s", (ms + A_SECOND_MS - 1) / A_SECOND_MS);
    }
    if (ms < 2 * AN_HOUR_MS) {
        return arena_printf(w->a, "%" PRIu64 " min",
                            (ms + A_MINUTE_MS - 1) / A_MINUTE_MS);
    }
    return arena_printf(w->a, "%" PRIu64 " h", (ms + AN_HOUR_MS - 1) / AN_HOUR_MS);
}

const char *why_at_time(const struct why *w, uint64_t wall_ms)
{
    const uint64_t now_ms = w->now->wall_ms;
    const uint64_t ms = (wall_ms + A_SECOND_MS - 1) / A_SECOND_MS * A_SECOND_MS;
    char text[CLK_TEXT_MAX]; /* 2026-11-24T10:02:03.123Z */

    clk_to_text(ms, text);
    if (ms < now_ms + A_DAY_MS && now_ms < ms + A_DAY_MS) {
        return arena_printf(w->a, "%.8sZ", text + 11);
    }
    return arena_printf(w->a, "%.10s %.8sZ", text, text + 11);
}

static const char *name_of(const struct why *w, const struct why_wanted *c)
{
    return c->service != NULL ? arena_printf(w->a, "service '%s'", c->service)
                              : "its service";
}

/* ---- as it stands now -------------------------------------------------------------- */

static const char *by_whom(const struct why *w, const char *actor)
{
    return actor != NULL ? arena_printf(w->a, "'%s'", actor) : "an operator";
}

static const char *why_breaker(const struct why *w, const struct why_wanted *c,
                               const struct board_facts *f)
{
    const struct why_now *now = w->now;
    const char *service = name_of(w, c);

    switch (f->breaker) {
    case BOARD_BREAKER_HELD_OPEN:
        return arena_printf(w->a,
                            "%s waits because %s holds the breaker of %s open: nothing "
                            "is sent until an operator sets it to auto or closed",
                            c->what, by_whom(w, f->held_by), service);
    case BOARD_BREAKER_HALF_OPEN:
        return arena_printf(w->a,
                            "%s waits because the breaker of %s is half-open: one call "
                            "was let through, and its answer lets all go or none; an "
                            "operator can close it sooner",
                            c->what, service);
    case BOARD_BREAKER_OPEN:
        break;
    case BOARD_BREAKER_CLOSED:
        return NULL;
    }
    return arena_printf(
        w->a,
        "%s waits because the breaker of %s is open: one call is let through %s, and all "
        "when that one is answered; an operator can close it sooner",
        c->what, service,
        f->open_until_ms > now->mono_ms
            ? arena_printf(w->a, "at %s",
                           why_at_time(w, now->wall_ms + f->open_until_ms - now->mono_ms))
            : "now");
}

/* "1 other waits" is said of a line of two: this one stands in it. */
static const char *line_of(const struct why *w, const struct board_facts *f)
{
    if (f->queued < 2) {
        return "";
    }
    return arena_printf(w->a, ", as %" PRIu32 " other%s do%s", f->queued - 1,
                        f->queued > 2 ? "s" : "", f->queued > 2 ? "" : "es");
}

static const char *why_full(const struct why *w, const struct why_wanted *c,
                            const struct board_facts *f)
{
    if (f->in_flight >= f->most) {
        return arena_printf(w->a,
                            "%s waits for a free place at %s%s: it is full, with %" PRIu32
                            " of at most %" PRIu32
                            " calls out (maxConcurrent), and one goes when one of them "
                            "ends",
                            c->what, name_of(w, c), line_of(w, f), f->in_flight, f->most);
    }
    if (f->is_crowded) {
        return arena_printf(w->a,
                            "%s waits for a free place%s: as many calls are out as may "
                            "be, of all services (maxCallsInFlight), and one goes when "
                            "one of them ends",
                            c->what, line_of(w, f));
    }
    return NULL;
}

/* Whoever stands at the end of the line goes then, if nothing else comes in its way. */
static const char *why_rate(const struct why *w, const struct why_wanted *c,
                            const struct board_facts *f)
{
    uint64_t ms;

    if (f->rate_per_s == 0) {
        return NULL;
    }
    ms = ((uint64_t)f->queued * A_SECOND_MS + f->rate_per_s - 1) / f->rate_per_s;
    return arena_printf(w->a,
                        "%s waits for its turn at %s%s: its rate is %" PRIu32
                        "/s, and the line is through at %s",
                        c->what, name_of(w, c), line_of(w, f), f->rate_per_s,
                        why_at_time(w, w->now->wall_ms + ms));
}

static const char *why_missing(const struct why *w, const struct why_wanted *c)
{
    return arena_printf(w->a,
                        "%s waits because the configuration names no %s; add it and "
                        "reload (HUP)",
                        c->what, name_of(w, c));
}

/* The gravest first, as the engine asks (service.c); NULL: nothing is in its way now. */
static const char *why_as_it_stands(const struct why *w, const struct why_wanted *c,
                                    const struct board_facts *f)
{
    const char *text;

    if (f->is_missing) {
        return why_missing(w, c);
    }
    if (f->is_paused) {
        return arena_printf(w->a,
                            "%s waits because %s paused %s: nothing is sent until an "
                            "operator resumes it",
                            c->what, by_whom(w, f->paused_by), name_of(w, c));
    }
    text = why_breaker(w, c, f);
    if (text == NULL) {
        text = why_full(w, c, f);
    }
    return text != NULL ? text : why_rate(w, c, f);
}

/* ---- as it was --------------------------------------------------------------------- */

/* Of a past moment, and of an absolute URL's service, which has no name to look up. */
static const char *why_as_it_was(const struct why *w, const struct why_wanted *c)
{
    const char *service = name_of(w, c);

    switch (c->slot) {
    case SAGA_SLOT_FULL:
        return arena_printf(
            w->a, "%s waits for a free place at %s (maxConcurrent or maxCallsInFlight)",
            c->what, service);
    case SAGA_SLOT_RATE:
        return arena_printf(w->a, "%s waits for its turn at %s (rate)", c->what, service);
    case SAGA_SLOT_BREAKER:
        return arena_printf(w->a,
                            "%s waits because the breaker of %s is open: one call is let "
                            "through when its time is over, all when an operator closes "
                            "it",
                            c->what, service);
    case SAGA_SLOT_PAUSED:
        return arena_printf(
            w->a,
            "%s waits because %s is sent nothing: it is paused, or sagad holds all calls",
            c->what, service);
    case SAGA_SLOT_MISSING:
        return why_missing(w, c);
    case SAGA_SLOT_GRANTED:
    case SAGA_SLOT_KEY_EXPIRED:
    case SAGA_SLOT_HELD:
        break;
    }
    return arena_printf(w->a, "%s waits for a place at %s", c->what, service);
}

const char *why_service(const struct why *w, const struct why_wanted *c)
{
    struct board_facts facts;
    const char *text;

    if (w->now->board == NULL || c->service == NULL ||
        !board_read(w->now->board, c->service, &facts)) {
        return why_as_it_was(w, c);
    }
    text = why_as_it_stands(w, c, &facts);
    return text != NULL
               ? text
               : arena_printf(w->a, "%s waits for a place at %s%s, and goes next",
                              c->what, name_of(w, c), line_of(w, &facts));
}

const char *why_engine_holds(const struct why *w)
{
    if (w->now->board == NULL || w->v->is_paused_by_restore) { /* Said already. */
        return "";
    }
    switch (board_hold_of(w->now->board)) {
    case BOARD_HOLD_NONE:
        return "";
    case BOARD_HOLD_DRAINING:
        return "; sagad is stopping: nothing new is sent before it is started again";
    case BOARD_HOLD_RESTORED:
        return "; sagad was restored from a backup: nothing is sent until an operator "
               "lets it go on (POST /v1/resume)";
    case BOARD_HOLD_DISK:
        return "; the disk is nearly full: nothing new is sent until there is room again";
    }
    return "";
}
