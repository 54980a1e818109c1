/*
 * test_saga_damaged.c - a state that was damaged is refused, or it can take every event.
 *
 * States of random sagas, damaged in their fields and in their bytes; what
 * saga_is_sound() lets pass goes on with random events. saga_advance() asserts that the
 * state after is sound too, and every move on the way: an abort is the failure.
 */
#include "engine/core/saga.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/core/advance.h"
#include "engine/core/saga_code.h"
#include "tests/support/story.h"
#include "tests/support/suite.h"

static struct story st;
static struct saga damaged;
static struct saga_effects fx;
static uint8_t bytes[LIMIT_STATE_BYTES];
static uint64_t rng;
static uint64_t n_passed;

static const char *const plans[] = {
    "a b? c",
    "[a b~@ (c d=)] e",
    "a pay! b#1 c",
    "a@ kyc:child [b* ok:signal] pay! mail?",
    "[a#2 b#3? kyc:child#2] c~",
    "(& a b) rest:until [ok:onward c%] d",
    "[kyc:child+ (a kyb:child-)] kyd:child!  b@",
    "[([a b] c) [(d e) f*~]] rest:timer g-@",
    "a [x@ (kyc:child b)] (kyd:child+ [c d#2]) e",
};
enum {
    PLANS = sizeof(plans) / sizeof(plans[0]),
    SEEDS = 60,
    TURNS = 30,
    TRIES = 30,
    EVENTS = 4
};

static uint64_t pick(uint64_t below)
{
    rng++;
    return hash_mix(rng, 99) % below;
}

/* ---- any event, and any answer that an oracle may give
 * ---------------------------------- */

static struct saga_event any_event(const struct saga *s)
{
    struct saga_event ev = {.kind = (enum saga_event_kind)(1 + pick(SAGA_EVENTS - 1)),
                            .now_ms = st.now_ms + pick(3) * pick(100000),
                            .grace_ms = pick(20) == 0 ? pick(1000) : 0,
                            .step = (uint16_t)pick(st.p.plan->n_nodes),
                            .item = pick(4) == 0 ? (uint32_t)pick(3) : SAGA_NO_ITEM,
                            .call = (enum call_kind)pick(CALLS),
                            .turn = pick(s->turn + 2),
                            .outcome = (enum outcome)(1 + pick(4)),
                            .may_retry = pick(2) == 0,
                            .is_free = pick(4) == 0,
                            .is_stop = pick(10) == 0,
                            .confirm = (enum saga_confirm)pick(3),
                            .is_applied = pick(2) == 0,
                            .generation = (uint16_t)pick(3)};

    ev.child_status = (enum saga_status)(SAGA_STATUS_COMPLETED + pick(3));
    if (s->n_cells > 0 && pick(6) != 0) { /* Mostly to the point. */
        const struct saga_cell *c = &s->cells[pick(s->n_cells)];

        ev.step = c->step;
        ev.item = c->item;
        ev.call = c->call;
        ev.turn = c->due_turn;
        ev.generation = c->generation;
    } else if (pick(4) == 0) {
        ev.step = PLAN_NONE;
    }
    if (ev.kind == SAGA_EV_LOST) {
        ev.outcome = OUTCOME_UNKNOWN;
        ev.may_retry = true;
        ev.is_free = true;
    }
    return ev;
}

static int64_t any_answer(void *user, const struct saga_question *q)
{
    (void)user;
    switch (q->ask) {
    case SAGA_ASK_WHEN:
    case SAGA_ASK_SIGNAL:
        return (int64_t)pick(3) - 1;
    case SAGA_ASK_ITEMS:
        return (int64_t)pick(6) - 1;
    case SAGA_ASK_UNTIL:
        return pick(4) == 0 ? -1 : (int64_t)(st.now_ms + pick(20000));
    case SAGA_ASK_RENDER:
        return pick(3) != 0 ? SAGA_RENDER_OK : (int64_t)pick(q->born_ms != 0 ? 4 : 3);
    case SAGA_ASK_SLOT:
        return pick(2) == 0 ? SAGA_SLOT_GRANTED : (int64_t)pick(q->born_ms != 0 ? 6 : 5);
    case SAGA_ASK_OUTPUT:
        return (int64_t)pick(2);
    }
    return 0;
}

static const struct saga_oracle anything = {.ask = any_answer};

/* ---- damage
 * -------------------------------------------------------------------------------- */

static void damage_cell(struct saga *s, struct saga_cell *c)
{
    switch (pick(17)) {
    case 0:
        c->step = (uint16_t)pick(s->n_nodes);
        break;
    case 1:
        c->item = pick(2) == 0 ? SAGA_NO_ITEM : (uint32_t)pick(4);
        break;
    case 2:
    case 3:
        c->state = (enum cell_state)pick(CELL_STATES);
        break;
    case 4:
    case 5:
        c->call = (enum call_kind)pick(CALLS);
        break;
    case 6:
        c->last = (enum outcome)pick(OUTCOMES);
        break;
    case 7:
        c->reason = (enum saga_reason)pick(SAGA_REASONS);
        break;
    case 8:
        c->in_doubt = !c->in_doubt;
        break;
    case 9:
        c->has_2xx = !c->has_2xx;
        break;
    case 10:
        c->called_back = (enum outcome)pick(OUTCOMES);
        break;
    case 11:
        c->generation = (uint16_t)pick(3);
        break;
    case 12:
        c->attempts = (uint32_t)pick(3);
        c->round = (uint32_t)pick(c->attempts + 1U);
        c->born_ms = c->attempts != 0 ? st.now_ms : 0;
        c->first_due_ms = c->round != 0 ? st.now_ms : 0;
        c->free = (uint32_t)pick(c->round + 1U);
        break;
    case 13:
        c->due_turn = pick(s->turn + 1);
        break;
    case 14:
    case 15:
        c->wake_ms = pick(2) == 0 ? 0 : st.now_ms + pick(1000);
        break;
    case 16:
        c->n_not_applied = (uint8_t)pick(3);
        break;
    }
}

static void damage_saga(struct saga *s)
{
    switch (pick(9)) {
    case 0:
        s->state = (enum saga_state)(1 + pick(SAGA_STATES - 1));
        break;
    case 1:
        s->flags ^= 1U << pick(SAGA_FLAGS);
        break;
    case 2:
    case 3:
        s->steps[pick(s->n_nodes)].record = advance_unpack((uint8_t)pick(128));
        break;
    case 4:
        if (s->n_each > 0) {
            struct saga_each *e = &s->eachs[pick(s->n_each)];

            *(pick(3) == 0   ? &e->back
              : pick(2) == 0 ? &e->next
                             : &e->count) = (uint32_t)pick(5);
        }
        break;
    case 5:
        if (s->n_runs > 0) {
            s->runs[pick(s->n_runs)].record = advance_unpack((uint8_t)pick(128));
        }
        break;
    case 6:
        s->deadline_ms = pick(2) == 0 ? 0 : st.now_ms + pick(5000);
        s->paused_ms = pick(2) == 0 ? 0 : st.now_ms;
        break;
    case 7:
        if (s->n_cells > 0 && pick(2) == 0) {
            s->n_cells--;
        } else if (s->n_cells > 0) {
            s->cells[s->n_cells] = s->cells[pick(s->n_cells)];
            damage_cell(s, &s->cells[s->n_cells++]);
        }
        break;
    case 8:
        s->steps[pick(s->n_nodes)].attempts = (uint32_t)pick(3);
        break;
    }
}

/* The bytes of a damaged state; 0: it does not decode. */
static size_t damage(void)
{
    size_t n = st.n_bytes;

    if (pick(3) == 0) {
        memcpy(bytes, st.bytes, n);
        for (uint64_t i = 1 + pick(3); i > 0; i--) {
            bytes[pick(n)] = pick(4) == 0 ? (uint8_t)pick(256) : (uint8_t)pick(8);
        }
    } else {
        ck_assert(saga_decode(&damaged, st.p.plan, st.bytes, st.n_bytes));
        for (uint64_t i = 1 + pick(4); i > 0; i--) {
            if (damaged.n_cells > 0 && pick(2) == 0) {
                damage_cell(&damaged, &damaged.cells[pick(damaged.n_cells)]);
            } else {
                damage_saga(&damaged);
            }
        }
        n = saga_encode(&damaged, bytes, sizeof(bytes));
    }
    return saga_decode(&damaged, st.p.plan, bytes, n) ? n : 0;
}

static void go_on_with(size_t n)
{
    n_passed++;
    for (unsigned k = 0; k < EVENTS; k++) {
        ck_assert(saga_decode(&damaged, st.p.plan, bytes, n));
        for (unsigned i = 0; i < 3; i++) {
            const struct saga_event ev = any_event(&damaged);

            (void)saga_advance(&damaged, st.p.plan, &ev, &anything, &fx);
        }
    }
}

START_TEST(test_a_damaged_state_is_refused_or_takes_every_event)
{
    n_passed = 0;
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        story_open(&st, plans[_i]);
        rng = (uint64_t)_i << 40 | (uint64_t)seed << 20;
        st.dice = rng + 1;
        st.p.plan->timeout_ms = seed % 3 == 0 ? 20000 : 0;
        story_send(&st, (struct saga_event){.kind = SAGA_EV_START,
                                            .is_child = seed % 2 == 0,
                                            .is_ordered = seed % 4 == 1,
                                            .is_lined_up = seed % 8 == 1});
        for (unsigned turn = 0; turn < TURNS; turn++) {
            st.now_ms += pick(3) == 0 ? pick(3000) : 0;
            story_send(&st, any_event(&st.s));
            for (unsigned i = 0; i < TRIES; i++) {
                const size_t n = damage();

                if (n > 0) {
                    go_on_with(n);
                }
            }
        }
        story_close(&st);
    }
    ck_assert_uint_gt(n_passed, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("saga_damaged");
    TCase *tcase = tcase_create("saga_damaged");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_a_damaged_state_is_refused_or_takes_every_event, 0,
                        PLANS);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
