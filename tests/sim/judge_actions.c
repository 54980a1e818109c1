/* judge_actions.c - see judge_actions.h. */
#include "tests/sim/judge_actions.h"

#include "engine/core/legal.h"
#include "engine/core/saga_code.h"
#include "tests/sim/oracle.h"

static enum saga_result result_of(enum legal_answer answer)
{
    switch (answer) {
    case LEGAL_YES:
    case LEGAL_NOTED:
        return SAGA_APPLIED;
    case LEGAL_NO_OP:
        return SAGA_LATE;
    case LEGAL_NO:
        return SAGA_REJECTED;
    case LEGAL_IN_FLIGHT:
        return SAGA_IN_FLIGHT;
    }
    return SAGA_REJECTED;
}

/* Would it change something? */
static bool try_action(struct sim_world *w, const struct sim_saga *s,
                       struct saga_event ev)
{
    static struct saga copy;
    static struct saga_effects fx;
    const struct plan *plan = world_plan(w, s);
    struct saga_oracle yes = oracle_yes();
    enum saga_result want;

    if (!saga_decode(&copy, plan, s->bytes, s->n_bytes)) {
        return false;
    }
    ev.now_ms = world_wall(w);
    want = result_of(legal_action(&copy, plan, ev.kind, ev.step, ev.item));
    if (saga_advance(&copy, plan, &ev, &yes, &fx) != want) {
        world_wrong(w, "an action was offered and refused, or the other way round (24)");
    }
    return want == SAGA_APPLIED;
}

/* What the API lists as `actions`. */
static bool is_offered(struct sim_world *w, const struct sim_saga *s, int kind)
{
    static struct saga copy;
    const struct plan *plan = world_plan(w, s);

    return saga_decode(&copy, plan, s->bytes, s->n_bytes) &&
           legal_is_offered(&copy, plan, (enum saga_event_kind)kind);
}

void judge_actions(struct sim_world *w, const struct sim_saga *s)
{
    for (int k = SAGA_EV_RETRY; k <= SAGA_EV_RESUME; k++) {
        struct saga_event ev = {
            .kind = (enum saga_event_kind)k, .step = PLAN_NONE, .item = SAGA_NO_ITEM};
        bool is_accepted = false;

        if (k != SAGA_EV_SKIP && k != SAGA_EV_RESOLVE) {
            is_accepted = try_action(w, s, ev);
        }
        for (uint16_t n = 1; k <= SAGA_EV_RESOLVE && n < world_plan(w, s)->n_nodes; n++) {
            ev.step = n;
            ev.item = SAGA_NO_ITEM;
            ev.is_applied = false;
            is_accepted |= try_action(w, s, ev);
            ev.is_applied = true;
            ev.item = 0;
            is_accepted |= try_action(w, s, ev);
        }
        if (is_offered(w, s, k) != is_accepted) {
            world_wrong(w, "`actions` are not what would be accepted (24)");
        }
    }
}
