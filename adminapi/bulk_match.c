/* bulk_match.c - see bulk_match.h. */
#include "adminapi/bulk_match.h"

#include "adminapi/answer.h"
#include "adminapi/submit.h"
#include "engine/store/store_page.h"

#define ROUND_US 10000

struct sampling {
    struct bulk_match *match;
    struct arena *arena;
};

static bool keep_row(void *user, const struct store_saga *row)
{
    const struct sampling *s = user;

    s->match->sample[s->match->n_sample++] = store_saga_copy(s->arena, row);
    return true;
}

/* *below: where to go on; 0: there is nothing more. */
static enum err look_for_sample(struct request *r, struct bulk_match *m, uint64_t *below,
                                struct err_info *info)
{
    struct sampling s = {m, r->arena};
    const struct store_page page = {.filter = &m->filter->store,
                                    .before_num = m->below,
                                    .most = m->sample_max - m->n_sample,
                                    .most_us = ROUND_US};

    return store_scan_page(r->reader, &page, keep_row, &s, below, info);
}

static enum err count_on(struct request *r, struct bulk_match *m, uint64_t *below,
                         struct err_info *info)
{
    const struct store_page page = {
        .filter = &m->filter->store, .before_num = m->below, .most_us = ROUND_US};
    uint64_t n;
    enum err e = store_count_page(r->reader, &page, &n, below, info);

    m->count += e == ERR_OK ? n : 0;
    return e;
}

static void look_on(struct request *r)
{
    struct bulk_match *m = r->more;
    struct err_info info = {.text = ""};
    uint64_t below = 0;
    const enum err e = m->has_sample ? count_on(r, m, &below, &info)
                                     : look_for_sample(r, m, &below, &info);

    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    m->below = below;
    if (below == 0 && m->has_sample) {
        m->done(r, m);
        return;
    }
    if (below == 0) {
        m->has_sample = true;
        m->below = m->upto + 1;
    }
    submit_later(r, look_on);
}

void bulk_match_start(struct request *r, struct bulk_match *m)
{
    m->has_sample = m->sample_max == 0;
    m->below = m->upto + 1;
    r->more = m;
    look_on(r);
}
