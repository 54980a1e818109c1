/* act.c - see act.h; and COMMAND_ACT, which is one action on one saga. */
#include "engine/run/act.h"

#include <inttypes.h>
#include <string.h>

#include "base/clk.h"
#include "engine/run/commands.h"
#include "engine/run/load.h"
#include "engine/run/recover.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"
#include "engine/run/waiters.h"
#include "engine/view/preview_token.h"
#include "engine/view/saga_text.h"

static uint64_t in_flight_until(const struct engine *e, const struct resident *r)
{
    uint64_t until = 0;

    for (uint16_t i = 0; i < e->saga.n_cells; i++) {
        const struct saga_cell *c = &e->saga.cells[i];
        uint64_t ends =
            c->state == CELL_DUE ? calls_ends_at(e->calls, r->num, c->step, c->item) : 0;

        until = ends > until ? ends : until;
    }
    return until;
}

static void refuse_in_flight(struct engine *e, struct resident *r, struct command *c)
{
    char text[CLK_TEXT_MAX];

    c->in_flight_until_ms = in_flight_until(e, r);
    if (c->in_flight_until_ms == 0) {
        c->in_flight_until_ms = e->now_ms;
    }
    clk_to_text(c->in_flight_until_ms, text);
    commands_note(
        c, PROBLEM_CALL_IN_FLIGHT,
        "The step's own call is in flight and ends by %s at the latest; try then", text);
}

static void refuse(struct engine *e, struct resident *r, struct command *c,
                   enum saga_result result)
{
    if (result == SAGA_IN_FLIGHT) {
        refuse_in_flight(e, r, c);
        return;
    }
    commands_note(
        c, PROBLEM_INVALID_STATE, "'%s' is not possible: the saga is %s%s%s",
        saga_event_name(c->of.act.action), saga_status_name(saga_status_of(&e->saga)),
        (e->saga.flags & (uint32_t)SAGA_FLAG_PAST_PIVOT) != 0 ? ", past its pivot" : "",
        c->of.act.step != NULL ? " and the step does not allow it" : "");
}

static void done(struct engine *e, struct resident *r, struct command *c)
{
    c->is_noted = c->of.act.action == SAGA_EV_CANCEL &&
                  (e->saga.flags & (uint32_t)SAGA_FLAG_BACK_WANTED) != 0;
    commands_audit(e, c, saga_event_name(c->of.act.action), r->row.id, e->saga.turn);
}

/* Step number of the command's step, PLAN_NONE if it names none. False: refused. */
static bool find_step(struct resident *r, struct command *c, uint16_t *step)
{
    *step = PLAN_NONE;
    if (c->of.act.step == NULL) {
        return true;
    }
    *step = definition_step_of(r->entry->definition, c->of.act.step);
    if (*step == PLAN_NONE) {
        commands_note(c, PROBLEM_INPUT_INVALID, "The saga's definition has no step '%s'",
                      c->of.act.step);
        return false;
    }
    return true;
}

/* Checked against this very turn, so that nothing comes between. True: refused. */
static bool is_stale(const struct engine *e, struct command *c)
{
    const struct act_asked *a = &c->of.act;

    if (a->revision != 0 && a->revision != e->saga.turn) {
        commands_note(c, PROBLEM_STALE_REVISION,
                      "The saga is at revision %" PRIu64 ", not %" PRIu64
                      "; look again and decide again",
                      e->saga.turn, a->revision);
        return true;
    }
    if (a->preview != NULL && !preview_token_fits(a->preview, a, e->saga.turn)) {
        commands_note(c, PROBLEM_PREVIEW_STALE,
                      "The saga has moved since the preview, or this is another action "
                      "than was previewed; preview it again");
        return true;
    }
    return false;
}

enum act_result act_on_saga(struct engine *e, struct resident *r, struct command *c)
{
    const struct act_asked *a = &c->of.act;
    struct record record = {
        .event = {.kind = a->action, .item = a->item, .is_applied = a->is_applied},
        .actor = c->actor,
        .reason = c->reason,
        .request_id = c->request_id,
        .body = a->body.at,
        .body_n = a->body.n};
    enum saga_result result;
    bool was_poison;

    if (!find_step(r, c, &record.event.step)) {
        return ACT_REFUSED;
    }
    turn_load_state(e, r);
    c->revision = e->saga.turn;
    if (is_stale(e, c)) {
        return ACT_REFUSED;
    }
    was_poison = (e->saga.flags & (uint32_t)SAGA_FLAG_POISON) != 0;
    result = turn_apply(e, r, &record);
    c->revision = e->saga.turn;
    if (result == SAGA_APPLIED) {
        done(e, r, c);
        if (was_poison) {
            recover_due(e, r);
        }
        return ACT_APPLIED;
    }
    if (result == SAGA_LATE) {
        return ACT_SO_ALREADY;
    }
    refuse(e, r, c, result);
    return ACT_REFUSED;
}

/* ---- COMMAND_ACT
 * ------------------------------------------------------------------------------ */

/* For a repeat of it: the turn says what the answer showed. */
static void keep_answer(struct engine *e, struct resident *r, struct command *c)
{
    commands_keep_replay(e, c, r->num, arena_printf(c->arena, "%" PRIu64, c->revision));
}

/* After the commit, if there is one to wait for. */
static void answer(struct engine *e, struct resident *r, struct command *c,
                   enum act_result result)
{
    if (result == ACT_REFUSED) {
        c->done(c->user, c);
    } else if (result == ACT_APPLIED || r->n_uncommitted > 0 || c->replay_key != NULL) {
        keep_answer(e, r, c);
        batch_add_answer(engine_batch(e), c, r->num);
    } else { /* It is so already; nothing to commit. */
        waiters_answer(e, r, c);
    }
}

void commands_act(struct engine *e, struct command *c)
{
    struct resident *r;
    struct err_info info;
    enum err err;

    if (commands_replay(e, c)) {
        return;
    }
    err = load_id(e, c->of.act.id, &r, &info);
    if (err == ERR_NOT_FOUND) {
        commands_refuse(c, PROBLEM_NOT_FOUND, "There is no saga '%s'", c->of.act.id);
        return;
    }
    if (err != ERR_OK) {
        commands_refuse_unread(c, err, &info);
        return;
    }
    answer(e, r, c, act_on_saga(e, r, c));
    if (r->n_uncommitted == 0) {
        turn_let_go(e, r);
    }
}
