/*
 * simulate.c - sagas in a hostile world, decided by seeds, and judged.
 *
 *     simulate [seeds] [first-seed] [planted bug]     (one seed: told turn by turn)
 *
 * Each seed makes a plan (two more for children), a world with weather of its own, and
 * plays it to its end: for a while anything may go wrong, then the faults stop and
 * everything must end. Every 100th seed is played twice and must come out the same. With
 * a planted bug the exit status is 0 if a judge noticed it, and 1 if none did.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/core/saga.h"
#include "tests/sim/engine.h"
#include "tests/sim/judge.h"
#include "tests/sim/marks.h"
#include "tests/sim/operator.h"
#include "tests/sim/participant.h"
#include "tests/sim/planted.h"
#include "tests/sim/trace.h"
#include "tests/sim/world.h"

static struct sim_world world;

/* ---- one thing after the other ------------------------------------------------------
 */

static void wake(struct sim_world *w, struct sim_saga *s)
{
    const struct saga *now = engine_state(w, s);
    bool is_over = now->state == SAGA_FORWARD && now->deadline_ms != 0 &&
                   now->deadline_ms <= w->now_ms &&
                   (now->flags & (uint32_t)SAGA_FLAG_OVERDUE) == 0;

    s->armed_ms = 0;
    if (is_over && engine_turn(w, s, (struct saga_event){.kind = SAGA_EV_DEADLINE}) !=
                       ENGINE_NOTHING) {
        return;
    }
    if (engine_turn(w, s, (struct saga_event){.kind = SAGA_EV_WAKE}) == ENGINE_NOTHING) {
        uint64_t at_ms = saga_wake_at(engine_state(w, s), world_plan(w, s));

        if (at_ms != 0) {
            s->armed_ms = at_ms;
            world_later(
                w, at_ms > w->now_ms ? at_ms - w->now_ms : 1,
                (struct sim_pending){.thing = THING_WAKE, .saga = world_index(w, s)});
        }
    }
}

/* From outside: whoever sends it tries again until it is heard. */
static void hear(struct sim_world *w, struct sim_saga *s, const struct sim_pending *p)
{
    bool was_out =
        p->thing == THING_CALLBACK && world_cell(s, p->ev.step, p->ev.item)->is_out;

    if (s->n_bytes == 0) {
        return;
    }
    switch (engine_turn(w, s, p->ev)) {
    case ENGINE_DIED:
        world_later(w, 50, *p);
        break;
    case ENGINE_COMMITTED:
        if (was_out) {
            mark(MARK_CALLBACK_FIRST);
        }
        if (p->thing == THING_CALLBACK && p->ev.outcome == OUTCOME_SUCCEEDED) {
            world_cell(s, p->ev.step, p->ev.item)->told_success = true;
        }
        break;
    case ENGINE_NOTHING:
        if (p->thing == THING_CALLBACK) {
            mark(MARK_CALLBACK_MISSED);
        }
        break;
    }
}

static void hand_over(struct sim_world *w, struct sim_saga *s,
                      const struct sim_pending *p)
{
    judge_wire(w, s, &p->m);
    participant_send(w, s, p->m);
}

static void happen(struct sim_world *w, const struct sim_pending *p)
{
    struct sim_saga *s = &w->sagas[p->saga];

    switch (p->thing) {
    case THING_HANDED:
        hand_over(w, s, p);
        break;
    case THING_ARRIVES:
        participant_arrive(w, p);
        break;
    case THING_ANSWER:
        if (engine_turn(w, s, p->ev) == ENGINE_NOTHING &&
            p->ev.outcome == OUTCOME_SUCCEEDED) {
            mark(MARK_LATE);
        }
        break;
    case THING_GRANT:
        engine_grant(w, s, p->ev);
        break;
    case THING_CALLBACK:
    case THING_SIGNAL:
        hear(w, s, p);
        break;
    case THING_WAKE:
        wake(w, s);
        break;
    case THING_INBOX:
        engine_take_row(w);
        break;
    case THING_OPERATOR:
        operator_visit(w, s);
        break;
    case THING_MEDDLE:
        operator_meddle(w);
        break;
    case THING_STOP:
        engine_stop(w);
        break;
    case THING_RESTORE:
        engine_restore(w);
        break;
    }
}

/* ---- one world
 * -------------------------------------------------------------------------- */

static void begin(struct sim_world *w)
{
    struct sim_saga *root = world_add_saga(w, 0);
    struct saga_event ev = {.kind = SAGA_EV_START, .seed = w->seed};

    ev.is_ordered = world_pick(w, 10) == 0;
    ev.is_lined_up = ev.is_ordered && world_pick(w, 2) == 0;
    engine_row(w, 0, root, ev);
    if (ev.is_lined_up) {
        engine_row(w, world_pick(w, 1000), root,
                   (struct saga_event){.kind = SAGA_EV_YOUR_TURN});
    }
    for (uint16_t n = 0; n < w->plans[0]->n_nodes; n++) {
        if (w->plans[0]->nodes[n].kind == PLAN_SIGNAL && world_pick(w, 10) != 0) {
            world_later(
                w, world_pick(w, 1500),
                (struct sim_pending){.thing = THING_SIGNAL,
                                     .ev = {.kind = SAGA_EV_SIGNALLED,
                                            .signal = w->plans[0]->nodes[n].signal}});
        }
    }
    if (world_pick(w, 4) == 0) {
        world_later(w, world_pick(w, 1000), (struct sim_pending){.thing = THING_STOP});
    }
    if (world_pick(w, 30) == 0) {
        world_later(w, 100 + world_pick(w, 2000),
                    (struct sim_pending){.thing = THING_RESTORE});
    }
}

static void play(struct sim_world *w)
{
    struct sim_pending p;

    trace_plans(w);
    begin(w);
    while (world_next(w, &p) && w->wrong == NULL) {
        w->is_calm = ++w->n_events > SIM_CALM_EVENTS;
        happen(w, &p);
        if (!w->is_dead && w->percent_meddle > 0 && world_percent(w, w->percent_meddle)) {
            operator_meddle(w);
        }
        while (w->is_dead) {
            engine_recover(w);
        }
        if (w->n_events > SIM_EVENTS_MAX) {
            world_wrong(w, "it goes on for ever (19)");
        }
    }
    if (w->wrong == NULL) {
        judge_end(w);
    }
}

static void run(uint64_t seed, enum sim_bug bug)
{
    world_init(&world, seed, bug);
    planted_init(&world);
    play(&world);
    world_done(&world);
    planted_done(&world);
}

/* ---- many worlds
 * ------------------------------------------------------------------------- */

static const char *const mark_texts[MARKS] = {
#define X(name, text) [MARK_##name] = text,
    MARK_MAP(X)
#undef X
};

/* How many marks were never hit. */
static int print_marks(void)
{
    int n_missed = 0;

    for (int i = 0; i < MARKS; i++) {
        printf("%12" PRIu64 "  %s\n", marks[i], mark_texts[i]);
        n_missed += marks[i] == 0 ? 1 : 0;
    }
    return n_missed;
}

static uint64_t number(int argc, char **argv, int at, uint64_t otherwise)
{
    return argc > at ? strtoull(argv[at], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    uint64_t seeds = number(argc, argv, 1, 1000);
    uint64_t first = number(argc, argv, 2, 1);
    enum sim_bug bug = planted_of_name(argc > 3 ? argv[3] : "");
    uint64_t n_wrong = 0, n_sagas = 0, n_turns = 0;
    int n_missed;

    if (bug == BUGS) {
        fprintf(stderr, "simulate: there is no planted bug '%s'\n", argv[3]);
        return 2;
    }
    if (seeds == 1) {
        trace_on();
    }
    for (uint64_t seed = first; seed < first + seeds; seed++) {
        uint64_t hash;

        run(seed, bug);
        n_sagas += world.n_sagas;
        n_turns += world.n_turns;
        if (world.wrong != NULL && n_wrong++ < 5) {
            printf("seed %" PRIu64 ": %s\n", seed, world.wrong);
        }
        if (bug != BUG_NONE && n_wrong > 0) {
            printf("%s was noticed after %" PRIu64 " seeds\n", planted_name(bug),
                   seed - first + 1);
            return EXIT_SUCCESS;
        }
        hash = world.hash;
        if (seed % 100 == 0) {
            run(seed, bug);
            if (world.hash != hash) {
                printf("seed %" PRIu64 ": the second time it went otherwise\n", seed);
                n_wrong++;
            }
        }
    }
    n_missed = print_marks();
    printf("%" PRIu64 " seeds, %" PRIu64 " sagas, %" PRIu64 " turns, %" PRIu64
           " wrong, %d marks missed\n",
           seeds, n_sagas, n_turns, n_wrong, n_missed);
    return bug == BUG_NONE && n_wrong == 0 && (n_missed == 0 || seeds < 10000)
               ? EXIT_SUCCESS
               : EXIT_FAILURE;
}
