/* stuck.c - see stuck.h. */
#include "engine/run/stuck.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "definitions/told.h"
#include "engine/run/state.h"
#include "engine/view/saga_text.h"

/* By step, then by item, as `why` and the saga's view pick it. */
static const struct saga_cell *first_stuck(const struct saga *s)
{
    const struct saga_cell *first = NULL;

    for (uint16_t i = 0; i < s->n_cells; i++) {
        const struct saga_cell *c = &s->cells[i];

        if (c->state == CELL_STUCK &&
            (first == NULL || c->step < first->step ||
             (c->step == first->step && c->item < first->item))) {
            first = c;
        }
    }
    return first;
}

static const char *step_id(const struct resident *r, const struct saga_cell *c)
{
    return c != NULL ? r->entry->definition->steps[c->step].id : NULL;
}

const char *stuck_step_of(const struct engine *e, const struct resident *r)
{
    return step_id(r, first_stuck(&e->saga));
}

/* A call that was not tried because of how the step stands has that for its outcome. */
static enum outcome outcome_of(const struct saga *s, const struct saga_cell *c)
{
    const struct saga_record record = s->steps[c->step].record;

    if (c->last != OUTCOME_NONE) {
        return c->last;
    }
    return record.outcome == OUTCOME_SUCCEEDED || record.outcome == OUTCOME_SKIPPED
               ? OUTCOME_NONE
               : (enum outcome)record.outcome;
}

/* ---- in words
 * ------------------------------------------------------------------------- */

/* What this turn said about the cell; NULL: nothing. */
static const char *said_of(const struct record *record, const struct saga_cell *c,
                           bool is_news)
{
    const struct saga_event *ev = &record->event;

    if (record->note != NULL && (is_news || ev->kind == SAGA_EV_RETRY)) {
        return record->note;
    }
    if (ev->step != c->step) {
        return NULL;
    }
    if (ev->kind == SAGA_EV_ANSWERED || ev->kind == SAGA_EV_CALLED_BACK) {
        return record->detail;
    }
    if (ev->kind == SAGA_EV_LOST) {
        return "sagad stopped while the call was in flight";
    }
    if (ev->kind == SAGA_EV_CHILD_ENDED) {
        return record->detail != NULL ? record->detail
                                      : saga_status_name(ev->child_status);
    }
    return NULL;
}

static const char *held_text(const struct saga *s)
{
    return (s->flags & (uint32_t)SAGA_FLAG_POISON) != 0
               ? "the daemon ended three times running during a turn of this saga"
               : "the saga has reached its limit of events, attempts or bytes";
}

/* At most LIMIT_STUCK_ERROR bytes, and no part of a character. Owned by the caller. */
static char *cut(const char *reason, const char *said)
{
    struct buf b;
    char *text;
    size_t n;

    buf_init(&b, (size_t)LIMIT_ANSWER_READ);
    buf_add_text(&b, reason);
    if (said != NULL) {
        buf_add_text(&b, ": ");
        buf_add_text(&b, said);
    }
    n = b.n < LIMIT_STUCK_ERROR ? b.n : LIMIT_STUCK_ERROR;
    while (n < b.n && n > 0 && ((unsigned char)buf_text(&b)[n] & 0xC0U) == 0x80U) {
        n--;
    }
    text = mem_copy(buf_text(&b), n);
    buf_done(&b);
    return text;
}

static void set_error(struct resident *r, char *text)
{
    free((void *)(uintptr_t)r->row.stuck_error);
    r->row.stuck_error = text;
}

/* ---- the row
 * --------------------------------------------------------------------------- */

static bool forget(struct resident *r)
{
    const bool was_stuck = r->row.stuck_ms != 0;

    set_error(r, NULL);
    r->row.stuck_step = NULL;
    r->row.stuck_ms = 0;
    return was_stuck;
}

static void point_at(struct resident *r, const struct saga *s, const struct saga_cell *c)
{
    r->row.stuck_step = step_id(r, c);
    if (c != NULL) {
        r->row.stuck_call = c->call;
        r->row.stuck_outcome = outcome_of(s, c);
        r->stuck_item = c->item;
    }
}

/* The row was written for another cell than this one. */
static bool is_elsewhere(const struct resident *r, const struct saga_cell *c)
{
    if (r->row.stuck_ms == 0 || (c == NULL) != (r->row.stuck_step == NULL)) {
        return true;
    }
    return c != NULL && (strcmp(r->row.stuck_step, step_id(r, c)) != 0 ||
                         r->row.stuck_call != c->call || r->stuck_item != c->item);
}

bool stuck_note(struct engine *e, struct resident *r, const struct record *record)
{
    const struct saga *s = &e->saga;
    const struct saga_cell *c = first_stuck(s);
    const bool is_news = is_elsewhere(r, c);
    const char *said;

    if (r->row.status != SAGA_STATUS_STUCK) {
        return forget(r);
    }
    said = c != NULL ? said_of(record, c, is_news) : NULL;
    if (!is_news && said == NULL) {
        return false;
    }
    if (r->row.stuck_ms == 0) {
        r->row.stuck_ms = e->now_ms;
    }
    point_at(r, s, c);
    set_error(r, cut(c != NULL ? told_reason(c->reason) : held_text(s), said));
    return true;
}

void stuck_load(const struct engine *e, struct resident *r)
{
    const struct saga_cell *c = first_stuck(&e->saga);

    r->row.stuck_step = NULL;
    if (r->row.stuck_ms != 0 && c != NULL) {
        point_at(r, &e->saga, c);
    }
}
