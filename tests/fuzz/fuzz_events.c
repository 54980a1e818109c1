/* Any events in any order: after each the saga is sound, what was not applied changed
 * nothing, and its bytes read back to the same bytes. */
#include "engine/core/saga.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "definitions/definition.h"
#include "engine/core/saga_code.h"
#include "tests/fuzz/plans.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct saga saga; /* Too large for the stack. */
static struct saga twin;
static struct saga_effects fx;
static uint8_t before[LIMIT_STATE_BYTES];
static uint8_t after[LIMIT_STATE_BYTES];
static uint8_t again[LIMIT_STATE_BYTES];

static int64_t answer(void *user, const struct saga_question *q)
{
    const uint8_t byte = choose(user);

    switch (q->ask) {
    case SAGA_ASK_WHEN:
        return byte % 8 == 7 ? -1 : byte % 8 != 6;
    case SAGA_ASK_ITEMS:
        return byte % 16 == 15 ? -1 : byte % 16;
    case SAGA_ASK_UNTIL:
        return byte % 8 == 7 ? -1 : byte * 1000;
    case SAGA_ASK_RENDER:
        return byte < 240 ? SAGA_RENDER_OK
               : byte < 250 || q->born_ms == 0
                   ? (byte % 2 == 0 ? SAGA_RENDER_FAILED : SAGA_RENDER_CHANGED)
                   : SAGA_RENDER_KEY_EXPIRED;
    case SAGA_ASK_SLOT:
        return byte < 200                         ? SAGA_SLOT_GRANTED
               : byte % 8 < SAGA_SLOT_KEY_EXPIRED ? byte % 8
               : byte % 8 == SAGA_SLOT_KEY_EXPIRED && q->born_ms != 0
                   ? SAGA_SLOT_KEY_EXPIRED
                   : SAGA_SLOT_FULL;
    case SAGA_ASK_SIGNAL:
        return byte % 8 == 7 ? -1 : byte % 8 != 6;
    case SAGA_ASK_OUTPUT:
        return byte % 8 != 7;
    }
    assert(false);
    return 0;
}

/* An event about an open cell, as often as not: others are mostly late. */
static void aim(struct choices *c, const struct plan *plan, struct saga_event *ev)
{
    const uint8_t how = choose(c);

    ev->step = (uint16_t)(choose(c) % plan->n_nodes);
    ev->item = how % 4 == 3 ? how / 4U : SAGA_NO_ITEM;
    ev->call = (enum call_kind)(how / 8 % CALLS);
    if (how % 4 < 2 && saga.n_cells > 0) {
        const struct saga_cell *cell = &saga.cells[ev->step % saga.n_cells];

        ev->step = cell->step;
        ev->item = cell->item;
        ev->call = cell->call;
        ev->turn = cell->due_turn;
        ev->generation = cell->generation;
    } else if (how == 254) {
        ev->step = PLAN_NONE;
    }
}

static struct saga_event event_of(struct choices *c, const struct plan *plan,
                                  uint64_t *now_ms)
{
    static const enum saga_status ends[] = {
        SAGA_STATUS_COMPLETED, SAGA_STATUS_COMPENSATED, SAGA_STATUS_RESOLVED};
    const uint8_t kind = choose(c);
    const uint8_t how = choose(c);
    struct saga_event ev = {.kind = kind >= 128
                                        ? SAGA_EV_ANSWERED
                                        : (enum saga_event_kind)(kind % SAGA_EVENTS)};

    *now_ms += 1ULL << (how % 20);
    ev.now_ms = *now_ms;
    ev.grace_ms = kind % 16 == 5 ? how * 100U : 0;
    if (saga.state == SAGA_NEW || ev.kind == SAGA_EV_START) { /* Once, and first. */
        ev.kind = saga.state == SAGA_NEW ? SAGA_EV_START : SAGA_EV_WAKE;
    }
    aim(c, plan, &ev);
    ev.outcome = (enum outcome)(OUTCOME_SUCCEEDED + how % 4);
    ev.may_retry = (how & 4) != 0;
    ev.is_free = (how & 8) != 0;
    ev.is_stop = how == 255 && ev.outcome == OUTCOME_UNKNOWN;
    if (ev.kind == SAGA_EV_LOST) { /* S9 */
        ev.outcome = OUTCOME_UNKNOWN;
        ev.may_retry = true;
        ev.is_free = true;
        ev.is_stop = false;
    }
    ev.confirm = (enum saga_confirm)(how / 16 % 3);
    ev.retry_at_ms = (how & 64) != 0 ? *now_ms + how : 0;
    ev.is_ordered = (how & 1) != 0;
    ev.is_lined_up = ev.is_ordered && (how & 2) != 0;
    ev.is_child = (how & 4) != 0;
    ev.is_applied = (how & 1) != 0;
    ev.child_status = ends[how % 3];
    return ev;
}

static void look(const struct plan *plan, enum saga_result result, size_t n_before)
{
    const size_t n = saga_encode(&saga, after, sizeof(after));

    assert(n > 0);
    assert(result == SAGA_APPLIED || (n == n_before && memcmp(before, after, n) == 0));
    if (saga.state == SAGA_NEW) {
        return; /* Never stored. */
    }
    assert(saga_is_sound(&saga, plan));
    assert(saga_decode(&twin, plan, after, n));
    assert(saga_encode(&twin, again, sizeof(again)) == n && memcmp(after, again, n) == 0);
    assert(!saga_is_final(&saga) || saga_status_of(&saga) >= SAGA_STATUS_COMPLETED);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct choices c = {bytes, n};
    const struct plan *plan = plan_chosen(&c);
    const struct saga_oracle oracle = {answer, &c};
    uint64_t now_ms = 1000;

    saga_init(&saga, plan);
    while (c.n > 0) {
        const struct saga_event ev = event_of(&c, plan, &now_ms);
        const size_t n_before = saga_encode(&saga, before, sizeof(before));

        look(plan, saga_advance(&saga, plan, &ev, &oracle, &fx), n_before);
    }
    return 0;
}
