/* audit.c - GET /v1/audit: who did what, when and why, newest first (S60). Entries form a
 * chain of hashes (engine/store/store_audit.h), with what a client needs to check it. */
#include <inttypes.h>

#include "adminapi/answer.h"
#include "adminapi/handlers.h"
#include "adminapi/page.h"
#include "base/json.h"

struct list {
    struct json_out o;
    size_t limit;
    size_t n;
    uint64_t last;
    bool has_more;
};

static bool put_entry(void *user, const struct store_audit *a)
{
    struct list *list = user;
    struct json_out *o = &list->o;

    if (list->n == list->limit) {
        list->has_more = true;
        return false;
    }
    json_open_object(o);
    json_put_number(o, "seq", (int64_t)a->seq);
    json_put_time(o, "time", a->at_ms);
    json_put(o, "actor", a->actor);
    json_put(o, "action", a->action);
    json_put(o, "subject", a->subject);
    if (a->turn != 0) {
        json_put_number(o, "turn", (int64_t)a->turn);
    } else {
        json_put(o, "turn", NULL);
    }
    json_put(o, "reason", a->reason);
    json_put(o, "requestId", a->request_id);
    json_put(o, "previous", a->previous);
    json_put(o, "hash", a->hash);
    json_close_object(o);
    list->n++;
    list->last = a->seq;
    return true;
}

void audit_list(struct request *r)
{
    struct err_info info = {.text = ""};
    struct store_audit_query q = {.actor = target_find(&r->target, "actor"),
                                  .action = target_find(&r->target, "action"),
                                  .subject = target_find(&r->target, "subject")};
    struct list list = {.n = 0};
    struct page page;
    enum err e;

    if (!page_read(r, true, &page)) {
        return;
    }
    q.before_seq = page.after_number;
    q.most = page.limit + 1;
    list.limit = page.limit;
    answer_json(r, 200, &list.o);
    json_open_object(&list.o);
    json_key(&list.o, "items");
    json_open_array(&list.o);
    e = store_scan_audit(r->reader, &q, put_entry, &list, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    page_close(r, &list.o,
               list.has_more ? arena_printf(r->arena, "%" PRIu64, list.last) : NULL);
}
