/* saga_text.c - see saga_text.h. */
#include "engine/view/saga_text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- one word each --------------------------------------------------------------- */

#define X(name, text) text,
static const char *const state_names[SAGA_STATES] = {SAGA_STATE_MAP(X)};
static const char *const status_names[SAGA_STATUSES] = {SAGA_STATUS_MAP(X)};
static const char *const event_names[SAGA_EVENTS] = {SAGA_EVENT_MAP(X)};
static const char *const cell_names[CELL_STATES] = {CELL_STATE_MAP(X)};
static const char *const call_names[CALLS] = {CALL_MAP(X)};
static const char *const outcome_names[OUTCOMES] = {OUTCOME_MAP(X)};
#undef X

/* S32. The words of what is open, by what it is calling. */
static const char *const open_words[CELL_STATES][CALLS] = {
    [CELL_QUEUED] = {"queued", "confirming", "compensating"},
    [CELL_DUE] = {"running", "confirming", "compensating"},
    [CELL_BACKING_OFF] = {"backing-off", "confirming", "compensating"},
    [CELL_WAITING] = {"waiting", "confirming", "compensating"},
    [CELL_STUCK] = {"stuck", "stuck", "stuck"},
};

const char *saga_state_name(enum saga_state state)
{
    assert((unsigned)state < SAGA_STATES);
    return state_names[state];
}

const char *saga_status_name(enum saga_status status)
{
    assert((unsigned)status < SAGA_STATUSES);
    return status_names[status];
}

const char *saga_event_name(enum saga_event_kind kind)
{
    assert((unsigned)kind < SAGA_EVENTS);
    return event_names[kind];
}

const char *cell_state_name(enum cell_state state)
{
    assert((unsigned)state < CELL_STATES);
    return cell_names[state];
}

const char *call_name_of(enum call_kind call)
{
    assert((unsigned)call < CALLS);
    return call_names[call];
}

const char *outcome_name(enum outcome outcome)
{
    assert((unsigned)outcome < OUTCOMES);
    return outcome_names[outcome];
}

bool saga_status_of_name(const char *name, size_t n, enum saga_status *out)
{
    for (unsigned i = 0; i < SAGA_STATUSES; i++) {
        if (strlen(status_names[i]) == n && memcmp(status_names[i], name, n) == 0) {
            *out = (enum saga_status)i;
            return true;
        }
    }
    return false;
}

/* ---- how a step stands ------------------------------------------------------------- */

static const char *cell_word(const struct saga_cell *c)
{
    return open_words[c->state][c->call];
}

static const char *record_word(struct saga_record record)
{
    return record.is_undone ? "compensated" : outcome_name((enum outcome)record.outcome);
}

/* What the parts of a group, or the items of a forEach, amount to. */
struct summary {
    bool is_open, is_stuck, is_compensating;
    bool is_undone;       /* Some part was compensated. */
    bool needs_undo;      /* Some part still has something to take back. */
    enum outcome failure; /* Of the first part that failed, else NONE. */
};

static void sum_cells(const struct saga *s, uint16_t from, uint16_t end,
                      struct summary *sum)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        if (c->step >= from && c->step < end) {
            sum->is_open = true;
            sum->is_stuck = sum->is_stuck || c->state == CELL_STUCK;
            sum->is_compensating = sum->is_compensating || c->call == CALL_COMPENSATION;
        }
    }
}

static void sum_record(const struct saga *s, const struct plan_node *node,
                       struct saga_record record, struct summary *sum)
{
    const enum outcome o = (enum outcome)record.outcome;

    sum->is_undone = sum->is_undone || record.is_undone;
    sum->needs_undo = sum->needs_undo || saga_needs_undo(s, node, record);
    if (sum->failure == OUTCOME_NONE &&
        (o == OUTCOME_REJECTED || o == OUTCOME_UNSENT || o == OUTCOME_UNKNOWN)) {
        sum->failure = o;
    }
}

static void sum_items(const struct saga *s, const struct plan *plan, uint16_t step,
                      struct summary *sum)
{
    const uint16_t each = plan->nodes[step].each;
    uint16_t at = 0;

    for (uint16_t e = 0; e < each; e++) {
        at = (uint16_t)(at + s->eachs[e].n_runs);
    }
    for (uint16_t i = 0; i < s->eachs[each].n_runs; i++) {
        sum_record(s, &plan->nodes[step], s->runs[at + i].record, sum);
    }
}

static struct summary sum_of(const struct saga *s, const struct plan *plan, uint16_t step)
{
    struct summary sum = {.failure = OUTCOME_NONE};

    sum_cells(s, step, plan->nodes[step].end, &sum);
    for (uint16_t n = step; n < plan->nodes[step].end; n++) {
        const struct plan_node *node = &plan->nodes[n];

        if (node->each != PLAN_NONE) {
            sum_items(s, plan, n, &sum);
        } else if (node->first == PLAN_NONE) {
            sum_record(s, node, s->steps[n].record, &sum);
        }
    }
    return sum;
}

/* A group or a forEach. */
static const char *many_word(const struct saga *s, const struct plan *plan, uint16_t step)
{
    const struct saga_record record = s->steps[step].record;
    const struct summary sum = sum_of(s, plan, step);

    if (sum.is_stuck) {
        return open_words[CELL_STUCK][CALL_ACTION];
    }
    if (sum.is_compensating ||
        (s->state == SAGA_BACKWARD && sum.is_undone && sum.needs_undo)) {
        return open_words[CELL_DUE][CALL_COMPENSATION];
    }
    if (sum.is_open) {
        return open_words[CELL_DUE][CALL_ACTION];
    }
    if (sum.is_undone) {
        return record_word((struct saga_record){.is_undone = 1});
    }
    if (record.outcome != OUTCOME_NONE || !record.is_begun) {
        return record_word(record);
    }
    /* Begun, not settled, nothing open: between two of its parts, or cut short. */
    return s->state == SAGA_FORWARD ? open_words[CELL_DUE][CALL_ACTION]
                                    : outcome_name(sum.failure);
}

const char *saga_step_status(const struct saga *s, const struct plan *plan, uint16_t step)
{
    const struct saga_cell *c;

    assert(step < plan->n_nodes);
    if (plan->nodes[step].first != PLAN_NONE || plan->nodes[step].each != PLAN_NONE) {
        return many_word(s, plan, step);
    }
    c = saga_cell_of(s, step, SAGA_NO_ITEM);
    return c != NULL ? cell_word(c) : record_word(s->steps[step].record);
}

const char *saga_item_status(const struct saga *s, const struct plan *plan, uint16_t step,
                             uint32_t item)
{
    const struct saga_cell *c = saga_cell_of(s, step, item);

    return c != NULL ? cell_word(c) : record_word(saga_item_of(s, plan, step, item));
}

/* ---- the whole saga in one line
 * --------------------------------------------------------- */

struct line {
    char *at;
    size_t room; /* With the NUL; what does not fit is cut. */
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *fmt,
                                                      ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(l->at, l->room, fmt, args);
    va_end(args);
    assert(n >= 0);
    if ((size_t)n >= l->room) {
        n = (int)l->room - 1;
    }
    l->at += n;
    l->room -= (size_t)n;
}

static void add_cell(struct line *l, const struct saga_cell *c, const char *id)
{
    add(l, "%s", id);
    if (c->item != SAGA_NO_ITEM) {
        add(l, "[%" PRIu32 "]", c->item);
    }
    if (c->call != CALL_ACTION) {
        add(l, " %s", call_name_of(c->call));
    }
    if (c->state != CELL_DUE) {
        add(l, " %s", cell_state_name(c->state));
    }
    if (c->attempts > 0) {
        add(l, "%s attempt %" PRIu32, c->state == CELL_DUE ? "" : " after", c->attempts);
    }
    if (c->in_doubt) {
        add(l, " in doubt");
    }
}

void saga_describe(const struct saga *s, const struct plan *plan,
                   const char *const *step_ids, char *text, size_t room)
{
    struct line l = {text, room};

    assert(room > 0 && s->n_nodes == plan->n_nodes);
    add(&l, "turn %" PRIu64 " %s", s->turn, saga_status_name(saga_status_of(s)));
    if ((s->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0) {
        add(&l, " paused");
    }
    for (uint16_t i = 0; i < s->n_cells; i++) {
        add(&l, i == 0 ? " " : ", ");
        add_cell(&l, &s->cells[i], step_ids[s->cells[i].step]);
    }
}
