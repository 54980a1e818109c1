/* load.c - see load.h. */
#include "engine/run/load.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "engine/core/saga_code.h"
#include "engine/run/state.h"
#include "engine/run/stuck.h"
#include "engine/run/turn.h"

/* The saga's definition and last state, from the store. */
static enum err read_state(struct engine *e, struct resident *r, struct err_info *info)
{
    struct arena *a = arena_create(4096);
    struct store_turn last;
    enum err err = registry_find(e->registry, r->row.definition, &r->entry, info);

    if (err == ERR_OK) {
        err = store_last_turn(engine_reader(e), r->num, a, &last, info);
    }
    if (err == ERR_OK &&
        !saga_decode(&e->saga, r->entry->definition->plan, last.state.at, last.state.n)) {
        err = err_set(info, ERR_IO, "the last state of saga %s is not sound", r->row.id);
    }
    if (err == ERR_OK) {
        resident_set_state(r, last.state.at, last.state.n);
        r->loaded_turn = e->saga.turn;
        stuck_load(e, r);
    }
    arena_destroy(a);
    return err;
}

enum err load_row(struct engine *e, const struct store_saga *row, struct resident **out,
                  struct err_info *info)
{
    struct resident *r = table_find(e->table, row->num);
    enum err err;

    if (r != NULL) {
        *out = r;
        return ERR_OK;
    }
    r = table_add(e->table, row);
    if (r == NULL) {
        return err_set(info, ERR_LIMIT, "there are as many sagas in memory as may be");
    }
    err = read_state(e, r, info);
    if (err != ERR_OK) {
        table_remove(e->table, r);
        return err == ERR_NOT_FOUND
                   ? err_set(info, ERR_IO, "saga %s has no journal or no definition",
                             row->id)
                   : err;
    }
    turn_arm(e, r);
    *out = r;
    return ERR_OK;
}

enum err load_saga(struct engine *e, uint64_t num, struct resident **out,
                   struct err_info *info)
{
    struct resident *r = table_find(e->table, num);
    struct arena *a;
    struct store_saga row;
    enum err err;

    if (r != NULL) {
        *out = r;
        return ERR_OK;
    }
    a = arena_create(4096);
    err = store_find_saga_num(engine_reader(e), num, a, &row, info);
    if (err == ERR_OK) {
        err = load_row(e, &row, out, info);
    }
    arena_destroy(a);
    return err;
}

enum err load_id(struct engine *e, const char *id, struct resident **out,
                 struct err_info *info)
{
    uint64_t num = pending_find(e->pending, PENDING_ID, id, NULL);
    struct arena *a;
    struct store_saga row;
    enum err err;

    if (num != 0) {
        return load_saga(e, num, out, info);
    }
    a = arena_create(4096);
    err = store_find_saga(engine_reader(e), id, a, &row, info);
    if (err == ERR_OK) {
        err = load_row(e, &row, out, info);
    }
    arena_destroy(a);
    return err;
}

/* ---- documents
 * -------------------------------------------------------------------------- */

static void create_docs(struct engine *e, struct resident *r, struct json_span input)
{
    const char *vars = r->vars != NULL ? r->vars : e->config.vars;
    struct docs_start start = {.definition = r->entry->definition,
                               .version = r->entry->version,
                               .id = r->row.id,
                               .key = r->row.key,
                               .started_ms = r->row.started_ms,
                               .input = input,
                               .vars = json_span_of(vars, strlen(vars))};

    r->docs = docs_create(&start, false);
}

void load_new_docs(struct engine *e, struct resident *r, struct json_span input)
{
    create_docs(e, r, input);
}

/* Folding the journal into documents and hashes. */
struct fold {
    struct engine *e;
    struct resident *r;
    struct arena *arena;
    struct saga *after; /* Room for the state of the turn that failed. */
    uint64_t error_turn;
    bool is_bad;
};

static bool fold_turn(void *user, const struct store_turn *turn)
{
    struct fold *f = user;
    struct record record;
    const struct saga *after = NULL;

    arena_reset(f->arena);
    if (!record_decode(turn->data.at, turn->data.n, f->arena, &record)) {
        f->is_bad = true;
        return false;
    }
    if (turn->turn == f->error_turn &&
        saga_decode(f->after, f->r->entry->definition->plan, turn->state.at,
                    turn->state.n)) {
        after = f->after;
    }
    docs_begin(f->r->docs, turn->turn, &record);
    docs_take(f->r->docs, after);
    for (size_t i = 0; i < record.n_sends; i++) {
        const struct record_send *s = &record.sends[i];

        resident_set_hash(
            f->r, (struct resident_hash){s->step, s->item, s->call, s->hash, s->address});
    }
    f->r->journal_bytes += turn->data.n + turn->state.n;
    return true;
}

static enum err read_vars(struct engine *e, struct resident *r, struct arena *a,
                          struct err_info *info)
{
    const char *vars;
    enum err err;

    if (r->row.vars == 0 || r->row.vars == e->vars) {
        return ERR_OK;
    }
    err = store_read_vars(engine_reader(e), r->row.vars, a, &vars, info);
    if (err == ERR_OK) {
        r->vars = mem_text(vars);
    }
    return err;
}

static enum err fold_journal(struct engine *e, struct resident *r, struct err_info *info)
{
    struct fold f = {.e = e, .r = r, .arena = arena_create(16384)};
    enum err err;

    turn_load_state(e, r);
    f.error_turn = e->saga.error_turn;
    f.after = mem_alloc(sizeof(*f.after));
    err = store_scan_turns(engine_reader(e), r->num, 1, SIZE_MAX, fold_turn, &f, info);
    if (err == ERR_OK && f.is_bad) {
        err = err_set(info, ERR_IO, "the journal of saga %s cannot be read", r->row.id);
    }
    turn_load_state(e, r);
    resident_prune_hashes(r, &e->saga);
    free(f.after);
    arena_destroy(f.arena);
    return err;
}

static enum err read_items(struct engine *e, struct resident *r, struct arena *a,
                           struct err_info *info)
{
    const struct plan *plan = r->entry->definition->plan;

    turn_load_state(e, r);
    for (uint16_t n = 0; n < plan->n_nodes; n++) {
        uint32_t count = plan->nodes[n].each == PLAN_NONE
                             ? 0
                             : e->saga.eachs[plan->nodes[n].each].count;

        for (uint32_t i = 0; i < count; i += STORE_ITEMS_A_ROW) {
            struct store_bytes values;
            enum err err =
                store_read_items(engine_reader(e), r->num, n, i, a, &values, info);

            if (err != ERR_OK) {
                return err;
            }
            docs_take_items(r->docs, n, i, json_span_of(values.at, values.n));
        }
    }
    return ERR_OK;
}

enum err load_docs(struct engine *e, struct resident *r, struct err_info *info)
{
    struct arena *a;
    struct store_bytes input;
    enum err err;

    if (r->docs != NULL) {
        return ERR_OK;
    }
    assert(r->n_uncommitted == 0); /* All its turns can be read. */
    a = arena_create(4096);
    err = read_vars(e, r, a, info);
    if (err == ERR_OK) {
        err = store_read_input(engine_reader(e), r->num, a, &input, info);
    }
    if (err == ERR_OK) {
        create_docs(e, r, json_span_of(input.at, input.n));
        err = read_items(e, r, a, info);
    }
    if (err == ERR_OK) {
        err = fold_journal(e, r, info);
    }
    if (err != ERR_OK) { /* Half of them would be taken for all. */
        docs_destroy(r->docs);
        r->docs = NULL;
        r->journal_bytes = 0;
    }
    arena_destroy(a);
    return err;
}
