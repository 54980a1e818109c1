/* check.c - ids, pivots, sizes, and the order of the checks; see check.h. */
#include "definitions/check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "definitions/suggest.h"

static void check_ids(const struct check *c)
{
    for (uint16_t i = 1; i < c->d->n_nodes; i++) {
        const struct draft_step *step = c->d->nodes[i];
        const struct draft_step *first =
            step->id != NULL ? draft_step_of(c->d, step->id) : step;

        if (first != step) {
            report_error(c->report, place_of(c->scratch, step->at, "id"), "duplicate-id",
                         "another step has the id '%s' already", step->id);
        }
    }
}

/* ---- pivots ------------------------------------------------------------------ */

static bool is_in_parallel(const struct draft_step *step)
{
    for (; step != NULL; step = step->parent) {
        if (step->kind == PLAN_PARALLEL) {
            return true;
        }
    }
    return false;
}

/* Pivots stand in sequences only, so any two of them are on one path. */
static void check_pivot(const struct check *c, const struct draft_step *step)
{
    const struct place *at = place_of(c->scratch, step->at, "pivot");

    if (step != c->d->pivot) {
        report_error(c->report, at, "second-pivot",
                     "'%s' is the pivot already; behind it there is no way back to a "
                     "second one",
                     c->d->pivot->id != NULL ? c->d->pivot->id : "another step");
    }
    if (is_in_parallel(step)) {
        report_error(c->report, at, "pivot-in-parallel",
                     "a pivot cannot stand in a parallel: the other branches may fail");
    }
    if (step->each != NULL) {
        report_error(c->report, at, "pivot-in-foreach",
                     "a pivot cannot have forEach: one item would forbid the way back "
                     "for the others");
    }
    if (step->undo.call != NULL) {
        report_error(c->report, place_of(c->scratch, step->at, "compensate"),
                     "pivot-has-compensate",
                     "a pivot is never taken back, so it has no compensate");
    }
    if (step->is_optional) {
        report_error(c->report, place_of(c->scratch, step->at, "optional"),
                     "pivot-is-optional", "a pivot cannot be optional");
    }
    if (step->on_unknown == DRAFT_COMPENSATE) {
        report_error(c->report, place_of(c->scratch, step->at, "onUnknown"),
                     "pivot-on-unknown",
                     "a pivot in doubt is settled by confirm or by an operator, never "
                     "compensated");
    }
}

static void check_pivots(const struct check *c)
{
    for (uint16_t i = 1; i < c->d->n_nodes; i++) {
        if (c->d->nodes[i]->is_pivot) {
            check_pivot(c, c->d->nodes[i]);
        }
    }
}

/* ---- sizes ------------------------------------------------------------------- */

static void check_width(const struct check *c)
{
    if (c->d->root.width > LIMIT_WIDTH) {
        report_error(c->report, place_of(c->scratch, c->d->at, "steps"), "too-wide",
                     "%" PRIu32 " calls could be open at once; at most %d may",
                     c->d->root.width, LIMIT_WIDTH);
    }
}

static bool is_new_signal(const struct draft *d, uint16_t number)
{
    for (uint16_t i = 1; i < number; i++) {
        if (d->nodes[i]->kind == PLAN_SIGNAL &&
            strcmp(d->nodes[i]->wait->signal, d->nodes[number]->wait->signal) == 0) {
            return false;
        }
    }
    return true;
}

static void check_signals(const struct check *c)
{
    size_t n = 0;

    for (uint16_t i = 1; i < c->d->n_nodes; i++) {
        if (c->d->nodes[i]->kind == PLAN_SIGNAL && is_new_signal(c->d, i)) {
            n++;
        }
        if (n > LIMIT_SIGNAL_NAMES) {
            report_error(c->report, c->d->nodes[i]->at, "too-many-signals",
                         "a definition waits for at most %d different signals",
                         LIMIT_SIGNAL_NAMES);
            return;
        }
    }
}

/* ---- the definition's own members --------------------------------------------- */

static void check_key(const struct check *c)
{
    if (c->d->is_unique &&
        json_span_member(c->d->at->value, "key", strlen("key")).at == NULL) {
        report_error(c->report, place_of(c->scratch, c->d->at, "unique"),
                     "unique-without-key",
                     "'unique' is about the key, and there is none");
    }
}

static void check_example(const struct check *c)
{
    struct json_span example = c->d->input.example;
    struct input_schema_error error = {"", "", ""};
    const struct place *at;
    json_t *json;

    if (c->d->input_schema == NULL || example.at == NULL ||
        json_read(example.at, example.n, &json, NULL) != ERR_OK) {
        return;
    }
    if (input_schema_check(c->d->input_schema, json, &error, 1) > 0) {
        at = place_of(c->scratch, place_of(c->scratch, c->d->at, "input"), "example");
        report_warning(c->report, place_below(c->scratch, at, error.pointer),
                       "example-does-not-fit", "the example does not fit the schema: %s",
                       error.detail);
    }
    json_decref(json);
}

void check_unknown(const struct check *c, const struct place *at, const char *kind,
                   const char *name)
{
    char code[40];
    char hint[SUGGEST_HINT_MAX] = "";
    const char *near =
        c->world->nearest != NULL ? c->world->nearest(c->world->user, kind, name) : NULL;

    (void)snprintf(code, sizeof(code), "unknown-%s", kind);
    if (near != NULL) {
        (void)snprintf(hint, sizeof(hint), "; did you mean '%.*s'?", SUGGEST_NAME_MAX,
                       near);
    }
    report_issue(c->report, !c->world->is_dry_run, at, code,
                 "the daemon knows no %s '%.80s'%s", kind, name, hint);
}

void check_draft(const struct check *c)
{
    check_ids(c);
    check_pivots(c);
    check_width(c);
    check_signals(c);
    check_key(c);
    check_example(c);
    check_calls(c);
    check_children(c);
    check_references(c);
    check_warnings(c);
}
