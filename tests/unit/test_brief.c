/*
 * What a list says of a saga is read from the end of its journal; it must be what the
 * whole journal says. Random lives of a saga, compared after each turn.
 */
#include <check.h>

#include "tests/support/suite.h"
#include "tests/support/told.h"

#include "base/hash.h"
#include "engine/core/legal.h"
#include "engine/view/why.h"

#define RETRY \
    "\"timeout\":\"10s\",\"retry\":{\"maxAttempts\":40,\"delay\":\"4s\",\"jitter\":0}"
#define UNDO "\"compensate\":{\"service\":\"s\",\"url\":\"/undo\"," RETRY "}"

/* Branches that go on beside each other, items, and a step that cannot be rendered once
 * the one before it has answered without a list. */
#define BESIDE                                                                       \
    "{\"name\":\"beside\",\"steps\":[{\"id\":\"p\",\"parallel\":["                   \
    "{\"id\":\"a\",\"call\":{\"service\":\"s\",\"url\":\"/a\"," RETRY "}," UNDO "}," \
    "{\"id\":\"q\",\"steps\":["                                                      \
    "{\"id\":\"b\",\"call\":{\"service\":\"s\",\"url\":\"/b\"," RETRY "}," UNDO "}," \
    "{\"id\":\"c\",\"call\":{\"service\":\"s\",\"url\":\"/${ .steps.b.body.n.x "     \
    "}\"," RETRY "}," UNDO "}]},"                                                    \
    "{\"id\":\"e\",\"forEach\":{\"in\":\"${ .input.list }\",\"maxConcurrent\":3},"   \
    "\"call\":{\"service\":\"s\",\"url\":\"/e\"," RETRY "}," UNDO "}]}]}"

#define LIVES 40
#define TURNS 50

struct life {
    struct told *t;
    uint64_t seed;
    uint64_t n; /* Draws so far. */
};

static unsigned draw(struct life *l, unsigned below)
{
    return (unsigned)(hash_mix(l->seed, ++l->n) % below);
}

/* ---- what may happen
 * --------------------------------------------------------------------------- */

static void answer(struct life *l, const struct saga_cell *c)
{
    static const int statuses[] = {200, 200, 503, 500, 0, 409};
    static const char *const bodies[] = {"{}", "{\"n\":{\"x\":\"y\"}}", "{\"n\":[1]}"};
    const int status = statuses[draw(l, 6)];
    const char *body = status == 200 ? bodies[draw(l, 3)] : NULL;
    struct record r = {.http_status = status,
                       .body = body,
                       .body_n = body != NULL ? strlen(body) : 0,
                       .detail = status == 0 ? "timed out" : NULL};

    r.event = (struct saga_event){.kind = SAGA_EV_ANSWERED,
                                  .step = c->step,
                                  .item = c->item,
                                  .call = c->call,
                                  .turn = c->due_turn,
                                  .outcome = status == 200   ? OUTCOME_SUCCEEDED
                                             : status == 409 ? OUTCOME_REJECTED
                                                             : OUTCOME_UNKNOWN,
                                  .may_retry = status != 200 && status != 409};
    (void)told_turn(l->t, r);
}

static void command(struct life *l)
{
    static const enum saga_event_kind kinds[] = {
        SAGA_EV_PAUSE,   SAGA_EV_RESUME, SAGA_EV_RESUME, SAGA_EV_RETRY,  SAGA_EV_RETRY,
        SAGA_EV_RESTORE, SAGA_EV_CANCEL, SAGA_EV_SKIP,   SAGA_EV_RESOLVE};
    static const char *const steps[] = {"a", "b", "c"};
    const enum saga_event_kind kind = kinds[draw(l, 9)];
    const bool needs_step = kind == SAGA_EV_SKIP || kind == SAGA_EV_RESOLVE;
    const char *step = needs_step ? steps[draw(l, 3)] : NULL;
    const uint16_t at = step != NULL ? told_step(l->t, step) : PLAN_NONE;

    if (kind == SAGA_EV_CANCEL && draw(l, 4) != 0) {
        return; /* Or every life would go back soon. */
    }
    if (kind == SAGA_EV_RESTORE || legal_action(&l->t->saga, l->t->definition->plan, kind,
                                                at, SAGA_NO_ITEM) == LEGAL_YES) {
        (void)told_command(l->t, kind, step, kind == SAGA_EV_SKIP ? "{}" : NULL);
    }
}

static void go_on(struct life *l)
{
    const struct saga *s = &l->t->saga;
    const struct saga_cell *c = s->n_cells > 0 ? &s->cells[draw(l, s->n_cells)] : NULL;

    l->t->now_ms += draw(l, 3000);
    if (c != NULL && c->state == CELL_DUE && draw(l, 5) != 0) {
        answer(l, c);
    } else if (draw(l, 3) != 0 && saga_wake_at(s, l->t->definition->plan) != 0) {
        told_wake(l->t);
    } else {
        command(l);
    }
}

/* ---- what is said of it
 * ------------------------------------------------------------------------ */

static void compare(const struct life *l)
{
    struct told *t = l->t;
    struct arena *a = arena_create(1 << 20);
    struct err_info info = {""};
    struct view whole;
    struct view brief;

    ck_assert_int_eq(view_read(t->reader, t->registry, "s-1", 0, a, &whole, &info),
                     ERR_OK);
    ck_assert_int_eq(
        view_read_brief(t->reader, t->registry, &whole.row, a, &brief, &info), ERR_OK);
    ck_assert_uint_eq(brief.state->turn, whole.state->turn);
    if (!saga_is_final(whole.state)) {
        const struct why_now now = {.wall_ms = t->now_ms};
        const char *said = why_of(&brief, &now, a);
        const char *meant = why_of(&whole, &now, a);

        ck_assert_msg(strcmp(said, meant) == 0, "life %u, turn %u: \"%s\" and not \"%s\"",
                      (unsigned)l->seed, (unsigned)whole.state->turn, said, meant);
    }
    arena_destroy(a);
}

START_TEST(test_why_from_the_end_of_the_journal_is_why_from_all_of_it)
{
    for (uint64_t seed = 1; seed <= LIVES; seed++) {
        struct life l = {told_begin(BESIDE, "{\"list\":[1,2,3,4,5,6,7,8]}"), seed, 0};

        for (int i = 0; i < TURNS && !saga_is_final(&l.t->saga); i++) {
            go_on(&l);
            compare(&l);
        }
        told_end(l.t);
    }
}
END_TEST

int main(void)
{
    return suite_main("brief",
                      test_why_from_the_end_of_the_journal_is_why_from_all_of_it);
}
