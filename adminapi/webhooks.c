/*
 * webhooks.c - GET /v1/sagas/{id}/webhooks, GET /v1/webhooks, and
 * POST /v1/sagas/{id}/webhooks/{webhook}/redeliver.
 *
 * Those of all sagas are walked newest first and looked at one by one, for a bounded
 * time: a page may be short, and even empty, and still have a next one.
 */
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/body.h"
#include "adminapi/filter.h"
#include "adminapi/handlers.h"
#include "adminapi/page.h"
#include "adminapi/preference.h"
#include "adminapi/saga_answer.h"
#include "adminapi/scope.h"
#include "adminapi/submit.h"
#include "base/clk.h"
#include "engine/view/webhook.h"

#define LOOKED_AT_ONCE 64 /* Rows between two looks at the clock. */
#define ROWS_AT_ONCE 256  /* Asked of the store, which sorts what it was asked for. */

struct wanted { /* NULL, 0: not asked for. */
    unsigned statuses;
    const char *definition; /* Names with commas between. */
    const char *origin;     /* Alike. */
    uint64_t created_after_ms;
    uint64_t created_before_ms;
};

struct list {
    struct request *r;
    struct json_out o;
    const struct wanted *wanted;
    uint64_t until_us;
    size_t limit;
    size_t n;
    size_t n_seen;
    uint64_t last; /* The number of the last one looked at. */
    bool has_more;
};

/* ---- lists --------------------------------------------------------------------------
 */

/* Neither names of definitions nor origins have commas in them. */
static bool is_asked(const char *wanted, const char *text)
{
    const size_t length = strlen(text);

    for (const char *at = wanted; at != NULL;) {
        const size_t n = strcspn(at, ",");

        if (n == length && memcmp(at, text, n) == 0) {
            return true;
        }
        at = at[n] == ',' ? at + n + 1 : NULL;
    }
    return wanted == NULL;
}

static bool passes(const struct list *list, const struct store_notify *n)
{
    const struct wanted *w = list->wanted;

    return scope_has(list->r, n->definition_name) &&
           is_asked(w->definition, n->definition_name) &&
           is_asked(w->origin, n->origin) && n->made_ms > w->created_after_ms &&
           (w->created_before_ms == 0 || n->made_ms < w->created_before_ms);
}

static bool put_webhook(void *user, const struct store_notify *n)
{
    struct list *list = user;

    list->has_more = list->n == list->limit ||
                     (list->n_seen > 0 && list->n_seen % LOOKED_AT_ONCE == 0 &&
                      clk_mono_us() > list->until_us);
    if (list->has_more) {
        return false;
    }
    list->n_seen++;
    list->last = n->num;
    if (passes(list, n)) {
        webhook_write(&list->o, n, list->r->arena);
        list->n++;
    }
    return true;
}

static void answer_list(struct request *r, const struct wanted *wanted, uint64_t saga)
{
    struct list list = {
        .r = r, .wanted = wanted, .until_us = clk_mono_us() + PAGE_LOOK_US};
    struct store_notify_list asked = {
        .saga = saga, .statuses = wanted->statuses, .most = ROWS_AT_ONCE};
    struct err_info info = {.text = ""};
    struct page page;
    size_t n_before;
    enum err e;

    if (!page_read(r, true, &page)) {
        return;
    }
    list.limit = page.limit;
    asked.before_num = page.after_number;
    answer_json(r, 200, &list.o);
    json_open_object(&list.o);
    json_key(&list.o, "items");
    json_open_array(&list.o);
    do {
        n_before = list.n_seen;
        e = store_list_notify(r->reader, &asked, put_webhook, &list, &info);
        if (e != ERR_OK) {
            answer_failure(r, e, &info);
            return;
        }
        asked.before_num = list.last;
    } while (!list.has_more && list.n_seen == n_before + asked.most);
    page_close(r, &list.o, list.has_more ? arena_number(r->arena, list.last) : NULL);
}

/* "waiting,failed"; false: answered. */
static bool read_statuses(struct request *r, unsigned *out)
{
    const char *at = target_find(&r->target, "status");

    *out = 0;
    while (at != NULL) {
        const size_t n = strcspn(at, ",");
        enum store_notify_status status;

        if (!webhook_status_of(at, n, &status)) {
            answer_refuse(r, PROBLEM_INVALID_REQUEST,
                          "The query parameter 'status' names a status that there is "
                          "not: webhooks are waiting, delivered or failed");
            return false;
        }
        *out |= 1U << status;
        at = at[n] == ',' ? at + n + 1 : NULL;
    }
    return true;
}

void webhooks_of_saga(struct request *r)
{
    struct wanted wanted = {.statuses = 0};
    struct store_saga row;

    if (read_statuses(r, &wanted.statuses) && saga_answer_find(r, &row)) {
        answer_list(r, &wanted, row.num);
    }
}

void webhooks_list(struct request *r)
{
    struct wanted wanted = {.definition = target_find(&r->target, "definition"),
                            .origin = target_find(&r->target, "origin")};

    if (read_statuses(r, &wanted.statuses) &&
        filter_read_time(r, "createdAfter", &wanted.created_after_ms) &&
        filter_read_time(r, "createdBefore", &wanted.created_before_ms)) {
        answer_list(r, &wanted, 0);
    }
}

/* ---- again --------------------------------------------------------------------------
 */

static void queued(struct request *r)
{
    const struct command *c = &r->command;
    struct json_out o;

    if (c->problem != PROBLEM_NONE) {
        saga_answer_problem(r, NULL);
        return;
    }
    answer_json(r, c->is_replayed ? c->replay_status : 202, &o);
    json_raw(&o, json_span_of(c->webhook, strlen(c->webhook)));
    if (c->is_replayed) {
        answer_header(r, "Idempotency-Replayed", "true");
    }
}

void webhooks_redeliver(struct request *r)
{
    struct body_member reason = {.name = "reason"};
    struct command *c = &r->command;

    c->kind = COMMAND_REDELIVER;
    c->of.redeliver =
        (struct command_redeliver){.id = r->parameters[0], .webhook = r->parameters[1]};
    if (!body_read(r, true, &reason, 1)) {
        return;
    }
    c->reason = body_text(r, &reason);
    if (!body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid") &&
        preference_replay(r)) {
        submit_command(r, queued);
    }
}
