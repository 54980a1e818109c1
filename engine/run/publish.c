/* publish.c - the commands that change definitions. One commit at a time: the next one
 * reads what the last one wrote. */
#include <inttypes.h>
#include <string.h>

#include "engine/run/commands.h"
#include "engine/run/state.h"

static bool is_busy(const struct engine *e)
{
    return e->batches[0].changes_definitions || e->batches[1].changes_definitions;
}

static void refuse_err(struct command *c, enum err err, const struct err_info *info)
{
    if (err == ERR_NOT_FOUND) {
        commands_refuse(c, PROBLEM_NOT_FOUND, "There is no definition or version '%s'",
                        c->of.definition.name);
    } else {
        commands_refuse(c, PROBLEM_STORE_UNAVAILABLE, "%s", info->text);
    }
}

static void finish(struct engine *e, struct command *c, const char *action)
{
    struct batch *b = engine_batch(e);

    b->changes_definitions = true;
    commands_audit(e, c, action, c->of.definition.name, 0);
    commands_keep_replay(e, c, 0, NULL);
    batch_add_answer(b, c, 0);
}

static void use_version(struct engine *e, const char *name, uint32_t version)
{
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_DEFINITION_USE);

    op->of.definition.name = arena_text(b->ops.arena, name);
    op->of.definition.version = version;
}

/* If-Match and If-None-Match hold? False: refused. has_current: current is filled. */
static bool conditions_hold(struct command *c, bool has_current,
                            const struct store_definition *current)
{
    const struct command_definition *d = &c->of.definition;

    if (d->if_absent && has_current) {
        commands_refuse(c, PROBLEM_PRECONDITION_FAILED, "Definition '%s' exists already",
                        d->name);
        return false;
    }
    if (d->if_match != NULL &&
        (!has_current || strcmp(d->if_match, current->hash) != 0)) {
        commands_refuse(c, PROBLEM_PRECONDITION_FAILED,
                        "The current version of '%s' is another one (%s)", d->name,
                        has_current ? current->hash : "none");
        return false;
    }
    return true;
}

/* The first version that is free. */
static enum err next_version(struct engine *e, const char *name, uint32_t *out,
                             struct err_info *info)
{
    struct store_definition found;
    struct arena *a = arena_create(4096);
    uint32_t version = 0;
    enum err err;

    do {
        version++;
        arena_reset(a);
        err = store_find_definition(engine_reader(e), name, version, a, &found, info);
    } while (err == ERR_OK);
    arena_destroy(a);
    if (err != ERR_NOT_FOUND) {
        return err;
    }
    *out = version;
    return ERR_OK;
}

static void add_version(struct engine *e, struct command *c, uint32_t version)
{
    const struct command_definition *d = &c->of.definition;
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_DEFINITION);
    struct store_definition *row = &op->of.definition;

    row->num = e->next_definition++;
    row->name = arena_text(b->ops.arena, d->name);
    row->version = version;
    row->hash = arena_text(b->ops.arena, d->hash);
    row->content = arena_text(b->ops.arena, d->content);
    row->children = arena_text(b->ops.arena, d->children);
    row->created_ms = e->now_ms;
    if (d->makes_current || version == 1) {
        use_version(e, d->name, version);
    }
    c->is_new = true;
    c->definition = *row;
    c->definition.name = d->name;
    c->definition.hash = d->hash;
    c->definition.content = d->content;
    c->definition.children = d->children;
}

/* Whoever makes a version current wants sagas of it: an archived definition comes back.
 */
static bool take_out(struct engine *e, struct command *c,
                     const struct store_definition *current)
{
    const struct command_definition *d = &c->of.definition;
    struct batch *b = engine_batch(e);
    struct store_op *op;

    if (!d->makes_current || !current->is_archived) {
        return false;
    }
    op = store_batch_add(&b->ops, STORE_DEFINITION_FLAGS);
    op->of.definition.name = arena_text(b->ops.arena, d->name);
    op->of.definition.is_paused = current->is_paused;
    c->definition.is_archived = false;
    return true;
}

static void put_new(struct engine *e, struct command *c,
                    const struct store_definition *current)
{
    uint32_t version;
    struct err_info info;
    enum err err = next_version(e, c->of.definition.name, &version, &info);

    if (err != ERR_OK) {
        refuse_err(c, err, &info);
        return;
    }
    add_version(e, c, version);
    (void)take_out(e, c, current); /* It is written anyhow. */
    finish(e, c, "put");
}

static void put(struct engine *e, struct command *c)
{
    const struct command_definition *d = &c->of.definition;
    struct store_definition current = {.num = 0};
    struct err_info info;
    enum err err =
        store_find_definition(engine_reader(e), d->name, 0, c->arena, &current, &info);
    bool has_current = err == ERR_OK;
    bool is_back;

    if (err != ERR_OK && err != ERR_NOT_FOUND) {
        refuse_err(c, err, &info);
        return;
    }
    if (!conditions_hold(c, has_current, &current)) {
        return;
    }
    err = store_find_definition_hash(engine_reader(e), d->name, d->hash, c->arena,
                                     &c->definition, &info);
    if (err == ERR_NOT_FOUND) {
        put_new(e, c, &current);
        return;
    }
    if (err != ERR_OK) {
        refuse_err(c, err, &info);
        return;
    }
    is_back = take_out(e, c, &current);
    if (d->makes_current && c->definition.version != current.version) {
        use_version(e, d->name, c->definition.version);
        finish(e, c, "use");
    } else if (is_back) {
        finish(e, c, "put");
    } else {
        c->done(c->user, c); /* The same content: nothing to do. */
    }
}

static void use(struct engine *e, struct command *c)
{
    struct err_info info;
    enum err err =
        store_find_definition(engine_reader(e), c->of.definition.name,
                              c->of.definition.version, c->arena, &c->definition, &info);

    if (err != ERR_OK) {
        refuse_err(c, err, &info);
        return;
    }
    use_version(e, c->of.definition.name, c->of.definition.version);
    finish(e, c, "use");
}

/* ---- flags
 * ----------------------------------------------------------------------------------- */

struct unfinished {
    const char *name;
    uint64_t n;
};

static bool count_unfinished(void *user, const char *name, enum saga_status status,
                             uint64_t n)
{
    struct unfinished *u = user;

    if (strcmp(name, u->name) == 0 &&
        (status == SAGA_STATUS_RUNNING || status == SAGA_STATUS_COMPENSATING ||
         status == SAGA_STATUS_STUCK)) {
        u->n += n;
    }
    return true;
}

static void set_flags(struct engine *e, struct command *c)
{
    const struct command_definition *d = &c->of.definition;
    struct unfinished u = {.name = d->name};
    struct batch *b = engine_batch(e);
    struct store_op *op;
    struct err_info info;
    enum err err = store_find_definition(engine_reader(e), d->name, 0, c->arena,
                                         &c->definition, &info);

    if (err == ERR_OK && d->is_archived) {
        err = store_scan_counts(engine_reader(e), count_unfinished, &u, &info);
    }
    if (err != ERR_OK) {
        refuse_err(c, err, &info);
        return;
    }
    if (u.n > 0) {
        commands_refuse(c, PROBLEM_INVALID_STATE,
                        "%" PRIu64
                        " sagas of '%s' are not final; archive it when they are",
                        u.n, d->name);
        return;
    }
    op = store_batch_add(&b->ops, STORE_DEFINITION_FLAGS);
    op->of.definition.name = arena_text(b->ops.arena, d->name);
    op->of.definition.is_paused = d->is_paused;
    op->of.definition.is_archived = d->is_archived;
    finish(e, c, d->is_archived ? "archive" : d->is_paused ? "pause" : "resume");
}

void commands_publish(struct engine *e, struct command *c)
{
    if (is_busy(e)) {
        struct command **last = &e->delayed;

        while (*last != NULL) {
            last = &(*last)->next;
        }
        c->next = NULL;
        *last = c;
        return;
    }
    if (commands_replay(e, c)) {
        return;
    }
    if (c->kind == COMMAND_DEFINITION_PUT) {
        put(e, c);
    } else if (c->kind == COMMAND_DEFINITION_USE) {
        use(e, c);
    } else {
        set_flags(e, c);
    }
}

void commands_publish_delayed(struct engine *e)
{
    while (e->delayed != NULL && !is_busy(e)) {
        struct command *c = e->delayed;

        e->delayed = c->next;
        commands_publish(e, c);
    }
}
