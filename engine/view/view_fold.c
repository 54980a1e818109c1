/* view_fold.c - see view_fold.h. */
#include "engine/view/view_fold.h"

#include <string.h>

#include "engine/core/saga_code.h"
#include "engine/view/saga_text.h"

#define SCRATCH_BYTES 16384

/* ---- what a record adds ---------------------------------------------------------------
 */

static void set_words(struct view_fold *f, struct view_words *w, const char *text)
{
    const size_t n = text != NULL ? strlen(text) + 1 : 0;

    if (n > w->room) {
        w->text = arena_take(f->a, n);
        w->room = n;
    }
    if (n > 0) {
        memcpy(w->text, text, n);
    } else if (w->text != NULL) {
        w->text[0] = '\0';
    }
}

const char *view_words_of(const struct view_words *w)
{
    return w->text != NULL && w->text[0] != '\0' ? w->text : NULL;
}

static void fold_send(struct view_fold *f, uint16_t step, enum call_kind call,
                      uint64_t at_ms)
{
    struct view_fold_step *s = &f->steps[step];

    s->sent_ms = at_ms;
    if (call == CALL_ACTION && s->started_ms == 0) {
        s->started_ms = at_ms;
    }
}

static void fold_failure(struct view_fold *f, const struct record *r,
                         enum outcome outcome, const char *detail)
{
    struct view_fold_step *s = &f->steps[r->event.step];
    const bool is_undone =
        r->event.call == CALL_COMPENSATION && outcome == OUTCOME_SUCCEEDED;

    if (is_undone && s->has_failed && s->failed != CALL_COMPENSATION) {
        return; /* Why it was taken back stays to be seen. */
    }
    s->is_failure_told = s->is_failure_told || !is_undone;
    s->failed = r->event.call;
    s->has_failed = outcome != OUTCOME_SUCCEEDED && outcome != OUTCOME_NONE;
    s->outcome = outcome;
    s->http_status = r->http_status;
    set_words(f, &s->detail, detail);
}

/* Events that say how a step's call went. */
static void fold_result(struct view_fold *f, const struct record *r)
{
    const struct saga_event *ev = &r->event;

    if (ev->step >= f->definition->plan->n_nodes) {
        return;
    }
    if (ev->kind == SAGA_EV_ANSWERED || ev->kind == SAGA_EV_CALLED_BACK) {
        fold_failure(f, r, ev->outcome, r->detail);
    } else if (ev->kind == SAGA_EV_LOST) {
        fold_failure(f, r, OUTCOME_UNKNOWN, "sagad stopped while the call was in flight");
    } else if (ev->kind == SAGA_EV_CHILD_ENDED) {
        fold_failure(f, r,
                     ev->child_status == SAGA_STATUS_COMPLETED ? OUTCOME_SUCCEEDED
                                                               : OUTCOME_REJECTED,
                     r->detail != NULL ? r->detail : saga_status_name(ev->child_status));
    }
}

static void fold_command(struct view_fold *f, const struct record *r)
{
    const enum saga_event_kind kind = r->event.kind;

    if (kind == SAGA_EV_PAUSE) {
        f->is_paused = true;
        f->paused_by = arena_text(f->a, r->actor);
    } else if (kind == SAGA_EV_RESUME) {
        f->is_paused = false;
        f->is_paused_by_restore = false;
        f->is_pause_told = true;
        f->paused_by = NULL;
    } else if (kind == SAGA_EV_RESTORE) {
        f->is_paused_by_restore = f->is_paused_by_restore || !f->is_paused;
        f->is_paused = true;
    } else if (kind == SAGA_EV_CANCEL) {
        f->cancelled_by = arena_text(f->a, r->actor);
    }
    if (r->output != NULL) {
        f->output = arena_text(f->a, r->output);
    }
    if (r->output_error != NULL) {
        f->output_error = arena_text(f->a, r->output_error);
    }
}

/* ---- what a state adds
 * ------------------------------------------------------------------ */

static void mark_open(struct view_fold *f, uint16_t step)
{
    const struct plan *plan = f->definition->plan;

    while (step != PLAN_NONE && f->steps[step].open_turn != f->turn) {
        f->steps[step].open_turn = f->turn;
        step = plan->nodes[step].parent;
    }
}

/* note: what an expression said in that turn, or NULL. */
static void fold_cells(struct view_fold *f, const char *note)
{
    for (uint16_t i = 0; i < f->state->n_cells; i++) {
        const struct saga_cell *c = &f->state->cells[i];

        mark_open(f, c->step);
        f->steps[c->step].is_stuck |= c->state == CELL_STUCK;
    }
    for (uint16_t i = 0; i < f->state->n_cells; i++) {
        struct view_fold_step *s = &f->steps[f->state->cells[i].step];

        if (s->is_stuck && !s->was_stuck) {
            set_words(f, &s->note, note);
            s->is_note_told = true;
            s->was_stuck = true;
        }
    }
}

static bool is_same(struct saga_record x, struct saga_record y)
{
    return x.outcome == y.outcome && x.is_undone == y.is_undone && x.by_hand == y.by_hand;
}

/* Calls start when they are sent; what makes no call of its own, when it begins. */
static bool has_started(const struct plan_node *node, struct saga_record record,
                        bool is_open)
{
    if (node->kind == PLAN_CALL || record.outcome == OUTCOME_SKIPPED) {
        return false;
    }
    return is_open || record.outcome != OUTCOME_NONE;
}

static void fold_steps(struct view_fold *f)
{
    const struct plan *plan = f->definition->plan;

    for (uint16_t i = 1; i < plan->n_nodes; i++) {
        const struct saga_record record = f->state->steps[i].record;
        struct view_fold_step *s = &f->steps[i];
        const bool is_open = s->open_turn == f->turn;

        if (s->started_ms == 0 && has_started(&plan->nodes[i], record, is_open)) {
            s->started_ms = f->at_ms;
        }
        if (is_open || record.outcome == OUTCOME_NONE) {
            s->ended_ms = 0;
        } else if (s->ended_ms == 0 || !is_same(record, s->was)) {
            s->ended_ms = f->at_ms;
        }
        s->was = record;
        s->was_open = is_open;
        s->was_stuck = s->is_stuck;
        s->is_stuck = false;
    }
}

static void fold_state(struct view_fold *f, const char *note, uint64_t at_ms)
{
    f->turn = f->state->turn;
    f->at_ms = at_ms;
    fold_cells(f, note);
    fold_steps(f);
}

void view_fold_start(struct view_fold *f, uint64_t at_ms)
{
    for (uint16_t i = 0; i < f->state->n_cells; i++) {
        if (f->state->cells[i].state == CELL_DUE) {
            fold_send(f, f->state->cells[i].step, f->state->cells[i].call, at_ms);
        }
    }
    fold_state(f, NULL, at_ms);
}

/* ---- spans
 * ------------------------------------------------------------------------------- */

/* One of many: the answer, the slot, the callback or the child of a forEach's item. */
static bool may_be_held(const struct view_fold *f, const struct saga_event *ev)
{
    return ev->item != SAGA_NO_ITEM && ev->step < f->definition->plan->n_nodes &&
           (ev->kind == SAGA_EV_ANSWERED || ev->kind == SAGA_EV_GRANTED ||
            ev->kind == SAGA_EV_CALLED_BACK || ev->kind == SAGA_EV_CHILD_ENDED);
}

static bool decode(struct view_fold *f, const void *state, size_t n)
{
    f->is_bad = f->is_bad || !saga_decode(f->state, f->definition->plan, state, n);
    return !f->is_bad;
}

/* Does f->state show what the turn before the span showed? */
static bool shows_the_same(struct view_fold *f)
{
    const uint64_t turn = f->turn;
    bool is_the_same = true;

    f->turn = f->state->turn;
    for (uint16_t i = 0; i < f->state->n_cells; i++) {
        const struct saga_cell *c = &f->state->cells[i];

        mark_open(f, c->step);
        is_the_same = is_the_same && c->state != CELL_STUCK;
    }
    for (uint16_t i = 1; i < f->definition->plan->n_nodes && is_the_same; i++) {
        const struct view_fold_step *s = &f->steps[i];

        is_the_same = !s->was_stuck && s->was_open == (s->open_turn == f->turn) &&
                      is_same(f->state->steps[i].record, s->was);
    }
    f->turn = turn;
    return is_the_same;
}

void view_fold_settle(struct view_fold *f)
{
    const struct view_held *last;

    if (f->n_held == 0) {
        return;
    }
    last = &f->held[f->n_held - 1];
    if (!decode(f, last->state, last->state_n)) {
        return;
    }
    if (shows_the_same(f)) {
        fold_state(f, NULL, last->at_ms);
    } else {
        for (size_t i = 0; i < f->n_held; i++) {
            if (decode(f, f->held[i].state, f->held[i].state_n)) {
                fold_state(f, f->held[i].note, f->held[i].at_ms);
            }
        }
    }
    f->n_held = 0;
    arena_reset(f->held_arena);
}

static void hold(struct view_fold *f, const struct store_turn *row, const char *note)
{
    f->held[f->n_held++] = (struct view_held){
        .at_ms = row->at_ms,
        .note = arena_text(f->held_arena, note),
        .state = arena_copy(f->held_arena, row->state.at, row->state.n),
        .state_n = row->state.n};
    f->row_turn = row->turn;
}

static void fold_record(struct view_fold *f, const struct record *r,
                        const struct store_turn *row)
{
    if (f->docs != NULL) {
        docs_begin(f->docs, row->turn, r);
        docs_take(f->docs, NULL); /* .error is not asked for. */
    }
    for (size_t i = 0; i < r->n_sends; i++) {
        if (r->sends[i].step < f->definition->plan->n_nodes) {
            fold_send(f, r->sends[i].step, r->sends[i].call, row->at_ms);
        }
    }
    fold_result(f, r);
    fold_command(f, r);
}

bool view_fold_row(void *user, const struct store_turn *row)
{
    struct view_fold *f = user;
    struct record r;

    f->n++;
    arena_reset(f->scratch);
    if (!record_decode(row->data.at, row->data.n, f->scratch, &r)) {
        f->is_bad = true;
        return false;
    }
    if (!may_be_held(f, &r.event) || f->n_held == VIEW_SPAN_TURNS) {
        view_fold_settle(f);
    }
    hold(f, row, r.note);
    fold_record(f, &r, row);
    if (!may_be_held(f, &r.event)) {
        view_fold_settle(f);
    }
    return !f->is_bad && row->turn != f->until_turn;
}

void view_fold_from(struct view_fold *f, const struct store_turn *row)
{
    f->row_turn = row->turn;
    if (!decode(f, row->state.at, row->state.n)) {
        return;
    }
    fold_state(f, NULL, row->at_ms);
    for (uint16_t i = 0; i < f->definition->plan->n_nodes; i++) {
        f->steps[i].is_note_told = false;
    }
    f->is_paused = (f->state->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0;
    f->is_pause_told = !f->is_paused;
}

/* ---- life
 * -------------------------------------------------------------------------------- */

void view_fold_restart(struct view_fold *f)
{
    memset(f->steps, 0, f->definition->plan->n_nodes * sizeof(*f->steps));
    f->row_turn = 0;
    f->turn = 0;
    f->is_paused = false;
    f->is_paused_by_restore = false;
    f->is_pause_told = false;
    f->paused_by = NULL;
    f->cancelled_by = NULL;
}

void view_fold_init(struct view_fold *f, const struct definition *definition,
                    struct arena *a)
{
    *f = (struct view_fold){.definition = definition, .a = a};
    f->state = arena_take_unset(a, sizeof(*f->state));
    f->steps = arena_take(a, definition->plan->n_nodes * sizeof(*f->steps));
}

void view_fold_begin(struct view_fold *f, const struct docs_start *start)
{
    f->scratch = arena_create(SCRATCH_BYTES);
    f->held_arena = arena_create(SCRATCH_BYTES);
    f->docs = start != NULL ? docs_create(start, true) : NULL;
}

void view_fold_done(struct view_fold *f)
{
    docs_destroy(f->docs);
    arena_destroy(f->held_arena);
    arena_destroy(f->scratch);
}
