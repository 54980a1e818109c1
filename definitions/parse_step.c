/* parse_step.c - steps; see parse_read.h. */
#include <string.h>

#include "definitions/parse_read.h"

#define FIELD(name) offsetof(struct draft_step, name)

/* ---- forEach -------------------------------------------------------------- */

static const struct parse_range concurrent_range = {1, 64};
static const struct parse_range items_range = {1, LIMIT_ITEMS};

static const struct member each_members[] = {
    {"in", parse_expression, NULL, offsetof(struct draft_each, in), true},
    {"maxConcurrent", parse_whole, &concurrent_range,
     offsetof(struct draft_each, concurrent), false},
    {"maxItems", parse_whole, &items_range, offsetof(struct draft_each, items_max),
     false},
};
static const struct shape each_shape = SHAPE("forEach", each_members);

static void parse_each(struct parse *p, const struct place *at, const void *how,
                       void *into)
{
    struct draft_each **out = into;
    struct draft_each *each = arena_take(p->scratch, sizeof(*each));

    (void)how;
    each->concurrent = 1;
    each->items_max = LIMIT_ITEMS_DEFAULT;
    if (json_span_kind(at->value) == JSON_KIND_STRING) {
        parse_expression(p, at, NULL, &each->in);
        *out = each;
    } else if (parse_object(p, at, &each_shape, each)) {
        *out = each;
    }
}

/* ---- wait ----------------------------------------------------------------- */

static const char *const on_timeout[] = {"reject", "continue", NULL};
static const struct parse_words on_timeout_words = {on_timeout};

#define WAIT(name) offsetof(struct draft_wait, name)
static const struct member until_members[] = {
    {"until", parse_expression, NULL, WAIT(until), true},
};
static const struct shape until_shape = SHAPE("a wait with 'until'", until_members);

static const struct member signal_members[] = {
    {"signal", parse_name, &parse_id_names, WAIT(signal), true},
    {"timeout", parse_duration, &parse_time_range, WAIT(timeout_ms), false},
    {"onTimeout", parse_word, &on_timeout_words, WAIT(on_timeout), false},
    {"rejectWhen", parse_expression, NULL, WAIT(reject_when), false},
};
static const struct shape signal_shape = SHAPE("a wait without 'until'", signal_members);

static void parse_wait(struct parse *p, const struct place *at, const void *how,
                       void *into)
{
    struct draft_wait **out = into;
    struct draft_wait *wait = arena_take(p->scratch, sizeof(*wait));
    bool has_until = json_span_member(at->value, "until", strlen("until")).at != NULL;

    (void)how;
    if (json_span_kind(at->value) == JSON_KIND_STRING) {
        parse_duration(p, at, &parse_time_range, &wait->ms);
        *out = wait;
    } else if (parse_object(p, at, has_until ? &until_shape : &signal_shape, wait)) {
        *out = wait;
    }
}

/* ---- saga ----------------------------------------------------------------- */

static const struct parse_range version_range = {1, UINT32_MAX};
static const struct parse_names definition_names = {false, "-", "^[a-z][a-z0-9-]{0,62}$"};

#define CHILD(name) offsetof(struct draft_child, name)
static const struct member child_members[] = {
    {"definition", parse_name, &definition_names, CHILD(definition), true},
    {"version", parse_whole, &version_range, CHILD(version), false},
    {"input", parse_json, NULL, CHILD(input), false},
};
static const struct shape child_shape = SHAPE("saga", child_members);

static void parse_child(struct parse *p, const struct place *at, const void *how,
                        void *into)
{
    struct draft_child **out = into;
    struct draft_child *child = arena_take(p->scratch, sizeof(*child));

    (void)how;
    child->at = at;
    if (parse_object(p, at, &child_shape, child)) {
        *out = child;
    }
}

/* ---- a step --------------------------------------------------------------- */

static const char *const on_unknown[] = {"compensate", "stop", NULL};
static const struct parse_words on_unknown_words = {on_unknown};
static const struct parse_range branches_range = {2, LIMIT_BRANCHES};
static const struct parse_range steps_range = {1, LIMIT_STEPS};

static const struct member step_members[] = {
    {"id", parse_name, &parse_id_names, FIELD(id), true},
    {"description", parse_text, NULL, FIELD(description), false},
    {"when", parse_expression, NULL, FIELD(when), false},
    {"forEach", parse_each, NULL, FIELD(each), false},
    {"call", parse_call, NULL, FIELD(call), false},
    {"compensate", parse_undo, NULL, FIELD(undo), false},
    {"confirm", parse_confirm, NULL, FIELD(confirm), false},
    {"onUnknown", parse_word, &on_unknown_words, FIELD(on_unknown), false},
    {"pivot", parse_flag, NULL, FIELD(is_pivot), false},
    {"optional", parse_flag, NULL, FIELD(is_optional), false},
    {"parallel", parse_steps, &branches_range, FIELD(parallel), false},
    {"steps", parse_steps, &steps_range, FIELD(sequence), false},
    {"wait", parse_wait, NULL, FIELD(wait), false},
    {"saga", parse_child, NULL, FIELD(child), false},
};
static const struct shape step_shape = SHAPE("a step", step_members);

enum { CALL = 1, PARALLEL = 2, STEPS = 4, WAIT_STEP = 8, SAGA = 16 };

/* What a step may be, and which members go only with some of it. */
static const struct {
    const char *name;
    unsigned is;
} kinds[] = {
    {"call", CALL},      {"parallel", PARALLEL}, {"steps", STEPS},
    {"wait", WAIT_STEP}, {"saga", SAGA},
};

static const struct {
    const char *name;
    unsigned with;
    const char *says;
} companions[] = {
    {"compensate", CALL | SAGA, "call or saga"},
    {"confirm", CALL, "call"},
    {"forEach", CALL | SAGA, "call or saga"},
    {"pivot", CALL | SAGA, "call or saga"},
    {"onUnknown", CALL, "call"},
    {"optional", CALL | SAGA | WAIT_STEP, "call, saga or wait"},
};

static bool has_member(const struct place *at, const char *name)
{
    return json_span_member(at->value, name, strlen(name)).at != NULL;
}

static void check_kind(struct parse *p, const struct place *at)
{
    unsigned is = 0;
    size_t n = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (has_member(at, kinds[i].name)) {
            is |= kinds[i].is;
            n++;
        }
    }
    if (n != 1) {
        report_error(p->report, at, "step-kind",
                     "a step has exactly one of call, parallel, steps, wait and saga");
        return;
    }
    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]); i++) {
        if (has_member(at, companions[i].name) && (is & companions[i].with) == 0) {
            report_error(p->report, place_of(p->scratch, at, companions[i].name),
                         "misplaced-member", "'%s' goes only with %s", companions[i].name,
                         companions[i].says);
        }
    }
}

static struct draft_step *parse_step(struct parse *p, const struct place *at)
{
    struct draft_step *step = arena_take(p->scratch, sizeof(*step));

    step->at = at;
    if (!parse_object(p, at, &step_shape, step)) {
        return NULL;
    }
    check_kind(p, at);
    return step;
}

static bool is_length_right(struct parse *p, const struct place *at,
                            const struct parse_range *range)
{
    size_t n = json_span_count(at->value);

    if (n >= range->least && n <= range->most) {
        return true;
    }
    report_error(p->report, at, "out-of-range", "there must be %zu to %zu of them",
                 (size_t)range->least, (size_t)range->most);
    return false;
}

/* True if one more step may be read; said once. */
static bool may_count(struct parse *p, const struct place *at)
{
    p->n_steps++;
    if (p->n_steps == LIMIT_STEPS + 1) {
        report_error(p->report, at, "too-many-steps",
                     "a definition has at most %d steps in all", LIMIT_STEPS);
    }
    return p->n_steps <= LIMIT_STEPS;
}

void parse_steps(struct parse *p, const struct place *at, const void *how, void *into)
{
    struct json_walk walk = json_walk_of(at->value);
    struct draft_steps *steps = into;
    struct json_span value;

    if (!parse_is_kind(p, at, JSON_KIND_ARRAY) || !is_length_right(p, at, how)) {
        return;
    }
    if (p->depth == LIMIT_DEPTH) {
        report_error(p->report, at, "too-deep", "steps nest at most %d deep",
                     LIMIT_DEPTH);
        return;
    }
    p->depth++;
    steps->items =
        arena_take(p->scratch, json_span_count(at->value) * sizeof(*steps->items));
    for (size_t i = 0; json_walk_next(&walk, NULL, &value); i++) {
        const struct place *each = place_element(p->scratch, at, i, value);
        struct draft_step *step = may_count(p, each) ? parse_step(p, each) : NULL;

        if (step != NULL) {
            steps->items[steps->n] = step;
            steps->n++;
        }
    }
    p->depth--;
}
