/*
 * page.h - lists in pages: limit, cursor, Link.
 *
 * A cursor is opaque to clients: the last row's number (or name) and a hash of what the
 * list was asked with, so that a cursor of another filter is refused.
 */
#ifndef ADMINAPI_PAGE_H
#define ADMINAPI_PAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "adminapi/request.h"

struct page {
    size_t limit;
    const char *after;     /* What the cursor says, in the arena; NULL: from the start. */
    uint64_t after_number; /* The same as a number; 0: from the start. */
};

/* What a list looks for without an index may take that long; a page that is not full by
 * then is shown as it is, with where to go on. */
#define PAGE_LOOK_US 50000

/* limit and cursor of the request. is_number: the cursor's value must be one. False: the
 * request was answered (400). */
bool page_read(struct request *r, bool is_number, struct page *out);

/* Close an open list: the array, `next` and the object; and the Link header. last: the
 * last row's value; NULL: nothing follows. */
void page_close(struct request *r, struct json_out *o, const char *last);

/* A whole number that fills the text. */
bool page_number(const char *text, uint64_t *out);

#endif /* ADMINAPI_PAGE_H */
