/* start.c - COMMAND_START: a new saga, or the one that is there already (S7). */
#include <assert.h>
#include <string.h>

#include "base/ids.h"
#include "base/json.h"
#include "engine/run/birth.h"
#include "engine/run/commands.h"
#include "engine/run/follow.h"
#include "engine/run/load.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"
#include "engine/run/waiters.h"

/* May a saga be started at all now? False: refused. */
static bool may_start(struct engine *e, struct command *c)
{
    if (atomic_load(&e->is_draining)) {
        commands_refuse(c, PROBLEM_DRAINING,
                        "The daemon is stopping; start the saga elsewhere "
                        "or after the restart");
        return false;
    }
    if (restore_is_holding(e)) {
        commands_refuse(c, PROBLEM_STORE_UNAVAILABLE,
                        "The database was restored from a backup and everything is "
                        "paused; an operator resumes it with POST /v1/resume");
        return false;
    }
    if (c->of.start.closed != NULL) {
        commands_refuse(c, PROBLEM_INVALID_STATE, "%s", c->of.start.closed);
        return false;
    }
    if (c->of.start.misfit != NULL) {
        commands_refuse(c, PROBLEM_INPUT_INVALID, "%s", c->of.start.misfit);
        return false;
    }
    if (e->free_bytes < e->config.free_starts_bytes) {
        commands_refuse(c, PROBLEM_DISK_FULL,
                        "The disk is nearly full; no saga can be started");
        return false;
    }
    if (table_count(e->table) + e->n_unrecovered >= e->config.active_max) {
        commands_refuse(c, PROBLEM_OVERLOADED, ENGINE_FULL, e->config.active_max);
        atomic_store(&e->full_at, e->config.active_max);
        return false;
    }
    return true;
}

static enum err read_input(struct engine *e, const struct resident *r,
                           const struct command *c, struct json_span *out,
                           struct err_info *info)
{
    struct store_bytes input;
    struct render_scope scope;
    enum err err;

    if (r->docs != NULL) {
        docs_scope(
            r->docs, &e->saga,
            (struct docs_place){.step = 0, .item = SAGA_NO_ITEM, .call = CALL_ACTION},
            &scope);
        *out = scope.input;
        return ERR_OK;
    }
    err = store_read_input(engine_reader(e), r->num, c->arena, &input, info);
    if (err == ERR_OK) {
        *out = json_span_of(input.at, input.n);
    }
    return err;
}

/* Does the existing saga have this start's definition and input (else ERR_CONFLICT)? An
 * id was given to one version; of a unique key's saga S7 asks for the input only. Labels
 * are not asked about: those of the first start stand. */
static enum err compare_start(struct engine *e, const struct resident *r,
                              const struct command *c, bool is_by_id,
                              struct err_info *info)
{
    const uint32_t pinned = is_by_id ? c->of.start.pinned : 0;
    struct json_span input = JSON_SPAN_NONE;
    enum err err;

    if (strcmp(r->entry->definition->name, c->of.start.definition_name) != 0 ||
        (pinned != 0 && pinned != r->entry->version)) {
        return ERR_CONFLICT;
    }
    err = read_input(e, r, c, &input, info);
    if (err == ERR_OK && !json_is_same(input, c->of.start.input)) {
        err = ERR_CONFLICT;
    }
    return err;
}

/* The saga is there already: the same answer, or a conflict. */
static void answer_existing(struct engine *e, struct command *c, uint64_t num,
                            const char *what)
{
    struct resident *r;
    struct err_info info;
    enum err err = load_saga(e, num, &r, &info);

    if (err != ERR_OK) {
        commands_refuse_unread(c, err, &info);
        return;
    }
    turn_load_state(e, r);
    err = compare_start(e, r, c, strcmp(what, "id") == 0, &info);
    if (err != ERR_OK && err != ERR_CONFLICT) {
        commands_refuse_unread(c, err, &info);
        turn_let_go(e, r);
        return;
    }
    if (err == ERR_CONFLICT) {
        c->conflict_id = arena_text(c->arena, r->row.id);
        commands_refuse(c, PROBLEM_KEY_CONFLICT,
                        "Saga %s has this %s with another definition, version or input",
                        r->row.id, what);
        turn_let_go(e, r);
        return;
    }
    c->is_replayed = true;
    c->revision = e->saga.turn;
    commands_keep_replay(e, c, num, NULL);
    if (r->n_uncommitted > 0 || c->replay_key != NULL) {
        batch_add_answer(engine_batch(e), c, num); /* After the commit that made it. */
    } else if (c->wait != COMMAND_WAIT_NOT) {
        waiters_add(e, r, c);
    } else {
        waiters_answer(e, r, c);
        turn_let_go(e, r);
    }
}

/* The number of the saga that has this id or unique key; 0: none. False: refused. */
static bool find_existing(struct engine *e, struct command *c, uint64_t *num,
                          const char **what)
{
    const struct command_start *s = &c->of.start;
    struct store_saga row = {.num = 0};
    struct err_info info;
    enum err err = ERR_NOT_FOUND;

    *what = "id";
    if (s->id != NULL) {
        err = commands_find_purged(e, s->id, &info);
    }
    if (err == ERR_OK) {
        commands_refuse(
            c, PROBLEM_PURGED,
            "There was a saga %s and it was purged; its id is not given again", s->id);
        return false;
    }
    if (err != ERR_NOT_FOUND) {
        commands_refuse_unread(c, err, &info);
        return false;
    }
    *num = s->id != NULL ? pending_find(e->pending, PENDING_ID, s->id, NULL) : 0;
    if (*num == 0 && s->id != NULL) {
        err = store_find_saga(engine_reader(e), s->id, c->arena, &row, &info);
    }
    if (*num == 0 && err == ERR_NOT_FOUND && s->is_unique && s->key != NULL) {
        *what = "key";
        *num = pending_find(e->pending, PENDING_UNIQUE, s->definition_name, s->key);
        if (*num == 0) {
            err = store_find_unique(engine_reader(e), s->definition_name, s->key,
                                    c->arena, &row, &info);
        }
    }
    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        commands_refuse_unread(c, err, &info);
        return false;
    }
    *num = *num != 0 ? *num : row.num;
    return true;
}

static void start_new(struct engine *e, struct command *c)
{
    const struct command_start *s = &c->of.start;
    struct birth birth = {.id = s->id,
                          .key = s->key,
                          .ordering_key = s->ordering_key,
                          .labels = s->labels,
                          .traceparent = s->traceparent,
                          .tracestate = s->tracestate,
                          .input = s->input,
                          .actor = c->actor,
                          .request_id = c->request_id};
    char made[IDS_UUID_TEXT];
    struct resident *r;
    struct err_info info;

    if (registry_find(e->registry, s->definition, &birth.entry, &info) != ERR_OK) {
        commands_refuse(c, PROBLEM_STORE_UNAVAILABLE, "%s", info.text);
        return;
    }
    if (birth.id == NULL) {
        ids_make(made);
        birth.id = made;
    }
    r = birth_of(e, &birth);
    if (r == NULL) {
        commands_refuse(c, PROBLEM_OVERLOADED, "There is no room for another saga");
        return;
    }
    follow_run(e, r);
    commands_keep_replay(e, c, r->num, NULL);
    c->is_new = true;
    c->revision = e->saga.turn;
    c->state = arena_copy(c->arena, r->state, r->state_n);
    c->state_n = r->state_n;
    batch_add_answer(engine_batch(e), c, r->num);
}

void commands_start(struct engine *e, struct command *c)
{
    uint64_t existing;
    const char *what;

    if (commands_replay(e, c) || !find_existing(e, c, &existing, &what)) {
        return;
    }
    if (existing != 0) {
        answer_existing(e, c, existing, what);
    } else if (may_start(e, c)) {
        start_new(e, c);
    }
}
