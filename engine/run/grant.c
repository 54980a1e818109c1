/* grant.c - see grant.h. */
#include "engine/run/grant.h"

#include "engine/run/load.h"
#include "engine/run/oracle.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"

struct service *grant_service(struct engine *e, struct resident *r,
                              const struct saga_cell *c)
{
    const struct definition_call *call =
        definition_call_of(r->entry->definition, c->step, c->call);
    struct render_request request;
    struct render_scope scope;
    struct err_info info;
    struct service *service = NULL;

    if (call == NULL) {
        return NULL;
    }
    if (call->service != NULL) {
        return services_need(e->config.services, call->service);
    }
    if (load_docs(e, r, &info) != ERR_OK) {
        engine_fail(e, &info);
        return NULL;
    }
    turn_load_state(e, r);
    docs_scope(r->docs, &e->saga,
               (struct docs_place){.step = c->step, .item = c->item, .call = c->call},
               &scope);
    if (render_call(r->entry->definition, c->step, c->call, &scope, e->scratch, &request,
                    &info) == ERR_OK) {
        service = oracle_service(e, &request);
    }
    arena_reset(e->scratch);
    return service;
}

static bool has_sent(const struct record *record)
{
    for (size_t i = 0; i < record->n_sends; i++) {
        const struct record_send *send = &record->sends[i];

        if (send->step == record->event.step && send->item == record->event.item &&
            send->call == record->event.call) {
            return true;
        }
    }
    return false;
}

void grant_take(struct engine *e, struct resident *r, struct service *service,
                struct record *record)
{
    if (turn_apply(e, r, record) != SAGA_APPLIED || !has_sent(record)) {
        service_release(service);
    }
}

unsigned grant_all(struct engine *e, unsigned n_max)
{
    struct service_waiter w;
    struct service *service;
    unsigned n = 0;

    while (n < n_max && services_next(e->config.services, e->mono_ms, &w, &service)) {
        struct resident *r = table_find(e->table, w.saga);
        struct record record = {
            .event = {
                .kind = SAGA_EV_GRANTED, .step = w.step, .item = w.item, .call = w.call}};

        n++;
        if (r == NULL) {
            service_release(service);
        } else {
            grant_take(e, r, service, &record);
        }
    }
    return n;
}
