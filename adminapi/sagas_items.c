/* sagas_items.c - GET /v1/sagas/{id}/steps/{step}/items: a forEach's items in pages. */
#include <inttypes.h>

#include "adminapi/answer.h"
#include "adminapi/handlers.h"
#include "adminapi/page.h"
#include "adminapi/redact.h"
#include "adminapi/saga_answer.h"
#include "adminapi/saga_json.h"
#include "base/json.h"
#include "engine/view/saga_text.h"
#include "engine/view/view_items.h"

static void put_time_if(struct json_out *o, const char *name, uint64_t ms)
{
    if (ms != 0) {
        json_put_time(o, name, ms);
    }
}

static void put_item(struct json_out *o, const struct view_item *item,
                     const struct definition_step *d)
{
    json_open_object(o);
    json_put_number(o, "item", item->item);
    json_put(o, "status", item->status);
    json_put_number(o, "attempts", item->attempts);
    put_time_if(o, "startedAt", item->started_ms);
    put_time_if(o, "endedAt", item->ended_ms);
    if (item->in_doubt) {
        json_put_flag(o, "inDoubt", true);
    }
    if (item->has_output) {
        saga_json_output(o, &item->output, d->action);
    }
    if (item->has_error) {
        json_key(o, "lastError");
        json_open_object(o);
        json_put(o, "outcome", outcome_name(item->error_outcome));
        if (item->error_status != 0) {
            json_put_number(o, "httpStatus", item->error_status);
        }
        json_put(o, "detail", item->error_detail);
        json_close_object(o);
    }
    json_close_object(o);
}

void sagas_items(struct request *r)
{
    struct err_info info = {.text = ""};
    struct view_item *items;
    struct json_out o;
    struct page page;
    struct view v;
    uint16_t step;
    size_t n;
    enum err e;

    if (!page_read(r, true, &page) || !saga_answer_view(r, r->parameters[0], &v)) {
        return;
    }
    step = definition_step_of(v.definition, r->parameters[1]);
    if (step == PLAN_NONE || v.definition->plan->nodes[step].each == PLAN_NONE) {
        answer_refuse(r, PROBLEM_NOT_FOUND, "The saga has no step '%s' with items",
                      r->parameters[1]);
        return;
    }
    e = view_read_items(r->reader, &v, step, (uint32_t)page.after_number, page.limit,
                        r->arena, &items, &n, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
        return;
    }
    answer_json(r, 200, &o);
    json_open_object(&o);
    json_key(&o, "items");
    json_open_array(&o);
    for (size_t i = 0; i < n; i++) {
        put_item(&o, &items[i], &v.definition->steps[step]);
    }
    page_close(r, &o,
               page.after_number + n < v.steps[step].items_total
                   ? arena_printf(r->arena, "%" PRIu64, page.after_number + n)
                   : NULL);
}
