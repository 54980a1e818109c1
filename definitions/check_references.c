/* check_references.c - what expressions read; see check.h. */
#include <stdio.h>
#include <string.h>

#include "definitions/check.h"
#include "definitions/suggest.h"
#include "definitions/uses.h"

/* ---- names at the root -------------------------------------------------------- */

enum root {
    ROOT_INPUT = 1,
    ROOT_STEPS = 2,
    ROOT_SAGA = 4,
    ROOT_VARS = 8,
    ROOT_RESPONSE = 16,
    ROOT_SIGNAL = 32,
    ROOT_ERROR = 64,
    ROOT_ITEM = 128,
};

static const char *const saga_names[] = {"id",      "key",       "definition",
                                         "version", "startedAt", NULL};
static const char *const response_names[] = {"status", "headers", "body", NULL};
static const char *const error_names[] = {"step", "outcome", "status", "detail", NULL};

static const struct root_name {
    const char *name;
    unsigned root;
    const char *where;          /* Where it can be read, if not everywhere. */
    const char *const *members; /* NULL: any. */
} roots[] = {
    {"input", ROOT_INPUT, "", NULL},
    {"steps", ROOT_STEPS, "in steps and output", NULL},
    {"saga", ROOT_SAGA, "once the saga has started", saga_names},
    {"vars", ROOT_VARS, "", NULL},
    {"response", ROOT_RESPONSE,
     "in rejectWhen, retryWhen, appliedWhen and notAppliedWhen", response_names},
    {"signal", ROOT_SIGNAL, "in the rejectWhen of a wait for a signal", NULL},
    {"error", ROOT_ERROR, "in compensate", error_names},
    {"item", ROOT_ITEM, "in the calls of a step with forEach", NULL},
    {"index", ROOT_ITEM, "in the calls of a step with forEach", NULL},
};
#define ROOTS (sizeof(roots) / sizeof(roots[0]))

#define ROOT_ALWAYS (ROOT_INPUT | ROOT_VARS)
#define ROOT_RUNNING (ROOT_ALWAYS | ROOT_STEPS | ROOT_SAGA)

static unsigned roots_of(const struct use *use)
{
    static const unsigned allowed[] = {
        [USE_KEY] = ROOT_ALWAYS,
        [USE_OUTPUT] = ROOT_RUNNING,
        [USE_NOTIFY] = ROOT_ALWAYS | ROOT_SAGA,
        [USE_WHEN] = ROOT_RUNNING,
        [USE_EACH] = ROOT_RUNNING,
        [USE_UNTIL] = ROOT_RUNNING,
        [USE_SIGNAL] = ROOT_RUNNING | ROOT_SIGNAL,
        [USE_ACTION] = ROOT_RUNNING | ROOT_ITEM,
        [USE_VERDICT] = ROOT_RUNNING | ROOT_ITEM | ROOT_RESPONSE,
        [USE_CONFIRM] = ROOT_RUNNING | ROOT_ITEM,
        [USE_CONFIRM_VERDICT] = ROOT_RUNNING | ROOT_ITEM | ROOT_RESPONSE,
        [USE_UNDO] = ROOT_RUNNING | ROOT_ITEM | ROOT_ERROR,
        [USE_UNDO_VERDICT] = ROOT_RUNNING | ROOT_ITEM | ROOT_ERROR | ROOT_RESPONSE,
    };
    bool has_items = use->step != NULL && use->step->each != NULL;

    return has_items ? allowed[use->context]
                     : allowed[use->context] & ~(unsigned)ROOT_ITEM;
}

static const char *context_name(enum use_context context)
{
    static const char *const names[] = {
#define X(name, text) [USE_##name] = text,
        USE_CONTEXT_MAP(X)
#undef X
    };

    return names[context];
}

static void report_unknown_root(const struct check *c, const struct use *use,
                                const char *name)
{
    unsigned allowed = roots_of(use);
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;

    if (strcmp(name, "secrets") == 0 || strcmp(name, "secret") == 0) {
        report_error(c->report, use->at, "unknown-name",
                     "expressions cannot read secrets; they are added when a call is "
                     "sent");
        return;
    }
    suggest_begin(&s, name);
    for (size_t i = 0; i < ROOTS; i++) {
        if ((allowed & roots[i].root) != 0) {
            suggest_offer(&s, roots[i].name);
        }
    }
    report_error(c->report, use->at, "unknown-name",
                 "${%.120s} reads .%.60s, which does not exist%s", expr_text(use->e),
                 name, suggest_hint(&s, hint));
}

/* ---- steps ------------------------------------------------------------------- */

/* The children of the nearest common ancestor under which reader and target stand. */
struct meeting {
    const struct draft_step *reader_side;
    const struct draft_step *target_side;
    const struct draft_step *ancestor;
};

static struct meeting meet(const struct draft_step *reader,
                           const struct draft_step *target)
{
    struct meeting m = {reader, target, NULL};

    while (m.reader_side->parent != m.target_side->parent) {
        if (m.reader_side->depth >= m.target_side->depth) {
            m.reader_side = m.reader_side->parent;
        } else {
            m.target_side = m.target_side->parent;
        }
    }
    m.ancestor = m.reader_side->parent;
    return m;
}

/* Has the target ended, one way or another, whenever the reader begins? */
static bool is_before(const struct check *c, const struct use *use,
                      const struct draft_step *target)
{
    struct meeting m = meet(use->step, target);

    if (m.ancestor != NULL && m.ancestor->kind == PLAN_PARALLEL) {
        report_error(c->report, use->at, "step-not-before",
                     "'%s' runs side by side with this step, so its answer may not be "
                     "there",
                     target->id);
        return false;
    }
    if (m.target_side->number >= m.reader_side->number) {
        report_error(c->report, use->at, "step-not-before",
                     "'%s' does not run before this step", target->id);
        return false;
    }
    return true;
}

/* Is the reader itself behind the same condition? Conditions are pure, and what they
 * read has ended. */
static bool is_behind(const struct draft_step *reader, const struct draft_step *below,
                      const struct expr *when)
{
    for (; reader != NULL && reader != below; reader = reader->parent) {
        if (reader->when != NULL &&
            strcmp(expr_text(reader->when), expr_text(when)) == 0) {
            return true;
        }
    }
    return false;
}

/* The step below the common ancestor whose `when` may skip the target, or NULL. */
static const struct draft_step *condition_of(const struct use *use,
                                             const struct draft_step *target)
{
    const struct draft_step *below =
        use->step != NULL ? meet(use->step, target).ancestor : NULL;

    for (const struct draft_step *s = target; s != NULL && s != below; s = s->parent) {
        if (s->when != NULL && !is_behind(use->step, below, s->when)) {
            return s;
        }
    }
    return NULL;
}

static void check_guards(const struct check *c, const struct use *use,
                         const struct draft_step *target, const struct expr_reference *r)
{
    bool is_outcome = strcmp(r->field, "outcome") == 0;
    const struct draft_step *condition = condition_of(use, target);

    if (r->is_guarded) {
        return;
    }
    if (!is_outcome && condition != NULL) {
        report_error(c->report, use->at, "step-may-be-skipped",
                     "'%s' may be skipped by the 'when' of '%s'; say with // what holds "
                     "then, or read it with ?",
                     target->id, condition->id != NULL ? condition->id : "a step");
    }
    if (!is_outcome && target->is_optional) {
        report_error(c->report, use->at, "optional-unguarded",
                     "'%s' is optional and may have no answer; say with // what holds "
                     "then, or read it with ?",
                     target->id);
    }
}

/* A step's own answer can be read where it is taken back or asked for. */
static bool may_read_itself(enum use_context context)
{
    return context == USE_UNDO || context == USE_UNDO_VERDICT || context == USE_CONFIRM ||
           context == USE_CONFIRM_VERDICT;
}

static void note_read(const struct use *use, struct draft_step *target, const char *field)
{
    bool is_undo = use->context == USE_UNDO || use->context == USE_UNDO_VERDICT;

    if (strcmp(field, "outcome") == 0) {
        return;
    }
    target->is_read = true;
    if (*field == '\0' || strcmp(field, "body") == 0) {
        target->body_is_read = true;
    }
    if (is_undo && use->step == target) {
        target->undo_reads_answer = true;
    }
}

static struct draft_step *find_step(const struct check *c, const struct use *use,
                                    const char *id)
{
    struct draft_step *target = draft_step_of(c->d, id);
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;

    if (target != NULL) {
        return target;
    }
    suggest_begin(&s, id);
    for (uint16_t i = 1; report_has_room(c->report) && i < c->d->n_nodes; i++) {
        if (c->d->nodes[i]->id != NULL) {
            suggest_offer(&s, c->d->nodes[i]->id);
        }
    }
    report_error(c->report, use->at, "unknown-step", "there is no step '%.63s'%s", id,
                 suggest_hint(&s, hint));
    return NULL;
}

/* Is this one of the names that `of` has? */
static bool has_name(const struct check *c, const struct use *use, const char *of,
                     const char *name, const char *const *names)
{
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;

    suggest_begin(&s, name);
    for (; *names != NULL; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
        suggest_offer(&s, *names);
    }
    report_error(c->report, use->at, "unknown-name", "%.63s has no '%.63s'%s", of, name,
                 suggest_hint(&s, hint));
    return false;
}

/* The name behind .steps.<id>: an answer's; an array has none. */
static bool check_field(const struct check *c, const struct use *use,
                        const struct draft_step *target, const struct expr_reference *r)
{
    static const char *const names[] = {"outcome", "status",   "headers",
                                        "body",    "attempts", NULL};
    const bool is_array = target->each != NULL;

    if (*r->field == '\0' || (r->is_element && !is_array)) {
        return true;
    }
    if (is_array && !r->is_element) {
        report_error(c->report, use->at, "no-answer",
                     "'%s' has forEach, so .steps.%s is an array; read one answer, as in "
                     ".steps.%s[0].%.30s, or all, as in [.steps.%s[].%.30s]",
                     target->id, target->id, target->id, r->field, target->id, r->field);
        return false;
    }
    return has_name(c, use, "the answer of a step", r->field, names);
}

static void check_step(const struct check *c, const struct use *use,
                       const struct expr_reference *r)
{
    struct draft_step *target;

    if (*r->name == '\0') {
        report_error(c->report, use->at, "unnamed-step",
                     "${%.120s} reads .steps without naming a step", expr_text(use->e));
        return;
    }
    target = find_step(c, use, r->name);
    if (target == NULL) {
        return;
    }
    if (target->kind == PLAN_SEQUENCE || target->kind == PLAN_PARALLEL) {
        report_error(c->report, use->at, "no-answer",
                     "'%s' holds other steps and has no answer; read one of them",
                     target->id);
        return;
    }
    if (!check_field(c, use, target, r)) {
        return;
    }
    note_read(use, target, r->field);
    if (use->step == target && may_read_itself(use->context)) {
        return;
    }
    if (use->step == target) {
        report_error(c->report, use->at, "step-not-before",
                     "'%s' cannot read its own answer here", target->id);
    } else if (use->step == NULL || is_before(c, use, target)) {
        check_guards(c, use, target, r);
    }
}

/* ---- the whole --------------------------------------------------------------- */

static void check_member(const struct check *c, const struct use *use,
                         const struct root_name *root, const struct expr_reference *r)
{
    char whole[16];

    if (root->root == ROOT_VARS && *r->name != '\0' && c->world->has_var != NULL &&
        !c->world->has_var(c->world->user, r->name)) {
        check_unknown(c, use->at, "var", r->name);
    }
    (void)snprintf(whole, sizeof(whole), ".%s", root->name); /* "response" at most. */
    if (root->members != NULL && *r->name != '\0' &&
        !has_name(c, use, whole, r->name, root->members)) {
        return;
    }
    if (root->root == ROOT_RESPONSE && use->call != NULL) {
        use->call->reads_answer |= *r->name == '\0' || strcmp(r->name, "body") == 0;
    }
}

static void check_reference(const struct check *c, const struct use *use,
                            const struct expr_reference *r)
{
    size_t i = 0;

    if (*r->root == '\0') {
        report_error(c->report, use->at, "unknown-name",
                     "${%.120s} reads '.' as a whole; name what it needs",
                     expr_text(use->e));
        return;
    }
    while (i < ROOTS && strcmp(roots[i].name, r->root) != 0) {
        i++;
    }
    if (i == ROOTS) {
        report_unknown_root(c, use, r->root);
    } else if ((roots_of(use) & roots[i].root) == 0) {
        report_error(c->report, use->at, "not-here", ".%s cannot be read in %s, only %s",
                     roots[i].name, context_name(use->context), roots[i].where);
    } else if (roots[i].root == ROOT_STEPS) {
        check_step(c, use, r);
    } else {
        check_member(c, use, &roots[i], r);
    }
}

static void see(void *user, const struct use *use)
{
    const struct check *c = user;
    const struct expr_reference *references;
    size_t n = expr_references(use->e, &references);

    for (size_t i = 0; i < n; i++) {
        check_reference(c, use, &references[i]);
    }
}

void check_references(const struct check *c)
{
    struct check own = *c;

    uses_each(c->d, c->scratch, see, &own);
}
