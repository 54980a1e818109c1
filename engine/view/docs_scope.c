/* docs_scope.c - what expressions see of what docs.c keeps. */
#include "engine/view/docs_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "engine/view/saga_text.h"

/* ---- .steps.<id>
 * ----------------------------------------------------------------------- */

static void write_body(struct buf *out, const struct docs_given *answer)
{
    if (answer->body_n == 0) {
        buf_add_text(out, "null");
    } else if (answer->is_json) {
        const struct json_span body = json_span_of(answer->body, answer->body_n);

        buf_add(out, body.at, body.n);
    } else {
        json_put_text(out, answer->body, answer->body_n);
    }
}

/* Of a forEach ten thousand of these are made in one turn: hence no writer that is
 * called for each name. */
static void write_answer(struct buf *out, const struct docs_given *answer,
                         struct saga_record record, uint32_t attempts)
{
    buf_add_text(out, "{\"outcome\":\"");
    buf_add_text(out, outcome_name((enum outcome)record.outcome));
    if (answer->http_status != 0) {
        buf_printf(out, "\",\"status\":%d,\"headers\":", answer->http_status);
    } else {
        buf_add_text(out, "\",\"status\":null,\"headers\":");
    }
    buf_add_text(out, answer->headers != NULL ? answer->headers : "{}");
    buf_add_text(out, ",\"body\":");
    write_body(out, answer);
    buf_printf(out, ",\"attempts\":%" PRIu32 "}", attempts);
}

/* A step that its `when` or its definition passed over has no answer to show. */
static bool is_passed_over(struct saga_record record)
{
    return record.outcome == OUTCOME_SKIPPED && !record.by_hand;
}

static void write_item(struct docs *d, struct buf *out, uint16_t step, uint32_t item,
                       struct saga_record record)
{
    const struct docs_item *kept = docs_item_find(d, step, item);
    const struct docs_given answer = docs_given_now(d, step, item);

    if (record.outcome == OUTCOME_NONE || record.outcome == OUTCOME_IGNORED ||
        is_passed_over(record)) {
        buf_add_text(out, "null");
    } else {
        write_answer(out, &answer, record, kept != NULL ? kept->attempts : 0);
    }
}

static void write_items(struct docs *d, struct buf *out, uint16_t step)
{
    const struct saga *now = d->now;
    const uint16_t each = d->definition->plan->nodes[step].each;
    uint32_t item = 0;
    uint16_t run = 0;

    for (uint16_t e = 0; e < each; e++) {
        run = (uint16_t)(run + now->eachs[e].n_runs);
    }
    buf_add_char(out, '[');
    for (uint16_t i = 0; i < now->eachs[each].n_runs; i++) {
        for (uint32_t k = 0; k < now->runs[run + i].n; k++, item++) {
            if (item > 0) {
                buf_add_char(out, ',');
            }
            write_item(d, out, step, item, now->runs[run + i].record);
        }
    }
    buf_add_char(out, ']');
}

static struct docs_key key_of(const struct docs *d, uint16_t step)
{
    const uint16_t each = d->definition->plan->nodes[step].each;
    const struct saga_step *s = &d->now->steps[step];
    struct docs_key key = {
        .changed = docs_is_touched(d, step) ? d->turn : d->steps[step]->changed,
        .attempts = s->attempts,
        .outcome = s->record.outcome,
        .by_hand = s->record.by_hand,
    };

    if (each != PLAN_NONE) {
        key.n_items = d->now->eachs[each].next;
        key.is_undoing = (d->now->flags & (uint32_t)SAGA_FLAG_UNDOING) != 0;
    }
    return key;
}

static bool is_same(const struct docs_key *x, const struct docs_key *y)
{
    return x->changed == y->changed && x->attempts == y->attempts &&
           x->n_items == y->n_items && x->outcome == y->outcome &&
           x->by_hand == y->by_hand && x->is_undoing == y->is_undoing;
}

static void build_step(struct docs *d, struct docs_step *s, uint16_t step)
{
    const size_t room = s->json.room;

    buf_clear(&s->json);
    if (d->definition->plan->nodes[step].each != PLAN_NONE) {
        write_items(d, &s->json, step);
    } else {
        const struct docs_given answer = docs_given_now(d, step, SAGA_NO_ITEM);

        write_answer(&s->json, &answer, d->now->steps[step].record,
                     d->now->steps[step].attempts);
    }
    d->bytes += s->json.room - room;
}

/* render_scope's: .steps.<id> as the saga stands. */
static struct json_span step_json(void *user, uint16_t step)
{
    struct docs *d = user;
    const struct saga_record record = d->now->steps[step].record;
    const bool is_own = d->place.step == step && d->place.call == CALL_COMPENSATION;
    struct docs_step *s;
    struct docs_key key;

    if (is_passed_over(record)) {
        return JSON_SPAN_TEXT("null");
    }
    if (record.outcome == OUTCOME_NONE &&
        (!is_own || d->definition->plan->nodes[step].each == PLAN_NONE)) {
        return JSON_SPAN_NONE;
    }
    s = docs_step_at(d, step);
    key = key_of(d, step);
    if (!s->has_json || !is_same(&key, &s->json_key)) {
        build_step(d, s, step);
        s->json_key = key;
        s->has_json = true;
    }
    return s->json.is_over ? JSON_SPAN_NONE
                           : (struct json_span){s->json.bytes, s->json.n};
}

/* ---- .error
 * ------------------------------------------------------------------------------ */

/* How the step that turned the saga back ended, or what else did. */
static const char *error_outcome(const struct docs *d, const struct saga *now)
{
    struct saga_record record;

    if (now->error_step == PLAN_NONE) {
        const bool is_overdue = d->record->event.kind == SAGA_EV_DEADLINE ||
                                (now->flags & (uint32_t)SAGA_FLAG_CANCELLED) == 0;

        return is_overdue ? "overdue" : "cancelled";
    }
    record =
        now->error_item == SAGA_NO_ITEM
            ? now->steps[now->error_step].record
            : saga_item_of(now, d->definition->plan, now->error_step, now->error_item);
    return outcome_name((enum outcome)record.outcome);
}

/* From the turn being made, which is the saga's error_turn: kept as it is now, since a
 * repeated compensation must render the same whatever operators say later (S3). */
void docs_write_error(struct docs *d, const struct saga *now)
{
    const struct record *r = d->record;
    const size_t room = d->error.room;
    struct json_out out;

    if (d->error_turn == d->turn) {
        return;
    }
    buf_clear(&d->error);
    json_out_init(&out, &d->error);
    json_open_object(&out);
    json_put(&out, "step",
             now->error_step == PLAN_NONE ? NULL
                                          : d->definition->steps[now->error_step].id);
    json_put(&out, "outcome", error_outcome(d, now));
    json_key(&out, "status");
    if (r->http_status != 0) {
        json_number(&out, r->http_status);
    } else {
        json_nothing(&out);
    }
    json_put(&out, "detail",
             r->detail != NULL ? r->detail : (r->reason != NULL ? r->reason : r->note));
    json_close_object(&out);
    d->error_turn = d->turn;
    d->bytes += d->error.room - room;
}

static struct json_span error_json(struct docs *d, const struct saga *now)
{
    if (now->error_turn == 0) {
        return JSON_SPAN_NONE;
    }
    if (d->record != NULL && now->error_turn == d->turn) {
        docs_write_error(d, now);
    }
    return d->error_turn == now->error_turn
               ? (struct json_span){d->error.bytes, d->error.n}
               : JSON_SPAN_NONE;
}

/* ---- the scope
 * ------------------------------------------------------------------------- */

void docs_scope(struct docs *d, const struct saga *now, struct docs_place place,
                struct render_scope *out)
{
    const struct docs_item *item;

    d->now = now;
    d->place = place;
    *out = (struct render_scope){
        .input = {d->input, d->input_n},
        .vars = d->vars,
        .saga = {d->saga.bytes, d->saga.n},
        .step = step_json,
        .user = d,
    };
    if (place.call == CALL_COMPENSATION) {
        out->error = error_json(d, now);
    }
    if (place.item == SAGA_NO_ITEM) {
        return;
    }
    item = docs_item_find(d, place.step, place.item);
    if (item != NULL && item->value.at != NULL) {
        out->item = item->value;
    }
    out->index.at = d->index;
    out->index.n = (size_t)snprintf(d->index, sizeof(d->index), "%" PRIu32, place.item);
}
