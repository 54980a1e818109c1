/* explore_story.c - endings and bad paths, in words; see explore_parts.h. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "definitions/explore_parts.h"
#include "definitions/told.h"

#define TEXT_MAX (64 * 1024)

static const char *const move_texts[] = {
#define X(name, text) text,
    EXPLORE_MOVE_MAP(X)
#undef X
};

static const char *keep_text(struct explorer *x, struct buf *text)
{
    const char *kept = arena_copy(x->keep, buf_text(text), text->n);

    buf_done(text);
    return kept;
}

static uint32_t item_of(uint8_t item)
{
    return item != 0xff ? item : SAGA_NO_ITEM;
}

/* ---- endings
 * --------------------------------------------------------------------------- */

static void write_left(const struct explorer *x, struct buf *out)
{
    for (uint16_t i = 0; i < x->n_slots; i++) {
        const struct explore_slot *slot = &x->slots[i];
        const bool is_sure = (x->world[i] & WORLD_APPLIED) != 0;

        if (!is_sure && (x->world[i] & WORLD_PENDING) == 0) {
            continue;
        }
        buf_add_text(out, out->n > 0 ? ", " : "");
        told_step(out, x->d, slot->step, item_of(slot->item));
        buf_add_text(out, is_sure ? "" : " (perhaps)");
    }
}

/* Of several the first: the others stay where they are. */
static void write_where(const struct explorer *x, struct buf *out)
{
    const struct saga_cell *c = &x->s->cells[0];

    told_call_name(out, x->d, c->step, c->item, c->call);
    buf_printf(out, ": %s", told_reason(c->reason));
}

static bool is_ending(const struct explore_ending *e, enum saga_status status,
                      const char *where, const char *left)
{
    return e->status == status && strcmp(e->left, left) == 0 &&
           strcmp(e->where != NULL ? e->where : "", where) == 0;
}

static uint32_t ending_of(struct explorer *x, enum saga_status status, const char *where,
                          const char *left)
{
    struct explore_ending *e;

    for (uint32_t i = 0; i < x->n_endings; i++) {
        if (is_ending(&x->endings[i], status, where, left)) {
            return i;
        }
    }
    if (x->n_endings == EXPLORE_ENDINGS_MAX) {
        return x->n_endings - 1; /* So many that nobody reads them one by one. */
    }
    e = &x->endings[x->n_endings];
    *e = (struct explore_ending){.status = status, .left = arena_text(x->keep, left)};
    e->where = where[0] != '\0' ? arena_text(x->keep, where) : NULL;
    x->n_endings++;
    return x->n_endings - 1;
}

void explore_end_state(struct explorer *x, struct explore_state *state)
{
    const bool rests = !saga_is_final(x->s) && explore_rests(x);
    struct buf where;
    struct buf left;
    uint32_t i;

    if (!saga_is_final(x->s) && !rests) {
        return;
    }
    buf_init(&where, TEXT_MAX);
    buf_init(&left, TEXT_MAX);
    if (rests) {
        write_where(x, &where);
    }
    write_left(x, &left);
    i = ending_of(x, saga_status_of(x->s), buf_text(&where), buf_text(&left));
    x->endings[i].n_states++;
    state->ending = i + 1;
    buf_done(&where);
    buf_done(&left);
}

/* ---- stories
 * ----------------------------------------------------------------------------- */

static void write_subject(const struct explorer *x, const struct explore_move *m,
                          struct buf *out)
{
    if (m->step == PLAN_NONE) {
        return;
    }
    if (m->kind == MOVE_SIGNAL || x->plan->nodes[m->step].kind == PLAN_TIMER ||
        x->plan->nodes[m->step].kind == PLAN_SIGNAL) {
        told_step(out, x->d, m->step, item_of(m->item));
    } else {
        told_call_name(out, x->d, m->step, item_of(m->item), (enum call_kind)m->call);
    }
    buf_add_text(out, ": ");
}

static void write_choice(const struct explorer *x, const struct explore_choice *c,
                         struct buf *out)
{
    const char *id = c->step > 0 ? x->d->steps[c->step].id : "";

    if (c->ask == SAGA_ASK_WHEN) {
        buf_printf(out, "; when of %s: %s", id, c->answer == 0 ? "yes" : "no");
    } else if (c->ask == SAGA_ASK_ITEMS) {
        buf_printf(out, "; %s has %u item%s", id, (unsigned)c->answer,
                   c->answer == 1 ? "" : "s");
    } else if (c->ask == SAGA_ASK_SIGNAL) {
        buf_add_text(out, c->answer == 0 ? " and is accepted" : " and is rejected");
    }
}

static const char *write_line(struct explorer *x, const struct explore_move *m)
{
    struct buf out;

    buf_init(&out, TEXT_MAX);
    write_subject(x, m, &out);
    buf_add_text(&out, move_texts[m->kind]);
    if (m->gives_up) {
        buf_add_text(&out, ", and no attempt is left");
    }
    for (unsigned i = 0; i < x->n_choices; i++) {
        write_choice(x, &x->choices[i], &out);
    }
    return keep_text(x, &out);
}

struct way { /* The moves from the start. */
    struct explore_found *items;
    size_t n;
};

static struct way way_to(const struct explorer *x, const struct explore_found *found)
{
    struct way way = {.n = 1};
    size_t i;

    for (uint32_t s = found->from; s != 0; s = x->states[s].parent) {
        way.n++;
    }
    way.items = mem_alloc(way.n * sizeof(way.items[0]));
    i = way.n - 1;
    way.items[i] = *found;
    for (uint32_t s = found->from; s != 0; s = x->states[s].parent) {
        i--;
        way.items[i].move = x->states[s].move;
        way.items[i].digits = x->states[s].digits;
    }
    return way;
}

static const char *write_last(struct explorer *x)
{
    struct buf out;
    struct buf left;

    buf_init(&out, TEXT_MAX);
    buf_init(&left, TEXT_MAX);
    write_left(x, &left);
    buf_printf(&out, "the saga is %s; in the world: %s",
               told_status(saga_status_of(x->s)),
               left.n > 0 ? buf_text(&left) : "nothing");
    buf_done(&left);
    return keep_text(x, &out);
}

/* Gone through once more, so that each line says what the core asked on the way. */
static void write_story(struct explorer *x, const struct explore_found *found,
                        struct explore_bad *out)
{
    struct way way = way_to(x, found);
    const char **lines = arena_take(x->keep, (way.n + 1) * sizeof(lines[0]));

    saga_init(x->s, x->plan);
    memset(x->world, 0, x->n_slots);
    for (size_t i = 0; i < way.n; i++) {
        bool is_applied;

        x->digits = way.items[i].digits;
        is_applied = explore_apply(x, &way.items[i].move);
        assert(is_applied); /* As explored. */
        lines[i] = write_line(x, &way.items[i].move);
        if (i + 1 < way.n) {
            explore_fold(x);
        }
    }
    lines[way.n] = write_last(x);
    out->story = lines;
    out->n_story = way.n + 1;
    free(way.items);
}

/* ---- what is wrong
 * ------------------------------------------------------------------------- */

static const char *const codes[] = {
    [EXPLORE_NOT_UNDONE] = "not-undone",       [EXPLORE_NOT_BEGUN] = "not-begun",
    [EXPLORE_LOST_ANSWER] = "lost-answer",     [EXPLORE_BUILT_UPON] = "built-upon",
    [EXPLORE_UNDONE_BEFORE] = "undone-before",
};

static const char *sentence_of(struct explorer *x, const struct explore_found *found)
{
    const char *id = x->d->steps[found->step].id;
    const char *other = found->other != PLAN_NONE ? x->d->steps[found->other].id : "";

    switch (found->kind) {
    case EXPLORE_NOT_UNDONE:
        return arena_printf(
            x->keep,
            "the saga says compensated, and the effect of '%s' stands: give it a "
            "'compensate', put it behind everything that can still fail, or say "
            "\"compensate\": null if nothing is to be taken back",
            id);
    case EXPLORE_NOT_BEGUN:
        return arena_printf(x->keep, "'%s' is compensated and was never begun", id);
    case EXPLORE_LOST_ANSWER:
        return arena_printf(
            x->keep,
            "the compensation of '%s' reads its answer, which may be lost: the saga is "
            "stuck until a person knows it; give '%s' a 'confirm', or let its "
            "compensation "
            "read the input only",
            id, id);
    case EXPLORE_BUILT_UPON:
        return arena_printf(
            x->keep,
            "'%s' is taken back while '%s', which reads its answer, still stands", id,
            other);
    case EXPLORE_UNDONE_BEFORE:
        return arena_printf(
            x->keep,
            "the compensation of '%s' reads the answer of '%s', which is taken "
            "back before",
            id, other);
    }
    assert(false);
    return "";
}

void explore_tell(struct explorer *x, const struct explore_found *found,
                  struct explore_bad *out)
{
    out->kind = found->kind;
    out->step = found->step;
    out->code = codes[found->kind];
    out->sentence = sentence_of(x, found);
    write_story(x, found, out);
}
