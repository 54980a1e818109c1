/* tend.c - COMMAND_SERVICE: what an operator does to a service (S50, S60).
 *
 * It takes effect at once and lives in memory only, like the limits it belongs to; what
 * is committed is the audit entry, and the answer comes after it. Who waits in line is
 * granted in the same round of the loop.
 */
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "engine/run/commands.h"
#include "engine/run/state.h"

#define OBJECT_BYTES_MAX 65536 /* Of a service as JSON; its name and URL are short. */

static const char *action_name(const struct command_service *s)
{
    switch (s->change) {
    case COMMAND_SERVICE_PAUSE:
        return "service-pause";
    case COMMAND_SERVICE_RESUME:
        return "service-resume";
    case COMMAND_SERVICE_BREAKER:
        break;
    }
    switch (s->breaker) {
    case SERVICE_BREAKER_OPEN:
        return "breaker-open";
    case SERVICE_BREAKER_CLOSED:
        return "breaker-closed";
    case SERVICE_BREAKER_AUTO:
        break;
    }
    return "breaker-auto";
}

static void change(const struct engine *e, const struct command *c,
                   struct service *service)
{
    const struct command_service *s = &c->of.service;

    if (s->change == COMMAND_SERVICE_BREAKER) {
        service_set_breaker(service, s->breaker, c->actor, e->mono_ms);
    } else {
        service_set_paused(service, s->change == COMMAND_SERVICE_PAUSE, c->actor);
    }
}

static const char *object_of(const struct engine *e, const struct service *service,
                             struct arena *a)
{
    const char *object;
    struct json_out out;
    struct buf text;

    buf_init(&text, OBJECT_BYTES_MAX);
    json_out_init(&out, &text);
    service_write(service, e->mono_ms, &out);
    object = arena_copy(a, buf_text(&text), text.n);
    buf_done(&text);
    return object;
}

void commands_service(struct engine *e, struct command *c)
{
    const struct command_service *s = &c->of.service;
    struct service *service;

    if (commands_replay(e, c)) {
        return;
    }
    service = services_find(e->config.services, s->name);
    if (service == NULL || service_is_missing(service)) {
        commands_refuse(c, PROBLEM_NOT_FOUND, "There is no service '%s'", s->name);
        return;
    }
    change(e, c, service);
    log_say(LOG_WARNING, "an operator changed a service", LOG_TEXT("service", s->name),
            LOG_TEXT("action", action_name(s)), LOG_TEXT("actor", c->actor));
    c->services = object_of(e, service, c->arena);
    commands_audit(e, c, action_name(s), s->name, 0);
    commands_keep_replay(e, c, 0, c->services);
    batch_add_answer(engine_batch(e), c, 0);
}
