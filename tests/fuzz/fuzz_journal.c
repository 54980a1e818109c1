/* Rows of a journal: each is refused or is a record that encodes to a record again; and
 * the records are folded with their own recorded answers, as verify does. A row is two
 * bytes of length, high first, and the row. */
#include "engine/view/record.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "engine/core/saga_code.h"
#include "tests/fuzz/plans.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct saga saga; /* Too large for the stack. */
static struct saga_effects fx;

struct replay {
    const struct record *record;
    size_t used;
};

static int64_t answer(void *user, const struct saga_question *q)
{
    struct replay *r = user;

    (void)q;
    return r->used < r->record->n_answers ? r->record->answers[r->used++] : 0;
}

static void encode_again(const struct record *record, struct arena *a)
{
    struct buf once;
    struct buf twice;
    struct record twin;
    bool is_record;

    buf_init(&once, (size_t)1 << 20);
    buf_init(&twice, (size_t)1 << 20);
    record_encode(record, &once);
    assert(!once.is_over);
    is_record = record_decode(once.bytes, once.n, a, &twin);
    assert(is_record);
    record_encode(&twin, &twice);
    assert(once.n == twice.n && memcmp(once.bytes, twice.bytes, once.n) == 0);
    buf_done(&once);
    buf_done(&twice);
}

/* What the core's caller owes it: a start first and only once, and S9's outcome. */
static bool is_owed(const struct saga_event *ev)
{
    if ((ev->kind == SAGA_EV_START) != (saga.state == SAGA_NEW)) {
        return false;
    }
    return ev->kind != SAGA_EV_LOST ||
           (ev->outcome == OUTCOME_UNKNOWN && ev->may_retry && ev->is_free);
}

/* Answers beyond what their question may be answered break the core's contract, not its
 * code: such a row is a bit flip that the database's checks stop. */
static bool is_asked_rightly(const struct record *record)
{
    for (size_t i = 0; i < record->n_answers; i++) {
        if (record->answers[i] < 0 || record->answers[i] > 1) {
            return false;
        }
    }
    return true;
}

static void fold(const struct plan *plan, const struct record *record)
{
    struct replay replay = {record, 0};
    const struct saga_oracle oracle = {answer, &replay};

    if (is_owed(&record->event) && is_asked_rightly(record) &&
        record->event.step <= plan->n_nodes &&
        record->event.outcome >= OUTCOME_SUCCEEDED &&
        record->event.outcome <= OUTCOME_UNKNOWN) {
        (void)saga_advance(&saga, plan, &record->event, &oracle, &fx);
        assert(saga.state == SAGA_NEW || saga_is_sound(&saga, plan));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct choices c = {bytes, n};
    const struct plan *plan = plan_chosen(&c);
    struct arena *a = arena_create(4096);

    saga_init(&saga, plan);
    while (c.n > 2) {
        size_t row = (size_t)choose(&c) << 8;
        struct record record;

        row |= choose(&c);
        row = row < c.n ? row : c.n;
        if (record_decode(c.at, row, a, &record)) {
            encode_again(&record, a);
            fold(plan, &record);
        }
        c.at += row;
        c.n -= row;
    }
    arena_destroy(a);
    return 0;
}
