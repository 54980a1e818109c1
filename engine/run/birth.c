/* birth.c - see birth.h. */
#include "engine/run/birth.h"

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/json_span.h"
#include "base/limits.h"
#include "engine/run/family.h"
#include "engine/run/line.h"
#include "engine/run/load.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"

/* Names and values are texts of a few hundred bytes each, escapes included. */
#define LABELS_BYTES ((size_t)64 * 1024)

/* Adds the members of `labels` that `taken` does not name, LIMIT_LABELS in all. */
static void put_labels(struct buf *out, size_t *n, struct json_span labels,
                       struct json_span taken)
{
    struct json_walk walk = json_walk_of(labels);
    struct json_span name;
    struct json_span value;
    struct buf plain;

    buf_init(&plain, LABELS_BYTES);
    while (*n < LIMIT_LABELS && json_walk_next(&walk, &name, &value)) {
        buf_clear(&plain);
        json_span_unescape(name, &plain);
        if (json_span_member(taken, buf_text(&plain), plain.n).at == NULL) {
            buf_printf(out, "%s%.*s:%.*s", *n == 0 ? "{" : ",", (int)name.n, name.at,
                       (int)value.n, value.at);
            (*n)++;
        }
    }
    buf_done(&plain);
}

/* The labels of the start, and those of the definition that it does not set; in the
 * arena. NULL: none. */
static const char *labels_of(const struct birth *b, struct arena *a)
{
    struct json_span own = JSON_SPAN_NONE;
    struct buf out;
    size_t n = 0;
    const char *made = NULL;

    if (b->labels != NULL) {
        own = json_span_of(b->labels, strlen(b->labels));
    }
    buf_init(&out, LABELS_BYTES);
    put_labels(&out, &n, own, JSON_SPAN_NONE);
    put_labels(&out, &n, b->entry->definition->labels, own);
    if (n > 0) {
        buf_printf(&out, "}");
        made = arena_text(a, buf_text(&out));
    }
    buf_done(&out);
    return made;
}

static struct store_saga row_of(struct engine *e, const struct birth *b,
                                const char *labels)
{
    return (struct store_saga){
        .num = e->next_saga,
        .id = b->id,
        .definition = b->entry->num,
        .key = b->key,
        .unique_key = b->entry->definition->is_unique ? b->key : NULL,
        .ordering_key = b->ordering_key,
        .labels = labels,
        .traceparent = b->traceparent,
        .tracestate = b->tracestate,
        .parent = b->parent,
        .parent_step = b->parent_step,
        .parent_item = b->parent_item,
        .generation = b->generation,
        .vars = e->vars,
        .started_ms = e->now_ms,
        .updated_ms = e->now_ms,
    };
}

/* The row is written with what the first turn made of it. */
static void insert_row(struct store_op *op, struct arena *a, const struct resident *r,
                       struct json_span input)
{
    struct store_saga *row = &op->of.saga.row;

    *row = r->row;
    row->id = arena_text(a, r->row.id);
    row->key = arena_text(a, r->row.key);
    row->unique_key = arena_text(a, r->row.unique_key);
    row->ordering_key = arena_text(a, r->row.ordering_key);
    row->labels = arena_text(a, r->row.labels);
    row->traceparent = arena_text(a, r->row.traceparent);
    row->tracestate = arena_text(a, r->row.tracestate);
    row->stuck_step = arena_text(a, r->row.stuck_step);
    row->stuck_error = arena_text(a, r->row.stuck_error);
    op->of.saga.input = (struct store_bytes){arena_copy(a, input.at, input.n), input.n};
}

/* Until the commit nobody else can find these in the store. */
static void take_names(struct engine *e, const struct resident *r)
{
    const struct store_saga *row = &r->row;
    const char *name = r->entry->definition->name;

    pending_put(e->pending, PENDING_ID, row->id, NULL, r->num, e->batch_seq);
    if (row->unique_key != NULL) {
        pending_put(e->pending, PENDING_UNIQUE, name, row->unique_key, r->num,
                    e->batch_seq);
    }
    if (row->ordering_key != NULL) {
        pending_put(e->pending, PENDING_LINE, name, row->ordering_key, r->num,
                    e->batch_seq);
    }
    if (row->parent != 0) {
        family_take_place(e, r);
    }
}

struct resident *birth_of(struct engine *e, const struct birth *b)
{
    struct batch *batch = engine_batch(e);
    struct store_saga row = row_of(e, b, labels_of(b, batch->ops.arena));
    struct record record = {.event = {.kind = SAGA_EV_START,
                                      .seed = hash_bytes(b->id, strlen(b->id)),
                                      .is_child = b->parent != 0,
                                      .is_ordered = b->ordering_key != NULL},
                            .actor = b->actor,
                            .request_id = b->request_id};
    struct resident *r = table_add(e->table, &row);
    struct store_op *op;

    if (r == NULL) {
        return NULL;
    }
    e->next_saga++;
    r->entry = b->entry;
    record.event.is_lined_up =
        b->ordering_key != NULL &&
        line_first(e, b->entry->definition->name, b->ordering_key) != 0;
    load_new_docs(e, r, b->input);
    take_names(e, r);
    op = store_batch_add(&batch->ops, STORE_SAGA_INSERT);
    (void)turn_apply_alone(e, r, &record); /* A start is always applied. */
    insert_row(op, batch->ops.arena, r, b->input);
    e->metrics.started++;
    return r;
}
