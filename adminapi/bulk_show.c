/*
 * bulk_show.c - GET /v1/bulk, GET /v1/bulk/{id}, POST /v1/bulk/{id}/cancel.
 */
#include "adminapi/answer.h"
#include "adminapi/body.h"
#include "adminapi/bulk_json.h"
#include "adminapi/handlers.h"
#include "adminapi/page.h"
#include "adminapi/preference.h"
#include "adminapi/submit.h"

struct list {
    struct request *r;
    struct json_out o;
    size_t limit;
    size_t n;
    uint64_t last;
    bool has_more;
};

static const char *cursor_of(const struct list *list)
{
    return list->has_more ? arena_number(list->r->arena, list->last) : NULL;
}

/* ---- the list
 * ---------------------------------------------------------------------------------- */

static bool put_bulk(void *user, const struct store_bulk *b)
{
    struct list *list = user;

    if (!bulk_json_may_see(list->r, b)) {
        return true;
    }
    if (list->n == list->limit) {
        list->has_more = true;
        return false;
    }
    json_open_object(&list->o);
    bulk_json_members(&list->o, b);
    json_close_object(&list->o);
    list->n++;
    list->last = b->num;
    return true;
}

void bulk_list(struct request *r)
{
    struct err_info info = {.text = ""};
    struct list list = {.r = r};
    struct page page;
    enum err e;

    if (!page_read(r, true, &page)) {
        return;
    }
    list.limit = page.limit;
    answer_json(r, 200, &list.o);
    json_open_object(&list.o);
    json_key(&list.o, "items");
    json_open_array(&list.o);
    e = store_scan_bulks(r->reader, page.after_number, SIZE_MAX, put_bulk, &list, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    page_close(r, &list.o, cursor_of(&list));
}

/* ---- one of them
 * ------------------------------------------------------------------------------- */

static bool put_item(void *user, const struct store_bulk_item *i)
{
    struct list *list = user;

    if (list->n == list->limit) {
        list->has_more = true;
        return false;
    }
    bulk_json_item(&list->o, i);
    list->n++;
    list->last = i->n;
    return true;
}

void bulk_show(struct request *r)
{
    struct err_info info = {.text = ""};
    struct list list = {.r = r};
    struct store_bulk_items_query q;
    struct store_bulk b;
    struct page page;
    enum err e;

    if (!page_read(r, true, &page) || !bulk_json_find(r, r->parameters[0], &b)) {
        return;
    }
    list.limit = page.limit;
    q = (struct store_bulk_items_query){b.num, page.after_number, page.limit + 1};
    answer_json(r, 200, &list.o);
    json_open_object(&list.o);
    bulk_json_members(&list.o, &b);
    json_key(&list.o, "items");
    json_open_array(&list.o);
    e = store_scan_bulk_items(r->reader, &q, put_item, &list, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    page_close(r, &list.o, cursor_of(&list));
}

/* ---- cancel
 * ------------------------------------------------------------------------------------ */

static void cancelled(struct request *r)
{
    const struct command *c = &r->command;
    struct store_bulk b;
    struct json_out o;

    if (answer_refused(r)) {
        return;
    }
    if (!bulk_json_find(r, r->parameters[0], &b)) {
        return;
    }
    answer_json(r, 200, &o);
    json_open_object(&o);
    bulk_json_members(&o, &b);
    json_close_object(&o);
    if (c->is_replayed) {
        answer_header(r, "Idempotency-Replayed", "true");
    }
}

void bulk_cancel(struct request *r)
{
    struct body_member reason = {.name = "reason"};
    struct command *c = &r->command;
    struct store_bulk b;

    c->kind = COMMAND_BULK_CANCEL;
    c->of.bulk = (struct command_bulk){.id = r->parameters[0]};
    if (!body_read(r, true, &reason, 1)) {
        return;
    }
    c->reason = body_text(r, &reason);
    if (!body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid") &&
        bulk_json_find(r, r->parameters[0], &b) && preference_replay(r)) {
        submit_command(r, cancelled);
    }
}
