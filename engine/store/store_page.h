/*
 * store_page.h - a page of the list of sagas, or a part of a count, for a bounded time.
 *
 * Some filters are served by no index: times, statuses of a definition, parts of an
 * error. To fill a page they may have to walk past a million sagas. So the list is walked
 * in stretches of numbers, newest first, each as long as the one before was quick, until
 * the page is full or the time is over: then the page says where it has come to, and
 * what is there may be none at all. Filters that an index answers are asked at once.
 *
 * Times of start bound the numbers first, by search: sagas are numbered as they start.
 * A clock that was set back breaks that order; up to STORE_PAGE_CLOCK_MS are allowed for,
 * and sagas that are further out of order are not found by such a filter.
 *
 * Rules for readers as in store.h.
 */
#ifndef STORE_STORE_PAGE_H
#define STORE_STORE_PAGE_H

#include "engine/store/store.h"

#define STORE_PAGE_CLOCK_MS (60U * 60 * 1000)

struct store_page {
    const struct store_filter *filter;
    uint64_t before_num; /* Only below it; 0: from the newest. */
    size_t most;         /* Rows. */
    uint64_t stretch;    /* Numbers of the first stretch; 0: what is usual. */
    uint64_t most_us;    /* No new stretch after that; one is walked in any case. */
};

/* *out_below: everything from this number up was looked at, go on with it as
 * before_num. 0: all was, or the page is full or was ended by each(). */
MUST_CHECK enum err store_scan_page(struct store_reader *r, const struct store_page *page,
                                    store_each_saga each, void *user, uint64_t *out_below,
                                    struct err_info *info);

/* How many there are, `most` apart, in all that was looked at; *out_below as above. */
MUST_CHECK enum err store_count_page(struct store_reader *r,
                                     const struct store_page *page, uint64_t *out,
                                     uint64_t *out_below, struct err_info *info);

#endif /* STORE_STORE_PAGE_H */
