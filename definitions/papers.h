/*
 * papers.h - what the expressions of a saga without a daemon can see.
 *
 * The small sibling of the engine's documents: nothing is on disk, every answer is a JSON
 * value that its maker holds until the saga is over, and the whole lives in one arena.
 * What a step's answer is, when it is null and what .error holds follow the same rules
 * (S17, S18, S28). One saga, one thread.
 */
#ifndef DEFINITIONS_PAPERS_H
#define DEFINITIONS_PAPERS_H

#include "base/arena.h"
#include "base/json_span.h"
#include "definitions/definition.h"
#include "definitions/render.h"
#include "engine/core/saga.h"

struct papers;

struct papers_start {
    const struct definition *definition;
    const char *id;
    const char *key; /* NULL none. */
    uint64_t started_ms;
    struct json_span input;
    struct json_span vars;
};

/* Everything in start is borrowed as long as the arena. */
struct papers *papers_create(struct arena *a, const struct papers_start *start);

/* The step's answer has come: of its action, or of a confirm that found it applied. */
struct papers_answer {
    int status;               /* 0 none. */
    struct json_span headers; /* Object; at == NULL: {}. */
    struct json_span body;    /* at == NULL: null. */
    bool is_callback;         /* Only the body counts, whichever came first (S18). */
};
void papers_give(struct papers *p, uint16_t step, uint32_t item,
                 const struct papers_answer *answer);

/* An attempt of an action's item was sent. */
void papers_count(struct papers *p, uint16_t step, uint32_t item, uint32_t attempt);

/* The values of a forEach: an array. */
void papers_take_items(struct papers *p, uint16_t step, struct json_span items);

/* What the event of turn `turn` says, should it turn the saga back: .error. Before the
 * turn; and behind it, when it was applied, papers_turn_over(). */
void papers_hear(struct papers *p, uint64_t turn, int status, const char *detail);
void papers_turn_over(struct papers *p, const struct saga *now);

/* What a call or expression of (step, item) sees as the saga stands. Texts that have to
 * be made for it live in `scratch`. Borrowed until the next call. */
struct papers_place {
    uint16_t step;
    uint32_t item;
    enum call_kind call;
};
void papers_scope(struct papers *p, const struct saga *now, struct papers_place place,
                  struct arena *scratch, struct render_scope *out);

#endif /* DEFINITIONS_PAPERS_H */
