/* story.c - see story.h. */
#include "tests/support/story.h"

#include <check.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "engine/view/saga_text.h"

/* ---- the oracle ------------------------------------------------------------------ */

static int64_t usual(const struct story *st, const struct saga_question *q)
{
    switch (q->ask) {
    case SAGA_ASK_WHEN:
    case SAGA_ASK_SIGNAL:
    case SAGA_ASK_OUTPUT:
        return 1;
    case SAGA_ASK_ITEMS:
        return 3;
    case SAGA_ASK_UNTIL:
        return (int64_t)st->now_ms + STORY_WAIT_MS;
    case SAGA_ASK_RENDER:
        return SAGA_RENDER_OK;
    case SAGA_ASK_SLOT:
        return SAGA_SLOT_GRANTED;
    }
    return 0;
}

/* Mostly what is usual; now and then anything that an oracle may say. */
static int64_t by_chance(const struct story *st, const struct saga_question *q)
{
    static const int64_t least[SAGA_ASKS] = {-1, -1, -1, 0, 0, -1, 0};
    static const int64_t most[SAGA_ASKS] = {1, 4, 3000000, 3, 6, 1, 1};
    uint64_t dice = hash_mix(hash_mix(st->dice, st->turn_asked),
                             (uint64_t)q->ask << 48 | (uint64_t)q->step << 32 | q->item);

    if (dice % 8 != 0) {
        return usual(st, q);
    }
    return least[q->ask] +
           (int64_t)(dice / 8 % (uint64_t)(most[q->ask] - least[q->ask] + 1));
}

static int64_t ask(void *user, const struct saga_question *q)
{
    struct story *st = user;

    st->n_asks++;
    st->last = *q;
    for (uint32_t i = st->n_script; i > 0; i--) {
        const struct story_script *line = &st->script[i - 1];

        if (line->ask == q->ask && line->step == q->step) {
            return line->answer;
        }
    }
    return st->dice != 0 ? by_chance(st, q) : usual(st, q);
}

void story_say(struct story *st, enum saga_ask about, const char *id, int64_t answer)
{
    uint16_t step = id[0] != '\0' ? story_plan_step(&st->p, id) : 0;

    ck_assert_uint_lt(st->n_script, sizeof(st->script) / sizeof(st->script[0]));
    st->script[st->n_script++] = (struct story_script){about, step, answer};
}

/* ---- a turn --------------------------------------------------------------------------
 */

void story_open(struct story *st, const char *plan)
{
    memset(st, 0, sizeof(*st));
    story_plan_init(&st->p, plan);
    saga_init(&st->s, st->p.plan);
    st->now_ms = 1000000;
}

void story_close(struct story *st)
{
    story_plan_done(&st->p);
}

/* The state before, the event and the answers give the same bytes again. */
static void replay(struct story *st, const struct saga_event *ev)
{
    static struct saga again;
    static struct saga_effects fx;
    static uint8_t bytes[LIMIT_STATE_BYTES];
    struct saga_oracle oracle = {.ask = ask, .user = st};
    uint8_t row[SAGA_EVENT_BYTES_MAX];
    size_t n_row = saga_event_encode(ev, row, sizeof(row));
    struct saga_event same;
    size_t n;

    ck_assert(saga_event_decode(&same, row, n_row));
    saga_init(&again, st->p.plan);
    if (st->n_bytes > 0) {
        ck_assert(saga_decode(&again, st->p.plan, st->bytes, st->n_bytes));
    }
    ck_assert_int_eq(saga_advance(&again, st->p.plan, &same, &oracle, &fx), SAGA_APPLIED);
    n = saga_encode(&again, bytes, sizeof(bytes));
    st->n_bytes = saga_encode(&st->s, st->bytes, sizeof(st->bytes));
    ck_assert_uint_eq(n, st->n_bytes);
    ck_assert_mem_eq(bytes, st->bytes, n);
    ck_assert_uint_eq(fx.n, st->fx.n);
}

enum saga_result story_send(struct story *st, struct saga_event ev)
{
    struct saga_oracle oracle = {.ask = ask, .user = st};
    enum saga_result result;
    bool is_new = st->n_bytes == 0;

    st->turn_asked = st->s.turn + 1;
    ev.now_ms = st->now_ms;
    ev.grace_ms = st->grace_ms;
    result = saga_advance(&st->s, st->p.plan, &ev, &oracle, &st->fx);
    if (result == SAGA_APPLIED && !st->is_quick) {
        replay(st, &ev);
    } else if (!is_new || result == SAGA_APPLIED) {
        static uint8_t bytes[LIMIT_STATE_BYTES];
        size_t n = saga_encode(&st->s, bytes, sizeof(bytes));

        if (result != SAGA_APPLIED) { /* Then nothing has changed. */
            ck_assert_uint_eq(n, st->n_bytes);
            ck_assert_mem_eq(bytes, st->bytes, n);
        }
        memcpy(st->bytes, bytes, n);
        st->n_bytes = n;
    }
    if (st->n_bytes > 0) {
        ck_assert(saga_decode(&st->s, st->p.plan, st->bytes, st->n_bytes));
    }
    return result;
}

/* ---- events in words
 * ------------------------------------------------------------------- */

struct address {
    uint16_t step;
    uint32_t item;
};

static struct address address_of(const struct story *st, const char *cell)
{
    char id[STORY_ID_MAX] = "";
    const char *bracket = strchr(cell, '[');
    size_t n = bracket != NULL ? (size_t)(bracket - cell) : strlen(cell);
    struct address at = {.item = SAGA_NO_ITEM};

    ck_assert_uint_lt(n, sizeof(id));
    memcpy(id, cell, n);
    at.step = story_plan_step(&st->p, id);
    if (bracket != NULL) {
        at.item = (uint32_t)strtoul(bracket + 1, NULL, 10);
    }
    return at;
}

struct saga_cell *story_cell(struct story *st, const char *cell)
{
    struct address at = address_of(st, cell);

    for (uint16_t i = 0; i < st->s.n_cells; i++) {
        if (st->s.cells[i].step == at.step && st->s.cells[i].item == at.item) {
            return &st->s.cells[i];
        }
    }
    return NULL;
}

void story_start(struct story *st)
{
    ck_assert_int_eq(
        story_send(st, (struct saga_event){.kind = SAGA_EV_START, .seed = 7}),
        SAGA_APPLIED);
}

static const struct {
    const char *word;
    enum outcome outcome;
    bool may_retry, is_free, is_stop;
    enum saga_confirm confirm;
} hows[] = {
    {"succeeded", OUTCOME_SUCCEEDED, false, false, false, SAGA_CONFIRM_NOTHING},
    {"rejected", OUTCOME_REJECTED, false, false, false, SAGA_CONFIRM_NOTHING},
    {"busy", OUTCOME_REJECTED, true, true, false, SAGA_CONFIRM_NOTHING},
    {"unsent", OUTCOME_UNSENT, true, true, false, SAGA_CONFIRM_NOTHING},
    {"denied", OUTCOME_REJECTED, true, false, false, SAGA_CONFIRM_NOTHING},
    {"timeout", OUTCOME_UNKNOWN, true, false, false, SAGA_CONFIRM_NOTHING},
    {"unknown", OUTCOME_UNKNOWN, false, false, false, SAGA_CONFIRM_NOTHING},
    {"garbage", OUTCOME_UNKNOWN, false, false, true, SAGA_CONFIRM_NOTHING},
    {"applied", OUTCOME_SUCCEEDED, false, false, false, SAGA_CONFIRM_APPLIED},
    {"not-applied", OUTCOME_REJECTED, false, false, false, SAGA_CONFIRM_NOT_APPLIED},
    {"nothing", OUTCOME_REJECTED, true, false, false, SAGA_CONFIRM_NOTHING},
};

static struct saga_event answer_of(const char *how)
{
    size_t k = 0;

    while (strcmp(hows[k].word, how) != 0) {
        ck_assert_uint_lt(++k, sizeof(hows) / sizeof(hows[0]));
    }
    return (struct saga_event){.kind = SAGA_EV_ANSWERED,
                               .outcome = hows[k].outcome,
                               .may_retry = hows[k].may_retry,
                               .is_free = hows[k].is_free,
                               .is_stop = hows[k].is_stop,
                               .confirm = hows[k].confirm};
}

static struct saga_event for_cell(struct story *st, struct saga_event ev,
                                  const char *cell)
{
    struct address at = address_of(st, cell);
    const struct saga_cell *c = story_cell(st, cell);

    ev.step = at.step;
    ev.item = at.item;
    if (c != NULL) {
        ev.call = c->call;
        ev.turn = c->due_turn;
    }
    return ev;
}

enum saga_result story_answer(struct story *st, const char *cell, const char *how)
{
    return story_send(st, for_cell(st, answer_of(how), cell));
}

enum saga_result story_answer_at(struct story *st, const char *cell, uint64_t turn,
                                 const char *how)
{
    struct saga_event ev = for_cell(st, answer_of(how), cell);

    ev.turn = turn;
    return story_send(st, ev);
}

enum saga_result story_cell_event(struct story *st, enum saga_event_kind kind,
                                  const char *cell)
{
    struct saga_event ev = {.kind = kind};

    if (kind == SAGA_EV_LOST) {
        ev = answer_of("timeout");
        ev.kind = kind;
        ev.is_free = true;
    }
    return story_send(st, for_cell(st, ev, cell));
}

enum saga_result story_call_back(struct story *st, const char *cell, enum outcome outcome)
{
    return story_send(
        st,
        for_cell(st, (struct saga_event){.kind = SAGA_EV_CALLED_BACK, .outcome = outcome},
                 cell));
}

enum saga_result story_child_ended(struct story *st, const char *cell,
                                   uint16_t generation, enum saga_status status)
{
    return story_send(st, for_cell(st,
                                   (struct saga_event){.kind = SAGA_EV_CHILD_ENDED,
                                                       .generation = generation,
                                                       .child_status = status},
                                   cell));
}

enum saga_result story_signal(struct story *st, uint8_t name)
{
    return story_send(st, (struct saga_event){.kind = SAGA_EV_SIGNALLED, .signal = name});
}

enum saga_result story_wake(struct story *st)
{
    uint64_t at_ms = saga_wake_at(&st->s, st->p.plan);

    ck_assert_uint_ne(at_ms, 0);
    st->now_ms = at_ms > st->now_ms ? at_ms : st->now_ms;
    if (at_ms == st->s.deadline_ms && (st->s.flags & (uint32_t)SAGA_FLAG_OVERDUE) == 0) {
        return story_event(st, SAGA_EV_DEADLINE);
    }
    return story_event(st, SAGA_EV_WAKE);
}

enum saga_result story_event(struct story *st, enum saga_event_kind kind)
{
    return story_send(
        st, (struct saga_event){.kind = kind, .step = PLAN_NONE, .item = SAGA_NO_ITEM});
}

enum saga_result story_act(struct story *st, enum saga_event_kind kind, const char *cell)
{
    struct saga_event ev = {.kind = kind, .step = PLAN_NONE, .item = SAGA_NO_ITEM};
    struct address at;

    if (cell != NULL) {
        at = address_of(st, cell);
        ev.step = at.step;
        ev.item = at.item;
    }
    return story_send(st, ev);
}

enum saga_result story_resolve(struct story *st, const char *cell, bool is_applied)
{
    struct address at = address_of(st, cell);

    return story_send(st, (struct saga_event){.kind = SAGA_EV_RESOLVE,
                                              .step = at.step,
                                              .item = at.item,
                                              .is_applied = is_applied});
}

void story_run(struct story *st, const char *how)
{
    for (uint16_t i = 0; i < st->s.n_cells;) {
        const struct saga_cell *c = &st->s.cells[i];
        struct saga_event ev = answer_of(how);

        if (c->state != CELL_DUE) {
            i++;
            continue;
        }
        ev.step = c->step;
        ev.item = c->item;
        ev.call = c->call;
        ev.turn = c->due_turn;
        ck_assert_int_eq(story_send(st, ev), SAGA_APPLIED);
        i = 0;
    }
}

/* ---- what is compared ----------------------------------------------------------------
 */

void story_is(struct story *st, const char *want)
{
    char text[STORY_TEXT_MAX];

    saga_describe(&st->s, st->p.plan, st->p.ids, text, sizeof(text));
    ck_assert_str_eq(text, want);
}

void story_step_is(struct story *st, const char *id, const char *want)
{
    ck_assert_str_eq(saga_step_status(&st->s, st->p.plan, story_plan_step(&st->p, id)),
                     want);
}

struct line {
    char text[STORY_TEXT_MAX];
    size_t n;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *l, const char *fmt,
                                                      ...)
{
    va_list args;
    int n;

    va_start(args, fmt);
    n = vsnprintf(l->text + l->n, sizeof(l->text) - l->n, fmt, args);
    va_end(args);
    ck_assert_int_lt(n, (int)(sizeof(l->text) - l->n));
    l->n += (size_t)n;
}

static void add_cell(struct line *l, const struct story *st, const struct saga_effect *fx)
{
    add(l, " %s", st->p.ids[fx->step]);
    if (fx->item != SAGA_NO_ITEM) {
        add(l, "[%" PRIu32 "]", fx->item);
    }
}

static void add_effect(struct line *l, const struct story *st,
                       const struct saga_effect *fx)
{
    static const char *const verbs[SAGA_EFFECTS] = {"send",   "start",       "cancel",
                                                    "undo",   "tell-parent", "free-order",
                                                    "notify", "ended",       "alert"};

    add(l, "%s%s", l->n > 0 ? ", " : "", verbs[fx->kind]);
    switch (fx->kind) {
    case SAGA_FX_SEND:
        add_cell(l, st, fx);
        if (fx->call != CALL_ACTION) {
            add(l, " %s", call_name_of(fx->call));
        }
        add(l, " %" PRIu32 "%s", fx->attempt, fx->in_doubt ? " in doubt" : "");
        break;
    case SAGA_FX_START_CHILD:
        add_cell(l, st, fx);
        add(l, "~%u", fx->generation);
        break;
    case SAGA_FX_CANCEL_CHILD:
    case SAGA_FX_UNDO_CHILD:
        add_cell(l, st, fx);
        break;
    case SAGA_FX_TELL_PARENT:
    case SAGA_FX_NOTIFY:
    case SAGA_FX_ENDED:
        add(l, " %s", saga_status_name(fx->status));
        break;
    case SAGA_FX_FREE_ORDER:
    case SAGA_FX_ALERT:
        break;
    }
}

void story_did(struct story *st, const char *want)
{
    struct line l = {.n = 0};

    l.text[0] = '\0';
    for (uint32_t i = 0; i < st->fx.n; i++) {
        add_effect(&l, st, &st->fx.items[i]);
    }
    ck_assert_str_eq(l.text, want);
}
