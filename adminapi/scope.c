/* scope.c - see scope.h. */
#include "adminapi/scope.h"

#include <assert.h>

#include "adminapi/answer.h"
#include "adminapi/saga_answer.h"

bool scope_is_limited(const struct request *r)
{
    return r->token != NULL && r->token->n_definitions > 0;
}

bool scope_has(const struct request *r, const char *definition)
{
    return auth_may_start(r->token, definition);
}

/* One that is not there is refused here, too: before the body is looked at, so that the
 * two answers are one. */
static bool admits_saga(struct request *r)
{
    struct store_saga row;

    if (!saga_answer_find(r, &row)) {
        return false;
    }
    if (!scope_has(r, row.definition_name)) {
        answer_refuse(r, PROBLEM_NOT_FOUND, "There is no saga '%s'", r->parameters[0]);
        return false;
    }
    return true;
}

static bool admits_name(struct request *r)
{
    if (scope_has(r, r->parameters[0])) {
        return true;
    }
    answer_refuse(r, PROBLEM_FORBIDDEN, "The token '%s' is not for the definition '%s'",
                  r->actor, r->parameters[0]);
    return false;
}

static bool refuse_engine(struct request *r)
{
    answer_refuse(r, PROBLEM_FORBIDDEN,
                  "The token '%s' is for certain definitions, and this is of all sagas",
                  r->actor);
    return false;
}

/* The entries of one thing: a saga or a definition that is its own. */
static bool admits_subject(struct request *r)
{
    const char *subject = target_find(&r->target, "subject");
    struct err_info info = {.text = ""};
    struct store_saga row;
    enum err e;

    if (subject == NULL) {
        return refuse_engine(r);
    }
    e = store_find_saga(r->reader, subject, r->arena, &row, &info);
    if (e != ERR_OK && e != ERR_NOT_FOUND) {
        answer_failure(r, e, &info);
        return false;
    }
    return scope_has(r, e == ERR_OK ? row.definition_name : subject) || refuse_engine(r);
}

bool scope_admits(struct request *r)
{
    if (!scope_is_limited(r)) {
        return true;
    }
    switch (r->route->reach) {
    case REACH_NOBODYS:
    case REACH_OWN:
        return true;
    case REACH_SAGA:
        return admits_saga(r);
    case REACH_NAME:
        return admits_name(r);
    case REACH_SUBJECT:
        return admits_subject(r);
    case REACH_ENGINE:
        return refuse_engine(r);
    }
    assert(false);
    return false;
}

void scope_narrow(struct request *r, struct store_filter *filter)
{
    static const char *const none[] = {""}; /* No definition is called so. */
    const char **kept;
    size_t n = 0;

    if (!scope_is_limited(r)) {
        return;
    }
    if (filter->n_definitions == 0) {
        filter->definitions = r->token->definitions;
        filter->n_definitions = r->token->n_definitions;
        return;
    }
    kept = arena_take(r->arena, filter->n_definitions * sizeof(*kept));
    for (size_t i = 0; i < filter->n_definitions; i++) {
        if (scope_has(r, filter->definitions[i])) {
            kept[n++] = filter->definitions[i];
        }
    }
    filter->definitions = n > 0 ? kept : none;
    filter->n_definitions = n > 0 ? n : 1;
}
