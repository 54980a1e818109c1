/*
 * sagas_act.c - what operators do to a saga: POST /v1/sagas/{id}/retry and so on.
 *
 * The body is checked here, whether the action is legal is the core's to say. An answer
 * comes after the commit and shows the saga as it is then. With ?preview=true nothing is
 * done, and the answer says what would be (preview_answer.h).
 */
#include <string.h>

#include "adminapi/act_given.h"
#include "adminapi/answer.h"
#include "adminapi/body.h"
#include "adminapi/handlers.h"
#include "adminapi/preference.h"
#include "adminapi/preview_answer.h"
#include "adminapi/saga_answer.h"
#include "adminapi/submit.h"

enum member {
    M_REASON,
    M_REVISION,
    M_STEP,
    M_ITEM,
    M_OUTPUT,
    M_OUTCOME,
    M_BODY,
    M_PREVIEW,
    MEMBERS
};

#define ALLOWED(m) (1U << (m))
#define COMMON (ALLOWED(M_REASON) | ALLOWED(M_REVISION) | ALLOWED(M_PREVIEW))

struct act_shape {
    enum saga_event_kind kind;
    unsigned allowed; /* Members it knows. */
    bool needs_reason;
    bool needs_step;
};

static const char *const member_names[MEMBERS] = {
    [M_REASON] = "reason", [M_REVISION] = "revision", [M_STEP] = "step",
    [M_ITEM] = "item",     [M_OUTPUT] = "output",     [M_OUTCOME] = "outcome",
    [M_BODY] = "body",     [M_PREVIEW] = "preview"};

/* ---- answer
 * ------------------------------------------------------------------------------- */

/* What the first request was answered: the saga as it was after its turn. */
static void act_again(struct request *r)
{
    const struct command *c = &r->command;
    struct err_info info = {.text = ""};
    struct view v;
    enum err e = view_read(r->reader, r->registry, r->parameters[0], c->replay_turn,
                           r->arena, &v, &info);

    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    saga_answer_with(r, c->replay_status, &v, c->replay_status == 202);
    answer_header(r, "Idempotency-Replayed", "true");
}

static void acted(struct request *r)
{
    const struct command *c = &r->command;
    struct view v;

    if (c->problem != PROBLEM_NONE && c->problem != PROBLEM_INVALID_STATE &&
        c->problem != PROBLEM_STALE_REVISION) {
        saga_answer_problem(r, NULL);
        return;
    }
    if (c->is_replayed && c->replay_turn != 0) {
        act_again(r);
        return;
    }
    if (!saga_answer_view(r, r->parameters[0], &v)) {
        return;
    }
    if (c->problem != PROBLEM_NONE) {
        saga_answer_problem(r, &v);
        return;
    }
    saga_answer_with(r, c->is_noted ? 202 : 200, &v, c->is_noted);
    if (c->is_replayed) {
        answer_header(r, "Idempotency-Replayed", "true");
    }
}

/* ---- request
 * ------------------------------------------------------------------------------ */

/* Only the members that the action knows are asked for; others are unknown. */
static bool read_members(struct request *r, const struct act_shape *shape,
                         struct body_member all[static MEMBERS])
{
    struct body_member known[MEMBERS];
    size_t places[MEMBERS];
    size_t n = 0;

    for (size_t i = 0; i < MEMBERS; i++) {
        all[i] = (struct body_member){.name = member_names[i]};
        if ((shape->allowed & ALLOWED(i)) != 0) {
            known[n] = all[i];
            places[n++] = i;
        }
    }
    if (!body_read(r, true, known, n)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        all[places[i]] = known[i];
    }
    return true;
}

static void read_reason(struct request *r, const struct body_member *m, bool is_needed)
{
    r->command.reason = is_needed ? body_needed_text(r, m) : body_text(r, m);
}

static void read_step(struct request *r, const struct act_shape *shape,
                      const struct body_member all[static MEMBERS])
{
    struct act_asked *act = &r->command.of.act;
    int64_t item;
    int64_t revision;

    act->step = shape->needs_step ? body_needed_text(r, &all[M_STEP])
                                  : body_text(r, &all[M_STEP]);
    if (body_whole(r, &all[M_ITEM], 0, &item)) {
        if (item >= SAGA_NO_ITEM) {
            body_fault(r, &all[M_ITEM], "maximum", "There is no such item");
        } else {
            act->item = (uint32_t)item;
        }
        if (all[M_STEP].value.at == NULL) {
            body_fault(r, &all[M_ITEM], "step", "An item needs its step");
        }
    }
    if (body_whole(r, &all[M_REVISION], 1, &revision)) {
        act->revision = (uint64_t)revision;
    }
}

/* The named step must be the definition's, and have items if one is named. */
static bool check_step(struct request *r, const struct body_member all[static MEMBERS])
{
    const struct act_asked *act = &r->command.of.act;
    const struct registry_entry *entry;
    struct err_info info = {.text = ""};
    struct store_saga row;
    uint16_t step;
    enum err e;

    if (!saga_answer_find(r, &row)) {
        return false;
    }
    if (act->step == NULL) {
        return true;
    }
    e = registry_find(r->registry, row.definition, &entry, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return false;
    }
    step = definition_step_of(entry->definition, act->step);
    if (step == PLAN_NONE) {
        body_fault(r, &all[M_STEP], "unknown-step", "The saga has no such step");
    } else if (act->item != SAGA_NO_ITEM &&
               entry->definition->plan->nodes[step].each == PLAN_NONE) {
        body_fault(r, &all[M_ITEM], "no-items", "The step has no items");
    }
    return !body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid");
}

static void act(struct request *r, const struct act_shape *shape)
{
    struct body_member all[MEMBERS];
    struct command *c = &r->command;
    bool is_preview;

    if (!preview_is_asked(r, &is_preview)) {
        return;
    }
    c->kind = COMMAND_ACT;
    c->of.act = (struct act_asked){.id = r->parameters[0],
                                   .action = shape->kind,
                                   .item = SAGA_NO_ITEM,
                                   .body = JSON_SPAN_NONE};
    if (!read_members(r, shape, all)) {
        return;
    }
    read_reason(r, &all[M_REASON], shape->needs_reason && !is_preview);
    read_step(r, shape, all);
    act_given_read(r, &c->of.act,
                   &(struct act_given){.output = &all[M_OUTPUT],
                                       .outcome = &all[M_OUTCOME],
                                       .body = &all[M_BODY]});
    c->of.act.preview = body_text(r, &all[M_PREVIEW]);
    if (body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid") ||
        !check_step(r, all)) {
        return;
    }
    if (is_preview) {
        preview_answer(r);
    } else if (preference_replay(r)) {
        submit_command(r, acted);
    }
}

void sagas_retry(struct request *r)
{
    static const struct act_shape shape = {
        SAGA_EV_RETRY, COMMON | ALLOWED(M_STEP) | ALLOWED(M_ITEM), false, false};

    act(r, &shape);
}

void sagas_skip(struct request *r)
{
    static const struct act_shape shape = {
        SAGA_EV_SKIP, COMMON | ALLOWED(M_STEP) | ALLOWED(M_ITEM) | ALLOWED(M_OUTPUT),
        true, true};

    act(r, &shape);
}

void sagas_resolve(struct request *r)
{
    static const struct act_shape shape = {SAGA_EV_RESOLVE,
                                           COMMON | ALLOWED(M_STEP) | ALLOWED(M_ITEM) |
                                               ALLOWED(M_OUTCOME) | ALLOWED(M_BODY),
                                           true, true};

    act(r, &shape);
}

void sagas_close(struct request *r)
{
    static const struct act_shape shape = {SAGA_EV_CLOSE, COMMON, true, false};

    act(r, &shape);
}

void sagas_cancel(struct request *r)
{
    static const struct act_shape shape = {SAGA_EV_CANCEL, COMMON, true, false};

    act(r, &shape);
}

void sagas_pause(struct request *r)
{
    static const struct act_shape shape = {SAGA_EV_PAUSE, COMMON, false, false};

    act(r, &shape);
}

void sagas_resume(struct request *r)
{
    static const struct act_shape shape = {SAGA_EV_RESUME, COMMON, false, false};

    act(r, &shape);
}
