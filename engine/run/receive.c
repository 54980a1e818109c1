/* receive.c - what the world sends a saga by itself: signals (S19) and callbacks (S18).
 */
#include <string.h>

#include "base/json.h"
#include "engine/run/capability.h"
#include "engine/run/commands.h"
#include "engine/run/load.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"
#include "engine/view/saga_text.h"

/* ---- signals
 * ----------------------------------------------------------------------------- */

/* The name's index; false: refused, with the names there are. */
static bool find_signal(const struct resident *r, struct command *c, uint8_t *index)
{
    const struct definition *d = r->entry->definition;
    struct buf names;

    for (size_t i = 0; i < d->n_signals; i++) {
        if (strcmp(d->signals[i], c->of.signal.name) == 0) {
            *index = (uint8_t)i;
            return true;
        }
    }
    buf_init(&names, sizeof(c->detail.text) / 2);
    for (size_t i = 0; i < d->n_signals; i++) {
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", d->signals[i]);
    }
    commands_refuse(c, PROBLEM_NOT_FOUND,
                    "No wait of '%s' has the signal '%s'; it knows: %s", d->name,
                    c->of.signal.name, names.n > 0 ? buf_text(&names) : "none");
    buf_done(&names);
    return false;
}

static void refuse_signal(struct engine *e, struct command *c)
{
    if (e->saga.state == SAGA_FORWARD || e->saga.state == SAGA_LINED_UP) {
        commands_refuse(
            c, PROBLEM_RATE_LIMITED,
            "The saga keeps %d signals '%s' already, or %d in all; none can be taken "
            "until a wait has taken one",
            LIMIT_SIGNALS_KEPT, c->of.signal.name, LIMIT_SIGNALS_ALL);
    } else {
        commands_refuse(c, PROBLEM_INVALID_STATE, "The saga is %s and takes no signal",
                        saga_status_name(saga_status_of(&e->saga)));
    }
}

static void take_signal(struct engine *e, struct resident *r, struct command *c)
{
    struct json_span body =
        c->of.signal.body.at != NULL ? c->of.signal.body : JSON_SPAN_TEXT("null");
    struct record record = {.event = {.kind = SAGA_EV_SIGNALLED},
                            .actor = c->actor,
                            .detail = c->of.signal.name, /* For who reads the journal. */
                            .request_id = c->request_id,
                            .body = body.at,
                            .body_n = body.n};

    if (!find_signal(r, c, &record.event.signal)) {
        return;
    }
    if (turn_apply(e, r, &record) != SAGA_APPLIED) {
        refuse_signal(e, c);
        return;
    }
    c->revision = e->saga.turn;
    commands_keep_replay(e, c, r->num, NULL);
    batch_add_answer(engine_batch(e), c, r->num);
}

static void refuse_load(struct command *c, enum err err, const struct err_info *info,
                        const char *what)
{
    if (err == ERR_NOT_FOUND) {
        commands_refuse(c, PROBLEM_NOT_FOUND, "%s", what);
    } else {
        commands_refuse_unread(c, err, info);
    }
}

void commands_signal(struct engine *e, struct command *c)
{
    struct resident *r;
    struct err_info info;
    enum err err;

    if (commands_replay(e, c)) {
        return;
    }
    err = load_id(e, c->of.signal.id, &r, &info);
    if (err != ERR_OK) {
        refuse_load(c, err, &info,
                    arena_printf(c->arena, "There is no saga '%s'", c->of.signal.id));
        return;
    }
    take_signal(e, r, c);
    if (r->n_uncommitted == 0) {
        turn_let_go(e, r);
    }
}

/* ---- callbacks
 * ---------------------------------------------------------------------------- */

/* The callback's body as .response, for rejectWhen. */
static struct json_span response_of(struct engine *e, struct json_span body)
{
    struct buf text;
    struct json_out out;
    char *kept;
    size_t n;

    buf_init(&text, 2 * (size_t)LIMIT_BODY_BYTES);
    json_out_init(&out, &text);
    json_open_object(&out);
    json_key(&out, "status");
    json_nothing(&out);
    json_key(&out, "headers");
    json_open_object(&out);
    json_close_object(&out);
    json_key(&out, "body");
    json_raw(&out, body);
    json_close_object(&out);
    n = text.n;
    kept = arena_copy(e->scratch, text.bytes, n);
    buf_done(&text);
    return json_span_of(kept, n);
}

/* Does the body say that the action was refused? A condition that fails leaves it open.
 */
static enum outcome judge(struct engine *e, struct resident *r,
                          const struct capability *at, struct json_span body,
                          struct err_info *info)
{
    const struct definition *d = r->entry->definition;
    struct render_scope scope;
    bool is_rejected = false;

    if (d->steps[at->step].action->reject_when == NULL) {
        return OUTCOME_SUCCEEDED;
    }
    turn_load_state(e, r);
    docs_scope(
        r->docs, &e->saga,
        (struct docs_place){.step = at->step, .item = at->item, .call = CALL_ACTION},
        &scope);
    scope.response = response_of(e, body);
    if (render_condition(d, d->steps[at->step].action->reject_when, &scope, e->scratch,
                         &is_rejected, info) != ERR_OK) {
        return OUTCOME_UNKNOWN;
    }
    return is_rejected ? OUTCOME_REJECTED : OUTCOME_SUCCEEDED;
}

/* Used, or too late: kept with the call (S18). */
static void keep_late(struct engine *e, const struct capability *at,
                      struct record *record)
{
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_LATE);
    struct buf data;

    buf_init(&data, 2 * (size_t)LIMIT_BODY_BYTES);
    record_encode(record, &data);
    op->of.late = (struct store_late){
        .saga = at->saga,
        .step = at->step,
        .item = at->item,
        .call = CALL_ACTION,
        .at_ms = e->now_ms,
        .data = {arena_copy(b->ops.arena, data.bytes, data.n), data.n}};
    buf_done(&data);
}

static void take_callback(struct engine *e, struct resident *r,
                          const struct capability *at, struct command *c)
{
    struct json_span body =
        c->of.callback.body.at != NULL ? c->of.callback.body : JSON_SPAN_TEXT("null");
    struct err_info info = {""};
    struct record record = {.event = {.kind = SAGA_EV_CALLED_BACK,
                                      .step = at->step,
                                      .item = at->item,
                                      .call = CALL_ACTION},
                            .request_id = c->request_id,
                            .body = body.at,
                            .body_n = body.n};

    record.event.outcome = judge(e, r, at, body, &info);
    record.detail = info.text[0] != '\0' ? info.text : NULL;
    if (record.event.outcome == OUTCOME_UNKNOWN) {
        commands_refuse(c, PROBLEM_INPUT_INVALID, "rejectWhen fails on this body: %s",
                        info.text);
    } else if (turn_apply(e, r, &record) == SAGA_APPLIED) {
        batch_add_answer(engine_batch(e), c, r->num);
    } else {
        keep_late(e, at, &record);
        c->problem = PROBLEM_GONE;
        (void)err_set(&c->detail, ERR_CONFLICT, "%s",
                      "This callback was used, or the saga no longer waits for it");
        batch_add_answer(engine_batch(e), c, r->num);
    }
}

void commands_callback(struct engine *e, struct command *c)
{
    struct capability at;
    struct resident *r;
    struct err_info info;
    enum err err = ERR_NOT_FOUND;

    if (capability_read(e->callback_key, c->of.callback.token, &at)) {
        err = load_saga(e, at.saga, &r, &info);
    }
    if (err != ERR_OK) {
        refuse_load(c, err, &info, "There is no such callback");
        return;
    }
    err = load_docs(e, r, &info);
    if (err != ERR_OK) {
        refuse_load(c, err, &info, "There is no such callback");
    } else if (at.step >= r->entry->definition->plan->n_nodes ||
               r->entry->definition->steps[at.step].action == NULL) {
        commands_refuse(c, PROBLEM_NOT_FOUND, "There is no such callback");
    } else {
        take_callback(e, r, &at, c);
    }
    arena_reset(e->scratch);
    if (r->n_uncommitted == 0) {
        turn_let_go(e, r);
    }
}
