/*
 * view_fold.h - a saga's journal folded for its readers; for view.c only.
 *
 * One pass, oldest first: each row's record says what came, its state says what became of
 * it; what neither keeps (times, last errors, outputs) is gathered beside them.
 *
 * A state is not decoded when it can tell nothing: turns of forEach items come by the
 * thousand, and what is shown of the step changes at the first and the last of them. They
 * are held back in *spans*; of a span whose end shows the same as its beginning, what is
 * between shows it too, since items only ever go on from where they were.
 *
 * Owned by one thread; everything lives in the arenas given.
 */
#ifndef VIEW_FOLD_H
#define VIEW_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "definitions/definition.h"
#include "engine/core/saga.h"
#include "engine/store/store.h"
#include "engine/view/docs.h"
#include "engine/view/record.h"

#define VIEW_SPAN_TURNS 64

struct view_words { /* A text that is replaced again and again, in the arena. */
    char *text;     /* NULL none. */
    size_t room;
};

struct view_fold_step {
    uint64_t started_ms, ended_ms;
    uint64_t sent_ms;         /* Of its latest attempt. */
    uint64_t open_turn;       /* Last turn after which something was open for it. */
    bool was_open, was_stuck; /* After the turn before. */
    bool is_stuck;
    struct saga_record was; /* After the turn before. */
    bool has_failed;        /* Its last attempt. */
    enum call_kind failed;  /* Of what call that attempt was. */
    enum outcome outcome;
    int http_status;
    struct view_words detail;
    struct view_words note; /* What an expression said when it got stuck. */
    /* Whether has_failed and so on, and note, are known: what came before the rows that
     * were folded could not change them. */
    bool is_failure_told, is_note_told;
};

struct view_held { /* A turn whose state was not looked at yet. */
    uint64_t at_ms;
    const char *note;
    const void *state;
    size_t state_n;
};

struct view_fold {
    const struct definition *definition;
    struct arena *a;       /* The view's. */
    struct arena *scratch; /* One row's. */
    struct docs *docs;     /* NULL: a start, or only `why` is asked for. */
    struct saga *state;    /* After the last turn folded. */
    struct view_fold_step *steps;
    struct store_reader *reader; /* NULL: other sagas are not looked at. */
    uint64_t until_turn;         /* 0: all. */
    uint64_t row_turn;           /* Of the last row. */
    uint64_t turn;               /* Last state folded. */
    uint64_t at_ms;              /* Its time. */
    size_t n;                    /* Rows of this page. */
    bool is_bad;
    struct view_held held[VIEW_SPAN_TURNS];
    size_t n_held;
    struct arena *held_arena; /* Their states and notes. */
    const char *output, *output_error, *paused_by, *cancelled_by;
    bool is_paused, is_paused_by_restore;
    bool is_pause_told; /* As is_failure_told. */
};

void view_fold_init(struct view_fold *f, const struct definition *definition,
                    struct arena *a);

/* Around the rows: takes and frees what they need, docs among it. start: NULL if no
 * documents are wanted. */
void view_fold_begin(struct view_fold *f, const struct docs_start *start);
void view_fold_done(struct view_fold *f);

/* A store_each_turn; user is the fold. The first row is turn 1, or it is told to
 * view_fold_from(): then only what came since is gathered. */
bool view_fold_row(void *user, const struct store_turn *row);
void view_fold_from(struct view_fold *f, const struct store_turn *row);
void view_fold_restart(struct view_fold *f); /* As if no row had been folded. */

/* After the last row: f->state and all that is gathered are now as after it. */
void view_fold_settle(struct view_fold *f);

/* A start, seen from f->state alone. */
void view_fold_start(struct view_fold *f, uint64_t at_ms);

/* NULL: none. */
const char *view_words_of(const struct view_words *w);

#endif /* VIEW_FOLD_H */
