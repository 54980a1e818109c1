/*
 * oracle.h - the engine's answers to the core's questions, and their record.
 *
 * Evaluates the definition's expressions over the saga's documents, renders calls into
 * the filling batch's arena, asks the services for slots. Every answer is recorded in
 * order for the turn's row; what an expression said when it failed is kept as the turn's
 * note.
 */
#ifndef RUN_ORACLE_H
#define RUN_ORACLE_H

#include "definitions/render.h"
#include "engine/core/saga.h"
#include "engine/run/family.h"
#include "engine/run/table.h"
#include "engine/view/record.h"

struct engine;

struct oracle_rendered {
    struct oracle_rendered *next;
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    struct render_request request;
};

struct oracle_child { /* A child saga that this turn starts. */
    struct oracle_child *next;
    uint16_t step;
    uint32_t item;
    struct family_child child;
};

struct oracle {
    struct engine *e;
    struct resident *r;
    struct record *record; /* note, output and output_error are written here. */
    int64_t *answers;      /* In the batch's arena. */
    size_t n_answers;
    size_t room;
    struct oracle_rendered *rendered;
    struct oracle_child *children;
    uint32_t n_children;
    struct record_take *takes;
    size_t n_takes;
    bool is_urgent; /* An operator's turn: its calls stand ahead (S51). */
};

/* Ready for one turn. */
void oracle_init(struct oracle *o, struct engine *e, struct resident *r,
                 struct record *record);

struct saga_oracle oracle_of(struct oracle *o);

/* The request rendered in this turn for a call that became due. Never NULL for a SEND. */
const struct render_request *oracle_request(const struct oracle *o,
                                            const struct saga_effect *send);

/* The child rendered in this turn. Never NULL for a START_CHILD. */
const struct family_child *oracle_child(const struct oracle *o,
                                        const struct saga_effect *start);

/* The service that a call goes to; NULL: there is none of that name any more. */
struct service *oracle_service(struct engine *e, const struct render_request *request);

/* To the log, if the configuration names no such service: its call waits until it does.
 */
void oracle_say_missing(const struct resident *r, const struct service *service);

#endif /* RUN_ORACLE_H */
