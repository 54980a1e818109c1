/* preview_read.c - a saga's documents from its journal; see preview_parts.h. */
#include "engine/view/preview_parts.h"

#include <string.h>

#include "base/mem.h"
#include "engine/core/saga_code.h"

#define PAGE_TURNS 64

struct page {
    struct previewing *p;
    struct saga *state; /* Scratch. */
    size_t n;
    bool is_bad;
};

static void keep_hash(struct previewing *p, const struct record_send *send)
{
    for (size_t i = p->n_sent; i > 0; i--) {
        struct preview_hash *h = &p->sent[i - 1];

        if (h->step == send->step && h->item == send->item && h->call == send->call) {
            h->hash = send->hash;
            h->address = send->address;
            return;
        }
    }
    if (p->n_sent == p->sent_room) {
        p->sent_room = p->sent_room > 0 ? 2 * p->sent_room : 16;
        p->sent = mem_grow(p->sent, p->sent_room * sizeof(p->sent[0]));
    }
    p->sent[p->n_sent++] = (struct preview_hash){send->step, send->item, send->call,
                                                 send->hash, send->address};
}

/* Only sends of calls that are still open can be repeated. */
static void keep_hashes(struct previewing *p, const struct record *r)
{
    for (size_t i = 0; i < r->n_sends; i++) {
        const struct saga_cell *c =
            saga_cell_of(p->v->state, r->sends[i].step, r->sends[i].item);

        if (c != NULL) {
            keep_hash(p, &r->sends[i]);
        }
    }
}

static bool each_turn(void *user, const struct store_turn *row)
{
    struct page *page = user;
    struct previewing *p = page->p;
    const bool is_error = row->turn == p->v->state->error_turn;
    struct record r;

    page->n++;
    arena_reset(p->turn);
    if (row->turn > p->v->state->turn) {
        return false;
    }
    if (!record_decode(row->data.at, row->data.n, p->turn, &r) ||
        (is_error && !saga_decode(page->state, p->v->definition->plan, row->state.at,
                                  row->state.n))) {
        page->is_bad = true;
        return false;
    }
    docs_begin(p->docs, row->turn, &r);
    docs_take(p->docs, is_error ? page->state : NULL);
    keep_hashes(p, &r);
    return true;
}

static enum err fold(struct previewing *p, struct page *page, struct err_info *info)
{
    uint64_t turn = 0;
    enum err e;

    do {
        page->n = 0;
        e = store_scan_turns(p->r, p->v->row.num, turn + 1, PAGE_TURNS, each_turn, page,
                             info);
        turn += page->n; /* The journal has no gaps (S8). */
    } while (e == ERR_OK && !page->is_bad && page->n == PAGE_TURNS &&
             turn < p->v->state->turn);
    if (page->is_bad) {
        return err_set(info, ERR_INVALID, "the journal of saga '%s' cannot be read",
                       p->v->row.id);
    }
    return e == ERR_NOT_FOUND ? ERR_OK : e;
}

static enum err read_vars(const struct previewing *p, struct json_span *out,
                          struct err_info *info)
{
    const char *text;
    enum err e;

    *out = JSON_SPAN_TEXT("{}");
    if (p->v->row.vars == 0) {
        return ERR_OK;
    }
    e = store_read_vars(p->r, p->v->row.vars, p->a, &text, info);
    if (e == ERR_OK) {
        *out = (struct json_span){text, strlen(text)};
    }
    return e;
}

enum err preview_read_docs(struct previewing *p, struct err_info *info)
{
    struct docs_start start = {.definition = p->v->definition,
                               .version = p->v->version,
                               .id = p->v->row.id,
                               .key = p->v->row.key,
                               .started_ms = p->v->row.started_ms,
                               .input = p->v->input};
    struct page page = {.p = p};
    enum err e = read_vars(p, &start.vars, info);

    if (e != ERR_OK) {
        return e;
    }
    p->docs = docs_create(&start, false);
    page.state = p->s; /* Not in use yet. */
    e = fold(p, &page, info);
    arena_reset(p->turn);
    return e;
}
