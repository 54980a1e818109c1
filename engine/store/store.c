/* store.c - see store.h and store_backend.h: what all backends share. */
#include "engine/store/store.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "engine/store/store_backend.h"
#include "engine/store/store_open.h"

/* ---- copies --------------------------------------------------------------- */

struct store_bytes store_bytes_copy(struct arena *a, struct store_bytes from)
{
    if (from.at != NULL) {
        from.at = arena_copy(a, from.at, from.n);
    }
    return from;
}

struct store_saga store_saga_copy(struct arena *a, const struct store_saga *from)
{
    struct store_saga copy = *from;

    copy.id = arena_text(a, from->id);
    copy.key = arena_text(a, from->key);
    copy.unique_key = arena_text(a, from->unique_key);
    copy.ordering_key = arena_text(a, from->ordering_key);
    copy.labels = arena_text(a, from->labels);
    copy.traceparent = arena_text(a, from->traceparent);
    copy.tracestate = arena_text(a, from->tracestate);
    copy.stuck_step = arena_text(a, from->stuck_step);
    copy.stuck_error = arena_text(a, from->stuck_error);
    copy.definition_name = arena_text(a, from->definition_name);
    return copy;
}

struct store_definition store_definition_copy(struct arena *a,
                                              const struct store_definition *from)
{
    struct store_definition copy = *from;

    copy.name = arena_text(a, from->name);
    copy.hash = arena_text(a, from->hash);
    copy.content = arena_text(a, from->content);
    copy.children = arena_text(a, from->children);
    return copy;
}

struct store_replay store_replay_copy(struct arena *a, const struct store_replay *from)
{
    struct store_replay copy = *from;

    copy.scope = arena_text(a, from->scope);
    copy.key = arena_text(a, from->key);
    copy.hash = arena_text(a, from->hash);
    copy.body = store_bytes_copy(a, from->body);
    return copy;
}

/* ---- writing -------------------------------------------------------------- */

enum err store_commit(struct store *s, const struct store_batch *batch,
                      struct err_info *info)
{
    struct err_info why = {{0}};
    enum err e;

    if (s->has_failed) {
        return err_set(info, ERR_IO, "nothing is written after a failed commit: %.400s",
                       s->failure.text);
    }
    if (batch->n == 0) {
        return ERR_OK;
    }
    e = s->backend->commit(s, batch, &why);
    if (e == ERR_OK) {
        return ERR_OK;
    }
    if (e != ERR_CONFLICT && e != ERR_BUSY) { /* S6, S94: the result is unknown. */
        s->has_failed = true;
        s->failure = why;
    }
    return err_set(info, e, "%s", why.text);
}

void store_tidy(struct store *s)
{
    struct err_info why = {{0}};

    if (s->has_failed) {
        return;
    }
    if (s->backend->tidy(s, &why) != ERR_OK) {
        s->has_failed = true; /* The next commit says so. */
        s->failure = why;
        log_say(LOG_ERROR, "the store failed and writes nothing any more",
                LOG_TEXT("detail", why.text));
    }
}

uint64_t store_free_bytes(const struct store *s)
{
    return s->backend->free_bytes(s);
}

enum err store_copy_begin(struct store *s, const char *path, struct store_copy **out,
                          struct err_info *info)
{
    return s->backend->copy_begin(s, path, out, info);
}

enum err store_copy_step(struct store_copy *c, bool *is_done, struct err_info *info)
{
    return c->backend->copy_step(c, is_done, info);
}

void store_copy_end(struct store_copy *c)
{
    if (c != NULL) {
        c->backend->copy_end(c);
    }
}

const char *store_alive_path(const struct store *s)
{
    return s->backend->alive_path(s);
}

void store_close(struct store *s)
{
    if (s != NULL) {
        s->backend->close(s);
    }
}

/* ---- readers -------------------------------------------------------------- */

enum err store_reader_open(struct store *s, struct store_reader **out,
                           struct err_info *info)
{
    return s->backend->reader_open(s, out, info);
}

void store_reader_close(struct store_reader *r)
{
    if (r != NULL) {
        r->backend->reader_close(r);
    }
}

enum err store_reader_begin(struct store_reader *r, struct err_info *info)
{
    return r->backend->reader_begin(r, info);
}

void store_reader_end(struct store_reader *r)
{
    r->backend->reader_end(r);
}

enum err store_read_numbers(struct store_reader *r, struct store_numbers *out,
                            struct err_info *info)
{
    return r->backend->read_numbers(r, out, info);
}

/* ---- finding one row: a scan that keeps the first --------------------------- */

struct keep {
    struct arena *a;
    void *out;
    bool is_found;
};

/* is_found tells ERR_OK from ERR_NOT_FOUND. */
static enum err kept(enum err e, const struct keep *k, struct err_info *info,
                     const char *what)
{
    if (e != ERR_OK || k->is_found) {
        return e;
    }
    return err_set(info, ERR_NOT_FOUND, "no such %s", what);
}

static bool keep_saga(void *user, const struct store_saga *row)
{
    struct keep *k = user;

    *(struct store_saga *)k->out = store_saga_copy(k->a, row);
    k->is_found = true;
    return false;
}

static enum err find_saga(struct store_reader *r, const struct store_saga_query *q,
                          struct arena *a, struct store_saga *out, struct err_info *info)
{
    struct keep k = {a, out, false};
    enum err e = r->backend->scan_sagas(r, q, keep_saga, &k, info);

    return kept(e, &k, info, "saga");
}

enum err store_find_saga(struct store_reader *r, const char *id, struct arena *a,
                         struct store_saga *out, struct err_info *info)
{
    const struct store_saga_query q = {.by = STORE_SAGAS_BY_ID, .id = id, .most = 1};

    return find_saga(r, &q, a, out, info);
}

enum err store_find_saga_num(struct store_reader *r, uint64_t num, struct arena *a,
                             struct store_saga *out, struct err_info *info)
{
    const struct store_saga_query q = {.by = STORE_SAGAS_BY_NUM, .num = num, .most = 1};

    return find_saga(r, &q, a, out, info);
}

enum err store_find_unique(struct store_reader *r, const char *definition_name,
                           const char *key, struct arena *a, struct store_saga *out,
                           struct err_info *info)
{
    const struct store_saga_query q = {
        .by = STORE_SAGAS_BY_UNIQUE, .name = definition_name, .key = key, .most = 1};

    return find_saga(r, &q, a, out, info);
}

enum err store_find_child(struct store_reader *r, uint64_t parent, uint16_t step,
                          uint32_t item, struct arena *a, struct store_saga *out,
                          struct err_info *info)
{
    const struct store_saga_query q = {
        .by = STORE_SAGAS_BY_PLACE, .num = parent, .step = step, .item = item, .most = 1};

    return find_saga(r, &q, a, out, info);
}

static void keep_bytes(void *user, struct store_bytes bytes)
{
    struct keep *k = user;

    *(struct store_bytes *)k->out = store_bytes_copy(k->a, bytes);
    k->is_found = true;
}

static void keep_text(void *user, struct store_bytes bytes)
{
    struct keep *k = user;

    *(const char **)k->out = arena_copy(k->a, bytes.at, bytes.n);
    k->is_found = true;
}

enum err store_read_input(struct store_reader *r, uint64_t saga, struct arena *a,
                          struct store_bytes *out, struct err_info *info)
{
    const struct store_bytes_query q = {.of = STORE_BYTES_INPUT, .num = saga};
    struct keep k = {a, out, false};

    return kept(r->backend->read_bytes(r, &q, keep_bytes, &k, info), &k, info, "input");
}

enum err store_read_items(struct store_reader *r, uint64_t saga, uint16_t step,
                          uint32_t item, struct arena *a, struct store_bytes *out,
                          struct err_info *info)
{
    const struct store_bytes_query q = {.of = STORE_BYTES_ITEMS,
                                        .num = saga,
                                        .step = step,
                                        .item = item - item % STORE_ITEMS_A_ROW};
    struct keep k = {a, out, false};

    return kept(r->backend->read_bytes(r, &q, keep_bytes, &k, info), &k, info, "items");
}

enum err store_read_vars(struct store_reader *r, uint64_t vars, struct arena *a,
                         const char **out, struct err_info *info)
{
    const struct store_bytes_query q = {.of = STORE_BYTES_VARS, .num = vars};
    struct keep k = {a, out, false};

    return kept(r->backend->read_bytes(r, &q, keep_text, &k, info), &k, info, "vars");
}

enum err store_read_meta(struct store_reader *r, const char *name, struct arena *a,
                         const char **out, struct err_info *info)
{
    const struct store_bytes_query q = {.of = STORE_BYTES_META, .name = name};
    struct keep k = {a, out, false};

    return kept(r->backend->read_bytes(r, &q, keep_text, &k, info), &k, info,
                "meta text");
}

static void see_bytes(void *user, struct store_bytes bytes)
{
    (void)bytes; /* That there are any is all. */
    *(bool *)user = true;
}

enum err store_find_purged(struct store_reader *r, const char *id, struct err_info *info)
{
    const struct store_bytes_query q = {.of = STORE_BYTES_PURGED, .name = id};
    bool is_there = false;
    enum err e = r->backend->read_bytes(r, &q, see_bytes, &is_there, info);

    if (e == ERR_OK && !is_there) {
        return err_set(info, ERR_NOT_FOUND, "no saga '%s' was purged", id);
    }
    return e;
}

enum err store_read_notify_body(struct store_reader *r, uint64_t num, struct arena *a,
                                struct store_bytes *out, struct err_info *info)
{
    const struct store_bytes_query q = {.of = STORE_BYTES_NOTIFY, .num = num};
    struct keep k = {a, out, false};

    return kept(r->backend->read_bytes(r, &q, keep_bytes, &k, info), &k, info, "webhook");
}

enum err store_next_notify_origin(struct store_reader *r, const char *after,
                                  struct arena *a, const char **out,
                                  struct err_info *info)
{
    const struct store_bytes_query q = {.of = STORE_BYTES_NOTIFY_ORIGIN,
                                        .name = after == NULL ? "" : after};
    struct keep k = {a, out, false};

    return kept(r->backend->read_bytes(r, &q, keep_text, &k, info), &k, info, "origin");
}

enum err store_find_vars(struct store_reader *r, const char *text, uint64_t *out,
                         struct err_info *info)
{
    uint64_t num = 0;
    enum err e = r->backend->find_vars(r, text, &num, info);

    if (e != ERR_OK) {
        return e;
    }
    if (num == 0) {
        return err_set(info, ERR_NOT_FOUND, "no such vars");
    }
    *out = num;
    return ERR_OK;
}

static bool keep_turn(void *user, const struct store_turn *row)
{
    struct keep *k = user;
    struct store_turn copy = *row;

    copy.data = store_bytes_copy(k->a, row->data);
    copy.state = store_bytes_copy(k->a, row->state);
    *(struct store_turn *)k->out = copy;
    k->is_found = true;
    return false;
}

enum err store_last_turn(struct store_reader *r, uint64_t saga, struct arena *a,
                         struct store_turn *out, struct err_info *info)
{
    const struct store_turn_query q = {.saga = saga, .is_last = true, .most = 1};
    struct keep k = {a, out, false};

    return kept(r->backend->scan_turns(r, &q, keep_turn, &k, info), &k, info, "turn");
}

static bool keep_number(void *user, const struct store_turn *row)
{
    struct keep *k = user;

    *(uint64_t *)k->out = row->turn;
    k->is_found = true;
    return false;
}

enum err store_last_turn_number(struct store_reader *r, uint64_t saga, uint64_t *out,
                                struct err_info *info)
{
    const struct store_turn_query q = {
        .saga = saga, .is_last = true, .is_bare = true, .most = 1};
    struct keep k = {.out = out};

    return kept(r->backend->scan_turns(r, &q, keep_number, &k, info), &k, info, "turn");
}

static void keep_replay(void *user, const struct store_replay *row)
{
    struct keep *k = user;

    *(struct store_replay *)k->out = store_replay_copy(k->a, row);
    k->is_found = true;
}

enum err store_find_replay(struct store_reader *r, const char *scope, const char *key,
                           struct arena *a, struct store_replay *out,
                           struct err_info *info)
{
    struct keep k = {a, out, false};
    enum err e = r->backend->find_replay(r, scope, key, keep_replay, &k, info);

    return kept(e, &k, info, "idempotency key");
}

static bool keep_definition(void *user, const struct store_definition *row)
{
    struct keep *k = user;

    *(struct store_definition *)k->out = store_definition_copy(k->a, row);
    k->is_found = true;
    return false;
}

static enum err find_definition(struct store_reader *r,
                                const struct store_definition_query *q, struct arena *a,
                                struct store_definition *out, struct err_info *info)
{
    struct keep k = {a, out, false};
    enum err e = r->backend->scan_definitions(r, q, keep_definition, &k, info);

    return kept(e, &k, info, "definition");
}

enum err store_find_definition(struct store_reader *r, const char *name, uint32_t version,
                               struct arena *a, struct store_definition *out,
                               struct err_info *info)
{
    const struct store_definition_query q = {
        .by = STORE_DEFINITIONS_BY_VERSION, .name = name, .version = version, .most = 1};

    return find_definition(r, &q, a, out, info);
}

enum err store_find_definition_num(struct store_reader *r, uint64_t num, struct arena *a,
                                   struct store_definition *out, struct err_info *info)
{
    const struct store_definition_query q = {
        .by = STORE_DEFINITIONS_BY_NUM, .num = num, .most = 1};

    return find_definition(r, &q, a, out, info);
}

enum err store_find_definition_hash(struct store_reader *r, const char *name,
                                    const char *hash, struct arena *a,
                                    struct store_definition *out, struct err_info *info)
{
    const struct store_definition_query q = {
        .by = STORE_DEFINITIONS_BY_HASH, .name = name, .hash = hash, .most = 1};

    return find_definition(r, &q, a, out, info);
}

/* ---- scans ------------------------------------------------------------------ */

static enum err scan_sagas(struct store_reader *r, const struct store_saga_query *q,
                           store_each_saga each, void *user, struct err_info *info)
{
    return q->most == 0 ? ERR_OK : r->backend->scan_sagas(r, q, each, user, info);
}

enum err store_scan_turns(struct store_reader *r, uint64_t saga, uint64_t from_turn,
                          size_t most, store_each_turn each, void *user,
                          struct err_info *info)
{
    const struct store_turn_query q = {
        .saga = saga, .from_turn = from_turn, .most = most};

    return most == 0 ? ERR_OK : r->backend->scan_turns(r, &q, each, user, info);
}

enum err store_scan_late(struct store_reader *r, uint64_t saga, store_each_late each,
                         void *user, struct err_info *info)
{
    return r->backend->scan_late(r, saga, each, user, info);
}

enum err store_scan_awake(struct store_reader *r, uint64_t after_num, size_t most,
                          store_each_saga each, void *user, struct err_info *info)
{
    const struct store_saga_query q = {
        .by = STORE_SAGAS_AWAKE, .num = after_num, .most = most};

    return scan_sagas(r, &q, each, user, info);
}

enum err store_scan_due(struct store_reader *r, const struct store_due *due, size_t most,
                        store_each_saga each, void *user, struct err_info *info)
{
    const struct store_saga_query q = {.by = STORE_SAGAS_DUE,
                                       .num = due->after_num,
                                       .after_ms = due->after_ms,
                                       .until_ms = due->until_ms,
                                       .most = most};

    return scan_sagas(r, &q, each, user, info);
}

enum err store_scan_children(struct store_reader *r, uint64_t parent,
                             store_each_saga each, void *user, struct err_info *info)
{
    const struct store_saga_query q = {
        .by = STORE_SAGAS_CHILDREN, .num = parent, .most = SIZE_MAX};

    return scan_sagas(r, &q, each, user, info);
}

enum err store_scan_audit(struct store_reader *r, const struct store_audit_query *q,
                          store_each_audit each, void *user, struct err_info *info)
{
    return q->most == 0 ? ERR_OK : r->backend->scan_audit(r, q, each, user, info);
}

enum err store_scan_line(struct store_reader *r, const char *definition_name,
                         const char *ordering_key, size_t most, store_each_saga each,
                         void *user, struct err_info *info)
{
    const struct store_saga_query q = {.by = STORE_SAGAS_IN_LINE,
                                       .name = definition_name,
                                       .key = ordering_key,
                                       .most = most};

    return scan_sagas(r, &q, each, user, info);
}

enum err store_scan_counts(struct store_reader *r, store_each_count each, void *user,
                           struct err_info *info)
{
    return r->backend->scan_counts(r, each, user, info);
}

enum err store_scan_sagas(struct store_reader *r, const struct store_filter *filter,
                          uint64_t before_num, size_t most, store_each_saga each,
                          void *user, struct err_info *info)
{
    static const struct store_filter all = {0};
    const struct store_saga_query q = {.by = STORE_SAGAS_LISTED,
                                       .num = before_num,
                                       .filter = filter == NULL ? &all : filter,
                                       .most = most};

    return scan_sagas(r, &q, each, user, info);
}

static enum err scan_definitions(struct store_reader *r,
                                 const struct store_definition_query *q,
                                 store_each_definition each, void *user,
                                 struct err_info *info)
{
    return q->most == 0 ? ERR_OK : r->backend->scan_definitions(r, q, each, user, info);
}

enum err store_scan_definitions(struct store_reader *r, const char *after_name,
                                size_t most, store_each_definition each, void *user,
                                struct err_info *info)
{
    const struct store_definition_query q = {
        .by = STORE_DEFINITIONS_CURRENT, .name = after_name, .most = most};

    return scan_definitions(r, &q, each, user, info);
}

enum err store_scan_versions(struct store_reader *r, const char *name,
                             uint32_t before_version, size_t most,
                             store_each_definition each, void *user,
                             struct err_info *info)
{
    const struct store_definition_query q = {.by = STORE_DEFINITIONS_VERSIONS,
                                             .name = name,
                                             .version = before_version,
                                             .most = most};

    return scan_definitions(r, &q, each, user, info);
}
