/*
 * bulk_match.h - what the filter of a bulk action finds: a count and a few of them.
 *
 * The count is exact, and a filter may have to look at every saga there is. So it is
 * counted in rounds of some milliseconds, between which the door serves others; sagas
 * that move meanwhile are counted as they are met.
 *
 * The door's thread. A match lives in the request's arena.
 */
#ifndef ADMINAPI_BULK_MATCH_H
#define ADMINAPI_BULK_MATCH_H

#include "adminapi/request.h"
#include "engine/view/saga_filter.h"

#define BULK_MATCH_SAMPLE 10

struct bulk_match {
    const struct saga_filter *filter; /* In the request's arena, too. */
    uint64_t upto;                    /* Sagas with a larger number are not looked at. */
    size_t sample_max;                /* How many are to be shown; 0: none. */
    /* When all is looked at; not if that failed, which is then answered. */
    void (*done)(struct request *r, const struct bulk_match *m);
    const void *user; /* For done(). */

    uint64_t count;
    struct store_saga sample[BULK_MATCH_SAMPLE]; /* The newest. */
    size_t n_sample;

    bool has_sample; /* bulk_match.c's. */
    uint64_t below;
};

/* m: the members up to user are set, the others zero. May call done() before it returns.
 * r->more is used. */
void bulk_match_start(struct request *r, struct bulk_match *m);

#endif /* ADMINAPI_BULK_MATCH_H */
