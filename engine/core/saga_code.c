/*
 * saga_code.c - see saga_code.h.
 *
 * Form 1, all numbers varints: form, rules version, state, flags, turn; seed, times,
 * error; a byte (and, once begun, the attempts) per step; per forEach its counters and
 * runs; the open cells; the signals kept. Times are absolute. What can be counted again
 * (open items of a forEach) is not written.
 */
#include "engine/core/saga_code.h"

#include "base/varint.h"
#include "engine/core/advance.h"

#define FORM 1

/* ---- writing ------------------------------------------------------------------------
 */

static void put_steps(struct varint_out *o, const struct saga *s)
{
    for (uint16_t i = 0; i < s->n_nodes; i++) {
        uint8_t record = advance_pack(s->steps[i].record);

        varint_put(o, record);
        if (record != 0) {
            varint_put(o, s->steps[i].attempts);
        }
    }
}

static void put_items(struct varint_out *o, const struct saga *s)
{
    uint32_t at = 0;

    for (uint16_t i = 0; i < s->n_each; i++) {
        const struct saga_each *e = &s->eachs[i];

        varint_put(o, e->count);
        varint_put(o, e->next);
        varint_put(o, e->back);
        varint_put(o, e->n_runs);
        for (uint16_t r = 0; r < e->n_runs; r++, at++) {
            varint_put(o, advance_pack(s->runs[at].record));
            varint_put(o, s->runs[at].n);
        }
    }
}

/* What a cell is, as bits; the numbers that are mostly zero follow only if they are not.
 */
enum {
    HAS_DOUBT = 1,
    HAS_2XX = 2,
    HAS_ATTEMPTS = 4,
    HAS_ITEM = 8,
    HAS_FREE = 16,
    HAS_ROUND = 32, /* round or first_due_ms differ from attempts and born_ms. */
    HAS_WAKE = 64,
    HAS_CHILD = 128,
    HAS_CALLBACK = 256,
    HAS_REFUTED = 512,
};

static uint64_t bits_of(const struct saga_cell *c)
{
    uint64_t bits = 0;

    bits |= c->in_doubt ? HAS_DOUBT : 0;
    bits |= c->has_2xx ? HAS_2XX : 0;
    bits |= c->attempts != 0 ? HAS_ATTEMPTS : 0;
    bits |= c->item != SAGA_NO_ITEM ? HAS_ITEM : 0;
    bits |= c->free != 0 ? HAS_FREE : 0;
    bits |= c->round != c->attempts || c->first_due_ms != c->born_ms ? HAS_ROUND : 0;
    bits |= c->wake_ms != 0 ? HAS_WAKE : 0;
    bits |= c->generation != 0 ? HAS_CHILD : 0;
    bits |= c->called_back != OUTCOME_NONE ? HAS_CALLBACK : 0;
    bits |= c->n_not_applied != 0 ? HAS_REFUTED : 0;
    return bits;
}

static void put_if(struct varint_out *o, uint64_t bits, uint64_t bit, uint64_t value)
{
    if ((bits & bit) != 0) {
        varint_put(o, value);
    }
}

static void put_cell(struct varint_out *o, const struct saga_cell *c)
{
    uint64_t bits = bits_of(c);

    varint_put(o, c->step);
    varint_put(o, bits);
    varint_put(o, (uint64_t)c->state | (uint64_t)c->call << 3);
    varint_put(o, (uint64_t)c->last | (uint64_t)c->slot << 3);
    if (c->state == CELL_STUCK) {
        varint_put(o, c->reason);
    }
    if (c->state == CELL_DUE) {
        varint_put(o, c->due_turn);
    }
    put_if(o, bits, HAS_ITEM, c->item);
    put_if(o, bits, HAS_ATTEMPTS, c->attempts);
    put_if(o, bits, HAS_ATTEMPTS, c->born_ms);
    put_if(o, bits, HAS_ROUND, c->round);
    put_if(o, bits, HAS_ROUND, c->first_due_ms);
    put_if(o, bits, HAS_FREE, c->free);
    put_if(o, bits, HAS_WAKE, c->wake_ms);
    put_if(o, bits, HAS_CHILD, c->generation);
    put_if(o, bits, HAS_CALLBACK, c->called_back);
    put_if(o, bits, HAS_REFUTED, c->n_not_applied);
}

size_t saga_encode(const struct saga *s, uint8_t *to, size_t room_bytes)
{
    struct varint_out o = {.at = to, .end = to + room_bytes};

    varint_put(&o, FORM);
    varint_put(&o, SAGA_RULES_VERSION);
    varint_put(&o, s->state);
    varint_put(&o, s->flags);
    varint_put(&o, s->turn);
    varint_put(&o, s->seed);
    varint_put(&o, s->began_ms);
    varint_put(&o, s->deadline_ms);
    varint_put(&o, s->grace_ms);
    varint_put(&o, s->paused_ms);
    varint_put(&o, s->attempts);
    varint_put(&o, s->error_turn);
    if (s->error_turn != 0) {
        varint_put(&o, s->error_step);
        varint_put(&o, s->error_item);
    }
    varint_put(&o, s->n_nodes);
    varint_put(&o, s->n_each);
    put_steps(&o, s);
    put_items(&o, s);
    varint_put(&o, s->n_cells);
    for (uint16_t i = 0; i < s->n_cells; i++) {
        put_cell(&o, &s->cells[i]);
    }
    varint_put(&o, s->n_signals);
    for (uint16_t i = 0; i < s->n_signals; i++) {
        varint_put(&o, s->signals[i].name);
        varint_put(&o, s->signals[i].turn);
    }
    return o.is_over ? 0 : (size_t)(o.at - to);
}

/* ---- reading ------------------------------------------------------------------------
 */

/* A number that must be below `below`; else the input is bad. */
static uint64_t next_below(struct varint_in *in, uint64_t below)
{
    uint64_t v = varint_next(in);

    if (v >= below) {
        in->is_bad = true;
        return 0;
    }
    return v;
}

static struct saga_record next_record(struct varint_in *in)
{
    uint64_t byte = next_below(in, 128);

    if ((byte & 7U) >= (uint64_t)OUTCOMES) {
        in->is_bad = true;
        return (struct saga_record){0};
    }
    return advance_unpack((uint8_t)byte);
}

static void read_steps(struct varint_in *in, struct saga *s)
{
    for (uint16_t i = 0; i < s->n_nodes; i++) {
        s->steps[i].record = next_record(in);
        s->steps[i].attempts = 0;
        if (advance_pack(s->steps[i].record) != 0) {
            s->steps[i].attempts = (uint32_t)next_below(in, UINT32_MAX);
        }
    }
}

static void read_items(struct varint_in *in, struct saga *s)
{
    for (uint16_t i = 0; i < s->n_each && !in->is_bad; i++) {
        struct saga_each *e = &s->eachs[i];

        e->count = (uint32_t)next_below(in, LIMIT_ITEMS + 1);
        e->next = (uint32_t)next_below(in, LIMIT_ITEMS + 1);
        e->back = (uint32_t)next_below(in, LIMIT_ITEMS + 1);
        e->n_runs = (uint16_t)next_below(in, SAGA_RUNS_ROOM + 1U - s->n_runs);
        e->n_open = 0;
        for (uint16_t r = 0; r < e->n_runs; r++) {
            s->runs[s->n_runs].record = next_record(in);
            s->runs[s->n_runs].n = (uint32_t)next_below(in, LIMIT_ITEMS + 1);
            s->n_runs++;
        }
    }
}

static uint64_t next_if(struct varint_in *in, uint64_t bits, uint64_t bit,
                        uint64_t otherwise)
{
    return (bits & bit) != 0 ? varint_next(in) : otherwise;
}

static void read_cell(struct varint_in *in, struct saga_cell *c)
{
    uint64_t bits;
    uint64_t pair;

    *c = (struct saga_cell){0};
    c->step = (uint16_t)next_below(in, LIMIT_STEPS + 1);
    bits = next_below(in, 1024);
    pair = next_below(in, 8U * CALLS);
    c->state = (enum cell_state)(pair & 7U);
    c->call = (enum call_kind)(pair >> 3);
    pair = next_below(in, 64);
    c->last = (enum outcome)(pair & 7U);
    c->slot = (enum saga_slot)(pair >> 3);
    c->in_doubt = (bits & HAS_DOUBT) != 0;
    c->has_2xx = (bits & HAS_2XX) != 0;
    if (c->state == CELL_STUCK) {
        c->reason = (enum saga_reason)next_below(in, SAGA_REASONS);
    }
    if (c->state == CELL_DUE) {
        c->due_turn = varint_next(in);
    }
    c->item = (uint32_t)next_if(in, bits, HAS_ITEM, SAGA_NO_ITEM);
    c->attempts = (uint32_t)next_if(in, bits, HAS_ATTEMPTS, 0);
    c->born_ms = next_if(in, bits, HAS_ATTEMPTS, 0);
    c->round = (uint32_t)next_if(in, bits, HAS_ROUND, c->attempts);
    c->first_due_ms = next_if(in, bits, HAS_ROUND, c->born_ms);
    c->free = (uint32_t)next_if(in, bits, HAS_FREE, 0);
    c->wake_ms = next_if(in, bits, HAS_WAKE, 0);
    c->generation = (uint16_t)next_if(in, bits, HAS_CHILD, 0);
    c->called_back = (enum outcome)(next_if(in, bits, HAS_CALLBACK, OUTCOME_NONE) & 7U);
    c->n_not_applied = (uint8_t)(next_if(in, bits, HAS_REFUTED, 0) & 3U);
}

static void read_cells(struct varint_in *in, struct saga *s, const struct plan *plan)
{
    s->n_cells = (uint16_t)next_below(in, LIMIT_WIDTH + 1);
    for (uint16_t i = 0; i < s->n_cells && !in->is_bad; i++) {
        struct saga_cell *c = &s->cells[i];

        read_cell(in, c);
        if (c->step >= plan->n_nodes ||
            (c->item != SAGA_NO_ITEM && plan->nodes[c->step].each >= s->n_each)) {
            in->is_bad = true;
        } else if (c->item != SAGA_NO_ITEM) {
            s->eachs[plan->nodes[c->step].each].n_open++;
        }
    }
}

static void read_signals(struct varint_in *in, struct saga *s)
{
    s->n_signals = (uint16_t)next_below(in, LIMIT_SIGNALS_ALL + 1);
    for (uint16_t i = 0; i < s->n_signals; i++) {
        s->signals[i].name = (uint8_t)next_below(in, 256);
        s->signals[i].turn = varint_next(in);
    }
}

static void read_head(struct varint_in *in, struct saga *s)
{
    s->state = (enum saga_state)next_below(in, SAGA_STATES);
    s->flags = (uint32_t)next_below(in, 1U << SAGA_FLAGS);
    s->turn = varint_next(in);
    s->seed = varint_next(in);
    s->began_ms = varint_next(in);
    s->deadline_ms = varint_next(in);
    s->grace_ms = varint_next(in);
    s->paused_ms = varint_next(in);
    s->attempts = varint_next(in);
    s->error_turn = varint_next(in);
    s->error_step = PLAN_NONE;
    s->error_item = SAGA_NO_ITEM;
    if (s->error_turn != 0) {
        s->error_step = (uint16_t)next_below(in, UINT16_MAX + 1U);
        s->error_item = (uint32_t)next_below(in, (uint64_t)UINT32_MAX + 1U);
    }
}

bool saga_decode(struct saga *s, const struct plan *plan, const uint8_t *from, size_t n)
{
    struct varint_in in = {.at = from, .end = from + n};

    if (varint_next(&in) != FORM || varint_next(&in) != SAGA_RULES_VERSION) {
        return false;
    }
    s->n_runs = 0;
    s->n_cells = 0;
    s->n_signals = 0;
    read_head(&in, s);
    s->n_nodes = (uint16_t)next_below(&in, LIMIT_STEPS + 2);
    s->n_each = (uint16_t)next_below(&in, LIMIT_STEPS + 2);
    if (in.is_bad || s->n_nodes != plan->n_nodes || s->n_each != plan->n_each) {
        return false;
    }
    read_steps(&in, s);
    read_items(&in, s);
    read_cells(&in, s, plan);
    read_signals(&in, s);
    return !in.is_bad && in.at == in.end && s->state != SAGA_NEW &&
           saga_is_sound(s, plan);
}

bool saga_decode_brief(struct saga_brief *brief, const uint8_t *from, size_t n)
{
    struct varint_in in = {.at = from, .end = from + n};

    if (varint_next(&in) != FORM) {
        return false;
    }
    (void)varint_next(&in); /* Another rules version shows its brief all the same. */
    brief->state = (enum saga_state)next_below(&in, SAGA_STATES);
    brief->flags = (uint32_t)varint_next(&in);
    brief->turn = varint_next(&in);
    return !in.is_bad;
}

/* ---- events
 * ---------------------------------------------------------------------------- */

enum {
    EV_GRACE = 1,
    EV_CELL = 2, /* step, item, call, turn */
    EV_ANSWER = 4,
    EV_MAY_RETRY = 8,
    EV_IS_FREE = 16,
    EV_IS_STOP = 32,
    EV_LINED_UP = 64,
    EV_ORDERED = 128,
    EV_CHILD = 256,
    EV_APPLIED = 512,
    EV_SEED = 1024,
    EV_CHILD_END = 2048,
    EV_RETRY_AT = 4096,
    EV_SIGNAL = 8192,
};

static uint64_t event_bits(const struct saga_event *ev)
{
    uint64_t bits = 0;
    bool has_cell = ev->kind == SAGA_EV_GRANTED || ev->kind == SAGA_EV_ANSWERED ||
                    ev->kind == SAGA_EV_LOST || ev->kind == SAGA_EV_RETURNED ||
                    ev->kind == SAGA_EV_CALLED_BACK || ev->kind == SAGA_EV_CHILD_ENDED ||
                    ev->kind == SAGA_EV_RETRY || ev->kind == SAGA_EV_SKIP ||
                    ev->kind == SAGA_EV_RESOLVE;

    bits |= ev->grace_ms != 0 ? EV_GRACE : 0;
    bits |= has_cell ? EV_CELL : 0;
    bits |= ev->outcome != OUTCOME_NONE || ev->confirm != SAGA_CONFIRM_NOTHING ? EV_ANSWER
                                                                               : 0;
    bits |= ev->may_retry ? EV_MAY_RETRY : 0;
    bits |= ev->is_free ? EV_IS_FREE : 0;
    bits |= ev->is_stop ? EV_IS_STOP : 0;
    bits |= ev->is_lined_up ? EV_LINED_UP : 0;
    bits |= ev->is_ordered ? EV_ORDERED : 0;
    bits |= ev->is_child ? EV_CHILD : 0;
    bits |= ev->is_applied ? EV_APPLIED : 0;
    bits |= ev->seed != 0 ? EV_SEED : 0;
    bits |= ev->kind == SAGA_EV_CHILD_ENDED ? EV_CHILD_END : 0;
    bits |= ev->retry_at_ms != 0 ? EV_RETRY_AT : 0;
    bits |= ev->kind == SAGA_EV_SIGNALLED ? EV_SIGNAL : 0;
    return bits;
}

size_t saga_event_encode(const struct saga_event *ev, uint8_t *to, size_t room_bytes)
{
    struct varint_out o = {.at = to, .end = to + room_bytes};
    uint64_t bits = event_bits(ev);

    varint_put(&o, ev->kind);
    varint_put(&o, bits);
    varint_put(&o, ev->now_ms);
    put_if(&o, bits, EV_GRACE, ev->grace_ms);
    put_if(&o, bits, EV_CELL, ev->step);
    put_if(&o, bits, EV_CELL, ev->item);
    put_if(&o, bits, EV_CELL, ev->call);
    put_if(&o, bits, EV_CELL, ev->turn);
    put_if(&o, bits, EV_ANSWER, (uint64_t)ev->outcome | (uint64_t)ev->confirm << 3);
    put_if(&o, bits, EV_RETRY_AT, ev->retry_at_ms);
    put_if(&o, bits, EV_SEED, ev->seed);
    put_if(&o, bits, EV_SIGNAL, ev->signal);
    put_if(&o, bits, EV_CHILD_END, ev->generation);
    put_if(&o, bits, EV_CHILD_END, ev->child_status);
    return o.is_over ? 0 : (size_t)(o.at - to);
}

bool saga_event_decode(struct saga_event *ev, const uint8_t *from, size_t n)
{
    struct varint_in in = {.at = from, .end = from + n};
    uint64_t bits;
    uint64_t answer;

    *ev = (struct saga_event){.kind = (enum saga_event_kind)next_below(&in, SAGA_EVENTS)};
    bits = next_below(&in, 2U * EV_SIGNAL);
    ev->now_ms = varint_next(&in);
    ev->grace_ms = next_if(&in, bits, EV_GRACE, 0);
    ev->step = (uint16_t)next_if(&in, bits, EV_CELL, PLAN_NONE);
    ev->item = (uint32_t)next_if(&in, bits, EV_CELL, SAGA_NO_ITEM);
    ev->call = (enum call_kind)next_if(&in, bits, EV_CELL, CALL_ACTION);
    ev->turn = next_if(&in, bits, EV_CELL, 0);
    answer = next_if(&in, bits, EV_ANSWER, 0);
    ev->outcome = (enum outcome)(answer & 7U);
    ev->confirm = (enum saga_confirm)(answer >> 3);
    ev->retry_at_ms = next_if(&in, bits, EV_RETRY_AT, 0);
    ev->seed = next_if(&in, bits, EV_SEED, 0);
    ev->signal = (uint8_t)next_if(&in, bits, EV_SIGNAL, 0);
    ev->generation = (uint16_t)next_if(&in, bits, EV_CHILD_END, 0);
    ev->child_status = (enum saga_status)next_if(&in, bits, EV_CHILD_END, 0);
    ev->may_retry = (bits & EV_MAY_RETRY) != 0;
    ev->is_free = (bits & EV_IS_FREE) != 0;
    ev->is_stop = (bits & EV_IS_STOP) != 0;
    ev->is_lined_up = (bits & EV_LINED_UP) != 0;
    ev->is_ordered = (bits & EV_ORDERED) != 0;
    ev->is_child = (bits & EV_CHILD) != 0;
    ev->is_applied = (bits & EV_APPLIED) != 0;
    return !in.is_bad && in.at == in.end && (unsigned)ev->call < CALLS &&
           (unsigned)ev->child_status < SAGA_STATUSES &&
           (unsigned)ev->outcome < OUTCOMES && answer < 24;
}
