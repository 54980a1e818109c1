/* world.c - see world.h. */
#include "tests/sim/world.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/sim/plans.h"

#define WORLD_BEGAN_MS ((uint64_t)1700000000000)

uint64_t marks[MARKS];

uint64_t world_wall(const struct sim_world *w)
{
    return w->began_ms + w->now_ms;
}

uint64_t world_pick(struct sim_world *w, uint64_t below)
{
    w->rng += 0x9e3779b97f4a7c15U;
    return hash_mix(w->rng, w->seed) % below;
}

bool world_percent(struct sim_world *w, uint64_t chance)
{
    return !w->is_calm && world_pick(w, 100) < chance;
}

void world_init(struct sim_world *w, uint64_t seed, enum sim_bug bug)
{
    memset(w, 0, offsetof(struct sim_world, plans));
    w->n_sagas = 0;
    w->n_inbox = 0;
    memset(w->audit, 0, sizeof(w->audit));
    w->n_audit = 0;
    w->n_requests = 0;
    w->request = 0;
    w->n_pending = 0;
    w->n_backup = 0;
    w->n_events = 0;
    w->n_turns = 0;
    w->wrong = NULL;
    w->hash = 0;
    w->seed = hash_mix(seed, 1);
    w->now_ms = 1000;
    w->began_ms = WORLD_BEGAN_MS;
    w->bug = bug;
    /* Each seed has weather of its own: some are quiet in one respect. */
    w->percent_crash = world_pick(w, 3) == 0 ? 0 : (uint32_t)world_pick(w, 8);
    w->percent_lost = world_pick(w, 4) == 0 ? 0 : (uint32_t)world_pick(w, 30);
    w->percent_queue = world_pick(w, 2) == 0 ? 0 : (uint32_t)world_pick(w, 40);
    w->percent_meddle = world_pick(w, 2) == 0 ? 0 : (uint32_t)world_pick(w, 6);
    w->plans[0] = plans_make(w, true, world_pick(w, 2) == 0);
    w->plans[1] = plans_make(w, false, false);
    w->plans[2] = plans_make(w, false, true);
}

void world_done(struct sim_world *w)
{
    for (int i = 0; i < SIM_PLANS; i++) {
        free(w->plans[i]);
        w->plans[i] = NULL;
    }
}

struct sim_saga *world_add_saga(struct sim_world *w, uint16_t plan)
{
    struct sim_saga *s;

    if (w->n_sagas == SIM_SAGAS) {
        return NULL;
    }
    s = &w->sagas[w->n_sagas++];
    memset(s, 0, offsetof(struct sim_saga, bytes));
    memset(&s->n_bytes, 0,
           offsetof(struct sim_saga, cells) - offsetof(struct sim_saga, n_bytes));
    memset(s->cells, 0, w->plans[plan]->n_nodes * sizeof(s->cells[0]));
    s->plan = plan;
    s->seed_salt = w->n_sagas;
    s->grace_base_ms = w->grace_ms;
    return s;
}

uint16_t world_index(const struct sim_world *w, const struct sim_saga *s)
{
    return (uint16_t)(s - w->sagas);
}

struct sim_cell *world_cell(struct sim_saga *s, uint16_t step, uint32_t item)
{
    assert(item == SAGA_NO_ITEM || item < SIM_ITEMS);
    return &s->cells[step][item == SAGA_NO_ITEM ? SIM_ITEMS : item];
}

const struct sim_cell *world_cell_of(const struct sim_saga *s, uint16_t step,
                                     uint32_t item)
{
    assert(item == SAGA_NO_ITEM || item < SIM_ITEMS);
    return &s->cells[step][item == SAGA_NO_ITEM ? SIM_ITEMS : item];
}

void world_later(struct sim_world *w, uint64_t in_ms, struct sim_pending p)
{
    assert(w->n_pending < SIM_PENDING);
    p.at_ms = w->now_ms + (w->is_behaving && p.thing != THING_WAKE ? 0 : in_ms);
    p.order = w->order++;
    p.life = w->life;
    w->pending[w->n_pending++] = p;
}

static bool is_before(const struct sim_pending *a, const struct sim_pending *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

bool world_next(struct sim_world *w, struct sim_pending *out)
{
    uint32_t next = 0;

    if (w->n_pending == 0) {
        return false;
    }
    for (uint32_t i = 1; i < w->n_pending; i++) {
        next = is_before(&w->pending[i], &w->pending[next]) ? i : next;
    }
    *out = w->pending[next];
    w->pending[next] = w->pending[--w->n_pending];
    w->now_ms = out->at_ms > w->now_ms ? out->at_ms : w->now_ms;
    return true;
}

static bool dies_with_engine(enum sim_thing thing)
{
    return thing == THING_HANDED || thing == THING_ANSWER || thing == THING_GRANT ||
           thing == THING_WAKE || thing == THING_INBOX;
}

void world_forget_engine(struct sim_world *w)
{
    for (uint32_t i = w->n_pending; i > 0; i--) {
        if (dies_with_engine(w->pending[i - 1].thing)) {
            w->pending[i - 1] = w->pending[--w->n_pending];
        }
    }
    for (uint16_t i = 0; i < w->n_sagas; i++) {
        w->sagas[i].armed_ms = 0;
    }
}

void world_forget_queue(struct sim_saga *s)
{
    for (uint16_t n = 0; n < SIM_NODES; n++) {
        for (uint32_t k = 0; k <= SIM_ITEMS; k++) {
            s->cells[n][k].is_asked = false;
        }
    }
}

void world_wrong(struct sim_world *w, const char *text)
{
    if (w->wrong == NULL) {
        w->wrong = text;
    }
}

static uint64_t fact(const struct sim_world *w, const struct sim_saga *s, uint16_t step)
{
    return hash_mix(hash_mix(w->seed, s->seed_salt), step);
}

uint32_t world_items(const struct sim_world *w, const struct sim_saga *s, uint16_t step)
{
    return (uint32_t)(fact(w, s, step) % (SIM_ITEMS + 1));
}

bool world_when(const struct sim_world *w, const struct sim_saga *s, uint16_t step)
{
    return fact(w, s, step) / 7 % 3 != 0;
}

uint64_t world_until(const struct sim_world *w, const struct sim_saga *s, uint16_t step)
{
    return WORLD_BEGAN_MS + fact(w, s, step) / 11 % 4000;
}
