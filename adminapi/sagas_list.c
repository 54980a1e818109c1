/*
 * sagas_list.c - GET /v1/sagas: newest first, filtered, in pages.
 */
#include <inttypes.h>
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/filter.h"
#include "adminapi/handlers.h"
#include "adminapi/page.h"
#include "adminapi/saga_answer.h"
#include "adminapi/scope.h"
#include "base/json.h"
#include "engine/store/store_page.h"

struct rows {
    struct arena *arena;
    struct store_saga *items;
    size_t limit;
    size_t n;
    bool has_more;
};

/* Rows are borrowed for the call, and what reads a saga is not to be called inside a
 * scan: they are kept. */
static bool keep_row(void *user, const struct store_saga *row)
{
    struct rows *rows = user;

    if (rows->n == rows->limit) {
        rows->has_more = true;
        return false;
    }
    rows->items[rows->n++] = store_saga_copy(rows->arena, row);
    return true;
}

/* ---- count=estimate
 * ------------------------------------------------------------------------ */

struct tally {
    const struct store_filter *filter;
    uint64_t n;
};

static bool is_wanted(const struct store_filter *f, const char *definition)
{
    for (size_t i = 0; i < f->n_definitions; i++) {
        if (strcmp(f->definitions[i], definition) == 0) {
            return true;
        }
    }
    return f->n_definitions == 0;
}

static bool add_count(void *user, const char *definition, enum saga_status status,
                      uint64_t n)
{
    struct tally *tally = user;
    const struct store_filter *f = tally->filter;

    if (is_wanted(f, definition) &&
        (f->statuses == 0 || (f->statuses & 1U << status) != 0)) {
        tally->n += n;
    }
    return true;
}

/* By definition and status, which are counted; other filters make it fewer. */
static enum err put_estimate(struct request *r, struct json_out *o,
                             const struct store_filter *filter, struct err_info *info)
{
    struct tally tally = {.filter = filter};
    enum err e;

    if (target_find(&r->target, "count") == NULL) {
        return ERR_OK;
    }
    e = store_scan_counts(r->reader, add_count, &tally, info);
    if (e == ERR_OK) {
        json_put_number(o, "estimate", (int64_t)tally.n);
    }
    return e;
}

static bool check_count(struct request *r)
{
    const char *count = target_find(&r->target, "count");

    if (count == NULL || strcmp(count, "estimate") == 0) {
        return true;
    }
    answer_refuse(r, PROBLEM_INVALID_REQUEST, "count can only be 'estimate'");
    return false;
}

/* ---- the list
 * --------------------------------------------------------------------------------- */

static enum err put_rows(struct request *r, struct json_out *o, const struct rows *rows,
                         const struct store_filter *filter, struct err_info *info)
{
    enum err e;

    answer_json(r, 200, o);
    json_open_object(o);
    e = put_estimate(r, o, filter, info);
    json_key(o, "items");
    json_open_array(o);
    return e == ERR_OK ? saga_answer_rows(r, o, rows->items, rows->n, info) : e;
}

/* Rows and states of one moment: for the reader, and because SQLite forgets the pages it
 * has read as soon as somebody commits in between. */
static enum err put_page(struct request *r, const struct store_page *asked,
                         struct rows *rows, uint64_t *below, struct json_out *o,
                         struct err_info *info)
{
    enum err e = store_reader_begin(r->reader, info);

    if (e != ERR_OK) {
        return e;
    }
    e = store_scan_page(r->reader, asked, keep_row, rows, below, info);
    if (e == ERR_OK) {
        e = put_rows(r, o, rows, asked->filter, info);
    }
    store_reader_end(r->reader);
    return e;
}

void sagas_list(struct request *r)
{
    struct rows rows = {.arena = r->arena};
    struct err_info info = {.text = ""};
    struct saga_filter filter;
    uint64_t below = 0; /* Where the page goes on. */
    struct json_out o;
    struct page page;
    enum err e;

    if (!page_read(r, true, &page) || !filter_read(r, &filter) || !check_count(r)) {
        return;
    }
    scope_narrow(r, &filter.store);
    rows.limit = page.limit;
    rows.items = arena_take(r->arena, (page.limit + 1) * sizeof(rows.items[0]));
    e = put_page(r,
                 &(struct store_page){.filter = &filter.store,
                                      .before_num = page.after_number,
                                      .most = page.limit + 1,
                                      .most_us = PAGE_LOOK_US},
                 &rows, &below, &o, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    if (rows.has_more) {
        below = rows.items[rows.n - 1].num;
    }
    page_close(r, &o, below != 0 ? arena_printf(r->arena, "%" PRIu64, below) : NULL);
}
