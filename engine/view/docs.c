/* docs.c - see docs.h. What is kept of each turn; docs_scope.c shows it. */
#include "engine/view/docs.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "engine/view/docs_parts.h"

/* ---- making and freeing -------------------------------------------------------------
 */

static void write_saga(struct docs *d, const struct docs_start *start)
{
    struct json_out out;

    buf_init(&d->saga, LIMIT_BODY_BYTES);
    json_out_init(&out, &d->saga);
    json_open_object(&out);
    json_put(&out, "id", start->id);
    json_put(&out, "key", start->key);
    json_put(&out, "definition", start->definition->name);
    json_put_number(&out, "version", start->version);
    json_put_time(&out, "startedAt", start->started_ms);
    json_close_object(&out);
}

struct docs *docs_create(const struct docs_start *start, bool keeps_all)
{
    const size_t n = start->definition->plan->n_nodes;
    const size_t bytes = sizeof(struct docs) + n * sizeof(struct docs_step *);
    struct docs *d = mem_alloc(bytes);

    d->definition = start->definition;
    d->keeps_all = keeps_all;
    d->vars = start->vars;
    if (start->input.at != NULL) {
        d->input = mem_copy(start->input.at, start->input.n);
        d->input_n = start->input.n;
    }
    write_saga(d, start);
    buf_init(&d->error, DOCS_JSON_MAX);
    d->bytes = bytes + d->input_n + d->saga.room;
    return d;
}

static void answer_done(struct docs_given *answer)
{
    free((void *)answer->headers);
    free((void *)answer->body);
}

static void values_destroy(struct docs_values *values)
{
    while (values != NULL) {
        struct docs_values *next = values->next;

        free(values);
        values = next;
    }
}

static void step_destroy(struct docs_step *step)
{
    if (step == NULL) {
        return;
    }
    answer_done(&step->answer);
    for (uint32_t i = 0; i < step->items_room; i++) {
        answer_done(&step->items[i].answer);
    }
    free(step->items);
    values_destroy(step->values);
    buf_done(&step->json);
    free(step);
}

void docs_destroy(struct docs *d)
{
    if (d == NULL) {
        return;
    }
    for (uint16_t i = 0; i < d->definition->plan->n_nodes; i++) {
        step_destroy(d->steps[i]);
    }
    for (size_t i = 0; i < d->n_signals; i++) {
        free(d->signals[i].body);
    }
    free(d->signals);
    free(d->input);
    buf_done(&d->saga);
    buf_done(&d->error);
    free(d);
}

size_t docs_bytes(const struct docs *d)
{
    return d->bytes;
}

/* ---- parts, made when first needed --------------------------------------------------
 */

struct docs_step *docs_step_at(struct docs *d, uint16_t step)
{
    assert(step < d->definition->plan->n_nodes);
    if (d->steps[step] == NULL) {
        d->steps[step] = mem_alloc(sizeof(struct docs_step));
        buf_init(&d->steps[step]->json, DOCS_JSON_MAX);
        d->bytes += sizeof(struct docs_step);
    }
    return d->steps[step];
}

static struct docs_item *item_at(struct docs *d, uint16_t step, uint32_t item)
{
    struct docs_step *s = docs_step_at(d, step);
    uint32_t room = s->items_room > 0 ? s->items_room : 8;

    assert(item < LIMIT_ITEMS);
    while (room <= item) {
        room *= 2;
    }
    if (room > s->items_room) {
        s->items = mem_grow(s->items, room * sizeof(s->items[0]));
        memset(s->items + s->items_room, 0, (room - s->items_room) * sizeof(s->items[0]));
        d->bytes += (room - s->items_room) * sizeof(s->items[0]);
        s->items_room = room;
    }
    return &s->items[item];
}

const struct docs_item *docs_item_find(const struct docs *d, uint16_t step, uint32_t item)
{
    const struct docs_step *s = d->steps[step];

    return s != NULL && item < s->items_room ? &s->items[item] : NULL;
}

/* ---- signals --------------------------------------------------------------------------
 */

static struct docs_kept_signal *signal_find(const struct docs *d, uint64_t turn)
{
    for (size_t i = 0; i < d->n_signals; i++) {
        if (d->signals[i].turn == turn) {
            return &d->signals[i];
        }
    }
    return NULL;
}

struct json_span docs_signal(const struct docs *d, uint64_t turn)
{
    const struct docs_kept_signal *kept = signal_find(d, turn);

    if (kept != NULL) {
        return (struct json_span){kept->body, kept->n};
    }
    if (d->record != NULL && d->turn == turn &&
        d->record->event.kind == SAGA_EV_SIGNALLED) {
        return (struct json_span){d->record->body, d->record->body_n};
    }
    return JSON_SPAN_NONE;
}

static void keep_signal(struct docs *d)
{
    if (d->record->body == NULL) {
        return;
    }
    if (d->n_signals == d->signals_room) {
        d->signals_room = d->signals_room > 0 ? 2 * d->signals_room : 4;
        d->signals = mem_grow(d->signals, d->signals_room * sizeof(d->signals[0]));
    }
    d->signals[d->n_signals++] = (struct docs_kept_signal){
        d->turn, mem_copy(d->record->body, d->record->body_n), d->record->body_n};
    d->bytes += d->record->body_n;
}

static void forget_signal(struct docs *d, uint64_t turn)
{
    struct docs_kept_signal *kept = signal_find(d, turn);

    if (kept != NULL) {
        d->bytes -= kept->n;
        free(kept->body);
        *kept = d->signals[--d->n_signals];
    }
}

/* ---- answers
 * ---------------------------------------------------------------------------- */

static bool has_json(const struct record *r)
{
    return r->body != NULL && !r->is_truncated && json_is_valid(r->body, r->body_n);
}

static struct docs_given given(const struct record *r)
{
    return (struct docs_given){.is_there = true,
                               .is_truncated = r->is_truncated,
                               .is_json = has_json(r),
                               .http_status = r->http_status,
                               .headers = r->headers,
                               .body = r->body,
                               .body_n = r->body_n};
}

/* The attempt's answer, if it is the step's. */
static bool merge_answered(const struct record *r, struct docs_given *answer)
{
    const struct saga_event *ev = &r->event;
    const struct docs_given old = *answer;

    if (ev->call == CALL_CONFIRM && ev->confirm == SAGA_CONFIRM_APPLIED) {
        *answer = given(r); /* S17 */
        return true;
    }
    if (ev->call != CALL_ACTION || ev->outcome != OUTCOME_SUCCEEDED) {
        return false;
    }
    *answer = given(r);
    if (old.has_callback) { /* S18: the callback came first. */
        answer->has_callback = true;
        answer->body = old.body;
        answer->body_n = old.body_n;
        answer->is_truncated = old.is_truncated;
        answer->is_json = old.is_json;
    }
    return true;
}

static bool merge_called_back(const struct record *r, struct docs_given *answer)
{
    if (r->event.outcome != OUTCOME_SUCCEEDED) {
        return false;
    }
    answer->is_there = true;
    answer->has_callback = true;
    answer->is_truncated = false;
    answer->is_json = has_json(r);
    answer->body = r->body;
    answer->body_n = r->body_n;
    return true;
}

static bool takes(const struct record *r, uint16_t step, uint64_t *turn_out)
{
    for (size_t i = 0; i < r->n_takes; i++) {
        if (r->takes[i].step == step) {
            *turn_out = r->takes[i].turn;
            return true;
        }
    }
    return false;
}

bool docs_is_touched(const struct docs *d, uint16_t step)
{
    uint64_t turn;

    return d->record != NULL &&
           (d->record->event.step == step || takes(d->record, step, &turn));
}

static bool is_given_by_hand(const struct record *r)
{
    return r->event.kind == SAGA_EV_SKIP ||
           (r->event.kind == SAGA_EV_RESOLVE && r->event.is_applied && r->body != NULL);
}

static bool is_child_done(const struct record *r)
{
    return r->event.kind == SAGA_EV_CHILD_ENDED &&
           r->event.child_status == SAGA_STATUS_COMPLETED;
}

/* What the turn being made makes of the answer of (step, item); its texts are borrowed.
 * False: nothing. */
static bool merge(const struct docs *d, uint16_t step, uint32_t item,
                  struct docs_given *answer)
{
    const struct record *r = d->record;
    uint64_t turn;

    if (r == NULL) {
        return false;
    }
    if (item == SAGA_NO_ITEM && takes(r, step, &turn)) {
        const struct json_span body = docs_signal(d, turn);

        *answer = (struct docs_given){.is_there = true,
                                      .is_json = body.at != NULL,
                                      .body = body.at,
                                      .body_n = body.n};
        return true;
    }
    if (r->event.step != step || r->event.item != item) {
        return false;
    }
    if (r->event.kind == SAGA_EV_ANSWERED) {
        return merge_answered(r, answer);
    }
    if (r->event.kind == SAGA_EV_CALLED_BACK) {
        return merge_called_back(r, answer);
    }
    if (is_given_by_hand(r) || is_child_done(r)) {
        *answer = given(r);
        return true;
    }
    return false;
}

static struct docs_given answer_kept(const struct docs *d, uint16_t step, uint32_t item)
{
    const struct docs_item *i;

    if (item == SAGA_NO_ITEM) {
        return d->steps[step] != NULL ? d->steps[step]->answer : (struct docs_given){0};
    }
    i = docs_item_find(d, step, item);
    return i != NULL ? i->answer : (struct docs_given){0};
}

/* As it stands now, with the turn being made. */
struct docs_given docs_given_now(const struct docs *d, uint16_t step, uint32_t item)
{
    struct docs_given answer = answer_kept(d, step, item);

    (void)merge(d, step, item, &answer); /* Nothing new: it stays as kept. */
    return answer;
}

bool docs_answer_of(const struct docs *d, uint16_t step, uint32_t item,
                    struct docs_answer *out)
{
    const struct docs_given answer = docs_given_now(d, step, item);

    if (!answer.is_there) {
        return false;
    }
    *out = (struct docs_answer){.http_status = answer.http_status,
                                .headers = answer.headers,
                                .body = answer.body,
                                .body_n = answer.body_n,
                                .is_json = answer.is_json,
                                .is_truncated = answer.is_truncated};
    return true;
}

/* ---- taking a turn in ----------------------------------------------------------------
 */

static bool keeps(const struct docs *d, uint16_t step, uint32_t item)
{
    return d->definition->steps[step].is_read ||
           d->definition->plan->nodes[step].undo_reads_answer ||
           (d->keeps_all && item == SAGA_NO_ITEM);
}

static void own_text(struct docs *d, const char **kept, size_t kept_n, const char *text,
                     size_t n)
{
    if (text != *kept) {
        d->bytes += n;
        d->bytes -= kept_n;
        free((void *)*kept);
        *kept = text != NULL ? mem_copy(text, n) : NULL;
    }
}

static size_t length(const char *text)
{
    return text != NULL ? strlen(text) : 0;
}

static void keep_answer(struct docs *d, uint16_t step, uint32_t item)
{
    struct docs_given new = answer_kept(d, step, item);
    struct docs_given *kept;

    if (!keeps(d, step, item) || !merge(d, step, item, &new)) {
        return;
    }
    kept = item == SAGA_NO_ITEM ? &docs_step_at(d, step)->answer
                                : &item_at(d, step, item)->answer;
    own_text(d, &kept->headers, length(kept->headers), new.headers, length(new.headers));
    own_text(d, &kept->body, kept->body_n, new.body, new.body_n);
    new.headers = kept->headers;
    new.body = kept->body;
    *kept = new;
}

/* The step's JSON is not what it was. */
static void touch(struct docs *d, uint16_t step)
{
    if (d->steps[step] != NULL) {
        d->steps[step]->changed = d->turn;
    }
}

static void keep_sends(struct docs *d)
{
    for (size_t i = 0; i < d->record->n_sends; i++) {
        const struct record_send *send = &d->record->sends[i];

        if (send->item != SAGA_NO_ITEM && send->call == CALL_ACTION &&
            keeps(d, send->step, send->item)) {
            item_at(d, send->step, send->item)->attempts = send->attempt;
        }
    }
}

static void keep_takes(struct docs *d)
{
    for (size_t i = 0; i < d->record->n_takes; i++) {
        keep_answer(d, d->record->takes[i].step, SAGA_NO_ITEM);
        touch(d, d->record->takes[i].step);
    }
    for (size_t i = 0; i < d->record->n_takes; i++) {
        forget_signal(d, d->record->takes[i].turn);
    }
}

void docs_begin(struct docs *d, uint64_t turn, const struct record *r)
{
    assert(d->record == NULL && turn > 0);
    d->record = r;
    d->turn = turn;
}

void docs_take(struct docs *d, const struct saga *after)
{
    uint16_t step;

    assert(d->record != NULL);
    step = d->record->event.step;
    if (after != NULL && after->error_turn == d->turn) {
        docs_write_error(d, after);
    }
    if (d->record->event.kind == SAGA_EV_SIGNALLED) {
        keep_signal(d);
    }
    keep_takes(d);
    keep_sends(d);
    if (step < d->definition->plan->n_nodes) { /* Else the event is the saga's. */
        keep_answer(d, step, d->record->event.item);
        touch(d, step);
    }
    d->record = NULL;
}

void docs_drop(struct docs *d)
{
    assert(d->record != NULL);
    for (uint16_t i = 0; i < d->definition->plan->n_nodes; i++) {
        if (d->steps[i] != NULL && d->steps[i]->json_key.changed == d->turn) {
            d->steps[i]->has_json = false;
        }
    }
    if (d->error_turn == d->turn) {
        d->error_turn = 0;
    }
    d->record = NULL;
}

void docs_take_items(struct docs *d, uint16_t step, uint32_t first,
                     struct json_span values)
{
    struct docs_step *s = docs_step_at(d, step);
    struct docs_values *kept = mem_alloc(sizeof(*kept) + values.n);
    struct json_walk walk;
    struct json_span value;

    assert(json_span_kind(values) == JSON_KIND_ARRAY);
    memcpy(kept->text, values.at, values.n);
    kept->next = s->values;
    s->values = kept;
    d->bytes += sizeof(*kept) + values.n;
    walk = json_walk_of((struct json_span){kept->text, values.n});
    for (uint32_t i = first; json_walk_next(&walk, NULL, &value); i++) {
        item_at(d, step, i)->value = value;
    }
}

bool docs_has_item(const struct docs *d, uint16_t step, uint32_t item)
{
    const struct docs_item *i = docs_item_find(d, step, item);

    return i != NULL && i->value.at != NULL;
}
