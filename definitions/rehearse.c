/* rehearse.c - see rehearse.h. Virtual time, and one turn after another. */
#include "definitions/rehearse.h"

#include <assert.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "definitions/rehearse_parts.h"
#include "definitions/told.h"

/* 2027-01-01: any day would do, the same each time. */
#define STARTED_MS 1798761600000U
#define SEED 1
#define TURN_CHUNK 16384
#define NAME_MAX_BYTES 128

/* ---- what will come ------------------------------------------------------------------
 */

static void expect(struct rehearsal *r, const struct arrival *a)
{
    if (r->n_arrivals == r->arrivals_room) {
        r->arrivals_room = r->arrivals_room > 0 ? 2 * r->arrivals_room : 16;
        r->arrivals = mem_grow(r->arrivals, r->arrivals_room * sizeof(r->arrivals[0]));
    }
    r->arrivals[r->n_arrivals] = *a;
    r->n_arrivals++;
}

/* The earliest; of several the one expected first. NULL: nothing comes. */
static const struct arrival *earliest(const struct rehearsal *r)
{
    const struct arrival *found = NULL;

    for (size_t i = 0; i < r->n_arrivals; i++) {
        if (found == NULL || r->arrivals[i].at_ms < found->at_ms) {
            found = &r->arrivals[i];
        }
    }
    return found;
}

static void forget(struct rehearsal *r, size_t i)
{
    r->n_arrivals--;
    for (; i < r->n_arrivals; i++) { /* Their order says who is first. */
        r->arrivals[i] = r->arrivals[i + 1];
    }
}

/* ---- effects
 * --------------------------------------------------------------------------- */

static void tell_call(struct rehearsal *r, const struct saga_effect *fx,
                      enum call_kind call, const struct rendered *x)
{
    struct buf name;

    if (r->script->on_call == NULL) {
        return;
    }
    buf_init(&name, NAME_MAX_BYTES);
    told_call_name(&name, r->d, fx->step, fx->item, call);
    r->script->on_call(
        r->script->user,
        &(struct rehearse_call){
            .name = buf_text(&name),
            .step = fx->step,
            .item = fx->item,
            .call = call,
            .attempt = fx->attempt,
            .at_ms = r->now_ms - STARTED_MS,
            .request = fx->kind == SAGA_FX_SEND && x != NULL ? &x->request : NULL,
            .child_input = x != NULL ? x->child_input : JSON_SPAN_NONE});
    buf_done(&name);
}

static void send(struct rehearsal *r, const struct saga_effect *fx)
{
    struct line line =
        script_next(r, fx->step, fx->item, told_call(r->d, fx->step, fx->call));
    const uint64_t timeout_ms =
        saga_call_of(&r->d->plan->nodes[fx->step], fx->call)->timeout_ms;
    uint64_t takes_ms = line.after_ms;

    tell_call(r, fx, fx->call, rehearse_rendered(r, fx->step, fx->item, fx->call));
    if (fx->call == CALL_ACTION && fx->item != SAGA_NO_ITEM) {
        papers_count(r->papers, fx->step, fx->item, fx->attempt);
    }
    if (line.facts.curl_result == VERDICT_TRANSFER_TIMED_OUT || takes_ms >= timeout_ms) {
        line.facts = (struct verdict_facts){.curl_result = VERDICT_TRANSFER_TIMED_OUT,
                                            .request_bytes = 1};
        takes_ms = timeout_ms;
    }
    expect(r, &(struct arrival){.at_ms = r->now_ms + takes_ms,
                                .kind = ARRIVE_ANSWER,
                                .step = fx->step,
                                .item = fx->item,
                                .call = fx->call,
                                .turn = r->s->turn,
                                .in_doubt = fx->in_doubt,
                                .line = line});
}

static void start_child(struct rehearsal *r, const struct saga_effect *fx)
{
    const struct line line = script_next(r, fx->step, fx->item, "saga");

    tell_call(r, fx, CALL_ACTION, rehearse_rendered(r, fx->step, fx->item, CALL_ACTION));
    expect(r, &(struct arrival){.at_ms = r->now_ms + line.after_ms,
                                .kind = ARRIVE_CHILD,
                                .step = fx->step,
                                .item = fx->item,
                                .generation = fx->generation,
                                .line = line});
}

/* It is taken back where it stands. */
static void cancel_child(struct rehearsal *r, const struct saga_effect *fx)
{
    for (size_t i = 0; i < r->n_arrivals; i++) {
        struct arrival *a = &r->arrivals[i];

        if (a->kind == ARRIVE_CHILD && a->step == fx->step && a->item == fx->item) {
            a->at_ms = r->now_ms;
            a->line.ended = SAGA_STATUS_COMPENSATED;
        }
    }
}

static void undo_child(struct rehearsal *r, const struct saga_effect *fx)
{
    const struct line line = script_next(r, fx->step, fx->item, "compensation");

    tell_call(r, fx, CALL_COMPENSATION, NULL);
    expect(r, &(struct arrival){.at_ms = r->now_ms + line.after_ms,
                                .kind = ARRIVE_CHILD,
                                .step = fx->step,
                                .item = fx->item,
                                .line = line});
}

static void carry_out(struct rehearsal *r, const struct saga_effect *fx)
{
    switch (fx->kind) {
    case SAGA_FX_SEND:
        send(r, fx);
        return;
    case SAGA_FX_START_CHILD:
        start_child(r, fx);
        return;
    case SAGA_FX_CANCEL_CHILD:
        cancel_child(r, fx);
        return;
    case SAGA_FX_UNDO_CHILD:
        undo_child(r, fx);
        return;
    case SAGA_FX_TELL_PARENT:
    case SAGA_FX_FREE_ORDER:
    case SAGA_FX_NOTIFY:
    case SAGA_FX_ENDED:
    case SAGA_FX_ALERT:
        return; /* Nobody is there to be told. */
    }
    assert(false);
}

/* A wait that has begun gets its signal, if the script has one. */
static void call_signals(struct rehearsal *r)
{
    for (uint16_t i = 0; i < r->s->n_cells; i++) {
        const struct saga_cell *c = &r->s->cells[i];
        struct arrival a = {.kind = ARRIVE_SIGNAL, .step = c->step, .item = SAGA_NO_ITEM};

        if (c->state != CELL_WAITING || r->d->plan->nodes[c->step].kind != PLAN_SIGNAL ||
            r->is_called[c->step]) {
            continue;
        }
        r->is_called[c->step] = true;
        a.line = script_next(r, c->step, SAGA_NO_ITEM, "signal");
        a.at_ms = r->now_ms + a.line.after_ms;
        if (a.line.is_there || r->script->signals_come) {
            expect(r, &a);
        }
    }
}

/* ---- turns
 * ------------------------------------------------------------------------------ */

static bool apply(struct rehearsal *r, struct saga_event *ev)
{
    const struct saga_oracle oracle = rehearse_oracle_of(r);
    bool is_applied;

    ev->now_ms = r->now_ms;
    is_applied = saga_advance(r->s, r->d->plan, ev, &oracle, r->fx) == SAGA_APPLIED;
    if (is_applied) {
        papers_turn_over(r->papers, r->s);
        for (uint32_t i = 0; i < r->fx->n; i++) {
            carry_out(r, &r->fx->items[i]);
        }
        call_signals(r);
    }
    r->rendered = NULL;
    r->signal = JSON_SPAN_NONE;
    arena_reset(r->turn);
    return is_applied;
}

static void expect_callback(struct rehearsal *r, const struct arrival *answer)
{
    struct arrival a = {.kind = ARRIVE_CALLBACK,
                        .step = answer->step,
                        .item = answer->item,
                        .call = CALL_ACTION};

    a.line = script_next(r, a.step, a.item, "callback");
    a.at_ms = r->now_ms + a.line.after_ms;
    if (a.line.is_there) {
        expect(r, &a);
    }
}

static bool is_the_steps(const struct arrival *a, const struct verdict *v)
{
    return (a->call == CALL_ACTION && v->outcome == OUTCOME_SUCCEEDED) ||
           (a->call == CALL_CONFIRM && v->confirm == SAGA_CONFIRM_APPLIED);
}

static void answered(struct rehearsal *r, const struct arrival *a)
{
    const char *detail;
    const struct verdict v = script_judge(r, a, &detail);
    struct saga_event ev = {.kind = SAGA_EV_ANSWERED,
                            .step = a->step,
                            .item = a->item,
                            .call = a->call,
                            .turn = a->turn,
                            .outcome = v.outcome,
                            .may_retry = v.may_retry,
                            .is_free = v.is_free,
                            .is_stop = v.is_stop,
                            .confirm = v.confirm,
                            .retry_at_ms = v.retry_at_ms};

    if (is_the_steps(a, &v)) {
        papers_give(r->papers, a->step, a->item,
                    &(struct papers_answer){.status = (int)a->line.facts.status,
                                            .headers = a->line.headers,
                                            .body = a->line.body});
    }
    papers_hear(r->papers, r->s->turn + 1, (int)a->line.facts.status, detail);
    if (apply(r, &ev) && a->call == CALL_ACTION && v.outcome == OUTCOME_SUCCEEDED &&
        r->d->plan->nodes[a->step].action.callback_ms != 0) {
        expect_callback(r, a);
    }
}

static void called_back(struct rehearsal *r, const struct arrival *a)
{
    const enum outcome outcome = script_judge_callback(r, a);
    struct saga_event ev = {.kind = SAGA_EV_CALLED_BACK,
                            .step = a->step,
                            .item = a->item,
                            .call = CALL_ACTION,
                            .outcome = outcome};

    if (outcome == OUTCOME_UNKNOWN) {
        return; /* The API refuses what rejectWhen cannot judge. */
    }
    if (outcome == OUTCOME_SUCCEEDED) {
        papers_give(r->papers, a->step, a->item,
                    &(struct papers_answer){.body = a->line.body, .is_callback = true});
    }
    papers_hear(r->papers, r->s->turn + 1, 0, NULL);
    (void)apply(r, &ev); /* Late: nothing changes. */
}

static void signalled(struct rehearsal *r, const struct arrival *a)
{
    struct saga_event ev = {.kind = SAGA_EV_SIGNALLED,
                            .step = PLAN_NONE,
                            .item = SAGA_NO_ITEM,
                            .signal = r->d->plan->nodes[a->step].signal};

    r->signal = a->line.is_there ? a->line.body : JSON_SPAN_NONE;
    papers_hear(r->papers, r->s->turn + 1, 0, "the signal was rejected");
    (void)apply(r, &ev); /* Nobody waits any more: nothing changes. */
}

static void child_ended(struct rehearsal *r, const struct arrival *a)
{
    const struct saga_cell *c = saga_cell_of(r->s, a->step, a->item);
    struct saga_event ev = {.kind = SAGA_EV_CHILD_ENDED,
                            .step = a->step,
                            .item = a->item,
                            .generation = a->generation,
                            .child_status = a->line.ended};

    if (c != NULL && c->call == CALL_ACTION && a->line.ended == SAGA_STATUS_COMPLETED) {
        papers_give(r->papers, a->step, a->item,
                    &(struct papers_answer){.body = a->line.body});
    }
    papers_hear(r->papers, r->s->turn + 1, 0, "the child saga was compensated");
    (void)apply(r, &ev); /* Late: nothing changes. */
}

static void arrive(struct rehearsal *r, const struct arrival *found)
{
    const struct arrival a = *found;

    forget(r, (size_t)(found - r->arrivals));
    r->now_ms = a.at_ms > r->now_ms ? a.at_ms : r->now_ms;
    switch (a.kind) {
    case ARRIVE_ANSWER:
        answered(r, &a);
        return;
    case ARRIVE_CALLBACK:
        called_back(r, &a);
        return;
    case ARRIVE_SIGNAL:
        signalled(r, &a);
        return;
    case ARRIVE_CHILD:
        child_ended(r, &a);
        return;
    }
    assert(false);
}

static void wake(struct rehearsal *r, uint64_t at_ms)
{
    const bool is_deadline = r->s->state == SAGA_FORWARD && r->s->deadline_ms == at_ms &&
                             (r->s->flags & (uint32_t)SAGA_FLAG_OVERDUE) == 0;
    struct saga_event ev = {.kind = is_deadline ? SAGA_EV_DEADLINE : SAGA_EV_WAKE,
                            .step = PLAN_NONE,
                            .item = SAGA_NO_ITEM};

    r->now_ms = at_ms > r->now_ms ? at_ms : r->now_ms;
    papers_hear(r->papers, r->s->turn + 1, 0,
                is_deadline ? "the saga's time ran out" : "the wait's time ran out");
    (void)apply(r, &ev);
}

/* One more turn; false: nothing moves any more. */
static bool step_on(struct rehearsal *r)
{
    const struct arrival *next = earliest(r);
    const uint64_t wake_ms = saga_wake_at(r->s, r->d->plan);

    if (saga_is_final(r->s)) {
        return false;
    }
    if (next != NULL && (wake_ms == 0 || next->at_ms <= wake_ms)) {
        arrive(r, next);
    } else if (wake_ms != 0) {
        wake(r, wake_ms);
    } else {
        return false;
    }
    return true;
}

/* ---- the end
 * ------------------------------------------------------------------------------ */

static const struct saga_cell *cell_in(const struct saga *s, enum cell_state state)
{
    for (uint16_t i = 0; i < s->n_cells; i++) {
        if (s->cells[i].state == state) {
            return &s->cells[i];
        }
    }
    return NULL;
}

static bool is_explained_by_note(enum saga_reason reason)
{
    return reason == SAGA_REASON_EXPRESSION || reason == SAGA_REASON_RENDER ||
           reason == SAGA_REASON_VERDICT;
}

static const char *why_it_rests(const struct rehearsal *r)
{
    const struct saga_cell *c = cell_in(r->s, CELL_STUCK);
    const char *rest;
    struct buf text;

    buf_init(&text, 2048);
    if (c != NULL) {
        told_call_name(&text, r->d, c->step, c->item, c->call);
        buf_printf(&text, " is stuck: %s", told_reason(c->reason));
        if (r->note != NULL && is_explained_by_note(c->reason)) {
            buf_printf(&text, ": %s", r->note);
        }
    } else {
        c = cell_in(r->s, CELL_WAITING);
        if (c != NULL && r->d->steps[c->step].signal != NULL) {
            buf_printf(&text, "%s waits for the signal '%s', which never comes",
                       r->d->steps[c->step].id, r->d->steps[c->step].signal);
        } else {
            buf_printf(&text, "it is not over after %d turns", REHEARSE_TURNS_MAX);
        }
    }
    rest = arena_copy(r->keep, buf_text(&text), text.n);
    buf_done(&text);
    return rest;
}

static void take_end(const struct rehearsal *r, struct rehearse_end *out)
{
    *out = (struct rehearse_end){.status = saga_status_of(r->s),
                                 .output = r->output,
                                 .output_error = r->output_error,
                                 .took_ms = r->now_ms - STARTED_MS};
    if (!saga_is_final(r->s)) {
        out->rest = why_it_rests(r);
    }
}

/* ---- the beginning
 * ------------------------------------------------------------------------ */

static enum err check_input(const struct definition *d, struct json_span input,
                            struct err_info *info)
{
    struct input_schema_error error;
    json_t *tree = NULL;
    enum err e = ERR_OK;

    if (d->input_schema == NULL) {
        return ERR_OK;
    }
    e = json_read(input.at, input.n, &tree, info);
    if (e == ERR_OK && input_schema_check(d->input_schema, tree, &error, 1) > 0) {
        e = err_set(info, ERR_INVALID, "the input does not fit: %s: %s",
                    error.pointer[0] != '\0' ? error.pointer : "/", error.detail);
    }
    json_decref(tree);
    return e;
}

/* key and orderingKey fail the start (422). */
static enum err make_keys(const struct rehearsal *r, struct json_span vars,
                          const char **key, struct err_info *info)
{
    const struct render_scope scope = {.input = r->script->input, .vars = vars};
    struct json_span text;
    enum err e = ERR_OK;

    *key = NULL;
    if (r->d->key != NULL) {
        e = render_template(r->d, r->d->key, &scope, r->keep, &text, info);
        *key = e == ERR_OK ? text.at : NULL;
    }
    if (e == ERR_OK && r->d->ordering_key != NULL) {
        e = render_template(r->d, r->d->ordering_key, &scope, r->keep, &text, info);
    }
    return e;
}

static enum err begin(struct rehearsal *r, struct err_info *info)
{
    const struct json_span vars =
        r->script->vars.at != NULL ? r->script->vars : JSON_SPAN_TEXT("{}");
    struct saga_event ev = {
        .kind = SAGA_EV_START, .step = PLAN_NONE, .item = SAGA_NO_ITEM, .seed = SEED};
    struct papers_start start = {.definition = r->d,
                                 .id = "rehearsal",
                                 .started_ms = STARTED_MS,
                                 .input = r->script->input,
                                 .vars = vars};
    enum err e = check_input(r->d, r->script->input, info);

    if (e == ERR_OK) {
        e = make_keys(r, vars, &start.key, info);
    }
    if (e != ERR_OK) {
        return e;
    }
    r->papers = papers_create(r->keep, &start);
    r->is_called = arena_take(r->keep, r->d->plan->n_nodes * sizeof(r->is_called[0]));
    saga_init(r->s, r->d->plan);
    (void)apply(r, &ev); /* A start applies. */
    return ERR_OK;
}

enum err rehearse(const struct definition *d, const struct rehearse_script *script,
                  struct arena *keep, struct rehearse_end *out, struct err_info *info)
{
    struct rehearsal r = {.d = d,
                          .script = script,
                          .keep = keep,
                          .turn = arena_create(TURN_CHUNK),
                          .s = mem_alloc(sizeof(*r.s)),
                          .fx = mem_alloc(sizeof(*r.fx)),
                          .now_ms = STARTED_MS};
    enum err e = begin(&r, info);

    for (int i = 0; e == ERR_OK && i < REHEARSE_TURNS_MAX && step_on(&r); i++) {
        continue; /* step_on() does it all. */
    }
    if (e == ERR_OK) {
        take_end(&r, out);
    }
    arena_destroy(r.turn);
    script_done(&r);
    free(r.arrivals);
    free(r.fx);
    free(r.s);
    return e;
}
