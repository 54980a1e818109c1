/*
 * stats.c - GET /v1/stats: what happened when, and how things stand.
 *
 * The engine's thread copies its counts out, this one writes them; how many sagas there
 * are of each status the store knows.
 */
#include "engine/run/stats.h"

#include "adminapi/answer.h"
#include "adminapi/handlers.h"
#include "adminapi/submit.h"
#include "base/json.h"
#include "base/units.h"
#include "engine/view/saga_text.h"

#define WINDOW "1h"
#define STEP "10s"

static const char *given(const struct request *r, const char *name, const char *otherwise)
{
    const char *text = target_find(&r->target, name);

    return text != NULL ? text : otherwise;
}

static bool read_amount(struct request *r, const char *name, const char *otherwise,
                        uint64_t *out)
{
    const char *text = given(r, name, otherwise);

    if (units_read_duration(text, out)) {
        return true;
    }
    answer_refuse(r, PROBLEM_INVALID_REQUEST,
                  "%s is a duration such as %s: from 1s to %s", name, otherwise,
                  name[0] == 's' ? "1h" : "24h");
    return false;
}

/* ---- the answer ------------------------------------------------------------------ */

static bool add_count(void *user, const char *definition, enum saga_status status,
                      uint64_t n)
{
    uint64_t *counts = user;

    (void)definition; /* Summed over definitions. */
    counts[status] += n;
    return true;
}

static void put_now(struct json_out *o, const uint64_t sagas[SAGA_STATUSES],
                    const struct command_counts *counts)
{
    json_key(o, "now");
    json_open_object(o);
    json_key(o, "sagas");
    json_open_object(o);
    for (unsigned i = 0; i < SAGA_STATUSES; i++) {
        json_put_number(o, saga_status_name((enum saga_status)i), (int64_t)sagas[i]);
    }
    json_close_object(o);
    json_put_number(o, "active", counts->n_active);
    json_put_number(o, "callsInFlight", counts->calls_in_flight);
    json_put_number(o, "callsQueued", counts->calls_queued);
    json_close_object(o);
}

static void put_point(struct json_out *o, const struct stats_point *point)
{
    static const char *const names[STATS_KINDS] = {
#define X(name, text) text,
        STATS_MAP(X)
#undef X
    };

    json_open_object(o);
    json_put_time(o, "at", point->at_ms);
    for (size_t i = 0; i < STATS_KINDS; i++) {
        json_put_number(o, names[i], (int64_t)point->counts[i]);
    }
    json_close_object(o);
}

static void put_stats(struct request *r, const uint64_t sagas[SAGA_STATUSES])
{
    const struct command_counts *counts = &r->command.of.counts;
    struct json_out o;

    answer_json(r, 200, &o);
    json_open_object(&o);
    json_put(&o, "window", given(r, "window", WINDOW));
    json_put(&o, "step", given(r, "step", STEP));
    json_put_time(&o, "from", counts->read.from_ms);
    json_put_time(&o, "to", counts->read.to_ms);
    put_now(&o, sagas, counts);
    json_key(&o, "points");
    json_open_array(&o);
    for (size_t i = 0; i < counts->read.n_points; i++) {
        put_point(&o, &counts->read.points[i]);
    }
    json_close_array(&o);
    json_close_object(&o);
}

static void counted(struct request *r)
{
    uint64_t sagas[SAGA_STATUSES] = {0};
    struct err_info info = {.text = ""};
    enum err e;

    if (answer_refused(r)) {
        return;
    }
    e = store_scan_counts(r->reader, add_count, sagas, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    put_stats(r, sagas);
}

void stats_show(struct request *r)
{
    struct stats_range *range = &r->command.of.counts.range;
    const char *wrong;

    if (!read_amount(r, "window", WINDOW, &range->window_ms) ||
        !read_amount(r, "step", STEP, &range->step_ms)) {
        return;
    }
    wrong = stats_check(range);
    if (wrong != NULL) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST, "%s", wrong);
        return;
    }
    r->command.kind = COMMAND_COUNTS;
    submit_command(r, counted);
}
