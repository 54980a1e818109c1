/* why.c - see why.h. Picks what matters most, says it, then adds what else holds. */
#include "engine/view/why.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "definitions/told.h"
#include "engine/core/legal.h"
#include "engine/view/child_id.h"
#include "engine/view/saga_text.h"
#include "engine/view/why_parts.h"

static bool has(const struct why *w, enum saga_flag flag)
{
    return (w->s->flags & (uint32_t)flag) != 0;
}

/* ---- parts of sentences
 * ---------------------------------------------------------------- */

/* Would the deadline end this waiting? At and after the pivot it does not turn back. */
static bool has_deadline(const struct why *w)
{
    const uint32_t spent = (uint32_t)SAGA_FLAG_OVERDUE | (uint32_t)SAGA_FLAG_PAST_PIVOT;
    bool is_at_pivot = false;

    for (uint16_t i = 0; i < w->s->n_cells; i++) {
        is_at_pivot = is_at_pivot || w->plan->nodes[w->s->cells[i].step].is_pivot;
    }
    return w->s->deadline_ms != 0 && w->s->state == SAGA_FORWARD && !is_at_pivot &&
           (w->s->flags & spent) == 0;
}

static const char *until(const struct why *w, uint64_t ms)
{
    return ms == 0 ? ""
                   : arena_printf(w->a, ", until %s at the latest", why_at_time(w, ms));
}

/* Of a cell that waits for the world: its own time, or the saga's before that. */
static const char *wait_until(const struct why *w, const struct saga_cell *c)
{
    if (has_deadline(w) && (c->wake_ms == 0 || w->s->deadline_ms < c->wake_ms)) {
        return arena_printf(w->a, ", until %s at the latest (the saga's deadline)",
                            why_at_time(w, w->s->deadline_ms));
    }
    return until(w, c->wake_ms);
}

static const char *step_of(const struct why *w, const struct saga_cell *c)
{
    const char *id = w->v->definition->steps[c->step].id;

    return c->item == SAGA_NO_ITEM
               ? arena_printf(w->a, "'%s'", id)
               : arena_printf(w->a, "item %" PRIu32 " of '%s'", c->item, id);
}

/* What is being called: 'payment', the compensation of 'payment'. */
static const char *call_of(const struct why *w, const struct saga_cell *c)
{
    return c->call == CALL_ACTION
               ? step_of(w, c)
               : arena_printf(w->a, "the %s of %s", call_name_of(c->call), step_of(w, c));
}

/* The service's name; NULL: an absolute URL, or no call at all. */
static const char *service_of(const struct why *w, const struct saga_cell *c)
{
    const struct definition_call *call =
        definition_call_of(w->v->definition, c->step, c->call);

    return call != NULL ? call->service : NULL;
}

static const char *service_in_words(const struct why *w, const struct saga_cell *c)
{
    const char *name = service_of(w, c);

    return name != NULL ? arena_printf(w->a, "service '%s'", name) : "its service";
}

/* "shipping answered 503", "shipping: timed out waiting for the answer". */
static const char *failure(const struct why *w, const struct saga_cell *c)
{
    const struct view_step *step = &w->v->steps[c->step];
    const char *name = service_of(w, c) != NULL ? service_of(w, c) : "it";

    if (step->has_error && step->error_status != 0) {
        return arena_printf(w->a, "%s answered %d", name, step->error_status);
    }
    if (step->has_error && step->error_detail != NULL) {
        return arena_printf(w->a, "%s: %s", name, step->error_detail);
    }
    return "the last attempt failed";
}

/* The policy's count where there is an end to it, else the attempt's own number. */
static const char *next_attempt(const struct why *w, const struct saga_cell *c)
{
    const uint32_t most =
        saga_call_of(&w->plan->nodes[c->step], c->call)->retry.attempts_max;
    const uint32_t next = c->round - c->free + 1;

    if (most == 0 || next > most) {
        return arena_printf(w->a, "attempt %" PRIu32, c->attempts + 1);
    }
    return arena_printf(w->a, "attempt %" PRIu32 " of %" PRIu32, next, most);
}

/* ---- what would unblock it
 * ------------------------------------------------------------- */

struct options {
    const char *words[5];
    size_t n;
};

static void offer(const struct why *w, const struct saga_cell *c,
                  enum saga_event_kind kind, const char *word, struct options *o)
{
    const uint16_t step = c != NULL ? c->step : PLAN_NONE;
    const uint32_t item = c != NULL ? c->item : SAGA_NO_ITEM;
    const enum legal_answer answer = legal_action(w->s, w->plan, kind, step, item);

    if (answer == LEGAL_YES || answer == LEGAL_NOTED) {
        o->words[o->n++] = word;
    }
}

/* "; retry, skip or close it": c NULL asks for the saga as a whole. */
static const char *options_of(const struct why *w, const struct saga_cell *c)
{
    struct options o = {.n = 0};
    const char *text = "";

    offer(w, c, SAGA_EV_RETRY, "retry", &o);
    if (c != NULL) {
        offer(w, c, SAGA_EV_RESOLVE, "resolve it as applied or not-applied", &o);
        offer(w, c, SAGA_EV_SKIP, "skip it", &o);
    }
    offer(w, NULL, SAGA_EV_CANCEL, "cancel", &o);
    offer(w, NULL, SAGA_EV_CLOSE, "close the saga", &o);
    for (size_t i = 0; i < o.n; i++) {
        const char *glue = i == 0 ? "; to go on: " : (i + 1 < o.n ? ", " : " or ");

        text = arena_printf(w->a, "%s%s%s", text, glue, o.words[i]);
    }
    return text;
}

/* ---- one open cell
 * --------------------------------------------------------------------- */

static const char *why_stuck(const struct why *w, const struct saga_cell *c)
{
    const struct view_step *step = &w->v->steps[c->step];
    const bool is_told = step->has_error && step->error_detail != NULL;
    const char *where = call_of(w, c);
    const char *answered = "";

    if (w->plan->nodes[c->step].is_pivot) {
        where = arena_printf(w->a, "%s, the pivot", where);
    }
    if (step->has_error && step->error_status != 0) {
        answered = arena_printf(w->a, " (%s)", failure(w, c));
    }
    return arena_printf(w->a, "Stuck going %s at %s: %s%s%s",
                        w->s->state == SAGA_BACKWARD ? "back" : "forward", where,
                        is_told ? step->error_detail : told_reason(c->reason), answered,
                        options_of(w, c));
}

static const char *why_backing_off(const struct why *w, const struct saga_cell *c)
{
    const uint64_t left_ms =
        c->wake_ms > w->now->wall_ms ? c->wake_ms - w->now->wall_ms : 0;

    if (c->call == CALL_CONFIRM && c->n_not_applied > 0) {
        return arena_printf(w->a,
                            "Waiting %s before asking once more whether %s was applied",
                            why_for_long(w, left_ms), step_of(w, c));
    }
    return arena_printf(w->a, "Waiting %s before %s of %s: %s", why_for_long(w, left_ms),
                        next_attempt(w, c), call_of(w, c), failure(w, c));
}

static const char *why_queued(const struct why *w, const struct saga_cell *c)
{
    const struct why_wanted wanted = {
        .what = call_of(w, c),
        .service = service_of(w, c),
        .slot = w->v->steps[c->step].is_homeless ? SAGA_SLOT_MISSING : c->slot,
    };

    return why_service(w, &wanted);
}

/* S33: its id as read, else as it is made; NULL when it cannot be told from here. */
static const char *child_of(const struct why *w, const struct saga_cell *c)
{
    const struct view_step *step = &w->v->steps[c->step];
    const struct child_place at = {.parent = w->v->row.id,
                                   .step = w->v->definition->steps[c->step].id,
                                   .item = c->item,
                                   .generation = c->generation};

    if (step->child != NULL && step->child_item == c->item) {
        return step->child;
    }
    return c->generation != 0 ? child_id(w->a, &at, false) : NULL;
}

static bool has_stuck_child(const struct why *w, const struct saga_cell *c)
{
    const struct view_step *step = &w->v->steps[c->step];

    return c->state == CELL_WAITING && step->child != NULL &&
           step->child_item == c->item && step->child_status == SAGA_STATUS_STUCK;
}

static const char *why_child(const struct why *w, const struct saga_cell *c)
{
    const char *id = child_of(w, c);
    const char *name = id != NULL ? arena_printf(w->a, " '%s'", id) : "";
    const char *stuck_at = w->v->steps[c->step].child_stuck_step;
    const char *stuck = "";

    if (has_stuck_child(w, c)) {
        stuck = stuck_at != NULL ? arena_printf(w->a, "; it is stuck at '%s'", stuck_at)
                                 : "; it is stuck";
    }
    return arena_printf(w->a, "Waiting for the child saga%s of %s%s%s", name,
                        step_of(w, c),
                        w->s->state == SAGA_BACKWARD ? " to go back" : " to end", stuck);
}

static const char *why_waiting(const struct why *w, const struct saga_cell *c)
{
    const struct definition_step *step = &w->v->definition->steps[c->step];
    const char *end;

    switch (w->plan->nodes[c->step].kind) {
    case PLAN_TIMER:
        return arena_printf(w->a, "%s waits until %s", step_of(w, c),
                            why_at_time(w, c->wake_ms));
    case PLAN_SIGNAL:
        end = wait_until(w, c);
        return arena_printf(w->a, "%s waits for the signal '%s'%s", step_of(w, c),
                            step->signal,
                            end[0] != '\0' ? end : ": it goes on when somebody sends it");
    case PLAN_CHILD:
        return why_child(w, c);
    case PLAN_SEQUENCE:
    case PLAN_PARALLEL:
    case PLAN_CALL:
        break;
    }
    return arena_printf(w->a, "%s waits for the callback of %s%s", call_of(w, c),
                        service_in_words(w, c), wait_until(w, c));
}

static const char *why_due(const struct why *w, const struct saga_cell *c)
{
    const char *prefix = "";

    if (w->s->state == SAGA_BACKWARD) {
        prefix =
            c->call == CALL_COMPENSATION ? "Compensating: " : "Going back after this: ";
    }
    return arena_printf(w->a, "%s%saiting for the answer of %s (attempt %" PRIu32 ")%s",
                        prefix, prefix[0] == '\0' ? "W" : "w", call_of(w, c), c->attempts,
                        until(w, w->v->steps[c->step].in_flight_until_ms));
}

static const char *say_cell(const struct why *w, const struct saga_cell *c)
{
    switch (c->state) {
    case CELL_STUCK:
        return why_stuck(w, c);
    case CELL_BACKING_OFF:
        return why_backing_off(w, c);
    case CELL_QUEUED:
        return why_queued(w, c);
    case CELL_WAITING:
        return why_waiting(w, c);
    case CELL_DUE:
        return why_due(w, c);
    }
    assert(false);
    return NULL;
}

/* ---- the saga
 * -------------------------------------------------------------------------- */

/* What a reader wants to hear of first: what needs a person, then what went wrong. */
static const unsigned ranks[CELL_STATES] = {
    [CELL_STUCK] = 0,   [CELL_BACKING_OFF] = 2, [CELL_QUEUED] = 3,
    [CELL_WAITING] = 4, [CELL_DUE] = 5,
};

static unsigned rank_of(const struct why *w, const struct saga_cell *c)
{
    return has_stuck_child(w, c) ? 1 : ranks[c->state];
}

static bool matters_more(const struct why *w, const struct saga_cell *x,
                         const struct saga_cell *y)
{
    if (rank_of(w, x) != rank_of(w, y)) {
        return rank_of(w, x) < rank_of(w, y);
    }
    return x->step != y->step ? x->step < y->step : x->item < y->item;
}

static const struct saga_cell *main_cell(const struct why *w)
{
    const struct saga *s = w->s;
    const struct saga_cell *best = NULL;

    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (best == NULL || matters_more(w, &s->cells[i], best)) {
            best = &s->cells[i];
        }
    }
    return best;
}

const struct saga_cell *why_cell_of(const struct view *v)
{
    const struct why w = {.v = v, .s = v->state, .plan = v->definition->plan};

    return main_cell(&w);
}

static const char *paused(const struct why *w, const char *word)
{
    const char *by = w->v->paused_by;

    if (w->v->is_paused_by_restore) {
        return arena_printf(w->a, "%s by the restore from a backup", word);
    }
    return by != NULL ? arena_printf(w->a, "%s by '%s'", word, by) : word;
}

static const char *why_paused(const struct why *w)
{
    if (w->v->is_paused_by_restore) {
        return "Paused: the database was restored from a backup, and what was done since "
               "is not known to it; nothing is sent until an operator resumes the engine "
               "(POST /v1/resume)";
    }
    return arena_printf(w->a, "%s: nothing new is sent until it is resumed%s",
                        paused(w, "Paused"),
                        legal_has_due(w->s) ? ", the call in flight is awaited" : "");
}

/* "; …" for what holds beside the main thing. */
static const char *notes_of(const struct why *w, bool tells_pause)
{
    const char *notes = "";

    if (tells_pause && has(w, SAGA_FLAG_PAUSED)) {
        notes = arena_printf(w->a, "; %s", paused(w, "paused"));
    }
    if (has(w, SAGA_FLAG_BACK_WANTED)) {
        notes =
            arena_printf(w->a, "%s; %s is noted until the pivot settles", notes,
                         has(w, SAGA_FLAG_CANCELLED) ? "the cancel" : "the going back");
    }
    if (has(w, SAGA_FLAG_OVERDUE) && w->s->state == SAGA_FORWARD) {
        notes = arena_printf(w->a, "%s; its deadline has passed", notes);
    }
    return arena_printf(w->a, "%s%s", notes, why_engine_holds(w));
}

static const char *why_lined_up(const struct why *w)
{
    const struct view *v = w->v;
    const char *stuck = "";

    if (v->holder_status == SAGA_STATUS_STUCK) {
        stuck = v->holder_stuck_step != NULL
                    ? arena_printf(w->a, "; it is stuck at '%s'", v->holder_stuck_step)
                    : "; it is stuck";
    }
    return arena_printf(w->a, "Waiting for its turn: %s holds the ordering key '%s'%s",
                        v->holder != NULL ? arena_printf(w->a, "saga '%s'", v->holder)
                                          : "another saga",
                        v->row.ordering_key != NULL ? v->row.ordering_key : "", stuck);
}

/* Holds that concern the saga as a whole; NULL: there is none. */
static const char *why_held(const struct why *w)
{
    if (has(w, SAGA_FLAG_POISON)) {
        return arena_printf(w->a,
                            "Stuck (poison): the daemon ended three times running during "
                            "a turn of this saga%s",
                            options_of(w, NULL));
    }
    if (has(w, SAGA_FLAG_OVER_LIMIT)) {
        return arena_printf(
            w->a,
            "Stuck: the saga has reached its limit of events, attempts or "
            "bytes%s",
            options_of(w, NULL));
    }
    if (w->s->state == SAGA_LINED_UP) {
        return why_lined_up(w);
    }
    return NULL;
}

static const char *and_more(const struct why *w)
{
    return w->s->n_cells < 2
               ? ""
               : arena_printf(w->a, " (and %u more)", (unsigned)(w->s->n_cells - 1));
}

const char *why_of(const struct view *v, const struct why_now *now, struct arena *a)
{
    const struct why w = {v, v->state, v->definition->plan, now, a};
    const struct saga_cell *c = main_cell(&w);
    const char *held;

    if (saga_is_final(v->state)) {
        return NULL;
    }
    held = why_held(&w);
    if (held != NULL) {
        return arena_printf(a, "%s%s.", held, notes_of(&w, true));
    }
    if (has(&w, SAGA_FLAG_PAUSED) && (c == NULL || c->state != CELL_STUCK)) {
        return arena_printf(a, "%s%s.", why_paused(&w), notes_of(&w, false));
    }
    if (c == NULL) {
        return arena_printf(a, "Waiting for sagad to take it up%s.", notes_of(&w, true));
    }
    return arena_printf(a, "%s%s%s.", say_cell(&w, c), and_more(&w), notes_of(&w, true));
}
