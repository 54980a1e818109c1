/* saga_answer.c - see saga_answer.h. */
#include "adminapi/saga_answer.h"

#include <inttypes.h>

#include "adminapi/answer.h"
#include "adminapi/saga_json.h"
#include "base/clk.h"
#include "engine/run/engine.h"
#include "engine/view/why.h"

static void refuse_absent(struct request *r, const char *id)
{
    struct err_info info = {.text = ""};
    const enum err e = store_find_purged(r->reader, id, &info);

    if (e == ERR_OK) {
        answer_refuse(r, PROBLEM_PURGED, "The saga '%s' was purged", id);
    } else if (e == ERR_NOT_FOUND) {
        answer_refuse(r, PROBLEM_NOT_FOUND, "There is no saga '%s'", id);
    } else {
        answer_failure(r, e, &info);
    }
}

bool saga_answer_find(struct request *r, struct store_saga *out)
{
    struct err_info info = {.text = ""};
    const enum err e = store_find_saga(r->reader, r->parameters[0], r->arena, out, &info);

    if (e == ERR_NOT_FOUND) {
        refuse_absent(r, r->parameters[0]);
    } else if (e != ERR_OK) {
        answer_failure(r, e, &info);
    }
    return e == ERR_OK;
}

/* The view of a saga as it is now gets its sentence here, where the services' board is.
 */
static void explain(const struct request *r, struct view *v, struct arena *a)
{
    const struct why_now now = {.wall_ms = clk_wall_ms(),
                                .mono_ms = clk_mono_ms(),
                                .board = engine_board(r->config->engine)};

    if (v->why == NULL) {
        v->why = why_of(v, &now, a);
    }
}

bool saga_answer_view(struct request *r, const char *id, struct view *out)
{
    struct err_info info = {.text = ""};
    const enum err e = view_read(r->reader, r->registry, id, 0, r->arena, out, &info);

    if (e == ERR_NOT_FOUND) {
        refuse_absent(r, id);
    } else if (e != ERR_OK) {
        answer_failure(r, e, &info);
    }
    return e == ERR_OK;
}

static bool is_over(enum saga_status status)
{
    return status == SAGA_STATUS_COMPLETED || status == SAGA_STATUS_COMPENSATED ||
           status == SAGA_STATUS_RESOLVED;
}

/* A saga's state is large and needed for its own entry only. */
#define ENTRY_BYTES 262144

static enum err put_entry(struct request *r, struct json_out *o,
                          const struct store_saga *row, struct arena *a,
                          struct err_info *info)
{
    uint64_t turn = 0;
    struct view v;
    enum err e;

    if (is_over(row->status)) {
        e = store_last_turn_number(r->reader, row->num, &turn, info);
        if (e == ERR_OK) {
            saga_json_summary(o, row, NULL, turn, a);
        }
        return e;
    }
    e = view_read_brief(r->reader, r->registry, row, a, &v, info);
    if (e == ERR_OK) {
        explain(r, &v, a);
        saga_json_summary(o, row, &v, v.state->turn, a);
    }
    return e;
}

enum err saga_answer_rows(struct request *r, struct json_out *o,
                          const struct store_saga *rows, size_t n, struct err_info *info)
{
    struct arena *a = arena_create(ENTRY_BYTES);
    enum err e = ERR_OK;

    for (size_t i = 0; i < n && e == ERR_OK; i++) {
        e = put_entry(r, o, &rows[i], a, info);
        arena_reset(a);
    }
    arena_destroy(a);
    return e;
}

const char *saga_answer_tag(struct request *r, uint64_t revision)
{
    return arena_printf(r->arena, "r%" PRIu64, revision);
}

void saga_answer_with(struct request *r, int status, const struct view *v, bool is_noted)
{
    struct view explained = *v;
    struct json_out o;

    explain(r, &explained, r->arena);
    answer_json(r, status, &o);
    answer_header(r, "ETag",
                  arena_printf(r->arena, "W/\"r%" PRIu64 "\"", v->state->turn));
    saga_json_write(&o, &explained, is_noted, r->arena);
}

void saga_answer_problem(struct request *r, const struct view *v)
{
    const struct command *c = &r->command;
    const char *detail =
        c->detail.text[0] != '\0' ? c->detail.text : problem_title(c->problem);
    struct json_out o;

    answer_refuse_open(r, c->problem, 0, detail, &o);
    if (c->problem == PROBLEM_INVALID_STATE && v != NULL) {
        json_key(&o, "allowed");
        saga_json_actions(&o, v->state, v->definition->plan);
    }
    if (c->problem == PROBLEM_CALL_IN_FLIGHT) {
        json_put_time(&o, "endsAt", c->in_flight_until_ms);
    }
    if (c->problem == PROBLEM_STALE_REVISION && v != NULL) {
        json_put_number(&o, "revision", (int64_t)v->state->turn);
    }
    if (c->problem == PROBLEM_KEY_CONFLICT && c->conflict_id != NULL) {
        const char *self = arena_printf(r->arena, "/v1/sagas/%s", c->conflict_id);

        json_put(&o, "sagaId", c->conflict_id);
        json_put(&o, "link", self);
        json_key(&o, "links");
        json_open_object(&o);
        json_put(&o, "saga", self);
        json_close_object(&o);
        answer_header(r, "Link", arena_printf(r->arena, "<%s>; rel=\"related\"", self));
    }
    json_close_object(&o);
}
