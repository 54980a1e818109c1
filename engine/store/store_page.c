/* store_page.c - see store_page.h. */
#include "engine/store/store_page.h"

#include "base/clk.h"

enum {
    STRETCH = 16384,      /* Numbers; walking past one that does not match takes 1 us. */
    STRETCH_LEAST = 1024, /* Preparing a statement takes some 50 us. */
    QUICK_US = 2000,      /* A stretch that takes less is followed by a longer one. */
    SLOW_US = 16000,
    LONGER = 16,
    ARENA_BYTES = 4096
};

/* ---- by the times of start ------------------------------------------------------------
 */

struct newest {
    uint64_t num; /* 0: there is none. */
    uint64_t started_ms;
};

static bool take_newest(void *user, const struct store_saga *row)
{
    struct newest *newest = user;

    *newest = (struct newest){row->num, row->started_ms};
    return false;
}

/* The newest saga of up to that number. */
static enum err find_newest(struct store_reader *r, uint64_t upto, struct arena *a,
                            struct newest *out, struct err_info *info)
{
    struct store_saga row;
    enum err e = store_find_saga_num(r, upto, a, &row, info);

    if (e == ERR_OK) {
        *out = (struct newest){row.num, row.started_ms};
    } else if (e == ERR_NOT_FOUND) { /* Purged, or never there. */
        *out = (struct newest){.num = 0};
        e = store_scan_sagas(r, NULL, upto + 1, 1, take_newest, out, info);
    }
    arena_reset(a);
    return e;
}

/* The largest number below `top` of a saga that began before at_ms; 0: there is none. */
static enum err find_begun(struct store_reader *r, uint64_t at_ms, uint64_t top,
                           uint64_t *out, struct err_info *info)
{
    struct arena *a = arena_create(ARENA_BYTES);
    uint64_t low = 0; /* Begun before, or 0. */
    enum err e = ERR_OK;

    while (e == ERR_OK && top - low > 1) {
        const uint64_t middle = low + (top - low) / 2;
        struct newest newest;

        e = find_newest(r, middle, a, &newest, info);
        if (e == ERR_OK && newest.started_ms < at_ms) {
            low = middle; /* From newest.num to here there is nothing. */
        } else if (e == ERR_OK) {
            top = newest.num;
        }
    }
    arena_destroy(a);
    *out = low;
    return e;
}

/* The numbers in which the filter's times can be: above filter->above_num, below *top. */
static enum err bound(struct store_reader *r, struct store_filter *f, uint64_t *top,
                      struct err_info *info)
{
    uint64_t before_ms = f->started_before_ms;
    uint64_t num;
    enum err e = ERR_OK;

    /* Nothing was changed before it began. */
    if (f->updated_before_ms != 0 &&
        (before_ms == 0 || f->updated_before_ms < before_ms)) {
        before_ms = f->updated_before_ms;
    }
    if (before_ms != 0) {
        e = find_begun(r, before_ms + STORE_PAGE_CLOCK_MS, *top, &num, info);
        *top = e == ERR_OK ? num + 1 : *top;
    }
    if (e == ERR_OK && f->started_after_ms > STORE_PAGE_CLOCK_MS) {
        e = find_begun(r, f->started_after_ms - STORE_PAGE_CLOCK_MS, *top, &num, info);
        if (e == ERR_OK && num > f->above_num) {
            f->above_num = num;
        }
    }
    return e;
}

/* ---- in stretches ---------------------------------------------------------------------
 */

/* Does an index find what is asked for, or nearly? Then few rows are passed by. */
static bool is_found_at_once(const struct store_filter *f)
{
    const size_t n_kinds = (f->statuses != 0 ? 1U : 0U) +
                           (f->n_definitions > 0 ? 1U : 0U) + (f->paused > 0 ? 1U : 0U) +
                           f->n_labels;

    return f->n_keys > 0 ||
           (n_kinds <= 1 && f->paused >= 0 && f->n_stuck_steps == 0 &&
            f->stuck_calls == 0 && f->stuck_outcomes == 0 && f->stuck_error == NULL &&
            f->started_after_ms == 0 && f->started_before_ms == 0 &&
            f->updated_after_ms == 0 && f->updated_before_ms == 0);
}

static uint64_t next_stretch(uint64_t stretch, uint64_t took_us)
{
    if (took_us < QUICK_US) {
        return stretch < UINT64_MAX / LONGER ? stretch * LONGER : stretch;
    }
    return took_us > SLOW_US && stretch >= 2 * STRETCH_LEAST ? stretch / 2 : stretch;
}

/* One stretch: the filter from above its above_num to below top. *is_over: enough. */
typedef enum err (*look)(struct store_reader *r, const struct store_filter *f,
                         uint64_t top, void *user, bool *is_over, struct err_info *info);

static enum err walk(struct store_reader *r, const struct store_page *page, look look_at,
                     void *user, uint64_t *out_below, struct err_info *info)
{
    struct store_filter f = *page->filter;
    const uint64_t began_us = clk_mono_us();
    uint64_t stretch = page->stretch != 0 ? page->stretch : STRETCH;
    uint64_t at_us = began_us;
    uint64_t top = page->before_num;
    uint64_t bottom;
    enum err e = bound(r, &f, &top, info);

    bottom = f.above_num;
    while (e == ERR_OK && top > bottom + 1) {
        const uint64_t before_us = at_us;
        bool is_over = false;

        f.above_num = top - 1 - bottom > stretch ? top - 1 - stretch : bottom;
        e = look_at(r, &f, top, user, &is_over, info);
        if (is_over) {
            return e;
        }
        top = f.above_num + 1;
        at_us = clk_mono_us();
        if (at_us - began_us >= page->most_us && top > bottom + 1) {
            *out_below = top;
            return e;
        }
        stretch = next_stretch(stretch, at_us - before_us);
    }
    return e;
}

/* ---- rows ------------------------------------------------------------------------- */

struct rows {
    store_each_saga each;
    void *user;
    size_t most; /* Still to come. */
    bool is_over;
};

static bool show(void *user, const struct store_saga *row)
{
    struct rows *rows = user;

    rows->most--;
    rows->is_over = !rows->each(rows->user, row);
    return !rows->is_over;
}

static enum err look_for_rows(struct store_reader *r, const struct store_filter *f,
                              uint64_t top, void *user, bool *is_over,
                              struct err_info *info)
{
    struct rows *rows = user;
    const enum err e = store_scan_sagas(r, f, top, rows->most, show, rows, info);

    *is_over = rows->is_over || rows->most == 0;
    return e;
}

/* before_num 0 is the newest there is. */
static enum err begin(struct store_reader *r, struct store_page *page,
                      struct err_info *info)
{
    struct store_numbers numbers;
    enum err e = ERR_OK;

    if (page->before_num == 0) {
        e = store_read_numbers(r, &numbers, info);
        page->before_num = e == ERR_OK ? numbers.saga + 1 : 1;
    }
    return e;
}

enum err store_scan_page(struct store_reader *r, const struct store_page *page,
                         store_each_saga each, void *user, uint64_t *out_below,
                         struct err_info *info)
{
    struct store_page p = *page;
    struct rows rows = {.each = each, .user = user, .most = page->most};
    enum err e;

    *out_below = 0;
    if (page->most == 0) {
        return ERR_OK;
    }
    if (is_found_at_once(page->filter)) {
        return store_scan_sagas(r, page->filter, page->before_num, page->most, each, user,
                                info);
    }
    e = begin(r, &p, info);
    return e == ERR_OK ? walk(r, &p, look_for_rows, &rows, out_below, info) : e;
}

/* ---- a count ---------------------------------------------------------------------- */

static enum err look_for_count(struct store_reader *r, const struct store_filter *f,
                               uint64_t top, void *user, bool *is_over,
                               struct err_info *info)
{
    uint64_t *count = user;
    uint64_t n = 0;
    const enum err e = store_count_sagas(r, f, top, &n, info);

    *count += n;
    *is_over = false;
    return e;
}

enum err store_count_page(struct store_reader *r, const struct store_page *page,
                          uint64_t *out, uint64_t *out_below, struct err_info *info)
{
    struct store_page p = *page;
    enum err e = begin(r, &p, info);

    *out = 0;
    *out_below = 0;
    return e == ERR_OK ? walk(r, &p, look_for_count, out, out_below, info) : e;
}
