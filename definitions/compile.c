/* compile.c - see compile.h. */
#include "definitions/compile.h"

#include <assert.h>
#include <string.h>

/* ---- the plan ------------------------------------------------------------------- */

static uint16_t number_of(const struct draft_step *step)
{
    return step != NULL ? step->number : PLAN_NONE;
}

static enum plan_undo undo_of(const struct draft_step *step)
{
    if (step->undo.call != NULL) {
        return PLAN_UNDO_CALL;
    }
    if (step->kind == PLAN_CHILD && !step->undo.is_null && !step->is_pivot) {
        return PLAN_UNDO_CHILD;
    }
    return PLAN_UNDO_NONE;
}

static enum plan_on_unknown on_unknown_of(const struct draft_step *step)
{
    if (step->on_unknown == DRAFT_ON_UNKNOWN_UNSET) {
        return step->is_pivot ? PLAN_ON_UNKNOWN_STOP : PLAN_ON_UNKNOWN_COMPENSATE;
    }
    return step->on_unknown == DRAFT_STOP ? PLAN_ON_UNKNOWN_STOP
                                          : PLAN_ON_UNKNOWN_COMPENSATE;
}

static void fill_tree(const struct draft_step *step, struct plan_node *node)
{
    node->kind = step->kind;
    node->parent = number_of(step->parent);
    node->first = step->end > step->number + 1 ? (uint16_t)(step->number + 1) : PLAN_NONE;
    node->next = number_of(step->next);
    node->end = step->end;
    node->each = PLAN_NONE;
}

static void fill_node(const struct draft *d, const struct draft_step *step,
                      struct plan_node *node)
{
    fill_tree(step, node);
    node->has_when = step->when != NULL;
    node->is_optional = step->is_optional;
    node->is_pivot = step->is_pivot;
    node->undo_reads_answer = step->undo_reads_answer;
    node->holds_pivot = d->pivot != NULL && step->number <= d->pivot->number &&
                        d->pivot->number < step->end;
    node->on_unknown = on_unknown_of(step);
    node->undo = undo_of(step);
    node->action = compile_plan_call(step->call);
    node->confirm = compile_plan_call(step->confirm);
    node->compensation = compile_plan_call(step->undo.call);
    if (step->each != NULL) {
        node->each_concurrent = step->each->concurrent;
        node->items_max = step->each->items_max;
    }
    if (step->wait != NULL) {
        node->wait_ms =
            step->kind == PLAN_SIGNAL ? step->wait->timeout_ms : step->wait->ms;
        node->timeout_goes_on = step->wait->on_timeout == DRAFT_CONTINUE;
    }
}

static struct plan *make_plan(const struct draft *d, struct arena *keep)
{
    size_t bytes = sizeof(struct plan) + d->n_nodes * sizeof(struct plan_node);
    struct plan *plan = arena_take(keep, bytes);

    plan->n_nodes = d->n_nodes;
    plan->width = (uint16_t)d->root.width;
    plan->timeout_ms = d->timeout_ms;
    for (uint16_t i = 0; i < d->n_nodes; i++) {
        fill_node(d, d->nodes[i], &plan->nodes[i]);
        if (d->nodes[i]->each != NULL) {
            plan->nodes[i].each = plan->n_each;
            plan->n_each++;
        }
    }
    return plan;
}

/* ---- what stands beside it --------------------------------------------------------- */

/* A body is read where the step's answer is; with a callback that is the callback's. */
static void note_answers(const struct draft_step *step, struct definition_call *action,
                         struct definition_call *confirm)
{
    if (action != NULL) {
        action->reads_answer =
            step->call->callback_ms == 0 && (action->reads_answer || step->body_is_read);
    }
    if (confirm != NULL) {
        confirm->reads_answer = confirm->reads_answer || step->body_is_read;
    }
}

static void fill_step(const struct draft_step *step, struct arena *keep,
                      struct definition_step *out)
{
    struct definition_call *action = compile_call(step->call, keep);
    struct definition_call *confirm = compile_call(step->confirm, keep);

    note_answers(step, action, confirm);
    out->id = step->id;
    out->action = action;
    out->confirm = confirm;
    out->compensation = compile_call(step->undo.call, keep);
    out->when = step->when;
    out->each = step->each != NULL ? step->each->in : NULL;
    out->is_read = step->is_read;
    out->undo_is_null = step->undo.is_null;
    if (step->wait != NULL) {
        out->until = step->wait->until;
        out->signal = step->wait->signal;
        out->reject_when = step->wait->reject_when;
    }
    if (step->child != NULL) {
        out->child = step->child->definition;
        out->child_version = step->child->version;
        out->child_input = step->child->input;
    }
}

static uint8_t signal_index(struct definition *out, const char **names, const char *name)
{
    for (size_t i = 0; i < out->n_signals; i++) {
        if (strcmp(names[i], name) == 0) {
            return (uint8_t)i;
        }
    }
    assert(out->n_signals < LIMIT_SIGNAL_NAMES);
    names[out->n_signals] = name;
    out->n_signals++;
    return (uint8_t)(out->n_signals - 1);
}

static void fill_signals(struct arena *keep, struct definition *out)
{
    const char **names = arena_take(keep, LIMIT_SIGNAL_NAMES * sizeof(*names));

    for (uint16_t i = 1; i < out->plan->n_nodes; i++) {
        if (out->steps[i].signal != NULL) {
            out->plan->nodes[i].signal = signal_index(out, names, out->steps[i].signal);
        }
    }
    out->signals = names;
}

static void fill_notify(const struct draft *d, struct arena *keep, struct definition *out)
{
    struct definition_notify *notify =
        arena_take(keep, (d->n_notify + 1) * sizeof(*notify));

    for (size_t i = 0; i < d->n_notify; i++) {
        notify[i].url = d->notify[i].url;
        notify[i].on = d->notify[i].on;
        notify[i].secret = d->notify[i].secret;
    }
    out->notify = notify;
    out->n_notify = d->n_notify;
}

void compile_draft(const struct draft *d, struct arena *keep, struct definition *out)
{
    struct definition_step *steps = arena_take(keep, d->n_nodes * sizeof(*steps));

    out->plan = make_plan(d, keep);
    for (uint16_t i = 1; i < d->n_nodes; i++) {
        fill_step(d->nodes[i], keep, &steps[i]);
    }
    out->steps = steps;
    fill_signals(keep, out);
    fill_notify(d, keep, out);
    out->name = d->name;
    out->description = d->description;
    out->labels = d->labels;
    out->input_schema_text = d->input.schema;
    out->input_example = d->input.example;
    out->key = d->key;
    out->ordering_key = d->ordering_key;
    out->output = d->output;
    out->is_unique = d->is_unique;
    out->tests = d->tests;
    assert(plan_is_sound(out->plan));
}
