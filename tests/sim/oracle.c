/* oracle.c - see oracle.h. */
#include "tests/sim/oracle.h"

#include <assert.h>

static int64_t failed(enum sim_mark m)
{
    mark(m);
    return -1;
}

static int64_t render(struct sim_world *w, const struct saga_question *q)
{
    if (q->born_ms != 0 && world_percent(w, 1)) {
        mark(MARK_KEY_EXPIRED);
        return SAGA_RENDER_KEY_EXPIRED;
    }
    if (world_percent(w, 1)) {
        mark(MARK_RENDER);
        return q->attempts > 0 ? SAGA_RENDER_CHANGED : SAGA_RENDER_FAILED;
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
        return render(o->w, q);
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
    o->is_replay = false;
}

void oracle_replay(struct oracle *o)
{
    o->at = 0;
    o->is_replay = true;
}

struct saga_oracle oracle_of(struct oracle *o)
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
