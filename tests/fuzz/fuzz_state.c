/* Bytes are refused as a state or are sound and are written one way. */
#include "engine/core/saga_code.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "definitions/definition.h"
#include "tests/fuzz/plans.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct saga saga; /* Too large for the stack. */
static uint8_t once[LIMIT_STATE_BYTES];
static uint8_t again[LIMIT_STATE_BYTES];

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
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
    return 0;
}
