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
#include "tests/sim/foresee.h"
#include "tests/sim/happen.h"
#include "tests/sim/judge.h"
#include "tests/sim/marks.h"
#include "tests/sim/operator.h"
#include "tests/sim/planted.h"
#include "tests/sim/trace.h"
#include "tests/sim/world.h"

static struct sim_world world;

/* ---- one world
 * -------------------------------------------------------------------------- */

static void begin(struct sim_world *w)
{
    struct sim_saga *root = world_add_saga(w, 0);
    struct saga_event ev = {.kind = SAGA_EV_START, .seed = w->seed};

    ev.is_ordered = world_pick(w, 10) == 0;
    ev.is_lined_up = ev.is_ordered && world_pick(w, 2) == 0;
    engine_row(w, 0, root, ev);
    if (world_pick(w, 10) == 0) { /* The client heard nothing, and starts it again. */
        mark(MARK_STARTED_TWICE);
        engine_row(w, 10 + world_pick(w, 500), root, ev);
    }
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
    if (world_pick(w, 20) == 0) {
        world_later(w, world_pick(w, 1000), (struct sim_pending){.thing = THING_CLOCK});
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
        if (world_pick(w, 100) == 0) {
            foresee_judge(w);
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
