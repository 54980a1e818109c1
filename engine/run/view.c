/*
 * view.c - see view.h. One pass over the journal, oldest first: each row's record says
 * what came, its state says what became of it; what neither keeps (times, last errors,
 * outputs) is gathered beside them.
 */
#include "engine/run/view.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/clk.h"
#include "engine/core/saga_code.h"
#include "engine/run/registry.h"
#include "engine/run/saga_text.h"
#include "engine/run/view_family.h"
#include "engine/run/why.h"

#define PAGE_TURNS 256 /* Rows of one read; keeps read transactions short (S92). */
#define SCRATCH_BYTES 16384

struct words {  /* A text that is replaced again and again, in the arena. */
    char *text; /* NULL none. */
    size_t room;
};

struct fold_step {
    uint64_t started_ms, ended_ms;
    uint64_t sent_ms;   /* Of its latest attempt. */
    uint64_t open_turn; /* Last turn after which something was open for it. */
    bool was_stuck;
    struct saga_record was; /* After the turn before. */
    bool has_failed;        /* Its last attempt. */
    enum call_kind failed;  /* Of what call that attempt was. */
    enum outcome outcome;
    int http_status;
    struct words detail;
    struct words note; /* What an expression said when it got stuck. */
};

struct fold {
    const struct definition *definition;
    struct arena *a;       /* The view's. */
    struct arena *scratch; /* One row's. */
    struct docs *docs;     /* NULL: a start. */
    struct saga *state;    /* After the last turn folded. */
    struct fold_step *steps;
    struct store_reader *reader; /* NULL: other sagas are not looked at. */
    uint64_t until_turn;         /* 0: all. */
    uint64_t turn;               /* Last one folded. */
    uint64_t at_ms;              /* Its time. */
    size_t n;                    /* Rows of this page. */
    bool is_bad;
    const char *output, *output_error, *paused_by, *cancelled_by;
    bool is_paused, is_paused_by_restore;
};

/* ---- what a record adds ---------------------------------------------------------------
 */

static void set_words(struct fold *f, struct words *w, const char *text)
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

static const char *words_of(const struct words *w)
{
    return w->text != NULL && w->text[0] != '\0' ? w->text : NULL;
}

static void fold_send(struct fold *f, uint16_t step, enum call_kind call, uint64_t at_ms)
{
    struct fold_step *s = &f->steps[step];

    s->sent_ms = at_ms;
    if (call == CALL_ACTION && s->started_ms == 0) {
        s->started_ms = at_ms;
    }
}

static void fold_failure(struct fold *f, const struct record *r, enum outcome outcome,
                         const char *detail)
{
    struct fold_step *s = &f->steps[r->event.step];
    const bool is_undone =
        r->event.call == CALL_COMPENSATION && outcome == OUTCOME_SUCCEEDED;

    if (is_undone && s->has_failed && s->failed != CALL_COMPENSATION) {
        return; /* Why it was taken back stays to be seen. */
    }
    s->failed = r->event.call;
    s->has_failed = outcome != OUTCOME_SUCCEEDED && outcome != OUTCOME_NONE;
    s->outcome = outcome;
    s->http_status = r->http_status;
    set_words(f, &s->detail, detail);
}

/* Events that say how a step's call went. */
static void fold_result(struct fold *f, const struct record *r)
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

static void fold_command(struct fold *f, const struct record *r)
{
    const enum saga_event_kind kind = r->event.kind;

    if (kind == SAGA_EV_PAUSE) {
        f->is_paused = true;
        f->paused_by = arena_text(f->a, r->actor);
    } else if (kind == SAGA_EV_RESUME) {
        f->is_paused = false;
        f->is_paused_by_restore = false;
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

static void mark_open(struct fold *f, uint16_t step)
{
    const struct plan *plan = f->definition->plan;

    while (step != PLAN_NONE && f->steps[step].open_turn != f->turn) {
        f->steps[step].open_turn = f->turn;
        step = plan->nodes[step].parent;
    }
}

static void fold_cells(struct fold *f, const struct record *r)
{
    for (uint16_t i = 0; i < f->state->n_cells; i++) {
        const struct saga_cell *c = &f->state->cells[i];
        struct fold_step *s = &f->steps[c->step];
        const bool is_stuck = c->state == CELL_STUCK;

        mark_open(f, c->step);
        if (is_stuck && !s->was_stuck) {
            set_words(f, &s->note, r != NULL ? r->note : NULL);
        }
        s->was_stuck = is_stuck;
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

static void fold_steps(struct fold *f)
{
    const struct plan *plan = f->definition->plan;

    for (uint16_t i = 1; i < plan->n_nodes; i++) {
        const struct saga_record record = f->state->steps[i].record;
        struct fold_step *s = &f->steps[i];
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
    }
}

/* r NULL: a start, seen from its state alone. */
static void fold_turn(struct fold *f, const struct record *r, uint64_t at_ms)
{
    f->turn = f->state->turn;
    f->at_ms = at_ms;
    for (size_t i = 0; r != NULL && i < r->n_sends; i++) {
        if (r->sends[i].step < f->definition->plan->n_nodes) {
            fold_send(f, r->sends[i].step, r->sends[i].call, at_ms);
        }
    }
    if (r != NULL) {
        fold_result(f, r);
        fold_command(f, r);
    }
    fold_cells(f, r);
    fold_steps(f);
}

static bool each_turn(void *user, const struct store_turn *row)
{
    struct fold *f = user;
    struct record r;

    f->n++;
    arena_reset(f->scratch);
    if (!record_decode(row->data.at, row->data.n, f->scratch, &r) ||
        !saga_decode(f->state, f->definition->plan, row->state.at, row->state.n)) {
        f->is_bad = true;
        return false;
    }
    docs_begin(f->docs, row->turn, &r);
    docs_take(f->docs, f->state);
    fold_turn(f, &r, row->at_ms);
    return row->turn != f->until_turn;
}

/* ---- the view
 * --------------------------------------------------------------------------- */

/* The step's cell that matters: a stuck one before others. */
static const struct saga_cell *cell_of(const struct saga *s, uint16_t step)
{
    const struct saga_cell *found = NULL;

    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].step == step &&
            (found == NULL || s->cells[i].state == CELL_STUCK)) {
            found = &s->cells[i];
        }
    }
    return found;
}

static void view_error(const struct fold *f, const struct saga_cell *c, uint16_t step,
                       struct view_step *out)
{
    const struct fold_step *s = &f->steps[step];
    const enum outcome settled = (enum outcome)f->state->steps[step].record.outcome;
    const char *detail = words_of(&s->detail);
    const bool is_stuck = c != NULL && c->state == CELL_STUCK;

    if (!is_stuck && (!s->has_failed || (c == NULL && (settled == OUTCOME_SUCCEEDED ||
                                                       settled == OUTCOME_SKIPPED)))) {
        return;
    }
    out->has_error = true;
    if (s->has_failed) {
        out->error_outcome = s->outcome;
        out->error_status = s->http_status;
    }
    out->error_detail = s->has_failed ? detail : NULL;
    if (is_stuck) {
        const char *reason = saga_reason_text(c->reason);

        detail = words_of(&s->note) != NULL ? words_of(&s->note) : out->error_detail;
        out->error_detail =
            detail != NULL ? arena_printf(f->a, "%s: %s", reason, detail) : reason;
    }
}

static void view_output(const struct fold *f, uint16_t step, struct view_step *out)
{
    const struct saga_record record = f->state->steps[step].record;
    struct docs_answer *o = &out->output;

    if (f->docs == NULL || f->definition->plan->nodes[step].each != PLAN_NONE ||
        (record.outcome != OUTCOME_SUCCEEDED &&
         !(record.outcome == OUTCOME_SKIPPED && record.by_hand))) {
        return;
    }
    out->has_output = docs_answer_of(f->docs, step, SAGA_NO_ITEM, o);
    if (out->has_output) {
        o->headers = arena_text(f->a, o->headers);
        o->body = o->body != NULL ? arena_copy(f->a, o->body, o->body_n) : NULL;
    }
}

static void view_items(const struct fold *f, uint16_t step, struct view_step *out)
{
    const uint16_t each = f->definition->plan->nodes[step].each;
    uint16_t run = 0;

    if (each == PLAN_NONE) {
        return;
    }
    for (uint16_t e = 0; e < each; e++) {
        run = (uint16_t)(run + f->state->eachs[e].n_runs);
    }
    out->items_total = f->state->eachs[each].count;
    for (uint16_t i = 0; i < f->state->eachs[each].n_runs; i++) {
        const struct saga_run *items = &f->state->runs[run + i];

        out->items_settled += items->record.outcome != OUTCOME_NONE ? items->n : 0;
    }
}

static uint32_t timeout_ms(const struct plan_node *node, enum call_kind call)
{
    switch (call) {
    case CALL_ACTION:
        return node->action.timeout_ms;
    case CALL_CONFIRM:
        return node->confirm.timeout_ms;
    case CALL_COMPENSATION:
        return node->compensation.timeout_ms;
    }
    assert(false);
    return 0;
}

/* The step's open cells: what is in flight, what is repeated when. */
static void view_cells(const struct fold *f, uint16_t step, struct view_step *out)
{
    for (uint16_t i = 0; i < f->state->n_cells; i++) {
        const struct saga_cell *c = &f->state->cells[i];

        if (c->step != step) {
            continue;
        }
        /* Taken, and only its callback is missing: nothing to doubt yet. */
        out->in_doubt =
            out->in_doubt || (c->in_doubt && !(c->state == CELL_WAITING && c->has_2xx));
        if (c->state == CELL_BACKING_OFF &&
            (out->next_attempt_ms == 0 || c->wake_ms < out->next_attempt_ms)) {
            out->next_attempt_ms = c->wake_ms;
        }
        if (c->state == CELL_DUE) {
            out->in_flight_until_ms =
                f->steps[step].sent_ms +
                timeout_ms(&f->definition->plan->nodes[step], c->call);
        }
    }
}

static void view_step_of(const struct fold *f, uint16_t step, struct view_step *out)
{
    const struct fold_step *s = &f->steps[step];

    out->id = f->definition->steps[step].id;
    out->status = saga_step_status(f->state, f->definition->plan, step);
    out->attempts = f->state->steps[step].attempts;
    out->in_doubt = f->state->steps[step].record.in_doubt;
    out->by_hand = f->state->steps[step].record.by_hand;
    out->started_ms = s->started_ms;
    out->ended_ms = s->ended_ms;
    view_cells(f, step, out);
    view_items(f, step, out);
    view_output(f, step, out);
    view_error(f, cell_of(f->state, step), step, out);
}

static const char *stuck_step(const struct fold *f)
{
    uint16_t first = PLAN_NONE;

    for (uint16_t i = 0; i < f->state->n_cells; i++) {
        const struct saga_cell *c = &f->state->cells[i];

        first = c->state == CELL_STUCK && c->step < first ? c->step : first;
    }
    return first != PLAN_NONE ? f->definition->steps[first].id : NULL;
}

/* The row is written only now and then; the journal is never behind. */
static void view_row(const struct fold *f, struct store_saga *row)
{
    row->status = saga_status_of(f->state);
    row->is_paused = (f->state->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0;
    row->stuck_step = stuck_step(f);
    row->updated_ms = f->at_ms;
    row->ended_ms = saga_is_final(f->state) ? f->at_ms : 0;
}

static void view_finish(const struct fold *f, uint64_t now_ms, struct view *out)
{
    const uint16_t n = f->definition->plan->n_nodes;
    struct view_step *steps = arena_take(f->a, n * sizeof(*steps));

    out->definition = f->definition;
    out->state = f->state;
    out->steps = steps;
    out->output = f->output;
    out->output_error = f->output_error;
    out->paused_by = f->paused_by;
    out->is_paused_by_restore = f->is_paused_by_restore;
    out->cancelled_by = f->cancelled_by;
    out->in_flight_until_ms = 0;
    for (uint16_t i = 1; i < n; i++) {
        view_step_of(f, i, &steps[i]);
        if (steps[i].in_flight_until_ms > out->in_flight_until_ms) {
            out->in_flight_until_ms = steps[i].in_flight_until_ms;
        }
    }
    view_row(f, &out->row);
    if (f->reader != NULL) {
        view_family(f->reader, out, steps, f->a);
    }
    out->why = why_of(out, now_ms, f->a);
}

static void fold_init(struct fold *f, const struct definition *definition,
                      struct arena *a)
{
    *f = (struct fold){.definition = definition, .a = a};
    f->state = arena_take_unset(a, sizeof(*f->state));
    f->steps = arena_take(a, definition->plan->n_nodes * sizeof(*f->steps));
}

void view_of_start(const struct store_saga *row, const struct definition *definition,
                   uint32_t version, struct json_span input, const void *state,
                   size_t state_n, struct arena *a, struct view *out)
{
    struct fold f;
    bool is_sound;

    fold_init(&f, definition, a);
    is_sound = saga_decode(f.state, definition->plan, state, state_n);
    assert(is_sound);
    for (uint16_t i = 0; i < f.state->n_cells; i++) {
        if (f.state->cells[i].state == CELL_DUE) {
            fold_send(&f, f.state->cells[i].step, f.state->cells[i].call,
                      row->started_ms);
        }
    }
    fold_turn(&f, NULL, row->started_ms);
    *out = (struct view){.row = *row, .version = version, .input = input};
    view_finish(&f, row->started_ms, out);
}

/* ---- reading
 * --------------------------------------------------------------------------- */

static enum err read_input(struct store_reader *r, const struct store_saga *row,
                           struct arena *a, struct json_span *out, struct err_info *info)
{
    struct store_bytes input;
    enum err e = store_read_input(r, row->num, a, &input, info);

    if (e == ERR_OK) {
        *out = (struct json_span){input.at, input.n};
    }
    return e;
}

static enum err scan(struct store_reader *r, const struct store_saga *row, struct fold *f,
                     struct err_info *info)
{
    enum err e;

    do {
        f->n = 0;
        e = store_scan_turns(r, row->num, f->turn + 1, PAGE_TURNS, each_turn, f, info);
        if (e != ERR_OK && e != ERR_NOT_FOUND) {
            return e;
        }
        if (f->is_bad) {
            return err_set(info, ERR_INVALID,
                           "turn %" PRIu64 " of saga '%s' cannot be read", f->turn + 1,
                           row->id);
        }
    } while (f->n == PAGE_TURNS && f->turn != f->until_turn);
    if (f->turn == 0 || (f->until_turn != 0 && f->turn != f->until_turn)) {
        return err_set(info, ERR_NOT_FOUND, "saga '%s' has no turn %" PRIu64, row->id,
                       f->until_turn);
    }
    return ERR_OK;
}

static enum err fold_journal(struct store_reader *r, struct fold *f, struct view *out,
                             struct err_info *info)
{
    const struct docs_start start = {.definition = f->definition,
                                     .version = out->version,
                                     .id = out->row.id,
                                     .key = out->row.key,
                                     .started_ms = out->row.started_ms,
                                     .input = out->input};
    enum err e;

    f->scratch = arena_create(SCRATCH_BYTES);
    f->docs = docs_create(&start, true);
    e = scan(r, &out->row, f, info);
    if (e == ERR_OK) {
        view_finish(f, f->until_turn == 0 ? clk_wall_ms() : f->at_ms, out);
    }
    docs_destroy(f->docs);
    arena_destroy(f->scratch);
    return e;
}

enum err view_read(struct store_reader *r, struct registry *registry, const char *id,
                   uint64_t turn, struct arena *a, struct view *out,
                   struct err_info *info)
{
    const struct registry_entry *entry;
    struct view v = {.version = 0};
    struct fold f;
    enum err e = store_find_saga(r, id, a, &v.row, info);

    if (e == ERR_OK) {
        e = registry_find(registry, v.row.definition, &entry, info);
    }
    if (e == ERR_OK) {
        e = read_input(r, &v.row, a, &v.input, info);
    }
    if (e != ERR_OK) {
        return e;
    }
    v.version = entry->version;
    fold_init(&f, entry->definition, a);
    f.until_turn = turn;
    f.reader = turn == 0 ? r : NULL; /* How others stand now says nothing of then. */
    e = fold_journal(r, &f, &v, info);
    if (e == ERR_OK) {
        *out = v;
    }
    return e;
}
