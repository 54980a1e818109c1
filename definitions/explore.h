/*
 * explore.h - every way a saga of a definition can go, by the real core.
 *
 * From the start, everything that may happen is tried: each call succeeds, is rejected,
 * is not sent, or nobody knows and it was applied, was not, or arrives late; the process
 * dies with the call out; attempts run out; waits end or time out; signals are accepted
 * or rejected; children complete or are compensated; the deadline passes and somebody
 * cancels; conditions go both ways, a forEach has 0, 1 and 2 items; and where it is stuck
 * a person answers in each way that is legal and true. States that differ only in
 * turns, times, and counts that no rule looks at are one.
 *
 * Participants are taken to keep S29: a repeated key gets the first result, an undo of
 * what never came is accepted, an action behind its undo is refused.
 *
 * Told in one order only: calls that go back side by side, since they cannot influence
 * each other. Not looked at: whether expressions fail, pauses, limits of services.
 *
 * Bad is a path on which the saga says `compensated` and an action's effect stands that
 * is not `"compensate": null`; on which something is compensated that never began; where
 * an undo waits for an answer that was lost and nobody can give (S22); or where what is
 * taken back is still built upon.
 *
 * Pure; memory grows with the states, which are limited. One thread.
 */
#ifndef DEFINITIONS_EXPLORE_H
#define DEFINITIONS_EXPLORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "definitions/definition.h"
#include "engine/core/saga.h"

/* About 250 MB, and under a minute. */
#define EXPLORE_STATES_MAX 1000000

struct explore_ending {
    enum saga_status status;
    const char *where; /* STUCK: "payment.compensation: it was refused". Else NULL. */
    const char *left;  /* Effects in the world: "payment, stock"; "" none. */
    uint32_t n_states;
    double n_paths; /* That reach it. */
};

enum explore_badness {
    EXPLORE_NOT_UNDONE,   /* Compensated, and an action's effect stands. */
    EXPLORE_NOT_BEGUN,    /* Compensated without having been begun. */
    EXPLORE_LOST_ANSWER,  /* The undo reads an answer that was lost: stuck (S22). */
    EXPLORE_BUILT_UPON,   /* Taken back while what was built on it stands. */
    EXPLORE_UNDONE_BEFORE /* The undo reads the answer of what is already taken back. */
};

struct explore_bad {
    enum explore_badness kind;
    uint16_t step;
    const char *code;         /* "not-undone" */
    const char *sentence;     /* What is wrong, and what to do about it. */
    const char *const *story; /* The shortest way there. */
    size_t n_story;
};

struct explore_report {
    bool is_complete; /* False: states_max was reached. */
    uint32_t n_states;
    uint64_t n_turns; /* Tried, one from each state for each thing that may happen. */
    double n_paths;   /* From the start to an end, loops gone through once. */
    const struct explore_ending *endings; /* Final ones first, then where it is stuck. */
    size_t n_endings;
    const struct explore_bad *bad;
    size_t n_bad;
};

/* Everything in out lives in keep. states_max 0: EXPLORE_STATES_MAX. */
void explore(const struct definition *d, uint32_t states_max, struct arena *keep,
             struct explore_report *out);

#endif /* DEFINITIONS_EXPLORE_H */
