/* tell.c - see tell.h. */
#include "engine/run/tell.h"

#include "engine/run/state.h"

/* The end of an attempt. A loss is one too: nobody knows what came of it (S9). */
static void count_call(struct engine *e, enum outcome outcome)
{
    enum stats_kind kind = STATS_CALLS_SUCCEEDED;

    switch (outcome) {
    case OUTCOME_SUCCEEDED:
        break;
    case OUTCOME_REJECTED:
        kind = STATS_CALLS_REJECTED;
        break;
    case OUTCOME_UNSENT:
        kind = STATS_CALLS_UNSENT;
        break;
    case OUTCOME_UNKNOWN:
        kind = STATS_CALLS_UNKNOWN;
        break;
    case OUTCOME_NONE:
    case OUTCOME_IGNORED:
    case OUTCOME_SKIPPED:
        return; /* A step's, never an attempt's. */
    }
    stats_count(e->stats, STATS_CALLS, e->now_ms);
    stats_count(e->stats, kind, e->now_ms);
}

static void count_status(struct engine *e, enum saga_status status)
{
    switch (status) {
    case SAGA_STATUS_STUCK:
        stats_count(e->stats, STATS_STUCK, e->now_ms);
        break;
    case SAGA_STATUS_COMPLETED:
        stats_count(e->stats, STATS_COMPLETED, e->now_ms);
        break;
    case SAGA_STATUS_COMPENSATED:
        stats_count(e->stats, STATS_COMPENSATED, e->now_ms);
        break;
    case SAGA_STATUS_RESOLVED:
        stats_count(e->stats, STATS_RESOLVED, e->now_ms);
        break;
    case SAGA_STATUS_RUNNING:
    case SAGA_STATUS_COMPENSATING:
        break; /* On its way. */
    }
}

static void count_turn(struct engine *e, const struct batch_turn *t)
{
    stats_count(e->stats, STATS_TURNS, e->now_ms);
    if (t->event == SAGA_EV_START) {
        stats_count(e->stats, STATS_STARTED, e->now_ms);
    } else if (t->event == SAGA_EV_ANSWERED || t->event == SAGA_EV_LOST) {
        count_call(e, t->outcome);
    }
    if (t->is_new_status) {
        count_status(e, t->status);
    }
}

void tell_turn(struct engine *e, const struct resident *r, const struct batch_turn *t)
{
    const struct definition *d = r->entry->definition;
    const bool has_step = t->step > 0 && t->step < d->plan->n_nodes;
    const struct feed_event event = {.saga = r->num,
                                     .saga_id = r->row.id,
                                     .definition = d->name,
                                     .version = r->entry->version,
                                     .key = r->row.key,
                                     .status = t->status,
                                     .is_paused = t->is_paused,
                                     .revision = t->turn,
                                     .event = t->event,
                                     .step = has_step ? d->steps[t->step].id : NULL,
                                     .at_ms = t->at_ms};

    count_turn(e, t);
    feed_put(e->feed, &event);
}
