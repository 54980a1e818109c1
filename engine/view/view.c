/* view.c - see view.h. view_fold.c gathers, this shows. */
#include "engine/view/view.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "definitions/told.h"
#include "engine/core/saga_code.h"
#include "engine/core/verdict.h"
#include "engine/view/registry.h"
#include "engine/view/saga_text.h"
#include "engine/view/view_family.h"
#include "engine/view/view_fold.h"
#include "engine/view/why.h"

#define PAGE_TURNS 256 /* Rows of one read; keeps read transactions short (S92). */

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

/* Did the last attempt's failure make it stuck? Else something was wrong before there was
 * an attempt, and an older failure says nothing of it. */
static bool is_stuck_by_attempt(enum saga_reason reason)
{
    switch (reason) {
    case SAGA_REASON_REJECTED:
    case SAGA_REASON_EXHAUSTED:
    case SAGA_REASON_IN_DOUBT:
    case SAGA_REASON_VERDICT:
    case SAGA_REASON_KEY_EXPIRED:
    case SAGA_REASON_CHILD:
        return true;
    case SAGA_REASON_NONE:
    case SAGA_REASON_EXPRESSION:
    case SAGA_REASON_RENDER:
    case SAGA_REASON_CHANGED:
    case SAGA_REASON_NO_ANSWER:
    case SAGA_REASON_ITEMS:
        return false;
    }
    assert(false);
    return false;
}

/* Says no more than the status beside it? */
static bool is_plain(const char *detail)
{
    return strcmp(detail, VERDICT_PLAIN_RETRYABLE) == 0 ||
           strcmp(detail, VERDICT_PLAIN_REJECTED) == 0;
}

static void view_attempt_error(const struct view_fold_step *s, struct view_step *out)
{
    out->error_outcome = s->outcome;
    out->error_status = s->http_status;
    out->error_detail = view_words_of(&s->detail);
}

static void view_error(const struct view_fold *f, const struct saga_cell *c,
                       uint16_t step, struct view_step *out)
{
    const struct view_fold_step *s = &f->steps[step];
    const enum outcome settled = (enum outcome)f->state->steps[step].record.outcome;
    const bool is_stuck = c != NULL && c->state == CELL_STUCK;
    const bool is_over =
        c == NULL && (settled == OUTCOME_SUCCEEDED || settled == OUTCOME_SKIPPED);

    if (!is_stuck && (!s->has_failed || is_over)) {
        return;
    }
    out->has_error = true;
    if (s->has_failed && (!is_stuck || is_stuck_by_attempt(c->reason))) {
        view_attempt_error(s, out);
    }
    if (is_stuck) {
        const char *reason = told_reason(c->reason);
        const char *note = view_words_of(&s->note);
        const char *detail = note != NULL ? note : out->error_detail;

        if (detail != NULL && out->error_status != 0 && is_plain(detail)) {
            detail = NULL;
        }
        out->error_detail =
            detail != NULL ? arena_printf(f->a, "%s: %s", reason, detail) : reason;
    }
}

static void view_output(const struct view_fold *f, uint16_t step, struct view_step *out)
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

static void view_items(const struct view_fold *f, uint16_t step, struct view_step *out)
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

/* The step's open cells: what is in flight, what is repeated when. */
static void view_cells(const struct view_fold *f, uint16_t step, struct view_step *out)
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
                saga_call_of(&f->definition->plan->nodes[step], c->call)->timeout_ms;
        }
    }
}

static void view_step_of(const struct view_fold *f, uint16_t step, struct view_step *out)
{
    const struct view_fold_step *s = &f->steps[step];

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

static const char *stuck_step(const struct view_fold *f)
{
    uint16_t first = PLAN_NONE;

    for (uint16_t i = 0; i < f->state->n_cells; i++) {
        const struct saga_cell *c = &f->state->cells[i];

        first = c->state == CELL_STUCK && c->step < first ? c->step : first;
    }
    return first != PLAN_NONE ? f->definition->steps[first].id : NULL;
}

/* The row is written only now and then; the journal is never behind. */
static void view_row(const struct view_fold *f, struct store_saga *row)
{
    row->status = saga_status_of(f->state);
    row->is_paused = (f->state->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0;
    row->stuck_step = stuck_step(f);
    row->updated_ms = f->at_ms;
    row->ended_ms = saga_is_final(f->state) ? f->at_ms : 0;
}

/* The state holds why a call was queued; since then its service may have gone (the
 * recovery makes no turn of that). */
static void find_homeless(const struct view_fold *f, const struct saga_cell *c,
                          struct view_step *steps)
{
    const struct definition_call *call =
        c != NULL && c->state == CELL_QUEUED
            ? definition_call_of(f->definition, c->step, c->call)
            : NULL;
    struct err_info info;
    uint64_t num;

    if (call != NULL && call->service != NULL &&
        address_text_find(f->reader, call->service, f->a, &num, &info) == ERR_NOT_FOUND) {
        steps[c->step].is_homeless = true;
    }
}

static void view_commands(const struct view_fold *f, struct view *out)
{
    out->output = f->output;
    out->output_error = f->output_error;
    out->paused_by = f->paused_by;
    out->is_paused_by_restore = f->is_paused_by_restore;
    out->cancelled_by = f->cancelled_by;
}

static void view_finish(const struct view_fold *f, struct view *out)
{
    const uint16_t n = f->definition->plan->n_nodes;
    struct view_step *steps = arena_take(f->a, n * sizeof(*steps));

    out->definition = f->definition;
    out->state = f->state;
    out->steps = steps;
    view_commands(f, out);
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
        find_homeless(f, why_cell_of(out), steps);
    }
    if (f->until_turn != 0) {
        out->why = why_of(out, &(struct why_now){.wall_ms = f->at_ms}, f->a);
    }
}

void view_of_start(const struct store_saga *row, const struct definition *definition,
                   uint32_t version, struct json_span input, const void *state,
                   size_t state_n, struct arena *a, struct view *out)
{
    struct view_fold f;
    bool is_sound;

    view_fold_init(&f, definition, a);
    is_sound = saga_decode(f.state, definition->plan, state, state_n);
    assert(is_sound);
    view_fold_start(&f, row->started_ms);
    *out = (struct view){.row = *row, .version = version, .input = input};
    view_finish(&f, out);
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

/* What is read of a saga is of one moment: SQLite forgets the pages it has read as soon
 * as somebody commits between two moments. A long journal takes several, page by page:
 * its rows do not change (S92). */
struct moment {
    struct store_reader *reader;
    bool is_open;
};

static void moment_end(struct moment *m)
{
    if (m->is_open) {
        store_reader_end(m->reader);
        m->is_open = false;
    }
}

static enum err scan(struct moment *m, const struct store_saga *row, struct view_fold *f,
                     struct err_info *info)
{
    bool has_more = true;

    while (has_more) {
        enum err e;

        f->n = 0;
        e = store_scan_turns(m->reader, row->num, f->row_turn + 1, PAGE_TURNS,
                             view_fold_row, f, info);
        if (e != ERR_OK && e != ERR_NOT_FOUND) {
            return e;
        }
        has_more = f->n == PAGE_TURNS && !f->is_bad && f->row_turn != f->until_turn;
        if (has_more) {
            moment_end(m);
        }
    }
    view_fold_settle(f);
    if (f->is_bad) {
        return err_set(info, ERR_INVALID, "turn %" PRIu64 " of saga '%s' cannot be read",
                       f->turn + 1, row->id);
    }
    if (f->turn == 0 || (f->until_turn != 0 && f->turn != f->until_turn)) {
        return err_set(info, ERR_NOT_FOUND, "saga '%s' has no turn %" PRIu64, row->id,
                       f->until_turn);
    }
    return ERR_OK;
}

static enum err fold_journal(struct moment *m, struct view_fold *f, struct view *out,
                             struct err_info *info)
{
    const struct docs_start start = {.definition = f->definition,
                                     .version = out->version,
                                     .id = out->row.id,
                                     .key = out->row.key,
                                     .started_ms = out->row.started_ms,
                                     .input = out->input};
    enum err e;

    view_fold_begin(f, &start);
    e = scan(m, &out->row, f, info);
    if (e == ERR_OK) {
        view_finish(f, out);
    }
    view_fold_done(f);
    return e;
}

static enum err read_in(struct moment *m, struct registry *registry, const char *id,
                        uint64_t turn, struct arena *a, struct view *out,
                        struct err_info *info)
{
    const struct registry_entry *entry;
    struct view v = {.version = 0};
    struct view_fold f;
    enum err e = store_find_saga(m->reader, id, a, &v.row, info);

    if (e == ERR_OK) {
        e = registry_find(registry, v.row.definition, &entry, info);
    }
    if (e == ERR_OK) {
        e = read_input(m->reader, &v.row, a, &v.input, info);
    }
    if (e != ERR_OK) {
        return e;
    }
    v.version = entry->version;
    view_fold_init(&f, entry->definition, a);
    f.until_turn = turn;
    /* How others stand now says nothing of then. */
    f.reader = turn == 0 ? m->reader : NULL;
    e = fold_journal(m, &f, &v, info);
    if (e == ERR_OK) {
        *out = v;
    }
    return e;
}

enum err view_read(struct store_reader *r, struct registry *registry, const char *id,
                   uint64_t turn, struct arena *a, struct view *out,
                   struct err_info *info)
{
    struct moment m = {.reader = r};
    enum err e = store_reader_begin(r, info);

    if (e != ERR_OK) {
        return e;
    }
    m.is_open = true;
    e = read_in(&m, registry, id, turn, a, out, info);
    moment_end(&m);
    return e;
}

/* ---- in brief
 * -------------------------------------------------------------------------- */

#define BRIEF_TURNS 4   /* Tell it nearly always; */
#define BRIEF_LONGER 16 /* else so many times more are read. */

/* Do the turns that were folded hold all that `why` says of the cell and the saga? */
static bool tells_all(const struct view_fold *f, const struct saga_cell *c)
{
    const struct view_fold_step *s = c != NULL ? &f->steps[c->step] : NULL;

    if ((f->state->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0 && !f->is_pause_told) {
        return false;
    }
    if (c == NULL) {
        return true;
    }
    switch (c->state) {
    case CELL_STUCK:
        return s->is_note_told && (s->is_failure_told || !is_stuck_by_attempt(c->reason));
    case CELL_BACKING_OFF:
        return s->is_failure_told;
    case CELL_DUE:
        return s->sent_ms != 0;
    case CELL_QUEUED:
    case CELL_WAITING:
        return true;
    }
    assert(false);
    return true;
}

struct brief {
    struct view_fold fold;
    bool has_base;
};

static bool fold_brief_row(void *user, const struct store_turn *row)
{
    struct brief *b = user;

    if (!b->has_base) {
        b->has_base = true;
        view_fold_from(&b->fold, row);
        return !b->fold.is_bad;
    }
    return view_fold_row(&b->fold, row);
}

/* Fold the turns after `base`, from what that one left; 0: all. */
static enum err fold_after(struct store_reader *r, const struct store_saga *row,
                           struct brief *b, uint64_t base, struct err_info *info)
{
    enum err e;

    view_fold_restart(&b->fold);
    b->has_base = base == 0;
    e = store_scan_turns(r, row->num, base == 0 ? 1 : base, SIZE_MAX, fold_brief_row, b,
                         info);
    view_fold_settle(&b->fold);
    return e;
}

/* From the last turn, which is folded, back to where all is told. */
static enum err fold_back(struct store_reader *r, const struct view *v, struct brief *b,
                          struct err_info *info)
{
    const struct view_fold *f = &b->fold;
    uint64_t base = f->state->turn;
    enum err e = ERR_OK;

    for (uint64_t n = BRIEF_TURNS;
         e == ERR_OK && !f->is_bad && base > 0 && !tells_all(f, why_cell_of(v));
         n *= BRIEF_LONGER) {
        base = base > n ? base - n : 0;
        e = fold_after(r, &v->row, b, base, info);
    }
    if (e == ERR_OK && f->is_bad) {
        e = err_set(info, ERR_INVALID, "saga '%s' cannot be read after turn %" PRIu64,
                    v->row.id, f->turn);
    }
    return e;
}

/* What `why` says is now in the fold. */
static void brief_finish(const struct view_fold *f, struct view_step *steps,
                         struct view *v)
{
    const struct saga_cell *c = why_cell_of(v);

    if (c != NULL) {
        view_cells(f, c->step, &steps[c->step]);
        view_error(f, cell_of(f->state, c->step), c->step, &steps[c->step]);
    }
    find_homeless(f, c, steps);
    view_commands(f, v);
}

enum err view_read_brief(struct store_reader *r, struct registry *registry,
                         const struct store_saga *row, struct arena *a, struct view *out,
                         struct err_info *info)
{
    const struct registry_entry *entry;
    struct store_turn last;
    struct view_step *steps;
    struct view v = {.row = *row};
    struct brief b;
    enum err e = registry_find(registry, row->definition, &entry, info);

    if (e == ERR_OK) {
        e = store_last_turn(r, row->num, a, &last, info);
    }
    if (e != ERR_OK) {
        return e;
    }
    view_fold_init(&b.fold, entry->definition, a);
    view_fold_begin(&b.fold, NULL);
    view_fold_from(&b.fold, &last);
    b.fold.reader = r;
    steps = arena_take(a, entry->definition->plan->n_nodes * sizeof(*steps));
    v.definition = entry->definition;
    v.version = entry->version;
    v.state = b.fold.state;
    v.steps = steps;
    if (!b.fold.is_bad) {
        view_family(r, &v, steps, a);
    }
    e = fold_back(r, &v, &b, info);
    if (e == ERR_OK) {
        brief_finish(&b.fold, steps, &v);
        *out = v;
    }
    view_fold_done(&b.fold);
    return e;
}
