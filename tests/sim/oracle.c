/* oracle.c - see oracle.h. */
#include "tests/sim/oracle.h"

#include <assert.h>

#include "base/hash.h"

static int64_t failed(enum sim_mark m)
{
    mark(m);
    return -1;
}

uint64_t oracle_bytes(const struct oracle *o, const struct saga_effect *fx)
{
    for (uint32_t i = o->n_rendered; i > 0; i--) {
        const struct oracle_rendered *r = &o->rendered[i - 1];

        if (r->step == fx->step && r->item == fx->item && r->call == fx->call) {
            return r->bytes;
        }
    }
    return 0;
}

/* What a call renders to: of this saga, its step, item and call, and never 0. */
static struct oracle_rendered *add_rendered(struct oracle *o,
                                            const struct saga_question *q)
{
    struct oracle_rendered *r = &o->rendered[o->n_rendered++];
    const uint64_t place = (uint64_t)q->step << 40 | (uint64_t)q->item << 2 | q->call;

    assert(o->n_rendered <= ORACLE_ANSWERS);
    *r = (struct oracle_rendered){
        .step = q->step,
        .item = q->item,
        .call = q->call,
        .bytes =
            hash_mix(hash_mix(o->w->seed, world_index(o->w, o->s)), place) | 1U << 8};
    return r;
}

static int64_t render(struct oracle *o, const struct saga_question *q)
{
    struct sim_world *w = o->w;
    const struct sim_cell *cell = world_cell_of(o->s, q->step, q->item);
    struct oracle_rendered *r = add_rendered(o, q);

    if (q->born_ms != 0 && world_percent(w, 1)) {
        mark(MARK_KEY_EXPIRED);
        return SAGA_RENDER_KEY_EXPIRED;
    }
    if (world_percent(w, 1)) {
        if (cell->sent_as[q->call] == 0) {
            mark(MARK_RENDER);
            return SAGA_RENDER_FAILED;
        }
        r->bytes++; /* As if it read what it must not read (S3). */
    }
    if (w->bug != BUG_OTHER_BYTES && cell->sent_as[q->call] != 0 &&
        r->bytes != cell->sent_as[q->call]) {
        mark(MARK_CHANGED);
        return SAGA_RENDER_CHANGED;
    }
    return SAGA_RENDER_OK;
}

static int64_t slot(struct sim_world *w, const struct saga_question *q)
{
    if (q->born_ms != 0 && world_percent(w, 1)) {
        mark(MARK_KEY_EXPIRED);
        return SAGA_SLOT_KEY_EXPIRED;
    }
    if (world_percent(w, w->percent_queue)) {
        return SAGA_SLOT_FULL + (int64_t)world_pick(w, 4);
    }
    return SAGA_SLOT_GRANTED;
}

static int64_t when(struct oracle *o, const struct saga_question *q)
{
    if (world_percent(o->w, 1)) {
        return failed(MARK_EXPRESSION);
    }
    if (!world_when(o->w, o->s, q->step)) {
        mark(MARK_SKIPPED_WHEN);
        return 0;
    }
    return 1;
}

static int64_t take_signal(struct sim_world *w)
{
    if (world_percent(w, 2)) {
        return failed(MARK_EXPRESSION);
    }
    if (world_percent(w, 10)) {
        return 0;
    }
    mark(MARK_SIGNAL_TAKEN);
    return 1;
}

static int64_t output(struct sim_world *w)
{
    if (world_percent(w, 2)) {
        mark(MARK_OUTPUT_FAILED);
        return 0;
    }
    return 1;
}

static int64_t fresh(struct oracle *o, const struct saga_question *q)
{
    switch (q->ask) {
    case SAGA_ASK_WHEN:
        return when(o, q);
    case SAGA_ASK_ITEMS:
        return world_percent(o->w, 1) ? failed(MARK_EXPRESSION)
                                      : (int64_t)world_items(o->w, o->s, q->step);
    case SAGA_ASK_UNTIL:
        return world_percent(o->w, 1) ? failed(MARK_EXPRESSION)
                                      : (int64_t)world_until(o->w, o->s, q->step);
    case SAGA_ASK_RENDER:
        return render(o, q);
    case SAGA_ASK_SLOT:
        return slot(o->w, q);
    case SAGA_ASK_SIGNAL:
        return take_signal(o->w);
    case SAGA_ASK_OUTPUT:
        return output(o->w);
    }
    assert(false);
    return 0;
}

static int64_t ask(void *user, const struct saga_question *q)
{
    struct oracle *o = user;

    if (o->is_replay) {
        assert(o->at < o->n);
        return o->answers[o->at++];
    }
    assert(o->n < ORACLE_ANSWERS);
    o->answers[o->n] = fresh(o, q);
    return o->answers[o->n++];
}

void oracle_record(struct oracle *o, struct sim_world *w, const struct sim_saga *s)
{
    o->w = w;
    o->s = s;
    o->n = 0;
    o->n_rendered = 0;
    o->is_replay = false;
}

void oracle_replay(struct oracle *o)
{
    o->at = 0;
    o->is_replay = true;
}

struct saga_oracle oracle_asks(struct oracle *o)
{
    return (struct saga_oracle){.ask = ask, .user = o};
}

static int64_t say_yes(void *user, const struct saga_question *q)
{
    (void)user;
    return q->ask == SAGA_ASK_SLOT ? SAGA_SLOT_GRANTED : 1; /* RENDER: OK. */
}

struct saga_oracle oracle_yes(void)
{
    return (struct saga_oracle){.ask = say_yes};
}
