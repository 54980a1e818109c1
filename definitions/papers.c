/* papers.c - see papers.h. */
#include "definitions/papers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "definitions/told.h"

struct paper { /* Of a step or an item. */
    bool is_there;
    bool has_callback;
    int status;
    struct json_span headers;
    struct json_span body;
    uint32_t attempts; /* Items only. */
    struct json_span value;
};

struct papers {
    struct papers_start start;
    struct arena *arena;
    struct json_span saga;
    struct paper *steps;  /* By step number. */
    struct paper **items; /* By step number; NULL: not asked for yet. */
    uint32_t *n_items;

    uint64_t heard_turn; /* What the event being applied says. */
    int heard_status;
    const char *heard_detail;
    uint64_t error_turn; /* Of which turn `error` is. */
    struct json_span error;

    const struct saga *now; /* Of the scope given out last. */
    struct papers_place place;
    struct arena *scratch;
    char index[12];
};

static struct json_span keep(struct arena *a, struct buf *text)
{
    struct json_span kept = {arena_copy(a, buf_text(text), text->n), text->n};

    buf_done(text);
    return kept;
}

static void write_saga(struct papers *p)
{
    const struct papers_start *start = &p->start;
    struct json_out out;
    struct buf text;

    buf_init(&text, LIMIT_BODY_BYTES);
    json_out_init(&out, &text);
    json_open_object(&out);
    json_put(&out, "id", start->id);
    json_put(&out, "key", start->key);
    json_put(&out, "definition", start->definition->name);
    json_put_number(&out, "version", 1);
    json_put_time(&out, "startedAt", start->started_ms);
    json_close_object(&out);
    p->saga = keep(p->arena, &text);
}

struct papers *papers_create(struct arena *a, const struct papers_start *start)
{
    const size_t n = start->definition->plan->n_nodes;
    struct papers *p = arena_take(a, sizeof(*p));

    p->start = *start;
    p->arena = a;
    p->steps = arena_take(a, n * sizeof(p->steps[0]));
    p->items = arena_take(a, n * sizeof(p->items[0]));
    p->n_items = arena_take(a, n * sizeof(p->n_items[0]));
    write_saga(p);
    return p;
}

/* ---- taking in --------------------------------------------------------------------- */

static struct paper *paper_of(struct papers *p, uint16_t step, uint32_t item)
{
    if (item == SAGA_NO_ITEM) {
        return &p->steps[step];
    }
    return item < p->n_items[step] ? &p->items[step][item] : NULL;
}

void papers_give(struct papers *p, uint16_t step, uint32_t item,
                 const struct papers_answer *answer)
{
    struct paper *paper = paper_of(p, step, item);

    if (paper == NULL) {
        return;
    }
    paper->is_there = true;
    if (!answer->is_callback) {
        paper->status = answer->status;
        paper->headers = answer->headers;
    }
    if (answer->is_callback || !paper->has_callback) {
        paper->body = answer->body;
    }
    paper->has_callback = paper->has_callback || answer->is_callback;
}

void papers_count(struct papers *p, uint16_t step, uint32_t item, uint32_t attempt)
{
    struct paper *paper = paper_of(p, step, item);

    if (paper != NULL) {
        paper->attempts = attempt;
    }
}

void papers_take_items(struct papers *p, uint16_t step, struct json_span items)
{
    const size_t n = json_span_count(items);
    struct json_walk walk = json_walk_of(items);
    struct json_span value;

    p->items[step] = arena_take(p->arena, (n + 1) * sizeof(p->items[step][0]));
    p->n_items[step] = (uint32_t)n;
    for (size_t i = 0; json_walk_next(&walk, NULL, &value); i++) {
        p->items[step][i].value =
            (struct json_span){arena_copy(p->arena, value.at, value.n), value.n};
    }
}

/* ---- .steps.<id> ------------------------------------------------------------------- */

static void put_span(struct json_out *out, struct json_span value,
                     struct json_span absent)
{
    json_raw(out, value.at != NULL ? value : absent);
}

static void write_answer(struct json_out *out, const struct paper *paper,
                         struct saga_record record, uint32_t attempts)
{
    json_open_object(out);
    json_put(out, "outcome", told_outcome((enum outcome)record.outcome));
    json_key(out, "status");
    if (paper->status != 0) {
        json_number(out, paper->status);
    } else {
        json_nothing(out);
    }
    json_key(out, "headers");
    put_span(out, paper->headers, JSON_SPAN_TEXT("{}"));
    json_key(out, "body");
    put_span(out, paper->body, JSON_SPAN_TEXT("null"));
    json_put_number(out, "attempts", attempts);
    json_close_object(out);
}

static bool is_passed_over(struct saga_record record)
{
    return record.outcome == OUTCOME_SKIPPED && !record.by_hand;
}

static void write_items(struct papers *p, struct json_out *out, uint16_t step)
{
    const struct plan *plan = p->start.definition->plan;
    const uint32_t n = p->now->eachs[plan->nodes[step].each].next;

    json_open_array(out);
    for (uint32_t i = 0; i < n && i < p->n_items[step]; i++) {
        const struct saga_record record = saga_item_of(p->now, plan, step, i);

        if (record.outcome == OUTCOME_NONE || record.outcome == OUTCOME_IGNORED ||
            is_passed_over(record)) {
            json_nothing(out);
        } else {
            write_answer(out, &p->items[step][i], record, p->items[step][i].attempts);
        }
    }
    json_close_array(out);
}

/* render_scope's: .steps.<id> as the saga stands. */
static struct json_span step_json(void *user, uint16_t step)
{
    struct papers *p = user;
    const bool is_each = p->start.definition->plan->nodes[step].each != PLAN_NONE;
    const struct saga_record record = p->now->steps[step].record;
    const bool is_own = p->place.step == step && p->place.call == CALL_COMPENSATION;
    struct json_out out;
    struct buf text;

    if (is_passed_over(record)) {
        return JSON_SPAN_TEXT("null");
    }
    if (record.outcome == OUTCOME_NONE && (!is_own || !is_each)) {
        return JSON_SPAN_NONE;
    }
    buf_init(&text, (size_t)LIMIT_SAGA_BYTES);
    json_out_init(&out, &text);
    if (is_each) {
        write_items(p, &out, step);
    } else {
        write_answer(&out, &p->steps[step], record, p->now->steps[step].attempts);
    }
    return keep(p->scratch, &text);
}

/* ---- .error -------------------------------------------------------------------------
 */

static const char *error_outcome(const struct papers *p, const struct saga *now)
{
    const struct plan *plan = p->start.definition->plan;

    if (now->error_step == PLAN_NONE) {
        return (now->flags & (uint32_t)SAGA_FLAG_CANCELLED) != 0 ? "cancelled"
                                                                 : "overdue";
    }
    if (now->error_item == SAGA_NO_ITEM) {
        return told_outcome((enum outcome)now->steps[now->error_step].record.outcome);
    }
    return told_outcome(
        (enum outcome)saga_item_of(now, plan, now->error_step, now->error_item).outcome);
}

/* Written in the turn that turned the saga back, and the same ever after (S3). */
static void write_error(struct papers *p, const struct saga *now)
{
    struct json_out out;
    struct buf text;

    buf_init(&text, LIMIT_BODY_BYTES);
    json_out_init(&out, &text);
    json_open_object(&out);
    json_put(&out, "step",
             now->error_step == PLAN_NONE
                 ? NULL
                 : p->start.definition->steps[now->error_step].id);
    json_put(&out, "outcome", error_outcome(p, now));
    json_key(&out, "status");
    if (p->heard_status != 0 && p->heard_turn == now->error_turn) {
        json_number(&out, p->heard_status);
    } else {
        json_nothing(&out);
    }
    json_put(&out, "detail", p->heard_turn == now->error_turn ? p->heard_detail : NULL);
    json_close_object(&out);
    p->error = keep(p->arena, &text);
    p->error_turn = now->error_turn;
}

void papers_hear(struct papers *p, uint64_t turn, int status, const char *detail)
{
    p->heard_turn = turn;
    p->heard_status = status;
    p->heard_detail = detail;
}

void papers_turn_over(struct papers *p, const struct saga *now)
{
    if (now->error_turn != 0 && now->error_turn != p->error_turn) {
        write_error(p, now);
    }
}

/* ---- the scope -----------------------------------------------------------------------
 */

void papers_scope(struct papers *p, const struct saga *now, struct papers_place place,
                  struct arena *scratch, struct render_scope *out)
{
    const struct paper *paper;

    p->now = now;
    p->place = place;
    p->scratch = scratch;
    *out = (struct render_scope){.input = p->start.input,
                                 .vars = p->start.vars,
                                 .saga = p->saga,
                                 .step = step_json,
                                 .user = p};
    if (place.call == CALL_COMPENSATION && now->error_turn != 0) {
        if (p->error_turn != now->error_turn) {
            write_error(p, now);
        }
        out->error = p->error;
    }
    paper = place.item != SAGA_NO_ITEM ? paper_of(p, place.step, place.item) : NULL;
    if (paper != NULL) {
        out->item = paper->value;
        out->index.at = p->index;
        out->index.n =
            (size_t)snprintf(p->index, sizeof(p->index), "%" PRIu32, place.item);
    }
}
