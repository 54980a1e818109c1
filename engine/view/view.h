/*
 * view.h - a saga as its readers see it, from committed rows.
 *
 * Used by API threads with their own reader: folds the journal for what the state does
 * not hold (times, outputs, last errors), and never asks the engine. A start that was
 * just committed is viewed from memory, without reading.
 */
#ifndef VIEW_H
#define VIEW_H

#include "base/arena.h"
#include "base/err.h"
#include "definitions/definition.h"
#include "engine/core/saga.h"
#include "engine/store/store.h"
#include "engine/view/address_text.h"
#include "engine/view/docs.h"
#include "engine/view/record.h"

struct view_step {
    const char *id;
    const char *status; /* S32's word. */
    uint32_t attempts;
    bool in_doubt;
    bool by_hand;
    /* 0 none. started: its first attempt became due, its wait or first child began;
     * ended: it came to stand as it does, 0 while something is open for it. */
    uint64_t started_ms, ended_ms, next_attempt_ms;
    bool is_homeless;            /* What is queued waits for a service that is not
                                  * configured any more. */
    uint64_t in_flight_until_ms; /* Its calls due end by then; 0: none is. */
    bool has_output;
    struct docs_answer output;
    bool has_error; /* lastError: of the last attempt that failed, while it matters. */
    enum outcome error_outcome; /* NONE: no attempt, an expression failed. */
    int error_status;           /* 0 none. */
    const char *error_detail; /* NULL none. A stuck step: the reason, then the detail. */
    uint32_t items_total, items_settled; /* forEach; 0 else. */
    const char *child;   /* A child saga: its id; NULL: none yet, or not looked for. */
    uint32_t child_item; /* forEach: of which item; a stuck one before others. */
    enum saga_status child_status;
    const char *child_stuck_step; /* NULL none. */
};

struct view {
    struct store_saga row;
    const struct definition *definition; /* Borrowed from the caller's registry. */
    uint32_t version;
    const struct saga *state; /* In the arena. */
    struct json_span input;
    const char *output;            /* JSON text, NULL none. */
    const char *output_error;      /* NULL none. */
    const struct view_step *steps; /* plan->n_nodes; [0] unused. */
    bool is_paused_by_restore;     /* S96; then nobody is named. */
    const char *paused_by;         /* Actor of the pause, NULL. */
    const char *cancelled_by;      /* Actor, NULL. */
    const char *holder;            /* Id: has the ordering key waited for; NULL. */
    enum saga_status holder_status;
    const char *holder_stuck_step; /* NULL none. */
    const char *why;               /* why.h; NULL: it is final, or nobody asked yet. */
    uint64_t in_flight_until_ms;   /* Latest end of the calls due, 0 none. */
};

/* How a reader finds compiled definitions by number: each thread has its own registry
 * (registry.h). */
struct registry;

/* Read and fold saga `id`. ERR_NOT_FOUND: no such saga or turn; ERR_INVALID: its journal
 * or definition cannot be read. Everything in *out lives in `a` or the registry; the
 * row's status, pause, stuck step and times are the journal's, which is never behind.
 * `why` is given for a past turn only: now, who has the services' board asks (why.h).
 * turn: 0 the last, else as it was after that turn. Not inside a moment of the reader: it
 * begins its own, and ends it after a page of turns (S92). */
MUST_CHECK enum err view_read(struct store_reader *r, struct registry *registry,
                              const char *id, uint64_t turn, struct arena *a,
                              struct view *out, struct err_info *info);

/* What a list shows of a saga that is not final: its row, definition, state and what
 * why_of() needs, which are the last turns only and no documents. Of `steps` there is
 * what `why` mentions; input, output and all else are absent. row is borrowed and shown
 * as it is. Rows that belong together are read in one moment of the reader
 * (store_reader_begin). */
MUST_CHECK enum err view_read_brief(struct store_reader *r, struct registry *registry,
                                    const struct store_saga *row, struct arena *a,
                                    struct view *out, struct err_info *info);

/* A view of a start that was committed as `state` just now, from memory. */
void view_of_start(const struct store_saga *row, const struct definition *definition,
                   uint32_t version, struct json_span input, const void *state,
                   size_t state_n, struct arena *a, struct view *out);

/* ---- attempts ---------------------------------------------------------------- */

struct view_call {
    uint32_t n; /* From 1, in the order they became due. */
    uint64_t turn;
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    uint32_t attempt;
    uint64_t due_ms;               /* Its turn's time. */
    uint64_t started_ms, ended_ms; /* 0 not yet. */
    bool has_ended;
    enum outcome outcome;
    bool is_late; /* The answer came when it no longer counted (S16). */
    const char *detail;
    int http_status;
    const char *headers;
    const char *body;
    size_t body_n;
    bool is_truncated;
    int32_t timings_us[RECORD_TIMINGS]; /* dns connect tls firstByte total, -1 unknown. */
    const struct address_text *to;      /* Where it went; shared; NULL: not known. */
    bool has_request; /* Rendered again, the same bytes (S3); false: it cannot be. */
    struct render_request request;
};

/* Every attempt of the saga up to the view's turn, oldest first, into an array in `a`. */
MUST_CHECK enum err view_read_calls(struct store_reader *r, struct registry *registry,
                                    const struct view *v, struct arena *a,
                                    struct view_call **out, size_t *n_out,
                                    struct err_info *info);

#endif /* VIEW_H */
