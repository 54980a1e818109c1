/* view_items.c - see view_items.h. */
#include "engine/view/view_items.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"
#include "engine/view/saga_text.h"

struct fold {
    const struct view *v;
    struct arena *a;
    struct arena *scratch; /* One row's. */
    uint16_t step;
    uint32_t from;
    struct view_item *items;
    size_t n;
    bool is_bad;
};

static struct view_item *item_of(const struct fold *f, uint16_t step, uint32_t item)
{
    if (step != f->step || item < f->from || item - f->from >= f->n) {
        return NULL;
    }
    return &f->items[item - f->from];
}

static void fold_sends(struct fold *f, const struct record *r)
{
    for (size_t i = 0; i < r->n_sends; i++) {
        struct view_item *item = item_of(f, r->sends[i].step, r->sends[i].item);

        if (item == NULL) {
            continue;
        }
        item->ended_ms = 0;
        if (r->sends[i].call == CALL_ACTION) {
            item->attempts++;
            item->started_ms = item->started_ms != 0 ? item->started_ms : r->event.now_ms;
        }
    }
}

static void keep_output(struct fold *f, struct view_item *item, const struct record *r)
{
    item->has_output = true;
    item->output = (struct docs_answer){
        .http_status = r->http_status,
        .body = r->body != NULL ? arena_copy(f->a, r->body, r->body_n) : NULL,
        .body_n = r->body_n,
        .is_json =
            r->body != NULL && !r->is_truncated && json_is_valid(r->body, r->body_n),
        .is_truncated = r->is_truncated,
    };
}

static bool is_answer(const struct saga_event *ev)
{
    if (ev->kind == SAGA_EV_CALLED_BACK) {
        return ev->outcome == OUTCOME_SUCCEEDED;
    }
    return ev->kind == SAGA_EV_ANSWERED &&
           ((ev->call == CALL_ACTION && ev->outcome == OUTCOME_SUCCEEDED) ||
            (ev->call == CALL_CONFIRM && ev->confirm == SAGA_CONFIRM_APPLIED));
}

static void fold_end(struct fold *f, const struct record *r)
{
    const struct saga_event *ev = &r->event;
    struct view_item *item = item_of(f, ev->step, ev->item);

    if (item == NULL) {
        return;
    }
    item->ended_ms = ev->now_ms;
    item->has_error = ev->kind == SAGA_EV_LOST ||
                      (ev->kind == SAGA_EV_ANSWERED && ev->outcome != OUTCOME_SUCCEEDED);
    if (is_answer(ev) || r->body != NULL) {
        if (is_answer(ev) || ev->kind == SAGA_EV_SKIP || ev->kind == SAGA_EV_RESOLVE) {
            keep_output(f, item, r);
        }
    }
    if (item->has_error) {
        item->error_outcome = ev->kind == SAGA_EV_LOST ? OUTCOME_UNKNOWN : ev->outcome;
        item->error_status = r->http_status;
        item->error_detail = arena_text(f->a, r->detail);
    }
}

static bool fold_turn(void *user, const struct store_turn *turn)
{
    struct fold *f = user;
    struct record record;

    if (turn->turn > f->v->state->turn) {
        return false;
    }
    arena_reset(f->scratch);
    if (!record_decode(turn->data.at, turn->data.n, f->scratch, &record)) {
        f->is_bad = true;
        return false;
    }
    switch (record.event.kind) {
    case SAGA_EV_ANSWERED:
    case SAGA_EV_LOST:
    case SAGA_EV_CALLED_BACK:
    case SAGA_EV_CHILD_ENDED:
    case SAGA_EV_SKIP:
    case SAGA_EV_RESOLVE:
        fold_end(f, &record);
        break;
    case SAGA_EV_START:
    case SAGA_EV_YOUR_TURN:
    case SAGA_EV_GRANTED:
    case SAGA_EV_RETURNED:
    case SAGA_EV_WAKE:
    case SAGA_EV_DEADLINE:
    case SAGA_EV_SIGNALLED:
    case SAGA_EV_PARENT_UNDO:
    case SAGA_EV_RETRY:
    case SAGA_EV_CANCEL:
    case SAGA_EV_CLOSE:
    case SAGA_EV_PAUSE:
    case SAGA_EV_RESUME:
    case SAGA_EV_LIMIT:
    case SAGA_EV_POISONED:
    case SAGA_EV_RESTORE:
        break;
    }
    fold_sends(f, &record);
    return true;
}

/* How each stands now, from the state. */
static void tell_status(const struct fold *f)
{
    const struct saga *s = f->v->state;
    const struct plan *plan = f->v->definition->plan;

    for (size_t i = 0; i < f->n; i++) {
        struct view_item *item = &f->items[i];
        const struct saga_cell *c = saga_cell_of(s, f->step, item->item);

        item->status = saga_item_status(s, plan, f->step, item->item);
        item->in_doubt = saga_item_of(s, plan, f->step, item->item).in_doubt ||
                         (c != NULL && c->in_doubt);
        if (c != NULL) {
            item->ended_ms = 0;
        }
    }
}

enum err view_read_items(struct store_reader *r, const struct view *v, uint16_t step,
                         uint32_t from, size_t most, struct arena *a,
                         struct view_item **out, size_t *n_out, struct err_info *info)
{
    struct fold f = {.v = v, .a = a, .step = step, .from = from};
    uint32_t count;
    enum err e;

    assert(v->definition->plan->nodes[step].each != PLAN_NONE);
    count = v->state->eachs[v->definition->plan->nodes[step].each].count;
    f.n = from >= count ? 0 : count - from < most ? count - from : most;
    f.items = arena_take(a, (f.n + 1) * sizeof(f.items[0]));
    for (size_t i = 0; i < f.n; i++) {
        f.items[i].item = from + (uint32_t)i;
    }
    f.scratch = arena_create(16384);
    e = store_scan_turns(r, v->row.num, 1, SIZE_MAX, fold_turn, &f, info);
    arena_destroy(f.scratch);
    if (e == ERR_OK && f.is_bad) {
        e = err_set(info, ERR_INVALID, "the journal of saga %s cannot be read",
                    v->row.id);
    }
    if (e == ERR_OK) {
        tell_status(&f);
        *out = f.items;
        *n_out = f.n;
    }
    return e;
}
