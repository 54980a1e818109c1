/*
 * settle.c - what a call does not say: the definition's `defaults`, then the house's.
 * See draft_settle() in draft.h.
 */
#include <assert.h>
#include <string.h>
#include <strings.h>

#include "definitions/draft.h"

#define TIMEOUT_MS 30000

/* Actions before the pivot give up soon and go back; what must happen goes on for a
 * day (S25, S27). */
enum patience { SHORT, LONG };

static const uint64_t house_retry[][DRAFT_RETRY_FIELDS] = {
    [SHORT] = {[DRAFT_ATTEMPTS] = 4,
               [DRAFT_DELAY] = 500,
               [DRAFT_BACKOFF] = 2000,
               [DRAFT_DELAY_MAX] = 30 * 1000,
               [DRAFT_ELAPSED] = 0,
               [DRAFT_JITTER] = 1000},
    [LONG] = {[DRAFT_ATTEMPTS] = 0,
              [DRAFT_DELAY] = 500,
              [DRAFT_BACKOFF] = 2000,
              [DRAFT_DELAY_MAX] = 10 * 60 * 1000,
              [DRAFT_ELAPSED] = 24 * 60 * 60 * 1000,
              [DRAFT_JITTER] = 1000},
};

static void settle_retry(struct draft_retry *own, const struct draft_retry *defaults,
                         enum patience patience)
{
    for (size_t i = 0; i < DRAFT_RETRY_FIELDS; i++) {
        if (own->v[i] == DRAFT_UNSET && defaults != NULL) {
            own->v[i] = defaults->v[i];
        }
        if (own->v[i] == DRAFT_UNSET) {
            own->v[i] = house_retry[patience][i];
        }
    }
}

static bool has_header(const struct draft_pairs *headers, const char *name)
{
    for (size_t i = 0; i < headers->n; i++) {
        if (strcasecmp(headers->items[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* The defaults' headers that the call does not set itself, behind its own. */
static void settle_headers(struct draft_pairs *own, const struct draft_pairs *defaults,
                           struct arena *keep)
{
    struct draft_pairs all = {NULL, own->n};

    if (defaults->n == 0) {
        return;
    }
    all.items = arena_take(keep, (own->n + defaults->n) * sizeof(*all.items));
    if (own->n > 0) {
        memcpy(all.items, own->items, own->n * sizeof(*all.items));
    }
    for (size_t i = 0; i < defaults->n; i++) {
        if (!has_header(own, defaults->items[i].name)) {
            all.items[all.n] = defaults->items[i];
            all.n++;
        }
    }
    *own = all;
}

static bool has_status(const struct plan_statuses *statuses, uint16_t status)
{
    for (uint16_t i = 0; i < statuses->n; i++) {
        if (statuses->rules[i].status == status) {
            return true;
        }
    }
    return false;
}

/* A rule of the call takes the place of the defaults' rule for the same code or class.
 * The reader lets each list fill half of the table. */
static void settle_statuses(struct plan_statuses *own,
                            const struct plan_statuses *defaults)
{
    for (uint16_t i = 0; i < defaults->n; i++) {
        if (!has_status(own, defaults->rules[i].status)) {
            assert(own->n < PLAN_STATUS_RULES_MAX);
            own->rules[own->n] = defaults->rules[i];
            own->n++;
        }
    }
}

static void settle_call(struct draft_call *call, const struct draft_call *defaults,
                        enum patience patience, struct arena *keep)
{
    if (call->method == NULL) {
        call->method = "POST";
    }
    if (call->timeout_ms == 0) {
        call->timeout_ms = defaults->timeout_ms != 0 ? defaults->timeout_ms : TIMEOUT_MS;
    }
    settle_retry(&call->retry, &defaults->retry, patience);
    settle_headers(&call->headers, &defaults->headers, keep);
    settle_statuses(&call->statuses, &defaults->statuses);
}

/* A confirm is a call to the same participant, so it takes the headers and the time-out
 * of the action; it is retried like a compensation (S17), and its verdict is its own. */
static void settle_confirm(struct draft_call *confirm, const struct draft_call *defaults,
                           struct arena *keep)
{
    confirm->method = "GET";
    if (confirm->timeout_ms == 0) {
        confirm->timeout_ms =
            defaults->timeout_ms != 0 ? defaults->timeout_ms : TIMEOUT_MS;
    }
    settle_retry(&confirm->retry, NULL, LONG);
    settle_headers(&confirm->headers, &defaults->headers, keep);
}

void draft_settle(struct draft *d, struct arena *keep)
{
    for (uint16_t i = 1; i < d->n_nodes; i++) {
        struct draft_step *step = d->nodes[i];
        bool is_long = draft_is_after_pivot(d, step) && !step->is_optional;

        if (step->call != NULL) {
            settle_call(step->call, &d->defaults.call, is_long ? LONG : SHORT, keep);
        }
        if (step->undo.call != NULL) {
            settle_call(step->undo.call, &d->defaults.undo, LONG, keep);
        }
        if (step->confirm != NULL) {
            settle_confirm(step->confirm, &d->defaults.call, keep);
        }
    }
}
