/*
 * services.c - POST /v1/services/{name}/breaker, /pause, /resume.
 *
 * The engine knows the services: whether there is one of that name is its to say. The
 * answer is the service as the change left it.
 */
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/body.h"
#include "adminapi/handlers.h"
#include "adminapi/preference.h"
#include "adminapi/submit.h"
#include "base/json.h"

static void changed(struct request *r)
{
    const struct command *c = &r->command;
    struct json_out o;

    if (answer_refused(r)) {
        return;
    }
    answer_json(r, 200, &o);
    json_raw(&o, json_span_of(c->services, strlen(c->services)));
    if (c->is_replayed) {
        answer_header(r, "Idempotency-Replayed", "true");
    }
}

static void read_state(struct request *r, const struct body_member *m)
{
    static const char *const words[] = {[SERVICE_BREAKER_AUTO] = "auto",
                                        [SERVICE_BREAKER_OPEN] = "open",
                                        [SERVICE_BREAKER_CLOSED] = "closed"};
    const char *state = body_needed_text(r, m);

    if (state == NULL) {
        return;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i], state) == 0) {
            r->command.of.service.breaker = (enum service_breaker)i;
            return;
        }
    }
    body_fault(r, m, "enum", "It must be \"open\", \"closed\" or \"auto\"");
}

static void change(struct request *r, enum command_service_change what)
{
    const bool has_state = what == COMMAND_SERVICE_BREAKER;
    struct body_member m[] = {{.name = "reason"}, {.name = "state"}};
    struct command *c = &r->command;

    c->kind = COMMAND_SERVICE;
    c->of.service = (struct command_service){.name = r->parameters[0], .change = what};
    if (!body_read(r, !has_state, m, has_state ? 2 : 1)) {
        return;
    }
    c->reason = body_text(r, &m[0]);
    if (has_state) {
        read_state(r, &m[1]);
    }
    if (!body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid") &&
        preference_replay(r)) {
        submit_command(r, changed);
    }
}

void services_breaker(struct request *r)
{
    change(r, COMMAND_SERVICE_BREAKER);
}

void services_pause(struct request *r)
{
    change(r, COMMAND_SERVICE_PAUSE);
}

void services_resume(struct request *r)
{
    change(r, COMMAND_SERVICE_RESUME);
}
