/*
 * story.h - one saga, played event by event, and told in words.
 *
 * A story opens a plan (story_plan.h), sends events, and compares one line:
 *
 *     story_open(&st, "flight hotel");
 *     story_start(&st);
 *     story_answer(&st, "flight", "succeeded");
 *     story_is(&st, "turn 2 running hotel attempt 1");
 *     story_did(&st, "send hotel 1");
 *
 * Each turn goes on from the state as decoded from its bytes, so that a story is a test
 * of the codec too; the bytes before a turn and its event give the same bytes again (S8).
 * The oracle is a script: what it says until told otherwise is yes. An answer always
 * names the attempt that is due, unless the test names another turn.
 */
#ifndef TESTS_SUPPORT_STORY_H
#define TESTS_SUPPORT_STORY_H

#include "engine/core/legal.h"
#include "engine/core/saga.h"
#include "engine/core/saga_code.h"
#include "tests/support/story_plan.h"

#define STORY_TEXT_MAX 4096

struct story_script { /* What the oracle says to one question. */
    enum saga_ask ask;
    uint16_t step;
    int64_t answer;
};

struct story {
    struct story_plan p;
    struct saga s;
    struct saga_effects fx;
    uint8_t bytes[LIMIT_STATE_BYTES]; /* After the last turn; n_bytes 0 before START. */
    size_t n_bytes;
    uint64_t now_ms;
    uint64_t grace_ms; /* Sent with every event. */
    struct story_script script[64];
    uint32_t n_script;
    uint64_t n_asks;
    bool is_quick; /* No replay of each turn: for stories of many thousand turns. */
    struct saga_question last; /* The last question asked. */
    uint64_t dice; /* Not 0: the oracle answers by chance, the same for a turn. */
    uint64_t turn_asked;
};

/* plan: see story_plan.h. Takes tens of kilobytes; make it static. */
void story_open(struct story *st, const char *plan);
void story_close(struct story *st);

/* From now on the oracle answers this to that question about that step ("": the saga). */
void story_say(struct story *st, enum saga_ask ask, const char *id, int64_t answer);

/* The lowest layer: the event as it is, with time and grace filled in. */
enum saga_result story_send(struct story *st, struct saga_event ev);

void story_start(struct story *st); /* Plain. */

/* Cells are named "hotel" or "hotel[3]". How an attempt ended, in words:
 *     succeeded rejected          for good
 *     busy (429) unsent           not applied, free, may be retried
 *     denied (401)                not applied, costs an attempt, may be retried
 *     timeout                     unknown, may be retried
 *     unknown                     unknown, not retried
 *     garbage                     cannot be judged: is_stop
 *     applied not-applied nothing what a confirm proves */
enum saga_result story_answer(struct story *st, const char *cell, const char *how);
/* The same for an attempt of another turn. */
enum saga_result story_answer_at(struct story *st, const char *cell, uint64_t turn,
                                 const char *how);
enum saga_result story_cell_event(struct story *st, enum saga_event_kind kind,
                                  const char *cell); /* GRANTED LOST RETURNED */
enum saga_result story_call_back(struct story *st, const char *cell,
                                 enum outcome outcome);
enum saga_result story_child_ended(struct story *st, const char *cell,
                                   uint16_t generation, enum saga_status status);
enum saga_result story_signal(struct story *st, uint8_t name);
/* Let time pass until the next thing happens by itself, and let it happen. */
enum saga_result story_wake(struct story *st);
enum saga_result story_event(struct story *st, enum saga_event_kind kind); /* No cell. */
/* Operators; cell NULL: the saga. */
enum saga_result story_act(struct story *st, enum saga_event_kind kind, const char *cell);
enum saga_result story_resolve(struct story *st, const char *cell, bool is_applied);

/* Everything due, again and again, is answered so until nothing is due any more. */
void story_run(struct story *st, const char *how);

/* ---- what is compared ----------------------------------------------------------- */

void story_is(struct story *st, const char *want);  /* saga_describe() */
void story_did(struct story *st, const char *want); /* The last turn's effects. */
void story_step_is(struct story *st, const char *id, const char *want);

struct saga_cell *story_cell(struct story *st, const char *cell); /* NULL: not open. */

#endif /* TESTS_SUPPORT_STORY_H */
