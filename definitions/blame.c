/* blame.c - see blame.h. */
#include "definitions/blame.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "definitions/secret_header.h"

/* Parts of a call, as `redact` names them; NULL: it cannot. */
#define REQUEST_BODY "request.body"
#define REQUEST_HEADERS "request.headers"

enum { PART_MAX = 128 }; /* Cut: what is behind it, the step, matters more. */

struct found {
    const char *part; /* "body"; NULL: not found yet. */
    const char *name; /* Of a header or parameter; "" none. */
    const char *pointer;
    const char *redacted_as;
    const struct definition_call *call; /* NULL: not in a call. */
    enum call_kind kind;
    uint16_t step;
};

/* ---- looking -------------------------------------------------------------------- */

static bool is_in(const struct template *t, const struct expr *e, struct found *f,
                  const char *part)
{
    const struct template_piece *pieces;
    const size_t n = t != NULL ? template_pieces(t, &pieces) : 0;

    for (size_t i = 0; i < n; i++) {
        if (pieces[i].e == e) {
            f->part = part;
            f->pointer = pieces[i].pointer;
            return true;
        }
    }
    return false;
}

static bool is_it(const struct expr *candidate, const struct expr *e, struct found *f,
                  const char *part)
{
    if (candidate != e) {
        return false;
    }
    f->part = part;
    return true;
}

static bool is_in_pairs(const struct definition_pair *pairs, size_t n,
                        const struct expr *e, struct found *f, const char *part)
{
    for (size_t i = 0; i < n; i++) {
        if (is_in(pairs[i].value, e, f, part)) {
            f->name = pairs[i].name;
            return true;
        }
    }
    return false;
}

static bool is_in_call(const struct definition *d, uint16_t step, enum call_kind kind,
                       const struct expr *e, struct found *f)
{
    const struct definition_call *call = definition_call_of(d, step, kind);

    f->call = call;
    f->kind = kind;
    if (call == NULL) {
        return false;
    }
    if (is_in_pairs(call->headers, call->n_headers, e, f, "headers")) {
        f->redacted_as = REQUEST_HEADERS;
        return true;
    }
    if (is_in(call->body, e, f, "body")) {
        f->redacted_as = REQUEST_BODY;
        return true;
    }
    return is_in(call->url, e, f, "url") ||
           is_in_pairs(call->query, call->n_query, e, f, "query") ||
           is_it(call->reject_when, e, f, "rejectWhen") ||
           is_it(call->retry_when, e, f, "retryWhen") ||
           is_it(call->applied_when, e, f, "appliedWhen") ||
           is_it(call->not_applied_when, e, f, "notAppliedWhen");
}

static bool is_in_step(const struct definition *d, uint16_t i, const struct expr *e,
                       struct found *f)
{
    const struct definition_step *step = &d->steps[i];

    f->step = i;
    f->call = NULL;
    f->kind = CALL_ACTION;
    if (is_it(step->when, e, f, "when") || is_it(step->each, e, f, "forEach") ||
        is_it(step->until, e, f, "wait/until") ||
        is_it(step->reject_when, e, f, "wait/rejectWhen") ||
        is_in(step->child_input, e, f, "saga/input")) {
        return true;
    }
    for (unsigned kind = 0; kind < CALLS; kind++) {
        if (is_in_call(d, i, (enum call_kind)kind, e, f)) {
            return true;
        }
    }
    return false;
}

static bool is_in_definition(const struct definition *d, const struct expr *e,
                             struct found *f)
{
    for (size_t i = 0; i < d->n_notify; i++) {
        if (is_in(d->notify[i].url, e, f, "the url of notify")) {
            return true;
        }
    }
    return is_in(d->key, e, f, "key") || is_in(d->ordering_key, e, f, "orderingKey") ||
           is_in(d->output, e, f, "output");
}

static struct found find(const struct definition *d, const struct expr *e)
{
    struct found f = {.name = "", .pointer = "", .step = PLAN_NONE};

    for (uint16_t i = 1; i < d->plan->n_nodes; i++) {
        if (is_in_step(d, i, e, &f)) {
            return f;
        }
    }
    f.step = PLAN_NONE;
    f.call = NULL;
    (void)is_in_definition(d, e, &f); /* part says whether it is. */
    return f;
}

/* ---- may it be shown ------------------------------------------------------------- */

/* Does the path, behind `start`, name the pointer's value, what it is in, or a part of
 * it? A path goes through arrays without an index. */
static bool covers(const char *path, const char *start, const char *pointer)
{
    const size_t n = strlen(start);

    if (strncmp(path, start, n) != 0 || (path[n] != '.' && path[n] != '\0')) {
        return false;
    }
    path += n;
    while (*path == '.' && *pointer == '/') {
        const size_t own = strcspn(pointer + 1, "/");
        const size_t named = strcspn(path + 1, ".");

        if (own == named && strncasecmp(path + 1, pointer + 1, own) == 0) {
            path += 1 + named;
        } else if (own == 0 || strspn(pointer + 1, "0123456789") != own) {
            return false;
        }
        pointer += 1 + own;
    }
    return true;
}

static bool is_redacted(const struct definition_call *call, const char *start,
                        const char *pointer)
{
    for (size_t i = 0; call != NULL && i < call->n_redact; i++) {
        if (covers(call->redact[i], start, pointer)) {
            return true;
        }
    }
    return false;
}

/* field: of an answer; "": all of it, or not known which. */
static bool hides_answer(const struct definition_call *call, const char *field)
{
    const bool is_any = *field == '\0';

    if (is_any || strcmp(field, "headers") == 0) {
        return true; /* Whatever they are called: which is not known here. */
    }
    return strcmp(field, "body") == 0 && is_redacted(call, "response.body", "");
}

static bool hides_step(const struct definition *d, uint16_t step, const char *field)
{
    return d->steps[step].action != NULL && (hides_answer(d->steps[step].action, field) ||
                                             hides_answer(d->steps[step].confirm, field));
}

static bool reads_hidden(const struct definition *d, const struct expr *e,
                         const struct found *f)
{
    const struct expr_reference *all;
    const size_t n = expr_references(e, &all);

    for (size_t i = 0; i < n; i++) {
        const struct expr_reference *r = &all[i];
        const uint16_t step = definition_step_of(d, r->name);

        if (strcmp(r->root, "steps") == 0 && step != PLAN_NONE &&
            hides_step(d, step, r->field)) {
            return true;
        }
        if (strcmp(r->root, "response") == 0 && hides_answer(f->call, r->name)) {
            return true;
        }
        if (strcmp(r->root, "item") == 0 && f->step != PLAN_NONE &&
            d->steps[f->step].each != NULL && d->steps[f->step].each != e &&
            reads_hidden(d, d->steps[f->step].each, f)) {
            return true;
        }
    }
    return false;
}

static bool makes_hidden(const struct found *f)
{
    char pointer[EXPR_PLACE_MAX];

    if (f->redacted_as == NULL) {
        return false;
    }
    (void)snprintf(pointer, sizeof(pointer), "%s%s%s", *f->name != '\0' ? "/" : "",
                   f->name, f->pointer); /* Cut: it covers what is above, so more. */
    return (*f->name != '\0' && secret_header(f->name)) ||
           is_redacted(f->call, f->redacted_as, pointer);
}

/* ---- in words ---------------------------------------------------------------------- */

const char *blame_whose(enum call_kind call)
{
    static const char *const whose[CALLS] = {
        [CALL_ACTION] = "",
        [CALL_CONFIRM] = "the confirm of ",
        [CALL_COMPENSATION] = "the compensation of ",
    };

    return whose[call];
}

void blame_find(const struct definition *d, const struct expr *e, struct json_span item,
                struct expr_blame *out)
{
    const struct found f = find(d, e);
    char part[PART_MAX];

    *out = (struct expr_blame){.is_hidden = makes_hidden(&f) || reads_hidden(d, e, &f)};
    if (f.part == NULL) {
        return;
    }
    (void)snprintf(part, sizeof(part), "%s%s%.40s%.60s", f.part,
                   *f.name != '\0' ? "/" : "", f.name, f.pointer); /* Cut to fit. */
    if (f.step == PLAN_NONE) {
        (void)snprintf(out->place, sizeof(out->place), "%s", part);
    } else if (item.at != NULL) {
        (void)snprintf(out->place, sizeof(out->place), "%s of %sitem %.*s of '%.63s'",
                       part, blame_whose(f.kind), item.n < 10 ? (int)item.n : 10, item.at,
                       d->steps[f.step].id);
    } else {
        (void)snprintf(out->place, sizeof(out->place), "%s of %s'%.63s'", part,
                       blame_whose(f.kind), d->steps[f.step].id);
    }
}
