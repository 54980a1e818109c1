/*
 * test_saga_properties.c - random events for random plans; what must hold at every turn.
 *
 * saga_advance() asserts its invariant and story.c replays each turn from its bytes; here
 * every operator's event is tried in every state reached, against legal.h.
 */
#include "engine/core/saga.h"

#include <check.h>
#include <stdlib.h>

#include "base/hash.h"
#include "tests/support/story.h"

static struct story st;
static struct saga copy;
static struct saga_effects fx;
static uint64_t rng;

static const char *const plans[] = {
    "a b? c",
    "[a b~@ (c d=)] e",
    "a pay! b#1 c",
    "a@ kyc:child [b* ok:signal] pay! mail?",
    "[a#2 b#3? kyc:child#2] c~",
    "(& a b) rest:until [ok:onward c%] d",
    "[kyc:child+ (a kyb:child-)] kyd:child!  b@",
    "[([a b] c) [(d e) f*~]] rest:timer g-@",
};
enum { PLANS = sizeof(plans) / sizeof(plans[0]), SEEDS = 60, TURNS = 120 };

static uint64_t pick(uint64_t below)
{
    rng++;
    return hash_mix(rng, 99) % below;
}

static int64_t say_yes(void *user, const struct saga_question *q)
{
    (void)user;
    return q->ask == SAGA_ASK_SLOT ? SAGA_SLOT_GRANTED : 1;
}

/* ---- actions: what legal.h says is what happens
 * ------------------------------------------ */

static enum saga_result result_of(enum legal_answer answer)
{
    static const enum saga_result results[] = {[LEGAL_YES] = SAGA_APPLIED,
                                               [LEGAL_NOTED] = SAGA_APPLIED,
                                               [LEGAL_NO_OP] = SAGA_LATE,
                                               [LEGAL_NO] = SAGA_REJECTED,
                                               [LEGAL_IN_FLIGHT] = SAGA_IN_FLIGHT};

    return results[answer];
}

/* Would it change something? */
static bool try_action(struct saga_event ev)
{
    struct saga_oracle yes = {.ask = say_yes};
    enum legal_answer answer;

    ck_assert(saga_decode(&copy, st.p.plan, st.bytes, st.n_bytes));
    ev.now_ms = st.now_ms;
    answer = legal_action(&copy, st.p.plan, ev.kind, ev.step, ev.item);
    ck_assert_int_eq(saga_advance(&copy, st.p.plan, &ev, &yes, &fx), result_of(answer));
    return answer == LEGAL_YES || answer == LEGAL_NOTED;
}

static void try_all_actions(void)
{
    for (unsigned k = SAGA_EV_RETRY; k <= SAGA_EV_RESUME; k++) {
        struct saga_event ev = {
            .kind = (enum saga_event_kind)k, .step = PLAN_NONE, .item = SAGA_NO_ITEM};
        bool is_of_step = k == SAGA_EV_SKIP || k == SAGA_EV_RESOLVE;
        bool is_accepted = false;

        if (!is_of_step) {
            is_accepted = try_action(ev);
        }
        for (uint16_t n = 1; k <= SAGA_EV_RESOLVE && n < st.p.plan->n_nodes; n++) {
            ev.step = n;
            for (uint32_t item = 0; item < 3; item++) {
                ev.item = item == 2 ? SAGA_NO_ITEM : item;
                ev.is_applied = !ev.is_applied;
                is_accepted |= try_action(ev);
            }
        }
        /* `actions` of the API: offered is what one of them, somehow addressed, does. */
        ck_assert(saga_decode(&copy, st.p.plan, st.bytes, st.n_bytes));
        ck_assert_msg(legal_is_offered(&copy, st.p.plan, ev.kind) == is_accepted,
                      "event %u is %s", k,
                      is_accepted ? "accepted and not offered" : "offered and refused");
    }
}

/* ---- any event
 * ------------------------------------------------------------------------------ */

static struct saga_event any_event(void)
{
    struct saga_event ev = {.kind = (enum saga_event_kind)(1 + pick(SAGA_EVENTS - 1)),
                            .step = (uint16_t)pick(st.p.plan->n_nodes),
                            .item = pick(4) == 0 ? (uint32_t)pick(3) : SAGA_NO_ITEM,
                            .call = (enum call_kind)pick(CALLS),
                            .turn = pick(st.s.turn + 2),
                            .outcome = (enum outcome)(1 + pick(4)),
                            .may_retry = pick(2) == 0,
                            .is_free = pick(4) == 0,
                            .is_stop = pick(20) == 0,
                            .confirm = (enum saga_confirm)pick(3),
                            .is_applied = pick(2) == 0,
                            .generation = (uint16_t)pick(3)};

    if (pick(10) == 0) {
        ev.retry_at_ms = st.now_ms + pick(2000);
    }
    ev.child_status = (enum saga_status)(SAGA_STATUS_COMPLETED + pick(3));
    if (st.s.n_cells > 0 && pick(4) != 0) { /* Mostly to the point. */
        const struct saga_cell *c = &st.s.cells[pick(st.s.n_cells)];

        ev.step = c->step;
        ev.item = c->item;
        ev.call = c->call;
        ev.turn = c->due_turn;
        ev.generation = c->generation;
        if (c->state == CELL_DUE && pick(3) != 0) {
            ev.kind = SAGA_EV_ANSWERED;
        }
    }
    if (ev.kind == SAGA_EV_LOST) {
        ev.outcome = OUTCOME_UNKNOWN;
        ev.may_retry = true;
        ev.is_free = true;
    }
    return ev;
}

START_TEST(test_whatever_happens_the_state_is_sound_and_actions_do_what_was_offered)
{
    for (unsigned seed = 0; seed < SEEDS; seed++) {
        story_open(&st, plans[_i]);
        rng = (uint64_t)_i << 40 | (uint64_t)seed << 20;
        st.dice = rng + 1;
        st.p.plan->timeout_ms = seed % 3 == 0 ? 20000 : 0;
        story_send(&st, (struct saga_event){.kind = SAGA_EV_START,
                                            .is_child = seed % 2 == 0,
                                            .is_ordered = seed % 4 == 1,
                                            .is_lined_up = seed % 8 == 1});
        for (unsigned turn = 0; turn < TURNS && !saga_is_final(&st.s); turn++) {
            st.now_ms += pick(3) == 0 ? pick(3000) : 0;
            st.grace_ms += pick(50) == 0 ? pick(100) : 0;
            story_send(&st, any_event());
            try_all_actions();
        }
        story_close(&st);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("saga_properties");
    TCase *tcase = tcase_create("saga_properties");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(
        tcase, test_whatever_happens_the_state_is_sound_and_actions_do_what_was_offered,
        0, PLANS);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
