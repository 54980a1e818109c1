/* restore.c - see restore.h. */
#include "engine/run/restore.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/run/commands.h"
#include "engine/run/load.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"

enum { PAGE = 256 };

/* How many sagas may have been started between the backup and what became of the
 * database it is put in the place of: more than any machine starts in its life. */
#define NUMBERS_LOST (1ULL << 32)

#define META_FIRST_SAGA "firstSaga"

static const char *const phases[] = {
    [RESTORE_NOT] = "",
    [RESTORE_MARKED] = STORE_META_RESTORED_COPY,
    [RESTORE_PAUSED] = "paused",
    [RESTORE_RELEASING] = "releasing",
};

bool restore_is_holding(const struct engine *e)
{
    return e->restore.phase == RESTORE_MARKED || e->restore.phase == RESTORE_PAUSED;
}

static void put_meta(struct engine *e, const char *name, const char *text)
{
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_META);

    op->of.meta.name = name;
    op->of.meta.text = arena_text(b->ops.arena, text);
}

static void publish(struct engine *e)
{
    atomic_store(&e->restored_ms, restore_is_holding(e) ? e->restore.made_ms : 0);
}

/* With the batch that holds what the phase before has done. */
static void enter(struct engine *e, enum restore_phase phase)
{
    struct arena *a = engine_batch(e)->ops.arena;

    e->restore.phase = phase;
    e->restore.before_num = 0;
    put_meta(e, STORE_META_RESTORED,
             phase == RESTORE_NOT
                 ? ""
                 : arena_printf(a, "%s %" PRIu64, phases[phase], e->restore.made_ms));
    publish(e);
}

/* ---- the start ----------------------------------------------------------------- */

static void read_mark(struct engine *e, const char *text)
{
    const char *space = strchr(text, ' ');

    for (unsigned i = RESTORE_MARKED; space != NULL && i <= RESTORE_RELEASING; i++) {
        if (strlen(phases[i]) == (size_t)(space - text) &&
            strncmp(phases[i], text, (size_t)(space - text)) == 0) {
            e->restore.phase = (enum restore_phase)i;
            e->restore.made_ms = strtoull(space + 1, NULL, 10);
        }
    }
}

/* Callbacks' tokens hold a saga's number: those of sagas that are lost must stay
 * nobody's. */
static enum err skip_numbers(struct engine *e, struct arena *a, struct err_info *info)
{
    const char *text;
    enum err err = store_read_meta(e->reader, META_FIRST_SAGA, a, &text, info);

    if (err == ERR_OK) {
        const uint64_t first = strtoull(text, NULL, 10);

        e->next_saga = e->next_saga < first ? first : e->next_saga;
    } else if (err != ERR_NOT_FOUND) {
        return err;
    }
    if (e->restore.phase == RESTORE_MARKED) {
        e->next_saga += NUMBERS_LOST;
        put_meta(e, META_FIRST_SAGA, arena_printf(a, "%" PRIu64, e->next_saga));
    }
    return ERR_OK;
}

enum err restore_begin(struct engine *e, struct arena *a, struct err_info *info)
{
    const char *text;
    enum err err = store_read_meta(e->reader, STORE_META_RESTORED, a, &text, info);

    if (err == ERR_OK) {
        read_mark(e, text);
    } else if (err != ERR_NOT_FOUND) {
        return err;
    }
    publish(e);
    if (restore_is_holding(e)) {
        char at[CLK_TEXT_MAX];

        clk_to_text(e->restore.made_ms, at);
        log_say(LOG_WARNING,
                "the database was restored from a backup: everything is paused until "
                "POST /v1/resume",
                LOG_TEXT("backupMadeAt", at));
    }
    return skip_numbers(e, a, info);
}

void restore_done(struct engine *e)
{
    free(e->restore.actor);
    free(e->restore.reason);
}

/* ---- a saga ---------------------------------------------------------------------- */

struct hold { /* Who paused it, by its journal. */
    bool is_paused;
    bool is_by_restore;
    bool is_just_restored; /* Its last turn was RESTORE. */
};

static bool fold_hold(void *user, const struct store_turn *turn)
{
    struct hold *h = user;

    h->is_just_restored = turn->event == SAGA_EV_RESTORE;
    if (turn->event == SAGA_EV_PAUSE) {
        h->is_paused = true;
    } else if (turn->event == SAGA_EV_RESUME) {
        *h = (struct hold){.is_paused = false};
    } else if (turn->event == SAGA_EV_RESTORE && !h->is_paused) {
        h->is_paused = true;
        h->is_by_restore = true;
    }
    return true;
}

static bool is_wanted(const struct engine *e, const struct hold *h)
{
    return e->restore.phase == RESTORE_MARKED ? !h->is_just_restored
                                              : h->is_paused && h->is_by_restore;
}

static void turn_one(struct engine *e, struct resident *r)
{
    const bool is_resume = e->restore.phase == RESTORE_RELEASING;
    struct record record = {
        .event = {.kind = is_resume ? SAGA_EV_RESUME : SAGA_EV_RESTORE,
                  .step = PLAN_NONE,
                  .item = SAGA_NO_ITEM},
        .actor = is_resume ? e->restore.actor : NULL,
        .reason = is_resume ? e->restore.reason : NULL,
    };

    e->restore.is_resuming = is_resume;
    (void)turn_apply(e, r, &record); /* Late: it is so already. */
    e->restore.is_resuming = false;
}

/* A saga that has turns not committed yet is not what its journal says: it is left to
 * the next round. */
static enum err take_one(struct engine *e, uint64_t num, struct err_info *info)
{
    struct resident *r = table_find(e->table, num);
    struct hold hold = {.is_paused = false};
    enum err err;

    if (r != NULL && r->n_uncommitted > 0) {
        return ERR_BUSY;
    }
    err = store_scan_turns(engine_reader(e), num, 1, SIZE_MAX, fold_hold, &hold, info);
    if (err != ERR_OK || !is_wanted(e, &hold)) {
        return err;
    }
    err = load_saga(e, num, &r, info);
    if (err == ERR_OK) {
        turn_one(e, r);
    }
    return err;
}

/* ---- all of them ----------------------------------------------------------------- */

struct page {
    uint64_t nums[PAGE];
    size_t n;
};

static bool keep_num(void *user, const struct store_saga *row)
{
    struct page *p = user;

    p->nums[p->n++] = row->num;
    return p->n < PAGE;
}

static void finish(struct engine *e)
{
    if (e->restore.phase == RESTORE_MARKED) {
        enter(e, RESTORE_PAUSED);
        log_plain(LOG_INFO, "every saga that is not final was paused");
    } else {
        enter(e, RESTORE_NOT);
        log_plain(LOG_INFO, "every saga that the restore had paused goes on");
    }
}

enum err restore_more(struct engine *e, struct err_info *info)
{
    const struct store_filter open = {
        .statuses = 1U << SAGA_STATUS_RUNNING | 1U << SAGA_STATUS_COMPENSATING |
                    1U << SAGA_STATUS_STUCK,
        .paused = e->restore.phase == RESTORE_RELEASING ? 1 : 0};
    struct page p = {.n = 0};
    enum err err;

    if (e->restore.phase != RESTORE_MARKED && e->restore.phase != RESTORE_RELEASING) {
        return ERR_OK;
    }
    err = store_scan_sagas(engine_reader(e), &open, e->restore.before_num, PAGE, keep_num,
                           &p, info);
    for (size_t i = 0; i < p.n && err == ERR_OK; i++) {
        err = take_one(e, p.nums[i], info);
        if (err == ERR_OK) {
            e->restore.before_num = p.nums[i];
        }
    }
    if (err == ERR_OK && p.n < PAGE) {
        finish(e);
    }
    return err == ERR_BUSY || err == ERR_LIMIT ? ERR_OK : err; /* The next round. */
}

/* ---- COMMAND_RELEASE --------------------------------------------------------------- */

void commands_release(struct engine *e, struct command *c)
{
    char at[CLK_TEXT_MAX];

    if (commands_replay(e, c)) {
        return;
    }
    if (e->restore.phase != RESTORE_PAUSED) {
        commands_refuse(c, PROBLEM_INVALID_STATE,
                        "There is nothing to resume: the engine is not paused");
        return;
    }
    restore_done(e);
    e->restore.actor = mem_text(c->actor);
    e->restore.reason = mem_text(c->reason);
    clk_to_text(e->restore.made_ms, at);
    log_say(LOG_WARNING, "an operator let the restored engine go on",
            LOG_TEXT("actor", c->actor), LOG_TEXT("backupMadeAt", at));
    enter(e, RESTORE_RELEASING);
    commands_audit(e, c, "engine-resume", "engine", 0);
    commands_keep_replay(e, c, 0, NULL);
    batch_add_answer(engine_batch(e), c, 0);
}
