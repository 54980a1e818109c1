/* preview_answer.c - see preview_answer.h. */
#include "adminapi/preview_answer.h"

#include <inttypes.h>
#include <string.h>

#include "adminapi/answer.h"
#include "adminapi/call_json.h"
#include "adminapi/saga_answer.h"
#include "base/clk.h"
#include "engine/view/saga_text.h"

bool preview_is_asked(struct request *r, bool *out)
{
    const char *value = target_find(&r->target, "preview");

    *out = value != NULL && strcmp(value, "true") == 0;
    if (value != NULL && !*out && strcmp(value, "false") != 0) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST, "preview must be true or false");
        return false;
    }
    return true;
}

/* As the engine would refuse the action itself. */
static void refuse(struct request *r, const struct view *v, enum saga_result result)
{
    struct command *c = &r->command;
    char text[CLK_TEXT_MAX];

    if (result == SAGA_IN_FLIGHT) {
        c->problem = PROBLEM_CALL_IN_FLIGHT;
        c->in_flight_until_ms =
            v->in_flight_until_ms != 0 ? v->in_flight_until_ms : clk_wall_ms();
        clk_to_text(c->in_flight_until_ms, text);
        (void)err_set(&c->detail, ERR_CONFLICT,
                      "The step's own call is in flight and ends by %s at the latest; "
                      "try then",
                      text);
    } else {
        c->problem = PROBLEM_INVALID_STATE;
        (void)err_set(&c->detail, ERR_CONFLICT, "'%s' is not possible: the saga is %s%s",
                      saga_event_name(c->of.act.action),
                      saga_status_name(saga_status_of(v->state)),
                      c->of.act.step != NULL ? " and the step does not allow it" : "");
    }
    saga_answer_problem(r, v);
}

static bool is_moved(struct request *r, const struct view *v)
{
    struct command *c = &r->command;

    if (c->of.act.revision == 0 || c->of.act.revision == v->state->turn) {
        return false;
    }
    c->problem = PROBLEM_STALE_REVISION;
    (void)err_set(&c->detail, ERR_CONFLICT,
                  "The saga is at revision %" PRIu64 ", not %" PRIu64
                  "; look again and decide again",
                  v->state->turn, c->of.act.revision);
    saga_answer_problem(r, v);
    return true;
}

void preview_answer(struct request *r)
{
    struct err_info info = {.text = ""};
    struct preview preview;
    struct json_out o;
    struct view v;
    enum err e;

    if (!saga_answer_view(r, r->parameters[0], &v) || is_moved(r, &v)) {
        return;
    }
    e = preview_make(r->reader, &v, &r->command.of.act, r->command.reason, r->arena,
                     &preview, &info);
    if (e != ERR_OK) {
        answer_failure(r, e, &info);
    } else if (preview.result == SAGA_REJECTED || preview.result == SAGA_IN_FLIGHT) {
        refuse(r, &v, preview.result);
    } else {
        answer_json(r, 200, &o);
        call_json_preview(&o, &v, &preview, r->arena);
    }
}
