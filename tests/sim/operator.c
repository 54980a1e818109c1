/* operator.c - see operator.h. */
#include "tests/sim/operator.h"

#include "engine/core/legal.h"
#include "tests/sim/engine.h"

static struct saga_event action(enum saga_event_kind kind, const struct saga_cell *c)
{
    return (struct saga_event){.kind = kind,
                               .step = c != NULL ? c->step : PLAN_NONE,
                               .item = c != NULL ? c->item : SAGA_NO_ITEM};
}

/* No answer was heard, or it came twice: the same again, under the same id. What is said
 * of the world is not said again where it was not heard: it may be true no longer. */
static void ask_again(struct sim_world *w, struct sim_saga *s, struct saga_event ev,
                      uint32_t request)
{
    world_later(w, world_pick(w, 200),
                (struct sim_pending){.thing = THING_REPEAT,
                                     .saga = world_index(w, s),
                                     .request = request,
                                     .ev = ev});
}

static enum engine_end ask(struct sim_world *w, struct sim_saga *s, struct saga_event ev)
{
    const uint32_t request = ++w->n_requests;
    enum engine_end end = engine_operate(w, s, ev, request);

    if (end == ENGINE_COMMITTED ? w->is_dead || world_percent(w, 10)
                                : end == ENGINE_DIED && ev.kind != SAGA_EV_RESOLVE) {
        ask_again(w, s, ev, request);
    }
    return end;
}

void operator_repeat(struct sim_world *w, const struct sim_pending *p)
{
    mark(MARK_REPEATED);
    (void)engine_operate(w, &w->sagas[p->saga], p->ev, p->request);
}

static bool act(struct sim_world *w, struct sim_saga *s, struct saga_event ev,
                enum sim_mark m)
{
    if (ask(w, s, ev) != ENGINE_COMMITTED) {
        return false;
    }
    mark(m);
    return true;
}

/* Is the effect in the world? */
static bool truth(struct sim_world *w, struct sim_saga *s, const struct saga_cell *c,
                  bool is_back)
{
    const struct plan_node *node = &world_plan(w, s)->nodes[c->step];
    int effects = 0;

    if (node->kind == PLAN_CHILD && !is_back) {
        return world_pick(w, 2) ==
               0; /* What a child that was closed means is theirs to say. */
    }
    for (uint32_t item = 0; item <= SIM_ITEMS; item++) {
        const struct sim_cell *cell = &s->cells[c->step][item];

        if (cell == world_cell(s, c->step, c->item) || c->item == SAGA_NO_ITEM) {
            effects += cell->effects;
        }
    }
    return effects > 0;
}

static void resolve(struct sim_world *w, struct sim_saga *s, const struct saga_cell *c)
{
    struct saga_event ev = action(SAGA_EV_RESOLVE, c);

    ev.is_applied = truth(w, s, c, engine_state(w, s)->state == SAGA_BACKWARD);
    (void)act(w, s, ev, MARK_RESOLVED_STEP);
}

static void skip(struct sim_world *w, struct sim_saga *s, const struct saga_cell *c)
{
    (void)act(w, s, action(SAGA_EV_SKIP, c), MARK_SKIPPED);
}

static void retry(struct sim_world *w, struct sim_saga *s, const struct saga_cell *c)
{
    (void)act(w, s, action(SAGA_EV_RETRY, c), MARK_RETRIED);
}

static const struct saga_cell *stuck_cell(const struct saga *now)
{
    for (uint16_t i = 0; i < now->n_cells; i++) {
        if (now->cells[i].state == CELL_STUCK) {
            return &now->cells[i];
        }
    }
    return NULL;
}

static bool is_quiet(struct sim_saga *s, const struct saga_cell *c)
{
    for (uint32_t item = 0; item <= SIM_ITEMS; item++) {
        const struct sim_cell *cell = &s->cells[c->step][item];

        if ((cell == world_cell(s, c->step, c->item) || c->item == SAGA_NO_ITEM) &&
            cell->on_the_way != 0) {
            return false;
        }
    }
    return true;
}

static void mend(struct sim_world *w, struct sim_saga *s, const struct saga_cell *c)
{
    uint64_t way = w->is_calm ? s->visits % 4 : world_pick(w, 6);

    s->visits++;
    if (way == 1 && is_quiet(s, c)) {
        resolve(w, s, c);
    } else if (way == 2) {
        skip(w, s, c);
    } else if (way == 3) {
        (void)act(w, s, action(SAGA_EV_CANCEL, NULL), MARK_CANCEL);
    } else if (way == 4 && world_percent(w, 20)) {
        (void)ask(w, s, action(SAGA_EV_CLOSE, NULL));
    } else {
        retry(w, s, way == 5 ? NULL : c);
    }
}

void operator_visit(struct sim_world *w, struct sim_saga *s)
{
    const struct saga *now = engine_state(w, s);
    const struct saga_cell *c = stuck_cell(now);
    bool is_paused = (now->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0;

    s->is_visited = false;
    if (saga_is_final(now)) {
        return;
    }
    if (s->is_restored && !s->back_decided) {
        is_paused = false; /* It is to go back before anybody lets it go on. */
    }
    if (is_paused && (w->is_calm || world_pick(w, 3) != 0)) {
        (void)ask(w, s, action(SAGA_EV_RESUME, NULL));
    } else if (c != NULL) {
        mend(w, s, c);
    } else if (saga_is_stuck(now)) {
        retry(w, s, NULL);
    }
    now = engine_state(w, s);
    if (!s->is_visited && !saga_is_final(now) &&
        (saga_is_stuck(now) || (now->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0)) {
        s->is_visited = true;
        world_later(
            w, 50 + world_pick(w, 500),
            (struct sim_pending){.thing = THING_OPERATOR, .saga = world_index(w, s)});
    }
}

/* A step at random, whether or not it may be acted on. */
static void meddle_step(struct sim_world *w, struct sim_saga *s, uint64_t what)
{
    const struct saga *now = engine_state(w, s);
    const struct saga_cell *c;

    if (now->n_cells == 0) {
        return;
    }
    c = &now->cells[world_pick(w, now->n_cells)];
    if (what == 0) {
        retry(w, s, c);
    } else if (what == 1) {
        skip(w, s, c);
    } else if (is_quiet(s, c)) {
        resolve(w, s, c);
    }
}

void operator_meddle(struct sim_world *w)
{
    struct sim_saga *s = &w->sagas[world_pick(w, w->n_sagas)];
    uint64_t what = world_pick(w, 8);

    if (s->n_bytes == 0 || (s->is_restored && !s->back_decided)) {
        return;
    }
    if (what < 3) {
        meddle_step(w, s, what);
    } else if (what == 3) {
        if (!act(w, s, action(SAGA_EV_CANCEL, NULL), MARK_CANCEL) &&
            engine_result() == SAGA_REJECTED && !saga_is_final(engine_state(w, s))) {
            mark(MARK_CANCEL_REFUSED);
        }
    } else if (what == 4) {
        (void)act(w, s, action(SAGA_EV_PAUSE, NULL), MARK_PAUSED);
    } else if (what == 5) {
        (void)ask(w, s, action(SAGA_EV_RESUME, NULL));
    } else if (what == 6) {
        (void)act(w, s, action(SAGA_EV_LIMIT, NULL), MARK_OVER_LIMIT);
    } else {
        (void)act(w, s, action(SAGA_EV_POISONED, NULL), MARK_POISONED);
    }
}
