/*
 * rehearse_parts.h - what a rehearsal is made of; for rehearse*.c only.
 *
 * rehearse.c keeps the time and applies what comes, rehearse_script.c says what comes and
 * what it means, rehearse_oracle.c answers the core's questions.
 */
#ifndef DEFINITIONS_REHEARSE_PARTS_H
#define DEFINITIONS_REHEARSE_PARTS_H

#include "definitions/papers.h"
#include "definitions/rehearse.h"
#include "engine/core/verdict.h"

/* An answer of the script. */
struct line {
    bool is_there; /* False: nothing comes. */
    struct verdict_facts facts;
    struct json_span headers;
    struct json_span body;
    uint64_t after_ms;
    enum saga_status ended; /* Of a child. */
};

enum arrival_kind { ARRIVE_ANSWER, ARRIVE_CALLBACK, ARRIVE_SIGNAL, ARRIVE_CHILD };

struct arrival { /* What will come, and when. */
    uint64_t at_ms;
    enum arrival_kind kind;
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    uint64_t turn;
    uint16_t generation;
    bool in_doubt;
    struct line line;
};

struct rendered { /* A request of the turn being made. */
    struct rendered *next;
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    struct render_request request;
    struct json_span child_input;
};

struct rehearsal {
    const struct definition *d;
    const struct rehearse_script *script;
    struct arena *keep; /* As long as the result. */
    struct arena *turn; /* Empty between turns. */
    struct papers *papers;
    struct saga *s;
    struct saga_effects *fx;
    uint64_t now_ms;

    struct arrival *arrivals; /* In no order. */
    size_t n_arrivals;
    size_t arrivals_room;

    struct list_use *lists; /* How far each list of answers is used. */
    size_t n_lists;
    size_t lists_room;
    bool *is_called; /* By step: the wait's signal is on its way. */

    struct rendered *rendered;
    struct json_span signal; /* The one that comes in this turn. */
    const char *note;        /* The last expression that failed. */
    struct json_span output;
    const char *output_error;
};

/* ---- rehearse_script.c ------------------------------------------------------------- */

/* The next answer of the script for a call, and its `word`: "action", "signal"… */
struct line script_next(struct rehearsal *r, uint16_t step, uint32_t item,
                        const char *word);

/* What an answer to this attempt means. *detail: in words, static or in keep. */
struct verdict script_judge(struct rehearsal *r, const struct arrival *a,
                            const char **detail);

/* What a callback says: SUCCEEDED, REJECTED; UNKNOWN: its rejectWhen fails. */
enum outcome script_judge_callback(struct rehearsal *r, const struct arrival *a);

void script_done(struct rehearsal *r);

/* ---- rehearse_oracle.c ------------------------------------------------------------- */

struct saga_oracle rehearse_oracle_of(struct rehearsal *r);
const struct rendered *rehearse_rendered(const struct rehearsal *r, uint16_t step,
                                         uint32_t item, enum call_kind call);
void rehearse_scope(struct rehearsal *r, uint16_t step, uint32_t item,
                    enum call_kind call, struct render_scope *out);
/* Remember why an expression failed. */
void rehearse_note(struct rehearsal *r, const struct err_info *info);

#endif /* DEFINITIONS_REHEARSE_PARTS_H */
