/*
 * downtime.h - when the engine was not there, so that deadlines stand still (S43, S41).
 *
 * A short list of stretches, kept in the store as one text. What a saga is owed is what
 * of them lies behind its beginning; it is credited with its next event (docs/adr/0012).
 * Plain data without a clock; engine thread, or whoever has a copy.
 */
#ifndef VIEW_DOWNTIME_H
#define VIEW_DOWNTIME_H

#include <stddef.h>
#include <stdint.h>

#define DOWNTIMES_MAX 64

struct downtimes {
    struct {
        uint64_t from_ms;
        uint64_t to_ms;
    } all[DOWNTIMES_MAX];
    size_t n;
};

/* The meta row that keeps them. */
#define DOWNTIMES_META "downtimes"

/* Adds what the text says; from what is not of the form on, it is left out. */
void downtimes_parse(struct downtimes *d, const char *text);

/* The text; the caller frees it. */
char *downtimes_text(const struct downtimes *d);

/* The oldest is forgotten when there are too many. Nothing if to is not behind from. */
void downtimes_add(struct downtimes *d, uint64_t from_ms, uint64_t to_ms);

/* How much of them lies behind that time. */
uint64_t downtimes_since(const struct downtimes *d, uint64_t began_ms);

#endif /* VIEW_DOWNTIME_H */
