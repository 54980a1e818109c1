/*
 * explore_fold.c - states that behave alike become the same bytes; see explore_parts.h.
 *
 * What is folded is written back into the state: the exploration goes on from the folded
 * state, so folding too much would show as a wrong state, not as a lost one. Turns become
 * numbers in order, times "now" or "not yet"; counts that only people read become 0 or 1.
 */
#include <assert.h>
#include <string.h>

#include "definitions/explore_parts.h"
#include "engine/core/saga_code.h"

/* ---- cells ---------------------------------------------------------------------------
 */

static bool has(const struct saga *s, enum saga_flag flag)
{
    return (s->flags & (uint32_t)flag) != 0;
}

static bool is_before(const struct saga_cell *a, const struct saga_cell *b)
{
    return a->step != b->step ? a->step < b->step : a->item < b->item;
}

static void sort_cells(struct saga *s)
{
    for (uint16_t i = 1; i < s->n_cells; i++) {
        const struct saga_cell c = s->cells[i];
        uint16_t k = i;

        for (; k > 0 && is_before(&c, &s->cells[k - 1]); k--) {
            s->cells[k] = s->cells[k - 1];
        }
        s->cells[k] = c;
    }
}

/* The outcome of the last attempt counts where the call may end without another. */
static enum outcome fold_last(const struct saga *s, const struct saga_cell *c)
{
    if (c->state == CELL_DUE ||
        (c->call == CALL_COMPENSATION && has(s, SAGA_FLAG_UNDOING))) {
        return OUTCOME_NONE;
    }
    return c->state == CELL_BACKING_OFF && c->in_doubt ? OUTCOME_UNKNOWN : c->last;
}

static void fold_cell(const struct saga *s, struct saga_cell *c)
{
    c->last = fold_last(s, c);
    c->attempts = c->attempts > 0 ? 1 : 0;
    c->round = c->round > 0 ? 1 : 0;
    c->free = 0;
    c->born_ms = c->attempts > 0 ? EXPLORE_NOW_MS : 0;
    c->first_due_ms = c->round > 0 ? EXPLORE_NOW_MS : 0;
    c->wake_ms = c->wake_ms != 0 ? EXPLORE_FAR_MS : 0;
    c->generation = c->generation > 0 ? 1 : 0;
    if (c->call == CALL_COMPENSATION && has(s, SAGA_FLAG_UNDOING)) {
        c->in_doubt = false; /* The undo is repeated until it is done, in doubt or not. */
    }
}

static void fold_cells(struct saga *s)
{
    uint64_t turn = 0;

    sort_cells(s);
    for (uint16_t i = 0; i < s->n_cells; i++) {
        fold_cell(s, &s->cells[i]);
        if (s->cells[i].state == CELL_DUE) {
            turn++;
            s->cells[i].due_turn = turn;
        }
    }
    s->turn = turn;
}

/* ---- records -------------------------------------------------------------------------
 */

static bool needs_undo(const struct plan_node *node, struct saga_record r)
{
    return node->undo != PLAN_UNDO_NONE && !r.is_undone &&
           (r.outcome == OUTCOME_SUCCEEDED || r.in_doubt);
}

/* Of a leaf: going back, all that counts is whether there is something to undo and, if
 * the undo reads it, whether its answer is there. What is undone is as if never done. */
static struct saga_record fold_record(const struct saga *s, const struct plan_node *node,
                                      struct saga_record r)
{
    r.by_hand = 0;
    if (s->state != SAGA_BACKWARD || (r.outcome == OUTCOME_NONE && r.is_begun)) {
        return r; /* Open, or not to be folded yet. */
    }
    if (!needs_undo(node, r)) {
        return (struct saga_record){.outcome = OUTCOME_REJECTED, .is_begun = 1};
    }
    if (!node->undo_reads_answer) {
        return (struct saga_record){.outcome = OUTCOME_SUCCEEDED, .is_begun = 1};
    }
    if (r.outcome != OUTCOME_SUCCEEDED) {
        r.outcome = OUTCOME_UNKNOWN;
    }
    return r;
}

static bool is_same(struct saga_record a, struct saga_record b)
{
    return a.outcome == b.outcome && a.is_begun == b.is_begun &&
           a.in_doubt == b.in_doubt && a.is_undone == b.is_undone;
}

/* The runs of one forEach from `from` on; behind them, written from `to` on. */
static uint16_t fold_runs(struct saga *s, const struct plan_node *node, uint16_t from,
                          uint16_t to)
{
    struct saga_each *e = &s->eachs[node->each];
    uint16_t n = 0;

    for (uint16_t i = 0; i < e->n_runs; i++) {
        struct saga_run run = s->runs[from + i];

        run.record = fold_record(s, node, run.record);
        if (n > 0 && is_same(s->runs[to + n - 1].record, run.record)) {
            s->runs[to + n - 1].n += run.n;
        } else {
            s->runs[to + n] = run;
            n++;
        }
    }
    e->n_runs = n;
    return (uint16_t)(to + n);
}

static void fold_records(struct explorer *x)
{
    struct saga *s = x->s;
    uint16_t from = 0;
    uint16_t to = 0;

    for (uint16_t i = 0; i < s->n_nodes; i++) {
        const struct plan_node *node = &x->plan->nodes[i];

        s->steps[i].attempts = 0;
        s->steps[i].record.by_hand = 0;
        if (node->each != PLAN_NONE) {
            const uint16_t n = s->eachs[node->each].n_runs;

            to = fold_runs(s, node, from, to);
            from = (uint16_t)(from + n);
        } else if (node->first == PLAN_NONE && i > 0) {
            s->steps[i].record = fold_record(s, node, s->steps[i].record);
        }
    }
    s->n_runs = to;
}

/* What has ended is counted no more. */
static void fold_counts(struct saga *s)
{
    s->attempts = 0;
    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        s->attempts += c->attempts;
        s->steps[c->step].attempts += c->call == CALL_ACTION ? c->attempts : 0;
    }
}

/* ---- the world ------------------------------------------------------------------------
 */

/* Does any undo read this step's answer? Then it matters that it was taken back. */
static bool is_read_by_undo(const struct explorer *x, uint16_t step)
{
    const size_t n = x->plan->n_nodes;

    for (size_t i = 0; i < n; i++) {
        if (i != step && x->undo_reads[i * n + step]) {
            return true;
        }
    }
    return false;
}

static bool is_over(const struct explorer *x, const struct explore_slot *slot)
{
    const struct plan_node *node = &x->plan->nodes[slot->step];
    const uint32_t item = slot->item != 0xff ? slot->item : SAGA_NO_ITEM;
    struct saga_record r;

    if (saga_is_final(x->s)) {
        return true;
    }
    if (x->s->state != SAGA_BACKWARD || saga_cell_of(x->s, slot->step, item) != NULL) {
        return false;
    }
    r = item == SAGA_NO_ITEM ? x->s->steps[slot->step].record
                             : saga_item_of(x->s, x->plan, slot->step, item);
    return !needs_undo(node, r);
}

/* Where nothing more will happen, only what stands in the world counts. */
static void fold_world(struct explorer *x)
{
    for (uint16_t i = 0; i < x->n_slots; i++) {
        unsigned kept = WORLD_APPLIED | WORLD_PENDING;

        if (x->world[i] == 0 || !is_over(x, &x->slots[i])) {
            continue;
        }
        if (!saga_is_final(x->s) && is_read_by_undo(x, x->slots[i].step)) {
            kept |= WORLD_UNDONE;
        }
        x->world[i] = (uint8_t)(x->world[i] & kept);
    }
}

/* ---- the whole ------------------------------------------------------------------------
 */

void explore_fold(struct explorer *x)
{
    struct saga *s = x->s;

    s->seed = 1;
    s->began_ms = 1;
    s->error_turn = 0;
    s->error_step = PLAN_NONE;
    s->error_item = SAGA_NO_ITEM;
    s->flags &= ~(uint32_t)SAGA_FLAG_CANCELLED;
    if (s->state != SAGA_FORWARD) {
        s->flags &= ~(uint32_t)SAGA_FLAG_OVERDUE;
        s->deadline_ms = 0;
    } else if (s->deadline_ms != 0) {
        s->deadline_ms = EXPLORE_FAR_MS;
    }
    fold_cells(s);
    fold_records(x);
    fold_counts(s);
    fold_world(x);
    assert(s->state == SAGA_NEW || saga_is_sound(s, x->plan));
}

size_t explore_bytes_max(const struct explorer *x)
{
    return LIMIT_STATE_BYTES + x->n_slots;
}

size_t explore_write(const struct explorer *x, uint8_t *to)
{
    size_t n;

    memcpy(to, x->world, x->n_slots);
    if (x->s->state == SAGA_NEW) { /* Never stored, so it has no bytes. */
        return x->n_slots;
    }
    if (saga_is_final(x->s)) { /* How it ended, and in what world: no more counts. */
        to[x->n_slots] = (uint8_t)x->s->state;
        return (size_t)x->n_slots + 1;
    }
    n = saga_encode(x->s, to + x->n_slots, LIMIT_STATE_BYTES);
    assert(n > 1);
    return x->n_slots + n;
}

void explore_read(struct explorer *x, const uint8_t *from, size_t n)
{
    bool is_read = true;

    if (n == x->n_slots) {
        saga_init(x->s, x->plan);
    } else {
        is_read = saga_decode(x->s, x->plan, from + x->n_slots, n - x->n_slots);
    }
    assert(is_read);
    memcpy(x->world, from, x->n_slots);
}
