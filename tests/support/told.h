/*
 * told.h - one saga told turn by turn, without threads, sockets or a clock.
 *
 * For tests of what stands beside the core (for the core itself: story.h): the real
 * definition, the real core, the real documents and the memory store; the test says what
 * the world answers. Each applied turn is a row of the journal, as the engine writes it.
 * Calls that become due are remembered (told.sent) with the request they rendered.
 */
#ifndef TESTS_SUPPORT_TOLD_H
#define TESTS_SUPPORT_TOLD_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "definitions/definition.h"
#include "definitions/render.h"
#include "engine/core/saga.h"
#include "engine/core/saga_code.h"
#include "engine/store/store.h"
#include "engine/store/store_open.h"
#include "engine/view/docs.h"
#include "engine/view/record.h"
#include "engine/view/registry.h"

#define TOLD_START_MS UINT64_C(1764000000000) /* 2025-11-24T16:00:00Z */
#define TOLD_ROOM 64
#define TOLD_SENT 1024

struct told {
    struct arena *arena; /* Everything a turn makes stays in it. */
    struct store *store;
    struct store_reader *reader;
    struct registry *registry;
    atomic_uint_fast64_t stamp;
    struct definition *definition;
    struct docs *docs;
    struct saga saga;
    struct saga_effects fx;
    uint64_t now_ms;
    enum saga_slot slot; /* What SLOT is answered. */

    /* Of the turn being made. */
    struct record *record;
    int64_t answers[TOLD_ROOM];
    struct record_take takes[TOLD_ROOM];
    struct render_request rendered[TOLD_ROOM];
    size_t n_rendered;
    struct record_send sends[TOLD_ROOM];

    struct render_request sent[TOLD_SENT]; /* All that became due so far. */
    size_t n_sent;
};

static inline void told_commit(struct told *t, struct store_batch *batch)
{
    struct err_info info = {""};
    enum err e = store_commit(t->store, batch, &info);

    ck_assert_msg(e == ERR_OK, "%s", info.text);
    batch->first = NULL;
    batch->last = NULL;
    batch->n = 0;
}

static inline uint16_t told_step(const struct told *t, const char *id)
{
    uint16_t step = definition_step_of(t->definition, id);

    ck_assert_uint_ne(step, PLAN_NONE);
    return step;
}

/* ---- the oracle
 * ------------------------------------------------------------------------ */

static inline void told_note(struct told *t, const struct err_info *info)
{
    t->record->note = arena_text(t->arena, info->text);
}

static inline int64_t told_render(struct told *t, const struct saga_question *q,
                                  const struct render_scope *scope)
{
    struct render_request *request = &t->rendered[t->n_rendered];
    struct err_info info;

    ck_assert_uint_lt(t->n_rendered, TOLD_ROOM);
    if (t->definition->plan->nodes[q->step].kind == PLAN_CHILD &&
        q->call == CALL_ACTION) {
        return SAGA_RENDER_OK; /* No child is made here. */
    }
    if (render_call(t->definition, q->step, q->call, scope, t->arena, request, &info) !=
        ERR_OK) {
        told_note(t, &info);
        return SAGA_RENDER_FAILED;
    }
    t->sends[t->n_rendered] = (struct record_send){
        .step = q->step, .item = q->item, .call = q->call, .hash = request->hash};
    t->n_rendered++;
    return SAGA_RENDER_OK;
}

static inline int64_t told_items(struct told *t, const struct saga_question *q,
                                 const struct render_scope *scope)
{
    struct store_batch batch = {.arena = t->arena};
    struct json_span array;
    struct err_info info;

    if (render_items(t->definition, q->step, scope, t->arena, &array, &info) != ERR_OK) {
        told_note(t, &info);
        return -1;
    }
    store_batch_add_items(&batch, 1, q->step, array);
    docs_take_items(t->docs, q->step, 0, array);
    told_commit(t, &batch);
    return (int64_t)json_span_count(array);
}

static inline int64_t told_condition(struct told *t, const struct expr *e,
                                     const struct render_scope *scope)
{
    struct err_info info;
    bool is_true;

    if (render_condition(t->definition, e, scope, t->arena, &is_true, &info) != ERR_OK) {
        told_note(t, &info);
        return -1;
    }
    return is_true ? 1 : 0;
}

static inline int64_t told_signal(struct told *t, const struct saga_question *q)
{
    t->takes[t->record->n_takes] = (struct record_take){q->step, q->turn};
    t->record->takes = t->takes;
    t->record->n_takes++;
    return 1;
}

static inline int64_t told_output(struct told *t, const struct render_scope *scope)
{
    struct json_span out;
    struct err_info info;

    if (t->definition->output == NULL) {
        return 1;
    }
    if (render_template(t->definition, t->definition->output, scope, t->arena, &out,
                        &info) != ERR_OK) {
        t->record->output_error = arena_text(t->arena, info.text);
        return 0;
    }
    t->record->output = arena_copy(t->arena, out.at, out.n);
    return 1;
}

static inline int64_t told_tell(struct told *t, const struct saga_question *q)
{
    struct render_scope scope;

    docs_scope(t->docs, &t->saga, (struct docs_place){q->step, q->item, q->call}, &scope);
    switch (q->ask) {
    case SAGA_ASK_WHEN:
        return told_condition(t, t->definition->steps[q->step].when, &scope);
    case SAGA_ASK_ITEMS:
        return told_items(t, q, &scope);
    case SAGA_ASK_UNTIL:
        return (int64_t)t->now_ms + 60000;
    case SAGA_ASK_RENDER:
        return told_render(t, q, &scope);
    case SAGA_ASK_SLOT:
        return t->slot;
    case SAGA_ASK_SIGNAL:
        return told_signal(t, q);
    case SAGA_ASK_OUTPUT:
        return told_output(t, &scope);
    }
    ck_abort();
    return -1;
}

static inline int64_t told_ask(void *user, const struct saga_question *q)
{
    struct told *t = user;
    int64_t answer = told_tell(t, q);

    ck_assert_uint_lt(t->record->n_answers, TOLD_ROOM);
    t->answers[t->record->n_answers++] = answer;
    return answer;
}

/* ---- turns
 * ------------------------------------------------------------------------------ */

/* Which of what was rendered became due: in the order of the SENDs. */
static inline void told_sends(struct told *t, struct record *r)
{
    size_t n = 0;

    for (uint32_t i = 0; i < t->fx.n; i++) {
        const struct saga_effect *fx = &t->fx.items[i];

        for (size_t k = n; fx->kind == SAGA_FX_SEND && k < t->n_rendered; k++) {
            if (t->sends[k].step == fx->step && t->sends[k].item == fx->item &&
                t->sends[k].call == fx->call) {
                t->sends[n] = t->sends[k];
                t->sends[n].attempt = fx->attempt;
                t->sent[t->n_sent++] = t->rendered[k];
                n++;
                break;
            }
        }
    }
    r->sends = t->sends;
    r->n_sends = n;
}

static inline void told_journal(struct told *t, const struct record *r)
{
    struct store_batch batch = {.arena = t->arena};
    struct store_op *op = store_batch_add(&batch, STORE_TURN);
    uint8_t *state = arena_take(t->arena, LIMIT_STATE_BYTES);
    size_t state_n = saga_encode(&t->saga, state, LIMIT_STATE_BYTES);
    struct buf data;
    size_t n;

    buf_init(&data, 1 << 24);
    record_encode(r, &data);
    ck_assert(!data.is_over && state_n > 0);
    n = data.n;
    op->of.turn = (struct store_turn){.saga = 1,
                                      .turn = t->saga.turn,
                                      .at_ms = t->now_ms,
                                      .event = r->event.kind,
                                      .data = {arena_copy(t->arena, data.bytes, n), n},
                                      .state = {state, state_n}};
    buf_done(&data);
    told_commit(t, &batch);
}

/* Apply one event with what came beside it; the result. */
static inline enum saga_result told_turn(struct told *t, struct record r)
{
    const struct saga_oracle oracle = {told_ask, t};
    enum saga_result result;

    r.event.now_ms = t->now_ms;
    r.answers = t->answers;
    t->record = &r;
    t->n_rendered = 0;
    t->fx.n = 0;
    docs_begin(t->docs, t->saga.turn + 1, &r);
    result = saga_advance(&t->saga, t->definition->plan, &r.event, &oracle, &t->fx);
    if (result == SAGA_APPLIED) {
        told_sends(t, &r);
        told_journal(t, &r);
        docs_take(t->docs, &t->saga);
    } else {
        docs_drop(t->docs);
    }
    t->record = NULL;
    return result;
}

/* ---- what the world says
 * -------------------------------------------------------------------- */

/* The open call of the step is answered; 0: no answer came in time. */
static inline struct record told_answer_of(const struct told *t, const char *id,
                                           int status, const char *body)
{
    const uint16_t step = told_step(t, id);
    const struct saga_cell *c = saga_cell_of(&t->saga, step, SAGA_NO_ITEM);
    struct record r = {.http_status = status,
                       .headers = status != 0 ? "{\"server\":\"test\"}" : NULL,
                       .body = body,
                       .body_n = body != NULL ? strlen(body) : 0,
                       .detail = status == 0 ? "timed out waiting for the answer" : NULL,
                       .started_ms = t->now_ms,
                       .timings_us = {1, 2, -1, 3, 4}};

    ck_assert_msg(c != NULL, "nothing is open for '%s'", id);
    r.event = (struct saga_event){.kind = SAGA_EV_ANSWERED,
                                  .step = step,
                                  .item = SAGA_NO_ITEM,
                                  .call = c->call,
                                  .turn = c->due_turn};
    if (status >= 200 && status < 300) {
        r.event.outcome = OUTCOME_SUCCEEDED;
    } else if (status >= 400 && status < 500) {
        r.event.outcome = OUTCOME_REJECTED;
    } else {
        r.event.outcome = OUTCOME_UNKNOWN;
        r.event.may_retry = true;
    }
    return r;
}

/* The same of an item's open call; it succeeded. */
static inline void told_item_succeeds(struct told *t, const char *id, uint32_t item)
{
    const uint16_t step = told_step(t, id);
    const struct saga_cell *c = saga_cell_of(&t->saga, step, item);
    struct record r = {.http_status = 200, .body = "{}", .body_n = 2};

    ck_assert_msg(c != NULL, "nothing is open for item %u of '%s'", item, id);
    r.event = (struct saga_event){.kind = SAGA_EV_ANSWERED,
                                  .step = step,
                                  .item = item,
                                  .call = c->call,
                                  .turn = c->due_turn,
                                  .outcome = OUTCOME_SUCCEEDED};
    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
}

static inline void told_answer(struct told *t, const char *id, int status,
                               const char *body)
{
    ck_assert_int_eq(told_turn(t, told_answer_of(t, id, status, body)), SAGA_APPLIED);
}

/* Time passes until the saga wakes by itself. */
static inline void told_wake(struct told *t)
{
    struct record r = {
        .event = {.kind = SAGA_EV_WAKE, .step = PLAN_NONE, .item = SAGA_NO_ITEM}};

    t->now_ms = saga_wake_at(&t->saga, t->definition->plan);
    ck_assert_uint_ne(t->now_ms, 0);
    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
}

/* An operator's command; id NULL: on the saga. */
static inline enum saga_result told_command(struct told *t, enum saga_event_kind kind,
                                            const char *id, const char *body)
{
    struct record r = {.event = {.kind = kind,
                                 .step = id != NULL ? told_step(t, id) : PLAN_NONE,
                                 .item = SAGA_NO_ITEM,
                                 .is_applied = body != NULL},
                       .body = body,
                       .body_n = body != NULL ? strlen(body) : 0,
                       .actor = "ops",
                       .reason = "because"};

    return told_turn(t, r);
}

/* ---- beginning and end
 * ------------------------------------------------------------------------ */

static inline void told_compile(struct told *t, const char *definition)
{
    const struct check_world world = {.is_dry_run = true};
    struct check_report *report = mem_alloc(sizeof(*report));
    enum err e = definition_compile(definition, strlen(definition), &world, report,
                                    &t->definition);

    ck_assert_msg(e == ERR_OK, "%s: %s", report->issues[0].pointer,
                  report->issues[0].detail);
    free(report);
}

static inline void told_rows(struct told *t, const char *definition, const char *input)
{
    struct store_batch batch = {.arena = t->arena};
    struct store_op *op = store_batch_add(&batch, STORE_DEFINITION);

    op->of.definition = (struct store_definition){.num = 1,
                                                  .name = t->definition->name,
                                                  .version = 1,
                                                  .hash = t->definition->hash,
                                                  .content = definition,
                                                  .created_ms = TOLD_START_MS};
    op = store_batch_add(&batch, STORE_DEFINITION_USE);
    op->of.definition =
        (struct store_definition){.name = t->definition->name, .version = 1};
    op = store_batch_add(&batch, STORE_SAGA_INSERT);
    op->of.saga.row = (struct store_saga){.num = 1,
                                          .id = "s-1",
                                          .definition = 1,
                                          .key = "k\"1",
                                          .started_ms = TOLD_START_MS,
                                          .updated_ms = TOLD_START_MS};
    op->of.saga.input = (struct store_bytes){input, strlen(input)};
    told_commit(t, &batch);
}

/* Open the books; nothing has happened yet. Texts are borrowed for its life. */
static inline struct told *told_open(const char *definition, const char *input)
{
    struct told *t = mem_alloc(sizeof(*t));
    struct err_info info = {""};
    struct docs_start start;

    json_init();
    t->arena = arena_create(1 << 16);
    t->now_ms = TOLD_START_MS;
    t->slot = SAGA_SLOT_GRANTED;
    told_compile(t, definition);
    ck_assert_int_eq(store_open_memory(&t->store, &info), ERR_OK);
    ck_assert_int_eq(store_reader_open(t->store, &t->reader, &info), ERR_OK);
    t->registry = registry_create(t->reader, &t->stamp);
    told_rows(t, definition, input);
    start = (struct docs_start){.definition = t->definition,
                                .version = 1,
                                .id = "s-1",
                                .key = "k\"1",
                                .started_ms = TOLD_START_MS,
                                .input = {input, strlen(input)},
                                .vars = JSON_SPAN_TEXT("{}")};
    t->docs = docs_create(&start, false);
    saga_init(&t->saga, t->definition->plan);
    return t;
}

static inline void told_start(struct told *t)
{
    struct record r = {.event = {.kind = SAGA_EV_START,
                                 .step = PLAN_NONE,
                                 .item = SAGA_NO_ITEM,
                                 .seed = hash_bytes("s-1", 3)}};

    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
}

/* Open and start. */
static inline struct told *told_begin(const char *definition, const char *input)
{
    struct told *t = told_open(definition, input);

    told_start(t);
    return t;
}

static inline void told_end(struct told *t)
{
    docs_destroy(t->docs);
    registry_destroy(t->registry);
    store_reader_close(t->reader);
    store_close(t->store);
    definition_destroy(t->definition);
    arena_destroy(t->arena);
    free(t);
}

#endif /* TESTS_SUPPORT_TOLD_H */
