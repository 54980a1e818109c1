/*
 * docs.h - a saga's documents: what its expressions can see.
 *
 * Made from the start (input, vars, identity) and then fed each turn's record in order,
 * by the engine as it goes, or by a reader from the journal. Only answers are kept here;
 * how a step ended is read from the state, which during a turn is the very struct that
 * the core is editing. What no later expression reads is not kept (the definition
 * knows); `keeps_all` is for readers who show everything. Steps' JSON is built once, when
 * first asked for.
 *
 * One turn:
 *     docs_begin(d, s->turn + 1, &record);      its answer can be seen from here on
 *     saga_advance(s, ...)                       the oracle calls docs_scope(d, s, ...)
 *     docs_take(d, s), or docs_drop(d) when it was not applied
 *
 * Owned by one thread.
 */
#ifndef VIEW_DOCS_H
#define VIEW_DOCS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/json_span.h"
#include "definitions/definition.h"
#include "definitions/render.h"
#include "engine/core/saga.h"
#include "engine/view/record.h"

struct docs;

struct docs_start {
    const struct definition *definition; /* Borrowed for the docs' life. */
    uint32_t version;
    const char *id;
    const char *key; /* NULL none. */
    uint64_t started_ms;
    struct json_span input; /* Copied. */
    struct json_span vars;  /* Borrowed for the docs' life. */
};

/* keeps_all: every step's answer, read or not; items' answers are kept only if read. */
struct docs *docs_create(const struct docs_start *start, bool keeps_all);
void docs_destroy(struct docs *d); /* NULL is fine. */
size_t docs_bytes(const struct docs *d);

/* Turn `turn` is being made: r is borrowed until docs_take() or docs_drop(), and may be
 * filled in further meanwhile (what the oracle answers). */
void docs_begin(struct docs *d, uint64_t turn, const struct record *r);

/* The turn was applied: keep of it what may be read. after: the state after it; a reader
 * who did not decode it may give NULL for any turn but the saga's error_turn. */
void docs_take(struct docs *d, const struct saga *after);

/* The turn was not applied: forget it. */
void docs_drop(struct docs *d);

/* forEach: values, a JSON array, are those of the items from `first` on; copied. Without
 * its value an item's .item does not exist. */
void docs_take_items(struct docs *d, uint16_t step, uint32_t first,
                     struct json_span values);
bool docs_has_item(const struct docs *d, uint16_t step, uint32_t item);

/* The body of the signal that came in `turn`, not yet taken by a wait that no expression
 * reads. at == NULL: none. */
struct json_span docs_signal(const struct docs *d, uint64_t turn);

/* The scope for rendering a call or expression of (step, item), as the saga stands now
 * (during a turn: the struct being advanced). Borrowed, like now, until the next call
 * into docs. call COMPENSATION adds .error. The caller may set response or signal. For
 * expressions of the whole saga (output): step 0, SAGA_NO_ITEM, ACTION. */
struct docs_place {
    uint16_t step;
    uint32_t item;
    enum call_kind call;
};
void docs_scope(struct docs *d, const struct saga *now, struct docs_place place,
                struct render_scope *out);

/* The step's answer as recorded: of the attempt that succeeded, of the confirm that found
 * it applied, the callback's or signal's body, a child's output, or what an operator gave
 * (skip, resolve). False: there is none, or it was not kept. Borrowed until the next
 * docs_begin(). */
struct docs_answer {
    int http_status;     /* 0 none. */
    const char *headers; /* JSON object text; NULL none. */
    const char *body;    /* NULL none. */
    size_t body_n;
    bool is_json;
    bool is_truncated;
};
bool docs_answer_of(const struct docs *d, uint16_t step, uint32_t item,
                    struct docs_answer *out);

#endif /* VIEW_DOCS_H */
