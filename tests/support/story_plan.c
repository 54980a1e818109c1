/* story_plan.c - see story_plan.h. */
#include "tests/support/story_plan.h"

#include <check.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct plan_retry four_times = {
    .attempts_max = 4, .delay_ms = 100, .delay_max_ms = 1000, .backoff_permille = 2000};

static struct plan_call call_of(uint32_t attempts_max)
{
    struct plan_call call = {
        .retry = four_times, .timeout_ms = STORY_TIMEOUT_MS, .is_present = true};

    call.retry.attempts_max = attempts_max;
    return call;
}

struct reader {
    const char *at;
    struct story_plan *out;
    uint8_t n_signals;
};

static struct plan_node *add_node(struct reader *r, enum plan_kind kind, uint16_t parent)
{
    struct plan *plan = r->out->plan;
    struct plan_node *node = &plan->nodes[plan->n_nodes];

    ck_assert_uint_le(plan->n_nodes, LIMIT_STEPS);
    *node = (struct plan_node){.kind = kind,
                               .parent = parent,
                               .first = PLAN_NONE,
                               .next = PLAN_NONE,
                               .end = (uint16_t)(plan->n_nodes + 1),
                               .each = PLAN_NONE};
    plan->n_nodes++;
    return node;
}

/* ---- one step ------------------------------------------------------------------ */

static void be_wait(struct reader *r, struct plan_node *node, enum plan_kind kind,
                    uint64_t wait_ms)
{
    node->kind = kind;
    node->wait_ms = wait_ms;
    node->undo = PLAN_UNDO_NONE;
    node->action = (struct plan_call){0};
    node->compensation = (struct plan_call){0};
    if (kind == PLAN_SIGNAL) {
        node->signal = r->n_signals++;
    }
}

static void read_kind(struct reader *r, struct plan_node *node)
{
    static const char *const words[] = {"timer", "until", "signal", "onward", "child"};
    size_t k = 0;

    while (strncmp(r->at, words[k], strlen(words[k])) != 0) {
        ck_assert_uint_lt(++k, sizeof(words) / sizeof(words[0]));
    }
    r->at += strlen(words[k]);
    if (k < 2) {
        be_wait(r, node, PLAN_TIMER, k == 0 ? STORY_WAIT_MS : 0);
    } else if (k < 4) {
        be_wait(r, node, PLAN_SIGNAL, STORY_WAIT_MS);
        node->timeout_goes_on = k == 3;
    } else {
        be_wait(r, node, PLAN_CHILD, 0);
        node->undo = PLAN_UNDO_CHILD;
    }
}

static void no_undo(struct plan_node *node)
{
    node->undo = PLAN_UNDO_NONE;
    node->compensation = (struct plan_call){0};
}

static void read_each(struct reader *r, struct plan_node *node)
{
    node->each_concurrent = 0;
    while (isdigit((unsigned char)*r->at)) {
        node->each_concurrent = node->each_concurrent * 10 + (uint32_t)(*r->at++ - '0');
    }
    node->items_max = STORY_ITEMS_MAX;
    node->each = 0; /* Numbered when the plan is settled. */
}

static void read_mark(struct reader *r, struct plan_node *node)
{
    switch (*r->at++) {
    case '-':
        no_undo(node);
        break;
    case '!':
        node->is_pivot = true;
        no_undo(node);
        break;
    case '?':
        node->is_optional = true;
        break;
    case '@':
        node->confirm = call_of(4);
        node->confirm.is_safe = true;
        break;
    case '~':
        node->undo_reads_answer = true;
        break;
    case '*':
        node->action.callback_ms = STORY_CALLBACK_MS;
        break;
    case '=':
        node->on_unknown = PLAN_ON_UNKNOWN_STOP;
        break;
    case '%':
        node->action.is_safe = true;
        break;
    case '&':
        node->has_when = true;
        break;
    case '#':
        read_each(r, node);
        break;
    case ':':
        read_kind(r, node);
        break;
    case '+':
        node->undo = PLAN_UNDO_CALL;
        node->compensation = call_of(0);
        break;
    default:
        ck_abort_msg("unknown mark before '%s'", r->at);
    }
}

static void read_step(struct reader *r, uint16_t parent)
{
    struct story_plan *out = r->out;
    uint16_t n = out->plan->n_nodes;
    struct plan_node *node = add_node(r, PLAN_CALL, parent);
    size_t length = 0;

    node->undo = PLAN_UNDO_CALL;
    node->action = call_of(4);
    node->compensation = call_of(0);
    while (isalnum((unsigned char)*r->at)) {
        ck_assert_uint_lt(length, STORY_ID_MAX - 1);
        out->names[n][length++] = *r->at++;
    }
    ck_assert_uint_gt(length, 0);
    out->names[n][length] = '\0';
    out->ids[n] = out->names[n];
    while (*r->at != '\0' && strchr(" ])", *r->at) == NULL) {
        read_mark(r, node);
    }
}

/* ---- the tree --------------------------------------------------------------------- */

static void read_list(struct reader *r, uint16_t parent, char until)
{
    struct plan *plan = r->out->plan;
    uint16_t last = PLAN_NONE;

    for (;;) {
        uint16_t n = plan->n_nodes;

        while (*r->at == ' ') {
            r->at++;
        }
        if (*r->at == until) {
            break;
        }
        if (*r->at == '(' || *r->at == '[') {
            bool is_parallel = *r->at++ == '[';

            add_node(r, is_parallel ? PLAN_PARALLEL : PLAN_SEQUENCE, parent);
            if (*r->at == '&') {
                plan->nodes[n].has_when = true;
                r->at++;
            }
            read_list(r, n, is_parallel ? ']' : ')');
            r->at++;
        } else {
            read_step(r, parent);
        }
        if (last == PLAN_NONE) {
            plan->nodes[parent].first = n;
        } else {
            plan->nodes[last].next = n;
        }
        last = n;
    }
    plan->nodes[parent].end = plan->n_nodes;
}

void story_plan_settle(struct plan *plan)
{
    uint32_t width[LIMIT_STEPS + 1] = {0};

    plan->n_each = 0;
    for (uint16_t i = 0; i < plan->n_nodes; i++) {
        struct plan_node *node = &plan->nodes[i];

        node->holds_pivot = false;
        if (node->each != PLAN_NONE) {
            node->each = plan->n_each++;
        }
    }
    for (uint16_t i = plan->n_nodes; i-- > 0;) {
        struct plan_node *node = &plan->nodes[i];

        node->holds_pivot = node->holds_pivot || node->is_pivot;
        if (node->first == PLAN_NONE) {
            width[i] = node->each != PLAN_NONE ? node->each_concurrent : 1;
        }
        if (i == 0) {
            break;
        }
        if (node->holds_pivot) {
            plan->nodes[node->parent].holds_pivot = true;
        }
        if (plan->nodes[node->parent].kind == PLAN_PARALLEL) {
            width[node->parent] += width[i];
        } else if (width[i] > width[node->parent]) {
            width[node->parent] = width[i];
        }
    }
    plan->width = (uint16_t)width[0];
}

void story_plan_init(struct story_plan *p, const char *text)
{
    struct reader r = {.at = text, .out = p};

    p->plan = calloc(1, sizeof(*p->plan) + (LIMIT_STEPS + 1) * sizeof(p->plan->nodes[0]));
    ck_assert_ptr_nonnull(p->plan);
    add_node(&r, PLAN_SEQUENCE, PLAN_NONE);
    read_list(&r, 0, '\0');
    story_plan_settle(p->plan);
    ck_assert_msg(plan_is_sound(p->plan), "not a sound plan: %s", text);
}

void story_plan_done(struct story_plan *p)
{
    free(p->plan);
    p->plan = NULL;
}

uint16_t story_plan_step(const struct story_plan *p, const char *id)
{
    for (uint16_t i = 1; i < p->plan->n_nodes; i++) {
        if (p->ids[i] != NULL && strcmp(p->ids[i], id) == 0) {
            return i;
        }
    }
    ck_abort_msg("no step is called '%s'", id);
    return 0;
}
