/* saga_json.c - see saga_json.h. */
#include "adminapi/saga_json.h"

#include <inttypes.h>
#include <string.h>

#include "adminapi/redact.h"
#include "engine/core/legal.h"
#include "engine/view/saga_text.h"
#include "engine/view/trace.h"

#define ITEMS_SHOWN 100 /* Of a forEach in the saga itself. */

static void put_json(struct json_out *o, const char *name, const char *text,
                     struct json_span otherwise)
{
    json_key(o, name);
    json_raw(o, text != NULL ? json_span_of(text, strlen(text)) : otherwise);
}

void saga_json_actions(struct json_out *o, const struct saga *s, const struct plan *plan)
{
    static const enum saga_event_kind kinds[] = {
        SAGA_EV_RETRY,  SAGA_EV_SKIP,  SAGA_EV_RESOLVE, SAGA_EV_CLOSE,
        SAGA_EV_CANCEL, SAGA_EV_PAUSE, SAGA_EV_RESUME};

    json_open_array(o);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (legal_is_offered(s, plan, kinds[i])) {
            json_text(o, saga_event_name(kinds[i]));
        }
    }
    json_close_array(o);
}

/* ---- steps
 * ----------------------------------------------------------------------------- */

static struct redact redact_of(const struct definition_call *call)
{
    if (call == NULL) {
        return (struct redact){NULL, 0};
    }
    return (struct redact){call->redact, call->n_redact};
}

void saga_json_output(struct json_out *o, const struct docs_answer *output,
                      const struct definition_call *action)
{
    const struct redact redact = redact_of(action);

    json_key(o, "output");
    json_open_object(o);
    if (output->http_status != 0) {
        json_put_number(o, "status", output->http_status);
    }
    json_key(o, "body");
    redact_body(o, &redact, "response.body", output->body, output->body_n,
                !output->is_json);
    json_close_object(o);
}

static void put_error(struct json_out *o, const struct view_step *step)
{
    json_key(o, "lastError");
    json_open_object(o);
    json_put(o, "outcome", outcome_name(step->error_outcome));
    if (step->error_status != 0) {
        json_put_number(o, "httpStatus", step->error_status);
    }
    if (step->error_detail != NULL) {
        json_put(o, "detail", step->error_detail);
    }
    json_close_object(o);
}

/* Counts, and how the first ones stand; all of them have a route of their own. */
static void put_items(struct json_out *o, const struct view *v, uint16_t n)
{
    const struct view_step *step = &v->steps[n];

    json_key(o, "items");
    json_open_object(o);
    json_put_number(o, "total", step->items_total);
    json_put_number(o, "settled", step->items_settled);
    json_key(o, "first");
    json_open_array(o);
    for (uint32_t i = 0; i < step->items_total && i < ITEMS_SHOWN; i++) {
        json_open_object(o);
        json_put_number(o, "item", i);
        json_put(o, "status", saga_item_status(v->state, v->definition->plan, n, i));
        json_close_object(o);
    }
    json_close_array(o);
    json_close_object(o);
}

static void put_time_if(struct json_out *o, const char *name, uint64_t ms)
{
    if (ms != 0) {
        json_put_time(o, name, ms);
    }
}

static void put_step(struct json_out *o, const struct view *v, uint16_t n)
{
    const struct view_step *step = &v->steps[n];
    const struct definition_step *d = &v->definition->steps[n];

    json_open_object(o);
    json_put(o, "id", step->id);
    json_put(o, "status", step->status);
    json_put_number(o, "attempts", step->attempts);
    put_time_if(o, "startedAt", step->started_ms);
    put_time_if(o, "endedAt", step->ended_ms);
    put_time_if(o, "nextAttemptAt", step->next_attempt_ms);
    if (step->in_doubt) {
        json_put_flag(o, "inDoubt", true);
    }
    if (step->by_hand) {
        json_put_flag(o, "byHand", true);
    }
    if (step->items_total > 0) {
        put_items(o, v, n);
    }
    if (step->has_output) {
        saga_json_output(o, &step->output, d->action);
    }
    if (step->child != NULL && step->child_item == SAGA_NO_ITEM) {
        json_put(o, "child", step->child);
    }
    if (step->has_error) {
        put_error(o, step);
    }
    json_close_object(o);
}

static void put_steps(struct json_out *o, const struct view *v)
{
    json_key(o, "steps");
    json_open_array(o);
    for (uint16_t i = 1; i < v->definition->plan->n_nodes; i++) {
        put_step(o, v, i);
    }
    json_close_array(o);
}

/* ---- saga
 * ------------------------------------------------------------------------------- */

static void put_links(struct json_out *o, const char *id, struct arena *a)
{
    json_key(o, "links");
    json_open_object(o);
    json_put(o, "self", arena_join(a, "/v1/sagas/", id, NULL));
    json_put(o, "journal", arena_join(a, "/v1/sagas/", id, "/journal", NULL));
    json_put(o, "calls", arena_join(a, "/v1/sagas/", id, "/calls", NULL));
    json_close_object(o);
}

static void put_identity(struct json_out *o, const struct store_saga *row,
                         const char *definition, uint32_t version)
{
    json_put(o, "id", row->id);
    json_put(o, "definition", definition);
    json_put_number(o, "version", version);
    json_put(o, "key", row->key);
    put_json(o, "labels", row->labels, JSON_SPAN_TEXT("{}"));
}

static void put_standing(struct json_out *o, const struct view *v)
{
    json_put(o, "status", saga_status_name(saga_status_of(v->state)));
    json_put_flag(o, "paused", (v->state->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0);
    json_put_number(o, "revision", (int64_t)v->state->turn);
    json_put(o, "why", v->why);
}

void saga_json_write(struct json_out *o, const struct view *v, bool is_noted,
                     struct arena *a)
{
    json_open_object(o);
    put_identity(o, &v->row, v->definition->name, v->version);
    put_standing(o, v);
    put_steps(o, v);
    json_key(o, "input");
    json_raw(o, v->input.at != NULL ? v->input : JSON_SPAN_TEXT("null"));
    put_json(o, "output", v->output, JSON_SPAN_TEXT("null"));
    if (v->output_error != NULL) {
        json_put(o, "outputError", v->output_error);
    }
    json_put_time(o, "startedAt", v->row.started_ms);
    json_put_time(o, "updatedAt", v->row.updated_ms);
    json_put_time(o, "endedAt", v->row.ended_ms);
    json_put_time(o, "deadline", v->state->deadline_ms);
    json_key(o, "actions");
    saga_json_actions(o, v->state, v->definition->plan);
    if (is_noted) {
        json_put_flag(o, "noted", true);
    }
    json_put(o, "traceparent", trace_of_saga(a, v->row.id, v->row.traceparent));
    put_links(o, v->row.id, a);
    json_close_object(o);
}

void saga_json_summary(struct json_out *o, const struct store_saga *row,
                       const struct view *v, uint64_t revision, struct arena *a)
{
    json_open_object(o);
    put_identity(o, row, row->definition_name, row->definition_version);
    if (v != NULL) {
        put_standing(o, v);
    } else {
        json_put(o, "status", saga_status_name(row->status));
        json_put_flag(o, "paused", row->is_paused);
        json_put_number(o, "revision", (int64_t)revision);
        json_put(o, "why", NULL);
    }
    json_put(o, "stuckStep", row->stuck_step);
    json_put_time(o, "startedAt", row->started_ms);
    json_put_time(o, "updatedAt", row->updated_ms);
    json_put_time(o, "endedAt", row->ended_ms);
    json_key(o, "actions");
    if (v != NULL) {
        saga_json_actions(o, v->state, v->definition->plan);
    } else {
        json_open_array(o);
        json_close_array(o);
    }
    put_links(o, row->id, a);
    json_close_object(o);
}

/* ---- journal
 * ------------------------------------------------------------------------------ */

static const char *step_id(const struct definition *d, uint16_t step)
{
    return step > 0 && step < d->plan->n_nodes ? d->steps[step].id : NULL;
}

static void put_text_if(struct json_out *o, const char *name, const char *text)
{
    if (text != NULL && text[0] != '\0') {
        json_put(o, name, text);
    }
}

/* Which of the event's members mean something depends on its kind. */
static bool has_call(enum saga_event_kind kind)
{
    return kind == SAGA_EV_GRANTED || kind == SAGA_EV_ANSWERED || kind == SAGA_EV_LOST ||
           kind == SAGA_EV_RETURNED;
}

static void put_event(struct json_out *o, const struct definition *d,
                      const struct saga_event *ev)
{
    const char *step = step_id(d, ev->step);

    put_text_if(o, "step", step);
    if (step != NULL && ev->item != SAGA_NO_ITEM &&
        d->plan->nodes[ev->step].each != PLAN_NONE) {
        json_put_number(o, "item", ev->item);
    }
    if (has_call(ev->kind)) {
        json_put(o, "operation", call_name_of(ev->call));
    }
    if (ev->kind == SAGA_EV_RESOLVE) {
        json_put(o, "outcome", ev->is_applied ? "applied" : "not-applied");
    } else if (ev->outcome != OUTCOME_NONE) {
        json_put(o, "outcome", outcome_name(ev->outcome));
    }
}

/* What there is to say in words: how the call went, then what came of it. */
static const char *detail_of(const struct record *r, struct arena *a)
{
    const char *const parts[] = {r->detail, r->note, r->output_error, r->notify_error};
    const char *text = NULL;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i] != NULL && parts[i][0] != '\0') {
            text = text == NULL ? parts[i] : arena_printf(a, "%s; %s", text, parts[i]);
        }
    }
    return text;
}

void saga_json_turn(struct json_out *o, const struct definition *d,
                    const struct store_turn *turn, struct arena *a)
{
    struct record record;

    json_open_object(o);
    json_put_number(o, "turn", (int64_t)turn->turn);
    json_put_time(o, "time", turn->at_ms);
    json_put(o, "event", saga_event_name(turn->event));
    if (record_decode(turn->data.at, turn->data.n, a, &record)) {
        put_event(o, d, &record.event);
        put_text_if(o, "actor", record.actor);
        put_text_if(o, "reason", record.reason);
        put_text_if(o, "detail", detail_of(&record, a));
    }
    json_close_object(o);
}
