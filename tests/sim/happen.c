/* happen.c - see happen.h. */
#include "tests/sim/happen.h"

#include "tests/sim/engine.h"
#include "tests/sim/judge.h"
#include "tests/sim/operator.h"
#include "tests/sim/participant.h"

static void wake(struct sim_world *w, struct sim_saga *s)
{
    const struct saga *now = engine_state(w, s);
    bool is_over = now->state == SAGA_FORWARD && now->deadline_ms != 0 &&
                   now->deadline_ms <= world_wall(w) &&
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
                w, at_ms > world_wall(w) ? at_ms - world_wall(w) : 1,
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

/* An hour or ten years, ahead or back. */
static void jump(struct sim_world *w)
{
    const uint64_t an_hour_ms = (uint64_t)3600 * 1000;
    const uint64_t by_ms = an_hour_ms * (world_pick(w, 2) == 0 ? 1 : 24 * 3652);

    if (world_pick(w, 2) == 0) {
        mark(MARK_CLOCK_AHEAD);
        w->began_ms += by_ms;
    } else {
        mark(MARK_CLOCK_BACK);
        w->began_ms -= by_ms;
    }
    for (uint16_t i = 0; i < w->n_sagas; i++) {
        judge_forget_times(&w->sagas[i]);
    }
}

void happen(struct sim_world *w, const struct sim_pending *p)
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
        engine_stop_cleanly(w);
        break;
    case THING_RESTORE:
        engine_restore(w);
        break;
    case THING_REPEAT:
        operator_repeat(w, p);
        break;
    case THING_CLOCK:
        jump(w);
        break;
    }
}
