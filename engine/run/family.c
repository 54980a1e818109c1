/* family.c - see family.h. */
#include "engine/run/family.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "definitions/input_schema.h"
#include "engine/run/birth.h"
#include "engine/run/follow.h"
#include "engine/run/load.h"
#include "engine/run/oracle.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"
#include "engine/view/child_id.h"
#include "engine/view/saga_text.h"
#include "engine/view/trace.h"

#define KEY_BYTES 1024       /* Of a rendered key, as at the door. */
#define ROOM_FOR_OTHERS 1024 /* Places in memory that no child takes: for parents. */
#define PLACE_TEXT 64

static struct arena *arena_of(struct engine *e)
{
    return engine_batch(e)->ops.arena;
}

/* ---- where a child stands ---------------------------------------------------------- */

static void place_name(char out[static PLACE_TEXT], uint64_t parent, uint16_t step,
                       uint32_t item)
{
    (void)snprintf(out, PLACE_TEXT, "%" PRIx64 ".%x.%" PRIx32, parent, (unsigned)step,
                   item); /* 16, 4 and 8 digits at most. */
}

void family_take_place(struct engine *e, const struct resident *r)
{
    char name[PLACE_TEXT];

    place_name(name, r->row.parent, r->row.parent_step, r->row.parent_item);
    pending_put(e->pending, PENDING_PLACE, name, NULL, r->num, e->batch_seq);
}

/* The last child started at the place that f names, in memory. ERR_NOT_FOUND: none. */
static enum err find_child(struct engine *e, const struct follow *f,
                           struct resident **out, struct err_info *info)
{
    char name[PLACE_TEXT];
    struct arena *a;
    struct store_saga row;
    uint64_t num;
    enum err err;

    place_name(name, f->saga, f->step, f->item);
    num = pending_find(e->pending, PENDING_PLACE, name, NULL);
    if (num != 0) {
        return load_saga(e, num, out, info);
    }
    a = arena_create(4096);
    err = store_find_child(engine_reader(e), f->saga, f->step, f->item, a, &row, info);
    if (err == ERR_OK) {
        err = load_row(e, &row, out, info);
    }
    arena_destroy(a);
    return err;
}

/* NULL: there is none, or the engine stops. */
static struct resident *child_of(struct engine *e, const struct follow *f)
{
    struct resident *child;
    struct err_info info;
    enum err err = find_child(e, f, &child, &info);

    if (err == ERR_OK) {
        return child;
    }
    if (err != ERR_NOT_FOUND) {
        engine_fail(e, &info); /* Half of what belongs together must not be written. */
    }
    return NULL;
}

/* ---- telling the parent -------------------------------------------------------------
 */

/* f->saga is the parent, f->step and so on the place of the child. */
static void tell(struct engine *e, const struct follow *at, enum saga_status status,
                 struct json_span output, const char *detail)
{
    struct follow *f = follow_add(e, follow_apply);

    f->saga = at->saga;
    f->record = (struct record){.event = {.kind = SAGA_EV_CHILD_ENDED,
                                          .step = at->step,
                                          .item = at->item,
                                          .generation = at->generation,
                                          .child_status = status},
                                .body = output.at,
                                .body_n = output.n,
                                .detail = detail};
}

static void add_member(struct buf *text, struct json_span error, const char *name,
                       const char *before, const char *after)
{
    struct json_span value = json_span_member(error, name, strlen(name));

    if (json_span_kind(value) == JSON_KIND_STRING) {
        buf_add_text(text, before);
        json_span_unescape(value, text);
        buf_add_text(text, after);
    } else if (json_span_kind(value) == JSON_KIND_NUMBER) {
        buf_printf(text, "%s%.*s%s", before, (int)value.n, value.at, after);
    }
}

/* "the child saga 'a.pay' was compensated: 'charge' rejected (409): refused for good" */
static const char *how_it_ended(struct engine *e, struct resident *r,
                                enum saga_status status)
{
    struct render_scope scope;
    struct buf text;
    const char *kept;

    buf_init(&text, 4096);
    buf_printf(&text, "the child saga '%s' %s", r->row.id,
               status == SAGA_STATUS_RESOLVED ? "was resolved by hand"
                                              : "was compensated");
    docs_scope(r->docs, &e->saga,
               (struct docs_place){.item = SAGA_NO_ITEM, .call = CALL_COMPENSATION},
               &scope);
    if (status == SAGA_STATUS_COMPENSATED && scope.error.at != NULL) {
        buf_add_text(&text, ": ");
        add_member(&text, scope.error, "step", "'", "' ");
        add_member(&text, scope.error, "outcome", "", "");
        add_member(&text, scope.error, "status", " (", ")");
        add_member(&text, scope.error, "detail", ": ", "");
    }
    kept = arena_copy(arena_of(e), buf_text(&text), text.n);
    buf_done(&text);
    return kept;
}

static void tell_parent(struct engine *e, struct resident *r,
                        const struct saga_effect *fx, const struct record *record)
{
    const struct follow at = {.saga = r->row.parent,
                              .step = r->row.parent_step,
                              .item = r->row.parent_item,
                              .generation = r->row.generation};
    struct json_span output = JSON_SPAN_NONE;

    if (fx->status == SAGA_STATUS_COMPLETED) {
        output = record->output != NULL
                     ? (struct json_span){record->output, strlen(record->output)}
                     : JSON_SPAN_TEXT("null");
        tell(e, &at, fx->status, output, NULL);
    } else {
        tell(e, &at, fx->status, output, how_it_ended(e, r, fx->status));
    }
}

/* ---- starting ------------------------------------------------------------------------
 */

static enum err find_definition(struct engine *e, const struct definition_step *step,
                                const struct registry_entry **out, struct err_info *info)
{
    struct registry_name name;
    enum err err;

    if (step->child_version != 0) {
        return registry_find_version(e->registry, step->child, step->child_version, out,
                                     info);
    }
    err = registry_find_name(e->registry, step->child, &name, info);
    if (err == ERR_OK) {
        *out = name.current;
    }
    return err;
}

static enum err check_input(const struct definition *d, struct json_span input,
                            struct err_info *info)
{
    struct input_schema_error why;
    json_t *tree;
    enum err err = ERR_OK;

    if (d->input_schema == NULL) {
        return ERR_OK;
    }
    if (json_read(input.at, input.n, &tree, info) != ERR_OK) {
        return ERR_INVALID;
    }
    if (input_schema_check(d->input_schema, tree, &why, 1) > 0) {
        err = err_set(info, ERR_INVALID,
                      "the input does not fit the schema of the child '%s': '%s' %s",
                      d->name, why.pointer, why.detail);
    }
    json_decref(tree);
    return err;
}

/* `.saga` for the child's key, like at the door. */
static struct json_span facts_of(struct engine *e, const struct resident *r,
                                 const struct saga_question *q,
                                 const struct registry_entry *entry)
{
    /* This generation's number is the core's to say; the key does not depend on it. */
    const struct child_place at = {.parent = r->row.id,
                                   .step = r->entry->definition->steps[q->step].id,
                                   .item = q->item,
                                   .generation = 1};
    struct buf text;
    struct json_out o;
    struct json_span facts;

    buf_init(&text, 4096);
    json_out_init(&o, &text);
    json_open_object(&o);
    json_put(&o, "id", child_id(arena_of(e), &at, false));
    json_put(&o, "definition", entry->definition->name);
    json_put_number(&o, "version", entry->version);
    json_put_time(&o, "startedAt", e->now_ms);
    json_close_object(&o);
    facts = (struct json_span){arena_copy(arena_of(e), buf_text(&text), text.n), text.n};
    buf_done(&text);
    return facts;
}

static enum err render_key(struct engine *e, const struct resident *r,
                           const struct saga_question *q, struct family_child *child,
                           struct err_info *info)
{
    const struct definition *d = child->entry->definition;
    struct render_scope scope = {
        .input = child->input,
        .vars = json_span_of(e->config.vars, strlen(e->config.vars))};
    struct json_span key;
    enum err err;

    if (d->key == NULL) {
        return ERR_OK;
    }
    scope.saga = facts_of(e, r, q, child->entry);
    err = render_template(d, d->key, &scope, arena_of(e), &key, info);
    if (err == ERR_OK &&
        (key.n == 0 || key.n > KEY_BYTES || memchr(key.at, '\0', key.n) != NULL)) {
        err = err_set(info, ERR_INVALID,
                      "the key of the child '%s' must have 1 to %d bytes", d->name,
                      KEY_BYTES);
    }
    if (err == ERR_OK) {
        child->key = arena_copy(arena_of(e), key.at, key.n);
    }
    return err;
}

static bool has_room(const struct engine *e, uint32_t n_more)
{
    return table_count(e->table) + e->n_births + n_more + ROOM_FOR_OTHERS <
           table_room(e->table);
}

enum err family_render(struct engine *e, const struct resident *r,
                       const struct saga_question *q, const struct render_scope *scope,
                       uint32_t n_more, struct family_child *out, struct err_info *info)
{
    const struct definition_step *step = &r->entry->definition->steps[q->step];
    enum err err = find_definition(e, step, &out->entry, info);

    if (err == ERR_IO || err == ERR_BUSY) {
        engine_fail(e, info); /* It says nothing about the saga, which must not turn. */
    }
    if (err != ERR_OK) {
        return err;
    }
    if (!has_room(e, n_more)) {
        return err_set(info, ERR_LIMIT,
                       "there are as many sagas in memory as may be; retry it later");
    }
    out->input = JSON_SPAN_TEXT("{}");
    if (step->child_input != NULL) {
        err = render_template(r->entry->definition, step->child_input, scope, arena_of(e),
                              &out->input, info);
    }
    if (err == ERR_OK) {
        err = check_input(out->entry->definition, out->input, info);
    }
    return err == ERR_OK ? render_key(e, r, q, out, info) : err;
}

/* The other saga that holds the child's unique key; its id, or NULL. */
static const char *held_by(struct engine *e, const struct family_child *child)
{
    const char *name = child->entry->definition->name;
    struct store_saga row = {.num = 0};
    const struct resident *r;
    struct err_info info;

    if (!child->entry->definition->is_unique || child->key == NULL) {
        return NULL;
    }
    row.num = pending_find(e->pending, PENDING_UNIQUE, name, child->key);
    if (row.num == 0 && store_find_unique(engine_reader(e), name, child->key, arena_of(e),
                                          &row, &info) == ERR_IO) {
        engine_fail(e, &info);
    }
    r = row.num != 0 ? table_find(e->table, row.num) : NULL;
    if (r != NULL) { /* It may have let the key go in a batch not yet committed. */
        return r->row.unique_key != NULL ? r->row.id : NULL;
    }
    return row.num != 0 ? row.id : NULL;
}

static bool is_taken(struct engine *e, const char *id)
{
    struct store_saga row;
    struct err_info info;
    enum err err;

    if (pending_find(e->pending, PENDING_ID, id, NULL) != 0) {
        return true;
    }
    err = store_find_saga(engine_reader(e), id, arena_of(e), &row, &info);
    if (err == ERR_IO) {
        engine_fail(e, &info);
    }
    return err == ERR_OK;
}

/* NULL: both forms are taken, by somebody who meant it. */
static const char *free_id(struct engine *e, const struct resident *parent,
                           const struct follow *f)
{
    const struct child_place at = {.parent = parent->row.id,
                                   .step = parent->entry->definition->steps[f->step].id,
                                   .item = f->item,
                                   .generation = f->generation};
    const char *id = child_id(arena_of(e), &at, false);

    if (is_taken(e, id)) {
        id = child_id(arena_of(e), &at, true);
    }
    return is_taken(e, id) ? NULL : id;
}

static void refuse(struct engine *e, const struct follow *f, const char *why)
{
    tell(e, f, SAGA_STATUS_COMPENSATED, JSON_SPAN_NONE, why);
}

static void start(struct engine *e, struct follow *f)
{
    const struct resident *parent = table_find(e->table, f->saga); /* It had a turn. */
    const struct family_child *child = f->more;
    const char *holder = held_by(e, child);
    const char *id = free_id(e, parent, f);
    const struct trace_ids trace =
        trace_ids_of_saga(parent->row.id, parent->row.traceparent, &e->config.sampler);
    struct birth birth = {.entry = child->entry,
                          .id = id,
                          .key = child->key,
                          .traceparent = trace_parent_text(arena_of(e), &trace),
                          .tracestate = parent->row.tracestate,
                          .input = child->input,
                          .parent = f->saga,
                          .parent_step = f->step,
                          .parent_item = f->item,
                          .generation = f->generation};
    const struct resident *r;

    e->n_births--;
    if (holder != NULL) {
        refuse(e, f,
               arena_printf(arena_of(e), "no child saga: '%s' holds the key '%s' of '%s'",
                            holder, child->key, child->entry->definition->name));
    } else if (id == NULL) {
        refuse(e, f, "no child saga: another saga has its id");
    } else {
        r = birth_of(e, &birth);
        assert(r != NULL); /* has_room() */
        (void)r;
    }
}

/* ---- ending
 * ---------------------------------------------------------------------------- */

/* A cancel: past its pivot a child refuses and is awaited as it is (S33). A pause. */
static void apply_to_child(struct engine *e, struct follow *f)
{
    struct resident *child = child_of(e, f);

    if (child != NULL) {
        (void)turn_apply_alone(e, child, &f->record);
        turn_let_go(e, child);
    }
}

/* Not COMPLETED, so it cannot be taken back: the parent hears how it stands, now if it is
 * over, else when it is. */
static void answer_undo(struct engine *e, struct resident *child, struct follow *f)
{
    turn_load_state(e, child);
    if (saga_is_final(&e->saga)) {
        f->generation = child->row.generation;
        tell(e, f, saga_status_of(&e->saga), JSON_SPAN_NONE,
             arena_printf(arena_of(e), "the child saga '%s' is %s", child->row.id,
                          saga_status_name(saga_status_of(&e->saga))));
    } else {
        f->record.event.kind = SAGA_EV_CANCEL;
        (void)turn_apply_alone(e, child, &f->record);
    }
}

/* It may have completed while it was paused; the parent, who is not, wants it back. */
static void wake_up(struct engine *e, struct resident *child, struct follow *f)
{
    if (child->row.is_paused) {
        f->record.event.kind = SAGA_EV_RESUME;
        (void)turn_apply_alone(e, child, &f->record);
    }
}

static void undo(struct engine *e, struct follow *f)
{
    struct resident *child = child_of(e, f);

    if (child == NULL) {
        if (!atomic_load(&e->has_failed)) { /* Settled by hand before there was one. */
            tell(e, f, SAGA_STATUS_RESOLVED, JSON_SPAN_NONE,
                 "no child saga was ever started here");
        }
        return;
    }
    if (turn_apply_alone(e, child, &f->record) == SAGA_APPLIED) {
        wake_up(e, child, f);
    } else {
        answer_undo(e, child, f);
    }
    turn_let_go(e, child);
}

/* ---- effects
 * --------------------------------------------------------------------------- */

/* With the words that the child's journal has for it. */
static void note(struct engine *e, const struct resident *r, const struct saga_effect *fx,
                 enum saga_event_kind kind, void (*run)(struct engine *, struct follow *))
{
    struct follow *f = follow_add(e, run);

    f->saga = r->num;
    f->step = fx->step;
    f->item = fx->item;
    f->generation = fx->generation;
    f->record.event.kind = kind;
    f->record.reason =
        arena_printf(arena_of(e), "the parent saga '%s' goes back", r->row.id);
}

static void note_start(struct engine *e, const struct resident *r, const struct oracle *o,
                       const struct saga_effect *fx)
{
    struct follow *f = follow_add(e, start);

    f->saga = r->num;
    f->step = fx->step;
    f->item = fx->item;
    f->generation = fx->generation;
    f->more = oracle_child(o, fx);
    e->n_births++;
}

void family_carry_out(struct engine *e, struct resident *r, const struct oracle *o,
                      const struct saga_effect *fx, const struct record *record)
{
    switch (fx->kind) {
    case SAGA_FX_START_CHILD:
        note_start(e, r, o, fx);
        return;
    case SAGA_FX_CANCEL_CHILD:
        note(e, r, fx, SAGA_EV_CANCEL, apply_to_child);
        return;
    case SAGA_FX_UNDO_CHILD:
        note(e, r, fx, SAGA_EV_PARENT_UNDO, undo);
        return;
    case SAGA_FX_TELL_PARENT:
        tell_parent(e, r, fx, record);
        return;
    case SAGA_FX_SEND:
    case SAGA_FX_FREE_ORDER:
    case SAGA_FX_NOTIFY:
    case SAGA_FX_ENDED:
    case SAGA_FX_ALERT:
        break;
    }
    assert(false); /* Not an effect of a family. */
}

void family_pass_on(struct engine *e, const struct resident *r,
                    const struct record *record)
{
    const struct plan *plan = r->entry->definition->plan;

    if ((record->event.kind != SAGA_EV_PAUSE && record->event.kind != SAGA_EV_RESUME) ||
        e->restore.is_resuming) { /* Then each saga is resumed for itself. */
        return;
    }
    for (uint16_t i = 0; i < e->saga.n_cells; i++) {
        const struct saga_cell *c = &e->saga.cells[i];
        struct follow *f;

        if (c->state != CELL_WAITING || plan->nodes[c->step].kind != PLAN_CHILD) {
            continue;
        }
        f = follow_add(e, apply_to_child);
        f->saga = r->num;
        f->step = c->step;
        f->item = c->item;
        f->record.event.kind = record->event.kind;
        f->record.actor = arena_text(arena_of(e), record->actor);
        f->record.reason =
            arena_printf(arena_of(e), "the parent saga '%s' is %s", r->row.id,
                         record->event.kind == SAGA_EV_PAUSE ? "paused" : "resumed");
    }
}
