/* diff.c - see diff.h. */
#include "definitions/diff.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "definitions/told.h"

#define FIELD_MAX 256

struct step_text { /* A step as it is written. */
    const char *id;
    const char *behind; /* The id before it in its list, or "PARENT, first". */
    struct json_span text;
};

struct steps {
    struct step_text *items;
    size_t n;
};

struct differ {
    const struct definition *from;
    const struct definition *to;
    struct arena *keep;
    struct diff_change *changes;
    size_t n_changes;
    size_t changes_room;
    const char **running;
    size_t n_running;
    size_t running_room;
};

/* ---- what is said ---------------------------------------------------------------------
 */

static void add_change(struct differ *f, struct diff_change change)
{
    if (f->n_changes == f->changes_room) {
        f->changes_room = f->changes_room > 0 ? 2 * f->changes_room : 32;
        f->changes = mem_grow(f->changes, f->changes_room * sizeof(f->changes[0]));
    }
    f->changes[f->n_changes] = change;
    f->n_changes++;
}

static void add_running(struct differ *f, const char *sentence)
{
    for (size_t i = 0; i < f->n_running; i++) {
        if (strcmp(f->running[i], sentence) == 0) {
            return;
        }
    }
    if (f->n_running == f->running_room) {
        f->running_room = f->running_room > 0 ? 2 * f->running_room : 16;
        f->running = mem_grow(f->running, f->running_room * sizeof(f->running[0]));
    }
    f->running[f->n_running] = sentence;
    f->n_running++;
}

static const char *text_of(struct differ *f, struct json_span value)
{
    return value.at != NULL ? arena_copy(f->keep, value.at, value.n) : NULL;
}

/* ---- members
 * ----------------------------------------------------------------------------- */

static bool is_comment(struct json_span name)
{
    return name.n > 3 && name.at[1] == '/' && name.at[2] == '/';
}

static bool is_one_of(struct json_span name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (json_span_is_text(name, *names, strlen(*names))) {
            return true;
        }
    }
    return false;
}

/* Objects whose members are told one by one. */
static bool has_parts(struct json_span name)
{
    static const char *const names[] = {"call",  "compensate", "confirm",  "wait", "saga",
                                        "input", "defaults",   "callback", NULL};

    return is_one_of(name, names);
}

static struct json_span member_named(struct json_span object, struct json_span name)
{
    struct json_walk walk = json_walk_of(object);
    struct json_span other;
    struct json_span value;

    while (json_walk_next(&walk, &other, &value)) {
        if (json_is_same(other, name)) {
            return value;
        }
    }
    return JSON_SPAN_NONE;
}

static const char *field_of(struct differ *f, const char *prefix, struct json_span name)
{
    return arena_printf(f->keep, "%s%.*s", prefix, (int)(name.n - 2), name.at + 1);
}

static void compare_members(struct differ *f, const char *step, const char *prefix,
                            struct json_span before, struct json_span after);

static void compare_member(struct differ *f, const char *step, const char *prefix,
                           struct json_span name, const struct json_span values[static 2])
{
    const struct json_span before = values[0];
    const struct json_span after = values[1];
    const char *field = field_of(f, prefix, name);

    if (before.at != NULL && after.at != NULL && json_is_same(before, after)) {
        return;
    }
    if (has_parts(name) && json_span_kind(before) == JSON_KIND_OBJECT &&
        json_span_kind(after) == JSON_KIND_OBJECT) {
        compare_members(f, step, arena_printf(f->keep, "%s.", field), before, after);
        return;
    }
    add_change(f, (struct diff_change){.kind = before.at == NULL  ? DIFF_ADDED
                                               : after.at == NULL ? DIFF_REMOVED
                                                                  : DIFF_CHANGED,
                                       .step = step,
                                       .field = field,
                                       .before = text_of(f, before),
                                       .after = text_of(f, after)});
}

/* Recurses into objects of has_parts() only, which nest three deep at most. */
static void compare_members(struct differ *f, const char *step, const char *prefix,
                            struct json_span before, struct json_span after)
{
    static const char *const apart[] = {"id", "steps", "parallel", "$schema", NULL};
    struct json_walk walk = json_walk_of(before);
    struct json_span name;
    struct json_span value;

    while (json_walk_next(&walk, &name, &value)) {
        if (!is_comment(name) && !is_one_of(name, apart)) {
            const struct json_span both[2] = {value, member_named(after, name)};

            compare_member(f, step, prefix, name, both);
        }
    }
    walk = json_walk_of(after);
    while (json_walk_next(&walk, &name, &value)) {
        if (!is_comment(name) && !is_one_of(name, apart) &&
            member_named(before, name).at == NULL) {
            const struct json_span both[2] = {JSON_SPAN_NONE, value};

            compare_member(f, step, prefix, name, both);
        }
    }
}

/* ---- steps
 * --------------------------------------------------------------------------------- */

static struct json_span member(struct json_span object, const char *name)
{
    return json_span_member(object, name, strlen(name));
}

static const char *id_of(struct differ *f, struct json_span step)
{
    const char *kept;
    struct buf text;

    buf_init(&text, FIELD_MAX);
    json_span_unescape(member(step, "id"), &text);
    kept = arena_copy(f->keep, buf_text(&text), text.n);
    buf_done(&text);
    return kept;
}

static void collect(struct differ *f, struct json_span list, const char *parent,
                    const char *word, struct steps *out)
{
    struct json_walk walk = json_walk_of(list);
    const char *behind = arena_printf(f->keep, "%s%s", parent, word);
    struct json_span step;

    while (json_walk_next(&walk, NULL, &step)) {
        const char *id = id_of(f, step);

        assert(out->n < LIMIT_STEPS);
        out->items[out->n] = (struct step_text){id, behind, step};
        out->n++;
        collect(f, member(step, "steps"), id, ", first", out);
        collect(f, member(step, "parallel"), id, ", side by side", out);
        if (strcmp(word, ", side by side") != 0) { /* Branches have no order. */
            behind = id;
        }
    }
}

static struct steps steps_of(struct differ *f, const struct definition *d)
{
    struct steps s = {arena_take(f->keep, LIMIT_STEPS * sizeof(s.items[0])), 0};
    const struct json_span text = json_span_of(d->content.at, d->content.n);

    collect(f, member(text, "steps"), "the start", "", &s);
    return s;
}

static const struct step_text *find(const struct steps *s, const char *id)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->items[i].id, id) == 0) {
            return &s->items[i];
        }
    }
    return NULL;
}

/* The nearest step before it that both versions have: an insertion moves nobody. */
static const char *common_behind(const struct steps *own, const struct steps *other,
                                 const struct step_text *step)
{
    const char *behind = step->behind;
    const struct step_text *at = find(own, behind);

    while (at != NULL && find(other, behind) == NULL) {
        behind = at->behind;
        at = find(own, behind);
    }
    return behind;
}

static void compare_steps(struct differ *f, const struct steps *before,
                          const struct steps *after)
{
    for (size_t i = 0; i < before->n; i++) {
        const struct step_text *old = &before->items[i];
        const struct step_text *new = find(after, old->id);
        const char *stood;
        const char *stands;

        if (new == NULL) {
            add_change(f, (struct diff_change){.kind = DIFF_REMOVED,
                                               .step = old->id,
                                               .before = text_of(f, old->text)});
            continue;
        }
        stood = common_behind(before, after, old);
        stands = common_behind(after, before, new);
        if (strcmp(stood, stands) != 0) {
            add_change(f, (struct diff_change){.kind = DIFF_MOVED,
                                               .step = old->id,
                                               .before = stood,
                                               .after = stands});
        }
        compare_members(f, old->id, "", old->text, new->text);
    }
    for (size_t i = 0; i < after->n; i++) {
        if (find(before, after->items[i].id) == NULL) {
            add_change(f,
                       (struct diff_change){.kind = DIFF_ADDED,
                                            .step = after->items[i].id,
                                            .after = text_of(f, after->items[i].text)});
        }
    }
}

/* ---- sagas that run now
 * ---------------------------------------------------------------------- */

static bool is_about(const struct diff_change *c, const char *field)
{
    const size_t n = strlen(field);

    return c->field != NULL && strncmp(c->field, field, n) == 0 &&
           (c->field[n] == '\0' || c->field[n] == '.');
}

static bool is_address(const struct diff_change *c)
{
    static const char *const ends[] = {".url", ".method", ".service", NULL};
    const char *dot = c->field != NULL ? strrchr(c->field, '.') : NULL;

    if (c->field == NULL) {
        return c->kind == DIFF_REMOVED;
    }
    if (dot == NULL) {
        return is_about(c, "call") || is_about(c, "compensate") || is_about(c, "confirm");
    }
    for (size_t i = 0; ends[i] != NULL; i++) {
        if (strcmp(dot, ends[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void say_call(struct differ *f, uint16_t step, enum call_kind call,
                     const struct definition_call *c)
{
    struct buf text;

    if (c == NULL) {
        return;
    }
    buf_init(&text, LIMIT_BODY_BYTES);
    buf_add_text(&text, "they still make the call ");
    told_call_name(&text, f->from, step, SAGA_NO_ITEM, call);
    buf_add_text(&text, ", ");
    told_request(&text, c);
    add_running(f, arena_copy(f->keep, buf_text(&text), text.n));
    buf_done(&text);
}

static void say_step(struct differ *f, const struct diff_change *c)
{
    const uint16_t step = definition_step_of(f->from, c->step);
    const struct definition_step *old;

    if (step == PLAN_NONE) {
        return;
    }
    old = &f->from->steps[step];
    if (c->field == NULL || is_about(c, "call")) {
        say_call(f, step, CALL_ACTION, old->action);
    }
    if (c->field == NULL || is_about(c, "confirm")) {
        say_call(f, step, CALL_CONFIRM, old->confirm);
    }
    if (c->field == NULL || is_about(c, "compensate")) {
        say_call(f, step, CALL_COMPENSATION, old->compensation);
    }
}

static bool has_signal(const struct definition *d, const char *name)
{
    for (size_t i = 0; i < d->n_signals; i++) {
        if (strcmp(d->signals[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void say_signals(struct differ *f)
{
    for (size_t i = 0; i < f->from->n_signals; i++) {
        if (!has_signal(f->to, f->from->signals[i])) {
            add_running(f, arena_printf(f->keep,
                                        "they still take the signal '%s', which "
                                        "new sagas do not know",
                                        f->from->signals[i]));
        }
    }
    for (size_t i = 0; i < f->to->n_signals; i++) {
        if (!has_signal(f->from, f->to->signals[i])) {
            add_running(f, arena_printf(f->keep, "they do not know the signal '%s'",
                                        f->to->signals[i]));
        }
    }
}

static void say_field(struct differ *f, const struct diff_change *c)
{
    static const struct {
        const char *field;
        const char *sentence;
    } known[] = {
        {"timeout", "they keep the deadline that they have"},
        {"output", "they end with the output of their own version"},
        {"notify", "they notify as their own version says"},
        {"unique", "a key is held per definition, not per version: theirs still counts"},
        {"key", "they keep their key as the old version made it, and are found by it"},
        {"orderingKey", "they keep their place in line under the old key; old and new "
                        "sagas wait for each other only where the keys are equal"},
    };

    for (size_t i = 0; c->step == NULL && i < sizeof(known) / sizeof(known[0]); i++) {
        if (is_about(c, known[i].field)) {
            add_running(f, known[i].sentence);
        }
    }
}

static void say_running(struct differ *f)
{
    if (f->n_changes == 0) {
        return;
    }
    add_running(f, "sagas running now keep the version that they were started with; no "
                   "change here touches them");
    for (size_t i = 0; i < f->n_changes; i++) {
        say_field(f, &f->changes[i]);
        if (f->changes[i].step != NULL && is_address(&f->changes[i])) {
            say_step(f, &f->changes[i]);
        }
    }
    say_signals(f);
}

/* ---- the whole
 * ----------------------------------------------------------------------------------- */

const char *diff_kind_name(enum diff_kind kind)
{
    static const char *const names[] = {[DIFF_ADDED] = "added",
                                        [DIFF_REMOVED] = "removed",
                                        [DIFF_CHANGED] = "changed",
                                        [DIFF_MOVED] = "moved"};

    return names[kind];
}

static void hand_over(const struct differ *f, struct diff_report *out)
{
    struct diff_change *changes =
        arena_take(f->keep, (f->n_changes + 1) * sizeof(*changes));
    const char **running = arena_take(f->keep, (f->n_running + 1) * sizeof(*running));

    for (size_t i = 0; i < f->n_changes; i++) {
        changes[i] = f->changes[i];
    }
    for (size_t i = 0; i < f->n_running; i++) {
        running[i] = f->running[i];
    }
    *out = (struct diff_report){changes, f->n_changes, running, f->n_running};
}

void diff_definitions(const struct definition *from, const struct definition *to,
                      struct arena *keep, struct diff_report *out)
{
    struct differ f = {.from = from, .to = to, .keep = keep};
    const struct steps before = steps_of(&f, from);
    const struct steps after = steps_of(&f, to);

    compare_members(&f, NULL, "", json_span_of(from->content.at, from->content.n),
                    json_span_of(to->content.at, to->content.n));
    compare_steps(&f, &before, &after);
    say_running(&f);
    hand_over(&f, out);
    free(f.changes);
    free(f.running);
}
