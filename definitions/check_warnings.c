/* check_warnings.c - allowed, and probably not meant; see check.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "definitions/check.h"

static bool has_member(const struct place *at, const char *name)
{
    return json_span_member(at->value, name, strlen(name)).at != NULL;
}

static bool is_method(const struct draft_call *call, const char *method)
{
    return call->method != NULL && strcmp(call->method, method) == 0;
}

static bool is_mutating(const struct draft_call *call)
{
    return !is_method(call, "GET") && !is_method(call, "HEAD");
}

/* ---- the way back --------------------------------------------------------------- */

/* An exact code beats a class; unlisted, a 404 is a refusal. */
static bool is_success(const struct plan_statuses *statuses, uint16_t status)
{
    enum plan_meaning meaning = PLAN_REJECTED;

    for (uint16_t i = 0; i < statuses->n; i++) {
        if (statuses->rules[i].status == status) {
            return statuses->rules[i].meaning == PLAN_SUCCESS;
        }
        if (statuses->rules[i].status == status / 100) {
            meaning = statuses->rules[i].meaning;
        }
    }
    return meaning == PLAN_SUCCESS;
}

static void warn_undo(const struct check *c, const struct draft_step *step)
{
    const struct draft_call *undo = step->undo.call;
    const struct place *at = place_of(c->scratch, step->at, "compensate");

    if (is_method(undo, "DELETE") && !is_success(&undo->statuses, 404)) {
        report_warning(c->report, at, "delete-without-404",
                       "a DELETE whose first answer was lost gets 404 the second time; "
                       "say \"statuses\": { \"success\": [ 404 ] } if that means done");
    }
    if (draft_is_after_pivot(c->d, step)) {
        report_warning(c->report, at, "compensate-after-pivot",
                       "'%s' stands behind the pivot and is never taken back",
                       step->id != NULL ? step->id : "this step");
    }
    if (step->undo_reads_answer && step->call != NULL && step->confirm == NULL &&
        !has_member(step->at, "confirm")) {
        report_warning(c->report, at, "undo-reads-answer",
                       "this reads the step's own answer; in doubt there may be none, "
                       "and without 'confirm' the saga is then stuck here");
    }
}

static void warn_no_undo(const struct check *c, const struct draft_step *step)
{
    if (step->call != NULL && is_mutating(step->call) && !step->is_pivot &&
        !draft_is_after_pivot(c->d, step) && !has_member(step->at, "compensate")) {
        report_warning(c->report, step->at, "no-compensate",
                       "'%s' changes something and nothing takes it back; say "
                       "\"compensate\": null if that is on purpose",
                       step->id != NULL ? step->id : "this step");
    }
}

/* ---- calls ------------------------------------------------------------------------ */

/* Is this of a service, not idempotent by its method, and made more than once? Without a
 * service there is nothing that could declare what happens then. */
static bool needs_keys(const struct draft_call *call)
{
    return call != NULL && call->service != NULL &&
           (is_method(call, "POST") || is_method(call, "PATCH")) &&
           call->retry.v[DRAFT_ATTEMPTS] != 1;
}

static bool is_of_same(const struct draft_call *other, const struct draft_call *call)
{
    return needs_keys(other) && strcmp(other->service, call->service) == 0;
}

/* Said once for each service: its configuration is where it is mended. */
static bool is_first_of_service(const struct check *c, const struct draft_call *call)
{
    for (uint16_t i = 1; i < c->d->n_nodes; i++) {
        const struct draft_step *step = c->d->nodes[i];

        if (is_of_same(step->call, call)) {
            return step->call == call;
        }
        if (is_of_same(step->undo.call, call)) {
            return step->undo.call == call;
        }
    }
    return true;
}

static void warn_repeated(const struct check *c, const struct draft_call *call)
{
    if (needs_keys(call) && c->world->is_repeatable != NULL &&
        !c->world->is_repeatable(c->world->user, call->service) &&
        is_first_of_service(c, call)) {
        report_warning(c->report, call->at, "retry-not-declared-safe",
                       "this %s is repeated with the same Idempotency-Key, and nothing "
                       "declares that '%.63s' keeps such keys; if it does, say "
                       "\"keysKept\" in the service's configuration",
                       call->method, call->service);
    }
}

static void warn_call(const struct check *c, const struct draft_call *call)
{
    if (call == NULL) {
        return;
    }
    if (is_method(call, "GET") && call->body != NULL) {
        report_warning(c->report, place_of(c->scratch, call->at, "body"), "get-with-body",
                       "many servers ignore or refuse the body of a GET");
    }
    warn_repeated(c, call);
}

static void warn_wait(const struct check *c, const struct draft_step *step)
{
    const struct place *at = place_of(c->scratch, step->at, "wait");

    if (step->kind == PLAN_SIGNAL && !has_member(at, "timeout")) {
        report_warning(c->report, at, "wait-without-timeout",
                       "without a 'timeout' this waits for ever when the signal never "
                       "comes");
    }
}

/* ---- time ------------------------------------------------------------------------- */

/* Longest time of a call that is answered by time-outs only, in ms. */
static uint64_t longest_call(const struct draft_call *call)
{
    const uint64_t *v = call->retry.v;
    uint64_t sum = call->timeout_ms;
    uint64_t delay = v[DRAFT_DELAY];

    if (v[DRAFT_ATTEMPTS] == 0) {
        return v[DRAFT_ELAPSED]; /* 0: the saga's deadline bounds it. */
    }
    for (uint64_t i = 1; i < v[DRAFT_ATTEMPTS]; i++) {
        delay = delay < v[DRAFT_DELAY_MAX] ? delay : v[DRAFT_DELAY_MAX];
        sum += call->timeout_ms + delay;
        delay = delay * v[DRAFT_BACKOFF] / 1000;
    }
    sum += call->callback_ms;
    return v[DRAFT_ELAPSED] != 0 && v[DRAFT_ELAPSED] < sum ? v[DRAFT_ELAPSED] : sum;
}

/* Of the forward part, up to and with the pivot: behind it the deadline turns nothing
 * back. Items count once; what a child needs is its own affair. */
static uint64_t longest(const struct check *c, const struct draft_step *step)
{
    uint64_t sum = 0;

    if (draft_is_after_pivot(c->d, step)) {
        return 0;
    }
    for (size_t i = 0; i < step->sequence.n; i++) {
        sum += longest(c, step->sequence.items[i]);
    }
    for (size_t i = 0; i < step->parallel.n; i++) {
        uint64_t branch = longest(c, step->parallel.items[i]);

        sum = branch > sum ? branch : sum;
    }
    if (step->call != NULL) {
        sum += longest_call(step->call);
    }
    if (step->wait != NULL) {
        sum += step->wait->ms + step->wait->timeout_ms;
    }
    return sum;
}

static const char *in_words(uint64_t ms, char out[static 48])
{
    uint64_t s = ms / 1000;

    if (s >= 86400) {
        (void)snprintf(out, 48, "%" PRIu64 "d %" PRIu64 "h", s / 86400, s / 3600 % 24);
    } else if (s >= 3600) {
        (void)snprintf(out, 48, "%" PRIu64 "h %" PRIu64 "m", s / 3600, s / 60 % 60);
    } else if (s >= 60) {
        (void)snprintf(out, 48, "%" PRIu64 "m %" PRIu64 "s", s / 60, s % 60);
    } else {
        (void)snprintf(out, 48, "%" PRIu64 ".%" PRIu64 "s", s, ms / 100 % 10);
    }
    return out;
}

static void warn_time(const struct check *c)
{
    uint64_t ms = longest(c, &c->d->root);
    char needed[48];
    char given[48];

    if (c->d->timeout_ms != 0 && ms > c->d->timeout_ms) {
        report_warning(c->report, place_of(c->scratch, c->d->at, "timeout"),
                       "timeout-too-short",
                       "with every retry the forward part can take %s, and after %s "
                       "the saga turns back",
                       in_words(ms, needed), in_words(c->d->timeout_ms, given));
    }
}

void check_warnings(const struct check *c)
{
    warn_time(c);
    for (uint16_t i = 1; i < c->d->n_nodes; i++) {
        const struct draft_step *step = c->d->nodes[i];

        warn_no_undo(c, step);
        if (step->undo.call != NULL) {
            warn_undo(c, step);
        }
        if (step->wait != NULL) {
            warn_wait(c, step);
        }
        warn_call(c, step->call);
        warn_call(c, step->undo.call);
    }
}
