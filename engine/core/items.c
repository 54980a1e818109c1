/* items.c - see items.h. */
#include "engine/core/items.h"

struct saga_each *items_each(struct saga *s, const struct plan *plan, uint16_t step)
{
    assert(plan->nodes[step].each < s->n_each);
    return &s->eachs[plan->nodes[step].each];
}

/* Where the step's runs begin: behind those of the forEach steps before it. */
static uint32_t first_run(const struct saga *s, uint16_t each)
{
    uint32_t at = 0;

    for (uint16_t i = 0; i < each; i++) {
        at += s->eachs[i].n_runs;
    }
    return at;
}

static bool is_same(struct saga_record a, struct saga_record b)
{
    return advance_pack(a) == advance_pack(b);
}

/* Replace the run at `at` by n runs; the count of the forEach follows. */
static void splice(struct saga *s, struct saga_each *e, uint32_t at,
                   const struct saga_run *with, uint32_t n)
{
    uint32_t behind = s->n_runs - at - 1;

    assert(s->n_runs + n - 1 <= SAGA_RUNS_ROOM);
    memmove(&s->runs[at + n], &s->runs[at + 1], behind * sizeof(s->runs[0]));
    for (uint32_t i = 0; i < n; i++) {
        s->runs[at + i] = with[i];
    }
    s->n_runs = (uint16_t)(s->n_runs + n - 1);
    e->n_runs = (uint16_t)(e->n_runs + n - 1);
}

/* Join equal neighbours among the runs from `from` to `to`, which are the step's. */
static void join(struct saga *s, struct saga_each *e, uint32_t from, uint32_t to)
{
    for (uint32_t i = to; i > from; i--) {
        struct saga_run *left = &s->runs[i - 1];

        if (is_same(left->record, s->runs[i].record)) {
            left->n += s->runs[i].n;
            splice(s, e, i, NULL, 0);
        }
    }
}

struct saga_record items_record(const struct saga *s, const struct plan *plan,
                                uint16_t step, uint32_t item)
{
    uint16_t each = plan->nodes[step].each;
    uint32_t at = first_run(s, each);

    if (item >= s->eachs[each].next) {
        return (struct saga_record){0};
    }
    while (item >= s->runs[at].n) {
        item -= s->runs[at].n;
        at++;
    }
    return s->runs[at].record;
}

void items_set(struct saga *s, const struct plan *plan, uint16_t step, uint32_t item,
               struct saga_record record)
{
    struct saga_each *e = items_each(s, plan, step);
    uint32_t first = first_run(s, plan->nodes[step].each);
    uint32_t at = first;
    struct saga_run with[3];
    uint32_t n = 0;
    uint32_t last;

    assert(item < e->next);
    while (item >= s->runs[at].n) {
        item -= s->runs[at].n;
        at++;
    }
    if (is_same(s->runs[at].record, record)) {
        return;
    }
    if (item > 0) {
        with[n++] = (struct saga_run){s->runs[at].record, item};
    }
    with[n++] = (struct saga_run){record, 1};
    if (item + 1 < s->runs[at].n) {
        with[n++] = (struct saga_run){s->runs[at].record, s->runs[at].n - item - 1};
    }
    splice(s, e, at, with, n);
    last = at + n < first + e->n_runs ? at + n : first + e->n_runs - 1;
    join(s, e, at > first ? at - 1 : first, last);
}

void items_begin_next(struct saga *s, const struct plan *plan, uint16_t step)
{
    struct saga_each *e = items_each(s, plan, step);
    uint32_t end = first_run(s, plan->nodes[step].each) + e->n_runs;
    const struct saga_record begun = {.is_begun = 1};

    assert(e->next < e->count);
    e->next++;
    if (e->n_runs > 0 && is_same(s->runs[end - 1].record, begun)) {
        s->runs[end - 1].n++;
        return;
    }
    assert(s->n_runs < SAGA_RUNS_ROOM);
    memmove(&s->runs[end + 1], &s->runs[end], (s->n_runs - end) * sizeof(s->runs[0]));
    s->runs[end] = (struct saga_run){begun, 1};
    s->n_runs++;
    e->n_runs++;
}

bool items_have_room(const struct saga *s)
{
    return s->n_runs < LIMIT_RUNS;
}

bool items_have_room_to_undo(const struct saga *s)
{
    return (uint32_t)s->n_runs + 2U * (s->n_cells + 1U) <= SAGA_RUNS_ROOM;
}

struct saga_record items_record_of(const struct advance *a, uint16_t step, uint32_t item)
{
    return item == SAGA_NO_ITEM ? a->s->steps[step].record
                                : items_record(a->s, a->plan, step, item);
}

void items_set_record(struct advance *a, uint16_t step, uint32_t item,
                      struct saga_record record)
{
    if (item == SAGA_NO_ITEM) {
        a->s->steps[step].record = record;
    } else {
        items_set(a->s, a->plan, step, item, record);
    }
}
