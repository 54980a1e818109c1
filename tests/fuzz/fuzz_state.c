/* Bytes are refused as a state or are sound, are written one way, and bear any event. */
#include "engine/core/saga_code.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "definitions/definition.h"
#include "tests/fuzz/plans.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct saga saga; /* Too large for the stack. */
static struct saga_effects fx;
static uint8_t once[LIMIT_STATE_BYTES];
static uint8_t again[LIMIT_STATE_BYTES];

static int64_t say_yes(void *user, const struct saga_question *q)
{
    (void)user;
    return q->ask == SAGA_ASK_SLOT ? SAGA_SLOT_GRANTED : 1;
}

/* The event, about the first open cell if there is one. */
static struct saga_event event_of(unsigned kind)
{
    struct saga_event ev = {.kind = (enum saga_event_kind)kind,
                            .now_ms = 1000000,
                            .step = PLAN_NONE,
                            .item = SAGA_NO_ITEM,
                            .outcome = OUTCOME_REJECTED,
                            .may_retry = kind == SAGA_EV_LOST,
                            .is_free = kind == SAGA_EV_LOST,
                            .child_status = SAGA_STATUS_COMPLETED};

    if (ev.kind == SAGA_EV_LOST) {
        ev.outcome = OUTCOME_UNKNOWN; /* S9 */
    }
    if (saga.n_cells > 0) {
        ev.step = saga.cells[0].step;
        ev.item = saga.cells[0].item;
        ev.call = saga.cells[0].call;
        ev.turn = saga.cells[0].due_turn;
        ev.generation = saga.cells[0].generation;
    } else if (ev.kind != SAGA_EV_RETRY) {
        ev.step = 0;
    }
    return ev;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const struct saga_oracle yes = {.ask = say_yes};
    struct choices c = {bytes, n};
    const struct plan *plan = plan_chosen(&c);
    struct saga_brief brief;
    size_t n_once;

    if (!saga_decode(&saga, plan, c.at, c.n)) {
        return 0;
    }
    assert(saga_is_sound(&saga, plan));
    /* Another spelling of a number is read too, and is written one way. */
    n_once = saga_encode(&saga, once, sizeof(once));
    assert(n_once > 0 && n_once <= c.n && saga_decode(&saga, plan, once, n_once));
    assert(saga_encode(&saga, again, sizeof(again)) == n_once);
    assert(memcmp(again, once, n_once) == 0);
    assert(saga_decode_brief(&brief, c.at, c.n));
    assert(brief.state == saga.state && brief.turn == saga.turn);
    for (unsigned kind = 0; kind < SAGA_EVENTS; kind++) {
        if ((enum saga_event_kind)kind == SAGA_EV_START) {
            continue; /* Not of a saga that has begun. */
        }
        const struct saga_event ev = event_of(kind);

        assert(saga_decode(&saga, plan, c.at, c.n));
        (void)saga_advance(&saga, plan, &ev, &yes, &fx);
        assert(saga_is_sound(&saga, plan));
    }
    return 0;
}
