/*
 * view_calls.c - the attempts of a saga, for view.h.
 *
 * A turn's record names the attempts it made due; later records, and the rows of late
 * answers, say how they ended. Requests are not stored: they are rendered again with the
 * documents as they stood in that turn, and the recorded hash says whether these are the
 * bytes that went out (S3).
 */
#include "engine/view/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/core/saga_code.h"

#define PAGE_TURNS 64
#define ARENA_BYTES 65536

struct list {
    struct view_call *calls; /* Owned; grows. */
    size_t n;
    size_t room;
};

struct known_address { /* An address that attempts name, read once. */
    struct known_address *next;
    uint64_t num;
    struct address_text text;
};

struct calls_fold {
    struct store_reader *r;
    const struct view *v;
    struct arena *a;    /* The caller's. */
    struct arena *page; /* Rows of one page, and what one row needs. */
    struct docs *docs;
    struct saga *state;
    struct list list;
    struct known_address *addresses; /* In the caller's arena. */
    struct store_turn rows[PAGE_TURNS];
    size_t n_rows;
};

/* ---- ends
 * -------------------------------------------------------------------------------- */

/* The attempt of that name (S16); near the end, for it is open or was lately. */
static struct view_call *find(const struct list *l, uint64_t turn, uint16_t step,
                              uint32_t item, enum call_kind call)
{
    for (size_t i = l->n; i > 0 && l->calls[i - 1].turn >= turn; i--) {
        struct view_call *c = &l->calls[i - 1];

        if (c->turn == turn && c->step == step && c->item == item && c->call == call) {
            return c;
        }
    }
    return NULL;
}

static void set_answer(struct view_call *c, const struct record *r, struct arena *a)
{
    c->detail = arena_text(a, r->detail);
    c->http_status = r->http_status;
    c->headers = arena_text(a, r->headers);
    c->body = r->body != NULL ? arena_copy(a, r->body, r->body_n) : NULL;
    c->body_n = r->body_n;
    c->is_truncated = r->is_truncated;
    c->started_ms = r->started_ms;
    memcpy(c->timings_us, r->timings_us, sizeof(c->timings_us));
}

static void end_call(struct view_call *c, enum outcome outcome, uint64_t at_ms)
{
    c->has_ended = true;
    c->outcome = outcome;
    c->ended_ms = at_ms;
}

static void fold_end(struct calls_fold *f, const struct record *r, uint64_t at_ms)
{
    const struct saga_event *ev = &r->event;
    struct view_call *c;

    if (ev->kind != SAGA_EV_ANSWERED && ev->kind != SAGA_EV_LOST &&
        ev->kind != SAGA_EV_RETURNED) {
        return;
    }
    c = find(&f->list, ev->turn, ev->step, ev->item, ev->call);
    if (c == NULL) {
        return;
    }
    if (ev->kind == SAGA_EV_ANSWERED) {
        set_answer(c, r, f->a);
        end_call(c, ev->outcome, at_ms);
    } else if (ev->kind == SAGA_EV_LOST) {
        c->detail = "sagad stopped while the call was in flight";
        end_call(c, OUTCOME_UNKNOWN, at_ms);
    } else {
        c->detail = "sagad stopped before the call was sent";
        end_call(c, OUTCOME_UNSENT, at_ms);
    }
}

/* An answer that no longer counted; how the attempt was judged meanwhile stays. */
static bool each_late(void *user, const struct store_late *late)
{
    struct calls_fold *f = user;
    struct view_call *c = find(&f->list, late->turn, late->step, late->item, late->call);
    struct record r;

    if (c == NULL || !record_decode(late->data.at, late->data.n, f->page, &r)) {
        return true;
    }
    c->is_late = true;
    set_answer(c, &r, f->a);
    if (!c->has_ended) {
        end_call(c, r.event.outcome, late->at_ms);
    }
    return true;
}

/* ---- beginnings
 * -------------------------------------------------------------------------- */

static struct view_call *add_call(struct list *l)
{
    struct view_call *c;

    if (l->n == l->room) {
        l->room = l->room > 0 ? 2 * l->room : 16;
        l->calls = mem_grow(l->calls, l->room * sizeof(l->calls[0]));
    }
    c = &l->calls[l->n++];
    *c = (struct view_call){.n = (uint32_t)l->n};
    for (size_t i = 0; i < RECORD_TIMINGS; i++) {
        c->timings_us[i] = -1;
    }
    return c;
}

/* An attempt repeats the bytes of the one before it: share them, or a saga that repeats
 * a large body for a day would not fit into memory. */
static const struct view_call *before(const struct calls_fold *f,
                                      const struct record_send *send)
{
    for (size_t i = f->list.n; send->attempt > 1 && i > 0; i--) {
        const struct view_call *c = &f->list.calls[i - 1];

        if (c->step == send->step && c->item == send->item && c->call == send->call) {
            return c->has_request && c->request.hash == send->hash ? c : NULL;
        }
    }
    return NULL;
}

/* The item's value, for `.item`, and those that are kept with it. */
static enum err need_item(struct calls_fold *f, const struct record_send *send,
                          struct err_info *info)
{
    struct store_bytes values;
    enum err e;

    if (send->item == SAGA_NO_ITEM || docs_has_item(f->docs, send->step, send->item)) {
        return ERR_OK;
    }
    e = store_read_items(f->r, f->v->row.num, send->step, send->item, f->page, &values,
                         info);
    if (e == ERR_OK) {
        docs_take_items(f->docs, send->step, send->item - send->item % STORE_ITEMS_A_ROW,
                        (struct json_span){values.at, values.n});
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err render(struct calls_fold *f, const struct record_send *send,
                       struct view_call *c, struct err_info *info)
{
    const struct view_call *twin = before(f, send);
    struct render_scope scope;
    enum err e;

    if (twin != NULL) {
        c->request = twin->request;
        c->has_request = true;
        return ERR_OK;
    }
    e = need_item(f, send, info);
    if (e != ERR_OK) {
        return e;
    }
    docs_scope(f->docs, f->state, (struct docs_place){send->step, send->item, send->call},
               &scope);
    e = render_call(f->v->definition, send->step, send->call, &scope, f->a, &c->request,
                    NULL);
    /* A request that no longer renders, or otherwise, is not shown as the one sent. */
    c->has_request = e == ERR_OK && c->request.hash == send->hash;
    return ERR_OK;
}

/* NULL: none was recorded. */
static enum err find_address(struct calls_fold *f, uint64_t num,
                             const struct address_text **out, struct err_info *info)
{
    struct known_address *x;
    enum err e;

    for (x = f->addresses; x != NULL; x = x->next) {
        if (x->num == num) {
            *out = &x->text;
            return ERR_OK;
        }
    }
    x = arena_take(f->a, sizeof(*x));
    e = address_text_read(f->r, num, f->a, &x->text, info);
    if (e == ERR_OK) {
        x->num = num;
        x->next = f->addresses;
        f->addresses = x;
        *out = &x->text;
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err fold_sends(struct calls_fold *f, const struct record *r,
                           const struct store_turn *row, struct err_info *info)
{
    enum err e = ERR_OK;

    for (size_t i = 0; i < r->n_sends && e == ERR_OK; i++) {
        const struct record_send *send = &r->sends[i];
        struct view_call c;

        if (send->step >= f->v->definition->plan->n_nodes) {
            continue;
        }
        c = (struct view_call){.has_request = false};
        e = render(f, send, &c, info);
        if (e == ERR_OK) {
            e = find_address(f, send->address, &c.to, info);
        }
        if (e == ERR_OK) {
            struct view_call *added = add_call(&f->list);

            added->turn = row->turn;
            added->step = send->step;
            added->item = send->item;
            added->call = send->call;
            added->attempt = send->attempt;
            added->due_ms = row->at_ms;
            added->to = c.to;
            added->has_request = c.has_request;
            added->request = c.request;
        }
    }
    return e;
}

/* The state is needed where a call is rendered, and where .error begins. */
static enum err fold_row(struct calls_fold *f, const struct store_turn *row,
                         struct err_info *info)
{
    const bool is_error = row->turn == f->v->state->error_turn;
    struct record r;
    enum err e;

    if (!record_decode(row->data.at, row->data.n, f->page, &r) ||
        ((is_error || r.n_sends > 0) &&
         !saga_decode(f->state, f->v->definition->plan, row->state.at, row->state.n))) {
        return err_set(info, ERR_INVALID, "the journal of saga '%s' cannot be read",
                       f->v->row.id);
    }
    docs_begin(f->docs, row->turn, &r);
    e = fold_sends(f, &r, row, info);
    docs_take(f->docs, is_error ? f->state : NULL);
    fold_end(f, &r, row->at_ms);
    return e;
}

/* ---- reading
 * ----------------------------------------------------------------------------- */

static struct store_bytes keep_bytes(struct arena *a, struct store_bytes b)
{
    return b.at != NULL ? (struct store_bytes){arena_copy(a, b.at, b.n), b.n} : b;
}

/* Rows are borrowed for this call only, and items are read while they are looked at. */
static bool keep_row(void *user, const struct store_turn *row)
{
    struct calls_fold *f = user;
    struct store_turn *kept = &f->rows[f->n_rows++];

    *kept = *row;
    kept->data = keep_bytes(f->page, row->data);
    kept->state = keep_bytes(f->page, row->state);
    return true;
}

static enum err fold_page(struct calls_fold *f, uint64_t from_turn, struct err_info *info)
{
    enum err e;

    arena_reset(f->page);
    f->n_rows = 0;
    e = store_scan_turns(f->r, f->v->row.num, from_turn, PAGE_TURNS, keep_row, f, info);
    if (e == ERR_NOT_FOUND) {
        e = ERR_OK;
    }
    for (size_t i = 0; i < f->n_rows && e == ERR_OK; i++) {
        if (f->rows[i].turn <= f->v->state->turn) {
            e = fold_row(f, &f->rows[i], info);
        }
    }
    return e;
}

static enum err fold_all(struct calls_fold *f, struct err_info *info)
{
    uint64_t turn = 0;
    enum err e;

    do {
        e = fold_page(f, turn + 1, info);
        turn += f->n_rows; /* The journal has no gaps (S8). */
    } while (e == ERR_OK && f->n_rows == PAGE_TURNS && turn < f->v->state->turn);
    if (e == ERR_OK) {
        e = store_scan_late(f->r, f->v->row.num, each_late, f, info);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err read_vars(struct store_reader *r, const struct view *v, struct arena *a,
                          struct json_span *out, struct err_info *info)
{
    const char *text;
    enum err e;

    *out = JSON_SPAN_TEXT("{}");
    if (v->row.vars == 0) {
        return ERR_OK;
    }
    e = store_read_vars(r, v->row.vars, a, &text, info);
    if (e == ERR_OK) {
        *out = (struct json_span){text, strlen(text)};
    }
    return e;
}

enum err view_read_calls(struct store_reader *r, struct registry *registry,
                         const struct view *v, struct arena *a, struct view_call **out,
                         size_t *n_out, struct err_info *info)
{
    struct docs_start start = {.definition = v->definition,
                               .version = v->version,
                               .id = v->row.id,
                               .key = v->row.key,
                               .started_ms = v->row.started_ms,
                               .input = v->input};
    struct calls_fold *f;
    enum err e = read_vars(r, v, a, &start.vars, info);

    (void)registry; /* The view has its definition. */
    if (e != ERR_OK) {
        return e;
    }
    f = mem_alloc(sizeof(*f));
    f->r = r;
    f->v = v;
    f->a = a;
    f->page = arena_create(ARENA_BYTES);
    f->state = mem_alloc(sizeof(*f->state));
    f->docs = docs_create(&start, false);
    e = fold_all(f, info);
    if (e == ERR_OK) {
        *n_out = f->list.n;
        *out = arena_take(a, f->list.n * sizeof(**out) + 1);
        if (f->list.n > 0) {
            memcpy(*out, f->list.calls, f->list.n * sizeof(**out));
        }
    }
    docs_destroy(f->docs);
    free(f->state);
    arena_destroy(f->page);
    free(f->list.calls);
    free(f);
    return e;
}
