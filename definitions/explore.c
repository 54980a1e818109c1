/* explore.c - see explore.h. Breadth first: the first way to a state is a shortest one.
 */
#include "definitions/explore.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "definitions/explore_parts.h"

/* ---- states that wait to be gone on from
 * ------------------------------------------------ */

struct frontier { /* Bytes of states in a row: length, number, bytes. */
    uint8_t *bytes;
    size_t from;
    size_t to;
    size_t room;
};

static void make_room(struct frontier *f, size_t n)
{
    if (f->from > f->room / 2) {
        memmove(f->bytes, f->bytes + f->from, f->to - f->from);
        f->to -= f->from;
        f->from = 0;
    }
    if (f->to + n > f->room) {
        f->room = 2 * f->room + n;
        f->bytes = mem_grow(f->bytes, f->room);
    }
}

static void put_state(struct frontier *f, uint32_t state, const uint8_t *bytes, size_t n)
{
    const uint32_t head[2] = {(uint32_t)n, state};

    make_room(f, n + sizeof(head));
    memcpy(f->bytes + f->to, head, sizeof(head));
    memcpy(f->bytes + f->to + sizeof(head), bytes, n);
    f->to += n + sizeof(head);
}

/* False: none is left. The bytes are copied to `to`. */
static bool take_state(struct frontier *f, uint32_t *state, uint8_t *to, size_t *n)
{
    uint32_t head[2];

    if (f->from == f->to) {
        return false;
    }
    memcpy(head, f->bytes + f->from, sizeof(head));
    memcpy(to, f->bytes + f->from + sizeof(head), head[0]);
    f->from += head[0] + sizeof(head);
    *n = head[0];
    *state = head[1];
    return true;
}

/* ---- making an explorer
 * ------------------------------------------------------------------ */

/* Time and counts are not explored: a call may be tried again or has been tried enough,
 * and a move says which. Only a single attempt is different. */
static void fold_policy(struct plan_call *call)
{
    call->retry.attempts_max = call->retry.attempts_max == 1 ? 1 : 0;
    call->retry.elapsed_max_ms = EXPLORE_FAR_MS;
}

static void copy_plan(struct explorer *x)
{
    const struct plan *plan = x->d->plan;
    const size_t bytes = sizeof(*plan) + plan->n_nodes * sizeof(plan->nodes[0]);

    x->plan = mem_alloc(bytes);
    memcpy(x->plan, plan, bytes);
    for (uint16_t i = 0; i < plan->n_nodes; i++) {
        fold_policy(&x->plan->nodes[i].action);
        fold_policy(&x->plan->nodes[i].confirm);
        fold_policy(&x->plan->nodes[i].compensation);
    }
}

static void make_slots(struct explorer *x)
{
    const uint16_t n = x->plan->n_nodes;

    x->slots = mem_alloc((size_t)n * EXPLORE_ITEMS * sizeof(x->slots[0]));
    x->slot_of = mem_alloc(n * sizeof(x->slot_of[0]));
    for (uint16_t i = 0; i < n; i++) {
        const struct plan_node *node = &x->plan->nodes[i];
        const unsigned n_items = node->each != PLAN_NONE ? EXPLORE_ITEMS : 1;

        x->slot_of[i] = PLAN_NONE;
        if (node->kind != PLAN_CALL && node->kind != PLAN_CHILD) {
            continue;
        }
        x->slot_of[i] = x->n_slots;
        for (unsigned k = 0; k < n_items; k++) {
            const uint8_t item = node->each != PLAN_NONE ? (uint8_t)k : 0xff;

            x->slots[x->n_slots] = (struct explore_slot){i, item};
            x->n_slots++;
        }
    }
    x->world = mem_alloc((size_t)x->n_slots + 1);
}

/* ---- what reads what
 * ----------------------------------------------------------------------- */

struct reading {
    const struct definition *d;
    bool *reads; /* By step: its answer is read. */
};

static void note_reads(void *user, const struct expr *e)
{
    const struct reading *r = user;
    const struct expr_reference *references;
    const size_t n = expr_references(e, &references);

    for (size_t i = 0; i < n; i++) {
        const uint16_t step = strcmp(references[i].root, "steps") == 0
                                  ? definition_step_of(r->d, references[i].name)
                                  : PLAN_NONE;

        if (step != PLAN_NONE && strcmp(references[i].field, "outcome") != 0) {
            r->reads[step] = true;
        }
    }
}

static void note_template(struct reading *r, const struct template *t)
{
    if (t != NULL) {
        template_each(t, note_reads, r);
    }
}

static void note_call(const struct definition *d, const struct definition_call *call,
                      bool *reads)
{
    struct reading r = {d, reads};

    if (call == NULL) {
        return;
    }
    note_template(&r, call->url);
    note_template(&r, call->body);
    for (size_t i = 0; i < call->n_query; i++) {
        note_template(&r, call->query[i].value);
    }
    for (size_t i = 0; i < call->n_headers; i++) {
        note_template(&r, call->headers[i].value);
    }
}

static void find_reads(struct explorer *x)
{
    const size_t n = x->plan->n_nodes;

    x->action_reads = mem_alloc(n * n * sizeof(x->action_reads[0]));
    x->undo_reads = mem_alloc(n * n * sizeof(x->undo_reads[0]));
    for (uint16_t i = 1; i < n; i++) {
        struct reading r = {x->d, x->action_reads + i * n};

        note_call(x->d, x->d->steps[i].action, x->action_reads + i * n);
        note_call(x->d, x->d->steps[i].compensation, x->undo_reads + i * n);
        note_template(&r, x->d->steps[i].child_input);
        if (x->d->steps[i].each != NULL) {
            note_reads(&r, x->d->steps[i].each);
        }
    }
}

static void explorer_init(struct explorer *x, const struct definition *d,
                          uint32_t states_max, struct arena *keep)
{
    *x = (struct explorer){.d = d, .keep = keep};
    x->states_max = states_max > 0 ? states_max : EXPLORE_STATES_MAX;
    x->s = mem_alloc(sizeof(*x->s));
    x->fx = mem_alloc(sizeof(*x->fx));
    copy_plan(x);
    make_slots(x);
    find_reads(x);
    x->bytes = mem_alloc(explore_bytes_max(x));
    x->endings = mem_alloc(EXPLORE_ENDINGS_MAX * sizeof(x->endings[0]));
    saga_init(x->s, x->plan);
}

static void explorer_done(struct explorer *x)
{
    explore_states_done(x);
    free(x->endings);
    free(x->bytes);
    free(x->undo_reads);
    free(x->action_reads);
    free(x->world);
    free(x->slot_of);
    free(x->slots);
    free(x->plan);
    free(x->fx);
    free(x->s);
}

/* ---- going on from a state
 * ------------------------------------------------------------------- */

struct source { /* The state being gone on from. */
    uint32_t state;
    uint8_t *bytes;
    size_t n;
};

/* The state that x->s now is: known, or new and put aside. False: too many. */
static bool arrive(struct explorer *x, struct frontier *f,
                   const struct explore_found *way)
{
    bool is_new;
    uint32_t to;
    size_t n;

    explore_fold(x);
    n = explore_write(x, x->bytes);
    if (!explore_find_state(x, x->bytes, n, &to, &is_new)) {
        return false;
    }
    if (is_new) {
        struct explore_state *s = &x->states[to];

        s->parent = way->from;
        s->move = way->move;
        s->digits = way->digits;
        explore_end_state(x, s);
        if (!saga_is_final(x->s)) {
            put_state(f, to, x->bytes, n);
        }
    }
    explore_add_edge(x, to);
    return true;
}

/* One move, with every combination of answers to what the core asks. */
static bool try_move(struct explorer *x, struct frontier *f, const struct source *from,
                     const struct explore_move *move)
{
    struct explore_found way = {.from = from->state, .move = *move};
    bool goes_on = true;

    x->digits = 0;
    x->now = &way;
    while (goes_on) {
        explore_read(x, from->bytes, from->n);
        way.digits = x->digits;
        if (explore_apply(x, move) && !arrive(x, f, &way)) {
            return false;
        }
        goes_on = explore_next_digits(x);
    }
    return !x->is_crowded;
}

static bool expand(struct explorer *x, struct frontier *f, const struct source *from,
                   struct explore_moves *moves)
{
    bool is_good = true;

    explore_read(x, from->bytes, from->n);
    explore_list_moves(x, moves);
    x->states[from->state].first_edge = (uint32_t)x->n_edges;
    for (size_t i = 0; is_good && i < moves->n; i++) {
        is_good = try_move(x, f, from, &moves->items[i]);
    }
    x->states[from->state].n_edges =
        (uint32_t)x->n_edges - x->states[from->state].first_edge;
    return is_good;
}

/* False: not everything was seen. */
static bool explore_all(struct explorer *x)
{
    struct frontier f = {.from = 0};
    struct explore_moves moves = {.n = 0};
    struct source from = {.bytes = mem_alloc(explore_bytes_max(x))};
    bool is_new;
    bool is_good;
    uint32_t first;
    size_t n = explore_write(x, x->bytes);

    is_good = explore_find_state(x, x->bytes, n, &first, &is_new);
    put_state(&f, first, x->bytes, n);
    while (is_good && take_state(&f, &from.state, from.bytes, &from.n)) {
        is_good = expand(x, &f, &from, &moves);
    }
    free(from.bytes);
    free(moves.items);
    free(f.bytes);
    return is_good;
}

/* ---- the report
 * -------------------------------------------------------------------------------- */

static int rank_of(const struct explore_ending *e)
{
    return e->status == SAGA_STATUS_STUCK ? 1 : 0;
}

static int compare_endings(const void *a, const void *b)
{
    const struct explore_ending *x = a;
    const struct explore_ending *y = b;

    if (rank_of(x) != rank_of(y)) {
        return rank_of(x) - rank_of(y);
    }
    if (x->status != y->status) {
        return x->status < y->status ? -1 : 1;
    }
    if (x->where != NULL && y->where != NULL && strcmp(x->where, y->where) != 0) {
        return strcmp(x->where, y->where);
    }
    return strcmp(x->left, y->left);
}

static void write_report(struct explorer *x, struct explore_report *out)
{
    struct explore_ending *endings =
        arena_take(x->keep, (x->n_endings + 1) * sizeof(*endings));
    struct explore_bad *bad = arena_take(x->keep, (x->n_found + 1) * sizeof(*bad));

    out->n_states = x->n_states;
    out->n_turns = x->n_turns;
    explore_count_paths(x, &out->n_paths);
    memcpy(endings, x->endings, x->n_endings * sizeof(*endings));
    qsort(endings, x->n_endings, sizeof(*endings), compare_endings);
    for (unsigned i = 0; i < x->n_found; i++) {
        explore_tell(x, &x->found[i], &bad[i]);
    }
    out->endings = endings;
    out->n_endings = x->n_endings;
    out->bad = bad;
    out->n_bad = x->n_found;
}

void explore(const struct definition *d, uint32_t states_max, struct arena *keep,
             struct explore_report *out)
{
    struct explorer *x = mem_alloc(sizeof(*x));

    explorer_init(x, d, states_max, keep);
    *out = (struct explore_report){.is_complete = explore_all(x)};
    x->now = NULL; /* Telling goes the same ways again and finds nothing new. */
    write_report(x, out);
    explorer_done(x);
    free(x);
}
